"""What `import tagger` offers to other programs: `tag`, `scan`, `load_model`.

Imported when one of them is first asked for, so that `import tagger` takes a few milliseconds.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import closing, nullcontext
from functools import lru_cache
from pathlib import Path
from typing import Literal

from tagger import CHOSEN
from tagger.errors import AudioError, MusicTagError
from tagger.inference.early_exit import CLEARANCE
from tagger.models import model as models
from tagger.models.card import PROFILES, Profile
from tagger.models.model import CardFile, Model, read_card
from tagger.scanning import parallel
from tagger.scanning.cache import Cache
from tagger.scanning.discovery import find_files
from tagger.scanning.one_file import tag_file
from tagger.scanning.pool import TIMEOUT_S
from tagger.scanning.results import Result, Track
from tagger.scanning.settings import Settings, default_jobs

StrPath = str | os.PathLike[str]
Windows = int | Literal["auto", "all"]


def load_model(name: StrPath = CHOSEN) -> Model:
    """A model by its name or the path of its card; "default" is the one chosen by the user.

    Raises ModelError where there is none, or where it is damaged.
    """
    return models.load_model(os.fspath(name))


def tag(
    path: StrPath,
    *,
    model: StrPath | Model = CHOSEN,
    windows: Windows = 10,
    max_genres: int = 3,
    max_instruments: int = 5,
    profile: Profile = "precise",
    min_confidence: float = 0.0,
    experimental: bool = False,
) -> Track:
    """The genres and instruments of one file, in this process; nothing is written.

    The options are those of `musictag scan`. A model that is named is loaded once and cached.
    Raises AudioError where the sound cannot be read, ModelError where the model cannot be loaded,
    ValueError for an option that is out of range.
    """
    settings = _settings(
        CHOSEN, windows, max_genres, max_instruments, profile, min_confidence, experimental
    )
    file = _path(path)
    if file.is_dir():
        raise AudioError("is a folder; tagger.scan takes folders, tagger.tag one file", file)
    return tag_file(file, model if isinstance(model, Model) else _loaded(model), settings)


def scan(
    paths: StrPath | Iterable[StrPath],
    *,
    model: StrPath = CHOSEN,
    windows: Windows = 10,
    max_genres: int = 3,
    max_instruments: int = 5,
    profile: Profile = "precise",
    min_confidence: float = 0.0,
    experimental: bool = False,
    jobs: int | None = None,
    timeout_s: float = TIMEOUT_S,
    cache: bool = True,
) -> Iterator[Result]:
    """The result of every audio file under the paths, in order, by `jobs` processes.

    A file that fails is a Result with an `error`, and the rest goes on. Results are cached as those
    of `musictag scan` are, in the same place. Raises ModelError where the model cannot be loaded,
    ValueError for an option that is out of range, both before the first file is read.
    """
    settings = _settings(
        os.fspath(model), windows, max_genres, max_instruments, profile, min_confidence,
        experimental,
    )  # fmt: skip
    given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    found = list(find_files(map(_path, given)))
    if jobs is not None and jobs < 1:
        raise ValueError(f"jobs must be 1 or more, not {jobs}")
    card = read_card(settings.model)
    return _results(found, settings, card, jobs or default_jobs(), timeout_s, cache)


def _results(
    found: list[Path | MusicTagError], settings: Settings, card: CardFile, jobs: int,
    timeout_s: float, cached: bool,
) -> Iterator[Result]:  # fmt: skip
    with Cache() if cached else nullcontext() as cache:
        results = parallel.scan(found, settings, jobs, card=card, timeout_s=timeout_s, cache=cache)
        with closing(results):
            yield from results


def _settings(
    model: str, windows: Windows, max_genres: int, max_instruments: int, profile: Profile,
    min_confidence: float, experimental: bool,
) -> Settings:  # fmt: skip
    if profile not in PROFILES:
        raise ValueError(f"profile must be one of {', '.join(PROFILES)}, not {profile!r}")
    if not 0 <= min_confidence <= 1:
        raise ValueError(f"min_confidence must be from 0 to 1, not {min_confidence}")
    if min(max_genres, max_instruments) < 0:
        raise ValueError("max_genres and max_instruments must not be negative")
    if windows not in ("auto", "all") and not (isinstance(windows, int) and windows > 0):
        raise ValueError(f"windows must be 'auto', 'all' or a positive number, not {windows!r}")
    return Settings(
        model, most={"genre": max_genres, "instrument": max_instruments}, profile=profile,
        min_confidence=min_confidence, experimental=experimental,
        clearance=CLEARANCE if windows == "auto" else None,
        windows=windows if isinstance(windows, int) else _WINDOWS[windows],
    )  # fmt: skip


_WINDOWS: dict[str, int | None] = {"auto": 10, "all": None}


def _path(path: StrPath) -> Path:
    return Path(os.fspath(path)).expanduser()


def _loaded(name: StrPath) -> Model:
    file = read_card(os.fspath(name))
    return _load(str(file.path), file.card.sha256)


@lru_cache(maxsize=2)
def _load(card: str, sha256: str) -> Model:
    """The hash is there so that a model which was trained anew is loaded anew."""
    return models.load_model(card)
