"""Every system under every protocol that applies, seed by seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from training.experiments.baselines.pictured import Pictured
from training.experiments.baselines.problem import Array
from training.experiments.baselines.systems import SYSTEMS, Ensemble, Entrant, Ours
from training.experiments.compare.cells import Cell, Result, Results, Table, material_of
from training.experiments.compare.features import FeatureStore
from training.experiments.compare.tasks import Task
from training.experiments.protocols import Material, Protocol
from training.experiments.runner.grid import fill


@dataclass(frozen=True, slots=True)
class Selection:
    """What is to be compared."""

    systems: tuple[Entrant, ...]
    protocols: tuple[Protocol, ...]
    seeds: int
    fold: int


def chosen(names: Sequence[str], steps: int | None, *, ours: bool) -> tuple[Entrant, ...]:
    """Systems by name with what they need of each other, all of them where none is named.

    Those over our network are left out unless there is one.
    """
    wanted = set(names or SYSTEMS)
    for name in tuple(wanted):
        if isinstance(system := SYSTEMS[name], Ensemble):
            wanted |= set(system.members)
    return tuple(
        _with_steps(system, steps)
        for name, system in SYSTEMS.items()
        if name in wanted and (ours or not needs_ours(system))
    )


def needs_ours(system: Entrant) -> bool:
    """Whether a system hears through our network."""
    return isinstance(system, Ours) or bool({"embeddings"} & set(inputs_of(system)))


def inputs_of(system: Entrant) -> tuple[str, ...]:
    """Which arrays a system needs; an ensemble none but its members'."""
    return () if isinstance(system, Ensemble) else system.inputs


def why_empty(system: Entrant, protocol: Protocol, task: Task, material: Material) -> str:
    """Why a cell of the table stays empty, or nothing."""
    if why := protocol.refuses(material):
        return why
    if isinstance(system, Ours) and protocol.by_slice:
        return "votes over whole tracks"
    if isinstance(system, Ours) and task.learned_by_ours and protocol.leaks:
        return "has learned from some of the clips asked about"
    return ""


def has_learned_from(system: Entrant, protocol: Protocol, task: Task) -> bool:
    """Whether the body of our network has learned from some of the clips asked about."""
    return needs_ours(system) and task.learned_by_ours and bool(protocol.leaks)


def planned(tasks: Sequence[Task], stock: FeatureStore, selection: Selection) -> list[Cell]:
    """All cells that will not stay empty, in the order in which they are filled: seed by seed."""
    return [
        Cell(task.name, protocol.name, system.name, seed)
        for seed in range(1, selection.seeds + 1)
        for task in tasks
        for material in [material_of(task, stock, selection.fold)]
        for protocol in selection.protocols
        for system in selection.systems
        if not why_empty(system, protocol, task, material)
    ]


def run(
    tasks: Sequence[Task],
    stock: FeatureStore,
    selection: Selection,
    ledger: Results,
    advance: Callable[[], object],
) -> None:
    """Fill all cells that are not in the ledger yet."""
    by_name = {task.name: task for task in tasks}
    systems = {system.name: system for system in selection.systems}
    protocols = {protocol.name: protocol for protocol in selection.protocols}

    @lru_cache(maxsize=1)  # cells of one task follow each other
    def table(task: str) -> Table:
        return Table.of(by_name[task], stock, selection.fold)

    def run_cell(cell: Cell) -> tuple[Result, Array]:
        system, protocol = systems[cell.system], protocols[cell.protocol]
        return table(cell.task).fill(cell, system, protocol, ledger)

    fill(planned(tasks, stock, selection), ledger, run_cell, advance)


def _with_steps(system: Entrant, steps: int | None) -> Entrant:
    """A system over pictures that learns for another number of steps."""
    if steps is None or not isinstance(system, Pictured):
        return system
    every = max(1, min(system.plan.watch_every, steps))
    return replace(system, plan=replace(system.plan, steps=steps, watch_every=every))
