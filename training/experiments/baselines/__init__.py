"""Systems known from courses and papers, evaluated on the same audio as ours.

In the order of the data:

- `problem`     what a system is given and what it predicts
- `handmade`    features by hand: mean and variance of 13 MFCC, chroma, contrast...
- `images`      mel spectrograms in dB, as images
- `augmenting`  augmentation of audio and images
- `learning`    gradient descent, the same for all systems that use it
- `neighbours`  the k nearest slices
- `tabular`     networks over rows of a table: `Dense`, and `Transfer` with a new head
- `pictured`    networks over images: classic CNN, ResNet, EfficientNet
- `systems`     all of them by name, the most common class and the mean of several among them
- `regression`  logistic regression over teacher outputs of whole songs: the figure to reach
"""
