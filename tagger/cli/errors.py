"""Failures as a person at a terminal should meet them."""

from __future__ import annotations

import errno
import logging
import os
import sys
from contextlib import suppress
from typing import Any

import click

from tagger.cli.echo import echo
from tagger.errors import MusicTagError
from tagger.report.escaping import printable


class _Failure(click.ClickException):
    """A failure as click shows it: one line, its own exit code."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(printable(message))
        # click keeps it on the class; ours differs from failure to failure.
        self.exit_code = exit_code  # type: ignore[misc]


class PlainErrors(click.Group):
    """A group in which every failure is one line and an exit code."""

    def main(self, *args: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        """Run the program; names in what click itself says are cleaned too, output is checked."""
        _tolerate_signs()
        try:
            try:
                return super().main(*args, standalone_mode=standalone_mode, **extra)  # type: ignore[call-overload]
            finally:
                sys.stdout.flush()  # else a full disk is met when nobody can say so any more
        except OSError as error:
            _give_up_output()
            if error.errno not in (errno.EPIPE, errno.EINVAL):  # the latter on Windows
                with suppress(OSError):  # the same disk may be full for it
                    echo(f"Error: {_told(error)}", err=True)
            raise SystemExit(1) from None

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Read the options of the program."""
        with _Cleaned():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; a failure becomes one line."""
        try:
            with _Cleaned():
                return super().invoke(ctx)
        except MusicTagError as error:
            raise _shown(error, ctx, str(error), error.exit_code) from error
        except KeyboardInterrupt:
            echo("stopped", err=True)
            raise SystemExit(130) from None
        except ModuleNotFoundError as error:
            raise click.ClickException(
                f"the package {error.name!r} is missing; commands that train or measure models "
                "need: pip install 'musictag[train]'"
            ) from error
        except OSError as error:
            if _is_output(error):
                raise
            raise _shown(error, ctx, _told(error), 1) from error
        except (RecursionError, MemoryError) as error:
            raise _shown(error, ctx, f"this is too much ({type(error).__name__})", 1) from error


class _Cleaned:
    """What click says repeats what it was given."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, click.ClickException):
            error.message = printable(error.message)  # type: ignore[misc]


def _shown(error: BaseException, ctx: click.Context, line: str, exit_code: int) -> _Failure:
    if ctx.params.get("verbose"):
        logging.getLogger(__name__).error("failed", exc_info=error)
    return _Failure(line, exit_code)


def _told(error: OSError) -> str:
    place = f"{error.filename}: " if error.filename else ""
    return f"{place}{error.strerror or error}"


def _is_output(error: OSError) -> bool:
    """Whether it comes from printing, which names no file; `main` sees to it."""
    return error.filename is None and error.errno in (
        errno.EPIPE, errno.ENOSPC, errno.EIO, errno.EBADF, errno.EINVAL, errno.EDQUOT,
    )  # fmt: skip


def _tolerate_signs() -> None:
    """A terminal that knows few signs gets question marks rather than nothing."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _give_up_output() -> None:
    """Let what cannot be printed vanish, else it would be tried once more at the end."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
    except (OSError, ValueError):  # not a real file
        return
