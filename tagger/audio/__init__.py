"""The sound of a file: what it is, and windows of it, read by seeking.

In the order of the data:

- `types`             what is handed out, `AudioInfo` and `Windows`.
- `sniff`             what the first bytes of a file say: which library reads it, and what is
                      refused.
- `drm`               does copy protection (DRM) lock the sound?
- `downmix`           many channels and sample formats to one channel of float32.
- `libsndfile`        reads WAV, FLAC, Ogg Vorbis, AIFF and their kin with libsndfile.
- `quiet_io`          a file that FFmpeg can stumble over without a word on the terminal.
- `ffmpeg_frames`     frames of FFmpeg to mono samples, in blocks.
- `mpeg_frames`       any part of an MP3 file at once.
- `ffmpeg`            reads all the rest (MP3, AAC, ALAC, Opus, WMA, WavPack...) with FFmpeg through
                      PyAV.
- `decoders`          a path to a reader, with one clear line when that fails.
- `window_positions`  where the windows go (pure).
- `windows`           a reader resampled to the model's rate, and where its sound begins and ends.
- `window_plan`       where the windows of a track lie, after a check of its ends.
- `resampled`         `probe`, `iter_windows`, `read_windows`.
"""

from tagger.audio.resampled import iter_windows, probe, read_windows
from tagger.audio.types import AudioInfo, Windows

__all__ = ["AudioInfo", "Windows", "iter_windows", "probe", "read_windows"]
