"""The plan as a file: pleasant to edit, with what the model said, and described by a schema."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import tagger.writing
from tagger.cli import main
from tagger.scanning.results import Result
from tagger.tags.reader import FileTags
from tagger.vocabulary import Tag
from tagger.writing.genre_rules import Taste
from tagger.writing.plan import TagPlan
from tagger.writing.plan_json import dump_plan, load_plan, parse_plan, predictions_of, save_plan
from tests.heard_library import heard_library, plan_for

jsonschema: Any = pytest.importorskip("jsonschema", reason="needs the [dev] extra")
SCHEMA = json.loads(
    Path(tagger.writing.__file__).with_name("plan.schema.json").read_text(encoding="utf-8")
)


def unsure(path: Path) -> Result:
    """A file of which the model is sure of nothing."""
    (result,) = heard_library(1)
    assert result.track
    candidates = (Tag("genre", "Pop Rock", 0.456789), Tag("instrument", "Piano", 0.3))
    track = replace(result.track, tags=(), candidates=candidates)
    return Result(path, FileTags(audio="ab"), track)


def content_of(results: list[Result], taste: Taste | None = None) -> dict[str, Any]:
    text = dump_plan(plan_for(results), predictions_of(results, taste or Taste()))
    content: dict[str, Any] = json.loads(text)
    jsonschema.validate(content, SCHEMA)
    assert parse_plan(text) == plan_for(results)
    return content


def test_plan_says_what_was_offered_and_how_probable_it_is() -> None:
    results = list(heard_library(30))
    files = {Path(record["path"]): record for record in content_of(results)["files"]}
    for change in plan_for(results).files:
        record = files[change.path]
        for one in change.changes:
            offered = record[f"{one.field}s"]["offered"]
            assert tuple(offered) == one.after
            assert all(0 < probability <= 1 for probability in offered.values())


def test_file_without_a_proposal_is_there_with_its_candidates() -> None:
    path = Path("/music/Ä/é.mp3")
    (record,) = content_of([unsure(path)])["files"]
    empty: dict[str, Any] = {"before": [], "after": []}
    assert record == {
        "path": str(path), "audio": "ab",
        "genres": {**empty, "candidates": {"Pop Rock": 0.457}},
        "instruments": {**empty, "candidates": {"Piano": 0.3}},
    }  # fmt: skip


def test_candidate_that_is_copied_is_written(tmp_path: Path) -> None:
    content = content_of([unsure(Path("/music/a.mp3"))])
    content["files"][0]["genres"]["after"] = ["Pop Rock"]
    (file,) = parse_plan(json.dumps(content)).files
    assert [change.after for change in file.changes] == [("Pop Rock",)]


def test_plan_is_utf8_as_people_write_it(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    results = [unsure(Path("/music/Björk/Jóga 音楽.mp3"))]
    save_plan(plan_for(results), path, predictions_of(results, Taste()))
    assert "Björk/Jóga 音楽.mp3" in path.read_text(encoding="utf-8")


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode there")
def test_names_that_are_no_utf8_survive(tmp_path: Path) -> None:
    path, name = tmp_path / "plan.json", Path(os.fsdecode(b"/music/\xe4\xff \\udcff.mp3"))
    (change,) = plan_for(list(heard_library(1))).files
    plan = TagPlan((replace(change, path=name),))
    save_plan(plan, path)
    path.read_bytes().decode("utf-8")
    assert load_plan(path).files[0].path == name


def test_names_are_those_that_would_be_written() -> None:
    (result,) = heard_library(1)
    assert result.track
    track = replace(result.track, tags=(Tag("genre", "Hip-Hop", 0.9),))
    result = replace(result, existing=FileTags(audio="a"), track=track)
    (prediction,) = predictions_of([result], Taste(aliases={"Hip-Hop": "Rap"}))
    assert prediction.offered["genre"] == {"Rap": 0.9}


@pytest.mark.parametrize(
    "slip",
    [
        {"format": 2},
        {"format": 1, "files": [{}]},
        {"format": 1, "files": [{"path": ""}]},
        {"format": 1, "files": [{"path": "a", "genre": {"before": [], "after": []}}]},
        {"format": 1, "files": [{"path": "a", "genres": {"before": [], "after": "Jazz"}}]},
        {"format": 1, "mood": "calm"},
    ],
)
def test_schema_and_program_refuse_the_same_slips(slip: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(slip, SCHEMA)
    with pytest.raises(ValueError):  # noqa: PT011 - whichever it is
        parse_plan(json.dumps(slip))


def test_plan_of_a_real_scan_fits_the_schema(demo: Path, tmp_path: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    music, plan = shutil.copytree(demo, tmp_path / "music"), tmp_path / "plan.json"
    done = CliRunner().invoke(main, ["scan", str(music), "--plan", str(plan)])
    assert done.exit_code == 0, done.output
    content = json.loads(plan.read_text(encoding="utf-8"))
    jsonschema.validate(content, SCHEMA)
    fields = [record[name] for record in content["files"] for name in ("genres", "instruments")
              if name in record]  # fmt: skip
    assert any("candidates" in field for field in fields)
    assert any("offered" in field for field in fields)
