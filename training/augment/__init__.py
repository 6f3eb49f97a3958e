"""Changes to sound that leave its labels true.

In the order of the data:

- `codecs`       songs coded once more, as people own them: MP3, AAC, Vorbis and Opus at many
                 settings
- `spectrogram`  changes to a batch of mel slices that leave its labels true
- `mixup`        songs blended with songs, in every frame alike (mixup) or along time (CutMix)
- `noise`        sounds of no genre and no instrument, made as they are needed: hiss, rumble, hum,
                 crackle
"""
