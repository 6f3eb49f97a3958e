"""Journals what another program writes into files, before and after it writes.

For programs that write our fields themselves, as beets does; undo then works as for files that
`apply` wrote.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from tagger.errors import JournalError
from tagger.tags.field_map import make_items
from tagger.tags.reader import OpenFile, opened
from tagger.vocabulary import Kind
from tagger.writing.apply import recover
from tagger.writing.journal import Journal
from tagger.writing.journal_entries import Entry, Fields, Run, StoredField, stored_field
from tagger.writing.plan import Values

# Others hold the journal while they write, which may be a while.
PATIENCE_S = 10.0
_PAUSE_S = 0.1


class ExternalRun:
    """One run of another program, in the journal while files are written and only then.

    To be used by one thread at a time: what `open` opened, `close` closes.
    """

    def __init__(
        self,
        model: str,
        mode: str,
        roots: tuple[Path, ...],
        *,
        folder: Path | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._model, self._mode, self._roots = model, mode, roots
        self._folder, self._patience_s = folder, patience_s
        self._journal: Journal | None = None
        self._run: Run | None = None
        self._pending: dict[Path, tuple[int, Fields]] = {}

    def open(self) -> tuple[Journal, Run]:
        """The journal and the run in it, which starts now if it has not; JournalError if busy."""
        if self._journal is None:
            self._journal = self._patiently_opened()
            recover(self._journal)
        if self._run is None:
            self._run = self._journal.start(self._model, self._mode, self._roots)
        return self._journal, self._run

    def before(self, path: Path, wanted: Mapping[Kind, Values]) -> None:
        """Record the current and the planned values of a file, unless they are equal."""
        journal, run = self.open()
        with opened(path) as file:
            now = {kind: stored_field(file.layout, kind) for kind in wanted}
            changed = [kind for kind in wanted if now[kind].values != wanted[kind]]
            if not changed:
                return
            status = path.stat()
            entry = Entry(
                path=path.absolute(),
                before={kind: now[kind] for kind in changed},
                after=_expected(file, {kind: wanted[kind] for kind in changed}),
                audio=file.audio,
                device=status.st_dev,
                inode=status.st_ino,
            )
        (number,) = journal.record(run, [entry])
        self._pending[path] = number, entry.before

    def after(self, path: Path) -> None:
        """Record what the file holds after the write."""
        if path not in self._pending:
            return
        number, before = self._pending.pop(path)
        journal, _ = self.open()
        with opened(path) as file:
            now = {name: stored_field(file.layout, name) for name in before}
        journal.amend(number, now)
        same = all(now[name].values == before[name].values for name in now)
        journal.conclude([(number, "unchanged" if same else "changed", "")])

    def close(self) -> None:
        """Release the journal; planned writes that did not happen are resolved first."""
        if self._journal is not None:
            if self._pending:
                recover(self._journal)
                self._pending.clear()
            self._journal.close()
            self._journal = None

    def end(self) -> None:
        """Record that the run finished."""
        if self._run is not None:
            journal, run = self.open()
            journal.end(run)
        self.close()

    def _patiently_opened(self) -> Journal:
        until = time.monotonic() + self._patience_s
        while True:
            try:
                return Journal(self._folder)
            except JournalError:
                if time.monotonic() >= until:
                    self._patience_s = 0.0  # wait once, not for each file
                    raise
                time.sleep(_PAUSE_S)


def _expected(file: OpenFile, wanted: Mapping[Kind, Values]) -> Fields:
    """The fields as we would write them; recovery compares their values after a crash."""
    layout = file.layout
    return {
        kind: StoredField(values, layout.dialect, make_items(layout, kind, values))
        for kind, values in wanted.items()
    }
