"""Every format: windows read by seeking are those of the whole file decoded and resampled."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
import soxr

from tagger.audio import probe, read_windows
from tests.audio_files import Sound, music, write

# Rounding of float32, and of a resampler that begins elsewhere (measured 3e-7).
ROUNDING = 1e-6
RESAMPLED = 1e-5

# Opus converges to the whole decode after a seek, but a little error of its filters stays.
OPUS = 1e-4

SNDFILE = [".wav", ".flac", ".ogg", ".aiff", ".w64", ".caf"]
EXACT = [*SNDFILE, ".mp3", ".alac.m4a", ".wma", ".wv", ".flac.mka", ".tta", ".m4a", ".mka"]


def whole(path: Path, *, rate: int) -> Sound:
    """The whole file decoded in one run by the library itself, as mono at `rate`; `(T,)`."""
    if "".join(path.suffixes) in SNDFILE:
        sound, own = soundfile.read(path, dtype="float32", always_2d=True)
    else:
        sound, own = decoded_by_ffmpeg(path)
    mono: Sound = sound.mean(axis=1, dtype=np.float64).astype(np.float32)
    if own == rate:
        return mono
    resampled: Sound = soxr.resample(mono, own, rate, quality="HQ")
    return resampled


def decoded_by_ffmpeg(path: Path) -> tuple[Sound, int]:
    with av.open(path) as container:
        stream = container.streams.audio[0]
        convert = av.AudioResampler(format="fltp", rate=stream.rate)
        parts = [
            out.to_ndarray()
            for frame in [*container.decode(stream), None]
            for out in convert.resample(frame)
        ]
    return np.concatenate(parts, axis=1).T.astype(np.float32), stream.rate


def pairs(path: Path, *, rate: int, count: int = 6) -> list[tuple[Sound, Sound]]:
    """The windows beside the same samples of the whole."""
    track = whole(path, rate=rate)
    windows = read_windows(path, rate=rate, length=rate, count=count)
    assert windows.samples.shape == (count, rate)
    assert windows.notes == ()
    starts = [round(start * rate) for start in windows.starts]
    return [(track[a : a + rate], w) for a, w in zip(starts, windows.samples, strict=True)]


@pytest.fixture(scope="module", params=[*EXACT, ".opus"])
def song(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    rate = 48000 if request.param == ".opus" else 44100
    path = tmp_path_factory.mktemp("formats") / f"song{request.param}"
    return write(path, music(15, rate), rate)


@pytest.mark.parametrize("rate", [None, 16000, 22050])
def test_windows_equal_the_whole_decode(song: Path, rate: int | None) -> None:
    own = probe(song).rate
    tolerance = ROUNDING if rate in (None, own) else RESAMPLED
    for expected, found in pairs(song, rate=rate or own):
        limit = OPUS if song.suffix == ".opus" else tolerance
        np.testing.assert_allclose(found, expected, rtol=0, atol=limit)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3", ".alac.m4a", ".wv"])
def test_native_rate_is_bit_exact(suffix: str, tmp_path: Path) -> None:
    path = write(tmp_path / f"song{suffix}", music(12, 44100, channels=1), 44100)
    for expected, found in pairs(path, rate=44100):
        np.testing.assert_array_equal(found, expected)


def test_probe_knows_codec_and_length(song: Path) -> None:
    codec = {
        ".wav": "pcm", ".flac": "flac", ".ogg": "vorbis", ".aiff": "pcm", ".w64": "pcm",
        ".caf": "pcm", ".mp3": "mp3", ".alac.m4a": "alac", ".wma": "wmav2", ".wv": "wavpack",
        ".flac.mka": "flac", ".tta": "tta", ".m4a": "aac", ".mka": "aac", ".opus": "opus",
    }["".join(song.suffixes)]  # fmt: skip
    info = probe(song)
    assert (info.codec, info.channels) == (codec, 2)
    assert info.duration_s == pytest.approx(15, abs=0.1)
    assert info.frames == pytest.approx(info.duration_s * info.rate)


def test_misnamed_file_is_read_by_its_content(song: Path, tmp_path: Path) -> None:
    wrong = tmp_path / ("song.mp3" if song.suffix != ".mp3" else "song.flac")
    wrong.write_bytes(song.read_bytes())
    assert probe(wrong) == probe(song)


def test_mp3_without_xing_header(tmp_path: Path) -> None:
    path = write(tmp_path / "song.mp3", music(20, 44100), 44100)
    data = path.read_bytes()
    path.write_bytes(data[data.index(b"\xff\xfb", 2000) :])  # begins between two frames
    for expected, found in pairs(path, rate=16000):
        np.testing.assert_allclose(found, expected, atol=RESAMPLED)


@pytest.mark.parametrize("rate", [8000, 11025, 44101, 96000, 192000])
def test_any_rate(rate: int, tmp_path: Path) -> None:
    path = write(tmp_path / "song.wav", music(8, rate), rate, subtype="FLOAT")
    for expected, found in pairs(path, rate=16000):
        np.testing.assert_allclose(found, expected, atol=RESAMPLED)


@pytest.mark.parametrize(
    ("suffix", "subtype", "step"),
    [
        (".wav", "PCM_U8", 2**-7),
        (".wav", "PCM_24", 2**-23),
        (".wav", "DOUBLE", 2**-23),
        (".flac", "PCM_S8", 2**-7),
        (".flac", "PCM_24", 2**-23),
        (".aiff", "PCM_S8", 2**-7),
    ],
)
def test_any_depth(suffix: str, subtype: str, step: float, tmp_path: Path) -> None:
    sound = music(8, 16000, channels=1)
    path = write(tmp_path / f"song{suffix}", sound, 16000, subtype=subtype)
    windows = read_windows(path, rate=16000, length=16000, count=4)
    for start, window in zip(windows.starts, windows.samples, strict=True):
        at = round(start * 16000)
        np.testing.assert_allclose(window, sound[at : at + 16000, 0], atol=1.01 * step)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".opus", ".m4a"])
def test_six_channels_are_averaged(suffix: str, tmp_path: Path) -> None:
    sound = np.zeros((48000 * 6, 6), np.float32)
    sound[:, 0] = music(6, 48000, channels=1)[:, 0]
    path = write(tmp_path / f"song{suffix}", sound, 48000)
    window = read_windows(path, rate=48000, length=48000, count=1).samples[0]
    part = sound[120000:168000, 0]
    assert probe(path).channels == 6
    assert np.std(window) == pytest.approx(np.std(part) / 6, rel=0.1)


def test_samples_beyond_full_scale_are_kept(tmp_path: Path) -> None:
    loud = music(4, 16000, channels=1) * 4
    path = write(tmp_path / "song.wav", loud, 16000, subtype="FLOAT")
    found = read_windows(path, rate=16000, length=64000, count=1).samples[0]
    np.testing.assert_array_equal(found, loud[:, 0])


def test_tags_in_another_encoding_do_no_harm(tmp_path: Path) -> None:
    path = write(tmp_path / "song.mp3", music(4, 44100), 44100)
    heard = read_windows(path, rate=16000, length=16000, count=2).samples
    with path.open("ab") as file:  # an ID3v1 tag as Windows programs wrote it
        file.write(b"TAG" + b"Caf\xe9 \xfcber".ljust(125, b"\0"))
    np.testing.assert_array_equal(
        read_windows(path, rate=16000, length=16000, count=2).samples, heard
    )
