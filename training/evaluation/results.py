"""Everything that was measured of a model, as one value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tagger.inference.calibration import calibrate
from tagger.models.card import ModelCard
from tagger.models.model import Model
from tagger.vocabulary import Kind
from training.evaluation.bootstrap import DRAWS, LabelFigures, Sample, figures
from training.evaluation.calibration import expected_calibration_error
from training.evaluation.card_figures import Progress, kind_of
from training.evaluation.held_out_votes import HeldOut
from training.evaluation.predict import ClipScores, stack_votes
from training.evaluation.robustness import predict_changed
from training.evaluation.sound_changes import PANEL, Change
from training.trainer.export import NEUTRAL

Array = npt.NDArray[np.float32]

CLEAN = "as it is"


@dataclass(frozen=True, slots=True)
class PartResults:
    """One part of the held-out sound."""

    name: str
    kind: Kind
    clips: int
    groups: int
    mean: LabelFigures | None  # over the labels; None where no label has enough examples
    labels: tuple[LabelFigures, ...]
    slices: LabelFigures | None  # the mean when each slice stands for itself; None where all do
    ece: float | None  # expected calibration error of the probabilities
    ece_of_votes: float | None  # and of the votes they are made from


@dataclass(frozen=True, slots=True)
class ChangeResults:
    """The mean over the labels of one kind, of whole files that went through a change."""

    change: str
    part: str
    clips: int
    mean: LabelFigures


@dataclass(frozen=True, slots=True)
class Results:
    """The evaluation pack of one model."""

    model: str
    draws: int
    parts: tuple[PartResults, ...]
    robustness: tuple[ChangeResults, ...]  # by part, the unchanged sound first


def measure_parts(
    held_out: dict[str, list[ClipScores]], card: ModelCard, *, draws: int = DRAWS
) -> tuple[PartResults, ...]:
    """Figures with intervals of each part of the held-out sound that has clips."""
    return tuple(_part(name, clips, card, draws) for name, clips in held_out.items() if clips)


def measure_robustness(
    held_out: dict[str, list[ClipScores]],
    model: Model,
    progress: Progress,
    *,
    draws: int = DRAWS,
    panel: Sequence[Change] = PANEL,
) -> tuple[ChangeResults, ...]:
    """Figures of whole files as they are, and under every change.

    Only whole files are changed: in a labelled window of a file another tempo would move the sound
    out from under its label.
    """
    rows: list[ChangeResults] = []
    for name, clips in held_out.items():
        whole = [part for part in clips if part.clip.end_s is None]
        if not (measured := _figures(whole, model.card, kind_of(name), draws)):
            continue
        rows.append(ChangeResults(CLEAN, name, len(whole), measured[0]))
        for change in panel:
            with progress(f"{change.name}: {name}", len(whole)) as advance:
                changed = predict_changed(model, [part.clip for part in whole], change, advance)
            measured = _figures(changed, model.card, kind_of(name), draws)
            rows.append(ChangeResults(change.name, name, len(changed), measured[0]))
    return tuple(rows)


def calibration_error(held_out: HeldOut, card: ModelCard, kind: Kind) -> float | None:
    """The expected calibration error of one kind of label; None where nothing is known."""
    indices = list(card.vocabulary.indices(kind))
    targets = held_out.targets[:, indices]
    if np.isnan(targets).all():
        return None
    said = calibrate(held_out.votes, card)[:, indices]
    return round(expected_calibration_error(targets, said), 4)


def _part(name: str, clips: list[ClipScores], card: ModelCard, draws: int) -> PartResults:
    kind = kind_of(name)
    held_out = stack_votes(clips, len(card.vocabulary))
    neutral = replace(card, rules=(NEUTRAL,) * len(card.rules))
    measured = _figures(clips, card, kind, draws)
    slices = [] if all(len(part.slices) == 1 for part in clips) else _sliced(clips)
    by_slice = _figures(slices, card, kind, draws) if slices else []
    return PartResults(
        name=name,
        kind=kind,
        clips=len(clips),
        groups=len({part.clip.group for part in clips}),
        mean=measured[0] if measured else None,
        labels=tuple(measured[1:]),
        slices=by_slice[0] if by_slice else None,
        ece=calibration_error(held_out, card, kind),
        ece_of_votes=calibration_error(held_out, neutral, kind),
    )


def _figures(
    clips: Sequence[ClipScores], card: ModelCard, kind: Kind, draws: int
) -> list[LabelFigures]:
    held_out = stack_votes(clips, len(card.vocabulary))
    sample = Sample(
        targets=held_out.targets,
        scores=calibrate(held_out.votes, card),
        groups=[part.clip.group for part in clips],
        thresholds=np.array([rule.threshold for rule in card.rules], dtype=np.float32),
    )
    return figures(sample, card.vocabulary, kind, draws=draws)


def _sliced(clips: list[ClipScores]) -> list[ClipScores]:
    """Every slice as if it were a clip with the labels of its track."""
    return [ClipScores(part.clip, value, value[None]) for part in clips for value in part.slices]
