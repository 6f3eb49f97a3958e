"""Other people's networks, rebuilt from plain arrays, that teach ours; none of them ships.

In the order of the data:

- `arrays`            the arrays that a network is rebuilt from
- `audioset`          EfficientAT's mn04_as: 527 AudioSet classes and an embedding of a window
- `musicnn`           musicnn, trained on the Million Song Dataset or on MagnaTagATune
- `audioset_outputs`  outputs of the AudioSet teacher for each window of a file, cached
- `musicnn_outputs`   outputs of musicnn for the middle of a file, cached
"""
