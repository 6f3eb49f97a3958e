"""Sound that ends before its own header says: a tag behind it would be taken for the rest."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from tagger.errors import MusicTagError
from tagger.tags.containers.ape import check_length
from tagger.tags.containers.base import DamagedError, Source
from tagger.writing.apply import apply_plan
from tagger.writing.journal import Journal
from tagger.writing.plan import TagPlan
from tests.faults import change
from tests.music_files import KINDS, make_file

PACKETS = b"MPCK" + b"SH\x0f" + bytes(12) + b"AP\x81\x04" + bytes(128) + b"SE\x03"


def untagged(kind: str, path: Path) -> Path:
    """A file whose sound reaches to its end."""
    content = make_file(kind, path).read_bytes()
    if kind == "dsf":
        (tag,) = struct.unpack("<Q", content[20:28])
        content = content[:12] + struct.pack("<QQ", tag, 0) + content[28:tag]
    else:
        content = content[: content.index(b"APETAGEX")]
    if kind == "ape":  # the test's own file tells of no sizes
        sizes = struct.pack("<7I", 52, 24, 0, 0, len(content) - 76, 0, 0)
        content = content[:8] + sizes + content[36:]
    path.write_bytes(content)
    return path


def status(path: Path, folder: Path) -> str:
    with Journal(folder / "journal") as journal:
        (outcome,) = apply_plan(TagPlan((change(path, "Jazz"),)), journal)
    return f"{outcome.status} {outcome.reason}"


@pytest.mark.parametrize("cut", [1, 30, 1000])
@pytest.mark.parametrize("kind", ["wavpack", "ape", "dsf"])
def test_file_that_is_cut_in_its_sound_is_left_alone(kind: str, cut: int, tmp_path: Path) -> None:
    path = untagged(kind, tmp_path / f"song{KINDS[kind]}")
    content = path.read_bytes()[:-cut]
    path.write_bytes(content)
    assert any(said in status(path, tmp_path) for said in ("headers say", "header says"))
    assert path.read_bytes() == content


@pytest.mark.parametrize("kind", ["wavpack", "ape", "dsf"])
def test_whole_file_gets_its_first_tag(kind: str, tmp_path: Path) -> None:
    path = untagged(kind, tmp_path / f"song{KINDS[kind]}")
    assert status(path, tmp_path).startswith("changed")


def test_dsf_without_its_sound_is_damaged(tmp_path: Path) -> None:
    path = untagged("dsf", tmp_path / "song.dsf")
    path.write_bytes(path.read_bytes().replace(b"data", b"dota", 1))
    with pytest.raises(MusicTagError, match="its sound is not where its header says"):
        change(path, "Jazz")


def check(content: bytes, folder: Path) -> None:
    path = folder / "song.mpc"
    path.write_bytes(content)
    with path.open("rb", buffering=0) as file:
        check_length(Source(file), 0, len(content))


def test_blocks_of_wavpack_are_no_shorter_than_their_heads(tmp_path: Path) -> None:
    check(b"wvpk" + struct.pack("<I", 24) + bytes(24), tmp_path)
    with pytest.raises(DamagedError, match="is damaged"):
        check(b"wvpk" + bytes(100), tmp_path)
    with pytest.raises(DamagedError, match="its sound ends before"):
        check(b"wvpk" + struct.pack("<I", 24) + bytes(24) + b"w", tmp_path)


@pytest.mark.parametrize("cut", [1, 4])
def test_file_whose_id3v1_tag_is_cut_is_left_alone(cut: int, tmp_path: Path) -> None:
    """mutagen reads the genre of such a tag, others do not."""
    path = make_file("mp3 v1", tmp_path / "song.mp3")
    path.write_bytes(path.read_bytes()[:-cut])
    assert status(path, tmp_path) == "refused its ID3v1 tag is cut off"


@pytest.mark.parametrize("behind", [b"", b"APETAGEX" + bytes(122), bytes(122) + b"TAG" + bytes(7)])
def test_other_bytes_at_the_end_are_no_cut_tag(behind: bytes, tmp_path: Path) -> None:
    path = make_file("mp3 v1", tmp_path / "song.mp3")
    path.write_bytes(path.read_bytes()[:-128] + behind)
    assert status(path, tmp_path).startswith("changed")


def test_second_list_of_tags_that_is_damaged(tmp_path: Path) -> None:
    """mutagen would go astray in it and find no tags at all."""
    path = make_file("aac", tmp_path / "song.m4a")
    content = path.read_bytes()
    moov = content.index(b"moov") - 4
    meta = b"\0\0\0\x1cmeta\0\0\0\0\0\0\0\x10ilst\x7f\0\0\0covr"
    size = int.from_bytes(content[moov : moov + 4], "big") + len(meta)
    path.write_bytes(content[:moov] + size.to_bytes(4, "big") + content[moov + 4 :] + meta)
    with pytest.raises(MusicTagError, match="its atoms are damaged"):
        change(path, "Jazz")


def test_table_of_more_sounds_than_it_holds_is_damage(tmp_path: Path) -> None:
    path = make_file("aac", tmp_path / "song.m4a")
    content = path.read_bytes()
    place = content.index(b"stsz") + 12
    path.write_bytes(content[:place] + b"\x14" + content[place + 1 :])
    with pytest.raises(MusicTagError, match="table of sizes"):
        change(path, "Jazz")


def test_packets_of_musepack_go_up_to_the_end_of_the_stream(tmp_path: Path) -> None:
    check(PACKETS, tmp_path)
    check(PACKETS + b"more", tmp_path)
    for length in (*range(4, len(PACKETS) - 3), len(PACKETS) - 3):
        with pytest.raises(DamagedError, match="its sound ends before"):
            check(PACKETS[:length], tmp_path)
