from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.errors import PlanError
from tagger.tags.reader import FileTags
from tagger.vocabulary import Tag, name_key
from tagger.writing.genre_rules import Taste, load_taste
from tagger.writing.plan import (
    MODES,
    ClassifiedFile,
    FileChange,
    Mode,
    Policy,
    TagChange,
    TagPlan,
    make_plan,
    wanted_values,
)
from tagger.writing.plan_json import (
    dump_plan,
    load_plan,
    parse_plan,
    paths_outside_roots,
    save_plan,
)

names = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=20
)
values = st.lists(names, max_size=5, unique_by=name_key).map(tuple)
modes = st.sampled_from(MODES)


@st.composite
def plans(draw: st.DrawFn) -> TagPlan:
    files = []
    for number in range(draw(st.integers(0, 3))):
        changes = []
        for field in ("genre", "instrument"):
            before, after = draw(values), draw(values)
            if before != after:
                changes.append(TagChange(field, before, after))
        if changes:
            files.append(FileChange(Path(f"/music/{number}.mp3"), draw(names), tuple(changes)))
    return TagPlan(tuple(files), draw(names), draw(names), (Path("/music"),))


@given(values, values, modes)
def test_nothing_is_ever_emptied(
    existing: tuple[str, ...], heard: tuple[str, ...], mode: Mode
) -> None:
    wanted = wanted_values(existing, heard, mode, Taste())
    assert bool(wanted) == bool(existing or heard)
    if not heard:
        assert wanted == existing


@given(values, values)
def test_merge_keeps_what_is_there_and_adds_each_once(
    existing: tuple[str, ...], heard: tuple[str, ...]
) -> None:
    wanted = wanted_values(existing, heard, "merge", Taste())
    assert wanted[: len(existing)] == existing
    keys = [name_key(value) for value in wanted]
    assert len(set(keys)) == len(keys)
    assert wanted_values(wanted, heard, "merge", Taste()) == wanted


@given(values, values)
def test_fill_changes_only_what_is_empty(existing: tuple[str, ...], heard: tuple[str, ...]) -> None:
    wanted = wanted_values(existing, heard, "fill", Taste())
    assert wanted == (existing or heard)


@given(plans())
def test_plan_outlives_its_file(plan: TagPlan) -> None:
    assert parse_plan(dump_plan(plan)) == plan


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["format", "files", "roots", "path", "genres", "before", "after", "x"]),
        inner, max_size=4),
    max_leaves=12,
))  # fmt: skip
def test_any_json_is_a_plan_or_an_error(content: object) -> None:
    import json

    with contextlib.suppress(ValueError):  # nothing else
        parse_plan(json.dumps(content))


def heard(existing: FileTags, *tags: Tag) -> list[ClassifiedFile]:
    return [ClassifiedFile(Path("/music/a.mp3"), existing, tags)]


JAZZ, POP = Tag("genre", "Jazz", 0.9), Tag("genre", "Pop", 0.8)


def test_unsure_model_changes_nothing() -> None:
    everything = Policy({"genre": "replace", "instrument": "replace"})
    assert make_plan(heard(FileTags(("Rock",), ("Piano",))), everything).files == ()


def test_modes_are_per_kind() -> None:
    policy = Policy({"genre": "merge", "instrument": "fill"})
    existing = FileTags(("Rock",), ("Piano",))
    (file,) = make_plan(heard(existing, JAZZ, Tag("instrument", "Harp", 0.9)), policy).files
    assert file.changes == (TagChange("genre", ("Rock",), ("Rock", "Jazz")),)
    assert policy.mode == "genres merge, instruments fill"


def test_generic_genre_is_empty_only_if_asked() -> None:
    existing = FileTags(("Other",))
    assert make_plan(heard(existing, JAZZ), Policy()).files == ()
    (file,) = make_plan(heard(existing, JAZZ), Policy(taste=Taste(generic_is_empty=True))).files
    assert file.changes[0].after == ("Jazz",)


def test_values_joined_in_one_are_known() -> None:
    assert wanted_values(("Jazz; Pop",), ("pop", "JAZZ"), "merge", Taste()) == ("Jazz; Pop",)
    aliases = Taste(aliases={"Hip-Hop": "Rap"})
    assert wanted_values(("hip hop",), ("Rap",), "merge", aliases) == ("hip hop",)


def test_joined_values_for_simple_players() -> None:
    (file,) = make_plan(heard(FileTags(), JAZZ, POP), Policy(join=" / ")).files
    assert file.changes[0].after == ("Jazz / Pop",)


def test_provenance_is_noted_beside_another_change_only() -> None:
    policy = Policy(provenance="small-1 2026-01-01")
    assert make_plan(heard(FileTags(("Rock",)), JAZZ), policy).files == ()
    (file,) = make_plan(heard(FileTags(), JAZZ), policy).files
    assert [change.field for change in file.changes] == ["genre", "provenance"]


def test_taste() -> None:
    taste = Taste(
        only=("rock", "Metal"), ignore=("Pop",), parents={"Metal": "Rock"}, with_parents=True
    )
    assert taste.refine(["Metal", "Pop", "Jazz"]) == ("Metal", "Rock")


def test_circle_of_parents_ends() -> None:
    assert Taste(parents={"A": "B", "B": "A"}, with_parents=True).refine(["A"]) == ("A", "B")


def test_taste_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "taste.toml"
    path.write_text('ignore = ["Pop"]\nprefer_specific = true\n[aliases]\n"Hip-Hop" = "Rap"\n')
    taste = load_taste(path)
    assert taste.refine(["Hip Hop", "Pop"]) == ("Rap",)
    for text, hint in [("ignroe = []", "unknown key 'ignroe'"), ('ignore = "Pop"', "wrong type"),
                       ("ignore = [", "not a readable TOML")]:  # fmt: skip
        path.write_text(text)
        with pytest.raises(PlanError, match=hint):
            load_taste(path)


GOOD = """{"format": 1, "roots": ["/music"], "files": [
  {"path": "/music/a.mp3", "genres": {"before": [], "after": ["Jazz"]}}]}"""


def test_plan_written_by_a_script_needs_little() -> None:
    (file,) = parse_plan(GOOD).files
    assert file.changes == (TagChange("genre", (), ("Jazz",)),)


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ('"format": 1', '"format": 2', "format 2"),
        ('"genres"', '"genre"', "unknown key 'genre'; there are: audio, genres"),
        ('["Jazz"]', '"Jazz"', "is not a list"),
        ('["Jazz"]', "[7]", "is not text"),
        ('["Jazz"]', '["Ja\\u001b[2Jzz"]', "cannot be a value"),
        ('["Jazz"]', '["Ja\\u0000zz"]', "cannot be a value"),
        ('["Jazz"]', '[" "]', "cannot be a value"),
        ('["Jazz"]', '["' + "x" * 501 + '"]', "cannot be a value"),
        ('"path": "/music/a.mp3", ', "", "has no path"),
        ('"/music/a.mp3"', '""', "is no path"),
        ('["/music"]', '"/music"', "roots is not a list"),
        ("}]}", "", "not a valid plan"),
    ],
)
def test_slips_in_a_plan_are_named(old: str, new: str, hint: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    assert old in GOOD
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(PlanError, match=hint):
        load_plan(path)


def test_change_taken_back_by_hand_is_left_out() -> None:
    assert parse_plan(GOOD.replace('["Jazz"]', "[]")).files == ()


def test_value_that_the_file_has_already_may_be_odd() -> None:
    odd = GOOD.replace('"before": []', '"before": ["a\\u001b"]').replace(
        '["Jazz"]', '["a\\u001b", "b"]'
    )
    assert parse_plan(odd).files[0].changes[0].after == ("a\x1b", "b")


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "/music/../etc/passwd", "/musical/a.mp3", "/music/.."]
)
def test_paths_outside_of_the_folders_are_strays(path: str) -> None:
    plan = parse_plan(GOOD.replace("/music/a.mp3", path))
    assert list(paths_outside_roots(plan)) == [Path(path)]
    assert list(paths_outside_roots(parse_plan(GOOD))) == []


def test_plan_that_cannot_be_saved(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="cannot be written"):
        save_plan(TagPlan(()), tmp_path / "none" / "plan.json")


@pytest.mark.parametrize(
    ("existing", "heard"),
    [("Rap", "Hip-Hop"), ("rnb", "R&B"), ("Klassik", "Classical"), ("Alt. Rock", "Alternative")],
)
@pytest.mark.parametrize("mode", MODES)
def test_synonyms_are_one_genre_in_every_mode(existing: str, heard: str, mode: Mode) -> None:
    assert wanted_values((existing,), (heard,), mode, Taste()) == (existing,)
    assert wanted_values((f"Jazz; {existing}",), (heard,), "merge", Taste()) == (
        f"Jazz; {existing}",
    )


def test_synonyms_count_in_rules_too() -> None:
    assert Taste(ignore=("Rap",)).refine(["Hip-Hop", "Jazz"]) == ("Jazz",)
    assert Taste(only=("Klassik",)).refine(["Classical", "Jazz"]) == ("Classical",)
    aliases = Taste(aliases={"Hip-Hop": "Rap"})
    assert wanted_values(("hip hop",), ("Hip-Hop",), "replace", aliases) == ("Rap",)
