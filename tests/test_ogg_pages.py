"""Pages of Ogg: those that are not changed keep their bytes, wrong ones are not made right."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mutagen.ogg import OggPage

from tagger.tags.reader import read_tags
from tagger.writing.apply import Outcome, apply_plan
from tagger.writing.filesystem import Disk
from tagger.writing.journal import Journal
from tagger.writing.plan import TagPlan
from tests.faults import change
from tests.music_files import KINDS, make_file

WRONG = "cannot be written (a page of it has a wrong checksum)"
MANY = tuple(f"Genre number {i}" for i in range(3000))  # take more pages


@pytest.fixture(params=["vorbis", "opus", "speex"])
def song(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    kind = str(request.param)
    return make_file(kind, tmp_path / f"song{KINDS[kind]}")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal") as opened:
        yield opened


def pages(content: bytes) -> list[Any]:
    file, found = io.BytesIO(content), []
    while file.tell() < len(content):
        found.append(OggPage(file))  # type: ignore[no-untyped-call]
    return found


def damage(path: Path, number: int) -> bytes:
    """Change one byte of the sound of a page, so that its checksum is wrong; gives all bytes."""
    content = bytearray(path.read_bytes())
    page = pages(bytes(content))[number]
    content[page.offset + page.size - 1] ^= 0x40
    path.write_bytes(content)
    return bytes(content)


def write(path: Path, journal: Journal, *values: str) -> Outcome:
    (outcome,) = apply_plan(TagPlan((change(path, *values),)), journal)
    return outcome


def test_wrong_page_that_would_have_to_be_numbered_again(song: Path, journal: Journal) -> None:
    before = damage(song, -1)
    outcome = write(song, journal, *MANY)
    assert (outcome.status, outcome.reason) == ("failed", WRONG)
    assert song.read_bytes() == before


def test_wrong_page_that_keeps_its_number_keeps_its_bytes(song: Path, journal: Journal) -> None:
    before = damage(song, -1)
    wrong = before[pages(before)[-1].offset :]
    assert write(song, journal, "Jazz").status == "changed"
    assert song.read_bytes().endswith(wrong)


def test_wrong_page_of_the_headers(song: Path, journal: Journal) -> None:
    before = damage(song, 1)
    outcome = write(song, journal, "Jazz")
    assert (outcome.status, outcome.reason) == ("failed", WRONG)
    assert song.read_bytes() == before


def test_pages_of_sound_keep_all_but_their_numbers(song: Path, journal: Journal) -> None:
    shutil.copy(song, copy := song.with_name(f"copy{song.suffix}"))
    assert write(song, journal, "Jazz").status == "changed"
    assert song.read_bytes()[-1000:] == copy.read_bytes()[-1000:]
    assert write(song, journal, *MANY).status == "changed"
    old, new = pages(copy.read_bytes()), pages(song.read_bytes())
    assert len(new) > len(old)
    assert [page.sequence for page in new] == list(range(len(new)))
    for one, other in zip(reversed(old), reversed(new), strict=False):
        if b"OpusTags" in one.packets[0] or one.sequence < 3:
            break
        one.sequence = other.sequence
        assert one.write() == other.write()


def test_chain_that_uses_a_serial_again(song: Path, journal: Journal) -> None:
    """The second song of a chain counts its own pages, from 0."""
    content = song.read_bytes()
    song.write_bytes(content + content)
    assert write(song, journal, *MANY).status == "changed"
    assert read_tags(song).genres == MANY
    assert song.read_bytes().endswith(content)


class LyingDisk(Disk):
    """Keeps one wrong byte in the head of the last page of a copy."""

    def __init__(self, place: int) -> None:
        self._place = place

    def sync(self, target: int) -> None:
        content = os.pread(target, os.fstat(target).st_size, 0)
        at = pages(content)[-1].offset + self._place
        os.pwrite(target, bytes([content[at] ^ 1]), at)
        super().sync(target)


@pytest.mark.parametrize("values", [("Jazz",), MANY], ids=["room", "renumbered"])
@pytest.mark.parametrize("place", [4, 18, 22], ids=["version", "number", "checksum"])
def test_wrong_byte_in_the_head_of_a_page_of_the_copy_is_found(
    song: Path, journal: Journal, place: int, values: tuple[str, ...]
) -> None:
    before = song.read_bytes()
    plan = TagPlan((change(song, *values),))
    (outcome,) = apply_plan(plan, journal, disk=LyingDisk(place))
    assert outcome.status == "failed"
    assert song.read_bytes() == before
