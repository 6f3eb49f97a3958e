"""The labels of a model, the tags it gives, and what is known of such names: the only taxonomy.

The table itself is taxonomy.csv beside this file, a row for each genre and instrument: `parents`
are what it is a kind of; `near` are genres of which one is often called the other; `spellings`
mean the same; `narrower` are kinds of it that need no row of their own. A `family` is an
instrument's parent that no model gives as a label; `none` are words that name no genre and no
instrument. Names are unique; parents and `near` are of the same kind.
"""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal, get_args

Kind = Literal["genre", "instrument"]
KINDS: tuple[Kind, ...] = get_args(Kind)
PLURALS: dict[Kind, str] = {"genre": "genres", "instrument": "instruments"}

# Tag editors and servers split fields on these (Navidrome on all three, beets on "; "), so a
# label that holds one would come back as two.
FORBIDDEN_IN_NAMES = (";", "/", ",", "\0", "\n")


_TABLE = "taxonomy.csv"
_LISTS = ("parents", "near", "spellings", "narrower")  # columns; "|" stands between their names
_PLACEHOLDER = "Unknown"

_LONGEST_NAME = 100  # signs
_MOST_LABELS = 10_000


@dataclass(frozen=True, slots=True)
class Label:
    """One thing a model recognises."""

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
    """A label found in a track, with its probability (0 to 1)."""

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


@dataclass(frozen=True, slots=True)
class Term:
    """A row of the taxonomy."""

    name: str
    kind: Kind | None  # None: it names no genre and no instrument
    parents: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    spellings: tuple[str, ...] = ()
    is_family: bool = False


@lru_cache(maxsize=10_000)
def name_key(name: str) -> str:
    """What all spellings of one name have in common; names are equal if their keys are.

    >>> name_key("Hip-Hop") == name_key("hip hop"), name_key("R&B") == name_key("r and b")
    (True, True)
    """
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(_significant(folded.replace("&", " and "))) or folded


def canonical(name: str, kind: Kind | None = None) -> str | None:
    """The taxonomy's name for a spelling of a genre or instrument; None where it knows none.

    >>> canonical("rnb"), canonical("Klassik"), canonical("Schlagzeug"), canonical("Late Night")
    ('R&B', 'Classical', 'Drums', None)
    """
    for wanted in KINDS if kind is None else (kind,):
        if (found := _names_by_key().get((wanted, name_key(name)))) is not None:
            return found
    return None


def kind_of(name: str) -> Kind | None:
    """Whether a name of the taxonomy is one of a genre or of an instrument."""
    term = _terms().get(name)
    return term.kind if term else None


def names_nothing(name: str) -> bool:
    """Whether a word is known to name no genre and no instrument, as "Other" and "Christmas" do."""
    return canonical(name) is None and (None, name_key(name)) in _names_by_key()


def is_placeholder(name: str) -> bool:
    """Whether a genre says nothing at all, as rippers and editors fill it in ("Other")."""
    return _names_by_key().get((None, name_key(name))) == _PLACEHOLDER


def synonyms(name: str) -> tuple[str, ...]:
    """Other spellings of a name of the taxonomy; none of a name it does not have."""
    term = _terms().get(name)
    return term.spellings if term else ()


def lineage(name: str) -> tuple[str, ...]:
    """A name and all that it is a kind of, nearest first; only itself where it is unknown.

    >>> lineage("Metal")
    ('Metal', 'Rock', 'Pop Rock')
    """
    found = [name]
    for current in found:  # grows as parents are found
        term = _terms().get(current)
        found += [parent for parent in (term.parents if term else ()) if parent not in found]
    return tuple(found)


def parents(name: str) -> tuple[str, ...]:
    """All that a name is a kind of, nearest first.

    >>> parents("House")
    ('Electronic',)
    """
    return lineage(name)[1:]


def are_near(one: str, other: str) -> bool:
    """Whether one of two genres is often called the other; "Ambient" and "New Age" are."""
    mine, its = _terms().get(one), _terms().get(other)
    return bool((mine and other in mine.near) or (its and one in its.near))


@cache
def wider_labels() -> Mapping[str, str]:
    """For each label the nearest wider one; families of instruments are no labels."""
    nearest = {term.name: term.parents[0] for term in _terms().values() if term.parents}
    return {name: wide for name, wide in nearest.items() if not _terms()[wide].is_family}


def all_terms() -> tuple[Term, ...]:
    """The whole taxonomy, in the order of its table."""
    return tuple(_terms().values())


def _significant(folded: str) -> Iterator[str]:
    """Letters, digits and the vowel signs of other scripts; Latin letters without accents."""
    for sign in folded:
        plain = unicodedata.normalize("NFD", sign)[0]
        letter = plain if plain.isascii() else sign
        if letter.isalnum() or unicodedata.category(letter).startswith("M"):
            yield letter


@cache
def _terms() -> dict[str, Term]:
    lines = files("tagger").joinpath(_TABLE).read_text(encoding="utf-8").splitlines()
    return {term.name: term for row in csv.DictReader(lines) for term in _rows_terms(row)}


def _rows_terms(row: dict[str, str]) -> Iterator[Term]:
    """The term of a row, and those that it names as narrower."""
    cells = {column: tuple(filter(None, row[column].split("|"))) for column in _LISTS}
    narrower = cells.pop("narrower")
    is_family = row["kind"] == "family"
    kind = next((k for k in KINDS if k == ("instrument" if is_family else row["kind"])), None)
    yield Term(row["name"], kind, **cells, is_family=is_family)
    for name in narrower:
        yield Term(name, kind, parents=(row["name"],))


@cache
def _names_by_key() -> dict[tuple[Kind | None, str], str]:
    """The name that each spelling of each kind means."""
    return {
        (term.kind, name_key(spelling)): term.name
        for term in _terms().values()
        for spelling in (term.name, *term.spellings)
    }
