"""`beet genretag`: shows the genres and instruments heard in the items of a beets library.

Adapters only; all judgement is in `tagger`. Nothing is written yet, neither to files nor to the
library.
"""

from __future__ import annotations

import optparse
from pathlib import Path
from typing import TYPE_CHECKING

from beets import ui
from beets.exceptions import UserError
from beets.plugins import BeetsPlugin

from tagger import CHOSEN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from beets.library import Item, Library

    from tagger.scan import Settings


class GenreTagPlugin(BeetsPlugin):
    """Adds the command; the settings have the names of `musictag scan`'s options."""

    def __init__(self) -> None:
        super().__init__()
        self.config.add(
            {"model": CHOSEN, "max_genres": 3, "max_instruments": 5, "min_confidence": 0.0}
        )

    def commands(self) -> list[ui.Subcommand]:
        """The one command of this plugin."""
        command = ui.Subcommand("genretag", help="show genres and instruments heard in items")
        command.func = self.command
        return [command]

    def command(self, lib: Library, opts: optparse.Values, args: list[str]) -> None:
        """Hear every item of a query."""
        self.show(lib.items(args))

    def show(self, items: Iterable[Item]) -> None:
        """Print each item with what its tags say -> what was heard; log what cannot be heard."""
        # Imported here, since plugins load with every `beet` command.
        from tagger.errors import MusicTagError
        from tagger.model import load_model
        from tagger.report.table import change_text
        from tagger.scan import examine

        settings = self._settings()
        try:
            model = load_model(settings.model)
        except MusicTagError as error:
            raise UserError(str(error)) from error
        for item in items:
            result = examine(Path(item.filepath), model, settings)
            if result.track is None:
                self._log.error("{}: {}", item.filepath, result.error)
                continue
            ui.print_(format(item))
            ui.print_(f"  genres: {change_text(item.genres, result.track.of('genre'))}")
            heard = result.track.of("instrument")
            ui.print_(f"  instruments: {change_text(result.existing.instruments, heard)}")

    def _settings(self) -> Settings:
        from tagger.scan import Settings

        return Settings(
            model=self.config["model"].as_str(),
            most={
                "genre": self.config["max_genres"].get(int),
                "instrument": self.config["max_instruments"].get(int),
            },
            min_confidence=self.config["min_confidence"].as_number(),
        )
