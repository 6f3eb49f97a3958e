"""The command group, which finds its commands when they are asked for."""

from __future__ import annotations

import difflib
import functools
import importlib
import logging
from importlib.metadata import EntryPoint, entry_points

import click

from tagger import __version__
from tagger.cli.errors import PlainErrors
from tagger.report.escaping import log_plainly

# In the order `musictag --help` lists them: the main job first.
COMMANDS = {
    "scan": "tagger.cli.scan",
    "review": "tagger.cli.review",
    "apply": "tagger.cli.apply",
    "undo": "tagger.cli.undo",
    "history": "tagger.cli.history",
    "journal": "tagger.cli.journal",
    "watch": "tagger.cli.watch",
    "predict": "tagger.cli.predict",
    "explain": "tagger.cli.explain",
    "stats": "tagger.cli.stats",
    "pipeline": "tagger.cli.pipeline",
    "plan": "tagger.cli.plan",
    "labels": "tagger.cli.models",
    "models": "tagger.cli.models",
    "cache": "tagger.cli.cache",
    "demo": "tagger.cli.demo",
}
PLUGINS = "musictag.commands"  # entry points by which `training` adds its commands


class Program(PlainErrors):
    """A group whose commands are imported when they are first needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands, ours first."""
        return [*COMMANDS, *sorted(_plugins())]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One command, imported now."""
        if cmd_name in COMMANDS:
            command = getattr(importlib.import_module(COMMANDS[cmd_name]), cmd_name)
        elif cmd_name in (plugins := _plugins()):
            command = plugins[cmd_name].load()
        else:
            return None
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, naming the ones that are written nearly so where there is none."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            if near := difflib.get_close_matches(args[0], self.list_commands(ctx)):
                near_names = " or ".join(near)
                raise click.UsageError(f"{error.message} Did you mean {near_names}?", ctx) from None
            raise


@functools.cache  # reads every installed package, which --help would take four times
def _plugins() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=PLUGINS)}


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="musictag")
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks of failures.")
def main(verbose: bool) -> None:
    """Classify the genres and instruments of music files, and write them into their tags.

    \b
    Try it:
      musictag demo music      write a small synthesised library
      musictag scan music      classify it, and show what would be written
      musictag scan ~/Music    the same for your own (nothing is written)
      musictag review ~/Music  listen, decide and write in the browser
      musictag scan ~/Music --write    fill empty fields, after asking
      musictag undo            take that back
    """
    log_plainly(logging.WARNING if verbose else logging.CRITICAL)
