"""How far the probabilities and tags of a model can be trusted, on artists its rules never saw.

Rules are fitted on some of the held-out groups and checked on the others, in turn, so that no
figure here is made on the tracks that shaped it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tagger.inference.aggregation import TrackScores
from tagger.inference.calibration import calibrate
from tagger.inference.thresholds import Choice, choose_tags
from tagger.models.card import PROFILES, LabelRule, ModelCard, Profile
from tagger.vocabulary import Kind
from training.evaluation.calibration import PRECISION_TARGETS, expected_calibration_error, fit_rules
from training.evaluation.held_out_votes import HeldOut

Array = npt.NDArray[np.float32]

PARTS = 5
ALL: dict[Kind, int] = {"genre": 3, "instrument": 5}  # tags a track, as in a scan


@dataclass(frozen=True, slots=True)
class Proposals:
    """Tags proposed for tracks of which all labels are known."""

    tags: int
    right: int
    tracks: int
    tagged: int  # tracks with a tag at least
    missed: int  # labels present and not proposed

    @property
    def precision(self) -> float:
        """Share of the tags that are right."""
        return self.right / max(1, self.tags)

    @property
    def recall(self) -> float:
        """Share of the labels that are proposed."""
        return self.right / max(1, self.right + self.missed)


def out_of_fit(
    held_out: HeldOut, card: ModelCard, precision: Mapping[Kind, float] = PRECISION_TARGETS
) -> list[tuple[HeldOut, ModelCard]]:
    """Parts of held-out sound, each with the card whose rules were fitted on the others."""
    names = np.unique(held_out.groups)
    parts = dict(zip(names, np.random.default_rng(1).permutation(len(names)) % PARTS, strict=True))
    of = np.array([parts[group] for group in held_out.groups])
    return [
        (held_out.rows(of == i), _refitted(held_out.rows(of != i), card, precision))
        for i in range(PARTS)
    ]


def check(
    held_out: HeldOut,
    card: ModelCard,
    kind: Kind,
    precision: Mapping[Kind, float] = PRECISION_TARGETS,
) -> dict[str, float]:
    """Calibration error before and after, and how often proposed tags are right.

    Only labels called measured, and of tags only those of which the truth is known.
    """
    indices = [i for i in card.vocabulary.indices(kind) if card.rules[i].evidence == "measured"]
    parts = [
        (part, own, calibrate(part.votes, own))
        for part, own in out_of_fit(held_out, card, precision)
    ]
    targets = np.concatenate([part.targets[:, indices] for part, _, _ in parts])
    votes = np.concatenate([part.votes[:, indices] for part, _, _ in parts])
    after = np.concatenate([said[:, indices] for _, _, said in parts])
    figures = {
        "ece_before": round(expected_calibration_error(targets, votes), 4),
        "ece": round(expected_calibration_error(targets, after), 4),
    }
    for profile in PROFILES:
        found = proposals([(part, own) for part, own, _ in parts], kind, profile)
        figures[f"precision_{profile}"] = round(found.precision, 4)
        figures[f"recall_{profile}"] = round(found.recall, 4)
        figures[f"tags_{profile}"] = found.tags
        figures[f"tagged_{profile}"] = round(found.tagged / max(1, found.tracks), 4)
    return figures


def proposals(parts: list[tuple[HeldOut, ModelCard]], kind: Kind, profile: Profile) -> Proposals:
    """Count the tags that a scan would propose."""
    tags = right = tracks = tagged = missed = 0
    for part, card in parts:
        said = calibrate(part.votes, card)
        names = {label.name: i for i, label in enumerate(card.vocabulary.labels)}
        for truth, row in zip(part.targets, said, strict=True):
            scores = TrackScores(row, card.vocabulary)
            chosen = [names[t.name] for t in choose_tags(scores, card, Choice(ALL, profile))
                      if t.kind == kind and not np.isnan(truth[names[t.name]])]  # fmt: skip
            known = [i for i in card.vocabulary.indices(kind) if not np.isnan(truth[i])]
            tracks += bool(known)
            tagged += bool(chosen)
            tags += len(chosen)
            right += sum(truth[i] == 1 for i in chosen)
            missed += sum(
                truth[i] == 1 and i not in chosen and card.rules[i].is_default for i in known
            )
    return Proposals(tags, int(right), tracks, tagged, int(missed))


def _refitted(held_out: HeldOut, card: ModelCard, precision: Mapping[Kind, float]) -> ModelCard:
    fitted = fit_rules(held_out.targets, held_out.votes, card.vocabulary, precision)
    rules: tuple[LabelRule, ...] = tuple(
        replace(new, evidence=old.evidence) for new, old in zip(fitted, card.rules, strict=True)
    )
    return replace(card, rules=rules)
