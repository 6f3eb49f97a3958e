"""How much memory and time one file may take, and what is said of one that takes more."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from tagger.errors import ModelError, MusicTagError
from tagger.models.card import ModelCard
from tagger.models.model import CardFile, Model, load_model
from tagger.models.session import Device, uses_cuda
from tagger.scanning.pool import Pool
from tagger.scanning.workers import Loss

# A scan takes 60 MB beyond the program itself, a model of 256 MB twice that.
MEMORY = 1 << 30  # bytes

_LOAD_S = 60.0  # what one may wait for a model; those there are take a second
_UNLOADED: dict[Loss, str] = {
    "died": "it ended the process that loaded it (memory ran out, or a fault in its network)",
    "late": "it was not loaded within {:g} s",
}
TOO_LARGE = f"skipped: it asks for more memory than {MEMORY >> 30} GB"


def lost_message(why: Loss, timeout_s: float, option: str = "") -> str:
    """What is said of a file without an answer; `option` names the one that sets the time."""
    if why == "died":
        return "skipped: a process died over it (a fault of its codec, or memory ran out)"
    return f"skipped: not classified within {timeout_s:g} s{option and f' ({option})'}"


def load_bounded(model: str | CardFile, device: Device) -> Model:
    """The model, in a process that from here on takes no more memory than one file may."""
    import tagger.audio  # noqa: F401  # its libraries are no memory of a file

    if not uses_cuda(device):  # CUDA reserves more than it takes
        limit_memory()
    return load_model(model, device=device)


def try_model(name: str) -> ModelCard:
    """Load a model once, in a process of its own and with limits of time and memory; its card.

    Raises ModelError for what `load_model` refuses, and where a network takes more than there is.
    """

    def lost(_: str, why: Loss) -> ModelCard | MusicTagError:
        return ModelError(_UNLOADED[why].format(_LOAD_S), Path(name))

    with Pool(_trying, (), lost=lost, size=1, timeout_s=_LOAD_S) as pool:
        found = pool.submit(name).result()
    if isinstance(found, MusicTagError):
        raise found
    return found


def _trying() -> Callable[[str], ModelCard | MusicTagError]:
    return _tried


def _tried(name: str) -> ModelCard | MusicTagError:
    try:
        return load_bounded(name, "cpu").card
    except MusicTagError as error:
        return error


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
