from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tagger.models.card import LabelRule
from training.data.taxonomy import VOCABULARY
from training.data.teacher_outputs import AUDIOSET_CLASSES, Outputs
from training.evaluation.held_out_votes import HeldOut
from training.evaluation.label_evidence import vouch
from training.evaluation.teacher_agreement import WORDS, agreed_targets

COLUMN = {label.name: i for i, label in enumerate(VOCABULARY.labels)}
RULES = (LabelRule(1.0, 0.0, 0.5, evidence="experimental"),) * len(VOCABULARY)


def tag_names() -> dict[str, list[str]]:
    """Names of outputs as in tags.json, the words that are looked for among them."""
    classes = [f"class {i}" for i in range(527)]
    tags: dict[str, list[str]] = {"msd": [], "mtt": [], "jamendo": []}
    at = iter(AUDIOSET_CLASSES)
    for words in WORDS.values():
        for name in words.audioset:
            if name not in classes:
                classes[next(at)] = name
        own = tags[words.teacher.removesuffix("_musicnn")]
        own += [tag for tag in words.tags if tag not in own]
    return {"audioset": classes, **tags}


TAGS = tag_names()


def songs(metal_of_audioset: list[float], metal_of_msd: list[float]) -> list[dict[str, Outputs]]:
    found = []
    for one, other in zip(metal_of_audioset, metal_of_msd, strict=True):
        audioset = np.zeros((4, len(AUDIOSET_CLASSES)))
        audioset[:, [TAGS["audioset"][i] for i in AUDIOSET_CLASSES].index("Heavy metal")] = one
        msd = np.zeros((2, len(TAGS["msd"])))
        msd[:, TAGS["msd"].index("metal")] = other
        rest = {"mtt": len(TAGS["mtt"]), "jamendo_musicnn": len(TAGS["jamendo"])}
        arrays = {"audioset": audioset, "msd": msd} | {k: np.zeros((2, n)) for k, n in rest.items()}
        found.append({name: values.astype(np.float16) for name, values in arrays.items()})
    return found


def test_teachers_agree_only_where_both_rank_a_song_alike() -> None:
    rising = [i / 100 for i in range(100)]
    swapped = [*rising[:90], *rising[99:89:-1]]
    swapped[95], swapped[5] = swapped[5], swapped[95]
    metal = np.array(agreed_targets(songs(rising, swapped), TAGS))[:, COLUMN["Metal"]]
    assert np.isnan(metal[[5, 95]]).all()  # high for one, low for the other
    assert (metal[96:] == 1).all()
    assert (metal[10:60] == 0).all()
    assert np.isnan(metal[62:84]).all()


def test_few_songs_say_nothing() -> None:
    assert np.isnan(agreed_targets(songs([0, 1], [0, 1]), TAGS)).all()


def agreed(votes: np.ndarray, truth: np.ndarray) -> HeldOut:
    n, column = len(votes), COLUMN["Metal"]
    targets = np.full((n, len(VOCABULARY)), np.nan, dtype=np.float32)
    all_votes = np.full((n, len(VOCABULARY)), 0.5, dtype=np.float32)
    targets[:, column], all_votes[:, column] = truth, votes
    return HeldOut(targets, all_votes, np.arange(n).astype(str), np.ones(n, dtype=bool))


def test_label_is_vouched_for_where_model_and_teachers_agree() -> None:
    truth = np.array([1.0] * 20 + [np.nan] * 30 + [0.0] * 50)
    votes = np.concatenate([np.linspace(0.99, 0.8, 20), np.linspace(0.79, 0.4, 30), [0.1] * 50])
    rules, shares = vouch(RULES, agreed(votes, truth), VOCABULARY)
    rule = rules[COLUMN["Metal"]]
    assert rule.evidence == "vouched"
    assert rule.is_default
    assert shares == {"Metal": pytest.approx(0.8, abs=0.05)}
    assert rule.precise == pytest.approx(0.75, abs=0.05)  # five unsure songs among 25 are allowed
    assert all(r == RULES[0] for i, r in enumerate(rules) if i != COLUMN["Metal"])


@pytest.mark.parametrize("case", ["few", "other order", "unsure songs first", "measured"])
def test_label_is_not_vouched_for(case: str) -> None:
    truth = np.array([1.0] * 20 + [np.nan] * 30 + [0.0] * 50)
    votes = np.linspace(0.99, 0.01, 100)
    rules = RULES
    if case == "few":
        truth[5:20] = np.nan
    if case == "other order":
        truth = truth[::-1].copy()
    if case == "unsure songs first":
        truth[:20], truth[20:40] = np.nan, 1
    if case == "measured":
        rules = tuple(replace(rule, evidence="measured") for rule in RULES)
    assert vouch(rules, agreed(votes, truth), VOCABULARY) == (rules, {})


def test_songs_below_the_threshold_do_not_decide_where_tags_are_confirmed() -> None:
    """Ten of eleven tags are confirmed; further down, where no tag is given, many more would be."""
    truth = np.array([1.0] * 10 + [np.nan] + [np.nan] * 20 + [1.0] * 60 + [0.0] * 50)
    votes = np.array([0.9] * 10 + [0.6] + [0.4] * 20 + [0.3] * 60 + [0.1] * 50)
    rules, shares = vouch(RULES, agreed(votes, truth), VOCABULARY)
    assert rules[COLUMN["Metal"]].evidence == "vouched"
    assert rules[COLUMN["Metal"]].precise == RULES[0].threshold
    assert shares["Metal"] == pytest.approx(10 / 11, abs=0.001)
