"""From labelled clips to the table on disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tagger.errors import DataError
from training.data.datasets import Clip
from training.evaluation.card_figures import Progress
from training.evaluation.diagrams import png_bytes
from training.experiments.baselines.pictured import PLAN
from training.experiments.compare.cells import Results, open_ledger
from training.experiments.compare.features import FeatureStore, compute_features
from training.experiments.compare.figure import picture
from training.experiments.compare.grid import Selection, inputs_of, planned, run
from training.experiments.compare.markdown import Provenance, json_text, markdown_text
from training.experiments.compare.our_network import OurNetwork
from training.experiments.compare.summary import Comparison, summarise
from training.experiments.compare.tasks import Labelled, Task, tasks_of, without

REPORT, FIGURES, PICTURE = "comparison.md", "comparison.json", "comparison.png"


@dataclass(frozen=True, slots=True, eq=False)
class Settings:
    """What is compared, on what, and with which network as ours."""

    selection: Selection
    least: int  # clips of one genre alone that a class needs in the fold held out
    steps: int | None  # of the networks over pictures; None: their own
    ours: OurNetwork | None


def compare_all(
    labelled: Sequence[Labelled], settings: Settings, out: Path, progress: Progress
) -> Path:
    """Fill the table of every data set, and write it; returns the path of the report.

    What is computed of the sound is kept in a folder beside `out`, every finished cell in `out`.
    """
    ledger = open_ledger(out, _setup(labelled, settings))
    found: list[Comparison] = []
    for data in labelled:
        tasks = tasks_of(data, settings.selection.fold, settings.least)
        if not tasks:
            raise DataError(f"{data.name}: no two genres have clips enough to compare on")
        tasks, stock = _with_features(tasks, settings, out.parent / "features", progress)
        _fill(tasks, stock, settings, ledger, progress)
        found += [summarise(task, stock, ledger, settings.selection) for task in tasks]
    return _write(found, settings, out)


def _with_features(
    tasks: Sequence[Task], settings: Settings, cache: Path, progress: Progress
) -> tuple[list[Task], FeatureStore]:
    """The tasks over clips that can be heard."""
    clips: dict[str, Clip] = {clip.id: clip for task in tasks for clip in task.clips}
    wanted = {name for system in settings.selection.systems for name in inputs_of(system)}
    with progress("reading sound", len(clips)) as advance:
        stock = compute_features(list(clips.values()), wanted, settings.ours, cache, advance)
    silent = set(clips) - {clip.id for clip in stock.clips}
    return [without(task, silent) for task in tasks], stock


def _fill(
    tasks: Sequence[Task],
    stock: FeatureStore,
    settings: Settings,
    ledger: Results,
    progress: Progress,
) -> None:
    n_cells = len(planned(tasks, stock, settings.selection))
    with progress(f"comparing: {tasks[0].data}", n_cells) as advance:
        run(tasks, stock, settings.selection, ledger, advance)


def _write(found: Sequence[Comparison], settings: Settings, out: Path) -> Path:
    card = settings.ours.model.card if settings.ours else None
    made = Provenance(
        model=f"{card.name} {card.version}, {card.sha256[:8]}" if card else "",
        seeds=settings.selection.seeds,
        steps=settings.steps or PLAN.steps,
        fold=settings.selection.fold,
    )
    (out / PICTURE).write_bytes(png_bytes(picture(found)))
    (out / FIGURES).write_text(json_text(found, made), encoding="utf-8")
    report = out / REPORT
    report.write_text(markdown_text(found, made, PICTURE), encoding="utf-8")
    return report


def _setup(labelled: Sequence[Labelled], settings: Settings) -> dict[str, Any]:
    """What two runs must have in common for one to go on where the other was."""
    return {
        "data": {data.name: len(data.clips) for data in labelled},
        "fold": settings.selection.fold,
        "least": settings.least,
        "steps": settings.steps or PLAN.steps,
        "ours": settings.ours.model.card.sha256 if settings.ours else "",
    }
