"""The training loop: batches in, averaged weights out; stops and goes on exactly where it was.

All randomness of a step is seeded by (seed, step), so a run that was killed and resumed makes the
same weights as one that was not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from tagger.errors import DataError
from training.augment.mixup import blend, blend_draw
from training.augment.spectrogram import augment_power, mask, mix_style, mix_style_draw
from training.config import Config
from training.data.batch_sampler import Pools, Slice, draw_batch
from training.data.taxonomy import VOCABULARY, label_names
from training.data.teacher_outputs import WIDTH
from training.networks import PooledNetwork, build
from training.networks.mel_frontend import compress
from training.trainer.amp import Precision
from training.trainer.distillation import Ensemble, load_ensemble
from training.trainer.distributed import ALONE, Team
from training.trainer.early_stopping import Best, Watched
from training.trainer.losses import label_loss, teacher_loss
from training.trainer.warm_start import mean_weights


class Student(nn.Module):
    """The network with the head that answers the teachers, which is dropped at export."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.network = build(config.network, len(VOCABULARY), config.mel.n_mels)
        self.teacher_head = nn.Linear(self.network.head.in_features, WIDTH)

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        """Return label logits and answers to the teachers.

        Shape: `(B, M, F)` in, `(B, K)` and `(B, WIDTH)` out
        """
        embedding = self.network.embed(mel)
        logits = self.network.head(self.network.dropout(embedding))
        return logits, self.teacher_head(embedding)


def train(
    config: Config,
    pools: Pools,
    folder: Path,
    device: torch.device,
    report: Callable[[int, float], object] = lambda step, loss: None,
    *,
    start: Sequence[Path] = (),
    ensemble: Sequence[Path] = (),
    team: Team = ALONE,
    heard: Callable[[int, float], object] = lambda step, value: None,
) -> PooledNetwork:
    """Train, or go on from the checkpoint in `folder`, and return the averaged network on the CPU.

    `report` is called after each step with its number and the loss; `heard` after each hearing of
    the watched clips with the step and the figure. With patience, the network is the best heard.
    `start`: checkpoints of other runs; a new run begins with the mean of their averaged weights.
    `ensemble`: checkpoints of runs whose common opinion is learned beside the labels.
    """
    torch.manual_seed(config.loop.seed)
    run = _Run(config, device, team, load_ensemble(ensemble, config, device))
    if not run.load(folder / "checkpoint.pt") and start:
        run.begin_with(start)
        run.save(folder / "checkpoint.pt")  # it may be all there is to do
    while run.step < config.loop.steps and not run.is_over():
        loss = run.advance(pools)
        report(run.step, loss)
        if pools.watched and config.loop.patience and run.step % config.loop.watch_every == 0:
            heard(run.step, run.hear(pools.watched))
        if run.step % config.loop.save_every == 0 or run.step == config.loop.steps:
            run.save(folder / "checkpoint.pt")
    if run.is_over():
        run.save(folder / "checkpoint.pt")
    return run.network()


class _Run:
    """What changes from step to step."""

    def __init__(
        self, config: Config, device: torch.device, team: Team, ensemble: Ensemble | None
    ) -> None:
        self.config, self.device, self.team, self.step = config, device, team, 0
        self.ensemble = ensemble
        # Channels last is the layout in which CPUs run depthwise convolutions fastest.
        self.student = Student(config).to(device)
        self.student.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.model = team.wrap(self.student, device)
        self.precision = Precision.of(config.loop.precision, device)
        self.scaler = self.precision.scaler()
        self.best = Best()
        self.optimiser = torch.optim.AdamW(
            self.student.parameters(),
            lr=config.loop.learning_rate,
            weight_decay=config.loop.weight_decay,
        )
        # Buffers too: the moments of batch normalisation belong to the averaged weights.
        self.average = AveragedModel(
            self.student, multi_avg_fn=running_average(config.loop.average_decay), use_buffers=True
        )

    def advance(self, pools: Pools) -> float:
        """One step of the optimiser; returns the loss."""
        loop = self.config.loop
        # The first process draws what a run of one process would.
        own = (self.team.rank,) if self.team.rank else ()
        rng = np.random.default_rng((loop.seed, self.step, *own))
        torch.manual_seed(int(rng.integers(2**62)))
        batch = draw_batch(pools, self.config.recipe, rng)
        for group in self.optimiser.param_groups:
            group["lr"] = loop.learning_rate * schedule(self.step / loop.steps, loop.warm_up)
        self.model.train()
        with self.precision.autocast():
            loss = self._loss(batch, rng)
        self._descend(loss)
        self.average.update_parameters(self.student)
        self.step += 1
        return float(loss.detach())

    def _descend(self, loss: Tensor) -> None:
        self.optimiser.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        self.scaler.unscale_(self.optimiser)
        nn.utils.clip_grad_norm_(self.student.parameters(), self.config.loop.clip_norm)
        self.scaler.step(self.optimiser)
        self.scaler.update()

    def hear(self, clips: Watched) -> float:
        """How well the averaged network hears the watched clips."""
        value = clips.roc_auc(self._averaged(), self.device) if self.team.is_first else 0.0
        self.best.update(value, self._averaged())
        return value

    def is_over(self) -> bool:
        """Whether the best hearing lies as far back as patience reaches; all processes agree."""
        patience = self.config.loop.patience
        return bool(patience) and self.team.agree(self.best.since >= patience, self.device)

    def network(self) -> PooledNetwork:
        """The averaged network, or the best that was heard."""
        network = self._averaged().cpu().eval()
        if self.best.weights:
            network.load_state_dict(self.best.weights)
        return network

    def _averaged(self) -> PooledNetwork:
        student = self.average.module
        assert isinstance(student, Student)
        return student.network

    def _loss(self, batch: list[Slice], rng: np.random.Generator) -> Tensor:
        config, device = self.config, self.device
        draws = torch.Generator().manual_seed(int(rng.integers(2**62)))
        power = torch.from_numpy(np.stack([s.power for s in batch])).to(device)
        targets = torch.from_numpy(np.stack([s.targets for s in batch])).to(device)
        soft = torch.from_numpy(np.stack([s.soft for s in batch])).to(device)
        mel = compress(augment_power(power, config.augment, draws), config.mel)
        if config.augment.mix_style:
            mel = mix_style(mel, *mix_style_draw(len(batch), config.augment, draws))
        mel = mask(mel, config.augment, draws)
        weight, partner = (x.to(device) for x in blend_draw(config, len(batch), draws))
        mel = blend(mel, weight, partner)
        share = weight.mean(dim=1, keepdim=True)
        logits, answers = (out.float() for out in self.model(mel))
        loss = label_loss(
            torch.cat([logits, logits]),
            torch.cat([targets, targets[partner]]),
            torch.cat([share, 1 - share]),
        )
        blended = soft * share + soft[partner] * (1 - share)
        taught = teacher_loss(answers, blended, config.loop.embedding_weight)
        loss = loss + config.loop.teacher_weight * taught
        if self.ensemble:
            opinion = self.ensemble.opinion(mel, targets)
            own = label_loss(logits, opinion, torch.ones_like(share))
            loss = loss + config.loop.ensemble_weight * own
        return loss

    @property
    def taught_by(self) -> int:
        """How many networks there are in the ensemble."""
        return len(self.ensemble.networks) if self.ensemble else 0

    def save(self, path: Path) -> None:
        """Write the state so that an interrupted write leaves the old one."""
        if not self.team.is_first:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        state = {
            "step": self.step,
            "config": repr(self.config),
            "labels": label_names(),
            "ensemble": self.taught_by,
            "student": self.student.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "scaler": self.scaler.state_dict(),
            "best": self.best.state(),
        }
        unfinished = path.with_suffix(".tmp")
        torch.save(state, unfinished)
        unfinished.replace(path)

    def begin_with(self, paths: Sequence[Path]) -> None:
        """Take the mean of the averaged weights of other runs."""
        weights = mean_weights(paths, self.student.state_dict(), self.device)
        self.student.load_state_dict(weights)
        self.average.module.load_state_dict(weights)

    def load(self, path: Path) -> bool:
        """Take up a saved state if there is one; whether there was."""
        if not path.exists():
            return False
        state = torch.load(path, map_location=self.device, weights_only=True)
        if state.get("ensemble", 0) != self.taught_by:
            raise DataError(
                "is of a run with other --distil; give the same, or another --out", path
            )
        if state["config"] != repr(self.config):
            raise DataError("is of a run with other settings; choose another --out folder", path)
        self.step = state["step"]
        self.student.load_state_dict(state["student"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.scaler.load_state_dict(state["scaler"])
        self.best = Best(**state["best"])
        return True


def running_average(
    decay: float,
) -> Callable[[Sequence[Tensor], Sequence[Tensor], Tensor | int], None]:
    """An exponential average that forgets fast at first.

    With a constant decay of 0.998 the random weights of the start still make up an eighth after
    1,000 steps, which cost 0.2 of ROC-AUC when we tried.
    """

    def average(kept: Sequence[Tensor], new: Sequence[Tensor], n_averaged: Tensor | int) -> None:
        share = 1 - min(decay, (1 + int(n_averaged)) / (10 + int(n_averaged)))
        for old, current in zip(kept, new, strict=True):
            if old.is_floating_point():
                old.lerp_(current, share)
            else:
                old.copy_(current)

    return average


def schedule(progress: float, warm_up: float) -> float:
    """Share of the learning rate at a share of all steps: a ramp, then half a cosine.

    >>> [round(schedule(p, 0.1), 2) for p in (0.0, 0.05, 0.1, 0.55, 1.0)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    if progress < warm_up:
        return progress / warm_up
    return 0.5 * (1 + math.cos(math.pi * (progress - warm_up) / (1 - warm_up)))
