"""Results become fields of items and albums, and the tags of their files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beets import ui
from beets.library import Item

from beetsplug.genretag.options import Options, UserError
from beetsplug.genretag.units import Unit
from tagger.errors import MusicTagError
from tagger.models.card import load_card
from tagger.models.model import find_card
from tagger.scanning.albums import album_track, is_compilation
from tagger.scanning.results import Result
from tagger.tags.reader import FileTags, read_tags
from tagger.vocabulary import KINDS, PLURALS, Kind, Tag
from tagger.writing.apply import change_files
from tagger.writing.external_writes import ExternalRun
from tagger.writing.genre_rules import unknown_labels
from tagger.writing.plan import ClassifiedFile, FileChange, change_to, file_change, may_change

if TYPE_CHECKING:
    from beets.library import Album, Library
    from beets.logging import BeetsLogger

    from tagger.models.card import ModelCard

RUNS = "beets: "  # how the mode of our runs begins in the journal
_SETTINGS = {"only": "whitelist", "ignore": "ignorelist"}  # what a taste calls otherwise


@dataclass(frozen=True, slots=True)
class Settled:
    """An item or album whose fields are decided, but not stored, and those that are new."""

    model: Item | Album
    kinds: tuple[Kind, ...] = ()
    change: FileChange | None = None

    @property
    def fields(self) -> list[str]:
        """The names of its new fields."""
        return [PLURALS[kind] for kind in self.kinds]

    def show(self) -> None:
        """Print what is new, as beets does."""
        old = self.model.get_fresh_from_db()
        old["instruments"] = list(own(old, "instruments") or ())
        ui.show_model_changes(self.model, old, fields=self.fields)


class Tagging:
    """One run of the command, or one import."""

    def __init__(self, options: Options, lib: Library, log: BeetsLogger) -> None:
        self.options, self._log = options, log
        self.card = load_card(find_card(options.settings.model))
        _check_labels(options, self.card)
        root = Path(lib.directory.decode("utf-8", "surrogateescape"))
        self.external_run = ExternalRun(self.card.id, f"{RUNS}{options.policy.mode}", (root,))
        self._new: dict[int | None, tuple[Kind, ...]] = {}  # what files do not hold yet, by item
        self.counts = Counter[str]()  # items by what became of them

    def wants(self, unit: Unit) -> bool:
        """Whether classifying the files could change something that is not decided yet."""
        return self.options.again or any(
            self._open(model) for model in [*unit.items, unit.album] if model is not None
        )

    def settle(self, unit: Unit, results: Sequence[Result]) -> list[Settled]:
        """Set the fields of items and album from the results; nothing is stored."""
        vote = self._vote(unit, results)
        settled = []
        for item, result in zip(unit.items, results, strict=True):
            if result.track is None:
                self._log.error("{}: {}", item.filepath, result.error)
                self._set_status(item, "failed")
                settled.append(Settled(item))
                continue
            tags = self._tags(vote, result.track.tags)
            settled.append(self._settle_item(item, tags, result.existing.audio))
        if unit.album is not None and any(result.track for result in results):
            settled.append(self._settle_album(unit.album, vote or ()))
        return settled

    def store(self, settled: Iterable[Settled]) -> None:
        """Keep the fields in the library; an album's stay its own."""
        for one in settled:
            if isinstance(one.model, Item):
                if one.kinds:
                    self._new[one.model.id] = one.kinds
                one.model.store()
            else:
                one.model.store(inherit=False)

    def write(self, items: Iterable[Item]) -> None:
        """Write what is new into the files, and note that in the journal."""
        changed = [item for item in items if item.id in self._new]
        if changed:
            self.external_run.open()  # or nothing is written
            if self.options.write_only_ours:
                self._write_ours(changed)
            else:
                for item in changed:
                    item.try_write()
                    item.store()
        self.forget(changed)

    def forget(self, items: Iterable[Item]) -> None:
        """Nothing will be written for these items any more; let others use the journal."""
        for item in items:
            self._new.pop(item.id, None)
        self.external_run.close()

    def summary(self) -> str:
        """How many items were classified, and what became of them."""
        if not self.counts:
            return "nothing to do: all was classified before or has no empty field (-f: all)"
        return ", ".join(f"{number} {status}" for status, number in sorted(self.counts.items()))

    def before_write(self, item: Item, path: bytes, tags: dict[str, Any]) -> None:
        """Note what beets is going to write, if it is of our making."""
        if path == item.path and item.id in self._new:
            wanted = {kind: tuple(tags.get(PLURALS[kind]) or ()) for kind in self._new[item.id]}
            self._noted(item, lambda: self.external_run.before(Path(item.filepath), wanted))

    def after_write(self, item: Item, path: bytes) -> None:
        """Note what beets has written."""
        if path == item.path and item.id in self._new:
            self._noted(item, lambda: self.external_run.after(Path(item.filepath)))

    def _noted(self, item: Item, note: Any) -> None:
        try:
            note()
        except MusicTagError as error:
            self._log.warning("{}: undo will not know of it ({})", item.filepath, error.message)

    def _open(self, model: Item | Album) -> bool:
        classified = own(model, "genretag_model") == self.card.id
        if classified and own(model, "genretag_status") != "failed":
            return False
        return may_change(_existing(model), self.options.policy, self.options.settings.most)

    def _vote(self, unit: Unit, results: Sequence[Result]) -> tuple[Tag, ...] | None:
        """The tags of the album; None for none, and where tracks have only it in common."""
        found = [
            replace(result, existing=_who(item))
            for item, result in zip(unit.items, results, strict=True)
            if result.track is not None
        ]
        if unit.album is None or not found or is_compilation(found):
            return None
        tracks = [result.track for result in found if result.track is not None]
        return album_track(tracks, self.card, self.options.settings).tags

    def _tags(self, album: tuple[Tag, ...] | None, track: tuple[Tag, ...]) -> tuple[Tag, ...]:
        """The album's tags for the kinds that are given by album, the track's for the others."""
        by_album = self.options.album_kinds if album is not None else ()
        sources = {kind: album or () if kind in by_album else track for kind in KINDS}
        return tuple(tag for kind in KINDS for tag in sources[kind] if tag.kind == kind)

    def _settle_item(self, item: Item, tags: tuple[Tag, ...], audio: str) -> Settled:
        mtime = item.mtime
        # A field of its own, even if empty: else beets would write the album's into its file.
        item["instruments"] = list(own(item, "instruments") or ())
        item.mtime = mtime  # nothing is new so far
        settled = self._set(item, tags, audio)
        item["genretag_model"] = self.card.id
        item["genretag_confidence"] = min((tag.score for tag in tags), default=0.0)
        self._set_status(item, "tagged" if settled.kinds else "kept" if tags else "unsure")
        return settled

    def _set_status(self, item: Item, status: str) -> None:
        item["genretag_status"] = status
        self.counts[status] += 1

    def _settle_album(self, album: Album, tags: tuple[Tag, ...]) -> Settled:
        album["instruments"] = list(own(album, "instruments") or ())
        settled = self._set(album, tags)
        album["genretag_model"] = self.card.id
        return settled

    def _set(self, model: Item | Album, tags: tuple[Tag, ...], audio: str = "") -> Settled:
        path = Path(model.filepath) if isinstance(model, Item) else Path()
        existing = replace(_existing(model), audio=audio)
        change = file_change(ClassifiedFile(path, existing, tags), self.options.policy)
        kinds = []
        for kind in KINDS:
            for one in change.changes:
                if one.field == kind:
                    model[PLURALS[kind]] = list(one.after)
                    kinds.append(kind)
        return Settled(model, tuple(kinds), change)

    def _write_ours(self, items: list[Item]) -> None:
        """Write nothing but our fields, by copy, check and replacement."""
        journal, run = self.external_run.open()
        by_path = {Path(item.filepath): item for item in items}
        changes = [change for item in items if (change := self._change(item)) is not None]
        for outcome in change_files([c for c in changes if c.changes], run, journal):
            if outcome.status in ("refused", "failed"):
                self._log.error("{}: {} ({})", outcome.path, outcome.status, outcome.reason)
                by_path.pop(outcome.path)
        for change in changes:
            if item := by_path.get(change.path):
                item.mtime = item.current_mtime()
                item.store()

    def _change(self, item: Item) -> FileChange | None:
        path = Path(item.filepath)
        wanted = {kind: tuple(item[PLURALS[kind]]) for kind in self._new[item.id]}
        try:
            return change_to(path, read_tags(path), wanted)
        except MusicTagError as error:
            self._log.error("{}", error)
            return None


def _check_labels(options: Options, card: ModelCard) -> None:
    """Raise UserError where a setting names a label that the model does not have."""
    for line in unknown_labels(options.policy.taste, card.vocabulary):
        setting = re.sub("^(only|ignore):", lambda match: _SETTINGS[match[1]] + ":", line)
        raise UserError(f"genretag.{setting}")


def own(model: Item | Album, key: str) -> Any:
    """A flexible field of an item itself, not of its album; None where it has none."""
    return model.get(key, None, with_album=False) if isinstance(model, Item) else model.get(key)


def _existing(model: Item | Album) -> FileTags:
    return FileTags(tuple(model.genres), tuple(own(model, "instruments") or ()))


def _who(item: Item) -> FileTags:
    return FileTags(artist=item.albumartist or item.artist, compilation=bool(item.comp))
