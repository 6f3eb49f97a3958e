"""`beet genretag`, and the same on import: genres and instruments by ear.

Adapters only; all judgement is in `tagger`. What is heavy is imported where it is first used, since
plugins load with every `beet` command.

In the order of the data:

- `compatibility`  what versions of beets before 2.14 lack
- `options`        what a person wants:
- `tagging`        results become fields of items and albums, and the tags of their files
- `undoing`        A run is taken back:
- `units`          what is classified together:
"""

from __future__ import annotations

import optparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beets import logging, ui
from beets.dbcore import types
from beets.library import Item
from beets.plugins import BeetsPlugin

from beetsplug.genretag.compatibility import mend_update
from beetsplug.genretag.options import DEFAULTS, UserError, add_options, read_options
from tagger.errors import MusicTagError
from tagger.report.escaping import printable
from tagger.tags.mediafile_fields import instruments_field

if TYPE_CHECKING:
    from concurrent.futures import Future

    from beets.importer import ImportSession, ImportTask
    from beets.library import Library

    from beetsplug.genretag.tagging import Settled, Tagging
    from beetsplug.genretag.units import Unit
    from tagger.scanning.parallel import ScanPool
    from tagger.scanning.results import Result
    from tagger.writing.plan import FileChange

AHEAD = 4  # files asked for per process before the first result is used


class GenreTagPlugin(BeetsPlugin):
    """Hooks into beets; see docs/beets.md for what they do."""

    item_types = {  # noqa: RUF012 - as beets declares them
        "instruments": types.MULTI_VALUE_DSV,
        "genretag_model": types.STRING,
        "genretag_confidence": types.Float(4),
        "genretag_status": types.STRING,
    }
    album_types = {  # noqa: RUF012
        "instruments": types.MULTI_VALUE_DSV,
        "genretag_model": types.STRING,
    }

    def __init__(self) -> None:
        super().__init__()
        self.config.add(DEFAULTS)
        self._log.addFilter(cleaned)
        if "instruments" not in Item._media_fields:  # there is one for all plugins of a process
            self.add_media_field("instruments", instruments_field())
        mend_update()
        self._tagging: Tagging | None = None  # while an import or the command runs
        self._pool: ScanPool | None = None
        self._asked: dict[Path, Future[Result]] = {}
        self.import_stages = [self.imported]
        self.register_listener("import_begin", self.import_begin)
        self.register_listener("import_task_created", self.import_task_created)
        self.register_listener("import_task_files", self.import_task_files)
        self.register_listener("import", self.import_end)
        self.register_listener("write", self.before_write)
        self.register_listener("after_write", self.after_write)

    def commands(self) -> list[ui.Subcommand]:
        """The one command of this plugin."""
        command = ui.Subcommand("genretag", help="classify genres and instruments")
        add_options(command.parser)
        command.func = self.command
        return [command]

    # The command.

    def command(self, lib: Library, opts: optparse.Values, args: list[str]) -> None:
        """Classify what a query matches, or undo what was written."""
        from tagger.report.files import MAKERS

        if opts.report and Path(opts.report).suffix.lower() not in MAKERS:
            raise UserError(f"--report {opts.report}: must end in {', '.join(sorted(MAKERS))}")
        try:
            if opts.undo:
                from beetsplug.genretag.undoing import undo

                undo(lib, args, self._log, pretend=bool(opts.pretend), quiet=bool(opts.quiet))
            else:
                self._classify(lib, opts, args)
        except MusicTagError as error:
            raise UserError(printable(str(error))) from error

    def _classify(self, lib: Library, opts: optparse.Values, args: list[str]) -> None:
        from beetsplug.genretag import units
        from beetsplug.genretag.tagging import Tagging
        from tagger.cli.progress import ProgressLine

        options = read_options(self.config, opts)
        albums = opts.albums if opts.albums is not None or not options.album_kinds else True
        tagging = self._tagging = Tagging(options, lib, self._log)
        pool = options.open_pool()
        wanted = (unit for unit in units.find_units(lib, args, albums) if tagging.wants(unit))
        line = ProgressLine(0 if opts.quiet else units.count_items(lib, args, albums))
        report_rows: list[tuple[Result, FileChange | None]] = []
        try:
            for unit, results in units.classified(wanted, pool, options.jobs * AHEAD):
                line.clear()
                fresh, current = units.refreshed(lib, unit, results)
                settled = self._settle(tagging, fresh, current, opts)
                if opts.report:
                    report_rows += [(r, s.change) for r, s in zip(current, settled, strict=False)]
                for _ in results:
                    line.advance()
        finally:
            line.clear()
            pool.close()
            tagging.external_run.end()
            self._tagging = None
        if opts.report:
            _write_report(Path(opts.report), report_rows, tagging)
        if not opts.quiet:
            self._log.info("{}", tagging.summary())

    def _settle(
        self, tagging: Tagging, unit: Unit, results: list[Result], opts: optparse.Values
    ) -> list[Settled]:
        """Show what would change in a unit, and let it be so."""
        settled = tagging.settle(unit, results)
        for one in settled:
            if one.fields and not opts.quiet:
                one.show()
        if not opts.pretend:
            tagging.store(settled)
            if ui.should_write(opts.write):
                tagging.write(unit.items)
        return settled

    # The import.

    def import_begin(self, session: ImportSession) -> None:
        """Get ready, if there is something to do; a wrong setting is said before anything began."""
        options = read_options(self.config)
        if not options.auto or session.config["pretend"].get(bool):
            return
        with self._contained("nothing will be classified on this import"):
            from beetsplug.genretag.tagging import Tagging

            self._tagging = Tagging(options, session.lib, self._log)
            self._pool = options.open_pool()

    def import_task_created(self, session: ImportSession, task: ImportTask) -> None:
        """Begin to classify files while beets looks them up and asks about them."""
        with self._contained("classified later"):
            from beetsplug.genretag.units import Unit

            unit = Unit(list(task.items or ()))
            if self._tagging and unit.items and self._tagging.wants(unit):
                self._ask(unit)

    def imported(self, session: ImportSession, task: ImportTask) -> None:
        """Fill the fields; files are written after they have come to their place."""
        with self._contained("not classified"):
            from beetsplug.genretag.units import unit_of

            unit = unit_of(task)
            if self._tagging and self._tagging.wants(unit):
                self._ask(unit)
                results = [self._asked.pop(path).result() for path in unit.paths]
                self._tagging.store(self._tagging.settle(unit, results))

    def import_task_files(self, session: ImportSession, task: ImportTask) -> None:
        """Write what beets does not: the files of imports that keep their tags as they are."""
        from beets.importer import Action

        self._log.setLevel(logging.NOTSET)  # as beets wants it when `before_write` is called
        with self._contained("not written"):
            if self._tagging:
                by_beets = task.apply or task.choice_flag == Action.RETAG
                if session.config["write"].get(bool) and not by_beets:
                    self._tagging.write(task.imported_items())
                self._tagging.forget(task.imported_items())

    def import_end(self, lib: Library, paths: list[bytes]) -> None:
        """Let go of everything."""
        with self._contained("the import is done"):
            if self._pool:
                self._pool.close()
            if self._tagging:
                self._tagging.external_run.end()
            self._pool = self._tagging = None
            self._asked.clear()

    # Writing.

    def before_write(self, item: Item, path: bytes, tags: dict[str, Any]) -> None:
        """Beets is going to write a file."""
        if self._tagging:
            self._tagging.before_write(item, path, tags)

    def after_write(self, item: Item, path: bytes) -> None:
        """Beets has written a file."""
        if self._tagging:
            self._tagging.after_write(item, path)

    def _ask(self, unit: Unit) -> None:
        for path in unit.paths:
            if self._pool and path not in self._asked:
                self._asked[path] = self._pool.submit(path)

    @contextmanager
    def _contained(self, what: str) -> Iterator[None]:
        """Whatever goes wrong, the import goes on."""
        try:
            yield
        except MusicTagError as error:
            self._log.error("{}: {}", what, error)
        except Exception as error:
            self._log.error("{}: unexpected failure ({!r})", what, error)
            self._log.debug("", exc_info=True)


def cleaned(record: Any) -> bool:
    """Let a line of the log pass without what a terminal would obey: names come from strangers."""
    record.msg, record.args = printable(record.getMessage()), ()
    return True


def _write_report(
    path: Path, results: list[tuple[Result, FileChange | None]], tagging: Tagging
) -> None:
    from tagger.report.files import write_report
    from tagger.writing.plan import TagPlan

    changes = tuple(change for _, change in results if change is not None and change.changes)
    plan = TagPlan(changes, tagging.card.id, tagging.options.policy.mode)
    write_report(path, [result for result, _ in results], plan)
