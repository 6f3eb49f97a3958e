"""What one file may take of this machine, and what is said of one that takes more."""

from __future__ import annotations

import sys
from pathlib import Path

from tagger.model import Model, load_model
from tagger.pool import Loss
from tagger.session import Device, uses_cuda

# A scan takes 60 MB beyond the program itself, a model of 256 MB twice that.
MEMORY = 1 << 30  # bytes

LOST: dict[Loss, str] = {
    "died": "skipped: a process died over it (a fault of its codec, or memory ran out)",
    "late": "skipped: not heard within {:g} s (--timeout)",
}
TOO_LARGE = f"skipped: it asks for more memory than {MEMORY >> 30} GB"


def load_bounded(name: str, device: Device) -> Model:
    """The model, in a process that from here on takes no more memory than one file may."""
    if not uses_cuda(device):  # CUDA reserves more than it takes
        limit_memory()
    return load_model(name, device=device)


def limit_memory(more: int = MEMORY) -> None:
    """Let this process take so much more memory than it has; then allocations fail in it.

    By the kernel's count of private writable memory: a limit on addresses would count libraries and
    reserved space too. Linux alone counts so; elsewhere there is no limit.
    """
    if sys.platform != "linux":
        return
    import resource

    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:  # a sandbox without /proc
        return
    taken = next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmData:"))
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = taken + more if hard == resource.RLIM_INFINITY else min(taken + more, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
