"""The page of a review: its markup, style and script as one answer that holds nothing of a library.

Elements, chips and the picture of a track are those of the report (`tagger.report.html_page`).
"""

from __future__ import annotations

from functools import cache

from tagger.report.html_page import filled, joined, policy, web_text

PACKAGE = "tagger.review"
SHARED = ("build.js", "taggram.js")  # of the report
# In the order in which they run: what is known, what is shown of it, what a person does with it.
SCRIPTS = (
    "server.js", "store.js", "choices.js", "rows.js", "fit.js", "list.js", "detail.js",
    "filters.js", "runs.js", "keys.js", "main.js",
)  # fmt: skip


@cache
def page_text() -> str:
    """The page."""
    return filled(web_text("review.html", PACKAGE), {"style": _style(), "script": _script()})


@cache
def policy_of() -> str:
    """Its Content-Security-Policy."""
    own = ("connect-src 'self'", "img-src 'self'", "media-src 'self'", "frame-ancestors 'none'")
    return policy(_script(), _style(), *own)


@cache
def icon() -> str:
    """The page's icon, as SVG."""
    return web_text("icon.svg", PACKAGE)


@cache
def _script() -> str:
    return "\n".join([joined(SHARED), joined(SCRIPTS, PACKAGE)])


@cache
def _style() -> str:
    return "\n".join([web_text("page.css"), web_text("review.css", PACKAGE)])
