"""The program, run in this process as a person runs it in a terminal."""

from __future__ import annotations

from click.testing import CliRunner, Result

from tagger.cli import main


def musictag(*arguments: object) -> Result:
    """What came of a command; an error that it should have told is raised."""
    return CliRunner().invoke(main, [str(a) for a in arguments], catch_exceptions=False)
