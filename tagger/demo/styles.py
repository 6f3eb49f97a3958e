"""The styles of the demo: how each sounds and what it is meant to be."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tagger.demo import acoustic, bands, machines
from tagger.demo.synth import Sound
from tagger.errors import MusicTagError


@dataclass(frozen=True, slots=True)
class Style:
    """A piece of music: its names, how to render it, and the truth about it.

    `render` takes a length in seconds and a generator, and returns stereo sound at `synth.RATE`.
    """

    name: str
    title: str
    artist: str
    album: str
    render: Callable[[float, np.random.Generator], Sound]
    genres: tuple[str, ...]
    instruments: tuple[str, ...]


_ENSEMBLE = ("Lindenhof Ensemble", "Evening Hours")
_TRAM = ("Night Tram", "Signal Lamps")

_ALL = (
    Style(
        "strings",
        "Ground Bass",
        *_ENSEMBLE,
        acoustic.string_orchestra,
        ("Classical",),
        ("Strings", "Violin", "Cello"),
    ),
    Style("piano", "Nocturne", *_ENSEMBLE, acoustic.solo_piano, ("Classical",), ("Piano",)),
    Style("organ", "Chorale", *_ENSEMBLE, acoustic.organ_chorale, ("Classical",), ("Organ",)),
    Style("choir", "Vespers", *_ENSEMBLE, acoustic.choir, ("Classical", "Choral"), ("Choir",)),
    Style(
        "techno",
        "Terminus",
        *_TRAM,
        machines.techno,
        ("Electronic", "Techno"),
        ("Synthesizer", "Drums"),
    ),
    Style(
        "ambient",
        "Snow on the Wires",
        *_TRAM,
        machines.ambient,
        ("Electronic", "Ambient"),
        ("Synthesizer",),
    ),
    Style(
        "rock",
        "Loud Weather",
        "The Copper Kettles",
        "Boiling Point",
        bands.rock,
        ("Rock",),
        ("Electric Guitar", "Electric Bass", "Drums"),
    ),
    Style(
        "jazz",
        "After Closing",
        "Harbour Trio",
        "Last Ferry",
        bands.jazz,
        ("Jazz",),
        ("Electric Piano", "Double Bass", "Drums"),
    ),
    Style(
        "reggae",
        "Slow Sun",
        "Palm Street Players",
        "Shade",
        bands.reggae,
        ("Reggae",),
        ("Electric Guitar", "Electric Bass", "Organ", "Drums"),
    ),
    Style(
        "bossa",
        "Tide Tables",
        "Casa do Farol",
        "Warm Tiles",
        bands.bossa,
        ("Latin", "Bossa Nova"),
        ("Acoustic Guitar", "Flute", "Double Bass", "Percussion"),
    ),
    Style(
        "folk",
        "Barefoot",
        "Mira Holt",
        "Gravel Roads",
        acoustic.folk_guitar,
        ("Folk",),
        ("Acoustic Guitar",),
    ),
    Style(
        "hip-hop",
        "Tape Hiss",
        "Paper Lanterns",
        "Loose Change",
        machines.hip_hop,
        ("Hip-Hop",),
        ("Drums", "Electric Piano", "Synthesizer"),
    ),
)

STYLES: dict[str, Style] = {style.name: style for style in _ALL}


def render(style_name: str, seconds: float = 30.0, seed: int = 1) -> Sound:
    """A piece in one of `STYLES`: the same for the same arguments, another one for another seed.

    Key, tempo, chords, tune and touch follow from the seed. At 44100 Hz, peak at -1 dBFS.
    Shape: (C, T) with C = 2.
    """
    if style_name not in STYLES:
        raise MusicTagError(f"no demo style {style_name!r}; choose from {', '.join(STYLES)}")
    check_length(seconds)
    # A checksum, not hash(): Python's own changes from run to run.
    rng = np.random.default_rng([seed, zlib.crc32(style_name.encode())])
    return STYLES[style_name].render(seconds, rng)


def check_length(seconds: float) -> None:
    """Refuse lengths that no piece can have; an hour of stereo sound already fills gigabytes."""
    if not 0.01 <= seconds <= 3600:
        raise MusicTagError(f"no demo piece can last {seconds} seconds; choose from 0.01 to 3600")
