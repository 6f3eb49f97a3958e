"""From a person's tracks to a model of their own, checked and measured."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
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
from training.evaluation.calibration import fit_rules
from training.evaluation.metrics import average_precision, label_metrics, summary
from training.finetune.cross_validation import N_FOLDS, SIZES, Judged, judge, learn_from_fewer
from training.finetune.embeddings import Sound, hear_all
from training.finetune.examples import Array, Examples, put_together
from training.finetune.heads import PULLS, Start, fit_head, kept_rules, start_from
from training.finetune.label_mapping import Naming
from training.finetune.onnx_graph import (
    Head,
    load_network,
    read_network,
    with_base_labels,
    with_head,
)
from training.finetune.summary import (
    Findings,
    Point,
    advise,
    compare,
    confusions,
    heard_after,
    heard_before,
)
from training.finetune.suspects import suspects
from training.trainer.drafts import publish, write_draft
from training.trainer.git_commit import commit

Progress = Callable[[str, int], AbstractContextManager[Callable[[], object]]]
OnError = Callable[[MusicTagError], object]


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """A head that learned from all tracks, and what can be said of it."""

    head: Head
    rules: tuple[LabelRule, ...]
    judged: Judged
    judged_on: Examples
    start: Start
    findings: Findings


@dataclass(frozen=True, slots=True)
class Hearing:
    """How the files of a library are heard."""

    base: CardFile
    cache: Path
    jobs: int
    progress: Progress


def hear(tracks: Sequence[Track], hearing: Hearing) -> list[tuple[Path, Sound | MusicTagError]]:
    """The sound of every track, from the cache where it is there."""
    paths = [track.path for track in tracks]
    with hearing.progress("hearing", len(paths)) as advance:
        return list(hear_all(paths, hearing.base, hearing.cache, hearing.jobs, advance))


def gather_examples(
    tracks: Sequence[Track],
    settle_labels: Callable[[Sequence[Track]], Naming],
    hearing: Hearing,
    on_error: OnError,
) -> tuple[Naming, Examples]:
    """Hear the tracks, then settle the labels among those that could be heard."""
    sounds = hear(tracks, hearing)
    heard = [t for t, (_, s) in zip(tracks, sounds, strict=True) if isinstance(s, Sound)]
    naming = settle_labels(heard)
    if not naming.labels:
        few = ", ".join(f"{label.name} ({n})" for label, n in naming.rare.items())
        raise DataError(f"no label has tracks enough to learn from{f': {few}' if few else ''}")
    shares = hearing.base.card.vote_shares
    return naming, put_together(tracks, naming, sounds, shares, on_error)


def learn(
    examples: Examples, naming: Naming, base: CardFile, progress: Progress, seed: int
) -> Learned:
    """Judge by artists, find the labels' rules, then learn from everything."""
    start = start_from(base.card, naming.labels, naming.like)
    with progress("learning", N_FOLDS * len(PULLS)) as advance:
        judged = judge(examples, start, advance)
    rules = fit_rules(examples.targets, judged.votes, examples.vocabulary)
    after = heard_after(judged.votes, rules)
    before = heard_before(base_votes(examples, base.card), base.card, naming.labels, naming.like)
    labels, old, new, gain = compare(examples, before, after, seed)
    with progress("learning curve", len(SIZES)) as advance:
        curve = learning_curve(examples, start, judged, seed, advance)
    findings = Findings(
        labels, old, new, gain, curve, tuple(advise(labels, curve)),
        confusions(examples, after), tuple(suspects(examples, after.probabilities)),
    )  # fmt: skip
    return Learned(
        fit_head(examples, start, judged.pulls), rules, judged, examples, start, findings
    )


def base_votes(examples: Examples, card: ModelCard) -> Array:
    """The vote of the base model for each of its own labels. Shape: `(N, base K)`."""
    return examples.vote(sigmoid(examples.logits), card.vocabulary)


def learning_curve(
    examples: Examples, start: Start, judged: Judged, seed: int, advance: Callable[[], object]
) -> tuple[Point, ...]:
    """Mean average precision on unheard artists with few tracks a label, then with all."""
    most = int(np.nansum(examples.targets, axis=0).max())
    points = []
    for size in SIZES:
        if size < most:
            votes = learn_from_fewer(examples, start, judged, size, seed)
            points.append(_point(size, examples, votes))
        advance()
    return (*points, _point(most, examples, judged.votes))


def write_model(
    folder: Path, name: str, base: CardFile, naming: Naming, learned: Learned, examples: Examples,
    *, keep: bool, network: bytes | None = None,
) -> Path:  # fmt: skip
    """Write the network and its card; returns the card's path.

    `network` replaces the base's own network with the new head. The card is there only once it is
    finished: until then everything is in a draft folder that is removed.
    """
    kept = kept_labels(base.card, naming.labels) if keep else ()
    network = own_network(base, learned.head, kept, network)
    labels = (*naming.labels, *kept)
    card = ModelCard(
        name=name,
        version="1",
        licence=base.card.licence,
        data=f"a person's own library: {len(examples)} tracks under {len(naming.labels)} labels of "
        f"theirs; it starts from {base.card.id}, which learned from: {base.card.data}",
        trained_at=commit(),
        mel=base.card.mel,
        vocabulary=Vocabulary(labels),
        rules=learned.rules + kept_rules(base.card, kept),
        weights=f"{name}.onnx",
        sha256=hashlib.sha256(network).hexdigest(),
        self_test=(0.0,) * len(labels),
        metrics=metrics_of(learned),
        vote_shares=base.card.vote_shares,
    )
    with TemporaryDirectory(prefix="draft-", dir=folder) as drafts:
        (Path(drafts) / card.weights).write_bytes(network)
        return publish(write_draft(card, Path(drafts)), Path(drafts), folder)


def own_network(base: CardFile, head: Head, kept: Sequence[Label], tuned: bytes | None) -> bytes:
    """The base's network with the head put on, or the tuned one; then the kept base labels."""
    shipped = read_network(base.weights)
    own = tuned or with_head(shipped, head, base.weights)
    if not kept:
        return own
    outputs = [base.card.vocabulary.labels.index(label) for label in kept]
    beside = shipped if tuned else None  # training moved the base inside
    return with_base_labels(load_network(own), outputs, beside)


def kept_labels(card: ModelCard, labels: Sequence[Label]) -> tuple[Label, ...]:
    """The base model's labels that stay beside a person's own: those of another name."""
    own = {(label.kind, label.name.casefold()) for label in labels}
    return tuple(x for x in card.vocabulary.labels if (x.kind, x.name.casefold()) not in own)


def metrics_of(learned: Learned) -> dict[str, Any]:
    """Figures on unheard artists, as they stand in a card."""
    examples, after = learned.judged_on, heard_after(learned.judged.votes, learned.rules)
    thresholds = np.array([rule.threshold for rule in learned.rules], dtype=np.float32)
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
    return Point(size, round(float(np.mean(by_label)), 4), tuple(by_label))
