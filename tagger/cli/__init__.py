"""The `musictag` command: parse, call, echo.

Nothing heavy is imported before a command needs it, so that `musictag --help` answers at once; a
test holds that.

In the order of the data:

- `apply`     `musictag apply`
- `asking`    the questions of `scan --write`: what of a plan a person agrees to, album by album
- `cache`     `musictag cache`
- `demo`      `musictag demo`
- `echo`      the one door to the terminal: all that is printed is cleaned here of what a terminal
              obeys
- `errors`    failures as a person at a terminal should meet them
- `explain`   `musictag explain`
- `history`   `musictag history`
- `journal`   `musictag journal`
- `models`    `musictag labels` and `musictag models`
- `options`   options that several commands share
- `output`    what a scan puts out as results come: a table, or JSON lines
- `pipeline`  `musictag pipeline`
- `plan`      `musictag plan`
- `planning`  the options of `musictag scan` that plan and write, and what they do
- `predict`   `musictag predict`
- `program`   the command group, which finds its commands when they are asked for
- `progress`  progress of a scan on standard error: a line with rate and time left, failures above
              it
- `review`    `musictag review`
- `scan`      `musictag scan`
- `stats`     `musictag stats`
- `undo`      `musictag undo`
- `watch`     `musictag watch`
- `writing`   what all commands that write have in common: ask, change, sum up
"""

from tagger.cli.program import main

__all__ = ["main"]
