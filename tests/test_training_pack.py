from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.patches import Rectangle
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from tagger.models.model import Model
from tagger.vocabulary import Label, Vocabulary
from tests.source_lookalikes import write_listing
from tests.training_data import clip, held_out_of, tone, write_sound
from training.cli.program import main
from training.evaluation.bootstrap import Sample, figures, weighted_figures
from training.evaluation.figures import pictures
from training.evaluation.held_out_votes import HeldOut
from training.evaluation.markdown import HEADS, json_text, markdown_text
from training.evaluation.predict import ClipScores, predict_clips
from training.evaluation.report_files import write_pack
from training.evaluation.results import CLEAN, Results, calibration_error, measure_parts
from training.evaluation.results import measure_robustness as robustness_of
from training.evaluation.robustness import predict_changed
from training.evaluation.sound_changes import PANEL, RATE, low_pass, mp3, noise, pitch, tempo
from training.trainer.export import NEUTRAL

Array = npt.NDArray[np.float32]

ONE = Vocabulary((Label("genre", "Jazz"), Label("instrument", "Piano")))


def sine(hz: float, seconds: float = 4.0) -> Array:
    return (0.3 * np.sin(2 * np.pi * hz * np.arange(round(RATE * seconds)) / RATE)).astype(
        np.float32
    )


def peak_hz(samples: Array) -> float:
    middle = samples[RATE // 2 : RATE // 2 + 2 * RATE]
    return float(np.abs(np.fft.rfft(middle * np.hanning(len(middle)))).argmax() / 2)


# Figures and their intervals


@given(
    st.lists(
        st.tuples(st.booleans(), st.integers(0, 4), st.integers(0, 3)), min_size=2, max_size=40
    )
)
def test_weighted_figures_are_those_of_scikit_learn(rows: list[tuple[bool, int, int]]) -> None:
    truth = np.array([row[0] for row in rows])
    score = np.array([row[1] / 4 for row in rows], dtype=np.float32)  # with ties
    weights = np.array([[row[2] for row in rows], [1] * len(rows)], dtype=float)
    found = weighted_figures(truth, score, score >= 0.5, weights)
    for weight, (roc_auc, ap, f1) in zip(weights, found.T, strict=True):
        if not (weight @ truth and weight @ ~truth):
            assert math.isnan(roc_auc)
            continue
        assert roc_auc == pytest.approx(roc_auc_score(truth, score, sample_weight=weight))
        assert ap == pytest.approx(average_precision_score(truth, score, sample_weight=weight))
        said = score >= 0.5
        assert f1 == pytest.approx(
            f1_score(truth, said, sample_weight=weight, zero_division=0.0), abs=1e-9
        )


def sample(n_groups: int, each: int, seed: int = 0) -> Sample:
    """Votes that are right more often than not; all tracks of a group are alike."""
    rng = np.random.default_rng(seed)
    truth = rng.random(n_groups) < 0.4
    score = np.clip(truth * 0.3 + rng.normal(0.35, 0.2, n_groups), 0, 1)
    column = np.repeat(truth, each).astype(np.float32)
    targets = np.stack([column, np.full(len(column), np.nan)], axis=1).astype(np.float32)
    scores = np.stack([np.repeat(score, each)] * 2, axis=1).astype(np.float32)
    groups = [str(i) for i in np.repeat(np.arange(n_groups), each)]
    return Sample(targets, scores, groups, np.full(2, 0.5, np.float32))


def test_first_row_is_the_mean_and_values_are_of_the_sample() -> None:
    data = sample(60, 2)
    mean, jazz = figures(data, ONE, "genre", draws=200)
    truth = data.targets[:, 0]
    assert (mean.label, jazz.label, jazz.groups) == ("mean", "Jazz", 60)
    assert jazz.positives == truth.sum()
    assert jazz.roc_auc.value == pytest.approx(roc_auc_score(truth, data.scores[:, 0]), abs=1e-4)
    assert mean.roc_auc == jazz.roc_auc
    for figure in (jazz.roc_auc, jazz.ap, jazz.f1):
        assert figure.low < figure.value < figure.high


def test_more_tracks_of_the_same_artists_say_nothing_more() -> None:
    (_, few), (_, many) = (figures(sample(60, n), ONE, "genre", draws=300) for n in (1, 9))
    assert many.positives == 9 * few.positives
    assert many.roc_auc == few.roc_auc  # to resample tracks would make it a third as wide


def test_interval_covers_the_truth_as_often_as_it_says() -> None:
    """Over many samples, nine or more in ten intervals hold the figure of a large sample."""
    (_, true), trials = figures(sample(20_000, 1, seed=99), ONE, "genre", draws=1), 60
    rows = [figures(sample(120, 1, seed), ONE, "genre", draws=200)[1] for seed in range(trials)]
    covered = sum(row.roc_auc.low <= true.roc_auc.value <= row.roc_auc.high for row in rows)
    assert 0.85 * trials <= covered


def test_intervals_are_the_same_again_and_narrow_with_more_artists() -> None:
    one, again = (figures(sample(40, 1), ONE, "genre", draws=100) for _ in range(2))
    assert one == again
    wide, narrow = (figures(sample(n, 1), ONE, "genre", draws=200)[1].roc_auc for n in (40, 1000))
    assert narrow.high - narrow.low < (wide.high - wide.low) / 2


def test_label_without_examples_is_left_out() -> None:
    assert figures(sample(60, 1), ONE, "instrument") == []
    assert figures(sample(6, 1), ONE, "genre") == []


# Changes of the sound


def test_changes_do_what_their_names_say() -> None:
    a = sine(440)
    assert peak_hz(pitch(a, 2)) == pytest.approx(440 * 2 ** (2 / 12), abs=1)
    assert peak_hz(pitch(a, -2)) == pytest.approx(440 / 2 ** (2 / 12), abs=1)
    assert len(pitch(a, 2)) == pytest.approx(len(a), rel=0.01)
    for factor in (1.1, 0.9):
        changed = tempo(a, factor)
        assert len(changed) == pytest.approx(len(a) / factor, rel=0.02)
        assert peak_hz(changed) == pytest.approx(440, abs=1)


def test_noise_lies_as_far_below_as_it_says() -> None:
    a = sine(440)
    added = noise(a) - a
    assert 10 * np.log10(np.mean(a**2) / np.mean(added**2)) == pytest.approx(20, abs=0.1)
    np.testing.assert_array_equal(noise(a), noise(a))


def test_low_pass_keeps_the_low_and_kills_the_high() -> None:
    for hz, least, most in ((1000.0, 0.95, 1.05), (8000.0, 0.0, 0.01)):
        a = sine(hz)
        passed = low_pass(a)[RATE // 10 :].std() / a.std()
        assert least <= passed <= most


def test_mp3_is_lossy_and_as_long() -> None:
    hiss = np.random.default_rng(0).normal(0, 0.1, 3 * RATE).astype(np.float32)
    through = mp3(hiss)
    assert abs(len(through) - len(hiss)) < RATE // 10
    spectrum = np.abs(np.fft.rfft(through)) ** 2
    hz = np.fft.rfftfreq(len(through), 1 / RATE)
    low, high = (spectrum[(hz > a) & (hz < a + 2000)].mean() for a in (2000, 19000))
    assert high < low / 1000  # at 64 kbit/s nothing is left up there


def test_panel_is_the_one_that_was_promised() -> None:
    assert [change.name for change in PANEL] == [
        "MP3 at 64 kbit/s", "2 semitones up", "2 semitones down", "10 % faster", "10 % slower",
        "noise 20 dB below", "nothing above 4 kHz",
    ]  # fmt: skip
    for change in PANEL:
        assert np.isfinite(change.apply(sine(440, 1.0))).all()


# A model heard through all of it; the tiny model tells low sound from high.


@pytest.fixture(scope="module")
def held_out(tiny: Model, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[ClipScores]]:
    folder, clips = tmp_path_factory.mktemp("sound"), []
    for i in range(24):
        hz = 6000.0 if i % 2 else 200.0
        path = write_sound(folder / f"{i}.wav", tone(hz, 6.5, RATE, seed=i), RATE)
        targets = np.full(len(tiny.card.vocabulary), i % 2, dtype=np.float32)
        clips.append(clip(str(i), targets, path=path, group=str(i // 2)))
    return {
        "genres": predict_clips(tiny, clips),
        "instruments": [],
        "instruments_in_real_mixes": [],
    }


def neutral(model: Model) -> Model:
    card = replace(model.card, rules=(NEUTRAL,) * len(model.card.rules))
    return replace(model, card=card)


def test_sound_is_heard_through_the_change(
    tiny: Model, held_out: dict[str, list[ClipScores]]
) -> None:
    high = [part for part in held_out["genres"] if part.clip.targets[0] == 1][:3]
    clips = [part.clip for part in high]
    calls: list[None] = []
    changed = predict_changed(tiny, clips, PANEL[-1], lambda: calls.append(None))
    assert len(calls) == len(changed) == 3
    for before, after in zip(high, changed, strict=True):
        assert after.clip.group == before.clip.group
        assert np.abs(after.vote - before.vote).max() > 0.005  # what was high is gone
    same = predict_changed(tiny, clips, replace(PANEL[0], apply=lambda samples: samples))
    for before, after in zip(high, same, strict=True):
        np.testing.assert_allclose(after.vote, before.vote, atol=1e-4)


def test_pack_is_written(
    tiny: Model, held_out: dict[str, list[ClipScores]], tmp_path: Path
) -> None:
    parts = measure_parts(held_out, tiny.card, draws=50)
    changes = robustness_of(held_out, tiny, _quiet, draws=50, panel=PANEL[-2:])
    results = Results(tiny.card.id, 50, parts, changes)
    report = write_pack(tmp_path / "pack", results, held_out, tiny.card)
    names = {path.name for path in report.parent.iterdir()}
    assert names == {
        "report.md", "report.json", "reliability.png", "confusion.png", "genres.png",
        "robustness_genres.png",
    }  # fmt: skip
    for name in names:
        if name.endswith(".png"):
            assert (report.parent / name).read_bytes().startswith(b"\x89PNG")
            assert f"]({name})" in report.read_text("utf-8")
    content = json.loads((report.parent / "report.json").read_text())
    assert [row["change"] for row in content["robustness"]] == [
        CLEAN, "noise 20 dB below", "nothing above 4 kHz",
    ]  # fmt: skip
    (part,) = content["parts"]
    assert (part["clips"], part["groups"], part["name"]) == (24, 12, "genres")
    assert part["slices"]["positives"] > part["mean"]["positives"]
    assert content["robustness"][0]["mean"] == part["mean"]


def test_report_gives_every_label_and_the_loss(
    tiny: Model, held_out: dict[str, list[ClipScores]]
) -> None:
    parts = measure_parts(held_out, tiny.card, draws=20)
    changes = robustness_of(held_out, tiny, _quiet, draws=20, panel=PANEL[-1:])
    text = markdown_text(Results("m", 20, parts, changes))
    for label in tiny.card.vocabulary.names("genre"):
        assert f"| {label} | 12 | 12 |" in text
    lost = changes[0].mean.roc_auc.value - changes[1].mean.roc_auc.value
    assert text.rstrip().endswith(f"{lost:.3f} |")
    heads = [line for line in text.splitlines() if line.startswith("|")]
    widths = {line.count("|") for line in heads if "genres" not in line and "change" not in line}
    assert len(widths) <= 2


def test_figures_that_cannot_be_given_are_null_in_json(
    tiny: Model, held_out: dict[str, list[ClipScores]]
) -> None:
    parts = measure_parts(held_out, tiny.card, draws=1)
    results = Results("m", 1, (replace(parts[0], ece=math.nan),), ())
    assert json.loads(json_text(results))["parts"][0]["ece"] is None


def test_bars_are_as_long_as_the_figures(
    tiny: Model, held_out: dict[str, list[ClipScores]]
) -> None:
    parts = measure_parts(held_out, tiny.card, draws=20)
    as_predicted = {name: _gathered(clips, tiny) for name, clips in held_out.items()}
    _, figure = pictures(Results("m", 20, parts, ()), as_predicted, tiny.card)["genres"]
    assert parts[0].mean
    axes = figure.subfigs[0].axes
    assert [panel.get_title() for panel in axes] == list(HEADS.values())
    names = [label.get_text() for label in axes[0].get_yticklabels()]
    assert names[0] == f"mean ({parts[0].mean.positives})"
    bars = [patch for patch in axes[0].patches if isinstance(patch, Rectangle)]
    expected = [row.roc_auc.value for row in (parts[0].mean, *parts[0].labels)]
    assert [bar.get_width() for bar in bars] == pytest.approx(expected)


def test_calibration_error_of_probabilities_that_are_true(tiny: Model) -> None:
    card = neutral(tiny).card
    rng = np.random.default_rng(0)
    votes = rng.uniform(0.01, 0.99, (20_000, len(card.vocabulary))).astype(np.float32)
    truth = (rng.random(votes.shape) < votes).astype(np.float32)
    right = calibration_error(held_out_of(truth, votes), card, "genre")
    sure = calibration_error(
        held_out_of(truth, (votes > 0.5) * 0.98 + np.float32(0.01)), card, "genre"
    )
    assert right is not None
    assert sure is not None
    assert right < 0.01
    assert sure == pytest.approx(0.24, abs=0.01)  # three in four are right, 99 % was said
    unknown = held_out_of(np.full_like(truth, np.nan), votes)
    assert calibration_error(unknown, card, "genre") is None


def test_model_of_other_labels_is_refused(tiny_card: Path, tmp_path: Path) -> None:
    table = write_listing(tmp_path)
    arguments = ["evaluate", "--source", f"csv:{table}", "--model", str(tiny_card)]
    done = CliRunner().invoke(main, [*arguments, "--out", str(tmp_path / "pack")])
    assert done.exit_code == 1
    assert "the labels of tiny-1-" in done.output
    assert not (tmp_path / "pack").exists()


@contextmanager
def _quiet(label: str, length: int) -> Iterator[Callable[[], object]]:
    yield lambda: None


def _gathered(clips: list[ClipScores], model: Model) -> HeldOut:
    from training.evaluation.predict import stack_votes

    return stack_votes(clips, len(model.card.vocabulary))
