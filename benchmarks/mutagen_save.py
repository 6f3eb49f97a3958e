"""What mutagen's own save does to the tags that nobody asked it to change, beside `musictag apply`.

    python -m benchmarks.mutagen_save

Sets the genre of one file of every container, and of files that hold what old and careless programs
write, to one value and to so many that the tag has to grow, and counts the foreign tags that did
not keep their bytes. Says who wrote the file in `musictag apply`: mutagen's save, or bytes were
spliced. Prints a table for docs/safety.md.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mutagen
import mutagen.id3

from tagger.tags.containers.base import Item
from tagger.tags.field_map import items_of
from tagger.tags.reader import opened
from tagger.writing.apply import apply_plan
from tagger.writing.journal import Journal
from tagger.writing.plan import TagPlan
from tests.careless_files import CARELESS, make_careless_file
from tests.faults import audio_digest, change
from tests.music_files import KINDS, make_file

ONE, MANY = ("Jazz",), tuple(f"Genre number {i}" for i in range(3000))
LOSSES = ("changed", "translated", "merged", "lost", "other parts")


@dataclass(frozen=True)
class State:
    """What a file holds besides its genre."""

    dialect: str
    items: tuple[Item, ...]
    rest: tuple[bytes, ...]
    sound: str


def state(path: Path) -> State:
    """The state of a file; an ID3v1 tag counts as one of its other parts, not as frames."""
    with opened(path) as file:
        ours = items_of(file.layout, "genre")
        items = tuple(item for item in file.layout.items if item not in ours)
        if file.parsed.name == "MP3" and file.source.peek(0, 3) != b"ID3":
            items = ()
        rest = tuple(part.rstrip(b"\0") for part in file.layout.rest)  # padding may change
        return State(file.layout.dialect, items, rest, audio_digest(path))


def losses(before: State, after: State) -> Counter[str]:
    """What became of the foreign items and parts that did not keep their bytes."""
    found: Counter[str] = Counter()
    gone = Counter(item.raw for item in before.items) - Counter(item.raw for item in after.items)
    left = Counter(successor(item.key) for item in after.items)
    had = Counter(successor(item.key) for item in before.items)
    for item in before.items:
        if gone[item.raw] <= 0:
            continue
        gone[item.raw] -= 1
        key = successor(item.key)
        if left[key] == 0:
            found["lost"] += 1
        elif left[key] < had[key]:
            found["merged"] += 1
            had[key] -= 1
        else:
            found["translated" if before.dialect != after.dialect else "changed"] += 1
    parts = Counter(before.rest) - Counter(after.rest)
    found["other parts"] += parts.total()
    assert before.sound == after.sound
    return found


def successor(key: str) -> str:
    """The name that a frame of ID3v2.2 or 2.3 has in 2.4."""
    old = mutagen.id3.Frames_2_2.get(key)
    name = old.__bases__[0].__name__ if old else key
    return {"TYER": "TDRC", "TDAT": "TDRC", "TIME": "TDRC", "TORY": "TDOR", "IPLS": "TIPL"}.get(
        name, name
    )


def by_mutagen(path: Path, genres: list[str], *, keep_version: bool) -> None:
    """Set the genre as mutagen's documentation shows it."""
    file: Any = mutagen.File(path)
    tags = file.tags
    if isinstance(tags, mutagen.id3.ID3):
        if keep_version and tags.version[1] == 3:
            tags = mutagen.id3.ID3(path, translate=False)  # type: ignore[no-untyped-call]
            tags.setall("TCON", [mutagen.id3.TCON(1, genres)])  # type: ignore[no-untyped-call]
            tags.save(path, v2_version=3)
            return
        tags.setall("TCON", [mutagen.id3.TCON(3, genres)])  # type: ignore[no-untyped-call]
    elif isinstance(tags, mutagen.mp4.MP4Tags):
        tags["\xa9gen"] = genres
    else:
        tags["WM/Genre" if isinstance(tags, mutagen.asf.ASFTags) else "Genre"] = genres
    file.save()


def by_musictag(path: Path, genres: tuple[str, ...]) -> str:
    """Set the genre as `musictag apply` does; returns why mutagen's save would not do."""
    with Journal(path.parent / "journal") as journal:
        (outcome,) = apply_plan(TagPlan((change(path, *genres),)), journal)
    assert outcome.status == "changed", outcome
    return outcome.spliced


def make_files(folder: Path) -> dict[str, Path]:
    """All files, by what they are."""
    files = {kind: make_file(kind, folder / f"{kind}{end}") for kind, end in KINDS.items()}
    for what, (kind, _) in CARELESS.items():
        files[f"{kind} with {what}"] = make_careless_file(what, folder / f"{what}{KINDS[kind]}")
    return files


def main() -> None:
    """Make the files, let both change them, print the table."""
    columns = "| file | foreign tags | mutagen: " + " | ".join(LOSSES)
    columns += " | musictag: any | written by |"
    print(columns, "|---|---|" + "---|" * (len(LOSSES) + 2), sep="\n")
    kept: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as name:
        for what, path in make_files(Path(name)).items():
            for keep_version in (False, True) if "v2.3" in what else (False,):
                one = compared(path, ONE, keep_version=keep_version)
                assert one == compared(path, MANY, keep_version=keep_version), what
                number, cells, by = one
                row = f"{what}, 2.3 kept" if keep_version else what
                if any(cell != "0" for cell in cells):
                    print(f"| {row} | {number} | {' | '.join(cells)} | {by} |")
                else:
                    assert by == "mutagen", row
                    kept[row] = number
    zeros = " | 0" * (len(LOSSES) + 1)
    print(f"| {'; '.join(kept)} | {sum(kept.values())}{zeros} | mutagen |")


def compared(
    path: Path, genres: tuple[str, ...], *, keep_version: bool
) -> tuple[int, list[str], str]:
    """How many foreign tags a file has, the cells of its row, and who wrote it here."""
    before = state(path)
    copy = Path(shutil.copy(path, path.with_name(f"copy{path.suffix}")))
    spliced = by_musictag(copy, genres)
    by = "splicing" if spliced else "mutagen"
    ours = losses(before, state(copy)).total()
    shutil.copy(path, copy)
    try:
        by_mutagen(copy, list(genres), keep_version=keep_version)
    except mutagen.MutagenError:
        cells = ["refuses the file", *[""] * (len(LOSSES) - 1), str(ours)]
        return len(before.items), cells, by
    found = losses(before, state(copy))
    return len(before.items), [*(str(found[kind]) for kind in LOSSES), str(ours)], by


if __name__ == "__main__":
    main()
