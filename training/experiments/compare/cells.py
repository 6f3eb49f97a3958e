"""One cell of the table: a system under a protocol, once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from training.experiments.baselines.problem import Answer, Array, Problem, Sound
from training.experiments.baselines.systems import Ensemble, Entrant, Ours
from training.experiments.compare.features import SLICES, FeatureStore
from training.experiments.compare.metrics import Figures, by_track, figures
from training.experiments.compare.our_network import votes_for
from training.experiments.compare.tasks import Task
from training.experiments.protocols import Material, Parts, Protocol
from training.experiments.runner.ledger import Ledger, Outcome


@dataclass(frozen=True, slots=True)
class Cell:
    """A system under a protocol, once."""

    task: str
    protocol: str
    system: str
    seed: int


@dataclass(frozen=True, slots=True)
class Result(Outcome[Cell]):
    """What came of a cell."""

    slices: tuple[int, int, int]  # learned from, chosen by, asked about
    tracks: int  # asked about
    by_slice: Figures | None
    by_track: Figures | None
    parameters: int
    learn_s: float  # seconds of processor time
    answer_s: float  # the same, for all slices asked about
    track_ms: float  # the same in milliseconds for a track, from decoded sound to scores


Results = Ledger[Cell, Result]


def open_ledger(folder: Path, setup: dict[str, Any]) -> Results:
    """The finished cells in a folder; a DataError where they are of another setup."""
    return Ledger(folder, setup, _result, "results of other data, settings or another model")


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """All that the cells of a task have in common."""

    task: Task
    stock: FeatureStore
    material: Material
    sound: Sound

    @classmethod
    def of(cls, task: Task, stock: FeatureStore, fold: int) -> Table:
        """A task with its sound."""
        return cls(task, stock, material_of(task, stock, fold), stock.sound(task.clips))

    def fill(
        self, cell: Cell, system: Entrant, protocol: Protocol, ledger: Results
    ) -> tuple[Result, Array]:
        """The result of a cell, and the scores behind it."""
        parts = divide(self.material, protocol, cell.seed)
        problem = Problem(self.sound, self.task.targets, self.task.single, parts)
        if isinstance(system, Ours):
            return self._of_votes(cell, problem)
        if isinstance(system, Ensemble):
            answers = [_finished(replace(cell, system=name), ledger) for name in system.members]
            return self._of_slices(cell, problem, system.join(answers), ("images",), protocol)
        answer = system.answer(problem, cell.seed)
        return self._of_slices(cell, problem, answer, system.inputs, protocol)

    def _of_slices(
        self,
        cell: Cell,
        problem: Problem,
        answer: Answer,
        inputs: tuple[str, ...],
        protocol: Protocol,
    ) -> tuple[Result, Array]:
        task, test, scores = self.task, problem.parts.test, answer.scores
        tracks, means = by_track(self.sound.tracks[test], scores)
        # Sound is decoded for every system alike: it is not counted.
        front_ms = sum(self.stock.front_ms[name] for name in inputs if name != "waves")
        whole = figures(task.targets[tracks], means, task.classes, single=task.single)
        return Result(
            cell=cell,
            slices=(len(problem.parts.train), len(problem.parts.valid), len(test)),
            tracks=len(tracks),
            by_slice=figures(problem.truth(test), scores, task.classes, single=task.single),
            by_track=None if protocol.by_slice else whole,
            parameters=answer.parameters,
            learn_s=round(answer.learn_s, 3),
            answer_s=round(answer.answer_s, 4),
            track_ms=round(front_ms + answer.answer_s / len(test) * SLICES * 1000, 2),
        ), scores

    def _of_votes(self, cell: Cell, problem: Problem) -> tuple[Result, Array]:
        """Our network votes over whole tracks, as in a scan."""
        task, stock = self.task, self.stock
        assert stock.ours
        tracks = np.unique(self.sound.tracks[problem.parts.test])
        votes = stock.votes[stock.rows([task.clips[track] for track in tracks])]
        scores = votes_for(task.classes, votes, stock.ours.model.card.vocabulary)
        return Result(
            cell=cell,
            slices=(0, 0, len(problem.parts.test)),
            tracks=len(tracks),
            by_slice=None,
            by_track=figures(task.targets[tracks], scores, task.classes, single=task.single),
            parameters=stock.ours.parameters,
            learn_s=0.0,
            answer_s=0.0,
            track_ms=round(stock.front_ms["votes"], 2),
        ), scores


def material_of(task: Task, stock: FeatureStore, fold: int) -> Material:
    """What a protocol divides."""
    classes = tuple(task.classes[i] for i in task.targets.argmax(axis=1)) if task.single else ()
    return Material(task.clips, stock.tracks(task.clips), classes, fold)


def divide(material: Material, protocol: Protocol, seed: int) -> Parts:
    """The same for all systems: a seed is a way to divide, and a random start."""
    return protocol.divide(material, np.random.default_rng(seed))


def _finished(cell: Cell, ledger: Results) -> Answer:
    result = ledger.results[cell]
    return Answer(ledger.scores(cell), result.parameters, result.learn_s, result.answer_s)


def _result(row: dict[str, Any]) -> Result:
    cell, slices = Cell(**row.pop("cell")), tuple(row.pop("slices"))
    return Result(cell=cell, slices=slices, **row)
