"""Chunks and atoms that hold something else than they should, or more."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from tagger.tags.reader import read_tags
from tagger.writing.apply import Outcome, apply_plan
from tagger.writing.journal import Journal
from tagger.writing.plan import TagPlan
from tests.faults import change
from tests.music_files import KINDS, make_file

ORDERS = {"wav": "<", "aiff": ">"}
NAMES = {"wav": b"id3 ", "aiff": b"ID3 "}


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal") as opened:
        yield opened


def bare(kind: str, path: Path) -> bytes:
    """A file without its tag chunk, which stands at its end."""
    content = make_file(kind, path).read_bytes()
    return resized(kind, content[: content.rindex(NAMES[kind])])


def resized(kind: str, content: bytes) -> bytes:
    """A file whose header says how long it is."""
    sized = bytearray(content)
    sized[4:8] = struct.pack(f"{ORDERS[kind]}I", len(content) - 8)
    return bytes(sized)


def chunk(kind: str, name: bytes, content: bytes) -> bytes:
    size = struct.pack(f"{ORDERS[kind]}I", len(content))
    return name + size + content + bytes(len(content) % 2)


def tag(title: bytes, padding: bytes = b"") -> bytes:
    frames = b"TIT2" + struct.pack(">I", 1 + len(title)) + b"\0\0\3" + title + padding
    return b"ID3\4\0\0\0\0\0" + bytes([len(frames)]) + frames


def jazz(path: Path, journal: Journal) -> Outcome:
    (outcome,) = apply_plan(TagPlan((change(path, "Jazz"),)), journal)
    return outcome


@pytest.mark.parametrize("kind", ORDERS)
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"no tag at all, but precious", "its ID3 chunk holds no ID3 tag"),
        (tag(b"Title") + b"precious", "something stands behind its ID3 tag"),
        (tag(b"Title") + bytes(9) + b"precious", "something stands behind its ID3 tag"),
        (tag(b"Title") + tag(b"Other"), "something stands behind its ID3 tag"),
        (tag(b"Title", bytes(20) + b"x"), "something stands behind the frames of its ID3 tag"),
    ],
)
def test_what_else_is_in_the_chunk_keeps_the_file(
    kind: str, content: bytes, reason: str, tmp_path: Path, journal: Journal
) -> None:
    path = tmp_path / f"song{KINDS[kind]}"
    whole = bare(kind, path) + chunk(kind, NAMES[kind], content)
    path.write_bytes(resized(kind, whole))
    before = path.read_bytes()
    outcome = jazz(path, journal)
    assert (outcome.status, outcome.reason) == ("refused", reason)
    assert path.read_bytes() == before


@pytest.mark.parametrize("kind", ORDERS)
def test_tag_that_reaches_into_the_next_chunk(kind: str, tmp_path: Path, journal: Journal) -> None:
    path = tmp_path / f"song{KINDS[kind]}"
    content = tag(b"Title", bytes(30))
    whole = (
        bare(kind, path) + chunk(kind, NAMES[kind], content[:-20]) + chunk(kind, b"note", bytes(60))
    )
    path.write_bytes(resized(kind, whole))
    before = path.read_bytes()
    outcome = jazz(path, journal)
    assert (outcome.status, outcome.reason) == (
        "refused",
        "its ID3 tag does not fit into its chunk",
    )
    assert path.read_bytes() == before


@pytest.mark.parametrize("kind", ORDERS)
def test_second_tag_chunk_and_zeros_behind_the_first(
    kind: str, tmp_path: Path, journal: Journal
) -> None:
    path = tmp_path / f"song{KINDS[kind]}"
    second = chunk(kind, NAMES[kind], tag(b"Second"))
    whole = bare(kind, path) + chunk(kind, NAMES[kind], tag(b"Title") + bytes(40)) + second
    path.write_bytes(resized(kind, whole))
    assert jazz(path, journal).status == "changed"
    tags = read_tags(path)
    assert (tags.title, tags.genres) == ("Title", ("Jazz",))
    assert second in path.read_bytes()


@pytest.mark.parametrize("stray", [b"no tag at all, but precious", tag(b"Title") + b"precious"])
def test_what_stands_where_dsf_has_its_tag(stray: bytes, tmp_path: Path, journal: Journal) -> None:
    path = make_file("dsf", tmp_path / "song.dsf")
    content = bytearray(path.read_bytes())
    (start,) = struct.unpack_from("<Q", content, 20)
    content[start:] = stray
    struct.pack_into("<Q", content, 12, len(content))
    path.write_bytes(content)
    outcome = jazz(path, journal)
    assert (outcome.status, outcome.reason) == ("refused", "something stands behind its tag")
    assert path.read_bytes() == content


@pytest.mark.parametrize("kind", ORDERS)
def test_chunk_without_a_name_hides_what_follows(
    kind: str, tmp_path: Path, journal: Journal
) -> None:
    """mutagen looks no further than to such a chunk: a tag behind it would not be seen."""
    path = tmp_path / f"song{KINDS[kind]}"
    path.write_bytes(resized(kind, bare(kind, path) + chunk(kind, b"\0\x003 ", b"what")))
    before = path.read_bytes()
    outcome = jazz(path, journal)
    assert (outcome.status, outcome.reason) == ("refused", "it holds a chunk without a name")
    assert path.read_bytes() == before


def test_ape_tag_whose_head_is_elsewhere(tmp_path: Path, journal: Journal) -> None:
    path = make_file("ape", tmp_path / "song.ape")
    content = path.read_bytes()
    place = content.index(b"APETAGEX")
    path.write_bytes(content[: place + 8] + b"inserted" + content[place + 8 :])
    before = path.read_bytes()
    outcome = jazz(path, journal)
    assert (outcome.status, "the head of its APE tag" in outcome.reason) == ("refused", True)
    assert path.read_bytes() == before


def test_mp4_whose_index_tells_of_more_sound_than_there_is(
    tmp_path: Path, journal: Journal
) -> None:
    """The last of its sound would be read out of its tags."""
    path = make_file("aac", tmp_path / "song.m4a")
    content = bytearray(path.read_bytes())
    place = content.index(b"stsz") + 12
    (count,) = struct.unpack_from(">I", content, place)
    last = place + 4 * count
    struct.pack_into(">I", content, last, struct.unpack_from(">I", content, last)[0] + 4096)
    path.write_bytes(content)
    outcome = jazz(path, journal)
    assert (outcome.status, outcome.reason) == (
        "refused",
        "its index tells of more sound than it holds",
    )
    assert path.read_bytes() == content


def test_mp4_with_tags_as_in_quicktime(tmp_path: Path, journal: Journal) -> None:
    """mutagen finds no tags there, and would put others before them."""
    path = make_file("aac", tmp_path / "song.m4a")
    content = path.read_bytes()
    place = content.index(b"meta\0\0\0\0")
    size = struct.unpack_from(">I", content, place - 4)[0]
    free = place - 4 + size  # four zeros fewer in front, and four more behind
    padded = content[: place + 4] + content[place + 8 : free] + bytes(4) + content[free:]
    path.write_bytes(padded)
    assert read_tags(path).title == "Tïtle"
    outcome = jazz(path, journal)
    assert (outcome.status, "as in QuickTime" in outcome.reason) == ("refused", True), outcome
    assert path.read_bytes() == padded
