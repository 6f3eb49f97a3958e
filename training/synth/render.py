"""Plays a MIDI file through a SoundFont with the fluidsynth program."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from tagger.errors import DataError

SAMPLE_RATE = 16_000  # Hz of what is written
_RENDER_RATE = 44_100  # Hz; the rate of most samples in SoundFonts, so that none is resampled twice
_PEAK = 10 ** (-1 / 20)  # -1 dBFS: SoundFonts differ by 10 dB in level, and 16 bits are filled
_SILENT = 1e-4  # -80 dBFS
_TIMEOUT_S = 120  # renders 30 s in about one
_SOUNDFONT_FOLDERS = (
    Path("/usr/share/sounds/sf2"),
    Path("/usr/share/sounds/sf3"),
    Path("/usr/share/soundfonts"),
    Path("/usr/local/share/soundfonts"),
    Path("/opt/homebrew/share/soundfonts"),
    Path("~/.local/share/soundfonts"),
)
# A compressed SoundFont is decoded anew for every excerpt and takes four times as long as the
# others: used less often, a library is done in half the time.
_COMPRESSED_SHARE = 0.3
# Warnings of fluidsynth that make labels false: a melodic program (bank 0) or the orchestra kit was
# replaced. Any other kit may become the standard kit (bank 128), which is labelled the same.
_SUBSTITUTED = re.compile(r"substituted \[bank=0 |bank=128 prog=48\], substituted")
_INSTALL = "on Debian: apt-get install fluidsynth fluid-soundfont-gm timgm6mb-soundfont"


@dataclass(frozen=True, slots=True)
class Studio:
    """The SoundFont of an excerpt and the effects that are on."""

    soundfont: Path
    reverb: bool
    chorus: bool


def find_soundfonts(folders: Sequence[Path] = _SOUNDFONT_FOLDERS) -> tuple[Path, ...]:
    """Return the SoundFonts of the system by name, each once whatever links lead to it."""
    found = {
        file.resolve()
        for folder in folders
        for pattern in ("*.sf2", "*.sf3")
        for file in folder.expanduser().glob(pattern)
        if file.is_file()
    }
    if not found:
        raise DataError(f"no SoundFont (*.sf2, *.sf3) found; {_INSTALL}")
    return tuple(sorted(found, key=lambda file: (file.stem, file)))


def draw_studio(soundfonts: Sequence[Path], rng: np.random.Generator) -> Studio:
    """Draw a SoundFont and its effects."""
    weights = np.array([_COMPRESSED_SHARE if f.suffix == ".sf3" else 1.0 for f in soundfonts])
    drawn = int(rng.choice(len(soundfonts), p=weights / weights.sum()))
    return Studio(soundfonts[drawn], bool(rng.random() < 0.5), bool(rng.random() < 0.5))


def render(midi: Any, studio: Studio, *, seconds: float) -> npt.NDArray[np.float32]:
    """Return the sound of a mido.MidiFile, mono at 16 kHz, peak at -1 dBFS.

    Shape: [T], T = seconds x 16000
    """
    with tempfile.TemporaryDirectory(prefix="musictag-synth-") as folder:
        score, wave = Path(folder, "score.mid"), Path(folder, "score.wav")
        midi.save(score)
        log = _run(_command(studio, score, wave))
        if _SUBSTITUTED.search(log):
            raise DataError("lacks a General MIDI sound: labels would be false", studio.soundfont)
        stereo = _read(wave, studio, n_samples=round(seconds * _RENDER_RATE))
    mono = soxr.resample(stereo.mean(axis=1), _RENDER_RATE, SAMPLE_RATE)
    return _level(_fit(mono, round(seconds * SAMPLE_RATE)), studio)


def _command(studio: Studio, score: Path, wave: Path) -> list[str]:
    return [
        "fluidsynth",
        *("-n", "-i", "-q"),  # no MIDI input, no shell, quiet
        *("-r", str(_RENDER_RATE)),
        *("-R", str(int(studio.reverb)), "-C", str(int(studio.chorus))),
        *("-T", "wav", "-O", "float"),  # floats do not clip
        # Only the samples of the programs played: a 140 MB SoundFont loads in half the time.
        *("-o", "synth.dynamic-sample-loading=1", "-o", "synth.lock-memory=0"),
        # Else a damaged SoundFont is silently replaced by the one of the system.
        *("-o", "synth.default-soundfont="),
        *("-F", str(wave), str(studio.soundfont), str(score)),
    ]


def _run(command: list[str]) -> str:
    """What fluidsynth says, which is nothing or warnings."""
    try:
        ended = subprocess.run(  # noqa: S603
            command, check=True, capture_output=True, timeout=_TIMEOUT_S
        )
    except FileNotFoundError as error:
        raise DataError(f"the program fluidsynth is missing; {_INSTALL}") from error
    except subprocess.TimeoutExpired as error:
        raise DataError(f"fluidsynth did not end within {_TIMEOUT_S} s") from error
    except subprocess.CalledProcessError as error:
        message = error.stderr.decode(errors="replace").strip()[-200:]
        raise DataError(f"fluidsynth failed with status {error.returncode}: {message}") from error
    return ended.stderr.decode(errors="replace")


def _read(wave: Path, studio: Studio, *, n_samples: int) -> npt.NDArray[np.float32]:
    try:
        sound, _ = soundfile.read(wave, frames=n_samples, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        # fluidsynth ends with status 0 when it cannot load its SoundFont.
        raise DataError(
            "fluidsynth wrote no sound; is it a SoundFont?", studio.soundfont
        ) from error
    return np.asarray(sound, dtype=np.float32)


def _fit(mono: npt.NDArray[np.float32], n_samples: int) -> npt.NDArray[np.float32]:
    return np.pad(mono[:n_samples], (0, max(0, n_samples - len(mono))))


def _level(mono: npt.NDArray[np.float32], studio: Studio) -> npt.NDArray[np.float32]:
    peak = float(np.abs(mono).max(initial=0.0))
    if not _SILENT < peak < np.inf:
        # Also how a damaged SoundFont shows: fluidsynth plays on without one and ends well.
        raise DataError(f"rendered to silence or noise (peak {peak:.2g})", studio.soundfont)
    return np.asarray(mono * (_PEAK / peak), dtype=np.float32)
