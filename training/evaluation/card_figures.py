"""Scores of held-out sound -> the rules, evidence and figures of its card."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import numpy as np

from tagger.models.card import ModelCard
from tagger.models.model import Model
from tagger.vocabulary import PLURALS, Kind
from training.data.split import Split
from training.data.taxonomy import GENRES as ALL_GENRES
from training.data.taxonomy import LISTED_GENRES, VOCABULARY, Targets
from training.evaluation.calibration import fit_rules
from training.evaluation.held_out_votes import HeldOut, join
from training.evaluation.label_evidence import vouch, with_evidence
from training.evaluation.predict import ClipScores, measure, predict_clips, stack_votes
from training.evaluation.reliability import check

# Parts of the held-out sound.
GENRES, INSTRUMENTS, MIXES = "genres", "instruments", "instruments_in_real_mixes"
AGREED = "agreed_by_teachers"  # the songs again, with what two teachers agree on

# In a card's metrics: the model learned from everything, and the figures are of runs that did not.
OF_OTHERS = "of_runs_that_held_folds_out"

Progress = Callable[[str, int], AbstractContextManager[Callable[[], object]]]


def judge(
    card: ModelCard,
    runs: list[dict[str, HeldOut]],
    mixes: HeldOut,
    precision: Mapping[Kind, float],
) -> ModelCard:
    """The card with rules, evidence and figures from the votes of models of one recipe.

    Each run held out another fold; rules, evidence and figures rest on all of them together. The
    real mixes are never fitted on. `precision` is aimed at for "precise" tags, and stands with the
    figures.
    """
    first = {name: join([run[name] for run in runs]) for name in (GENRES, INSTRUMENTS)}
    fitted = join([first[GENRES], first[INSTRUMENTS]])
    rules = fit_rules(fitted.targets, fitted.votes, card.vocabulary, precision)
    songs = _given(first[GENRES])
    recordings = join([*(run[INSTRUMENTS] for run in runs), mixes])
    # Talk and notes have no genre, which is easily predicted and says nothing of songs.
    known = join([songs, recordings.only(range(len(ALL_GENRES), len(card.vocabulary)))])
    card = replace(card, rules=with_evidence(rules, known))
    vouched: dict[str, float] = {}
    if agreed := [run[AGREED] for run in runs if AGREED in run]:
        rules, vouched = vouch(card.rules, join(agreed), card.vocabulary)
        card = replace(card, rules=rules)
    parts = {
        **first,
        MIXES: mixes,
        "genres_in_all_runs": first[GENRES],
        "instruments_in_recordings": recordings.rows(recordings.real),
    }
    metrics = measure_all(parts, card)  # the figures depend on the rules
    metrics[GENRES] |= check(first[GENRES], card, "genre", precision)
    for kind, target in precision.items():
        metrics[PLURALS[kind]]["precision_target"] = target
    taught = first[GENRES].only(range(len(LISTED_GENRES), len(ALL_GENRES)))
    metrics["genres_of_teachers"] = measure(taught, card, "genre")
    if vouched:
        metrics["vouched"] = vouched
    return replace(card, metrics=metrics)


def predict_votes_of_parts(
    model: Model, split: Split, progress: Progress, agreed: Mapping[str, Targets] | None = None
) -> dict[str, HeldOut]:
    """What the model votes on each part of the held-out sound.

    `agreed`: what two teachers agree on, by song.
    """
    n_labels = len(model.card.vocabulary)
    held_out = predict_parts(model, split, progress)
    if agreed:
        held_out[AGREED] = [
            replace(one, clip=replace(one.clip, targets=agreed[one.clip.id]))
            for one in held_out[GENRES]
            if one.clip.id in agreed
        ]
    return {name: stack_votes(part, n_labels) for name, part in held_out.items()}


def predict_parts(model: Model, split: Split, progress: Progress) -> dict[str, list[ClipScores]]:
    """Each part of the held-out sound, clip by clip."""
    parts = {
        GENRES: split.held_out_songs,
        INSTRUMENTS: split.held_out_instruments,
        MIXES: split.real_mixes,
    }
    held_out = {}
    for name, clips in parts.items():
        with progress(f"listening: {name}", len({clip.path for clip in clips})) as advance:
            held_out[name] = predict_clips(model, clips, advance)
    return held_out


def measure_all(held_out: dict[str, HeldOut], card: ModelCard) -> dict[str, Any]:
    """Figures of each part of the held-out sound, as they stand in a card.

    Of genres only those that people gave: how well other networks' words are repeated says nothing
    of what is classified.
    """
    return {
        name: measure(_given(part) if kind_of(name) == "genre" else part, card, kind_of(name))
        for name, part in held_out.items()
    }


def _given(songs: HeldOut) -> HeldOut:
    """Songs with the genres that people gave them, and no label that teachers did."""
    return songs.only(range(len(LISTED_GENRES)))


def as_given(parts: dict[str, list[ClipScores]]) -> dict[str, list[ClipScores]]:
    """The same clips, songs only with the genres that people gave them."""
    own = np.arange(len(VOCABULARY)) < len(LISTED_GENRES)

    def given(one: ClipScores) -> ClipScores:
        targets = np.where(own, one.clip.targets, np.float32(np.nan))
        return replace(one, clip=replace(one.clip, targets=targets))

    return {
        name: [given(one) for one in clips] if kind_of(name) == "genre" else clips
        for name, clips in parts.items()
    }


def kind_of(part: str) -> Kind:
    """What is measured on a part of the held-out sound."""
    return "genre" if part.startswith(GENRES) else "instrument"
