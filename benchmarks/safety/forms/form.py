"""A file as some program might have left it, and what in it belongs to others."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

Named = tuple[str, bytes]  # what it is, and its bytes


@dataclass(frozen=True, slots=True)
class Form:
    """A file, and the parts of it that must outlive every change of genre and instruments."""

    suffix: str
    content: bytes
    # What no library translates: sound, other tags, unknown parts. It must be there to the byte.
    exact: tuple[Named, ...] = ()
    # Fields that mutagen reads: their bytes are expected too, but the same value is no loss.
    fields: tuple[Named, ...] = ()
    blind: bool = False  # mutagen sees no tags in such a file, though there are some


Maker = Callable[[random.Random], Form]


def word(rng: random.Random, length: int = 10) -> str:
    """Letters that occur nowhere else."""
    return "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(length))


def some_bytes(rng: random.Random, length: int) -> bytes:
    """Bytes of all values, those that look like a synchronisation among them."""
    return b"\xff\xe0\xff\x00\xff\xfb" + rng.randbytes(length)
