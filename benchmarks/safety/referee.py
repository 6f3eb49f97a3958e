"""The referee: what became of a file, judged by readers that share nothing with what wrote it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from benchmarks.safety.forms.form import Form, Named
from benchmarks.safety.packets import packets
from benchmarks.safety.seen import Seen, see
from benchmarks.safety.structure import Parts, parts_of
from benchmarks.safety.structure.ogg import unpaged

# Their sound is noise behind a true header: FFmpeg would find packets in the tags too.
_NOISE = (".ape", ".mpc")
Fault = Literal["lost", "damaged", "false", "rewritten"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is not as it should be."""

    fault: Fault
    what: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What a file was to hold; None: that field was not to change."""

    genres: tuple[str, ...] | None = None
    instruments: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Look:
    """A file at one moment; each reader reads it once, when first asked."""

    content: bytes = field(repr=False)
    suffix: str

    @cached_property
    def seen(self) -> Seen:
        """By mutagen."""
        return see(self.content, self.suffix)

    @cached_property
    def packets(self) -> str:
        """By FFmpeg."""
        return packets(self.content)

    @cached_property
    def parts(self) -> Parts | None:
        """By our own small readers; None for a file that they cannot follow."""
        try:
            return parts_of(self.content)
        except (ValueError, IndexError, ArithmeticError, LookupError):
            return None
        except Exception as error:  # struct.error
            if type(error).__name__ == "error":
                return None
            raise

    @cached_property
    def views(self) -> tuple[bytes, ...]:
        """The bytes, and those without what containers put between them."""
        found = [self.content, self.content.replace(b"\xff\0", b"\xff")]
        if self.content[:4] == b"OggS":
            found.append(unpaged(self.content))
        return tuple(found)


def judge(before: Look, after: Look, wish: Wish, form: Form | None = None) -> list[Problem]:
    """All that is wrong with a file that was said to be changed as wished."""
    found = _lost(before.seen, after.seen)
    if before.seen.readable and after.seen.readable and not (form and form.blind):
        found += _false(before.seen, after.seen, wish)
    else:
        found += _absent(after, wish)
    found += _damaged(before, after)
    if form is not None:
        found += _gone(before, after, form)
    return found


def same_again(before: Look, after: Look, form: Form | None = None) -> list[Problem]:
    """All that is wrong with a file that was said to be as it was once."""
    if before.content == after.content:
        return []
    wish = Wish(before.seen.genres, before.seen.instruments)
    return judge(before, after, wish, form)


def _lost(before: Seen, after: Seen) -> list[Problem]:
    if before.readable and not after.readable:
        return [Problem("damaged", "mutagen could read it, and cannot any more")]
    found, left = [], dict(after.others)
    for key, value in sorted(before.others - after.others):
        fault: Fault = "damaged" if key.startswith("info ") else "lost"
        now = left.get(key, "nothing")
        found.append(Problem(fault, f"{key}: {value[:60]} -> {now[:60]}"))
    return found


def _false(before: Seen, after: Seen, wish: Wish) -> Iterator[Problem]:
    pairs = (("genres", wish.genres), ("instruments", wish.instruments))
    for name, wanted in pairs:
        had, has = getattr(before, name), getattr(after, name)
        if wanted is None and had != has:
            yield Problem("lost", f"{name} were not to change: {had} -> {has}")
        elif wanted is not None and not _same_values(wanted, has):
            yield Problem("false", f"{name} are {has}, and not {wanted}")


def _absent(after: Look, wish: Wish) -> Iterator[Problem]:
    """Values that no reader can find, since they are nowhere."""
    for value in (*(wish.genres or ()), *(wish.instruments or ())):
        coded = [value.encode(codec) for codec in ("utf-8", "utf-16-le", "utf-16-be")]
        if all(ord(sign) < 256 for sign in value):
            coded.append(value.encode("latin-1"))
        if not any(times(raw, after.views) for raw in coded):
            yield Problem("false", f"{value} is nowhere in the file")


def _same_values(wanted: tuple[str, ...], has: tuple[str, ...]) -> bool:
    """Versions of ID3 before 2.4 have no several values; they are joined."""
    return wanted == has or "; ".join(wanted) == "; ".join(has)


def _damaged(before: Look, after: Look) -> Iterator[Problem]:
    real = before.suffix not in _NOISE
    if real and before.packets and before.packets != after.packets:
        yield Problem("damaged", "FFmpeg finds other packets of sound")
    if before.parts is None:
        return
    if after.parts is None:
        yield Problem("damaged", "its parts could be followed, and cannot any more")
        return
    for name, part in before.parts.items():
        if after.parts.get(name) != part:
            yield Problem("damaged" if "sound" in name else "lost", f"part {name}")


def _gone(before: Look, after: Look, form: Form) -> Iterator[Problem]:
    # Where mutagen sees nothing, nobody else can say that a value is still the same.
    fields: Fault = "rewritten" if before.seen.readable else "lost"
    expected: list[tuple[Fault, tuple[Named, ...]]] = [("lost", form.exact), (fields, form.fields)]
    for fault, named in expected:
        for what, raw in named:
            if times(raw, after.views) < times(raw, before.views):
                yield Problem(fault, f"bytes of {what}")


def times(raw: bytes, views: tuple[bytes, ...]) -> int:
    """How often bytes occur in a file."""
    return max(view.count(raw) for view in views)
