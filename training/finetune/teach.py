"""`musictag train --like NAME FILE...`: a new label from a handful of examples.

They are told from the tracks of a library, most of which are taken to be others. Some will be like
the examples all the same; these are what a person is asked to confirm.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tagger.errors import DataError, MusicTagError
from tagger.report.escaping import path_text, printable
from tagger.scanning.discovery import find_files
from tagger.scanning.settings import default_jobs
from tagger.vocabulary import Kind, Label
from training.data.library.track import Names, Track, group_of_file
from training.finetune.embeddings import cache_folder, cached_files, load_base
from training.finetune.examples import Array
from training.finetune.fit import (
    Embedder,
    OnError,
    Progress,
    TrainedHead,
    gather_examples,
    learn,
)
from training.finetune.heads import votes
from training.finetune.label_mapping import LabelMap, Row, choose_labels
from training.finetune.options import TrainOptions
from training.finetune.run import Prepared, free_name, group_duplicates, install_and_choose
from training.finetune.sources import Say
from training.finetune.summary import LabelResult, predict_own

OTHERS = 1000  # tracks told from the examples; more change the head no further
SHOWN = 10  # candidates of each sort
FEW_TRACKS, FEW_ARTISTS = 10, 5  # below either, the figure is said to be a hint


@dataclass(frozen=True, slots=True)
class Candidate:
    """A track to confirm."""

    path: Path
    probability: float


def teach_label(options: TrainOptions, say: Say, progress: Progress) -> Iterator[str]:
    """Learn the label and install the model; yields the figure and what to confirm.

    Raises DataError where there are no two examples, or nothing to tell them from.
    """
    assert options.like is not None
    label, name = _label(options.like), free_name(model_name(options), options)
    base = load_base(options.base)
    embedder = Embedder(base, cache_folder(), options.jobs or default_jobs(), progress)
    notes: list[str] = []

    def on_error(error: MusicTagError) -> None:
        notes.append(printable(str(error)))
        say(notes[-1])

    examples = list(_audio(options.examples, on_error))
    refused = list(_audio(options.unlike, on_error))
    settled = {path.resolve() for path in (*examples, *refused)}
    others = _others(options, embedder, settled, on_error)
    rng = np.random.default_rng(options.seed)
    asked = [others[i] for i in rng.permutation(len(others))]
    tracks = [
        *(_track(path, label, present=True) for path in examples),
        *(_track(path, label, present=False) for path in [*refused, *asked[:OTHERS]]),
    ]
    label_map, known = gather_examples(
        tracks, lambda found: _one_label(label, found),
        embedder, on_error,
    )  # fmt: skip
    _check_enough(known.targets, label)
    known = group_duplicates(known, notes, say)
    prepared = Prepared(embedder, label_map, known, [], notes, say)
    trained = learn(known, label_map, base, progress, options.seed)
    yield from _figure(label, trained, int((known.targets == 0).sum()))
    found = [*_held_out(trained), *_rest(asked[OTHERS:], trained, prepared)]
    yield from _candidates([x for x in found if x.path.resolve() not in settled], trained)
    yield from install_and_choose(prepared, trained, options, name, None)


def model_name(options: TrainOptions) -> str:
    """The name of the model to make: the one given, else made of the label's.

    >>> model_name(TrainOptions(None, None, like="Late Night!"))
    'late-night'
    """
    made = re.sub(r"[^a-z0-9]+", "-", (options.like or "").casefold()).strip("-")
    return options.name or made or "taught"


def _label(name: str) -> Label:
    try:
        return Label("genre", name.strip())
    except ValueError as error:
        raise DataError(f"--like: {error}") from error


def _audio(paths: Iterable[Path], on_error: OnError) -> Iterator[Path]:
    """The files, and those of the folders; what is wrong with one is told."""
    for item in find_files(paths):
        if isinstance(item, MusicTagError):
            on_error(item)
        else:
            yield item


def _others(
    options: TrainOptions, embedder: Embedder, taken: set[Path], on_error: OnError
) -> list[Path]:
    if options.among:
        found: Iterable[Path] = _audio([options.among], on_error)
    else:
        found = cached_files(embedder.base, embedder.cache)
    others = sorted({path for path in found if path.resolve() not in taken})
    if not others:
        raise DataError(
            "there is nothing to tell the examples from: name a folder of other music, --among"
            " FOLDER (without it, what `musictag train` classified before is taken)"
        )
    return others


def _track(path: Path, label: Label, *, present: bool) -> Track:
    group = group_of_file(path)
    names: dict[Kind, Names] = {label.kind: (label.name,)} if present else {}
    denied = () if present else (label.name,)
    return Track(path, group.key, names, absent=denied, alone=group.alone)


def _one_label(label: Label, found: Sequence[Track]) -> LabelMap:
    row = Row(label.kind, label.name, len(found), label.name, ())
    return choose_labels([row], found, 2)


def _check_enough(targets: Array, label: Label) -> None:
    if not (targets == 0).any():
        raise DataError(f"nothing else could be read, so {label.name!r} is told from nothing")


def _figure(label: Label, trained: TrainedHead, n_others: int) -> Iterator[str]:
    (row,) = trained.evaluation.labels
    yield (
        f"{printable(label.name)}: average precision {row.ap_after} among {n_others} other tracks; "
        f"guessing {row.share:.2f}. Each track is scored by a head that does not know its artist; "
        "others that are like the examples count as errors."
    )
    yield from _doubts(row)


def _doubts(row: LabelResult) -> Iterator[str]:
    if row.artists < 2:
        yield "All examples are of one artist: the figure is of recognising the artist."
    elif row.tracks < FEW_TRACKS or row.artists < FEW_ARTISTS:
        yield (
            f"{row.tracks} examples of {row.artists} artists are too few for a figure to rely on; "
            f"with {FEW_TRACKS} of {FEW_ARTISTS} it is more than a hint."
        )


def _held_out(trained: TrainedHead) -> Iterator[Candidate]:
    """The tracks told from the examples, by heads that did not know them."""
    predicted = predict_own(trained.validation.votes, trained.rules).probabilities[:, 0]
    examples = trained.evaluated_on
    for path, target, chance in zip(examples.paths, examples.targets[:, 0], predicted, strict=True):
        if target == 0:
            yield Candidate(path, float(chance))


def _rest(paths: Sequence[Path], trained: TrainedHead, prepared: Prepared) -> Iterator[Candidate]:
    """All other tracks of the library, by the head of all."""
    for first in range(0, len(paths), OTHERS):
        tracks = [Track(path, "") for path in paths[first : first + OTHERS]]
        _, part = gather_examples(
            tracks, lambda _: prepared.label_map, prepared.embedder, lambda _: None
        )
        chances = predict_own(votes(trained.head, part), trained.rules).probabilities[:, 0]
        for path, chance in zip(part.paths, chances, strict=True):
            yield Candidate(path, float(chance))


def _candidates(found: Sequence[Candidate], trained: TrainedHead) -> Iterator[str]:
    line = trained.rules[0].threshold
    surest = sorted(found, key=lambda x: -x.probability)[:SHOWN]
    rest = [x for x in found if x not in surest]
    doubtful = sorted(rest, key=lambda x: abs(x.probability - line))[:SHOWN]
    yield "To confirm: the most certain of the others (like them? name them as examples too)"
    yield from (f"  {x.probability:4.0%}  {path_text(x.path)}" for x in surest)
    if doubtful:
        yield "and the most doubtful (not like them? --unlike FILE)"
        yield from (f"  {x.probability:4.0%}  {path_text(x.path)}" for x in doubtful)
