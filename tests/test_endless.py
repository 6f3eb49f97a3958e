"""Files that go on for ever with nothing in them: downloads that were never finished, and worse."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tagger.audio import iter_windows
from tagger.audio.quiet_io import BLANK, OPENING, PATIENCE, SilentFile
from tagger.errors import AudioError
from tagger.scanning.discovery import SUFFIXES
from tests.music_files import KINDS, make_file

ROOT = Path(__file__).parent.parent
SIZE = 2 << 30  # sparse: they take no room on the disk
MOST_MB = 600

# Runs the program and says how much memory the largest of its processes took.
MEASURED = """
import resource, subprocess, sys
done = subprocess.run([sys.executable, "-m", "tagger", *sys.argv[1:]])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10, file=sys.stderr)
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory as Linux counts it")


@pytest.fixture(scope="module")
def endless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Zeros under every suffix, and the first part of every kind of file before zeros."""
    folder = tmp_path_factory.mktemp("endless")
    for suffix in SUFFIXES:
        os.truncate(_written(folder / f"zeros{suffix}", b""), SIZE)
    for kind, suffix in KINDS.items():
        try:
            whole = make_file(kind, folder / f"whole {kind}{suffix}").read_bytes()
        except pytest.skip.Exception:
            continue
        for name, length in (("3000", 3000), ("half", len(whole) // 2), ("whole", len(whole))):
            path = _written(folder / f"{name} {kind}{suffix}", whole[:length])
            os.truncate(path, SIZE)
    return folder


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("command", ["scan --no-cache", "predict", "stats"])
def test_files_filled_up_with_zeros_take_little(
    command: str, endless: Path, tiny_card: Path
) -> None:
    name, *options = command.split()
    paths = sorted(endless.iterdir())
    named = [str(endless)] if name != "predict" else [str(p) for p in paths if p.name[0] == "3"]
    options += [] if name == "stats" else ["--model", str(tiny_card), "--timeout", "60"]
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, name, *named, "--json", *options],
        capture_output=True, text=True, cwd=ROOT, timeout=120, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert "unexpected" not in done.stdout
    assert "not classified within" not in done.stdout
    assert int(done.stderr.splitlines()[-1]) < MOST_MB
    lines = done.stdout.splitlines()
    assert len(lines) == (1 if name == "stats" else len(named) if len(named) > 1 else len(paths))
    if name == "scan":
        zeros = [r for r in map(json.loads, lines) if Path(r["path"]).stem == "zeros"]
        assert len(zeros) == len(SUFFIXES)
        assert all(record["error"] for record in zeros)


@pytest.mark.parametrize("filler", [b"\0", b"\x55", b"AB"])
def test_no_filler_is_searched_for_ever(filler: bytes, short_song: Path, tmp_path: Path) -> None:
    """Whatever the parser of MP3 looks for in it, it holds no more than it is let have."""
    path = tmp_path / "song.mp3"
    block = filler * (1 << 20)
    path.write_bytes(short_song.read_bytes() + block * ((256 << 20) // len(block)))
    code = (
        "import re, sys; from pathlib import Path; from tagger.audio import read_windows\n"
        "read_windows(Path(sys.argv[1]), rate=16000, length=48000)\n"
        "status = Path('/proc/self/status').read_text()\n"
        "print(int(re.search(r'VmHWM:\\s+(\\d+)', status)[1]) >> 10)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        capture_output=True, text=True, cwd=ROOT, timeout=300, check=True,
    )  # fmt: skip
    assert int(done.stdout) < 400
    path.unlink()


def test_patience_ends_and_begins_anew(tmp_path: Path) -> None:
    path = _written(tmp_path / "zeros", b"")
    os.truncate(path, SIZE)
    with path.open("rb") as raw:
        file = SilentFile(raw)
        for seeking in (False, True):
            file.be_patient(seeking=seeking)
            assert sum(iter(lambda: len(file.read(1 << 16)), 0)) == BLANK
    assert BLANK < PATIENCE < OPENING


def test_what_follows_silence_is_still_found(tmp_path: Path) -> None:
    """Two minutes of digital silence compress to next to nothing, and are read by seeking."""
    import numpy as np
    import soundfile

    sound = np.zeros(150 * 44100, np.float32)
    sound[120 * 44100 :] = 0.3 * np.sin(np.arange(30 * 44100) / 20)
    for suffix in (".wav", ".flac", ".aiff", ".caf"):
        path = tmp_path / f"late{suffix}"
        soundfile.write(path, sound, 44100)
        heard = list(iter_windows(path, rate=16000, length=48000))
        assert max(start for chunk in heard for start in chunk.starts) > 120
        assert min(start for chunk in heard for start in chunk.starts) > 115
    with pytest.raises(AudioError):
        list(iter_windows(_written(tmp_path / "x.wav", b"RIFF"), rate=16000, length=48000))
