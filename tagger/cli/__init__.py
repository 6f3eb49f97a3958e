"""The `musictag` command: parse, call, echo.

Nothing heavy is imported before a command needs it, so that `musictag --help` answers at once; a
test holds that.
"""

from tagger.cli.program import main

__all__ = ["main"]
