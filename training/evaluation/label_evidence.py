"""Which labels a model may write: measured on held-out recordings, vouched for by two teachers.

Measured: people labelled held-out recordings, and the model ranks these well. Vouched: two teachers
of different kinds agree about held-out songs (`teacher_agreement`), the model ranks these well, and
of the songs it would tag, enough are songs of which both teachers say so.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import expit, logit

from tagger.models.card import Evidence, LabelRule
from tagger.vocabulary import Vocabulary
from training.data.taxonomy import VOCABULARY, WEAK_GENRES
from training.evaluation.held_out_votes import HeldOut
from training.evaluation.metrics import LEAST_POSITIVES, roc_auc

LEAST_ROC_AUC = 0.75  # below this a label is recognised too badly to be called measured
LEAST_AGREEMENT = 0.8  # of the tags of a vouched label
VOUCHED_ROC_AUC = 0.9  # of what two teachers agree on, which is the easy part


def with_evidence(rules: tuple[LabelRule, ...], held_out: HeldOut) -> tuple[LabelRule, ...]:
    """The rules, each with the evidence for its label in held-out sound."""
    real = held_out.rows(held_out.real)
    return tuple(
        replace(rule, evidence=_evidence(real, i, label.name))
        for i, (rule, label) in enumerate(zip(rules, VOCABULARY.labels, strict=True))
    )


def _evidence(real: HeldOut, i: int, name: str) -> Evidence:
    targets = real.targets[:, i]
    truth = targets[~np.isnan(targets)]
    if name in WEAK_GENRES or min(truth.sum(), (1 - truth).sum()) < LEAST_POSITIVES:
        return "experimental"
    measured = roc_auc(targets, real.votes[:, i]) >= LEAST_ROC_AUC
    return "measured" if measured else "experimental"


def vouch(
    rules: tuple[LabelRule, ...], agreed: HeldOut, vocabulary: Vocabulary
) -> tuple[tuple[LabelRule, ...], dict[str, float]]:
    """The rules, those of experimental labels raised to vouched where teachers and model agree.

    Args:
        rules: fitted, with the evidence of recordings.
        agreed: held-out songs with what both teachers say of them.
        vocabulary: of the labels.

    Returns:
        The rules, and the share of tags that both teachers confirm, by label.
    """
    shares = {}
    found = list(rules)
    for i, (rule, label) in enumerate(zip(rules, vocabulary.labels, strict=True)):
        if rule.evidence == "experimental" and (raised := _vouched(rule, agreed, i)):
            found[i], shares[label.name] = raised
    return tuple(found), shares


def _vouched(rule: LabelRule, agreed: HeldOut, i: int) -> tuple[LabelRule, float] | None:
    """The rule with the lowest precise threshold at which teachers confirm enough of the tags."""
    truth = agreed.targets[:, i]
    if min((truth == 1).sum(), (truth == 0).sum()) < LEAST_POSITIVES:
        return None
    if roc_auc(truth, agreed.votes[:, i]) < VOUCHED_ROC_AUC:
        return None
    said = expit(rule.slope * logit(np.clip(agreed.votes[:, i], 1e-6, 1 - 1e-6)) + rule.offset)
    tagged = np.sort(said[said >= rule.threshold])[::-1]
    confirmed = np.array([(truth[said >= least] == 1).mean() for least in tagged])
    enough = np.flatnonzero(confirmed >= LEAST_AGREEMENT)
    if not len(enough) or enough[-1] + 1 < LEAST_POSITIVES:
        return None
    last = int(enough[-1])
    # Where every tag may stay, so may the threshold.
    least = rule.threshold if last == len(tagged) - 1 else min(float(tagged[last]), 0.99)
    share = float(confirmed[last])
    raised = replace(rule, precise=round(least, 4), evidence="vouched")
    return raised, round(share, 3)
