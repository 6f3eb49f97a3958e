"""What a person wants: the settings under `genretag:` and the options of the command, checked."""

from __future__ import annotations

import optparse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from beets import ui

from tagger import CHOSEN

if TYPE_CHECKING:
    from confuse import Subview

    from tagger.scanning.parallel import ScanPool
    from tagger.scanning.settings import Settings
    from tagger.vocabulary import Kind
    from tagger.writing.genre_rules import Taste
    from tagger.writing.plan import Mode, Policy

# Where it lives has changed with beets 2.8; here it can be found in all versions.
UserError: type[Exception] = vars(ui)["UserError"]

Choice = TypeVar("Choice", bound=str)

DEFAULTS: dict[str, Any] = {
    "auto": True,
    "mode": "fill",
    "level": "track",
    "max_genres": 3,
    "max_instruments": 5,
    "min_confidence": 0.0,
    "profile": "precise",
    "experimental": False,
    "whitelist": [],
    "ignorelist": [],
    "aliases": {},
    "parents": {},
    "with_parents": False,
    "prefer_specific": False,
    "count_generic_as_empty": False,
    "model": CHOSEN,
    "threads": 0,
    "cache": True,
    "write_only_ours": False,
}


@dataclass(frozen=True, slots=True)
class Options:
    """Settings and options as `tagger` takes them."""

    settings: Settings
    policy: Policy
    album_kinds: tuple[Kind, ...]  # give all tracks of an album the album's tags of these
    jobs: int
    cache: bool  # use results of earlier runs
    write_only_ours: bool
    auto: bool  # on import too
    again: bool  # classify again what was classified before

    def open_pool(self) -> ScanPool:
        """The pool of worker processes for these options."""
        from tagger.scanning.cache import cache_path
        from tagger.scanning.parallel import open_pool

        return open_pool(self.settings, self.jobs, cache=cache_path() if self.cache else None)


def add_options(parser: optparse.OptionParser) -> None:
    """The options of `beet genretag`, by the names that lastgenre and replaygain use."""
    for flags, dest, action, text in [
        (["-p", "--pretend"], "pretend", "store_true", "show what would change and do nothing"),
        (
            ["-f", "--force"],
            "force",
            "store_true",
            "replace genres and instruments, classify again",
        ),
        (["-F", "--no-force"], "force", "store_false", "fill empty fields only"),
        (["-k", "--keep-existing"], "keep", "store_true", "add to what is there"),
        (["-K", "--no-keep-existing"], "keep", "store_false", "replace, not add"),
        (["-A", "--items"], "albums", "store_false", "match items"),
        (["-a", "--albums"], "albums", "store_true", "match albums and give them genres too"),
        (["-w", "--write"], "write", "store_true", "write tags to files"),
        (["-W", "--nowrite"], "write", "store_false", "change only the library"),
        (["-q", "--quiet"], "quiet", "store_true", "show only what goes wrong"),
        (["--undo"], "undo", "store_true", "take back the newest run, or the one of a number"),
    ]:
        parser.add_option(*flags, dest=dest, action=action, default=None, help=text)
    parser.add_option("-t", "--threads", type="int", help="worker processes")
    parser.add_option("--report", metavar="FILE", help="write a .html, .csv or .json report too")
    parser.add_option("--model", metavar="NAME", help="name of a model, or path of its card")


def read_options(config: Subview, opts: optparse.Values | None = None) -> Options:
    """The settings with the options over them; a wrong one is a ConfigError or UserError."""
    from tagger.models.card import PROFILES
    from tagger.scanning.albums import LEVELS
    from tagger.scanning.settings import Settings, default_jobs
    from tagger.writing.plan import MODES, Policy

    given = opts or optparse.Values()
    _check_names(config)
    modes = {
        kind: wanted_mode(mode, getattr(given, "force", None), getattr(given, "keep", None))
        for kind, mode in _by_kind(config, "mode", MODES).items()
    }
    settings = Settings(
        model=getattr(given, "model", None) or config["model"].as_str(),
        most={
            "genre": _at_least(0, config, "max_genres"),
            "instrument": _at_least(0, config, "max_instruments"),
        },
        min_confidence=_share(config, "min_confidence"),
        profile=config["profile"].as_choice(PROFILES),
        experimental=config["experimental"].get(bool),
    )
    return Options(
        settings,
        Policy(modes, _taste(config)),
        tuple(
            kind for kind, level in _by_kind(config, "level", LEVELS).items() if level == "album"
        ),
        getattr(given, "threads", None) or _at_least(0, config, "threads") or default_jobs(),
        config["cache"].get(bool),
        config["write_only_ours"].get(bool),
        config["auto"].get(bool),
        again=getattr(given, "force", None) is True,
    )


def wanted_mode(configured: Mode, force: bool | None, keep: bool | None) -> Mode:
    """The mode that the options make of the configured one.

    >>> wanted_mode("fill", True, None), wanted_mode("fill", True, True)
    ('replace', 'merge')
    """
    if force is False:
        return "fill"
    if keep:
        return "merge"
    if (force and configured == "fill") or (keep is False and configured == "merge"):
        return "replace"
    return configured


def _check_names(config: Subview) -> None:
    for name in config.keys():  # noqa: SIM118 - a view is no mapping
        if name not in DEFAULTS:
            known = ", ".join(DEFAULTS)
            raise UserError(f"genretag.{name}: there is no such setting; there are: {known}")


def _by_kind(config: Subview, key: str, choices: tuple[Choice, ...]) -> dict[Kind, Choice]:
    """One value for both kinds, or one for each: `mode: {genres: fill, instruments: replace}`.

    A kind that is not named gets the first of the choices.
    """
    from tagger.vocabulary import KINDS, PLURALS

    given = config[key].get()
    if not isinstance(given, Mapping):
        return dict.fromkeys(KINDS, config[key].as_choice(choices))
    for name, value in given.items():
        if name not in PLURALS.values() or value not in choices:
            known = f"genres and instruments, each one of {', '.join(choices)}"
            raise UserError(f"genretag.{key}: takes {known}, not '{name}: {value}'")
    return {kind: given.get(name, choices[0]) for kind, name in PLURALS.items()}


def _taste(config: Subview) -> Taste:
    from tagger.vocabulary import wider_labels
    from tagger.writing.genre_rules import Taste

    return Taste(
        only=_names(config, "whitelist"),
        ignore=_names(config, "ignorelist"),
        aliases=_table(config, "aliases"),
        parents={**wider_labels(), **_table(config, "parents")},
        with_parents=config["with_parents"].get(bool),
        prefer_specific=config["prefer_specific"].get(bool),
        generic_is_empty=config["count_generic_as_empty"].get(bool),
    )


def _at_least(least: int, config: Subview, name: str) -> int:
    number: int = config[name].get(int)
    if number < least:
        raise UserError(f"genretag.{name}: must be {least} or more, not {number}")
    return number


def _share(config: Subview, name: str) -> float:
    number = float(config[name].as_number())
    if not 0 <= number <= 1:
        raise UserError(f"genretag.{name}: must be from 0 to 1, not {number}")
    return number


def _names(config: Subview, name: str) -> tuple[str, ...]:
    return tuple(config[name].as_str_seq(split=False))


def _table(config: Subview, name: str) -> dict[str, str]:
    table = {}
    for key, view in config[name].items():
        table[str(key)] = view.as_str()
    return table
