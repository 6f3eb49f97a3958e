"""Files of all containers, damaged in the ways that fuzzers and old disks damage them."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tagger.errors import TagError
from tagger.tags.reader import read_tags
from tagger.vocabulary import Tag
from tagger.writing.apply import apply_plan
from tagger.writing.journal import Journal
from tagger.writing.plan import ClassifiedFile, Policy, TagPlan, make_plan
from tests.faults import audio_digest

HEARD = (Tag("genre", "Jazz", 0.9), Tag("instrument", "Flute", 0.9))
HUGE = (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x7f\x7f\x7f\x7f", b"\x80\0\0\0", b"\0\0\0\0",
        b"\0\0\0\1", b"\xff" * 8, b"\0" * 8)  # fmt: skip


@dataclass
class Counts:
    """What became of damaged files."""

    files: int = 0
    unreadable: int = 0  # refused at reading
    refused: int = 0  # read, and left alone at writing
    changed: int = 0
    slowest_s: float = 0.0


def mutate(content: bytes, other: bytes, rng: random.Random) -> bytes:
    """The content, damaged in one of many ways."""
    damaged = bytearray(content)
    # Half of the damage goes where the structure is.
    reach = min(len(content), 4096) if rng.random() < 0.5 else len(content)
    way = rng.randrange(7)
    place = rng.randrange(reach)
    if way == 0:
        for _ in range(rng.choice([1, 1, 2, 8, 64])):
            damaged[rng.randrange(reach)] ^= 1 << rng.randrange(8)
    elif way == 1:
        del damaged[place:]
    elif way == 2:
        head = rng.choice([4, 12, 32, 128, 1024])
        damaged[:head] = other[:head]
    elif way == 3:
        value = rng.choice(HUGE)
        damaged[place : place + len(value)] = value
    elif way == 4:
        del damaged[place : place + rng.choice([1, 4, 100])]
    elif way == 5:
        damaged[place:place] = rng.randbytes(rng.choice([1, 4, 100]))
    else:
        start, size = rng.randrange(reach), rng.choice([8, 64, 1000])
        damaged[place:place] = damaged[start : start + size]
    return bytes(damaged)


def run_through(
    originals: list[Path], folder: Path, n_files: int, seed: int
) -> Iterator[tuple[Counts, float]]:
    """Damage files and take each through reading, planning and writing; counts so far, and seconds.

    Raises whatever was not foreseen, and AssertionError for a file that was damaged further.
    """
    rng, counts = random.Random(seed), Counts()
    contents = [path.read_bytes() for path in originals]
    with Journal(folder / "journal") as journal:
        for number in range(n_files):
            original = originals[number % len(originals)]
            damaged = mutate(contents[number % len(originals)], rng.choice(contents), rng)
            music = folder / "music"
            shutil.rmtree(music, ignore_errors=True)
            music.mkdir()
            path = music / f"song{original.suffix}"
            path.write_bytes(damaged)
            start = time.perf_counter()
            _one(path, damaged, journal, counts)
            spent = time.perf_counter() - start
            counts.files += 1
            counts.slowest_s = max(counts.slowest_s, spent)
            yield counts, spent


def _one(path: Path, damaged: bytes, journal: Journal, counts: Counts) -> None:
    try:
        tags = read_tags(path)
        audio = audio_digest(path)
    except TagError:
        counts.unreadable += 1
        assert path.read_bytes() == damaged
        return
    policy = Policy({"genre": "merge", "instrument": "merge"})
    plan = make_plan([ClassifiedFile(path, tags, HEARD)], policy)
    (outcome,) = list(apply_plan(TagPlan(plan.files), journal, threads=1))
    assert "unexpected" not in outcome.reason, outcome
    assert list(path.parent.iterdir()) == [path]
    if outcome.status == "changed":
        counts.changed += 1
        now = read_tags(path)
        assert (now.title, now.artist, now.album) == (tags.title, tags.artist, tags.album)
        assert set(now.genres) >= set(tags.genres)
        assert audio_digest(path) == audio
    else:
        counts.refused += 1
        assert path.read_bytes() == damaged
