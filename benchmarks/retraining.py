"""How well a library teaches its own labels: songs with artist-level genres as a stand-in library.

    python benchmarks/retraining.py --data DATA --base CARD [--timing] > benchmarks/RETRAINING.md

DATA is the folder that training/data/datasets/genres.py describes. The songs get private
labels; fold 1, whose artists are in no other fold, is held out. CARD is of a model that was not
trained on it (`python -m training train --fold 1`); the shipped one was, once it had been judged.
"""

from __future__ import annotations

import csv
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

import click
import numpy as np

from tagger.models.model import CardFile
from tagger.vocabulary import Label
from training.data.library.track import Track
from training.evaluation.calibration import fit_rules
from training.evaluation.metrics import average_precision, macro, roc_auc
from training.finetune.active_learning import suggest
from training.finetune.cross_validation import cross_validate, draw
from training.finetune.embeddings import cache_folder, load_base
from training.finetune.examples import Array, Examples
from training.finetune.fit import Embedder, base_votes, gather_examples
from training.finetune.heads import Start, fit_head, start_from, votes
from training.finetune.label_mapping import choose_labels, propose
from training.finetune.onnx_graph import Head
from training.finetune.summary import predict_base, predict_own
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
SIZES = (10, 20, 50, 100, 0)  # tracks a label; 0: all
SEEDS = (1, 2, 3)
MORE = 40  # tracks that are added, suggested or drawn
HELD_OUT = "1"


def quiet(label: str, length: int) -> AbstractContextManager[object]:
    del label, length
    return nullcontext(lambda: None)


def load(data: Path, base: CardFile) -> tuple[Examples, np.ndarray, dict[Label, tuple[str, ...]]]:
    """The songs under private labels, the fold of each, and what the labels are like."""
    rows = [r for r in read_rows(data) if r["source"] == "taffc"]
    tracks = [Track(data / r["file"], r["group"], {"genre": private(r)}) for r in rows]
    table = propose(tracks, base.card.vocabulary)
    embedder = Embedder(base, cache_folder(), 2, quiet)  # type: ignore[arg-type]
    label_map, examples = gather_examples(
        tracks,
        lambda found: choose_labels(table, found, 10),
        embedder,
        lambda e: print(e, file=sys.stderr),
    )
    fold = {str(data / r["file"]): r["fold"] for r in rows}
    known = set(base.card.vocabulary.names("genre"))
    like = {x: tuple(n for n in LIKE[x.name] if n in known) for x in label_map.labels}
    # A song none of whose genres has a private label is one of none of them.
    examples = replace(examples, targets=np.nan_to_num(examples.targets))
    return examples, np.array([fold[str(path)] for path in examples.paths]), like


def read_rows(data: Path) -> list[dict[str, str]]:
    with (data / "tracks.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def private(row: dict[str, str]) -> tuple[str, ...]:
    return tuple(sorted({PRIVATE[g] for g in row["genres"].split("|") if g in PRIVATE}))


def figures(examples: Examples, scores: Array) -> tuple[Array, float]:
    """Average precision of each label, and macro ROC-AUC."""
    aps = [average_precision(t, s) for t, s in zip(examples.targets.T, scores.T, strict=True)]
    return np.array(aps), macro(roc_auc, examples.targets, scores)


def taught(learned: Examples, start: Start) -> Head:
    return fit_head(learned, start, cross_validate(learned, start).pulls)


def taught_by(
    library: Examples, test: Examples, start: Start, size: int, seed: int
) -> tuple[int, Array, float]:
    """Tracks learned from, and figures on the held-out fold."""
    chosen = draw(library.targets, size or len(library), np.random.default_rng(seed))
    return len(chosen), *figures(test, votes(taught(library.take(chosen), start), test))


def curve(
    library: Examples, test: Examples, start: Start, before: Array, pool: ProcessPoolExecutor
) -> Iterator[str]:
    """The table of the learning curve for one way to start."""
    runs = {
        size: [
            pool.submit(taught_by, library, test, start, size, s)
            for s in (SEEDS if size else SEEDS[:1])
        ]
        for size in SIZES
    }
    names = [label.name for label in library.vocabulary.labels]
    share = test.targets.mean(axis=0)
    yield "| tracks a label | in all | " + " | ".join(names) + " | mean AP | ROC-AUC |"
    yield "|---" * (len(names) + 4) + "|"
    yield row("guessing", "", share, share.mean(), 0.5)
    old, auc = figures(test, before)
    yield row("shipped model by the map", "", old, old.mean(), auc)
    for size, futures in runs.items():
        done = [future.result() for future in futures]
        mean = np.mean([aps for _, aps, _ in done], axis=0)
        aucs = float(np.mean([auc for _, _, auc in done]))
        yield row(str(size or "all"), str(done[-1][0]), mean, mean.mean(), aucs)


def row(name: str, count: str, aps: Array, mean: float, auc: float) -> str:
    return (
        f"| {name} | {count} | "
        + " | ".join(f"{x:.2f}" for x in aps)
        + f" | {mean:.3f} | {auc:.3f} |"
    )


def planted(library: Examples, start: Start, seed: int) -> str:
    """Ten wrong labels among 400 tracks that have one."""
    rng = np.random.default_rng(seed)
    named = np.flatnonzero(library.targets.any(axis=1))
    part = library.take(np.sort(rng.permutation(named)[:400]))
    targets = part.targets.copy()
    wrong = rng.permutation(np.flatnonzero(targets.sum(axis=1) == 1))[:10]
    for i in wrong:
        own = int(targets[i].argmax())
        targets[i] = 0
        targets[i, rng.choice([k for k in range(targets.shape[1]) if k != own])] = 1
    part = replace(part, targets=targets)
    validation = cross_validate(part, start)
    rules = fit_rules(targets, validation.votes, part.vocabulary)
    chances = predict_own(validation.votes, rules).probabilities
    order = np.argsort(-doubts(targets, chances, excluding(targets, part.vocabulary)))
    found = [int(np.isin(order[:n], wrong).sum()) for n in (10, 25, 50)]
    return f"| {seed} | {found[0]} | {found[1]} | {found[2]} |"


def suggested(library: Examples, test: Examples, start: Start, seed: int) -> str:
    """Ten tracks a label, then 40 more: by suggestion, or drawn three times."""
    rng = np.random.default_rng(seed)
    have = draw(library.targets, 10, rng)
    rest = np.setdiff1d(np.arange(len(library)), have)
    validation = cross_validate(library.take(have), start)
    head = fit_head(library.take(have), start, validation.pulls)
    rules = fit_rules(library.targets[have], validation.votes, library.vocabulary)
    asked = library.take(rest)
    chances = predict_own(votes(head, asked), rules).probabilities
    picked = rest[suggest(library.take(have), asked, chances, MORE)]
    results = [figures(test, votes(head, test))[0].mean()]
    for more in (picked, *(rng.permutation(rest)[:MORE] for _ in range(3))):
        learned = library.take(np.sort(np.concatenate([have, more])))
        results.append(figures(test, votes(taught(learned, start), test))[0].mean())
    drawn = float(np.mean(results[2:]))
    return f"| {seed} | {results[0]:.3f} | {results[1]:.3f} | {drawn:.3f} |"


def timing(data: Path) -> Iterator[str]:
    """1,000 tracks through the command itself, cold and with kept embeddings."""
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


@click.command()
@click.option("--data", required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--base", "card", required=True, help="A model that has not heard fold 1.")
@click.option("--jobs", default=2, show_default=True, help="Processes.")
@click.option("--timing", "timed", is_flag=True, help="Also 1,000 tracks through the command.")
def main(data: Path, card: str, jobs: int, timed: bool) -> None:
    base = load_base(card)
    examples, folds, like = load(data, base)
    library = examples.take(np.flatnonzero(folds != HELD_OUT))
    test = examples.take(np.flatnonzero(folds == HELD_OUT))
    labels = examples.vocabulary.labels
    mapped, alone = (start_from(base.card, labels, x) for x in (like, {}))
    before = predict_base(base_votes(test, base.card), base.card, labels, like).probabilities
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"))
    plants = [pool.submit(planted, examples, mapped, seed) for seed in SEEDS]
    hints = [pool.submit(suggested, library, test, alone, seed) for seed in SEEDS]
    print("# Retraining on a personal library\n")
    print("Made by `python benchmarks/retraining.py --data DATA --base CARD`,")
    print(f"base model {base.card.id}:")
    print(f"{len(library)} songs to learn from, {len(test)} of other artists (fold 1) to judge on;")
    print("average precision by label, means over three draws of the tracks.\n")
    print("The network was trained on the songs of the other folds, so their embeddings are better")
    print("than those of a library it has not heard; only fold 1 is new to it.\n")
    for title, start in (
        ("Labels mapped to base labels", mapped), ("Labels unknown to the base model", alone),
    ):  # fmt: skip
        print(f"## {title}\n", *curve(library, test, start, before, pool), sep="\n", flush=True)
        print()
    print("## Ten wrong labels in 400 tracks\n\n| seed | in the first 10 | 25 | 50 |")
    print("|---|---|---|---|")
    print(*(future.result() for future in plants), sep="\n", flush=True)
    print("\n## Forty more tracks, suggested or drawn (mean AP, labels unknown to the base)\n")
    print("| seed | ten a label | + 40 suggested | + 40 drawn |\n|---|---|---|---|")
    print(*(future.result() for future in hints), sep="\n", flush=True)
    if timed:
        print("\n## 1,000 tracks of 30 s, two processes\n")
        print("| | seconds | CPU seconds | MB, largest process | load |\n|---|---|---|---|---|")
        print(*timing(data), sep="\n", flush=True)


if __name__ == "__main__":
    main()
