"""A run is taken back: in the files, as `musictag undo` does, and in the library too."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from beets import ui
from beets.dbcore.query import PathQuery

from beetsplug.genretag.options import UserError
from beetsplug.genretag.tagging import RUNS, own
from tagger.tags.reader import read_tags
from tagger.vocabulary import KINDS, PLURALS
from tagger.writing.apply import apply_plan, recover
from tagger.writing.journal import Journal
from tagger.writing.plan import FileChange
from tagger.writing.undo import UndoPlan, find_run, plan_undo, was_interrupted

if TYPE_CHECKING:
    from beets.library import Album, Item, Library
    from beets.logging import BeetsLogger

OWN_FIELDS = ("genretag_model", "genretag_confidence", "genretag_status")


def undo(lib: Library, args: list[str], log: BeetsLogger, *, pretend: bool, quiet: bool) -> None:
    """Take back the newest run of this plugin, or the one of a number."""
    if len(args) > 1 or any(not arg.isdecimal() for arg in args):
        raise UserError("--undo takes no query, only the number of a run (see: musictag history)")
    with Journal() as journal:
        recover(journal)
        run = find_run(journal, int(args[0]) if args else None, RUNS)
        if was_interrupted(journal.runs(), run):
            log.warning("the undo of run {} was cut off; this finishes it", run.id)
        undoing = plan_undo(journal, run)
        _say_left(undoing, log)
        if pretend:
            _show(lib, undoing)
            return
        plan = undoing.plan
        outcomes = list(apply_plan(plan, journal, undoes=run.id)) if plan.files else []
    for change, outcome in zip(undoing.plan.files, outcomes, strict=False):
        if outcome.status in ("refused", "failed"):
            log.error("{}: {} ({})", outcome.path, outcome.status, outcome.reason)
        elif item := _item_at(lib, change.path):
            _take_back(item, change, quiet=quiet)


def _say_left(undoing: UndoPlan, log: BeetsLogger) -> None:
    for left in undoing.left:
        log.warning("left: {}: {}", left.path, left.reason)
    if not undoing.plan.files:
        log.warning("nothing of run {} is left to undo", undoing.run.id)


def _show(lib: Library, undoing: UndoPlan) -> None:
    for change in undoing.plan.files:
        if item := _item_at(lib, change.path):
            for one in change.changes:
                if one.field in PLURALS:
                    item[PLURALS[one.field]] = list(one.after)
            ui.show_model_changes(item, fields=list(PLURALS.values()))


def _item_at(lib: Library, path: Path) -> Item | None:
    return lib.items(PathQuery("path", bytes(path))).get()


def _take_back(item: Item, change: FileChange, *, quiet: bool) -> None:
    """Let the library say what the file holds again, and forget that it was classified."""
    tags = read_tags(change.path)
    for kind in KINDS:
        if kind in {one.field for one in change.changes}:
            item[PLURALS[kind]] = list(tags.of(kind))
    if not quiet:
        ui.show_model_changes(item, fields=list(PLURALS.values()))
    for name in OWN_FIELDS:
        if own(item, name) is not None:
            del item[name]
    item.mtime = item.current_mtime()
    item.store()
    if (album := item.get_album()) is not None and own(album, "genretag_model") is not None:
        _take_back_album(album)


def _take_back_album(album: Album) -> None:
    """An album has its first track's genres again, as `beet update` has it, and no instruments."""
    if (first := album.items().get()) is not None:
        album["genres"] = list(first.genres)
    for field in ("instruments", "genretag_model"):
        if own(album, field) is not None:
            del album[field]
    album.store(inherit=False)
