"""Reports in files: CSV, JSON, and how they come to be there."""

from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from click.testing import Result as Done
from hypothesis import given
from hypothesis import strategies as st

from tagger.cli import main
from tagger.cli.options import REPORT_SUFFIXES
from tagger.errors import MusicTagError
from tagger.report.csv_rows import COLUMNS, FORMULA_STARTS, csv_text, safe
from tagger.report.files import MAKERS, write_report, write_whole
from tagger.report.json_records import document_text, record
from tagger.scanning.results import Result
from tagger.tags.reader import FileTags
from tests.heard_library import heard_library, named, plan_for


def musictag(*arguments: object) -> Done:
    return CliRunner().invoke(main, [str(a) for a in arguments], catch_exceptions=False)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_csv_has_a_row_for_each_file_and_documented_columns() -> None:
    results = list(heard_library(5))
    table = rows(csv_text([*results, Result(Path("bad.mp3"), error="not audio")]))
    assert tuple(table[0]) == COLUMNS
    assert len(table) == 6
    documented = (Path(__file__).parent.parent / "docs" / "reports.md").read_text("utf-8")
    assert all(f"`{column}`" in documented for column in COLUMNS)
    assert table[0]["instruments_heard"].count("; ") == 2
    assert table[0]["windows"] == "10"
    assert float(table[0]["genres_confidence"]) > 0.3
    assert table[5]["error"] == "not audio"
    assert table[5]["duration_s"] == ""


@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_csv_cells_start_no_formula(start: str) -> None:
    (result,) = heard_library(1)
    (row,) = rows(csv_text([named(result, f"{start}cmd|' /C calc'!A0")]))
    for column in ("title", "artist", "album", "genres_now", "notes"):
        assert row[column].startswith("'"), column


def test_csv_guards_each_value_of_a_list() -> None:
    (result,) = heard_library(1)
    existing = FileTags(genres=("Rock", "=1+1"))
    (row,) = rows(csv_text([replace(result, existing=existing)]))
    assert row["genres_now"] == "Rock; '=1+1"


@given(st.text())
def test_safe_cells_hold_no_control_signs(text: str) -> None:
    cell = safe(text)
    assert cell.isprintable()
    assert not cell.startswith(FORMULA_STARTS)


def test_json_document_holds_the_records() -> None:
    results = list(heard_library(3))
    document = json.loads(document_text(results))
    assert document["format"] == 1
    assert document["files"] == json.loads(json.dumps([record(result) for result in results]))
    assert json.loads(document_text([]))["files"] == []


def test_names_that_are_no_utf8_are_reported(tmp_path: Path) -> None:
    (result,) = heard_library(1)
    odd = replace(result, path=Path(os.fsdecode(b"/music/caf\xe9.mp3")))
    for suffix in MAKERS:
        write_report(tmp_path / f"report{suffix}", [odd], plan_for([odd]))
    assert "caf\ufffd.mp3" in (tmp_path / "report.csv").read_text("utf-8-sig")
    (file,) = json.loads((tmp_path / "report.json").read_text("utf-8"))["files"]
    assert os.fsencode(file["path"]).endswith(b"caf\xe9.mp3")


def test_every_suffix_has_a_maker() -> None:
    assert set(REPORT_SUFFIXES) == set(MAKERS)


def test_report_replaces_the_old_one_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_text("old")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    with pytest.raises(MusicTagError, match="cannot be written"):
        write_whole(tmp_path / "gone" / "report.csv", b"new")
    path.unlink()
    path.mkdir()
    with pytest.raises(MusicTagError, match="cannot be written"):
        write_whole(path, b"new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.csv"]


def test_scan_writes_all_reports_asked_for(demo: Path, tiny_card: Path, tmp_path: Path) -> None:
    paths = [tmp_path / f"heard{suffix}" for suffix in MAKERS]
    options = [part for path in paths for part in ("--report", path)]
    done = musictag("scan", demo, "--model", tiny_card, *options)
    assert done.exit_code == 0
    assert len(rows((tmp_path / "heard.csv").read_text("utf-8-sig"))) == 12
    assert len(json.loads((tmp_path / "heard.json").read_text("utf-8"))["files"]) == 12
    assert "<!doctype html>" in (tmp_path / "heard.html").read_text("utf-8")


def test_reports_are_written_though_files_fail(tiny_card: Path, tmp_path: Path) -> None:
    report = tmp_path / "heard.json"
    done = musictag("scan", tmp_path / "no.mp3", "--model", tiny_card, "--report", report)
    assert done.exit_code == 1
    assert json.loads(report.read_text("utf-8"))["files"][0]["error"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [("heard.xlsx", ".html, .csv, .json"), ("none/heard.csv", "its folder must exist")],
)
def test_report_that_cannot_be_is_said_before_the_scan(
    name: str, hint: str, tmp_path: Path
) -> None:
    done = musictag("scan", tmp_path, "--report", tmp_path / name)
    assert done.exit_code == 2
    assert hint in " ".join(done.stderr.split())


def test_only_changed_lists_only_what_would_change(demo: Path, tiny_card: Path) -> None:
    def listed(*options: str) -> int:
        done = musictag("scan", demo, "--model", tiny_card, "--json", *options)
        return len(done.stdout.splitlines())

    only_genres = listed("--only", "genres", "--only", "changed")
    assert 0 < only_genres < listed("--only", "genres") == 12
    assert only_genres <= listed("--only", "changed") <= 12


def test_stats_counts_tags_without_hearing(demo: Path, tmp_path: Path) -> None:
    counts = json.loads(musictag("stats", demo, "--json").stdout)
    assert counts["files"] == 12
    assert counts["genres"]["Jazz"] == 1
    assert 0 < counts["without"]["genres"] < 12
    shown = musictag("stats", demo)
    assert shown.exit_code == 0
    assert "12 files" in shown.stdout
    assert "Jazz" in shown.stdout
    (tmp_path / "bad.mp3").write_text("no music")
    failed = musictag("stats", tmp_path, demo)
    assert failed.exit_code == 1
    assert "bad.mp3" in failed.stderr
    assert "12 files" in failed.stdout
    assert musictag("stats", tmp_path / "none").exit_code == 1
