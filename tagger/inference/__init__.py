"""Windows of sound -> what a model says of a track.

In the order of the data:

- `mel_graph`        the log-mel transform as a graph of matrix products
- `mel_spectrogram`  windows -> log-mel slices
- `slice_scores`     log-mel slices -> network -> logits, scores and embeddings of each slice
- `aggregation`      slice scores -> one vote a label -> track scores
- `calibration`      votes -> probabilities
- `early_exit`       whether the windows scored so far settle the tags
- `thresholds`       track scores -> tags
"""
