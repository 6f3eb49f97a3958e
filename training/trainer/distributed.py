"""One run on several devices, as `torchrun` starts it: a process for each, one of them the first.

Each process draws batches of its own and all take the mean of their gradients, so a run on n
devices learns from n times as many slices a step. Only the first process writes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

# One process reads all sound while the others wait, which may take hours the first time.
PATIENCE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Team:
    """Which of how many processes this is."""

    rank: int = 0
    size: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this process writes and reports."""
        return self.rank == 0

    def wrap(self, model: nn.Module, device: torch.device) -> nn.Module:
        """The model, taking the mean of all gradients where there are several processes."""
        if self.size == 1:
            return model
        return DistributedDataParallel(model, [device] if device.type == "cuda" else None)

    def agree(self, decided: bool, device: torch.device) -> bool:
        """What the first process decided."""
        if self.size == 1:
            return decided
        flag = torch.tensor([int(decided)], device=device)
        distributed.broadcast(flag, src=0)
        return bool(flag.item())

    @contextmanager
    def first_alone(self) -> Iterator[None]:
        """The first process goes through this before the others do."""
        if self.size > 1 and not self.is_first:
            distributed.barrier()
        yield
        if self.size > 1 and self.is_first:
            distributed.barrier()


ALONE = Team()


@contextmanager
def joined(device: str) -> Iterator[tuple[Team, torch.device]]:
    """The team that `torchrun` started, if it did, and this process' device."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield ALONE, torch.device(device)
        return
    on_cuda = device.startswith("cuda")
    mine = torch.device("cuda", int(os.environ["LOCAL_RANK"])) if on_cuda else torch.device(device)
    if on_cuda:
        torch.cuda.set_device(mine)
    distributed.init_process_group("nccl" if on_cuda else "gloo", timeout=PATIENCE)
    try:
        yield Team(distributed.get_rank(), distributed.get_world_size()), mine
        # All leave together: once in many runs, one that left while others still spoke was aborted
        # by its own threads.
        distributed.barrier()
    finally:
        distributed.destroy_process_group()
