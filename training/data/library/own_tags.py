"""Names that musictag wrote itself, and that nobody confirmed: they are no evidence.

A model that learned from its own output would find itself confirmed. What it wrote is known by the
journal (which knows a file by its path and by its sound), by the provenance field of a file, and in
a beets library by `genretag_model`. A field that somebody edited since is theirs, whole, and so is
a name that they left ticked in `musictag review`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from tagger.review.decisions import NAME as DECISIONS
from tagger.tags.reader import FileTags
from tagger.vocabulary import KINDS, Kind, name_key
from tagger.writing.journal import NAME, Journal, journal_folder
from tagger.writing.journal_entries import Entry
from training.data.library.reviews import Ticked, ticked_names
from training.data.library.track import Track


@dataclass(frozen=True, slots=True)
class Written:
    """A field as musictag left it. Both are keys of names."""

    after: frozenset[str]
    own: frozenset[str]  # what was not there before


Fields = dict[Kind, Written]


@dataclass(frozen=True, slots=True)
class OwnTags:
    """All that musictag wrote and did not take back, by path and by fingerprint of the sound."""

    by_path: dict[Path, Fields]
    by_sound: dict[str, Fields]
    ticked: Ticked = field(default_factory=dict)  # confirmed in a review, by the same two keys

    def of(self, path: Path, sound: str = "") -> Fields:
        """What it wrote into a file; empty where it wrote nothing."""
        return self.by_path.get(path.resolve()) or self.by_sound.get(sound, {})

    def confirmed(self, path: Path, sound: str, kind: Kind) -> frozenset[str]:
        """The keys of the names that a person left ticked in a file."""
        said = self.ticked.get(str(path.resolve())) or self.ticked.get(sound, {})
        return said.get(kind, frozenset())


def read_own_tags(folder: Path | None = None) -> OwnTags:
    """What the journal tells; nothing where there is none. Raises JournalError if damaged."""
    place = folder or journal_folder()
    own = OwnTags({}, {}, ticked_names(place / DECISIONS))
    if not (place / NAME).exists():
        return own
    with Journal(folder, write=False) as journal:
        for run in sorted(journal.runs(), key=lambda run: run.id):
            for entry in journal.entries(run.id):
                if entry.status == "changed":
                    _add(own, entry)
    return own


def without_own(
    track: Track, own: OwnTags, tags: FileTags | None = None, *, stamped: bool = False
) -> Track:
    """The track without names that are musictag's alone; of those, nobody says whether they hold.

    Args:
        track: with all names that it has.
        own: what the journal tells.
        tags: those of the file, if it was read.
        stamped: whether something beside the journal says that musictag tagged the file.
    """
    sound = tags.audio if tags else ""
    fields = own.of(track.path, sound)
    if not fields and (stamped or (tags is not None and tags.provenance)):
        fields = {kind: _all_own(track.of(kind)) for kind in KINDS}
    unsure = {
        kind: tuple(
            name
            for name in track.of(kind)
            if name_key(name) in written.own - own.confirmed(track.path, sound, kind)
        )
        for kind, written in fields.items()
        if _keys(track.of(kind)) == written.after
    }
    names = {
        kind: tuple(name for name in track.of(kind) if name not in unsure.get(kind, ()))
        for kind in KINDS
    }
    return replace(track, names=names, unsure={kind: n for kind, n in unsure.items() if n})


def _add(own: OwnTags, entry: Entry) -> None:
    fields = own.by_path.setdefault(entry.path.resolve(), {})
    for kind in KINDS:
        if kind not in entry.after:
            continue
        before = _keys(entry.before[kind].values) if kind in entry.before else frozenset()
        after = _keys(entry.after[kind].values)
        new = frozenset() if entry.undoes is not None else after - before
        # What was ours before the person's edit is theirs now: they saw the field.
        earlier = fields.get(kind)
        still = earlier.own & after if earlier and earlier.after == before else frozenset()
        fields[kind] = Written(after, still | new)
    if entry.audio:
        own.by_sound[entry.audio] = fields


def _all_own(names: Iterable[str]) -> Written:
    keys = _keys(names)
    return Written(keys, keys)


def _keys(names: Iterable[str]) -> frozenset[str]:
    return frozenset(map(name_key, names))
