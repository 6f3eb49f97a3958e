"""Nothing is lost from odd ID3 tags: all else is kept, and what is left keeps every byte."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import mutagen
import mutagen.id3
import pytest

from tagger.errors import TagError
from tagger.tags.reader import read_tags
from tagger.writing.apply import apply_plan
from tagger.writing.journal import Journal
from tagger.writing.plan import TagPlan
from tagger.writing.undo import find_run, plan_undo
from tests.faults import change
from tests.music_files import make_file
from tests.odd_id3 import OddTag, odd_tag

N_TAGS = 30  # for each of the seeds


def frames(path: Path) -> list[tuple[str, str]]:
    """All that mutagen reads but the genre."""
    try:
        tags: Any = mutagen.id3.ID3(path, translate=False)  # type: ignore[no-untyped-call]
    except mutagen.MutagenError:
        return []
    unknown = [(frame[:4].decode("latin-1"), repr(frame[10:])) for frame in tags.unknown_frames]
    if tags.version[1] == 2:
        unknown = [(frame[:3].decode("latin-1"), repr(frame[6:])) for frame in tags.unknown_frames]
    return sorted([*((k, repr(v)) for k, v in tags.items() if k != "TCON"), *unknown])


def check(path: Path, odd: OddTag, sound: bytes, seen: list[tuple[str, str]]) -> None:
    """What must hold of a file that was written."""
    content = path.read_bytes()
    assert content.endswith(sound + odd.tail), odd.form
    assert frames(path) == seen, odd.form
    for body in odd.bodies:
        if not body.startswith((b"\0Fado", b"\x0017", b"\0(")) and b"F\0a\0d\0o" not in body:
            kept = body in content or b"TCON" in body
            assert kept or is_genre(body), (odd.form, body[:40])


def is_genre(body: bytes) -> bool:
    letters = body.replace(b"\0", b"").replace(b"\xff", b"").replace(b"\xfe", b"")
    return any(word in letters for word in (b"Fado", b"17", b"(4)Disco"))


@pytest.mark.parametrize("seed", range(10))
def test_odd_tags(seed: int, tmp_path: Path) -> None:
    rng, counts = random.Random(seed), Counter[str]()
    sound = make_file("mp3 v1", tmp_path / "seed.mp3").read_bytes()[:-128]
    with Journal(tmp_path / "journal") as journal:
        for number in range(N_TAGS):
            odd = odd_tag(rng)
            path = tmp_path / f"{number}.mp3"
            path.write_bytes(odd.front + sound + odd.tail)
            before, seen = path.read_bytes(), frames(path)
            try:
                wanted = change(path, "Salsa")
            except TagError:
                counts["unreadable"] += 1
                continue
            (outcome,) = apply_plan(TagPlan((wanted,)), journal, threads=1)
            assert "unexpected" not in outcome.reason, (odd.form, outcome)
            counts[outcome.reason if outcome.status != "changed" else "changed"] += 1
            if outcome.status != "changed":
                assert path.read_bytes() == before
                continue
            assert read_tags(path).genres == ("Salsa",)
            check(path, odd, sound, seen)
            undoing = plan_undo(journal, find_run(journal, None))
            back = list(apply_plan(undoing.plan, journal, undoes=undoing.run.id, threads=1))
            assert [out.status for out in back] == ["changed"], (odd.form, back, undoing.left)
            if path.read_bytes() != before:  # fields were put back, and not the whole file
                check(path, odd, sound, seen)
            assert read_tags(path).genres == wanted.changes[0].before
    assert counts["changed"] > N_TAGS / 2, counts
