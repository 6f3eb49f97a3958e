from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.inference.aggregation import TrackScores
from tagger.inference.slice_scores import SliceScores
from tagger.models.model import Model
from tagger.report.escaping import path_text, printable, width, wrap
from tagger.report.json_records import json_line, record
from tagger.report.table import table_lines
from tagger.scanning.results import Result, Track
from tagger.tags.reader import FileTags
from tagger.vocabulary import Tag


def result(tiny: Model, path: str, *tags: Tag, existing: FileTags | None = None) -> Result:
    values = np.array([[0.9, 0.1, 0.8, 0.2]], dtype=np.float32)
    slices = SliceScores(values, (0.0,), (False,), 3.0, ())
    track = Track("tiny-1-abc", slices, TrackScores(values[0], tiny.card.vocabulary), tags)
    return Result(Path(path), existing or FileTags(), track)


@pytest.mark.parametrize("columns", [60, 80, 133, 200])
def test_no_line_is_wider_than_the_terminal(tiny: Model, columns: int) -> None:
    tags = [Tag("genre", "Low", 0.91), Tag("instrument", "Low Horn", 0.8)]
    existing = FileTags(genres=("Progressive Electronic", "音楽" * 20), instruments=("X" * 90,))
    rows = [result(tiny, "music/a very long name " * 5 + ".mp3", *tags, existing=existing)]
    lines = list(table_lines(rows, columns))
    # A folder's own line is not wrapped: it is there to be copied.
    assert max(width(line) for line in lines if not line.startswith("music")) <= columns


def shown(row: Result) -> str:
    return "\n".join(table_lines([row], 160))


def test_arrow_points_only_to_what_would_be_written(tiny: Model) -> None:
    tag = Tag("genre", "Low", 0.914)
    empty, full = FileTags(audio="a"), FileTags(genres=("Rock",), audio="a")
    assert "- -> Low 91%" in shown(result(tiny, "x.mp3", tag, existing=empty))
    assert "Rock (Low 91%)" in shown(result(tiny, "x.mp3", tag, existing=full))
    unreadable = shown(result(tiny, "x.mp3", tag, existing=FileTags()))
    assert "- (Low 91%)" in unreadable


def test_row_without_a_sure_tag_has_a_best_guess_marked_unsure(tiny: Model) -> None:
    row = result(tiny, "x.mp3", existing=FileTags(audio="a"))
    assert row.track
    candidates = (Tag("genre", "Low", 0.44), Tag("genre", "High", 0.2))
    row = replace(row, track=replace(row.track, candidates=candidates))
    assert "- (Low 44% ?)" in shown(row)
    assert "- (?)" in shown(row)  # of instruments there is not even a guess
    assert "->" not in shown(row).splitlines()[-1]


def test_notes_stand_under_their_file(tiny: Model) -> None:
    noted = replace(result(tiny, "a/x.mp3"), notes=("only silence",))
    assert list(table_lines([noted], 100))[-1] == "    (only silence)"


def test_folder_is_named_once(tiny: Model) -> None:
    lines = list(table_lines([result(tiny, f"a/{i}.mp3") for i in range(3)], 100))
    assert lines.count("a") == 1


def test_hostile_tags_do_not_reach_the_terminal(tiny: Model) -> None:
    hostile = "\x1b]0;owned\x07\x1b[2J\r\u202e"
    rows = [result(tiny, f"{hostile}/{hostile}.mp3", existing=FileTags(genres=(hostile,)))]
    text = "\n".join(table_lines(rows, 100))
    assert not any(sign in text for sign in "\x1b\x07\r\u202e")


@given(st.text(), st.integers(min_value=2, max_value=40))
def test_wrapped_lines_fit_and_lose_nothing(text: str, columns: int) -> None:
    clean = printable(text)
    lines = wrap(clean, columns)
    assert all(width(line) <= columns for line in lines)
    assert "".join(lines).replace(" ", "") == clean.replace(" ", "")


def test_path_that_is_no_utf8_is_shown(tmp_path: Path) -> None:
    assert path_text(Path(os.fsdecode(b"caf\xe9.mp3"))) == "caf\ufffd.mp3"


def test_record_keeps_the_contract(tiny: Model) -> None:
    content = record(result(tiny, "x.mp3", Tag("genre", "Low", 0.9)))
    assert content == {
        "path": "x.mp3",
        "model": "tiny-1-abc",
        "duration_s": 3.0,
        "slices": 1,
        "scores": {
            "genre": {"Low": 0.9, "High": 0.1},
            "instrument": {"Low Horn": 0.8, "High Whistle": 0.2},
        },
        "tags": {"genres": ["Low"], "instruments": []},
        "existing": {"genres": [], "instruments": []},
        "notes": [],
        "error": None,
    }


def test_record_of_a_failure_has_the_same_keys(tiny: Model) -> None:
    failed = record(Result(Path("x.mp3"), error="not audio"))
    assert failed.keys() == record(result(tiny, "x.mp3")).keys()
    assert failed["error"] == "not audio"
    assert failed["scores"] == {"genre": {}, "instrument": {}}


def test_json_line_survives_names_that_are_no_utf8(tiny: Model) -> None:
    path = os.fsdecode(b"caf\xe9.mp3")
    line = json_line(result(tiny, path))
    line.encode("ascii")
    assert json.loads(line)["path"] == path


def test_slices_are_listed_on_request(tiny: Model) -> None:
    (row,) = record(result(tiny, "x.mp3"), slices=True)["slice_scores"]
    assert row["start_s"] == 0.0
    assert row["scores"]["genre"] == {"Low": 0.9, "High": 0.1}
