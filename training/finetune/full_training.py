"""`--full`: fine-tune the whole network on the user's tracks, starting from the head of `--fast`.

One fifth of the artists is held out to calibrate the labels and to compare the result with --fast.
Each step seeds its randomness from (seed, step), so a resumed run gives the same network as an
uninterrupted one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel

from tagger.audio import iter_windows
from tagger.inference.aggregation import aggregate
from tagger.inference.mel_spectrogram import mel_power
from tagger.inference.slice_scores import iter_mel, predict_slices
from tagger.models.card import MelSpec, ModelCard
from tagger.models.session import LOGITS, open_network
from tagger.scanning.settings import Settings as Scan
from training.augment.spectrogram import AugmentConfig, augment_power, mask
from training.evaluation.calibration import fit_rules, reliability_bins
from training.finetune.examples import Array, Examples, Indices
from training.finetune.fit import Progress, TrainedHead, base_votes
from training.finetune.heads import fit_head, votes
from training.finetune.onnx_graph import BASE_LOGITS, load_network, read_network, with_head
from training.finetune.summary import compare, confusions, label_curves, predict_base, predict_own
from training.finetune.suspects import suspects
from training.finetune.torch_network import GraphModule, put_back
from training.networks.mel_frontend import compress
from training.trainer.amp import Precision
from training.trainer.checkpoints import write_checkpoint
from training.trainer.losses import masked_bce
from training.trainer.optimiser import Optimiser, running_average

if TYPE_CHECKING:
    from training.finetune.options import TrainOptions
    from training.finetune.run import Prepared

HELD_OUT = 0  # fold
Power = npt.NDArray[np.float16]
LEAST_POWER = 1e-10  # log10 needs a floor


@dataclass(frozen=True, slots=True)
class Settings:
    """Hyperparameters of fine-tuning."""

    steps: int = 600
    batch: int = 32  # slices
    learning_rate: float = 3e-4  # at the end of the warm-up; a tenth of what training began with
    warm_up: float = 0.1  # share of all steps
    weight_decay: float = 0.02
    clip_norm: float = 2.0
    average_decay: float = 0.99
    # How much the base model's own answers are held on to (Li and Hoiem 2016, "Learning without
    # Forgetting"): the new labels start from them, and few tracks are soon learned by heart.
    memory: float = 1.0
    windows: int = 5  # of twice a slice's length, in which slices begin anywhere
    save_every: int = 100
    seed: int = 1


def fine_tune(
    prepared: Prepared, trained: TrainedHead, options: TrainOptions, progress: Progress
) -> tuple[TrainedHead, bytes | None]:
    """Returns the better of --fast and --full on held-out artists, and the network if it is new."""
    torch.manual_seed(options.seed)
    examples, base = prepared.examples, prepared.base
    learns = np.flatnonzero(trained.validation.folds != HELD_OUT).astype(np.int64)
    held_out = np.flatnonzero(trained.validation.folds == HELD_OUT).astype(np.int64)
    head = fit_head(examples.take(learns), trained.start, trained.validation.pulls)
    network = load_network(with_head(read_network(base.weights), head, base.weights))
    settings = replace(Settings(), seed=options.seed)
    settings = replace(settings, steps=options.steps or settings.steps)
    sound = _read_power(examples, learns, base.card.mel, settings, progress)
    targets = examples.targets[learns]
    folder = prepared.embedder.cache / "runs" / _run_id(examples, network, targets, settings)
    tuned = train(
        network, sound, targets, base.card.mel, settings, folder, torch.device(options.device),
        progress,
    )  # fmt: skip
    unseen = examples.take(held_out)
    result, better = _better_of(prepared, trained, tuned, votes(head, unseen), unseen, options.seed)
    return result, tuned if better else None


def train(
    network: Any, sound: list[Power], targets: Array, spec: MelSpec, settings: Settings,
    folder: Path, device: torch.device, progress: Progress,
) -> bytes:  # fmt: skip
    """The network after all steps, from the checkpoint in `folder` where there is one.

    `network` is an ONNX model, `sound` log10 of mel power of each track's windows.
    Shape: each of `sound` `(W, M, F')`, `targets` `(N, K)`, NaN where unknown
    """
    run = _Run(network, spec, settings, device)
    run.load(folder / "checkpoint.pt")
    with progress("training", settings.steps) as advance:
        for _ in range(run.step):
            advance()
        while run.step < settings.steps:
            run.advance(sound, targets)
            advance()
            if run.step % settings.save_every == 0 or run.step == settings.steps:
                run.save(folder / "checkpoint.pt")
    average = run.average.module
    assert isinstance(average, GraphModule)
    return put_back(network, average)


class _Run:
    """The state that changes from step to step."""

    def __init__(self, network: Any, spec: MelSpec, settings: Settings, device: torch.device):
        self.spec, self.settings, self.device, self.step = spec, settings, device, 0
        self.student = GraphModule(network, (LOGITS, BASE_LOGITS)).to(device)
        self.teacher = GraphModule(network, (BASE_LOGITS,)).to(device)
        precision = Precision.of("float32", device)
        self.optimiser = Optimiser(self.student.parameters(), settings, precision)
        self.average = AveragedModel(
            self.student, multi_avg_fn=running_average(settings.average_decay)
        )

    def advance(self, sound: list[Power], targets: Array) -> float:
        """One step of the optimiser; returns the loss."""
        settings = self.settings
        rng = np.random.default_rng((settings.seed, self.step))
        draws = torch.Generator().manual_seed(int(rng.integers(2**62)))
        power, truth = draw_batch(sound, targets, self.spec, settings.batch, rng)
        power, truth = power.to(self.device), truth.to(self.device)
        config = AugmentConfig()
        mel = mask(compress(augment_power(power, config, draws), self.spec), config, draws)
        loss = self._loss(mel, truth)
        self.optimiser.step(loss, self.step / settings.steps)
        self.average.update_parameters(self.student)
        self.step += 1
        return float(loss.detach())

    def _loss(self, mel: Tensor, truth: Tensor) -> Tensor:
        logits, base = self.student(mel)
        with torch.no_grad():
            (remembered,) = self.teacher(mel)
        held = functional.binary_cross_entropy_with_logits(base, torch.sigmoid(remembered))
        learned = masked_bce(logits, truth, torch.ones_like(truth))
        return learned + self.settings.memory * held

    def save(self, path: Path) -> None:
        """Write the state so that an interrupted write leaves the old one."""
        state = {
            "step": self.step,
            "student": self.student.state_dict(),
            "average": self.average.state_dict(),
            **self.optimiser.state(),
        }
        write_checkpoint(state, path)

    def load(self, path: Path) -> None:
        """Restore the saved state if there is one; the folder's name is a hash of all inputs."""
        if path.exists():
            state = torch.load(path, map_location=self.device, weights_only=True)
            self.step = state["step"]
            self.student.load_state_dict(state["student"])
            self.average.load_state_dict(state["average"])
            self.optimiser.load(state)


def draw_batch(
    sound: list[Power], targets: Array, spec: MelSpec, size: int, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Random slices of random tracks, those of rare labels more often.

    Shape: `(B, M, F)` of mel power and `(B, K)`
    """
    present = targets == 1
    rarity = 1 / np.sqrt(np.maximum(present.sum(axis=0), 10))
    chance = np.maximum((present * rarity).max(axis=1), rarity.min())
    chosen = rng.choice(len(sound), size=size, p=chance / chance.sum())
    slices = []
    for i in chosen:
        window = sound[i][rng.integers(len(sound[i]))]
        start = int(rng.integers(window.shape[1] - spec.n_frames + 1))
        slices.append(window[:, start : start + spec.n_frames].astype(np.float32))
    power = torch.from_numpy(np.power(np.float32(10), np.stack(slices)))
    return power, torch.from_numpy(targets[chosen].astype(np.float32))


def _read_power(
    examples: Examples, tracks: Indices, spec: MelSpec, settings: Settings, progress: Progress
) -> list[Power]:
    """Mel power of windows twice as long as a slice, as log10 in half the bytes."""
    sound = []
    with progress("reading sound", len(tracks)) as advance:
        for i in tracks:
            parts = iter_windows(
                examples.paths[int(i)], rate=spec.rate, length=2 * spec.slice_samples,
                count=settings.windows,
            )  # fmt: skip
            power = [mel_power(windows.samples, spec) for windows in parts]
            stacked = np.log10(np.maximum(np.concatenate(power), LEAST_POWER))
            sound.append(stacked.astype(np.float16))
            advance()
    return sound


def _better_of(
    prepared: Prepared, trained: TrainedHead, tuned: bytes, fast: Array, unseen: Examples, seed: int
) -> tuple[TrainedHead, bool]:
    """The better of the two on the held-out artists, and whether that is the new network.

    Their thresholds were fitted on these artists, so F1 is a little too good; the average precision
    is not touched by that.
    """
    card, label_map = prepared.base.card, prepared.label_map
    slow = _votes(tuned, unseen, card)
    before = predict_base(base_votes(unseen, card), card, label_map.labels, label_map.like)
    rules = fit_rules(unseen.targets, slow, unseen.vocabulary)
    after = predict_own(slow, rules)
    labels, old, new, gain = compare(unseen, before, after, seed)
    quick = compare(unseen, before, predict_own(fast, rules), seed)[2]
    figures = (
        f"average precision on held-out artists: --fast {quick.value:.3f}, --full {new.value:.3f}"
    )
    if new.value <= quick.value:
        prepared.say(f"{figures}; so what --fast learned is kept")
        return trained, False
    prepared.say(figures)
    evaluation = replace(
        trained.evaluation, labels=labels, before=old, after=new, gain=gain,
        confusion=confusions(unseen, after), suspects=tuple(suspects(unseen, after.probabilities)),
        curves=label_curves(unseen, after),
        bins=tuple(reliability_bins(unseen.targets, after.probabilities)),
    )  # fmt: skip
    validation = replace(trained.validation, votes=slow)
    result = replace(
        trained, rules=rules, evaluation=evaluation, validation=validation, evaluated_on=unseen
    )
    return result, True


def _votes(content: bytes, examples: Examples, card: ModelCard) -> Array:
    """A network's votes for a person's own labels, track by track as in a scan. Shape: `(N, K)`."""
    network, spec = open_network(content, Path("the tuned network")), card.mel
    own, votes = len(examples.vocabulary), []
    for path in examples.paths:
        windows = iter_windows(
            path, rate=spec.rate, length=spec.slice_samples, count=Scan().windows
        )
        scores = predict_slices(network, iter_mel(windows, spec)).scores().sounding[:, :own]
        votes.append(aggregate(scores, examples.vocabulary, card.vote_shares))
    return np.stack(votes)


def _run_id(examples: Examples, network: Any, targets: Array, settings: Settings) -> str:
    """A name for a run by everything that shapes it, so that another one begins anew."""
    digest = hashlib.sha256(repr(settings).encode())
    digest.update(network.SerializeToString(deterministic=True))
    digest.update(targets.tobytes())
    digest.update("\n".join(map(str, examples.paths)).encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:16]
