"""What it costs and saves to stop hearing a track when its tags are settled.

    python -m benchmarks.voting --data DATA [--model MODEL] [--fold 1] [--long FOLDER]

Hears ten windows of each labelled clip of a fold the model was not trained on, then plays through
which of them would have been heard with each clearance. `--long` adds files without labels, such
as the long library of benchmarks.speed. Writes benchmarks/VOTING.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tagger.audio.window_positions import in_stages
from tagger.inference.aggregation import TrackScores, vote
from tagger.inference.calibration import calibrate
from tagger.inference.early_exit import CLEARANCE, is_settled
from tagger.inference.slice_scores import SliceScores
from tagger.inference.thresholds import choose_tags
from tagger.models.card import ModelCard
from tagger.models.model import Model, load_model
from tagger.scanning.discovery import find_files
from tagger.scanning.one_file import tag_file
from tagger.scanning.settings import Settings
from training.data.datasets import genres
from training.evaluation.card_figures import GENRES, measure_all
from training.evaluation.held_out_votes import HeldOut

HERE = Path(__file__).parent
CLEARANCES = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Outcome:
    """What one clearance gives. Shape: `votes` is `(N, K)`, `windows` `(N,)`."""

    votes: Array
    windows: npt.NDArray[np.int64]


def predict_clips(model: Model, paths: Iterable[Path]) -> list[SliceScores]:
    """Ten windows of each file."""
    return [tag_file(path, model, Settings()).slices for path in paths]


def play(held_out: list[SliceScores], card: ModelCard, clearance: float | None) -> Outcome:
    """What would have been heard of each track, stage by stage, and its votes."""
    parts = [_part(slices, card, clearance) for slices in held_out]
    votes = np.array([vote(part, card) for part in parts], dtype=np.float32)
    return Outcome(votes, np.array([len(part.values) for part in parts]))


def _part(slices: SliceScores, card: ModelCard, clearance: float | None) -> SliceScores:
    if clearance is None:
        return slices
    taken: list[int] = []
    for stage in in_stages(len(slices.values)):
        taken += stage
        part = SliceScores(
            slices.values[taken],
            tuple(slices.starts[i] for i in taken),
            tuple(slices.silent[i] for i in taken),
            slices.duration_s,
            (),
        )
        if is_settled(part, len(slices.values), card, clearance):
            break
    return part


def changed(outcome: Outcome, ten: Outcome, card: ModelCard) -> float:
    """The share of tracks that get any tag otherwise than by ten windows."""
    pairs = zip(outcome.votes, ten.votes, strict=True)
    return float(np.mean([_tags(one, card) != _tags(other, card) for one, other in pairs]))


def _tags(votes: Array, card: ModelCard) -> set[str]:
    scores = TrackScores(calibrate(votes, card), card.vocabulary)
    return {tag.name for tag in choose_tags(scores, card, Settings().choice)}


def main() -> None:
    """Measure, write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="training/held_out/small.json")
    parser.add_argument("--fold", type=int, default=1)
    parser.add_argument("--long", type=Path)
    args = parser.parse_args()
    model = load_model(args.model)
    clips = [clip for clip in genres.load(args.data) if clip.fold == args.fold]
    targets = np.array([clip.targets for clip in clips], dtype=np.float32)
    held_out = predict_clips(model, [clip.path for clip in clips])
    lines = [
        "# When a track is heard enough",
        "",
        (
            f"`python -m benchmarks.voting --data DATA --fold {args.fold} --model {args.model}`, "
            f"{model.card.id}: {len(clips)} clips of 30 s by artists the model has never heard. "
            "Clearance is in standard errors; the shipped one is in bold. Changed: tracks that get "
            "any tag otherwise than with ten windows, which are a sample themselves."
        ),
        "",
        "| clearance | mean windows | macro AP | macro ROC-AUC | macro F1 | tracks changed |",
        "|---|---|---|---|---|---|",
    ]
    ten = play(held_out, model.card, None)
    groups = np.array([clip.group for clip in clips], dtype=np.str_)
    for clearance in (*CLEARANCES, None):
        outcome = play(held_out, model.card, clearance)
        whole = HeldOut(targets, outcome.votes, groups, np.ones(len(clips), dtype=np.bool_))
        figures = measure_all({GENRES: whole}, model.card)[GENRES]
        name = "none: ten windows" if clearance is None else f"{clearance:g}"
        name = f"**{name}**" if clearance == CLEARANCE else name
        lines.append(
            f"| {name} | {outcome.windows.mean():.2f} | {figures['macro_ap']:.4f} "
            f"| {figures['macro_roc_auc']:.4f} | {figures['macro_f1']:.4f} "
            f"| {changed(outcome, ten, model.card):.1%} |"
        )
    if args.long:
        lines += _long(model, args.long)
    text = "\n".join(lines) + "\n"
    (HERE / "VOTING.md").write_text(text, encoding="utf-8")
    print(text)


def _long(model: Model, folder: Path) -> list[str]:
    paths = [item for item in find_files([folder]) if isinstance(item, Path)]
    held_out = predict_clips(model, paths)
    ten, outcome = play(held_out, model.card, None), play(held_out, model.card, CLEARANCE)
    return [
        "",
        (
            f"{len(paths)} rendered tracks of {held_out[0].duration_s:.0f} s, with the shipped "
            f"clearance: {outcome.windows.mean():.2f} windows in the mean, "
            f"{changed(outcome, ten, model.card):.1%} of the tracks changed."
        ),
    ]


if __name__ == "__main__":
    main()
