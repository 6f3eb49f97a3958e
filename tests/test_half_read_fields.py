"""A field of ours that cannot be read wholly is not replaced; an empty one can be given back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mutagen
import pytest

from tagger.tags.containers import Item, is_whole
from tagger.writing.apply import apply_plan
from tagger.writing.journal import Journal
from tagger.writing.plan import TagPlan
from tagger.writing.undo import find_run, plan_undo
from tests.careless_files import add, ape_item, atom, attribute, data, frame, frame22
from tests.faults import change
from tests.music_files import KINDS, make_file

_FREE = b"\0\0\0\x1cmean\0\0\0\0com.apple.iTunes\0\0\0\x16name\0\0\0\0INSTRUMENT"
# What is in a file -> its kind, and the item.
HALF_READ: dict[str, tuple[str, tuple[str, bytes]]] = {
    "a picture as genre": ("aac", atom(b"\xa9gen", data(13, b"\xff\xd8"))),
    "text and a number": ("aac", atom(b"\xa9gen", data(1, b"Rock") + data(21, b"\1"))),
    "a short data atom": ("aac", atom(b"\xa9gen", atom(b"data", b"\0\0\0\1")[1])),
    "another atom beside": ("aac", atom(b"\xa9gen", atom(b"dota", bytes(9))[1])),
    "a genre that has no name": ("aac", atom(b"gnre", data(0, b"\x7f\xff"))),
    "comment of bytes": ("flac", ("GENRE", b"GENRE=Rock \xff\xfe")),
    "item that is no text": ("wavpack", ape_item("Genre", b"\1\2", 2)),
    "item of bytes": ("wavpack", ape_item("Genre", b"Rock \xff", 0)),
    "number": ("wma", attribute("WM/Genre", 3, b"\1\0\0\0", where=b"E")),
    "half a sign": ("wma", attribute("WM/Genre", 0, b"R\0o", where=b"L")),
    "no UTF-8": ("mp3", frame("TCON", b"\x03Rock \xff")),
    "no code": ("mp3 v2.3", frame("TCON", b"\x09Rock")),
    "cut UTF-16": ("mp3 v2.2", frame22("TCO", b"\1\xff\xfeR\0o")),
}
WHOLE = (
    ("mp4", atom(b"\xa9gen", data(1, "Música".encode()) + data(2, b"\0R") + data(0, b"x"))),
    ("mp4", atom(b"gnre", data(0, b"\0\x12"))),
    ("mp4", ("----:COM.APPLE.ITUNES:INSTRUMENT", bytes(4) + b"----" + _FREE + data(1, b"Flute"))),
    ("vorbis", ("GENRE", "GENRE=Música".encode())),
    ("ape", ape_item("Genre", "Jazz\0Música".encode(), 0)),
    ("asf", attribute("WM/Genre", 0, "Jazz\0".encode("utf-16-le"), where=b"E")),
    ("id3v2.3", frame("TCON", b"\1" + "Jazz".encode("utf-16") + b"\0")),
    ("id3v2.3", frame("TCON", b"\1" + "Jazz".encode("utf-16-le") + b"\0\0")),
    ("id3v2.3", frame("TCON", b"\0")),
    ("id3v2.3", frame("TCON", b"")),
)


@pytest.mark.parametrize("what", HALF_READ)
def test_field_that_cannot_be_read_wholly_is_left_alone(what: str, tmp_path: Path) -> None:
    kind, item = HALF_READ[what]
    path = make_file(kind, tmp_path / f"song{KINDS[kind]}")
    add(path, [item])
    before = path.read_bytes()
    with Journal(tmp_path / "journal") as journal:
        (outcome,) = apply_plan(TagPlan((change(path, "Jazz"),)), journal)
    assert outcome.status == "refused", outcome
    assert "holds more than can be read" in outcome.reason
    assert path.read_bytes() == before


def test_free_tag_without_a_name_is_left_alone(tmp_path: Path) -> None:
    """Others may take it for an instrument by its place."""
    path = make_file("aac", tmp_path / "song.m4a")
    add(path, [("----", atom(b"----", _FREE.replace(b"name", b"\0\0\0\0"))[1])])
    with Journal(tmp_path / "journal") as journal:
        (outcome,) = apply_plan(TagPlan((change(path, "Jazz"),)), journal)
    assert (outcome.status, outcome.reason) == ("refused", "a free tag of it has no name")


@pytest.mark.parametrize("number", range(len(WHOLE)))
def test_fields_that_are_text_are_whole(number: int) -> None:
    dialect, (key, raw) = WHOLE[number]
    assert is_whole(Item(key, raw), dialect)


@pytest.mark.parametrize("empty", [b"\0", b"\1\xff\xfe", b""])
def test_empty_genre_is_given_back_where_other_tags_were_changed_since(
    empty: bytes, tmp_path: Path
) -> None:
    path = make_file("mp3 v2.3", tmp_path / "song.mp3")
    add(path, [frame("TCON", empty)])
    with Journal(tmp_path / "journal") as journal:
        (outcome,) = apply_plan(TagPlan((change(path, "Jazz"),)), journal)
        assert outcome.status == "changed", outcome
        file: Any = mutagen.File(path)
        file.tags.delall("TIT2")
        file.save(v2_version=3)
        undoing = plan_undo(journal, find_run(journal, None))
        (undone,) = apply_plan(undoing.plan, journal, undoes=undoing.run.id)
    assert undone.status == "changed", undone
    assert b"Jazz" not in path.read_bytes()


def test_numbered_genre_is_given_back_where_other_tags_were_changed_since(tmp_path: Path) -> None:
    path = make_file("aac", tmp_path / "song.m4a")
    add(path, [atom(b"gnre", data(0, b"\0\x12"))])
    with Journal(tmp_path / "journal") as journal:
        (outcome,) = apply_plan(TagPlan((change(path, "Jazz"),)), journal)
        assert outcome.status == "changed", outcome
        file: Any = mutagen.File(path)
        del file.tags["\xa9nam"]
        file.save()
        undoing = plan_undo(journal, find_run(journal, None))
        (undone,) = apply_plan(undoing.plan, journal, undoes=undoing.run.id)
    assert undone.status == "changed", undone
    assert b"gnre" in path.read_bytes()
