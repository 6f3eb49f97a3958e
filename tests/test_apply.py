"""What a file keeps while it gets new tags, and when it is left alone."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from pathlib import Path
from typing import Any

import mutagen.id3
import pytest

from tagger.errors import JournalError, TagError
from tagger.tags.reader import read_tags
from tagger.writing.apply import Outcome, apply_plan
from tagger.writing.journal import Journal
from tagger.writing.plan import FileChange, TagChange, TagPlan
from tests.faults import NEW, change


def run(journal: Journal, *changes: FileChange, **options: Any) -> list[Outcome]:
    return list(apply_plan(TagPlan(changes), journal, **options))


def test_mode_time_and_owner(song: Path, journal: Journal) -> None:
    song.chmod(0o640)
    os.utime(song, ns=(10**18, 10**18))
    if hasattr(os, "chown") and os.geteuid() == 0:
        os.chown(song, 1234, 5678)
    before = song.stat()
    run(journal, change(song, *NEW), keep_time=True)
    after = song.stat()
    assert read_tags(song).genres == NEW
    assert after.st_mtime_ns == before.st_mtime_ns
    assert (after.st_mode, after.st_uid, after.st_gid) == (
        before.st_mode, before.st_uid, before.st_gid,
    )  # fmt: skip
    run(journal, change(song, "Rock"))
    assert song.stat().st_mtime_ns > before.st_mtime_ns


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="no extended attributes here")
def test_extended_attributes_and_access_list(song: Path, journal: Journal) -> None:
    # An access list: owner rw, user 1234 r, group r, mask r, others none.
    entries = [(1, 6, -1), (2, 4, 1234), (4, 4, -1), (16, 4, -1), (32, 0, -1)]
    acl = b"\2\0\0\0" + b"".join(
        tag.to_bytes(2, "little")
        + mode.to_bytes(2, "little")
        + (who & 0xFFFFFFFF).to_bytes(4, "little")
        for tag, mode, who in entries
    )
    try:
        os.setxattr(song, "user.rating", b"\0five\xff")
        os.setxattr(song, "system.posix_acl_access", acl)
    except OSError:
        pytest.skip("this file system keeps no attributes")
    run(journal, change(song, *NEW))
    assert os.getxattr(song, "user.rating") == b"\0five\xff"
    assert os.getxattr(song, "system.posix_acl_access") == acl


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_link_is_followed_and_said(song: Path, journal: Journal, tmp_path: Path) -> None:
    link = tmp_path / "link.mp3"
    link.symlink_to(song)
    (outcome,) = run(journal, change(link, *NEW))
    assert outcome.status == "changed"
    assert outcome.notes == (f"a link; the file itself was changed: {song}",)
    assert link.is_symlink()
    assert read_tags(song).genres == NEW


def test_hard_link_parts_and_is_said(song: Path, journal: Journal, tmp_path: Path) -> None:
    other = tmp_path / "seeded.mp3"
    other.hardlink_to(song)
    (outcome,) = run(journal, change(song, *NEW))
    assert outcome.notes == ("1 other hard link(s) to it keep the old tags",)
    assert read_tags(other).genres == ()  # a torrent that shares it stays whole
    assert read_tags(song).genres == NEW


def test_file_with_two_names_is_written_once(song: Path, journal: Journal, tmp_path: Path) -> None:
    link = tmp_path / "link.mp3"
    link.symlink_to(song)
    outcomes = run(journal, change(song, *NEW), change(link, "Rock"))
    assert [outcome.status for outcome in outcomes] == ["changed", "unchanged"]
    assert read_tags(song).genres == NEW


def test_file_that_changed_since_the_plan_is_refused(song: Path, journal: Journal) -> None:
    planned = change(song, *NEW)
    run(journal, change(song, "Polka"))
    (outcome,) = run(journal, planned)
    assert (outcome.status, outcome.reason) == (
        "refused", "its genre changed since the plan was made",
    )  # fmt: skip
    assert read_tags(song).genres == ("Polka",)


def test_other_sound_under_the_name_is_refused(song: Path, journal: Journal) -> None:
    planned = change(song, *NEW)
    song.write_bytes(song.read_bytes() + b"\xff\xfb\x90\x00" + bytes(500))
    (outcome,) = run(journal, planned)
    assert (outcome.status, outcome.reason) == (
        "refused", "it holds other sound than the plan was made for",
    )  # fmt: skip


def test_change_that_does_nothing_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="would stay"):
        TagChange("genre", ("Jazz",), ("Jazz",))


def test_two_runs_at_once_get_a_clear_line(journal: Journal) -> None:
    with pytest.raises(JournalError, match="another musictag is writing tags"):
        Journal(journal.folder)


def test_pipe_is_not_waited_for(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes with names here")
    pipe = tmp_path / "song.mp3"
    os.mkfifo(pipe)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    with pytest.raises(TagError, match="not a regular file"):
        read_tags(pipe)


def test_version_2_3_stays_and_is_joined(
    tmp_path: Path, short_song: Path, journal: Journal
) -> None:
    song = Path(shutil.copy(short_song, tmp_path / "song.mp3"))
    tags: Any = mutagen.id3.ID3(song)  # type: ignore[no-untyped-call]
    tags.update_to_v23()
    tags.save(song, v2_version=3)
    run(journal, change(song, "Jazz", "三味線"))
    tags = mutagen.id3.ID3(song, translate=False)  # type: ignore[no-untyped-call]
    assert tags.version == (2, 3, 0)
    assert tags["TCON"].text == ["Jazz; 三味線"]
    assert read_tags(song).genres == ("Jazz", "三味線")


def test_unsynchronised_and_extended_tags_are_understood(
    tmp_path: Path, short_song: Path, journal: Journal
) -> None:
    song = tmp_path / "song.mp3"
    sound = short_song.read_bytes()[-3000:]
    frame = b"TIT2\0\0\0\x07\0\0\x01\xff\xfeA\0B\0"
    extended = b"\0\0\0\x06\0\0\0\0\0\0"
    body = extended + frame.replace(b"\xff\xfe", b"\xff\0\xfe") + bytes(20)
    song.write_bytes(b"ID3\x03\0\xc0\0\0\0" + bytes([len(body)]) + body + sound)
    assert read_tags(song).title == "AB"
    assert [outcome.status for outcome in run(journal, change(song, *NEW))] == ["changed"]
    assert read_tags(song).title == "AB"
    assert song.read_bytes().endswith(sound)


def test_numbers_of_old_genres_are_names() -> None:
    from tagger.tags.containers.id3_frames import make_item, texts

    assert texts(make_item("TCON", ("(17)",), "id3v2.3"), "id3v2.3") == ("Rock",)


def test_damaged_id3_tag_is_refused_whole(tmp_path: Path, short_song: Path) -> None:
    song = tmp_path / "song.mp3"
    content = bytearray(short_song.read_bytes())
    content[10:14] = b"\x80\x81{}"
    song.write_bytes(content)
    with pytest.raises(TagError, match="damaged"):
        read_tags(song)


def test_lyrics_behind_the_sound_of_an_mp3_stay(
    tmp_path: Path, short_song: Path, journal: Journal
) -> None:
    song = tmp_path / "song.mp3"
    lyrics = b"LYRICSBEGININD0000200LYR00005la la000031LYRICS200"
    song.write_bytes(short_song.read_bytes() + lyrics)
    assert [outcome.status for outcome in run(journal, change(song, *NEW))] == ["changed"]
    assert song.read_bytes().endswith(lyrics)


def test_odd_atoms_beside_the_tags_of_an_m4a_stay(tmp_path: Path, journal: Journal) -> None:
    from tests.music_files import make_file

    song = make_file("aac", tmp_path / "song.m4a")
    content = song.read_bytes()
    at = content.index(b"trak") - 4
    size = int.from_bytes(content[at : at + 4], "big")
    odd = b"\0\0\0\x11udtanot atoms"  # as cameras write them
    moov = content.index(b"moov") - 4
    length = int.from_bytes(content[moov : moov + 4], "big")
    assert moov > content.index(b"mdat")  # so that no offset changes
    song.write_bytes(
        content[:moov] + (length + len(odd)).to_bytes(4, "big") + content[moov + 4 : at]
        + (size + len(odd)).to_bytes(4, "big") + content[at + 4 : at + size] + odd
        + content[at + size :]
    )  # fmt: skip
    assert [outcome.status for outcome in run(journal, change(song, *NEW))] == ["changed"]
    assert odd in song.read_bytes()


def test_index_before_the_sound_of_an_m4a_moves_with_it(tmp_path: Path, journal: Journal) -> None:
    from tests.audio_files import music, write
    from tests.decoding import decoded

    song = write(tmp_path / "song.m4a", music(2, 44100), 44100)
    content = song.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    before = decoded(song)
    assert [outcome.status for outcome in run(journal, change(song, *NEW))] == ["changed"]
    assert len(song.read_bytes()) > len(content)
    assert decoded(song) == before


def test_numbered_genre_of_an_m4a_is_read_replaced_and_put_back(
    tmp_path: Path, journal: Journal
) -> None:
    from tagger.tags.containers import Item
    from tagger.tags.reader import opened
    from tagger.writing.undo import find_run, plan_undo
    from tests.careless_files import add
    from tests.music_files import make_file

    song = make_file("alac", tmp_path / "song.m4a")
    numbered = Item("GNRE", b"\0\0\0\x1agnre\0\0\0\x12data\0\0\0\0\0\0\0\0\0\x12")
    add(song, [(numbered.key, numbered.raw)])
    assert read_tags(song).genres == ("Rock",)
    run(journal, change(song, *NEW))
    assert read_tags(song).genres == NEW
    list(apply_plan(plan_undo(journal, find_run(journal, None)).plan, journal))
    with opened(song) as file:
        assert numbered in file.layout.items


def test_what_a_container_cannot_hold_is_refused(tmp_path: Path, journal: Journal) -> None:
    from tests.music_files import make_file

    song = make_file("flac", tmp_path / "song.flac")
    before = song.read_bytes()
    (outcome,) = run(journal, change(song, "x" * (1 << 24)))
    assert outcome.status == "failed"
    assert outcome.reason.startswith("cannot be written (its comments would be larger")
    assert song.read_bytes() == before


def test_wav_that_is_shorter_than_it_says_is_read_and_not_written(
    tmp_path: Path, journal: Journal
) -> None:
    from tests.music_files import make_file

    song = make_file("wav", tmp_path / "song.wav")
    song.write_bytes(song.read_bytes()[:20_000])
    (outcome,) = run(journal, change(song, *NEW))
    assert (outcome.status, outcome.reason) == ("refused", "it is shorter than its header says")
