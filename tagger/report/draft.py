"""The changes a scan would make, in the form the page edits.

This is the seam to `tagger.plan`: the page takes whatever plan it is given, keeps every key it does
not know, and only strikes tags out of `after` or adds some. Until plans are made elsewhere, this
module makes one, filling the kinds of tag a file has none of.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from tagger.scan import Result
from tagger.vocabulary import KINDS

FORMAT = 1


def draft_plan(results: Iterable[Result]) -> dict[str, Any]:
    """A plan as JSON.

    Keys: format, mode, and changes, a list of objects with path, kind ("genre" or "instrument"),
    before and after (lists of values).
    """
    return {
        "format": FORMAT,
        "mode": "fill",
        "changes": [change for result in results for change in changes(result)],
    }


def plan_path(result: Result) -> str:
    """The file as changes name it; by this the page knows whose changes they are."""
    return os.path.abspath(result.path)  # noqa: PTH100  # Path.absolute keeps ".."


def changes(result: Result) -> list[dict[str, Any]]:
    """What would change in one file: kinds it has no value of get what was heard."""
    if result.track is None:
        return []
    return [
        {
            "path": plan_path(result),
            "kind": kind,
            "before": [],
            "after": [tag.name for tag in result.track.of(kind)],
        }
        for kind in KINDS
        if result.track.of(kind) and not result.existing.of(kind)
    ]
