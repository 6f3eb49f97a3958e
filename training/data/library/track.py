"""A file of a person's library: what it is called, and which tracks must not be split."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tagger.errors import MusicTagError, TagError
from tagger.tags.reader import FileTags, read_tags
from tagger.vocabulary import KINDS, Kind

Names = tuple[str, ...]
# Artists that are nobody.
VARIOUS = frozenset(
    {"various", "various artists", "va", "v.a.", "unknown", "unknown artist", "<unknown>"}
)


@dataclass(frozen=True, slots=True)
class Track:
    """A file and what its owner calls it.

    Tracks of one group are never on both sides of a split. A kind without names is unknown.
    """

    path: Path
    group: str
    names: dict[Kind, Names] = field(default_factory=dict)
    absent: Names = ()  # names that do not hold, whatever their kind
    # All that was asked about, of the kinds of which not every name was; None: every name.
    offered: dict[Kind, Names] | None = None
    unsure: dict[Kind, Names] = field(default_factory=dict)  # nobody says whether they hold
    fold: int | None = None  # None: by the group
    alone: bool = False  # no artist and no album is known: it is its own group
    id: str = ""  # within its source

    def of(self, kind: Kind) -> Names:
        """The names of one kind."""
        return self.names.get(kind, ())

    @property
    def labelled(self) -> bool:
        """Whether it has a name."""
        return any(self.of(kind) for kind in KINDS)

    @property
    def informative(self) -> bool:
        """Whether there is anything to learn from it: a name that holds, or one that does not."""
        asked = self.offered or {}
        return self.labelled or bool(self.absent) or any(asked.values())

    def denied(self, kind: Kind) -> Names:
        """The names that do not hold, besides those that no name of a complete kind implies."""
        offered = self.offered.get(kind, ()) if self.offered else ()
        return (*self.absent, *(name for name in offered if name not in self.of(kind)))

    def complete(self, kind: Kind) -> bool:
        """Whether a name of the kind that is not among the names does not hold."""
        return self.offered is None or kind not in self.offered


Found = Iterator[Track | MusicTagError]


@dataclass(frozen=True, slots=True)
class Group:
    """What must not be split."""

    key: str
    alone: bool = False


def group_of(artists: Iterable[str], album: str, path: Path, folder: str = "") -> Group:
    """The group of a track: the one rule of all sources.

    The first artist who is somebody, else the album, else `folder` (that of an artist or album,
    where the layout has one), else the name before " - " in the file's name, else the file alone: a
    folder that holds a whole label, or all there is, would say nothing about artists.

    >>> group_of(["Various Artists", "Ann"], "", Path("x.mp3")).key
    'ann'
    >>> group_of([], "", Path("Jazz/Ann - Blue.mp3")).key
    'ann'
    >>> group_of([], "", Path("jazz/jazz.00001.wav")).alone
    True
    """
    named = (name.strip().casefold() for name in artists)
    if artist := next((name for name in named if name and name not in VARIOUS), ""):
        return Group(artist)
    if name := album.strip().casefold() or folder.strip().casefold():
        return Group(name)
    before, dash, _ = path.stem.partition(" - ")
    if dash and before.strip() and not before.strip().isdigit():
        return Group(before.strip().casefold())
    return Group(str(path), alone=True)


def tags_or_none(path: Path) -> FileTags | None:
    """The tags of a file; a file whose tags cannot be read can be classified all the same."""
    try:
        return read_tags(path)
    except TagError:
        return None


def group_of_file(path: Path) -> Group:
    """The group of a file by its own tags, or by its place where they cannot be read."""
    tags = tags_or_none(path)
    return group_of((tags.artist,), tags.album, path) if tags else group_of((), "", path)


def gather(found: Found, on_error: Callable[[MusicTagError], object]) -> list[Track]:
    """All tracks, each file once; what went wrong with the others goes to `on_error`."""
    tracks: dict[Path, Track] = {}
    for item in found:
        if isinstance(item, MusicTagError):
            on_error(item)
        else:
            tracks.setdefault(item.path.resolve(), item)
    return list(tracks.values())
