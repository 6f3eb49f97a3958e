"""Results on disk, a line of JSON each, so that a killed run loses none that was finished.

Beside them stands with which settings they were made.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from tagger.errors import DataError

SETUP = "setup.json"


def keep_setup(folder: Path, setup: dict[str, Any], of_others: str) -> None:
    """Begin a folder of results, or go on in one of the same setup; a DataError in any other.

    `of_others`: what the folder holds then.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path, content = folder / SETUP, json.dumps(setup, indent=1) + "\n"
    if not path.exists():
        path.write_text(content, encoding="utf-8")
    elif path.read_text(encoding="utf-8") != content:
        raise DataError(f"holds {of_others}; choose another --out or delete it", folder)


def add_line(path: Path, row: dict[str, Any]) -> None:
    """Add a row; on disk when this returns."""
    with path.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(row) + "\n")
        lines.flush()
        os.fsync(lines.fileno())


def read_lines(path: Path) -> list[dict[str, Any]]:
    """All whole rows; what a killed run left of a line is cut off."""
    if not path.exists():
        return []
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if whole != content:
        os.truncate(path, len(whole))
    return [json.loads(line) for line in whole.decode("utf-8").splitlines()]
