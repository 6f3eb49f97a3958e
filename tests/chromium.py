"""A real browser for the HTML report: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip

Page = Any  # playwright's own types are there only where it is installed


@contextmanager
def started() -> Iterator[Any]:
    """A browser, headless and with a new, empty profile; skips the test where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = _program()
    if chromium is None:
        pytest.skip("chromium is not installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def with_profile(browser: Any, folder: Path) -> Iterator[Page]:
    """A page of a browser whose history and all else is stored in a folder, as a person's is."""
    context = browser.browser_type.launch_persistent_context(
        folder, executable_path=_program(), args=FLAGS
    )
    yield context.new_page()
    context.close()


def _program() -> str | None:
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)


def until(page: Page, expression: str, timeout_s: float = 30.0) -> None:
    """Wait until an expression holds; Playwright's own way of waiting needs `eval` in the page."""
    end = time.monotonic() + timeout_s
    while not page.evaluate(f"Boolean({expression})"):
        assert time.monotonic() < end, expression
        page.wait_for_timeout(50)


def download(page: Page) -> Path:
    """Press the button of a report; where the plan came to."""
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download plan").click()
    assert waiting.value.suggested_filename == "plan.json"
    return Path(waiting.value.path())


def downloaded(page: Page) -> Any:
    """The plan a report gives."""
    return json.loads(download(page).read_text("utf-8"))
