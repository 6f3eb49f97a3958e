"""The user's rules for names that are written: allow list, aliases, parents."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from tagger.errors import PlanError
from tagger.vocabulary import Vocabulary, canonical, is_placeholder, name_key, wider_labels

# Signs that some programs put between values of one field.
_SPLITTERS = str.maketrans(dict.fromkeys(";/,|", "\0"))


@dataclass(frozen=True, slots=True)
class Taste:
    """Rules for names; names are compared by meaning, so "Rap" and "hip hop" are one.

    >>> Taste(aliases={"Hip-Hop": "Rap"}).refine(["Hip Hop", "Jazz"])
    ('Rap', 'Jazz')
    >>> Taste(parents={"Metal": "Rock"}, with_parents=True).refine(["Metal"])
    ('Metal', 'Rock')
    >>> Taste(parents={"Metal": "Rock"}, prefer_specific=True).refine(["Rock", "Metal"])
    ('Metal',)
    """

    only: tuple[str, ...] = ()  # a whitelist; empty: everything
    ignore: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)  # a name -> the one to write
    parents: Mapping[str, str] = field(default_factory=wider_labels)  # a genre -> a wider one
    with_parents: bool = False  # write the wider genre too
    prefer_specific: bool = False  # leave the wider genre out where the special one is given
    generic_is_empty: bool = False  # a file of genre "Other" counts as one without genre

    def alias(self, name: str) -> str:
        """The name to write for a name."""
        table = {sense_key(old): new for old, new in self.aliases.items()}
        return table.get(sense_key(name), name)

    def ancestors(self, name: str) -> tuple[str, ...]:
        """The wider genres of a genre, the nearest first."""
        table = {sense_key(child): parent for child, parent in self.parents.items()}
        found: list[str] = []
        while (parent := table.get(sense_key(name))) and parent not in found:
            found.append(parent)
            name = parent
        return tuple(found)

    def refine(self, names: Iterable[str]) -> tuple[str, ...]:
        """The names to write for predicted names, in their order."""
        wanted = [self.alias(name) for name in names]
        above = {sense_key(wide) for name in wanted for wide in self.ancestors(name)}
        if self.prefer_specific:
            wanted = [name for name in wanted if sense_key(name) not in above]
        if self.with_parents:
            wanted = [*wanted, *(wide for name in wanted for wide in self.ancestors(name))]
        only, ignored = set(map(sense_key, self.only)), set(map(sense_key, self.ignore))
        allowed = (name for name in wanted if not only or sense_key(name) in only)
        return distinct(name for name in allowed if sense_key(name) not in ignored)

    def keys_of(self, values: Iterable[str]) -> set[str]:
        """Comparison keys of all names in some values, joined values and aliases included."""
        parts = [part for value in values for part in value.translate(_SPLITTERS).split("\0")]
        names = [*parts, *values]
        return {sense_key(name) for name in names} | {sense_key(self.alias(name)) for name in names}

    def is_empty(self, values: Iterable[str]) -> bool:
        """Whether a field with these values counts as empty."""
        nonempty = [value for value in values if value.strip()]
        return not nonempty or (self.generic_is_empty and all(map(is_placeholder, nonempty)))


def sense_key(name: str) -> str:
    """A comparison key, equal for all spellings and translations of a genre or instrument.

    >>> sense_key("Rap") == sense_key("hip hop"), sense_key("Klassik") == sense_key("Classical")
    (True, True)
    """
    return name_key(canonical(name) or name)


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """The names without duplicates in meaning; the first one stays."""
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(sense_key(name), name)
    return tuple(found.values())


def load_taste(path: Path) -> Taste:
    """Read rules from a TOML file whose keys are the fields of Taste; raises PlanError."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PlanError(f"not a readable TOML file ({error})", path) from error
    keys = {f.name: f for f in fields(Taste)}
    for name, value in content.items():
        if name not in keys:
            raise PlanError(f"unknown key {name!r}; there are: {', '.join(keys)}", path)
        content[name] = _checked(name, value, path)
    if "parents" in content:  # a person's own come on top of ours
        content["parents"] = {**wider_labels(), **content["parents"]}
    return Taste(**content)


def _checked(name: str, value: Any, path: Path) -> Any:
    if name in ("only", "ignore"):
        right = isinstance(value, list) and all(isinstance(x, str) for x in value)
        value = tuple(value) if right else value
    elif name in ("aliases", "parents"):
        right = isinstance(value, dict) and all(isinstance(x, str) for x in value.values())
    else:
        right = isinstance(value, bool)
    if not right:
        raise PlanError(f"the value of {name!r} is of the wrong type", path)
    return value


def unknown_labels(taste: Taste, vocabulary: Vocabulary) -> Iterator[str]:
    """One message for each name in the rules that the model cannot give, with the closest labels.

    A name is valid if it is a label of the model, or one that the rules derive from a label.

    >>> from tagger.vocabulary import Label
    >>> jazz = Vocabulary((Label("genre", "Jazz"),))
    >>> list(unknown_labels(Taste(only=("Jaz",)), jazz))
    ["only: the model has no label 'Jaz'; did you mean Jazz?"]
    >>> list(unknown_labels(Taste(only=("Swing",), aliases={"jazz": "Swing"}), jazz))
    []
    """
    labels = {sense_key(label.name): label.name for label in vocabulary.labels}
    own_parents = [x for x, wide in taste.parents.items() if wider_labels().get(x) != wide]
    named = [*taste.aliases.values(), *(taste.parents[name] for name in own_parents)]
    wider = [wide for name in (*labels.values(), *named) for wide in taste.ancestors(name)]
    allowed_names = labels | {sense_key(name): name for name in (*named, *wider)}
    for place, names, allowed in (
        ("only", taste.only, allowed_names),
        ("ignore", taste.ignore, allowed_names),
        ("aliases", taste.aliases, labels),
        ("parents", own_parents, allowed_names),
    ):
        for name in names:
            if sense_key(name) not in allowed:
                yield f"{place}: the model has no label {name!r}{_suggestion(name, allowed)}"


def _suggestion(name: str, labels: dict[str, str]) -> str:
    near = difflib.get_close_matches(sense_key(name), labels, n=2, cutoff=0.6)
    if near:
        return f"; did you mean {' or '.join(labels[key] for key in near)}?"
    return "; musictag labels lists them"
