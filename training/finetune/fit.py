"""From labelled tracks to a trained, evaluated and written model."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from tagger.errors import DataError, MusicTagError
from tagger.inference.slice_scores import sigmoid
from tagger.models.card import LabelRule, ModelCard
from tagger.models.model import CardFile
from tagger.vocabulary import KINDS, PLURALS, Label, Vocabulary
from training.data.library.track import Track
from training.evaluation.bootstrap import Interval, Resampling, interval, mean_of_labels
from training.evaluation.calibration import fit_rules, reliability_bins
from training.evaluation.metrics import average_precision, label_metrics, summary
from training.finetune.cross_validation import (
    N_FOLDS,
    SIZES,
    CrossValidation,
    cross_validate,
    learn_from_fewer,
)
from training.finetune.embeddings import Sound, embed_files
from training.finetune.examples import Array, Examples, assemble_examples
from training.finetune.heads import PULLS, Start, fit_head, retained_rules, start_from
from training.finetune.label_mapping import LabelMap
from training.finetune.onnx_graph import (
    Head,
    load_network,
    read_network,
    with_base_labels,
    with_head,
)
from training.finetune.summary import (
    Evaluation,
    Point,
    advise,
    compare,
    confusions,
    label_curves,
    predict_base,
    predict_own,
)
from training.finetune.suspects import suspects
from training.trainer.drafts import publish, write_draft
from training.trainer.git_commit import commit

BAND_DRAWS = 200  # of artists, for the band of the learning curve
Progress = Callable[[str, int], AbstractContextManager[Callable[[], object]]]
OnError = Callable[[MusicTagError], object]


@dataclass(frozen=True, slots=True, eq=False)
class TrainedHead:
    """A head trained on all tracks, and its evaluation."""

    head: Head
    rules: tuple[LabelRule, ...]
    validation: CrossValidation
    evaluated_on: Examples
    start: Start
    evaluation: Evaluation


@dataclass(frozen=True, slots=True)
class Embedder:
    """How the files of a library are turned into embeddings."""

    base: CardFile
    cache: Path
    jobs: int
    progress: Progress


def embed_tracks(
    tracks: Sequence[Track], embedder: Embedder
) -> list[tuple[Path, Sound | MusicTagError]]:
    """The embeddings of every track, or its error; cached files are not read again."""
    paths = [track.path for track in tracks]
    with embedder.progress("embedding", len(paths)) as advance:
        return list(embed_files(paths, embedder.base, embedder.cache, embedder.jobs, advance))


def gather_examples(
    tracks: Sequence[Track],
    choose: Callable[[Sequence[Track]], LabelMap],
    embedder: Embedder,
    on_error: OnError,
) -> tuple[LabelMap, Examples]:
    """Embed the tracks, then choose labels from those that could be read; returns both.

    Raises DataError where no label has enough tracks.
    """
    sounds = embed_tracks(tracks, embedder)
    readable = [t for t, (_, s) in zip(tracks, sounds, strict=True) if isinstance(s, Sound)]
    label_map = choose(readable)
    if not label_map.labels:
        for _, sound in sounds:
            if isinstance(sound, MusicTagError):
                on_error(sound)
        few = ", ".join(f"{label.name} ({n})" for label, n in label_map.rare.items())
        raise DataError(f"no label has tracks enough to learn from{f': {few}' if few else ''}")
    shares = embedder.base.card.vote_shares
    return label_map, assemble_examples(tracks, label_map, sounds, shares, on_error)


def without_universal(
    label_map: LabelMap, examples: Examples, on_error: OnError
) -> tuple[LabelMap, Examples]:
    """Without the labels that no track is known to lack: nothing tells what they are not.

    Raises DataError where no other label is left.
    """
    lacking = (examples.targets == 0).any(axis=0)
    if lacking.all():
        return label_map, examples
    kept = tuple(x for x, known in zip(label_map.labels, lacking, strict=True) if known)
    names = ", ".join(label.name for label in label_map.labels if label not in kept)
    doubt = DataError(f"left out, since nothing is known to be without them: {names}")
    if not kept:
        raise doubt
    on_error(doubt)
    chosen = replace(
        examples, vocabulary=Vocabulary(kept), targets=examples.targets[:, np.flatnonzero(lacking)]
    )
    return replace(label_map, labels=kept), chosen


def learn(
    examples: Examples, label_map: LabelMap, base: CardFile, progress: Progress, seed: int
) -> TrainedHead:
    """Cross-validate by artist, fit the label rules, then train on all tracks."""
    start = start_from(base.card, label_map.labels, label_map.like)
    with progress("learning", N_FOLDS * len(PULLS)) as advance:
        validation = cross_validate(examples, start, advance)
    rules = fit_rules(examples.targets, validation.votes, examples.vocabulary)
    after = predict_own(validation.votes, rules)
    before = predict_base(
        base_votes(examples, base.card), base.card, label_map.labels, label_map.like
    )
    labels, old, new, gain = compare(examples, before, after, seed)
    with progress("learning curve", len(SIZES)) as advance:
        curve = learning_curve(examples, start, validation, seed, advance)
    evaluation = Evaluation(
        labels, old, new, gain, curve, tuple(advise(labels, curve)),
        confusions(examples, after), tuple(suspects(examples, after.probabilities)),
        label_curves(examples, after),
        tuple(reliability_bins(examples.targets, after.probabilities)),
    )  # fmt: skip
    return TrainedHead(
        fit_head(examples, start, validation.pulls), rules, validation, examples, start, evaluation
    )


def base_votes(examples: Examples, card: ModelCard) -> Array:
    """The vote of the base model for each of its own labels. Shape: `(N, base K)`."""
    return examples.vote(sigmoid(examples.logits), card.vocabulary)


def learning_curve(
    examples: Examples,
    start: Start,
    validation: CrossValidation,
    seed: int,
    advance: Callable[[], object],
) -> tuple[Point, ...]:
    """Mean average precision on held-out artists with few tracks per label, then with all."""
    most = int(np.nansum(examples.targets, axis=0).max())
    points = []
    for size in SIZES:
        if size < most:
            votes = learn_from_fewer(examples, start, validation, size, seed)
            points.append(_point(size, examples, votes))
        advance()
    return (*points, _point(most, examples, validation.votes))


def write_model(
    folder: Path, name: str, base: CardFile, label_map: LabelMap, trained: TrainedHead,
    examples: Examples, *, keep: bool, network: bytes | None = None,
) -> Path:  # fmt: skip
    """Write the network and its card; returns the card's path.

    `network` replaces the base's own network with the new head. The card is there only once it is
    finished: until then everything is in a draft folder that is removed.
    """
    retained = retained_labels(base.card, label_map.labels) if keep else ()
    network = own_network(base, trained.head, retained, network)
    labels = (*label_map.labels, *retained)
    card = ModelCard(
        name=name,
        version="1",
        licence=base.card.licence,
        data=f"a person's own library: {len(examples)} tracks under {len(label_map.labels)} labels "
        f"of theirs; it starts from {base.card.id}, which learned from: {base.card.data}",
        trained_at=commit(),
        mel=base.card.mel,
        vocabulary=Vocabulary(labels),
        rules=trained.rules + retained_rules(base.card, retained),
        weights=f"{name}.onnx",
        sha256=hashlib.sha256(network).hexdigest(),
        self_test=(0.0,) * len(labels),
        metrics=metrics_of(trained),
        vote_shares=base.card.vote_shares,
    )
    with TemporaryDirectory(prefix="draft-", dir=folder) as drafts:
        (Path(drafts) / card.weights).write_bytes(network)
        return publish(write_draft(card, Path(drafts)), Path(drafts), folder)


def own_network(
    base: CardFile, head: Head, retained: Sequence[Label], tuned: bytes | None
) -> bytes:
    """The base network with the new head, or the tuned one, plus the retained base labels."""
    shipped = read_network(base.weights)
    own = tuned or with_head(shipped, head, base.weights)
    if not retained:
        return own
    outputs = [base.card.vocabulary.labels.index(label) for label in retained]
    beside = shipped if tuned else None  # training moved the base inside
    return with_base_labels(load_network(own), outputs, beside)


def retained_labels(card: ModelCard, labels: Sequence[Label]) -> tuple[Label, ...]:
    """The base model's labels that no own label has the name of."""
    own = {(label.kind, label.name.casefold()) for label in labels}
    return tuple(x for x in card.vocabulary.labels if (x.kind, x.name.casefold()) not in own)


def metrics_of(trained: TrainedHead) -> dict[str, Any]:
    """Metrics on held-out artists, as stored in a card."""
    examples, after = trained.evaluated_on, predict_own(trained.validation.votes, trained.rules)
    thresholds = np.array([rule.threshold for rule in trained.rules], dtype=np.float32)
    figures = {}
    for kind in KINDS:
        rows = label_metrics(
            examples.targets, after.probabilities, thresholds, examples.vocabulary, kind
        )
        if rows:
            figures[f"own_{PLURALS[kind]}"] = summary(rows)
    return figures


def _point(size: int, examples: Examples, votes: Array) -> Point:
    values = [average_precision(*one) for one in zip(examples.targets.T, votes.T, strict=True)]
    by_label = [round(value, 4) for value in values if not np.isnan(value)]
    band = mean_precision(examples, votes)
    return Point(size, round(float(np.mean(by_label)), 4), tuple(by_label), band)


def mean_precision(examples: Examples, votes: Array) -> Interval:
    """Mean average precision of the labels, with its interval over draws of artists."""
    draws, found = Resampling.of(examples.groups, draws=BAND_DRAWS), []
    for targets, scores in zip(examples.targets.T, votes.T, strict=True):
        labelled = ~np.isnan(targets)
        truth = targets[labelled] == 1
        if truth.any() and not truth.all():
            found.append(draws.figures(truth, scores[labelled], truth, labelled)[1])
    return interval(mean_of_labels(np.stack(found)))
