"""`python -m training folds`: runs that each held a fold out, on learned and on held-out songs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from training.cli.console import progress, quiet_threads
from training.cli.options import COMMONEST, cache_folder, data_folder
from training.experiments.rotation import SOURCE

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from tagger.models.model import Model
    from training.data.mel_cache import Mel


@click.command()
@data_folder("tracks.csv and the songs it names")
@cache_folder("mel spectrograms")
@COMMONEST
@click.argument(
    "cards", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
def folds(*, data: Path, cache: Path, labels: int, cards: tuple[Path, ...]) -> None:
    """Judge the models CARDS, of runs that held out fold 1, 2, 3 ... in this order.

    By track, the genres with most songs: a table in Markdown, learned songs beside held-out ones.
    The last line is of all songs, each judged by the model that did not learn from it.
    """
    quiet_threads()
    import numpy as np

    from tagger.errors import DataError
    from tagger.models.model import load_model
    from training.data.datasets import genres
    from training.data.mel_cache import load_features
    from training.data.taxonomy import LISTED_GENRES, VOCABULARY
    from training.experiments.baselines.regression import commonest

    clips = [clip for clip in genres.load(data) if clip.source == SOURCE]
    models = [load_model(str(card)) for card in cards]
    for path, model in zip(cards, models, strict=True):
        if model.card.vocabulary != VOCABULARY:
            raise DataError("has other labels than those that data are read with", path)
    with progress("reading sound", len(clips)) as advance:
        features = load_features(clips, models[0].card.mel, cache, advance)
    clips = [clip for clip in clips if clip.id in features]
    targets = np.stack([clip.targets[: len(LISTED_GENRES)] for clip in clips])
    columns = commonest(targets.astype(np.float64), labels)
    fold_of = np.array([clip.fold for clip in clips])
    votes = []
    for model in models:
        with progress(f"classifying: {model.card.id}", len(clips)) as advance:
            votes.append(np.stack([_vote(model, features[c.id], advance) for c in clips]))
    chosen = np.stack(votes)[:, :, columns]
    for line in table(targets[:, columns], chosen, fold_of):
        click.echo(line)


def _vote(model: Model, mel: Mel, advance: Callable[[], object]) -> npt.NDArray[np.float32]:
    """The mean score of each label over the windows of a song. Shape: `(K,)`."""
    import numpy as np

    from tagger.inference.mel_spectrogram import compress
    from training.data.mel_cache import song_windows

    spec = model.card.mel
    power = np.stack(list(song_windows(mel, spec)))
    scores = 1 / (1 + np.exp(-model.logits(compress(power, spec))))
    advance()
    return np.asarray(scores.mean(axis=0))


def table(
    targets: npt.NDArray[np.float32],
    votes: npt.NDArray[np.float32],
    fold_of: npt.NDArray[np.int64],
) -> list[str]:
    """Lines of Markdown.

    Shape: `targets` `(N, K)`, `votes` `(R, N, K)` of the runs that held out fold 1 to R
    """
    import numpy as np

    from training.evaluation.metrics import average_precision, macro, roc_auc

    def row(name: str, learned: tuple[float, float] | None, apart: tuple[float, float]) -> str:
        known = [f"{value:.3f}" for value in learned] if learned else ["", ""]
        return f"| {name} | {' | '.join([*known, *(f'{value:.3f}' for value in apart)])} |"

    def figures(rows: npt.NDArray[np.bool_], run: int) -> tuple[float, float]:
        own = targets[rows], votes[run][rows]
        return macro(roc_auc, *own), macro(average_precision, *own)

    lines = [
        "| held out | ROC-AUC, learned | mAP, learned | ROC-AUC, held out | mAP, held out |",
        "|---|---|---|---|---|",
    ]
    joined = np.full(targets.shape, np.nan, dtype=np.float32)
    for run in range(len(votes)):
        apart = fold_of == run + 1
        joined[apart] = votes[run][apart]
        lines.append(row(f"fold {run + 1}", figures(~apart, run), figures(apart, run)))
    rows = ~np.isnan(joined).any(axis=1)
    own = targets[rows], joined[rows]
    return [*lines, row("all", None, (macro(roc_auc, *own), macro(average_precision, *own)))]
