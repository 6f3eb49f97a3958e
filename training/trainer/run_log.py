"""What a run tells while it learns: CSV files, and scalars for TensorBoard where it is wanted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tagger.errors import DataError
from training.config import Config
from training.trainer.optimiser import schedule

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

LOSSES, VALIDATIONS, SCALARS = "loss.csv", "watched.csv", "tensorboard"  # in the folder of a run


class Log:
    """Open files of a run; lines are on disk as soon as they are written."""

    def __init__(self, folder: Path, writer: SummaryWriter | None, config: Config) -> None:
        self._losses = (folder / LOSSES).open("a", buffering=1)
        self._validations = folder / VALIDATIONS
        self._writer, self._loop = writer, config.loop

    def loss(self, step: int, loss: float) -> None:
        """After a step."""
        self._losses.write(f"{step},{loss:.5f}\n")
        if self._writer:
            rate = self._loop.learning_rate * schedule(step / self._loop.steps, self._loop.warm_up)
            self._writer.add_scalar("loss", loss, step)
            self._writer.add_scalar("learning rate", rate, step)

    def validation(self, step: int, roc_auc: float) -> None:
        """After a validation."""
        with self._validations.open("a") as file:
            file.write(f"{step},{roc_auc:.5f}\n")
        if self._writer:
            self._writer.add_scalar("watched ROC-AUC", roc_auc, step)

    def close(self) -> None:
        """Give back the files."""
        self._losses.close()
        if self._writer:
            self._writer.close()


def open_writer(folder: Path) -> SummaryWriter:
    """Where TensorBoard reads from; a DataError where it is not installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ModuleNotFoundError as error:
        raise DataError(
            "--tensorboard needs TensorBoard (pip install 'musictag[tensorboard]')"
        ) from error
    return SummaryWriter(str(folder / SCALARS))
