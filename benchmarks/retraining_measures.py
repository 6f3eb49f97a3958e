"""What `benchmarks.retraining` measures, fold by fold."""

from __future__ import annotations

import csv
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tagger.models.model import CardFile
from tagger.vocabulary import Label
from training.data.library.track import Track
from training.evaluation.calibration import fit_rules
from training.evaluation.metrics import average_precision
from training.finetune.active_learning import suggest
from training.finetune.cross_validation import cross_validate, draw
from training.finetune.embeddings import Sound, embed_files
from training.finetune.examples import Array, Examples, assemble_examples
from training.finetune.fit import base_votes
from training.finetune.heads import Scale, Start, fit_head, start_from, unit, votes
from training.finetune.label_mapping import choose_labels, like, propose
from training.finetune.near_duplicates import merged_groups, near_duplicates
from training.finetune.onnx_graph import Head
from training.finetune.summary import Predictions, compare, predict_base, predict_own
from training.finetune.suspects import doubts, excluding

PRIVATE = {
    "Jazz": "Late Night", "Blues": "Late Night", "Country": "Porch", "Folk": "Porch",
    "Rap": "Bars", "Reggae": "Sun", "Latin": "Sun", "Pop/Rock": "Loud", "Electronic": "Machines",
    "International": "Elsewhere", "R&B": "Velvet", "Vocal": "Velvet",
}  # fmt: skip
LIKE = {
    "Late Night": ("Jazz", "Blues"), "Porch": ("Country", "Folk"), "Bars": ("Hip-Hop",),
    "Sun": ("Reggae", "Latin"), "Loud": ("Pop Rock", "Rock", "Pop"), "Machines": ("Electronic",),
    "Elsewhere": ("World",), "Velvet": ("R&B", "Vocal"),
}  # fmt: skip
FOLDERS = {"Classical": "Classical", "Country": "Country", "Pop/Rock": "Rock", "Rap": "Rap"}
SIZES = (5, 10, 20, 50, 100, 0)  # tracks a label; 0: all
SEEDS = (1, 2, 3)
MORE = 40  # tracks that are added, suggested or drawn
DRAWS = 5  # of which it is said how the drawn ones do
NARROWNESS = 8.0  # of the kernel by which neighbours are weighed

Folds = npt.NDArray[np.str_]


@dataclass(frozen=True, eq=False)
class Fold:
    """What a fold is judged by: the other folds, and the fold itself."""

    name: str
    base: CardFile
    library: Examples
    test: Examples
    like: dict[Label, tuple[str, ...]]

    @cached_property
    def _base_predictions(self) -> Predictions:
        card, labels = self.base.card, self.library.vocabulary.labels
        return predict_base(base_votes(self.test, card), card, labels, self.like)

    def guessing(self) -> Array:
        """The share of tracks of each label."""
        return np.asarray(self.test.targets.mean(axis=0))

    def before(self) -> Array:
        """Average precision of the base model, by the map."""
        return precisions(self.test, self._base_predictions.probabilities)

    def start(self, *, mapped: bool) -> Start:
        """Where a head starts: from the labels it is like, or from nothing."""
        labels = self.library.vocabulary.labels
        return start_from(self.base.card, labels, self.like if mapped else {})

    def drawn(self, size: int, seed: int) -> Examples:
        """So many tracks a label of the other folds; 0: all."""
        rng = np.random.default_rng(seed)
        return self.library.take(draw(self.library.targets, size or len(self.library), rng))

    def neighbours(self, size: int, seed: int) -> Array:
        """Average precision of the labels of the nearest tracks."""
        learned = self.drawn(size, seed)
        scale = Scale.of(learned.embeddings)
        one, other = (
            unit(part.mean(scale.apply(part.embeddings))) for part in (self.test, learned)
        )
        weights = np.exp(NARROWNESS * (one @ other.T - 1))
        shares = weights @ learned.targets / weights.sum(axis=1, keepdims=True)
        return precisions(self.test, shares)


def library_of(data: Path, base: CardFile, cache: Path, fold: str) -> Fold:
    """The songs under private labels, parted into a fold and the others."""
    rows = [r for r in read_rows(data) if r["source"] == "taffc"]
    tracks = [Track(data / r["file"], r["group"], {"genre": private(r)}) for r in rows]
    examples = examples_of(tracks, base, cache)
    known = set(base.card.vocabulary.names("genre"))
    like = {x: tuple(n for n in LIKE[x.name] if n in known) for x in examples.vocabulary.labels}
    judged = {str(data / r["file"]) for r in rows if r["fold"] == fold}
    held_out = np.array([str(path) in judged for path in examples.paths])
    library, test = (examples.take(np.flatnonzero(part)) for part in (~held_out, held_out))
    return Fold(fold, base, library, test, like)


def examples_of(tracks: Sequence[Track], base: CardFile, cache: Path) -> Examples:
    """Tracks with targets and embeddings; one without a label is one of none of them."""

    def on_error(error: object) -> None:
        print(error, file=sys.stderr)

    sounds = list(embed_files([track.path for track in tracks], base, cache, 2))
    readable = [t for t, (_, s) in zip(tracks, sounds, strict=True) if isinstance(s, Sound)]
    table = propose(readable, base.card.vocabulary)
    label_map = choose_labels(table, readable, 10)
    shares = base.card.vote_shares
    examples = assemble_examples(tracks, label_map, sounds, shares, on_error)
    return replace(examples, targets=np.nan_to_num(examples.targets))


def read_rows(data: Path) -> list[dict[str, str]]:
    with (data / "tracks.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def private(row: dict[str, str]) -> tuple[str, ...]:
    return tuple(sorted({PRIVATE[g] for g in row["genres"].split("|") if g in PRIVATE}))


def precisions(examples: Examples, scores: Array) -> Array:
    """Average precision of each label."""
    pairs = zip(examples.targets.T, scores.T, strict=True)
    return np.array([average_precision(truth, score) for truth, score in pairs])


def taught(learned: Examples, start: Start) -> Head:
    return fit_head(learned, start, cross_validate(learned, start).pulls)


def points(fold: Fold, size: int, seed: int, *, mapped: bool) -> Array:
    """Average precision of each label after so many tracks a label."""
    head = taught(fold.drawn(size, seed), fold.start(mapped=mapped))
    return precisions(fold.test, votes(head, fold.test))


def by_label(folds: Sequence[Fold]) -> Iterator[str]:
    """Before and after by label, of every fold by the others, with intervals over artists."""
    yield "| label | tracks | artists | before | after |\n|---|---|---|---|---|"
    before, after = [], []
    for fold in folds:
        start = fold.start(mapped=True)
        validation = cross_validate(fold.library, start)
        head = fit_head(fold.library, start, validation.pulls)
        rules = fit_rules(fold.library.targets, validation.votes, fold.library.vocabulary)
        before.append(fold._base_predictions)
        after.append(predict_own(votes(head, fold.test), rules))
    results, old, new, gain = compare(_joined(folds), _all(before), _all(after))
    for one in results:
        cells = one.label.name, one.tracks, one.artists, one.ap_before, one.ap_after
        yield "| " + " | ".join(map(str, cells)) + " |"
    yield f"| mean | | | {old} | {new}, gain {gain.low:+.3f} to {gain.high:+.3f} |"


def _joined(folds: Sequence[Fold]) -> Examples:
    tests = [fold.test for fold in folds]
    return replace(
        tests[0],
        paths=tuple(path for test in tests for path in test.paths),
        groups=tuple(group for test in tests for group in test.groups),
        targets=np.concatenate([test.targets for test in tests]),
    )


def _all(parts: Sequence[Predictions]) -> Predictions:
    return Predictions(
        np.concatenate([part.probabilities for part in parts]),
        np.concatenate([part.decisions for part in parts]),
        parts[0].covered,
    )


def planted(fold: Fold, seed: int) -> str:
    """Ten wrong labels among 400 tracks that have one."""
    rng, library = np.random.default_rng(seed), fold.library
    named = np.flatnonzero(library.targets.any(axis=1))
    part = library.take(np.sort(rng.permutation(named)[:400]))
    targets = part.targets.copy()
    wrong = rng.permutation(np.flatnonzero(targets.sum(axis=1) == 1))[:10]
    for i in wrong:
        own = int(targets[i].argmax())
        targets[i] = 0
        targets[i, rng.choice([k for k in range(targets.shape[1]) if k != own])] = 1
    part = replace(part, targets=targets)
    validation = cross_validate(part, fold.start(mapped=True))
    rules = fit_rules(targets, validation.votes, part.vocabulary)
    chances = predict_own(validation.votes, rules).probabilities
    order = np.argsort(-doubts(targets, chances, excluding(targets, part.vocabulary)))
    found = [int(np.isin(order[:n], wrong).sum()) for n in (10, 25, 50)]
    return f"| {seed} | {found[0]} | {found[1]} | {found[2]} |"


def suggestions(folds: Sequence[Fold], seed: int) -> str:
    """Ten tracks a label, then 40 more, by suggestion or drawn; means over the folds."""
    values = np.mean([_suggested(fold, seed) for fold in folds], axis=0)
    drawn = values[2:]
    return (
        f"| {seed} | {values[0]:.4f} | {values[1]:.4f} | {drawn.mean():.4f} | {drawn.std():.4f} |"
    )


def _suggested(fold: Fold, seed: int) -> list[float]:
    rng, start, library = np.random.default_rng(seed), fold.start(mapped=False), fold.library
    have = draw(library.targets, 10, rng)
    rest = np.setdiff1d(np.arange(len(library)), have)
    validation = cross_validate(library.take(have), start)
    head = fit_head(library.take(have), start, validation.pulls)
    rules = fit_rules(library.targets[have], validation.votes, library.vocabulary)
    asked = library.take(rest)
    chances = predict_own(votes(head, asked), rules).probabilities
    picked = rest[suggest(library.take(have), asked, chances, MORE)]
    found = [precisions(fold.test, votes(head, fold.test)).mean()]
    for more in (picked, *(rng.permutation(rest)[:MORE] for _ in range(DRAWS))):
        learned = library.take(np.sort(np.concatenate([have, more])))
        found.append(precisions(fold.test, votes(taught(learned, start), fold.test)).mean())
    return [float(value) for value in found]


def untagged_folders(data: Path, fold: Fold, cache: Path) -> tuple[Array, Array]:
    """Twenty tracks a folder of four genres teach without artists; another fold's are judged.

    Returns average precision by label as the program finds it itself, and as the fold does, whose
    artists are others.
    """
    rows = [r for r in read_rows(data) if len(_folders_of(r)) == 1]
    tracks = [Track(data / r["file"], r["id"], {"genre": _folders_of(r)}, alone=True) for r in rows]
    judged = np.array([r["fold"] == fold.name for r in rows])
    examples = examples_of(tracks, fold.base, cache)
    test, others = (examples.take(np.flatnonzero(part)) for part in (judged, ~judged))
    found = []
    for seed in SEEDS:
        learned = others.take(draw(others.targets, 20, np.random.default_rng(seed)))
        learned = replace(learned, groups=merged_groups(learned.groups, near_duplicates(learned)))
        labels = learned.vocabulary.labels
        like_them = {
            label: like("genre", label.name, fold.base.card.vocabulary) for label in labels
        }
        start = start_from(fold.base.card, labels, like_them)
        validation = cross_validate(learned, start)
        head = fit_head(learned, start, validation.pulls)
        found.append([precisions(learned, validation.votes), precisions(test, votes(head, test))])
    order = np.argsort([label.name for label in examples.vocabulary.labels])
    own, other = np.mean(found, axis=0)[:, order]
    return own, other


def gtzan_layout(data: Path, folds: Sequence[Fold], cache: Path) -> Iterator[str]:
    """The table of `untagged_folders` over the folds."""
    values = np.array([untagged_folders(data, fold, cache) for fold in folds])
    own, other = np.nanmean(values, axis=0)
    yield "| | " + " | ".join(sorted(FOLDERS.values())) + " | mean |"
    yield "|---" * (len(FOLDERS) + 2) + "|"
    for name, aps in (("the program's own figure", own), ("other artists", other)):
        yield f"| {name} | " + " | ".join(f"{x:.2f}" for x in aps) + f" | {np.nanmean(aps):.3f} |"


def _folders_of(row: dict[str, str]) -> tuple[str, ...]:
    return tuple(FOLDERS[g] for g in row["genres"].split("|") if g in FOLDERS)


def timing(data: Path) -> Iterator[str]:
    """1,000 tracks through the command itself, cold and with cached embeddings."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        table, environment = home / "labels.csv", {**os.environ, "XDG_DATA_HOME": f"{home}/data"}
        environment |= {"XDG_CACHE_HOME": f"{home}/cache", "OMP_WAIT_POLICY": "passive"}
        with table.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(["path", "genres", "artist"])
            for r in [
                r for r in read_rows(data) if r["source"] == "taffc" or r["labels"] != "multi"
            ][:1000]:
                genres = private(r) or (r["genres"] and "Concert") or "Games"
                genres = genres if isinstance(genres, str) else "|".join(genres)
                rows.writerow([data / r["file"], genres, r["group"]])
        for name in ("cold", "cached"):
            began, used = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(
                [sys.executable, "-m", "tagger", "train", str(table), "-o", name, "--jobs", "2"],
                env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            now = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
            load = os.getloadavg()[0]
            wall, largest = time.monotonic() - began, now.ru_maxrss / 1024
            yield f"| {name} | {wall:.0f} | {cpu:.0f} | {largest:.0f} | {load:.1f} |"
