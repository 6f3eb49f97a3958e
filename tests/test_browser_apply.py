"""From real sound to real tags by way of the browser: scan, look, untick, download, apply, undo."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tagger.cli import main
from tagger.tags.reader import read_tags
from tests.chromium import download


@pytest.fixture(autouse=True)
def own_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "tagger.writing.journal.appdirs.user_data_dir", lambda *_, **__: str(tmp_path / "journal")
    )


def musictag(*arguments: object) -> str:
    done = CliRunner().invoke(main, [str(a) for a in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.stderr
    return done.stderr


def test_unticked_tag_is_the_only_one_not_written(
    browser: Any, demo: Path, tiny_card: Path, tmp_path: Path
) -> None:
    music = Path(shutil.copytree(demo, tmp_path / "music"))
    report, plan = tmp_path / "report.html", tmp_path / "plan.json"
    given = ("--report", report, "--plan", plan, "--mode", "merge", "--model", tiny_card)
    musictag("scan", music, *given)
    expected = json.loads(plan.read_text())
    before = {path: read_tags(path) for path in music.rglob("*.*")}

    page = browser.new_page()
    page.goto(report.as_uri())
    file = next(file for file in expected["files"] if file["instruments"]["after"])
    title = read_tags(Path(file["path"])).title
    row = page.locator("tr", has=page.get_by_role("button", name=title, exact=True))
    row.get_by_label(file["instruments"]["after"].pop()).uncheck()
    if file["instruments"]["after"] == file["instruments"]["before"]:
        del file["instruments"]
    edited = download(page)
    assert json.loads(edited.read_text("utf-8")) == expected

    assert f"{len(expected['files'])} changed" in musictag("apply", edited, "--yes")
    for entry in expected["files"]:
        now = read_tags(Path(entry["path"]))
        for name, values in (("genres", now.genres), ("instruments", now.instruments)):
            if name in entry:
                assert list(values) == entry[name]["after"]
            else:
                assert values == getattr(before[Path(entry["path"])], name)
    page.close()
    musictag("undo", "--yes")
    assert {path: read_tags(path) for path in before} == before
