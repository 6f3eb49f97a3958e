"""ID3v2.4 whose sizes are plain numbers, and tags with something behind their frames."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mutagen.id3
import pytest
from mutagen.id3._util import unsynch

from tagger.tags.reader import read_tags
from tagger.writing.apply import Outcome, apply_plan
from tagger.writing.journal import Journal
from tagger.writing.plan import FileChange, TagChange, TagPlan
from tagger.writing.undo import find_run, plan_undo
from tests.faults import change
from tests.music_files import make_file

TITLE, ARTIST, ALBUM = b"\3Title", b"\3Artist", b"\3Album"
TWO_WAYS = "the sizes of its ID3 frames can be read in two ways"
STRAY = "something stands behind the frames of its ID3 tag"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal") as opened:
        yield opened


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An MP3 without tags."""
    content = make_file("mp3 v1", tmp_path_factory.mktemp("sound") / "song.mp3").read_bytes()
    return content[:-128]


def synchsafe(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def plain(name: bytes, body: bytes) -> bytes:
    return name + struct.pack(">I", len(body)) + b"\0\0" + body


def by_the_book(name: bytes, body: bytes) -> bytes:
    return name + synchsafe(len(body)) + b"\0\0" + body


def tag(frames: bytes, padding: bytes = bytes(64), version: int = 4) -> bytes:
    content = frames + padding
    return b"ID3" + bytes([version, 0, 0]) + synchsafe(len(content)) + content


def lyrics(n_letters: int, text: str = "x") -> bytes:
    """A USLT frame's body in UTF-16BE, whose letters are half zeros."""
    return b"\2eng\0\0" + (text * n_letters)[:n_letters].encode("utf-16-be")


def jazz(path: Path, journal: Journal) -> Outcome:
    (outcome,) = apply_plan(TagPlan((change(path, "Jazz"),)), journal)
    return outcome


def frames(path: Path) -> dict[str, Any]:
    tags: Any = mutagen.id3.ID3(path)  # type: ignore[no-untyped-call]
    return {key: value for key, value in tags.items() if key != "TCON"}


@pytest.mark.parametrize("n_letters", [70, 100, 127, 128, 200, 300, 1000, 5000, 9000])
@pytest.mark.parametrize("padding", [0, 1, 9, 64, 4096])
def test_plain_sizes_lose_nothing(
    n_letters: int, padding: int, tmp_path: Path, journal: Journal, sound: bytes
) -> None:
    path = tmp_path / "song.mp3"
    parts = (b"TIT2", TITLE), (b"USLT", lyrics(n_letters)), (b"TALB", ALBUM), (b"TPE1", ARTIST)
    path.write_bytes(tag(b"".join(plain(*part) for part in parts), bytes(padding)) + sound)
    seen, content = frames(path), path.read_bytes()
    outcome = jazz(path, journal)
    if outcome.status == "changed":
        now = read_tags(path)
        assert (now.title, now.artist, now.album, now.genres) == (
            "Title", "Artist", "Album", ("Jazz",),
        )  # fmt: skip
        assert frames(path) == seen
        assert len(frames(path)["USLT::eng"].text) == n_letters
        list(apply_plan(plan_undo(journal, find_run(journal, None)).plan, journal))
        assert frames(path) == seen
    else:
        assert path.read_bytes() == content
    assert outcome.status == "changed", outcome


def test_plain_sizes_of_a_long_last_frame_cannot_be_told(
    tmp_path: Path, journal: Journal, sound: bytes
) -> None:
    """Both readings know three frames, and one of them leaves half of the lyrics behind."""
    path = tmp_path / "song.mp3"
    parts = (b"TIT2", TITLE), (b"TALB", ALBUM), (b"USLT", lyrics(150, "x"))
    path.write_bytes(tag(b"".join(plain(*part) for part in parts)) + sound)
    content = path.read_bytes()
    outcome = jazz(path, journal)
    assert (outcome.status, outcome.reason) == ("refused", TWO_WAYS)
    assert path.read_bytes() == content
    assert read_tags(path).title == "Title"


def test_two_readings_that_both_go_through(tmp_path: Path, journal: Journal, sound: bytes) -> None:
    """A private frame that holds what looks like frames: each reading is whole, and they differ."""
    inner = by_the_book(b"TPE1", ARTIST) + plain(b"PRIV", bytes(94))
    body = b"a\0" + b"z" * (0x81 + 1 - 2)  # 0x0102 bytes in all, of which 0x82 when synchsafe
    body += inner.ljust(0x102 - len(body), b"\0")
    path = tmp_path / "song.mp3"
    path.write_bytes(tag(plain(b"PRIV", body) + plain(b"TALB", ALBUM)) + sound)
    content = path.read_bytes()
    outcome = jazz(path, journal)
    assert outcome.status == "refused", outcome
    assert outcome.reason in (TWO_WAYS, STRAY)
    assert path.read_bytes() == content


@pytest.mark.parametrize("size", [127, 128, 200, 300, 3000])
@pytest.mark.parametrize("padding", [0, 100, 4096, 9000])
def test_sizes_by_the_book_with_a_long_last_frame(
    size: int, padding: int, tmp_path: Path, journal: Journal, sound: bytes
) -> None:
    """A plain reading may end in the padding, too: that must not keep a sound tag from us."""
    path = tmp_path / "song.mp3"
    parts = (b"TIT2", TITLE), (b"COMM", b"\3eng\0" + b"c" * (size - 5))
    path.write_bytes(tag(b"".join(by_the_book(*p) for p in parts), bytes(padding)) + sound)
    seen = frames(path)
    assert jazz(path, journal).status == "changed"
    assert frames(path) == seen


@pytest.mark.parametrize("version", [2, 3, 4])
@pytest.mark.parametrize(
    "padding",
    [b"\0TPE1more", bytes(40) + b"x", bytes(300) + b"TPE2\0\0\0\1\0\0\0" + bytes(9), b"\0 "],
)
def test_what_stands_in_the_padding_is_not_lost(
    version: int, padding: bytes, tmp_path: Path, journal: Journal, sound: bytes
) -> None:
    path = tmp_path / "song.mp3"
    frame = (
        b"TT2" + len(TITLE).to_bytes(3, "big") + TITLE if version == 2 else plain(b"TIT2", TITLE)
    )
    path.write_bytes(tag(frame, padding, version) + sound)
    content = path.read_bytes()
    outcome = jazz(path, journal)
    assert outcome.status == "refused", outcome
    assert outcome.reason in (STRAY, TWO_WAYS)
    assert path.read_bytes() == content


def test_flag_of_an_extended_header_that_is_not_there(
    tmp_path: Path, journal: Journal, sound: bytes
) -> None:
    path = tmp_path / "song.mp3"
    content = bytearray(tag(by_the_book(b"TIT2", TITLE)) + sound)
    content[5] = 0x40
    path.write_bytes(content)
    assert read_tags(path).title == "Title"
    assert jazz(path, journal).status == "changed"
    assert frames(path)["TIT2"].text == ["Title"]


@pytest.mark.parametrize(("version", "flag"), [(3, 0x10), (3, 1), (4, 8), (4, 2)])
def test_flags_that_nobody_knows(
    version: int, flag: int, tmp_path: Path, journal: Journal, sound: bytes
) -> None:
    """mutagen does not read such a tag, so it could not referee."""
    path = tmp_path / "song.mp3"
    content = bytearray(tag(plain(b"TIT2", TITLE), version=version) + sound)
    content[5] = flag
    path.write_bytes(content)
    outcome = jazz(path, journal)
    reason = "its ID3 tag has flags that nobody knows"
    assert (outcome.status, outcome.reason) == ("refused", reason)
    assert path.read_bytes() == content


def test_unsynchronised_by_the_flag_of_the_tag_alone(
    tmp_path: Path, journal: Journal, sound: bytes
) -> None:
    path = tmp_path / "song.mp3"
    text = b"\1" + unsynch.encode("ÿes".encode("utf-16"))
    content = bytearray(tag(by_the_book(b"TIT2", text)) + sound)
    content[5] = 0x80
    path.write_bytes(content)
    seen = frames(path)
    assert read_tags(path).title == str(seen["TIT2"]) == "ÿes"
    assert jazz(path, journal).status == "changed"
    assert frames(path) == seen


@pytest.mark.parametrize("inside", [False, True])
def test_packed_frame_that_takes_all_memory(
    inside: bool, tmp_path: Path, journal: Journal, sound: bytes
) -> None:
    path = tmp_path / "song.mp3"
    packed = zlib.compress(bytes(100 << 20), 9)
    frame = b"PRIV" + synchsafe(4 + len(packed)) + b"\0\x09" + synchsafe(100 << 20) + packed
    if inside:
        frame = by_the_book(b"CHAP", b"c1\0" + bytes(16) + frame)
    path.write_bytes(tag(by_the_book(b"TIT2", TITLE) + frame) + sound)
    outcome = jazz(path, journal)
    reason = "packed frames of its ID3 tag are too large, or cannot be read"
    assert (outcome.status, outcome.reason) == ("refused", reason)


@pytest.mark.parametrize("version", [0, 2, 3, 4])
def test_genre_of_the_old_tag_counts_and_is_kept(
    version: int, tmp_path: Path, journal: Journal, sound: bytes
) -> None:
    """A genre that only the ID3v1 tag has is shown by others; a new tag must not hide it."""
    path = tmp_path / "song.mp3"
    title = (
        b"TT2" + len(TITLE).to_bytes(3, "big") + TITLE if version == 2 else plain(b"TIT2", TITLE)
    )
    front = tag(title, version=version) if version else b""
    path.write_bytes(front + sound + b"TAG" + b"Old".ljust(30, b"\0") + bytes(94) + b"\x11")
    assert read_tags(path).genres == ("Rock",)
    flute = FileChange(path, "", (TagChange("instrument", (), ("Flute",)),))
    (outcome,) = apply_plan(TagPlan((flute,)), journal)
    assert outcome.status == "changed", outcome
    tags: Any = mutagen.id3.ID3(path, load_v1=False)  # type: ignore[no-untyped-call]
    assert tags["TCON"].genres == ["Rock"]
    assert read_tags(path).instruments == ("Flute",)
