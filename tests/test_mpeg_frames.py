"""Runs of MP3 frames decoded at once, beside FFmpeg's decode of the whole file."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from tagger.audio.decoders import open_reader
from tagger.audio.ffmpeg import FfmpegReader
from tagger.audio.mpeg_frames import find_frames
from tests.audio_files import music

SECONDS = 20
PLACES = (1.0, 4.321, 9.9, 15.0)  # seconds

# Sampling rate, channels, and what LAME is told. 24 kHz is MPEG 2, 11 kHz MPEG 2.5; 32 kbit/s
# borrows from many frames before.
CODINGS = {
    "cbr": (44100, 2, {"b": "192000"}),
    "vbr": (44100, 2, {"global_quality": str(2 * 118), "flags": "+qscale"}),
    "low": (44100, 1, {"b": "32000"}),
    "48k": (48000, 2, {"b": "320000"}),
    "mpeg2": (24000, 2, {"b": "64000"}),
    "mpeg2.5": (11025, 1, {"b": "24000"}),
}


SONGS = [(name, True) for name in CODINGS] + [("cbr", False), ("vbr", False)]


@pytest.fixture(scope="module", params=SONGS, ids=str)
def song(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    name, is_announced = request.param
    return _written(tmp_path_factory.mktemp("mp3") / "song.mp3", name, is_announced=is_announced)


def _written(path: Path, name: str, *, is_announced: bool) -> Path:
    rate, channels, options = CODINGS[name]
    with av.open(str(path), "w", options={} if is_announced else {"write_xing": "0"}) as output:
        layout = "stereo" if channels == 2 else "mono"
        stream = output.add_stream("libmp3lame", rate=rate, layout=layout, options=options)
        assert isinstance(stream, av.AudioStream)
        sound = np.asarray(music(SECONDS, rate, channels=channels).T, np.float32)
        for at in range(0, sound.shape[1], 1152):
            block = np.ascontiguousarray(sound[:, at : at + 1152])
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=layout)
            frame.sample_rate = rate
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def whole(path: Path) -> npt.NDArray[np.float32]:
    """Every sample that FFmpeg gives from beginning to end, mono."""
    with av.open(str(path)) as container:
        parts = [frame.to_ndarray() for frame in container.decode(audio=0)]
    return np.asarray(np.concatenate(parts, axis=1).mean(axis=0), np.float32)


def test_any_part_is_that_of_the_whole_decode(song: Path) -> None:
    expected = whole(song)
    with open_reader(song) as reader:
        assert isinstance(reader, FfmpegReader)
        frames = reader._mpeg
        assert frames
        assert frames.is_whole
        for place in PLACES:
            start, count = round(place * reader.rate), round(3 * reader.rate)
            assert frames.decoded(start, start + count)
            found = reader.read(start, count)
            np.testing.assert_allclose(found, expected[start : start + count], atol=1e-6)


def test_what_follows_is_not_disturbed(song: Path) -> None:
    """FFmpeg goes on from the beginning although a part in the middle was read meanwhile."""
    expected = whole(song)
    with open_reader(song) as reader:
        for start in (0, 10 * reader.rate, 5000, 2 * reader.rate):
            found = reader.read(start, 6000)
            np.testing.assert_allclose(found, expected[start : start + 6000], atol=1e-6)


def test_damage_is_left_to_ffmpeg(tmp_path: Path, song: Path) -> None:
    content = bytearray(song.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 3000] = bytes(3000)
    damaged = tmp_path / "damaged.mp3"
    damaged.write_bytes(content)
    with open_reader(song) as whole_one, open_reader(damaged) as reader:
        assert isinstance(reader, FfmpegReader)
        assert isinstance(whole_one, FfmpegReader)
        assert reader._mpeg
        assert whole_one._mpeg
        assert not reader._mpeg.is_whole
        assert 0.4 < len(reader._mpeg.offsets) / len(whole_one._mpeg.offsets) < 0.6
        early = round(3.0 * reader.rate)
        np.testing.assert_array_equal(reader.read(early, 8000), whole_one.read(early, 8000))
        assert reader._mpeg.decoded(round(15.0 * reader.rate), round(16.0 * reader.rate)) is None
        assert reader.read(round(15.0 * reader.rate), 8000).size == 8000


def test_what_is_no_mp3_has_no_frames() -> None:
    assert not find_frames(b"\xff\xf8" * 100, 0, 0).offsets  # another layer
    assert not find_frames(bytes(100), 50, 0).offsets


def test_a_file_that_does_not_say_how_long_it_is_is_counted(song: Path) -> None:
    with open_reader(song) as reader:
        assert reader.frames == pytest.approx(whole(song).size, abs=1)


def test_a_file_that_says_how_long_it_is_is_believed(tmp_path: Path) -> None:
    """So that one that ends early is noticed."""
    path = _written(tmp_path / "song.mp3", "vbr", is_announced=True)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with open_reader(path) as reader:
        assert reader.frames > 1.9 * whole(path).size
