"""The parts of retraining, each by what it promises."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper
from sklearn.metrics import average_precision_score

from tagger.errors import ModelError
from tagger.inference.aggregation import vote
from tagger.inference.slice_scores import SliceScores, sigmoid
from tagger.models.card import LabelRule, load_card
from tagger.models.model import Model, read_card
from tagger.models.session import EMBEDDING, LOGITS
from tagger.vocabulary import Kind, Label, Vocabulary
from tests.tiny_model import SPEC
from training.evaluation.bootstrap import Interval
from training.finetune import cross_validation, label_mapping, onnx_graph, summary
from training.finetune.active_learning import suggest
from training.finetune.cross_validation import N_FOLDS, best_pulls, cross_validate, draw, fold_of
from training.finetune.examples import Array, Examples
from training.finetune.fit import base_votes, learn, write_model
from training.finetune.heads import Start, fit_head, slice_logits, start_from, votes
from training.finetune.onnx_graph import FAR, Head
from training.finetune.suspects import Suspect, doubts, suspects
from training.trainer.run import silent

LABELS = (Label("genre", "A"), Label("genre", "B"))


def make_examples(n: int = 60, seed: int = 1, *, artists: int = 20) -> Examples:
    """Tracks of two slices: the first value of an embedding shows A, the second B, both noisily.

    The base model has one label, a poor predictor of A.
    """
    rng = np.random.default_rng(seed)
    targets = (rng.random((n, 2)) < 0.4).astype(np.float32)
    owner = np.repeat(np.arange(n), 2)
    embeddings = rng.standard_normal((2 * n, 6)).astype(np.float32)
    embeddings[:, :2] += 2 * targets[owner]
    logits = (3 * targets[owner, :1] - 1.5 + 2 * rng.standard_normal((2 * n, 1))).astype(np.float32)
    groups = tuple(f"artist {i % artists}" for i in range(n))
    paths = tuple(Path(str(i)) for i in range(n))
    return Examples(paths, groups, Vocabulary(LABELS), targets, embeddings, logits, owner)


def test_votes_follow_the_shares_of_the_base_models_card(tiny: Model) -> None:
    shares: dict[Kind, float] = {"genre": 1.0, "instrument": 0.5}
    card = replace(tiny.card, vote_shares=shares)
    logits = np.random.default_rng(1).standard_normal((7, 4)).astype(np.float32)
    examples = replace(
        make_examples(2), logits=logits, owner=np.array([0] * 5 + [1] * 2), vote_shares=shares
    )
    for track, part in enumerate((logits[:5], logits[5:])):
        slices = SliceScores(sigmoid(part), (0.0,) * len(part), (False,) * len(part), 1.0, ())
        np.testing.assert_array_equal(base_votes(examples, card)[track], vote(slices, card))


START = Start(np.array([[1.0], [0.0]], np.float32), np.array([[0.0], [FAR]], np.float32))


def test_taking_tracks_takes_their_slices() -> None:
    examples = make_examples()
    some = examples.take(np.array([7, 3]))
    assert some.paths == (Path("7"), Path("3"))
    np.testing.assert_array_equal(some.embeddings[:2], examples.embeddings[14:16])
    np.testing.assert_array_equal(some.owner, [0, 0, 1, 1])
    np.testing.assert_allclose(some.mean(some.embeddings)[1], examples.embeddings[6:8].mean(axis=0))


def test_a_strong_pull_is_the_base_model_and_a_weak_one_learns() -> None:
    examples, other = make_examples(200), make_examples(200, seed=2)
    strong = fit_head(examples, START, np.full(2, 1e9, np.float32))
    np.testing.assert_allclose(strong.weights, 0, atol=1e-5)
    np.testing.assert_allclose(slice_logits(strong, other)[:, 0], other.logits[:, 0], atol=1e-3)
    weak = fit_head(examples, START, np.full(2, 3.0, np.float32))
    for k in range(2):
        truth = other.targets[:, k]
        assert average_precision_score(truth, votes(weak, other)[:, k]) > 0.9
    assert average_precision_score(other.targets[:, 0], votes(strong, other)[:, 0]) < 0.9


def test_unknown_targets_teach_nothing() -> None:
    examples = make_examples(100)
    targets = examples.targets.copy()
    targets[50:, 1] = np.nan
    pulls = np.full(2, 10.0, np.float32)
    masked = Examples(
        examples.paths, examples.groups, examples.vocabulary, targets, examples.embeddings,
        examples.logits, examples.owner,
    )  # fmt: skip
    flipped = targets.copy()
    assert np.isnan(flipped[50:, 1]).all()
    head = fit_head(masked, START, pulls)
    assert not np.isnan(head.weights).any()
    assert average_precision_score(examples.targets[50:, 1], votes(head, examples)[50:, 1]) > 0.8


def test_artists_are_in_one_fold_and_every_track_in_one() -> None:
    examples = make_examples(97, artists=13)
    folds = fold_of(examples)
    assert set(folds) == set(range(N_FOLDS))
    for group in set(examples.groups):
        assert len({f for f, g in zip(folds, examples.groups, strict=True) if g == group}) == 1
    # Files in another order are dealt the same way.
    order = np.random.default_rng(3).permutation(97)
    np.testing.assert_array_equal(fold_of(examples.take(order)), folds[order])


def test_judging_never_hears_the_artist() -> None:
    """An embedding that gives the artist away, and labels by artist: nothing to be learned."""
    rng = np.random.default_rng(0)
    n, artists = 120, 12
    owner = np.arange(n)
    embeddings = np.eye(artists, dtype=np.float32)[owner % artists]
    embeddings += 0.01 * rng.standard_normal(embeddings.shape).astype(np.float32)
    targets = np.repeat((np.arange(artists) % 2 == 0)[owner % artists, None], 2, axis=1)
    examples = Examples(
        tuple(Path(str(i)) for i in range(n)), tuple(str(i % artists) for i in range(n)),
        Vocabulary(LABELS), targets.astype(np.float32), embeddings,
        np.zeros((n, 1), np.float32), owner,
    )  # fmt: skip
    start = Start(np.zeros((2, 1), np.float32), np.full((2, 1), FAR, np.float32))
    validation = cross_validate(examples, start)
    assert average_precision_score(targets[:, 0], validation.votes[:, 0]) < 0.75
    seen = fit_head(examples, start, np.full(2, 30.0, np.float32))
    assert average_precision_score(targets[:, 0], votes(seen, examples)[:, 0]) > 0.99


def test_the_strongest_pull_that_is_not_worse_is_chosen() -> None:
    rng = np.random.default_rng(1)
    noise = rng.standard_normal(400).astype(np.float32)
    losses = np.stack([noise, noise + 0.001 * rng.standard_normal(400), noise + 1])[:, :, None]
    assert best_pulls(losses.astype(np.float32)).tolist() == [1]
    clear = np.stack([noise, noise + 0.5, noise + 1])[:, :, None]
    assert best_pulls(clear).tolist() == [0]


def test_drawing_gives_each_label_its_tracks() -> None:
    examples = make_examples(200)
    chosen = draw(examples.targets, 10, np.random.default_rng(1))
    assert (examples.targets[chosen].sum(axis=0) >= 10).all()
    assert len(chosen) <= 20


def predictions(probabilities: Array) -> summary.Predictions:
    return summary.Predictions(probabilities, probabilities > 0.5, np.ones(2, dtype=bool))


def test_gain_without_difference_is_none_and_a_real_one_is_found() -> None:
    examples = make_examples(200)
    rng = np.random.default_rng(2)
    bad = rng.random((200, 2)).astype(np.float32)
    good = np.clip(0.6 * examples.targets + 0.4 * bad, 0, 1).astype(np.float32)
    *_, gain = summary.compare(examples, predictions(bad), predictions(bad))
    assert gain == Interval(0, 0, 0)
    labels, before, after, gain = summary.compare(examples, predictions(bad), predictions(good))
    assert gain.low > 0
    assert before.low < before.value < before.high < after.value
    assert labels[0].artists == 20
    *_, gain = summary.compare(examples, predictions(good), predictions(bad))
    assert gain.high < 0


def test_advice_goes_to_the_label_that_is_rare_and_badly_heard() -> None:
    one = Interval(0.9, 0.8, 1.0)
    other = Interval(0.5, 0.4, 0.6)
    rows = [
        summary.LabelResult(LABELS[0], 200, 50, 0.5, None, one, None, one),
        summary.LabelResult(LABELS[1], 20, 10, 0.1, None, other, None, other),
    ]
    curve = [summary.Point(10, 0.6, (0.8, 0.4)), summary.Point(20, 0.7, (0.9, 0.5))]
    (best, gain), (_, least) = summary.advise(rows, curve)
    assert best == LABELS[1]
    assert 0 < least < gain < 0.5


def evaluated_labels(
    names: tuple[str, ...], rows: list[tuple[list[float], list[float]]], n_instruments: int
) -> list[Suspect]:
    """Suspects among 20 unremarkable tracks of each label, and some rows of targets and chances."""
    k = len(names)
    first = k - n_instruments
    labels = tuple(Label("genre" if i < first else "instrument", x) for i, x in enumerate(names))
    usual = np.repeat(np.eye(k, dtype=np.float32), 20, axis=0)
    targets = np.concatenate([usual, np.array([row[0] for row in rows], np.float32)])
    chances = np.concatenate([0.1 + 0.8 * usual, np.array([row[1] for row in rows], np.float32)])
    n = len(targets)
    paths = tuple(Path(str(i - len(usual))) for i in range(n))
    nothing = np.zeros((n, 1), np.float32)
    examples = Examples(
        paths, paths_as_groups(n), Vocabulary(labels), targets, nothing, nothing, np.arange(n)
    )
    return suspects(examples, chances.astype(np.float32))


def paths_as_groups(n: int) -> tuple[str, ...]:
    return tuple(str(i) for i in range(n))


def test_suspect_is_a_track_whose_genre_has_a_rival() -> None:
    rows = [([1.0, 0.0], [0.1, 0.9]), ([1.0, 0.0], [0.9, 0.1]), ([0.0, 0.0], [0.2, 0.8])]
    found = evaluated_labels(("Loud", "Velvet"), rows, 0)
    assert [str(x.path) for x in found] == ["0", "2"]
    assert found[0].reason.startswith("Loud, but classified as Velvet (90%)")
    assert found[1].reason == "none of the labels, but classified as Velvet (80%)"


def test_labels_that_may_hold_together_are_no_contradiction() -> None:
    sure = ([1.0, 1.0, 0.0], [0.9, 0.9, 0.95])  # a third instrument is likelier than both given
    found = evaluated_labels(("Percussion", "Electric Bass", "Piano"), [sure], 3)
    assert found == []
    kin = ([1.0, 0.0, 0.0], [0.6, 0.97, 0.1])  # what is House is Electronic
    assert evaluated_labels(("House", "Electronic", "Jazz"), [kin], 0) == []
    pairs = [([1.0, 1.0, 0.0], [0.9, 0.9, 0.1])] * 8  # this person gives both at once
    assert evaluated_labels(("Loud", "Live", "Folk"), [*pairs, kin], 0) == []


def test_given_instrument_that_is_improbable_is_a_suspect() -> None:
    found = evaluated_labels(("Percussion", "Electric Bass"), [([1.0, 0.0], [0.02, 0.9])], 2)
    assert [x.reason for x in found] == ["Percussion, but Percussion is improbable (2%)"]


def test_doubt_of_a_track_of_which_nothing_is_known_is_none() -> None:
    nothing = np.full((1, 2), np.nan, np.float32)
    exclude = ~np.eye(2, dtype=bool)
    assert doubts(nothing, np.full((1, 2), 0.9, np.float32), exclude).tolist() == [-np.inf]


def test_suggestions_are_of_rare_labels_and_unlike() -> None:
    labelled, asked = make_examples(40), make_examples(30, seed=9)
    labelled.targets[:, 1] = np.arange(40) < 2  # the second label is rare
    asked.embeddings[:20] = asked.embeddings[0]  # ten versions of one song, of two slices each
    chances = np.full((30, 2), 0.01, np.float32)
    chances[:15, 1] = 0.9
    chances[15:, 0] = 0.9
    chosen = suggest(labelled, asked, chances, 4).tolist()
    assert len(set(chosen)) == 4
    assert all(i < 15 for i in chosen)
    assert sum(i < 10 for i in chosen) <= 1


@pytest.fixture(scope="module")
def network(tiny_card: Path) -> Any:
    return onnx_graph.read_network(tiny_card.with_suffix(".onnx"))


def run(network: bytes, names: list[str], mel: Array) -> list[Array]:
    session = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"])
    return [np.asarray(value) for value in session.run(names, {"mel": mel})]


def test_new_head_says_what_was_learned(network: onnx.ModelProto, tiny_card: Path) -> None:
    card = load_card(tiny_card)
    like: dict[Label, tuple[str, ...]] = {LABELS[0]: ("Low", "High")}
    start = start_from(card, LABELS, like)
    rng = np.random.default_rng(1)
    weights = rng.standard_normal((2, SPEC.n_mels)).astype(np.float32)
    head = Head(start.slope, start.shift, weights, np.array([0.5, -0.5], np.float32))
    mel = rng.random((3, SPEC.n_mels, SPEC.n_frames)).astype(np.float32)
    base, embedding = run(
        onnx_graph.with_embedding(network, tiny_card),
        [LOGITS, EMBEDDING],
        mel,
    )
    own = onnx.load_from_string(onnx_graph.with_head(network, head, tiny_card))
    (made,) = run(onnx_graph.with_base_labels(own, range(4)), [LOGITS], mel)
    change = embedding @ weights.T + head.bias
    np.testing.assert_allclose(made[:, 0], base[:, :2].max(axis=1) + change[:, 0], atol=1e-4)
    np.testing.assert_allclose(made[:, 1], change[:, 1], atol=1e-4)
    np.testing.assert_array_equal(made[:, 2:], base)


def test_base_labels_stay_when_the_network_inside_is_trained(
    network: onnx.ModelProto, tiny_card: Path
) -> None:
    mel = np.random.default_rng(1).random((3, SPEC.n_mels, SPEC.n_frames)).astype(np.float32)
    start = start_from(load_card(tiny_card), LABELS, {})
    head = Head(start.slope, start.shift, np.ones((2, SPEC.n_mels), np.float32), np.zeros(2, "f4"))
    tuned = onnx.load_from_string(onnx_graph.with_head(network, head, tiny_card))
    readout = next(x for x in tuned.graph.initializer if x.name == "readout")
    changed = numpy_helper.to_array(readout) * np.float32(1.5)
    readout.CopyFrom(numpy_helper.from_array(changed, "readout"))
    (base,) = run(network.SerializeToString(), [LOGITS], mel)
    (made,) = run(onnx_graph.with_base_labels(tuned, [3, 1], network), [LOGITS], mel)
    (inside,) = run(onnx_graph.with_base_labels(tuned, [3, 1]), [LOGITS], mel)
    np.testing.assert_array_equal(made[:, 2:], base[:, [3, 1]])
    np.testing.assert_allclose(inside[:, 2:], 1.5 * base[:, [3, 1]], atol=1e-6)


def test_a_head_on_a_head_is_refused(network: onnx.ModelProto, tiny_card: Path) -> None:
    slope, shift = np.ones((1, 4), np.float32), np.zeros((1, 4), np.float32)
    head = Head(slope, shift, np.zeros((1, SPEC.n_mels), np.float32), np.zeros(1, np.float32))
    made = onnx.load_from_string(onnx_graph.with_head(network, head, tiny_card))
    with pytest.raises(ModelError, match="one linear layer"):
        onnx_graph.embedding_of(made, tiny_card)


def test_calibrated_loss_is_that_of_the_best_rule() -> None:
    rng = np.random.default_rng(4)
    chance = rng.random(4000).astype(np.float32)
    truth = (rng.random(4000) < chance).astype(np.float32)
    logits = np.log(chance / (1 - chance))
    spoilt = (1 / (1 + np.exp(-(0.2 * logits - 1)))).astype(np.float32)  # same order, badly scaled
    plain, mended = (
        cross_validation.calibrated_loss(truth[:, None], v[:, None]).mean()
        for v in (chance, spoilt)
    )
    assert mended == pytest.approx(plain, abs=2e-3)


def test_rules_of_the_base_shape_the_start(tiny_card: Path) -> None:
    card = load_card(tiny_card)
    start = start_from(card, LABELS, {LABELS[1]: ("High",)})
    assert start.covered.tolist() == [False, True]
    assert card.rules[1] == LabelRule(1.0, 0.0, 0.5)
    answers = start.answers(np.array([[1, 2, 3, 4]], np.float32))
    np.testing.assert_array_equal(answers, [[0, 2]])


def test_model_with_a_broken_network_leaves_nothing(tiny_card: Path, tmp_path: Path) -> None:
    base = read_card(str(tiny_card))
    logits = np.zeros((120, len(base.card.vocabulary)), np.float32)
    examples = replace(make_examples(), logits=logits)
    labels = label_mapping.LabelMap(LABELS, {}, {}, {}, frozenset())
    learned = learn(examples, labels, base, silent, 1)
    with pytest.raises(ModelError):
        write_model(
            tmp_path, "mine", base, labels, learned, examples, keep=False, network=b"no network"
        )
    assert not list(tmp_path.iterdir())
