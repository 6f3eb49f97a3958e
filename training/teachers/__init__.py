"""Networks of other people, rebuilt from plain arrays, that teach ours; none of them ships.

- `audioset`          EfficientAT's mn04_as: what 527 AudioSet classes and an embedding say of a
                      window
- `musicnn`           musicnn, trained on the Million Song Dataset or on MagnaTagATune
- `onnx_session`      either of them, exported to ONNX once, since plain PyTorch is five times
                      slower
- `arrays`            what they are rebuilt from
- `musicnn_outputs`   what musicnn says of the middle of a file
- `audioset_outputs`  what the AudioSet teacher says of a whole file, window by window, computed
                      once
"""
