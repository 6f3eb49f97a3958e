"""Which labels a model may write: those whose quality was measured on real, held-out sound."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tagger.models.card import Evidence, LabelRule
from training.data.taxonomy import VOCABULARY, WEAK_GENRES
from training.evaluation.held_out_votes import Heard
from training.evaluation.metrics import LEAST_POSITIVES, roc_auc

LEAST_ROC_AUC = 0.75  # below this a label is heard too badly to be called measured


def with_evidence(rules: tuple[LabelRule, ...], heard: Heard) -> tuple[LabelRule, ...]:
    """The rules, each with the evidence for its label in held-out sound."""
    real = heard.rows(heard.real)
    return tuple(
        replace(rule, evidence=_evidence(real, i, label.name))
        for i, (rule, label) in enumerate(zip(rules, VOCABULARY.labels, strict=True))
    )


def _evidence(real: Heard, i: int, name: str) -> Evidence:
    targets = real.targets[:, i]
    truth = targets[~np.isnan(targets)]
    if name in WEAK_GENRES or min(truth.sum(), (1 - truth).sum()) < LEAST_POSITIVES:
        return "experimental"
    measured = roc_auc(targets, real.votes[:, i]) >= LEAST_ROC_AUC
    return "measured" if measured else "experimental"
