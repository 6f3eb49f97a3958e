"""The table of systems by protocols, made from a miniature data folder."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from tagger.audio import read_windows
from tagger.cli import main as musictag
from tagger.inference.mel_spectrogram import log_mel
from tagger.inference.slice_scores import sigmoid
from tagger.models.card import dump_card, load_card
from tagger.vocabulary import Label, Vocabulary
from tests.source_lookalikes import write_gtzan
from tests.tiny_model import write_tiny_model
from tests.training_data import HIGH, LOW, clip, tone, write_data, write_sound
from training.cli.program import main
from training.data.datasets import Clip, genres
from training.data.taxonomy import genre_targets
from training.evaluation.bootstrap import Interval, Resampling, interval
from training.evaluation.card_figures import OF_OTHERS
from training.experiments.baselines.systems import SYSTEMS
from training.experiments.compare.cells import Cell, open_ledger
from training.experiments.compare.figure import COLORS, picture
from training.experiments.compare.margins import Margin, curve
from training.experiments.compare.markdown import Provenance, markdown_text
from training.experiments.compare.metrics import by_track, figures
from training.experiments.compare.our_network import OurNetwork, votes_for
from training.experiments.compare.summary import Comparison, Entry, Leak
from training.experiments.compare.tasks import Labelled, comparable, tasks_of, without
from training.experiments.protocols import PROTOCOLS
from training.experiments.runner.summary import Mean

ROOT = Path(__file__).parent.parent
TASK = "genres, single-label"
QUICK = ("--seeds", "1", "--steps", "2", "--least", "4")
# An embedding needs a network with one; the tiny model's has 16 values.
ALL = len(SYSTEMS)


@dataclass(frozen=True)
class Made:
    data: Path
    card: Path
    out: Path
    said: Result

    def results(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.out / "results.jsonl").read_text().splitlines()]

    def figures(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.out / "comparison.json").read_text())
        return content


def compare(data: Path, out: Path, *more: str) -> Result:
    arguments = ["compare", "--data", str(data), "--out", str(out), *QUICK, *more]
    return CliRunner().invoke(main, arguments)


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model, calling what is low Blues and what is high Jazz."""
    path = write_tiny_model(tmp_path_factory.mktemp("model"))
    made = load_card(path)
    genres = (Label("genre", "Blues"), Label("genre", "Jazz"))
    dump_card(replace(made, vocabulary=Vocabulary(genres + made.vocabulary.labels[2:])), path)
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, card: Path) -> Made:
    folder = tmp_path_factory.mktemp("compare")
    data = write_data(folder / "data")
    for song in genres.load(data):
        if song.fold == 1:  # two slices of each
            write_sound(song.path, tone(HIGH if "Jazz" in song.names else LOW, 4))
    out = folder / "runs" / "table"
    return Made(data, card, out, compare(data, out, "--ours", str(card)))


# The table


def test_every_system_is_in_every_protocol_that_applies(made: Made) -> None:
    assert made.said.exit_code == 0, made.said.output
    counts = Counter(row["cell"]["protocol"] for row in made.results())
    assert counts == {
        "random-slice": ALL - 1,  # ours votes over whole tracks
        "random-track": ALL - 1,  # ours has learned from some of what is asked
        "stratified": ALL - 1,
        "artist-grouped": ALL,
    }
    (table,) = made.figures()["tables"]
    assert table["classes"] == ["Blues", "Jazz"]
    assert (table["clips"], table["artists"]) == (32, 16)
    assert table["refused"] == {"fault-filtered": "is for GTZAN with the fault-filtered lists"}
    report = (made.out / "comparison.md").read_text()
    assert "random-slice (leaks tracks)" in report
    assert "random-track (leaks artists)" in report
    for system in SYSTEMS.values():
        assert f"| {system.title} |" in report
    assert (made.out / "comparison.png").read_bytes().startswith(b"\x89PNG")


def test_artist_grouped_asks_about_the_fold(made: Made) -> None:
    rows = [row for row in made.results() if row["cell"]["protocol"] == "artist-grouped"]
    assert {row["tracks"] for row in rows} == {16}
    slices = {tuple(row["slices"]) for row in rows if row["cell"]["system"] != "ours"}
    ((train, valid, test),) = slices
    assert (train + valid, test) == (16, 32)


def test_our_row_is_what_the_tagger_says(made: Made) -> None:
    held = [clip for clip in genres.load(made.data) if clip.fold == 1 and clip.source == "taffc"]
    ledger = open_ledger(made.out, json.loads((made.out / "setup.json").read_text()))
    scores = ledger.scores(Cell(TASK, "artist-grouped", "ours", 1))
    paths = [str(clip.path) for clip in held]
    command = ["predict", "--json", "--model", str(made.card), *paths]
    said = CliRunner().invoke(musictag, command)
    rows = [json.loads(line)["scores"]["genre"] for line in said.stdout.splitlines()]
    assert len(rows) == len(scores) == 16
    np.testing.assert_allclose(scores, [[r["Blues"], r["Jazz"]] for r in rows], atol=1e-4)
    (row,) = [row for row in made.results() if row["cell"]["system"] == "ours"]
    right = [
        (r["Jazz"] > r["Blues"]) == ("Jazz" in c.names) for r, c in zip(rows, held, strict=True)
    ]
    assert row["by_track"]["accuracy"] == pytest.approx(np.mean(right))
    assert row["by_slice"] is None


def test_embedding_is_what_the_labels_are_read_off(made: Made) -> None:
    """The body that a new head is put on is the one that was trained, bit for bit."""
    before = hashlib.sha256(made.card.with_suffix(".onnx").read_bytes()).hexdigest()
    assert before == load_card(made.card).sha256
    ours = OurNetwork.of(str(made.card))
    path = made.data / "genres" / "taffc1.wav"
    spec = ours.model.card.mel
    heard = read_windows(path, rate=spec.rate, length=spec.slice_samples, count=10)
    values = ours.embed(path, heard.starts)
    logits = ours.model.logits(log_mel(heard.samples, spec))
    half = values.shape[1] // 2
    low, high = values[:, :half].mean(axis=1), values[:, half:].mean(axis=1)
    np.testing.assert_allclose(5 * (low - high), logits[:, 0], rtol=1e-4)
    np.testing.assert_allclose(sigmoid(logits).mean(axis=0), ours.vote(path), rtol=1e-4)
    kept = next((made.out.parent / "features").glob("embeddings-*"))
    assert len(list(kept.iterdir())) == 32


def test_ensemble_is_the_mean_of_what_its_members_said(made: Made) -> None:
    ledger = open_ledger(made.out, json.loads((made.out / "setup.json").read_text()))
    cell = Cell(TASK, "random-track", "ensemble", 1)
    members = [replace(cell, system=name) for name in ("classic-cnn", "residual", "efficient")]
    mean = np.mean([ledger.scores(member) for member in members], axis=0)
    np.testing.assert_allclose(ledger.scores(cell), mean, rtol=1e-6)
    parameters = [ledger.results[member].parameters for member in members]
    assert ledger.results[cell].parameters == sum(parameters)
    assert min(parameters) > 10_000


def test_leak_is_the_difference_of_two_figures(made: Made) -> None:
    (table,) = made.figures()["tables"]
    of = {(r["cell"]["system"], r["cell"]["protocol"]): r["by_slice"] for r in made.results()}
    assert {leak["system"] for leak in table["leaks"]} == set(SYSTEMS) - {"ours"}
    for leak in table["leaks"]:
        leaking = of[leak["system"], "random-slice"]["accuracy"]
        honest = of[leak["system"], "artist-grouped"]["accuracy"]
        assert leak["gain"] == pytest.approx(leaking - honest, abs=1e-4)


# Stopping and going on


def start(data: Path, out: Path, *more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "training", "compare", "--data", str(data), "--out", str(out)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [*command, *QUICK, *more],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def test_killed_comparison_goes_on_where_it_was(made: Made, tmp_path: Path) -> None:
    out = made.out.parent / "killed"  # beside the other, whose features it finds
    more = ["--ours", str(made.card), "--protocol", "artist-grouped", "--protocol", "random-track"]
    more += ["--system", "ensemble", "--system", "transfer"]
    process = start(made.data, out, *more)
    lines = out / "results.jsonl"
    deadline = time.monotonic() + 600
    while not (lines.exists() and lines.read_bytes().count(b"\n") >= 3):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    finished = lines.read_bytes()
    finished = finished[: finished.rfind(b"\n") + 1]
    lines.write_bytes(finished + b'{"cell": {"task": "genres, sing')  # as a full disk leaves it
    assert compare(made.data, out, *more).exit_code == 0
    assert lines.read_bytes().startswith(finished)  # none of them was run again
    again = Made(made.data, made.card, out, made.said)
    uninterrupted = {json.dumps(row["cell"]): row for row in made.results()}
    cells = [json.dumps(row["cell"]) for row in again.results()]
    assert len(cells) == len(set(cells)) == 2 * 5
    for cell, row in zip(cells, again.results(), strict=True):
        assert row["slices"] == uninterrupted[cell]["slices"]  # divided alike


def test_finished_comparison_runs_nothing_again(made: Made) -> None:
    before = (made.out / "results.jsonl").read_bytes()
    assert compare(made.data, made.out, "--ours", str(made.card)).exit_code == 0
    assert (made.out / "results.jsonl").read_bytes() == before


def test_folder_of_another_setup_is_refused(made: Made) -> None:
    said = compare(made.data, made.out, "--ours", str(made.card), "--fold", "2")
    assert said.exit_code == 1
    assert "holds results of other data, settings or another model" in said.output


# Tasks


def song(i: int, *names: str, source: str = "made", fold: int = 1) -> Clip:
    words = {"Hip-Hop": "Rap", "Pop Rock": "Pop/Rock"}
    targets = genre_targets([words.get(name, name) for name in names], complete=True)
    return clip(f"song{i}", targets, names=names, source=source, fold=fold)


def songs() -> list[Clip]:
    rows = [("Jazz",), ("Blues",), ("Hip-Hop",), ("Jazz", "Blues"), ()]
    return [song(i, *rows[i % 5], fold=1 + i // 5 % 4) for i in range(5 * 4 * 8)]


def test_single_labels_are_clips_of_one_genre() -> None:
    single, multi = tasks_of(Labelled("made", tuple(songs()), True), 1, 5)
    assert single.name == "made, single-label"
    assert single.classes == ("Blues", "Hip-Hop", "Jazz")
    assert len(single.clips) == 3 * 4 * 8
    assert all(len(clip.names) == 1 for clip in single.clips)
    assert (single.targets.sum(axis=1) == 1).all()
    for clip_, row in zip(single.clips, single.targets, strict=True):
        assert (single.classes[int(row.argmax())],) == clip_.names
    assert multi.name == "made, multi-label"
    assert len(multi.clips) == 5 * 4 * 8  # those of no genre are of none of them
    assert multi.classes == ("Blues", "Hip-Hop", "Jazz")
    assert multi.targets.sum(axis=0).tolist() == [64, 32, 64]


def test_class_needs_clips_on_both_sides() -> None:
    few = [song(900 + i, "Latin", fold=1 if i < 9 else 2) for i in range(12)]
    rare = [song(950 + i, "Folk", fold=2) for i in range(30)]
    (single, _) = tasks_of(Labelled("made", tuple(songs() + few + rare), True), 1, 5)
    assert single.classes == ("Blues", "Hip-Hop", "Jazz")
    (single, _) = tasks_of(Labelled("made", tuple(songs() + few + rare), True), 1, 1)
    assert single.classes == ("Blues", "Hip-Hop", "Jazz", "Latin")
    (single, _) = tasks_of(Labelled("made", tuple(songs() + rare), True), 2, 5)
    assert single.classes == ("Blues", "Hip-Hop", "Jazz")


def test_source_without_a_share_in_the_fold_is_left_out() -> None:
    other = [song(900 + i, "Jazz", source="other", fold=2 + i % 3) for i in range(9)]
    free = [clip("free", genre_targets([], complete=True), source="free", fold=None)]
    kept = comparable(songs() + other + free, 1)
    assert {clip.source for clip in kept} == {"made"}
    assert len(comparable(songs() + other, 2)) == len(songs()) + 9


def test_clip_that_cannot_be_heard_leaves_its_row(tmp_path: Path) -> None:
    task = tasks_of(Labelled("made", tuple(songs()), True), 1, 5)[0]
    less = without(task, {task.clips[0].id})
    assert less.clips == task.clips[1:]
    np.testing.assert_array_equal(less.targets, task.targets[1:])


def test_file_that_cannot_be_read_is_named_and_the_rest_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = write_data(tmp_path / "data")
    (data / "genres" / "taffc3.wav").write_bytes(b"no sound")
    said = compare(data, tmp_path / "runs" / "out", "--system", "commonest")
    assert said.exit_code == 0, said.output
    assert "taffc3.wav" in caplog.text
    assert "left out" in caplog.text
    figures = json.loads((tmp_path / "runs/out/comparison.json").read_text())
    assert figures["tables"][0]["clips"] == 31


def test_gtzan_is_compared_under_its_lists(tmp_path: Path) -> None:
    root, split = write_gtzan(tmp_path / "gtzan")
    command = ["compare", "--source", f"gtzan:{root}", "--gtzan-split", str(split)]
    command += ["--system", "commonest", "--system", "features-neighbours", "--seeds", "2"]
    command += ["--least", "3", "--out", str(tmp_path / "out")]
    said = CliRunner().invoke(main, command)
    assert said.exit_code == 0, said.output
    (table,) = json.loads((tmp_path / "out/comparison.json").read_text())["tables"]
    assert table["task"] == "gtzan, single-label"
    assert table["classes"] == ["Blues", "Disco", "Rock"]
    listed = len((split / "test_filtered.txt").read_text().split())
    assert table["asked"]["fault-filtered"] == listed
    assert table["refused"] == {}
    assert set(table["protocols"]) == set(PROTOCOLS)


# Figures, words and pictures


def test_figures_are_those_by_hand() -> None:
    truth = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], dtype=np.float32)
    scores = np.array([[0.9, 0.1], [0.4, 0.6], [0.5, 0.5001], [0.2, 0.8]], dtype=np.float32)
    found = figures(truth, scores, ("a", "b"), single=True)
    assert found["accuracy"] == 0.75
    assert found["macro_roc_auc"] == 0.75
    assert found["macro_ap"] == pytest.approx((1 + 2 / 3) / 2 / 2 + (1 + 2 / 3) / 2 / 2, abs=1e-4)
    truth[0] = np.nan  # nobody knows
    found = figures(truth, scores, ("a", "b"), single=False)
    assert "accuracy" not in found
    assert found["macro_roc_auc"] == pytest.approx(0.5)


def test_score_of_a_track_is_the_mean_over_its_slices() -> None:
    scores = np.array([[1, 0], [0, 1], [0, 1], [1, 1]], dtype=np.float32)
    tracks, means = by_track(np.array([7, 3, 7, 7]), scores)
    assert tracks.tolist() == [3, 7]
    np.testing.assert_allclose(means, np.array([[0, 1], [2 / 3, 2 / 3]]), rtol=1e-6)


def test_votes_are_read_through_the_lineage_of_a_class() -> None:
    vocabulary = Vocabulary(
        (Label("genre", "Rock"), Label("genre", "Jazz"), Label("instrument", "Organ"))
    )
    votes = np.array([[0.1, 0.2, 0.9]], dtype=np.float32)
    said = votes_for(("Metal", "Jazz", "Disco", "Organ"), votes, vocabulary)
    np.testing.assert_allclose(said, [[0.1, 0.2, 0.0, 0.0]])


def comparison(*entries: Entry) -> Comparison:
    titles = {name: SYSTEMS[name].title for name in dict.fromkeys(e.system for e in entries)}
    protocols = {name: PROTOCOLS[name].title for name in dict.fromkeys(e.protocol for e in entries)}
    leak = Leak("transfer", Mean(0.9, 0.01, 3), Mean(0.6, 0, 3), Mean(0.7, 0, 3), heard=True)
    return Comparison(
        "made, multi-label", False, ("Jazz", "Blues"), 10, 5, {"artist-grouped": 4}, titles,
        protocols, {}, entries, (leak,), (Margin("transfer", Interval(0.1, -0.05, 0.2)),), (),
    )  # fmt: skip


def test_words_mark_what_was_heard_before_and_the_best_that_was_not() -> None:
    made = comparison(
        Entry("transfer", "random-slice", Mean(0.9, 0.01, 3), Mean(0.95, 0.01, 3), heard=True),
        Entry("transfer", "artist-grouped", Mean(0.7, 0.02, 3), Mean(0.8, 0.01, 3)),
        Entry("commonest", "random-slice", Mean(0.3, 0.0, 1), Mean(0.5, 0.0, 1)),
        Entry("commonest", "artist-grouped", None, None, "not run"),
    )
    text = markdown_text([made], Provenance("small 2", 3, 400, 1), "comparison.png")
    assert "| our network, new head | 0.900 ± 0.010 † | **0.700 ± 0.020** |" in text
    assert "| always the commonest class | **0.300** |  |" in text
    assert "under `artist-grouped`: not run." in text
    assert "**+0.300**" in text
    assert "| our network, new head | +0.100 | -0.050 to +0.200 |" in text
    assert "![Systems by protocols](comparison.png)" in text


def test_picture_has_a_dot_for_every_figure() -> None:
    made = comparison(
        Entry("transfer", "random-slice", Mean(0.9, 0.01, 3), Mean(0.9, 0.0, 3), heard=True),
        Entry("transfer", "artist-grouped", Mean(0.6, 0.02, 3), Mean(0.9, 0.0, 3)),
        Entry("ours", "artist-grouped", Mean(0.6, 0.0, 1), Mean(0.9, 0.0, 1)),
        Entry("ours", "random-slice", None, None, "votes over whole tracks"),
    )
    (axes,) = picture([made]).subfigs[0].axes
    dots = [line for line in axes.lines if line.get_marker() == "s"]
    protocols = ("random-slice", "artist-grouped", "artist-grouped")
    assert [dot.get_color() for dot in dots] == [COLORS[name] for name in protocols]
    hollow = [dot.get_markerfacecolor() == "white" for dot in dots]
    assert hollow == [True, False, False]  # what was heard before
    values = [float(np.asarray(dot.get_xdata())[0]) for dot in dots]
    assert values == [0.9, 0.6, 0.6]


def test_margin_is_sure_only_where_artists_agree() -> None:
    truth = np.eye(2, dtype=np.float32)[np.arange(40) % 2]
    draws = Resampling.of([f"artist {i // 4}" for i in range(40)], draws=200)
    weights = draws.weights[:, draws.members]
    assert weights.shape == (201, 40)
    assert (weights[0] == 1).all()
    np.testing.assert_array_equal(weights[:, 0], weights[:, 3])  # artists are drawn whole
    half = truth.copy()
    half[:20] = 1 - half[:20]  # wrong for half of the artists
    for single in (True, False):
        perfect, poor = (curve(truth, said, draws, single=single) for said in (truth, half))
        assert perfect.min() == 1.0
        assert (
            poor[0]
            == figures(truth, half, ("a", "b"), single=True)["accuracy" if single else "macro_ap"]
        )
        ahead = interval(perfect - poor)
        assert 0 < ahead.low < ahead.value < ahead.high
        same = interval(poor - poor)
        assert (same.low, same.value, same.high) == (0, 0, 0)


# Wrong calls


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--protocol", "magic"), "'magic' is no protocol; there are: random-slice"),
        (("--system", "magic"), "'magic' is no system; there are: commonest"),
        (("--least", "30"), "genres: no two genres have clips enough to compare on"),
    ],
)
def test_what_cannot_be_compared_is_one_line(
    made: Made, tmp_path: Path, more: tuple[str, ...], message: str
) -> None:
    said = compare(made.data, tmp_path / "out", *more)
    assert said.exit_code in (1, 2)
    assert message in said.output
    assert "Traceback" not in said.output


def test_a_network_that_learned_every_fold_is_refused(made: Made, tmp_path: Path) -> None:
    card = load_card(made.card)
    learned = made.card.with_name("learned.json")
    dump_card(replace(card, metrics={OF_OTHERS: True}), learned)
    said = compare(made.data, tmp_path / "out", "--ours", str(learned))
    assert said.exit_code == 1
    assert "learned from every fold of its data" in said.output


def test_nothing_to_compare_on_is_told(tmp_path: Path) -> None:
    said = CliRunner().invoke(main, ["compare", "--out", str(tmp_path)])
    assert said.exit_code == 2
    assert "nothing to compare on: give --data or --source" in said.output


def test_without_a_card_our_network_is_left_out(made: Made, tmp_path: Path) -> None:
    said = compare(made.data, tmp_path / "out", "--system", "commonest", "--system", "ours")
    assert said.exit_code == 0, said.output
    report = (tmp_path / "out" / "comparison.md").read_text()
    assert "our network" not in report.lower()
