"""Tracks that look mislabelled, by a model that does not know their artist."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.special import logit

from tagger.vocabulary import Label, Vocabulary, canonical, lineage
from training.finetune.examples import Array, Examples

Mask = npt.NDArray[np.bool_]

N_SUSPECTS = 25
TOGETHER = 0.05  # genres given together in more of the rarer one's tracks do not exclude each other
LEAST_EVIDENCE = float(np.log(3))  # against a given label, before it counts as improbable


@dataclass(frozen=True, slots=True)
class Suspect:
    """A track whose labels do not fit what the model says."""

    path: Path
    given: tuple[str, ...]
    rivals: tuple[tuple[str, float], ...]  # genres not given, likelier than those given
    improbable: tuple[tuple[str, float], ...]  # labels given
    doubt: float

    @property
    def reason(self) -> str:
        """What was given, and what speaks against it.

        >>> Suspect(Path("a"), ("Jazz", "Flute"), (("Rock", 0.91),), (("Flute", 0.02),), 3).reason
        'Jazz, Flute, but classified as Rock (91%); Flute is improbable (2%)'
        """
        against = [f"but classified as {name} ({chance:.0%})" for name, chance in self.rivals[:1]]
        if self.improbable:
            listed = ", ".join(f"{name} is improbable ({p:.0%})" for name, p in self.improbable)
            against.append(listed if against else f"but {listed}")
        return f"{', '.join(self.given) or 'none of the labels'}, {'; '.join(against)}"


def suspects(examples: Examples, probabilities: Array, most: int = N_SUSPECTS) -> list[Suspect]:
    """The tracks whose labels fit worst, the most doubtful first. Shape: `(N, K)`."""
    exclude = excluding(examples.targets, examples.vocabulary)
    rival = rival_evidence(examples.targets, probabilities, exclude)
    against = evidence_against(examples.targets, probabilities)
    doubt = doubts(examples.targets, probabilities, exclude)
    names = [label.name for label in examples.vocabulary.labels]

    def scored(i: int, columns: Mask) -> tuple[tuple[str, float], ...]:
        order = np.argsort(-probabilities[i])
        return tuple((names[k], round(float(probabilities[i, k]), 3)) for k in order if columns[k])

    return [
        Suspect(
            examples.paths[i],
            tuple(name for name, t in zip(names, examples.targets[i], strict=True) if t == 1),
            scored(i, rival[i] > 0)[:2],
            scored(i, against[i] > LEAST_EVIDENCE)[::-1],
            round(float(doubt[i]), 3),
        )
        for i in np.argsort(-doubt, kind="stable")[:most]
        if doubt[i] > 0
    ]


def doubts(targets: Array, probabilities: Array, exclude: Mask) -> Array:
    """How much speaks against a track's labels, in logits; `-inf` where nothing is known of it.

    The larger of two: a genre that excludes those given is likelier than they are, or a given label
    is less probable than on a track drawn at random. Labels that may hold together, as instruments
    do, are no contradiction. Shape: `(N, K)` twice and `(K, K)` in, `(N,)` out
    """
    rival = rival_evidence(targets, probabilities, exclude).max(axis=1)
    against = evidence_against(targets, probabilities).max(axis=1)
    counted = np.where(against > LEAST_EVIDENCE, against, -np.inf)
    return np.asarray(np.maximum(rival, counted), dtype=np.float32)


def excluding(targets: Array, vocabulary: Vocabulary) -> Mask:
    """Which genres exclude each other: no kin by the taxonomy, and hardly ever given together.

    Shape: `(N, K)` in, `(K, K)` out
    """
    present = (targets == 1).astype(np.int64)
    counts = present.sum(axis=0)
    genre = np.array([label.kind == "genre" for label in vocabulary.labels])
    lines = [set(_lineage(label)) for label in vocabulary.labels]
    kin = np.array([[a <= b or b <= a for b in lines] for a in lines])
    rare_together = present.T @ present <= TOGETHER * np.minimum.outer(counts, counts)
    return np.asarray(genre[:, None] & genre & ~kin & rare_together)


def rival_evidence(targets: Array, probabilities: Array, exclude: Mask) -> Array:
    """How much likelier each genre is that excludes those given, in logits; else `-inf`.

    Where genres are known and none is given, a likely one counts. Shape: `(N, K)`
    """
    scores = _logits(probabilities)
    genre = exclude.any(axis=0)
    given = (targets == 1) & genre
    allowed = (given.astype(np.int64) @ (~exclude).astype(np.int64)) > 0
    best = np.where(given, scores, -np.inf).max(axis=1, keepdims=True)
    best = np.where(np.isfinite(best), best, 0.0)
    candidates = (targets == 0) & genre & ~allowed
    return np.asarray(np.where(candidates, scores - best, -np.inf), dtype=np.float32)


def evidence_against(targets: Array, probabilities: Array) -> Array:
    """How much less probable each given label is than on a track drawn at random, in logits.

    Shape: `(N, K)`, `-inf` where a label is not given
    """
    n_labelled = np.maximum((~np.isnan(targets)).sum(axis=0), 1)
    share = _logits(np.asarray((targets == 1).sum(axis=0) / n_labelled, dtype=np.float32))
    against = share - _logits(probabilities)
    return np.asarray(np.where(targets == 1, against, -np.inf), dtype=np.float32)


def _logits(probabilities: Array) -> npt.NDArray[np.float64]:
    return np.asarray(logit(np.clip(probabilities.astype(np.float64), 1e-4, 1 - 1e-4)))


def _lineage(label: Label) -> tuple[str, ...]:
    return lineage(canonical(label.name, label.kind) or label.name)
