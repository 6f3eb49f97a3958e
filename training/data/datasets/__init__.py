"""What there is to learn from: one module per source, each returning clips.

In the order of the data:

- `fma`            FMA, the Free Music Archive: 8,000 to 106,574 tracks in 161 genres (Defferrard et
                   al
- `genres`         full mixes with genre labels: `tracks.csv` and `genres/` of the project's data
                   folder
- `gtzan`          GTZAN: 1,000 clips of 30 seconds in ten genres (Tzanetakis and Cook 2002)
- `instruments`    sound with instrument labels: `instruments.csv` of the data folder, and rendered
                   MIDI
- `irmas`          IRMAS: the predominant of eleven instruments in 6,705 excerpts of 3 s (Bosch et
                   al
- `jamendo`        MTG-Jamendo: 55,609 full tracks with 195 tags of those who uploaded them
                   (Bogdanov et al
- `magnatagatune`  magnaTagATune: 25,863 clips of 29 seconds with 188 tags of players (Law et al
- `names`          what names of genres and instruments say of the labels
- `openmic`        openMIC-2018: 20,000 clips of 10 seconds with 20 instruments, partly labelled
                   (Humphrey 2018)
- `own_library`    folders, a CSV table or a beets library of a person's own
- `recordings`     newer recordings: `recordings.csv` of the data folder, in the words of each of
                   its sources
- `source`         A data set that people download or make: its own words and files -> clips
- `sources`        the kinds of `--source KIND:PATH`
- `tables`         reading a table of labels, every failure worded once
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from training.data.taxonomy import Targets


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A stretch of audio and its targets."""

    id: str  # unique over all sources
    path: Path
    source: str
    group: str  # artist, singer, instrument or song: never on both sides of a split
    fold: int | None  # None: no fold of its own, always for training
    targets: Targets  # (K,): 1 present, 0 absent, NaN unknown
    start_s: float = 0.0  # where in the file the clip begins, seconds
    end_s: float | None = None  # where it ends, seconds; None: at the end of the file
    soft: Path | None = None  # teachers' outputs for the file
    # What people called it, in our names, whether or not the vocabulary has a label for each.
    names: tuple[str, ...] = ()
    # What is known of the whole piece, of which the clip is an excerpt; for votes over a piece.
    piece: Targets | None = None
