"""Failures as a person at a terminal should meet them."""

from __future__ import annotations

import logging
from typing import Any

import click

from tagger.errors import MusicTagError
from tagger.report.text import printable


class _Failure(click.ClickException):
    """A MusicTagError as click shows it: one line, its own exit code."""

    def __init__(self, error: MusicTagError) -> None:
        super().__init__(printable(str(error)))
        # click keeps it on the class; ours differs from failure to failure.
        self.exit_code = error.exit_code  # type: ignore[misc]


class PlainErrors(click.Group):
    """A group in which every failure we foresaw is one line and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; a failure we foresaw becomes one line."""
        try:
            return super().invoke(ctx)
        except MusicTagError as error:
            if ctx.params.get("verbose"):
                logging.getLogger(__name__).exception("failed")
            raise _Failure(error) from error
        except KeyboardInterrupt:
            click.echo("stopped", err=True)
            raise SystemExit(130) from None
        except ModuleNotFoundError as error:
            raise click.ClickException(
                f"the package {error.name!r} is missing; commands that train or measure models "
                "need: pip install 'musictag[train]'"
            ) from error
