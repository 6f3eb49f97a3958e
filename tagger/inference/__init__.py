"""Sound -> what a model says of a track.

In the order of the data:

- `mel_spectrogram`  log-mel slices in plain numpy
- `slice_scores`     windows of sound -> slice scores
- `aggregation`      slice scores -> track scores -> tags
"""
