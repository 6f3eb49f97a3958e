"""Systems that people know from courses and papers, on the same sound as ours.

In the order of use:

- `problem`      what a system is given and what it answers
- `handmade`     features by hand: mean and variance of 13 MFCC, chroma, contrast...
- `images`       mel spectrograms in dB, as pictures
- `augmenting`   changes to sound and to pictures while learning
- `learning`     gradient descent, the same for all that learn by it
- `commonest`    always the shares of the classes: what a figure is worth without hearing anything
- `neighbours`   the k nearest slices
- `dense`        a dense network over features by hand
- `pictured`     networks over pictures: `classic_cnn`, `residual`, `efficient`
- `transfer`     the body of a trained network with a new head
- `ensembles`    the mean of several systems
- `systems`      all of them, by name
- `classic_cnn`  the classic network: five convolutions over pictures of 128 mel bands, without
                 augmentation
- `efficient`    A network of EfficientNet's blocks (inverted bottlenecks with gates), with
                 augmentation
- `regression`   logistic regression over what teachers say of whole songs: what a network of ours
                 has to reach
- `residual`     A residual network with augmentation of sound and picture
- `tabular`      slices as rows of a table, each column with mean 0 and spread 1 over what is
                 learned from
"""
