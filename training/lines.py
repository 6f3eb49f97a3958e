"""Results on disk, a line of JSON each, so that a killed run loses none that was finished."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


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
