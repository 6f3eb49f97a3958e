"""Finished cells -> means over seeds, their spread, and what leaks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from training.experiments.baselines.systems import Entrant
from training.experiments.compare.cells import Result, Results, material_of
from training.experiments.compare.features import FeatureStore
from training.experiments.compare.grid import Selection, has_learned_from, why_empty
from training.experiments.compare.margins import HONEST, Margin, margins
from training.experiments.compare.metrics import ACCURACY, AP, ROC_AUC, Figures
from training.experiments.compare.tasks import Task
from training.experiments.protocols import PROTOCOLS, Protocol
from training.experiments.runner.summary import Mean

LEAKING = PROTOCOLS["random-slice"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A cell of the table: all seeds of a system under a protocol, or why there are none."""

    system: str
    protocol: str
    main: Mean | None  # accuracy, or mean average precision
    roc_auc: Mean | None
    empty: str = ""
    heard: bool = False  # the body of our network has learned from some of what is asked


@dataclass(frozen=True, slots=True)
class Leak:
    """How much a system gains under `random-slice` over `artist-grouped`."""

    system: str
    leaking: Mean  # of slices
    honest: Mean  # of slices, too
    honest_tracks: Mean
    heard: bool

    @property
    def gain(self) -> float:
        """Slices against slices."""
        return self.leaking.value - self.honest.value


@dataclass(frozen=True, slots=True)
class Cost:
    """What a system takes, over all of its cells of a task."""

    system: str
    parameters: int
    learn_s: float
    track_ms: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """All there is to tell of a task."""

    task: str
    single: bool
    classes: tuple[str, ...]
    clips: int
    artists: int
    asked: dict[str, int]  # tracks, by protocol
    systems: dict[str, str]  # titles
    protocols: dict[str, str]  # titles, of those that apply
    refused: dict[str, str]  # why others do not
    entries: tuple[Entry, ...]
    leaks: tuple[Leak, ...]
    margins: tuple[Margin, ...]
    costs: tuple[Cost, ...]

    @property
    def main(self) -> str:
        """What the main figure is called."""
        return "accuracy" if self.single else "mean average precision"


def summarise(
    task: Task,
    stock: FeatureStore,
    ledger: Results,
    selection: Selection,
) -> Comparison:
    """Of one task, from the cells that are there."""
    material = material_of(task, stock, selection.fold)
    systems, protocols = selection.systems, selection.protocols
    refused = {p.name: why for p in protocols if (why := p.refuses(material))}
    applying = [protocol for protocol in protocols if protocol.name not in refused]
    own = [result for cell, result in ledger.results.items() if cell.task == task.name]
    groups = {(s.name, p.name): _of(own, s.name, p.name) for s in systems for p in applying}
    entries = [
        _entry(system, protocol, groups[system.name, protocol.name], task)
        if groups[system.name, protocol.name]
        else Entry(system.name, protocol.name, None, None,
                   why_empty(system, protocol, task, material) or "not run")
        for system in systems
        for protocol in applying
    ]  # fmt: skip
    leaks = [_leak(s, groups, task) for s in systems] if {LEAKING, HONEST} <= set(applying) else []
    return Comparison(
        task=task.name,
        single=task.single,
        classes=task.classes,
        clips=len(task.clips),
        artists=len({clip.group for clip in task.clips}),
        asked={p.name: found[0].tracks for p in applying
               if (found := [r for r in own if r.cell.protocol == p.name])},
        systems={system.name: system.title for system in systems},
        protocols={protocol.name: protocol.title for protocol in applying},
        refused=refused,
        entries=tuple(entries),
        leaks=tuple(leak for leak in leaks if leak),
        margins=tuple(margins(task, material, systems, selection.seeds, ledger)),
        costs=tuple(_costs(systems, own)),
    )  # fmt: skip


def _of(results: Iterable[Result], system: str, protocol: str) -> list[Result]:
    return [r for r in results if (r.cell.system, r.cell.protocol) == (system, protocol)]


def _entry(system: Entrant, protocol: Protocol, found: list[Result], task: Task) -> Entry:
    figures = [result.by_slice if protocol.by_slice else result.by_track for result in found]
    main = ACCURACY if task.single else AP
    return Entry(
        system.name,
        protocol.name,
        _mean(figures, main),
        _mean(figures, ROC_AUC),
        heard=has_learned_from(system, protocol, task),
    )


def _leak(system: Entrant, groups: dict[tuple[str, str], list[Result]], task: Task) -> Leak | None:
    main = ACCURACY if task.single else AP
    leaking, honest = (groups[system.name, p.name] for p in (LEAKING, HONEST))
    if not leaking or not honest:
        return None
    means = (
        _mean([result.by_slice for result in leaking], main),
        _mean([result.by_slice for result in honest], main),
        _mean([result.by_track for result in honest], main),
    )
    if not (means[0] and means[1] and means[2]):
        return None
    return Leak(system.name, means[0], means[1], means[2], has_learned_from(system, LEAKING, task))


def _costs(systems: Sequence[Entrant], results: Sequence[Result]) -> Iterable[Cost]:
    for system in systems:
        if own := [result for result in results if result.cell.system == system.name]:
            yield Cost(
                system.name,
                round(float(np.median([result.parameters for result in own]))),
                float(np.median([result.learn_s for result in own])),
                float(np.median([result.track_ms for result in own])),
            )


def _mean(figures: Sequence[Figures | None], name: str) -> Mean | None:
    return Mean.of(row[name] for row in figures if row)
