"""Thresholds tuned to the labels a user accepted and rejected."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tagger.errors import AudioError, DataError, MusicTagError
from tagger.models import store
from tagger.models.card import LabelRule, ModelCard, dump_card
from tagger.models.model import find_card, load_model
from tagger.scanning.parallel import scan
from tagger.scanning.settings import Settings
from tagger.vocabulary import Kind, Label
from tagger.writing.genre_rules import Taste, sense_key
from training.data.library.files import from_tags
from training.data.library.reviews import SUFFIX, from_decisions, from_plan
from training.data.library.table import from_table
from training.data.library.track import Found, Track, gather
from training.evaluation.calibration import best_f1_threshold
from training.finetune.examples import Array

DOUBTS = 10.0  # tracks accepted at which they count as much as the model's own threshold
Keys = Mapping[Kind, set[str]]
LIMITS = (0.05, 0.95)


@dataclass(frozen=True, slots=True)
class Moved:
    """A moved threshold and the number of tracks behind it."""

    kind: Kind
    name: str
    accepted: int
    refused: int  # tracks the model would have given it to, and the person did not
    before: float
    after: float


def recalibrate(
    source: Path,
    model: str,
    name: str | None,
    jobs: int,
    on_error: Callable[[MusicTagError], object],
) -> tuple[str, list[Moved]]:
    """Write a model with thresholds tuned to the review; returns its name and the moved ones."""
    path, card = find_card(model), load_model(model).card
    wanted = store.check_name(name or path.stem)
    truth, chances = _predict_reviewed(read_reviewed(source, on_error), path, card, jobs, on_error)
    rules, moved = tune(truth, chances, card)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / f"{path.stem}.json"
        shutil.copyfile(path.with_name(card.weights), made.with_name(card.weights))
        dump_card(replace(card, rules=rules, data=_data_sentence(card, len(truth))), made)
        load_model(str(made))
        own = path == store.card_path(wanted)
        store.install(Path(folder), made.stem, wanted, replace=own)
    return wanted, moved


def read_reviewed(source: Path, on_error: Callable[[MusicTagError], object]) -> list[Track]:
    """The reviewed labels of each file, from a plan, a review's decisions, a table or tags."""
    if source.is_dir():
        # A field that is empty in a file was perhaps never filled, so it says nothing.
        filled = (
            replace(t, names={k: v for k, v in t.names.items() if v}) if isinstance(t, Track) else t
            for t in from_tags(source)
        )
        tracks = gather(filled, on_error)
    else:
        tracks = gather(_reader(source)(source), on_error)
    tracks = [track for track in tracks if track.names]
    if not tracks:
        raise DataError("says nothing of any file that is there", source)
    return tracks


def _reader(source: Path) -> Callable[[Path], Found]:
    return {SUFFIX: from_decisions, ".csv": _from_table}.get(source.suffix, from_plan)


def _from_table(path: Path) -> Found:
    """The rows of a table; an empty cell says nothing of a kind, unless names of it are denied."""
    for track in from_table(path):
        if isinstance(track, Track):
            names = {k: v for k, v in track.names.items() if v or not track.complete(k)}
            yield replace(track, names=names)
        else:
            yield track


def tune(
    truth: Array, chances: Array, card: ModelCard
) -> tuple[tuple[LabelRule, ...], list[Moved]]:
    """Rules with thresholds that follow the reviewed tracks, and those that moved.

    What was reviewed is what "precise" gives, the default; from then on the person's own line holds
    for both profiles. A threshold goes where it gives the best F1 on the tracks, and as far from
    the old one as there are tracks to show it. Shape: `truth` (NaN where unknown) and
    `chances` `(N, K)`
    """
    rules, moved = list(card.rules), []
    for i, (label, rule) in enumerate(zip(card.vocabulary.labels, card.rules, strict=True)):
        reviewed = ~np.isnan(truth[:, i])
        right, chance = truth[reviewed, i], chances[reviewed, i]
        now = rule.least("precise")
        given = chance >= now
        accepted, refused = int(right.sum()), int((given & (right == 0)).sum())
        if not accepted and not refused:
            continue
        best = follow(right, chance, now)
        share = (accepted + refused) / (accepted + refused + DOUBTS)
        new = round(float(np.clip(share * best + (1 - share) * now, *LIMITS)), 4)
        if new != now:
            rules[i] = replace(rule, threshold=new, precise=new)
            moved.append(Moved(label.kind, label.name, accepted, refused, now, new))
    return tuple(rules), moved


def follow(truth: Array, chances: Array, now: float) -> float:
    """The threshold of best F1, the nearest to `now` of equal ones.

    Where nothing was accepted it is just above the most probable track that was refused; where
    nothing was refused it is not raised.
    """
    if truth.all():
        return float(min(now, chances.min()))
    if not truth.any():
        return float(max(now, np.nextafter(chances.max(), 1, dtype=np.float32) + 0.01))
    return best_f1_threshold(truth, chances, near=now)


def _predict_reviewed(
    tracks: Sequence[Track],
    path: Path,
    card: ModelCard,
    jobs: int,
    on_error: Callable[[MusicTagError], object],
) -> tuple[Array, Array]:
    """Reviewed targets and predicted probabilities of each readable track. Shape: `(N, K)`."""
    truth, chances = [], []
    results = scan([t.path for t in tracks], Settings(str(path)), jobs)
    for track, result in zip(tracks, results, strict=True):
        if result.track is None:
            on_error(AudioError(result.error or "", result.path))
            continue
        truth.append(_truth(track, card))
        chances.append(result.track.scores.values)
    if not truth:
        raise MusicTagError("none of the files could be heard")
    return np.stack(truth), np.stack(chances)


def _truth(track: Track, card: ModelCard) -> Array:
    """The reviewed target of each label, NaN where it was not reviewed.

    A label the plan did not offer was not rejected: it counts only where the reviewer added it.
    """
    accepted = {kind: Taste().keys_of(names) for kind, names in track.names.items()}
    offered = _keys_of(track.offered)
    return np.array(
        [_target(label, accepted, offered) for label in card.vocabulary.labels], np.float32
    )


def _keys_of(offered: Mapping[Kind, tuple[str, ...]] | None) -> Keys | None:
    if offered is None:
        return None
    return {kind: Taste().keys_of(names) for kind, names in offered.items()}


def _target(label: Label, accepted: Keys, offered: Keys | None) -> float:
    key = sense_key(label.name)
    if label.kind in accepted and key in accepted[label.kind]:
        return 1.0
    decided = label.kind in accepted and (offered is None or key in offered.get(label.kind, ()))
    return 0.0 if decided else np.nan


def _data_sentence(card: ModelCard, n_tracks: int) -> str:
    return f"{card.data}; thresholds by {n_tracks} reviewed tracks"
