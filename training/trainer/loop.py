"""The training loop: batches in, averaged weights out; stops and goes on exactly where it was.

All randomness of a step is seeded by (seed, step), so a run that was killed and resumed makes the
same weights as one that was not.
"""

from __future__ import annotations

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
from training.trainer.checkpoints import mean_weights, write_checkpoint
from training.trainer.distillation import Ensemble, load_ensemble
from training.trainer.distributed import ALONE, Team
from training.trainer.early_stopping import Best, Validation
from training.trainer.losses import blended_label_loss, label_loss, teacher_loss
from training.trainer.optimiser import Optimiser, running_average


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
    on_validation: Callable[[int, float], object] = lambda step, value: None,
) -> PooledNetwork:
    """Train, or go on from the checkpoint in `folder`, and return the averaged network on the CPU.

    `report` is called after each step with its number and the loss; `on_validation`
    after each validation with the step and the figure. With patience, the network is the best one.
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
        if pools.validation and config.loop.patience and run.step % config.loop.watch_every == 0:
            on_validation(run.step, run.validate(pools.validation))
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
        self.best = Best()
        self.optimiser = Optimiser(self.student.parameters(), config.loop, self.precision)
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
        self.model.train()
        with self.precision.autocast():
            loss = self._loss(batch, rng)
        self.optimiser.step(loss, self.step / loop.steps)
        self.average.update_parameters(self.student)
        self.step += 1
        return float(loss.detach())

    def validate(self, clips: Validation) -> float:
        """ROC-AUC of the averaged network on the validation clips."""
        value = clips.roc_auc(self._averaged(), self.device) if self.team.is_first else 0.0
        self.best.update(value, self._averaged())
        return value

    def is_over(self) -> bool:
        """Whether the best validation lies as far back as patience reaches; all processes agree."""
        patience = self.config.loop.patience
        return bool(patience) and self.team.agree(self.best.since >= patience, self.device)

    def network(self) -> PooledNetwork:
        """The averaged network, or the best on the validation clips."""
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
        mel = blend(mel, weight[:, None], partner)
        share = weight.mean(dim=1, keepdim=True)
        logits, answers = (out.float() for out in self.model(mel))
        of_kinds = config.loop.genre_weight, config.loop.instrument_weight
        loss = blended_label_loss(logits, targets, share, partner, of_kinds)
        taught = teacher_loss(answers, blend(soft, share, partner), config.loop.embedding_weight)
        loss = loss + config.loop.teacher_weight * taught
        if self.ensemble:
            opinion = self.ensemble.opinion(mel, targets)
            kinds = config.loop.ensemble_genre_weight, 1.0
            own = label_loss(logits, opinion, torch.ones_like(share), kinds)
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
        state = {
            "step": self.step,
            "config": repr(self.config),
            "labels": label_names(),
            "ensemble": self.taught_by,
            "student": self.student.state_dict(),
            "average": self.average.state_dict(),
            **self.optimiser.state(),
            "best": self.best.state(),
        }
        write_checkpoint(state, path)

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
        self.optimiser.load(state)
        self.best = Best(**state["best"])
        return True
