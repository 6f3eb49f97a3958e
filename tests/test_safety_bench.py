"""The attack on the writing of tags finds nothing in good files, and sees what is planted."""

from __future__ import annotations

import json
import random
import struct
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.safety import report, running
from benchmarks.safety.attacked import Intent, Outcome
from benchmarks.safety.forms import FORMS, carriers
from benchmarks.safety.forms.flac import comment_block
from benchmarks.safety.forms.form import Form
from benchmarks.safety.forms.id3 import Way, assemble, frame, unsynchronised
from benchmarks.safety.forms.mpeg import id3v1, sound
from benchmarks.safety.kinds import KINDS
from benchmarks.safety.packets import packets
from benchmarks.safety.plain import outcome_check
from benchmarks.safety.processes import together
from benchmarks.safety.referee import Look, Wish, judge, same_again, times
from benchmarks.safety.structure import parts_of
from benchmarks.safety.structure.ogg import crc
from benchmarks.safety.tally import Record, Tally, load
from tagger.writing.plan import FileChange

ROOT = Path(__file__).parent.parent
# Forms that are all well today: the whole of them is for the benchmark.
GOOD = (
    "^(mp3: 2.[234] encoding 1|mp3: two tags|flac: blocks c?s?a?q?p0|ogg: (vorbis|opus), picture"
    "|WAV: tag last|AIFF: tag first|mp4: order f(im|mi), full|asf: objects cex|ape: tag full"
    "|wavpack: tag full|musepack: tag full|dsf: 2.3)$"
)
JAZZ = Wish(genres=("Jazz",))


def mp3(*frames: bytes, audio: bytes = b"") -> bytes:
    return assemble(Way(3), b"".join(frames)) + (audio or sound(random.Random(1)))


def text(name: str, value: str) -> bytes:
    return frame(Way(3), name, b"\0" + value.encode())


TITLE, GENRE = text("TIT2", "title"), text("TCON", "Jazz")
PICTURE = frame(Way(3), "APIC", b"\0image/png\0\3cover\0" + bytes(range(200)))


def faults(before: bytes, after: bytes, wish: Wish = JAZZ, suffix: str = ".mp3") -> set[str]:
    return {found.fault for found in judge(Look(before, suffix), Look(after, suffix), wish)}


@pytest.mark.parametrize(
    ("kind", "wanted", "status"),
    [("forms", 120, "as wished"), ("faults", 150, "as wished"), ("wrong", 60, "as before"),
     ("full", 60, "as before"), ("kills", 80, "undone to the byte")],
)  # fmt: skip
def test_good_forms_come_through(kind: str, wanted: int, status: str, tmp_path: Path) -> None:
    record = Record(seed=3, code="")
    (*_, tally) = running.run_kind(record, kind, wanted, tmp_path, GOOD)
    assert record.examples == {}
    assert tally.checks >= wanted
    assert tally.bad == 0
    assert tally.peak_mb < 600
    assert sum(tally.statuses.values()) == tally.checks
    assert tally.of(status) > 0


@pytest.mark.parametrize("name", list(FORMS))
def test_form_holds_what_it_says_and_is_the_same_each_time(name: str) -> None:
    form = FORMS[name](random.Random(5))
    views = Look(form.content, form.suffix).views
    assert [what for what, raw in (*form.exact, *form.fields) if not times(raw, views)] == []
    assert FORMS[name](random.Random(5)) == form


def test_referee_finds_nothing_in_a_change_as_wished() -> None:
    assert faults(mp3(TITLE, PICTURE), mp3(GENRE, TITLE, PICTURE)) == set()


def test_lost_frame_is_seen() -> None:
    assert faults(mp3(TITLE, PICTURE), mp3(GENRE, PICTURE)) == {"lost"}


def test_frame_that_mutagen_does_not_know_is_seen_when_lost() -> None:
    unknown = frame(Way(3), "XYZW", b"\0\1\2\3")
    assert faults(mp3(TITLE, unknown), mp3(GENRE, TITLE)) == {"lost"}


def test_changed_picture_is_seen() -> None:
    other = PICTURE[:-1] + b"x"
    assert faults(mp3(TITLE, PICTURE), mp3(GENRE, TITLE, other)) == {"lost"}


def test_doubled_comment_that_is_merged_is_seen() -> None:
    twice, once = ([("A", b"A=b")] * 2, [("A", b"A=b")])
    info, frames = carriers.flac()

    def flac(comments: list[tuple[str, bytes]]) -> bytes:
        block = comment_block([*comments, ("", b"GENRE=Jazz")])
        head = b"fLaC\0" + len(info).to_bytes(3, "big") + info
        return head + b"\x84" + len(block).to_bytes(3, "big") + block + frames

    assert faults(flac(twice), flac(once), suffix=".flac") == {"lost"}
    assert faults(flac(twice), flac(twice), suffix=".flac") == set()


def test_changed_packet_is_seen() -> None:
    audio = bytearray(sound(random.Random(1)))
    audio[3000] ^= 1
    found = judge(
        Look(mp3(TITLE), ".mp3"), Look(mp3(GENRE, TITLE, audio=bytes(audio)), ".mp3"), JAZZ
    )
    assert {each.fault for each in found} == {"damaged"}
    assert any("FFmpeg" in each.what for each in found)
    assert packets(bytes(audio)) != ""


def test_sound_that_nobody_finds_any_more_is_seen() -> None:
    assert "damaged" in faults(mp3(TITLE), b"ID3 and nothing else" + bytes(300))


def test_false_change_is_seen() -> None:
    assert faults(mp3(TITLE), mp3(text("TCON", "Blues"), TITLE)) == {"false"}
    assert faults(mp3(TITLE), mp3(TITLE)) == {"false"}


def test_field_that_was_not_to_change_is_seen() -> None:
    assert faults(mp3(GENRE), mp3(GENRE), Wish(instruments=("Flute",))) == {"false"}
    assert faults(mp3(GENRE), mp3(TITLE, text("TXXX", "INSTRUMENT\0Flute")),
                  Wish(instruments=("Flute",))) == {"lost"}  # fmt: skip


def test_undoing_that_leaves_something_is_seen() -> None:
    assert same_again(Look(mp3(TITLE), ".mp3"), Look(mp3(TITLE), ".mp3")) == []
    found = same_again(Look(mp3(TITLE), ".mp3"), Look(mp3(GENRE, TITLE), ".mp3"))
    assert [each.fault for each in found] == ["false"]


def test_file_that_is_said_to_be_left_must_be_the_same(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    path.write_bytes(mp3(TITLE))
    intent = Intent(FileChange(path, "", ()), JAZZ, "fill")
    failed = Outcome(path, "failed", "a reason")
    same, other = Look(mp3(TITLE), ".mp3"), Look(mp3(GENRE), ".mp3")
    assert outcome_check("", failed, intent, same, path, None).problems == ()
    assert outcome_check("", failed, intent, other, path, None).problems
    (tmp_path / ".copy").write_bytes(b"")
    assert outcome_check("", failed, intent, same, path, None).problems


def test_bytes_of_a_form_are_counted() -> None:
    part = b"somebody's bytes"
    form = Form(".mp3", mp3(TITLE) + part * 2, exact=(("part", part),))
    before = Look(form.content, ".mp3")
    after = Look(mp3(GENRE, TITLE) + part, ".mp3")
    assert "bytes of part" in {each.what for each in judge(before, after, JAZZ, form)}
    whole = Look(mp3(GENRE, TITLE) + part * 2, ".mp3")
    assert "bytes of part" not in {each.what for each in judge(before, whole, JAZZ, form)}


def test_page_that_becomes_valid_is_seen() -> None:
    right = FORMS["ogg: vorbis"](random.Random(1)).content
    last = right.rfind(b"OggS")
    wrong = right[: last + 22] + b"\0\0\0\0" + right[last + 26 :]
    assert parts_of(wrong) != parts_of(right)
    page = right[last : last + 22] + bytes(4) + right[last + 26 :]
    assert struct.pack("<I", crc(page)) == right[last + 22 : last + 26]


def test_place_of_sound_that_moved_is_seen() -> None:
    form = FORMS["mp4: order fim, full"](random.Random(2))
    place = form.content.find(b"stco") + 12
    wrong = bytearray(form.content)
    wrong[place + 3] ^= 4
    assert parts_of(bytes(wrong)) != parts_of(form.content)


def test_unsynchronised_bytes_are_found() -> None:
    raw = b"\xff\xe0\xff\x00\xff"
    assert unsynchronised(raw) == b"\xff\x00\xe0\xff\x00\x00\xff\x00"
    assert times(raw, Look(b"ID3" + unsynchronised(raw), ".mp3").views) == 1


def test_oldest_tag_is_no_loss_where_it_is_copied() -> None:
    tail = id3v1(random.Random(1))
    before = sound(random.Random(2))
    after = assemble(Way(4), GENRE) + before
    before += tail
    assert faults(before, after + tail) == set()
    assert "lost" in faults(before, after)


def test_stopped_run_goes_on(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    record = load(state, 3, "code")
    for _ in running.run_kind(record, "forms", 20, tmp_path, GOOD):
        record.save(state)
    again = load(state, 3, "code")
    assert again == record
    for _ in running.run_kind(again, "forms", 40, tmp_path, GOOD):
        pass
    assert again.tallies["forms"].checks >= 40
    assert again.tallies["forms"].next_number > record.tallies["forms"].next_number
    assert load(state, 3, "other code").tallies == {}
    assert load(state, 4, "code").tallies == {}
    assert json.loads(state.read_text())["seed"] == 3


def test_worker_that_hangs_is_ended_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "HANG_S", 0.001)
    record = Record(seed=1, code="")
    (*_, tally) = running.run_kind(record, "forms", 2, tmp_path, GOOD)
    assert tally.hangs == 2
    assert tally.bad == 2


def test_worker_that_crashes_is_counted(tmp_path: Path) -> None:
    record = Record(seed=1, code="")
    (*_, tally) = running.run_kind(record, "forms", 1, tmp_path, "no form is called so")
    assert (tally.crashes, tally.bad) == (1, 1)


def test_table_counts_every_trial_once() -> None:
    done = {"done": 0, "mb": 5.0, "s": 0.1}
    check = {"status": "as wished", "problems": []}
    lost = {"status": "as wished", "problems": [{"fault": "lost", "what": ""}] * 2}
    tally = Tally()
    tally.add({**done, "checks": [check, lost, {**check, "status": "as before"}]})
    record = Record(1, "", {"forms": tally, "fuzz": replace(tally)})
    lines = report.table(record).splitlines()
    assert lines[2].split("|")[2:8] == [" 3 ", " 1 ", " 1 ", "  ", " 1 ", " 0 "]
    assert lines[-1].split("|")[2] == " 6 "


def test_shares_make_a_whole() -> None:
    assert sum(kind.share for kind in KINDS.values()) == pytest.approx(1, abs=0.01)


def test_readme_shows_the_table_of_the_results() -> None:
    results = (ROOT / "benchmarks" / "SAFETY.md").read_text(encoding="utf-8")
    table = [line for line in results.split("## What")[0].splitlines() if line.startswith("|")]
    assert "\n".join(table) in (ROOT / "README.md").read_text(encoding="utf-8")


def test_two_wishes_come_true_together_only_where_they_agree() -> None:
    genre, both = Wish(("Jazz",)), Wish(("Jazz",), ("Harp",))
    assert together(genre, both) == both
    assert together(genre, Wish(None, ("Harp",))) == both
    assert together(genre, Wish(("Rock",), ("Harp",))) is None
