"""Results as one HTML file that needs nothing else and sends nothing anywhere.

Names and tags come from strangers. They reach the page as data in a JSON block, its script shows
them through textContent only, and the page's own policy lets no other script run, lets nothing be
loaded but local sound, and makes the browser refuse text where markup is expected (Trusted Types).
Source: W3C, Content Security Policy Level 3 and Trusted Types.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib.resources import files

from tagger.report.page_data import page_json
from tagger.scanning.results import Result
from tagger.writing.plan import TagPlan

# In the order in which they run: data, what is shown of it, what a person does with it.
SCRIPTS = ("store.js", "plan.js", "build.js", "table.js", "detail.js", "overview.js", "main.js")


def page_text(results: Sequence[Result], plan: TagPlan) -> str:
    """The whole page: what was heard, and the plan a person edits."""
    script = "\n".join(["'use strict';", *map(_part, SCRIPTS)])
    style = _part("page.css")
    # Hashes cover what stands between the tags, to the byte.
    marks = {
        "policy": policy(script, style),
        "style": style,
        "data": page_json(results, plan),
        "script": script,
    }
    parts = _part("page.html").split("@@")
    return "".join(marks.get(part, part) for part in parts)


def policy(script: str, style: str) -> str:
    """The page's Content-Security-Policy."""
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {_source(script)}",
            f"style-src {_source(style)}",
            "media-src file:",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ]
    )


def _source(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def _part(name: str) -> str:
    return files("tagger.report").joinpath("web", name).read_text(encoding="utf-8")
