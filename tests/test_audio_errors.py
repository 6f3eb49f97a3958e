"""Files that cannot be read: one AudioError, one line, nothing on the terminal."""

from __future__ import annotations

import os
import struct
import sys
import zlib
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tagger.audio import probe, read_windows
from tagger.audio.quiet_io import SilentFile
from tagger.errors import AudioError
from tests.audio_files import music, write


def refusal(path: Path) -> str:
    with pytest.raises(AudioError) as caught:
        read_windows(path, rate=16000, length=16000)
    assert caught.value.path == path
    assert "\n" not in str(caught.value)
    return caught.value.message


def png() -> bytes:
    def part(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0\0")
    parts = part(b"IHDR", header) + part(b"IDAT", pixels) + part(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def test_missing(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.mp3") == "no such file"


def test_dangling_link(tmp_path: Path) -> None:
    link = tmp_path / "link.mp3"
    try:
        link.symlink_to(tmp_path / "gone.mp3")
    except OSError:
        pytest.skip("no links here")
    assert refusal(link) == "link to a missing file"


def test_directory(tmp_path: Path) -> None:
    assert refusal(tmp_path) == "a directory, not a file"


def test_name_with_a_zero_byte() -> None:
    assert "null" in refusal(Path("a\0b.mp3"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp3")
    assert refusal(tmp_path / "pipe.mp3") == "not a regular file"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_unreadable(common_folder: Path) -> None:
    path = write(common_folder / "song.wav", music(1, 8000), 8000)
    path.chmod(0)
    assert refusal(path) == "permission denied"


@pytest.mark.parametrize("suffix", [".mp3", ".flac", ".m4a", ".txt"])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty file (0 bytes)"),
        (b"Hello, this is a letter.\n" * 200, "not audio"),
        (png(), "not audio"),
        (b"PK\x03\x04" + bytes(2000), "not audio"),
        (bytes(5000), "not audio"),
        (b"fLaC" + bytes(100), ""),
        (b"ID3\x04\0\0\0\0\0\0", ""),
        (b"#EXTM3U\nhttp://example.org/song.mp3\n", "a playlist, not audio"),
        (b"ffconcat version 1.0\nfile song.mp3\n", "a playlist, not audio"),
    ],
    ids=["empty", "text", "png", "zip", "zeros", "bare-flac", "bare-id3", "m3u", "concat"],
)
def test_not_audio(
    suffix: str,
    content: bytes,
    message: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / f"file{suffix}"
    path.write_bytes(content)
    assert refusal(path).startswith(message)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("suffix", [".wav", ".aiff", ".ogg"])
def test_header_only(suffix: str, tmp_path: Path) -> None:
    path = write(tmp_path / f"song{suffix}", music(0, 16000), 16000)
    assert refusal(path).startswith("not audio, or nothing in it")


def test_flac_cut_after_its_header(tmp_path: Path) -> None:
    path = write(tmp_path / "song.flac", music(2, 16000), 16000)
    path.write_bytes(path.read_bytes()[:60])
    assert refusal(path).startswith("not audio, or ")


def test_video_without_sound(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    with av.open(path, "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 16
        frame = av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), format="rgb24")
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    assert refusal(path) == "no audio stream in it"


@pytest.mark.parametrize("entry", [b"drms", b"enca"])
def test_protected_m4a(entry: bytes, tmp_path: Path) -> None:
    path = write(tmp_path / "song.m4a", music(1, 44100), 44100)
    data = path.read_bytes()
    at = data.index(b"mp4a", data.index(b"stsd"))
    path.write_bytes(data[:at] + entry + data[at + 4 :])
    assert refusal(path) == "protected by DRM: cannot be decoded"


def test_protected_wma(tmp_path: Path) -> None:
    path = write(tmp_path / "song.wma", music(1, 44100), 44100)
    lock = bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e")
    data = path.read_bytes()
    path.write_bytes(data[:200] + lock + data[216:])
    assert refusal(path) == "protected by DRM: cannot be decoded"


def test_index_of_m4a_lost(tmp_path: Path) -> None:
    path = write(tmp_path / "song.m4a", music(5, 44100), 44100)
    path.write_bytes(path.read_bytes()[:200])
    refusal(path)


def test_absurd_rate_is_not_believed(tmp_path: Path) -> None:
    path = write(tmp_path / "song.wav", music(1, 8000), 8000)
    data = bytearray(path.read_bytes())
    data[24:28] = struct.pack("<I", 2**31 - 1)
    path.write_bytes(data)
    assert "Hz" in refusal(path)


@pytest.mark.parametrize("suffix", [".flac", ".mp3", ".m4a"])
def test_name_that_is_not_text(suffix: str, tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9" + suffix.encode()))
    song = write(tmp_path / f"song{suffix}", music(3, 16000), 16000)
    try:
        path.write_bytes(song.read_bytes())
    except (OSError, UnicodeError):
        pytest.skip("such names are refused here")
    assert probe(path) == probe(song)


def test_impossible_seek_is_a_number_and_not_an_exception(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    with (tmp_path / "file").open("rb") as file:
        silent = SilentFile(file)
        assert silent.seek(-5) < 0
        assert silent.seek(1) == silent.tell() == 1
        assert silent.read(9) == b"bc"


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".mp3", ".m4a", ".opus", ".wma"])
def test_damage_gives_windows_or_an_audio_error(
    suffix: str, tmp_path_factory: pytest.TempPathFactory, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path_factory.mktemp("damage")
    data = write(folder / f"song{suffix}", music(3, 16000), 16000).read_bytes()
    path = folder / f"damaged{suffix}"

    @settings(max_examples=15, suppress_health_check=list(HealthCheck))
    @given(at=st.floats(0, 1), size=st.integers(1, 3000), seed=st.integers(0, 2**32))
    def damage(at: float, size: int, seed: int) -> None:
        begin = int(at * len(data))
        noise = np.random.default_rng(seed).bytes(size)
        path.write_bytes(data[:begin] + noise + data[begin + size :])
        try:
            windows = read_windows(path, rate=16000, length=16000, count=3)
        except AudioError:
            return
        assert np.isfinite(windows.samples).all()

    damage()
    assert capfd.readouterr().err == ""
