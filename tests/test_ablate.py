from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from tests.training_data import CONFIG, TOML, clip, write_data, write_rendered
from training.cli.program import main
from training.config import load_config
from training.data.taxonomy import GENRES, LISTED_GENRES, VOCABULARY, unknown
from training.experiments.ablate.aggregation import AGGREGATIONS, figures, tracks
from training.experiments.ablate.cells import Cell, open_ledger, planned
from training.experiments.ablate.cells import Result as Run
from training.experiments.ablate.summary import markdown_text
from training.experiments.ablate.variants import RECIPE, VARIANTS
from training.experiments.runner.ledger import RESULTS, Ledger, read_rows

K = len(VOCABULARY)
JAZZ, ROCK = GENRES.index("Jazz"), GENRES.index("Rock")
ASKED = ("hard labels only", "5 s", "five convolutions")


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Options that name the miniature data and a recipe for it."""
    folder = tmp_path_factory.mktemp("sound")
    (folder / "tiny.toml").write_text(TOML)
    return [
        "--data", str(write_data(folder / "data")),
        "--rendered", str(write_rendered(folder / "rendered")),
        "--config", str(folder / "tiny.toml"),
    ]  # fmt: skip


def _ablate(places: list[str], out: Path, *more: str, asked: tuple[str, ...] = ASKED) -> Result:
    chosen = [word for name in asked for word in ("--variant", name)]
    arguments = ["ablate", *places, *chosen, "--fold", "1", "--seeds", "1", "--out", str(out)]
    return CliRunner().invoke(main, [*arguments, *more])


@pytest.fixture(scope="module")
def table(places: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("ablate") / "out"
    result = _ablate(places, out, "--steps", "40")
    assert result.exit_code == 0, result.output
    return out


def test_each_variant_is_held_against_the_recipe(table: Path) -> None:
    text = (table / "ablations.md").read_text()
    rows = {line.split(" | ")[0].removeprefix("| "): line for line in text.splitlines()}
    runs = {row["cell"]["variant"]: row for row in read_rows(table / RESULTS)}
    assert set(runs) == {RECIPE, *ASKED}
    recipe = runs[RECIPE]["genres"]["roc_auc"]
    assert recipe > 0.9  # high tones and low ones are easily told apart
    for name in ASKED:
        ahead = float(re.findall(r"[+-][01]\.\d+", rows[name])[0])
        assert ahead == pytest.approx(runs[name]["genres"]["roc_auc"] - recipe, abs=0.00051)
    assert "40 steps of 16 slices" in text
    assert not list((table / "unfinished").iterdir())


def test_finished_runs_are_not_run_again(table: Path, places: list[str]) -> None:
    before = (table / RESULTS).read_bytes()
    result = _ablate(places, table, "--steps", "40")
    assert result.exit_code == 0
    assert (table / RESULTS).read_bytes() == before


def test_runs_may_begin_with_the_weights_of_another(places: list[str], tmp_path: Path) -> None:
    run = tmp_path / "run"
    trained = CliRunner().invoke(main, ["train", *places, "--steps", "60", "--out", str(run)])
    assert trained.exit_code == 0, trained.output
    more = ["--steps", "1", "--start", str(run / "checkpoint.pt")]
    result = _ablate(places, tmp_path / "out", *more, asked=("with CutMix",))
    assert result.exit_code == 0, result.output
    assert all(row["genres"]["roc_auc"] > 0.9 for row in read_rows(tmp_path / "out" / RESULTS))
    assert "1 more steps of 16 slices" in (tmp_path / "out" / "ablations.md").read_text()


def test_what_is_done_is_in_the_table_of_a_stopped_command(
    places: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = Ledger.add

    def stop(ledger: Ledger[Cell, Run], result: Run, scores: None) -> None:
        add(ledger, result, scores)
        raise KeyboardInterrupt

    monkeypatch.setattr(Ledger, "add", stop)
    result = _ablate(places, tmp_path / "out", "--steps", "2")
    assert result.exit_code != 0
    assert "| 1 | 0." in (tmp_path / "out" / "ablations.md").read_text()


def test_table_of_other_settings_is_refused(table: Path, places: list[str]) -> None:
    result = _ablate(places, table, "--steps", "41")
    assert result.exit_code == 1
    assert "other data or settings" in result.output


def test_several_processes_find_the_same(table: Path, places: list[str], tmp_path: Path) -> None:
    asked = ("hard labels only",)
    result = _ablate(places, tmp_path / "out", "--steps", "40", "--jobs", "2", asked=asked)
    assert result.exit_code == 0, result.output
    once = {row["cell"]["variant"]: row["genres"] for row in read_rows(table / RESULTS)}
    for row in read_rows(tmp_path / "out" / RESULTS):
        for name, value in row["genres"].items():
            # Another number of threads adds up in another order.
            assert value == pytest.approx(once[row["cell"]["variant"]][name], abs=0.05)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--variant", "more cowbell"], "'more cowbell' is no variant"),
        (["--jobs", "2", "--device", "cuda"], "--jobs is for --device cpu"),
    ],
)
def test_what_cannot_be_done_is_told(
    places: list[str], tmp_path: Path, more: list[str], says: str
) -> None:
    result = _ablate(places, tmp_path / "out", *more)
    assert result.exit_code == 2
    assert says in result.output


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_each_variant_differs_from_the_recipe_in_what_it_names(variant: object) -> None:
    recipe = load_config(Path("training/configs/ablation.toml"))
    assert isinstance(variant, type(VARIANTS[0]))
    changed = variant.of(recipe)
    assert (changed == recipe) == (not variant.changes)
    for part in ("mel", "network", "loop", "recipe", "augment"):
        assert (getattr(changed, part) == getattr(recipe, part)) == (part not in variant.changes)
    assert variant.changes or not variant.weak or variant.name == RECIPE


def test_names_of_variants_are_their_own() -> None:
    assert len({variant.name for variant in VARIANTS}) == len(VARIANTS)


def test_every_fold_and_seed_is_planned_once() -> None:
    cells = planned(["a"], (1, 2, 3), 2)
    assert len(cells) == len(set(cells)) == 12
    assert cells[0] == Cell(RECIPE, 1, 1)
    assert {(c.fold, c.seed) for c in cells} == {(f, s) for f in (1, 2, 3) for s in (1, 2)}


def test_half_a_line_is_cut_off(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path, {})
    nothing = {"roc_auc": None, "ap": None}
    run = Run(Cell(RECIPE, 1, 1), nothing, nothing, {}, 1.0)
    ledger.add(run)
    with (tmp_path / RESULTS).open("a") as file:
        file.write('{"cell": {"var')
    again = open_ledger(tmp_path, {})
    assert list(again.results.values()) == [run]
    again.add(replace(run, cell=Cell(RECIPE, 2, 1)))
    assert len(read_rows(tmp_path / RESULTS)) == 2


def test_pairs_are_of_one_fold_and_seed() -> None:
    """A variant that always is 0.1 ahead is so however different the folds are."""

    def run(variant: str, fold: int, value: float) -> Run:
        found = {"roc_auc": value, "ap": value}
        ways = ("mean", "upper half", "upper quarter", "maximum", "attention")
        votes = {kind: dict.fromkeys(ways, found) for kind in ("genre", "instrument")}
        return Run(Cell(variant, fold, 1), found, found, votes, 1.0)

    runs = [run(RECIPE, 1, 0.5), run(RECIPE, 2, 0.8), run("with CutMix", 1, 0.6)]
    runs += [run("with CutMix", 2, 0.9), run("with MixStyle", 3, 0.9)]
    text = markdown_text({each.cell: each for each in runs}, CONFIG)
    assert "| with CutMix | +0.100 ± 0.000 (2 of 2) |" in text
    assert "MixStyle" not in text  # the recipe has not run on that fold
    assert "| mean | 0.650 ± 0.212 |" in text


def test_a_track_has_what_any_of_its_windows_has() -> None:
    rows = [[1, 0, np.nan, 0], [0, 0, 0, np.nan], [np.nan, 0, 0, 0]]
    clips, scores = [], []
    for i, row in enumerate(rows):
        targets = unknown()
        targets[:4] = row
        clips.append(replace(clip(str(i), targets), path=Path("one.flac" if i < 2 else "b.flac")))
        scores.append(np.full((i + 1, K), i, np.float32))
    truth, joined = tracks(clips, scores)
    assert json.dumps([row[:4].tolist() for row in truth]) == json.dumps(
        [[1.0, 0.0, np.nan, np.nan], [np.nan, 0.0, 0.0, 0.0]]
    )
    assert [part[:, 0].tolist() for part in joined] == [[0, 1, 1], [2, 2, 2]]


def test_genres_of_teachers_are_not_measured() -> None:
    rng = np.random.default_rng(1)
    targets = [np.zeros(K, np.float32) for _ in range(20)]
    for i, row in enumerate(targets):
        row[[JAZZ, ROCK]] = i % 2
    scores = [np.tile(row, (3, 1)) for row in targets]
    for row in scores:
        row[:, ROCK] = rng.random()
    assert JAZZ < len(LISTED_GENRES) <= ROCK
    assert figures(targets, scores, "genre", "mean") == {"roc_auc": 1.0, "ap": 1.0}


@pytest.mark.parametrize(
    ("way", "expected"),
    [("mean", 0.4), ("upper half", 0.7), ("upper quarter", 0.8), ("maximum", 0.8)],
)
def test_ways_to_vote(way: str, expected: float) -> None:
    scores = np.array([[0.8], [0.1], [0.6], [0.1]], np.float32)
    assert AGGREGATIONS[way](scores)[0] == pytest.approx(expected)


def test_attention_lies_between_mean_and_maximum() -> None:
    scores = np.array([[0.8], [0.1], [0.6], [0.1]], np.float32)
    assert 0.4 < float(AGGREGATIONS["attention"](scores)[0]) < 0.8
