"""The labels a model knows and the tags it gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal["genre", "instrument"]
KINDS: tuple[Kind, ...] = get_args(Kind)
PLURALS: dict[Kind, str] = {"genre": "genres", "instrument": "instruments"}

# Tag editors and servers split fields on these (Navidrome on all three, beets on "; "), so a
# label that holds one would come back as two.
FORBIDDEN_IN_NAMES = (";", "/", ",", "\0", "\n")


# What a label is a kind of: of the labels we know, and only those.
PARENTS = {
    "Alternative": "Rock", "Indie": "Rock", "Metal": "Rock", "Punk": "Rock",
    "Pop": "Pop Rock", "Rock": "Pop Rock",
    "Ambient": "Electronic", "House": "Electronic", "Techno": "Electronic",
    "Funk": "R&B", "Soul": "R&B",
    "Cello": "Strings", "Violin": "Strings", "Trumpet": "Brass",
}  # fmt: skip


_LONGEST_NAME = 100  # signs
_MOST_LABELS = 10_000


@dataclass(frozen=True, slots=True)
class Label:
    """One thing a model listens for."""

    kind: Kind
    name: str

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"label kind {self.kind!r} is not one of {', '.join(KINDS)}")
        if len(self.name) > _LONGEST_NAME:
            raise ValueError(f"a label name is longer than {_LONGEST_NAME} signs")
        if not self.name.strip() or self.name != self.name.strip():
            raise ValueError(f"label name {self.name!r} is empty or has space around it")
        if any(sign in self.name for sign in FORBIDDEN_IN_NAMES) or not self.name.isprintable():
            raise ValueError(f"label name {self.name!r} holds a separator or a control character")


@dataclass(frozen=True, slots=True)
class Tag:
    """A label heard in a track, with its probability (0 to 1)."""

    kind: Kind
    name: str
    score: float


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All labels of a model, in the order of its outputs (axis K).

    >>> vocabulary = Vocabulary((Label("genre", "Jazz"), Label("instrument", "Piano")))
    >>> vocabulary.indices("instrument")
    (1,)
    """

    labels: tuple[Label, ...]

    def __post_init__(self) -> None:
        seen = [(label.kind, label.name.casefold()) for label in self.labels]
        if len(set(seen)) != len(seen):
            raise ValueError("a label occurs twice in the vocabulary")
        if not self.labels:
            raise ValueError("the vocabulary is empty")
        if len(self.labels) > _MOST_LABELS:
            raise ValueError(f"the vocabulary has more than {_MOST_LABELS} labels")

    def __len__(self) -> int:
        return len(self.labels)

    def indices(self, kind: Kind) -> tuple[int, ...]:
        """Positions of all labels of one kind."""
        return tuple(i for i, label in enumerate(self.labels) if label.kind == kind)

    def names(self, kind: Kind) -> tuple[str, ...]:
        """Names of all labels of one kind, in output order."""
        return tuple(label.name for label in self.labels if label.kind == kind)
