"""Results as one HTML file that needs nothing else and sends nothing anywhere.

Names and tags come from strangers. They reach the page as data in a JSON block, its script shows
them through textContent only, and the page's own policy lets no other script run, lets nothing be
loaded but local sound, and makes the browser refuse text where markup is expected (Trusted Types).
Source: W3C, Content Security Policy Level 3 and Trusted Types.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files

from tagger.report.page_data import page_json
from tagger.scanning.results import Result
from tagger.writing.plan import TagPlan
from tagger.writing.plan_json import FilePrediction

# In the order in which they run: data, what is shown of it, what a person does with it.
SCRIPTS = (
    "store.js", "plan.js", "build.js", "table.js", "taggram.js", "detail.js", "overview.js",
    "main.js",
)  # fmt: skip


def page_text(
    results: Sequence[Result], plan: TagPlan, predictions: Iterable[FilePrediction] = ()
) -> str:
    """The whole page: the results, and the plan a person edits."""
    script, style = joined(SCRIPTS), web_text("page.css")
    marks = {
        "policy": policy(script, style, "media-src file:"),
        "style": style,
        "data": page_json(results, plan, predictions),
        "script": script,
    }
    return filled(web_text("page.html"), marks)


def filled(template: str, marks: Mapping[str, str]) -> str:
    """A page with what stands for its marks, each written as @@name@@."""
    return "".join(marks.get(part, part) for part in template.split("@@"))


def joined(scripts: Sequence[str], package: str = "tagger.report") -> str:
    """Scripts as one; hashes cover what stands between the tags of a page, to the byte."""
    return "\n".join(["'use strict';", *(web_text(name, package) for name in scripts)])


def policy(script: str, style: str, *sources: str) -> str:
    """The Content-Security-Policy of a page: its own script and style, and what sources allow."""
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {hashed(script)}",
            f"style-src {hashed(style)}",
            *sources,
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ]
    )


def web_text(name: str, package: str = "tagger.report") -> str:
    """A part of a page: a file of a package's folder `web`."""
    return files(package).joinpath("web", name).read_text(encoding="utf-8")


def hashed(text: str) -> str:
    """A script or style as the source of a policy: nothing else may stand in its place."""
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
