from __future__ import annotations

import contextlib
import csv
import io
import os
import shutil
import tarfile
from pathlib import Path
from typing import Any

import mido  # type: ignore[import-untyped]
import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from click.testing import CliRunner

from tagger.errors import DataError
from tests.midi_names import compare_names
from training.synth.batch import Recipe, Tally, render_library
from training.synth.command import synth
from training.synth.excerpt import choose_start, cut, make_excerpt, to_midi
from training.synth.general_midi import (
    BLURS,
    NAMES,
    PROGRAM_NAMES,
    audible_name,
    name_of,
    sister_programs,
)
from training.synth.library import MidiRow, read_members
from training.synth.render import Studio, draw_studio, find_soundfonts, render
from training.synth.score import BEND, BEND_RANGE, Note, Score, open_midi, read_score
from training.synth.variation import Variation, apply_variation, draw_variation
from training.synth.windows import Sound, label_windows, sounds_of, summarise

SONG = Path("song.mid")
TICKS_PER_S = 960  # 480 to the beat at 120 beats a minute

Timed = tuple[float, Any]


def _soundfonts() -> tuple[Path, ...]:
    try:
        return find_soundfonts()
    except DataError:
        return ()


needs_fluidsynth = pytest.mark.skipif(
    shutil.which("fluidsynth") is None or not _soundfonts(),
    reason="fluidsynth or a SoundFont is not installed",
)


def message(at: float, kind: str, **values: int) -> Timed:
    return at, mido.Message(kind, **values)


def control(at: float, number: int, value: int, channel: int = 0) -> Timed:
    return message(at, "control_change", channel=channel, control=number, value=value)


def note(
    start: float, end: float, key: int = 60, *, channel: int = 0, velocity: int = 100
) -> list[Timed]:
    return [
        message(start, "note_on", channel=channel, note=key, velocity=velocity),
        message(end, "note_off", channel=channel, note=key),
    ]


def song(*timed: Timed) -> Any:
    midi = mido.MidiFile(type=0, ticks_per_beat=480)
    track = mido.MidiTrack()
    midi.tracks.append(track)
    reached = 0
    for at, item in sorted(timed, key=lambda pair: pair[0]):
        tick = round(at * TICKS_PER_S)
        track.append(item.copy(time=tick - reached))
        reached = tick
    return midi


def content(midi: Any) -> bytes:
    stream = io.BytesIO()
    midi.save(file=stream)
    return stream.getvalue()


def score_of(*timed: Timed) -> Score:
    return read_score(song(*timed), SONG)


def violin_and_drums(seconds: float = 60.0) -> Any:
    timed = [message(0, "program_change", channel=0, program=40)]
    for second in np.arange(2.0, seconds, 1.0):
        timed += note(second, second + 0.9, 69)
        timed += note(second, second + 0.1, 38, channel=9)
    return song(*timed)


# The table


@pytest.mark.parametrize(
    ("program", "name"),
    [
        (0, "Piano"),
        (4, "Electric Piano"),
        (7, "Clavinet"),
        (15, "Mallets"),
        (19, "Organ"),
        (32, "Double Bass"),
        (33, "Electric Bass"),
        (38, "Synthesizer"),
        (43, "Double Bass"),
        (47, "Percussion"),
        (48, "Strings"),
        (54, "Choir"),
        (61, "Brass Section"),
        (69, "Cor Anglais"),
        (72, "Flute"),
        (104, "Sitar"),
        (110, "Violin"),
        (119, "Percussion"),
        (127, "Sound Effects"),
    ],
)
def test_programs_have_the_names_of_the_data(program: int, name: str) -> None:
    assert PROGRAM_NAMES[program] == name


def test_every_program_is_named_or_a_known_family_without_name() -> None:
    assert len(PROGRAM_NAMES) == 128
    assert len(NAMES) == 34
    assert set(PROGRAM_NAMES) - NAMES <= set(BLURS)
    assert {name for names in BLURS.values() for name in names} <= NAMES


@pytest.mark.parametrize(
    ("kit", "key", "name"),
    [
        (0, 36, "Drums"),
        (0, 62, "Percussion"),
        (0, 54, "Kit Percussion"),
        (48, 36, "Kit Percussion"),
        (48, 62, "Percussion"),
        (56, 40, "Sound Effects"),
        (0, 20, None),
    ],
)
def test_drum_keys(kit: int, key: int, name: str | None) -> None:
    assert name_of(9, kit, key) == name


def test_families_without_a_name_are_not_labelled() -> None:
    assert audible_name("Brass Section") is None
    assert audible_name("Kit Percussion") == "Percussion"


def test_sisters_keep_name_and_family() -> None:
    assert sister_programs(29) == (26, 27, 28, 29, 30, 31)
    assert sister_programs(38) == (38, 39)
    assert sister_programs(47) == (47,)


# The score


def test_pedal_lengthens_notes_and_level_follows_the_controls() -> None:
    score = score_of(
        control(0, 64, 127),
        control(0, 7, 127),
        *note(0, 1, 60, velocity=127),
        *note(0.5, 1, 64, velocity=127),
        control(0.7, 11, 64),
        control(3, 64, 0),
        *note(4, 5, velocity=127),
    )
    assert [n.start for n in score.notes] == pytest.approx([0, 0.5, 4])
    assert [n.end for n in score.notes] == pytest.approx([3, 3, 5])
    assert [round(n.level_db) for n in score.notes] == [0, 0, -12]


def test_a_key_struck_again_ends_its_earlier_note() -> None:
    score = score_of(control(0, 64, 127), *note(0, 1), *note(2, 3), control(4, 64, 0))
    assert [(n.start, n.end) for n in score.notes] == [(0, 2), (2, 4)]


def test_all_notes_off_and_reset_are_followed() -> None:
    score = score_of(*note(0, 9), control(2, 123, 0), control(2, 121, 0), *note(3, 4))
    assert [n.end for n in score.notes] == [2, 4]
    assert [(c.number, c.value) for c in score.controls] == [(1, 0), (11, 127), (BEND, 0)]


def test_drum_banks_on_other_channels_are_left_out() -> None:
    score = score_of(control(0, 0, 127), *note(0, 1), control(2, 0, 0), *note(3, 4))
    assert [n.start for n in score.notes] == [3]


def test_only_the_bend_range_is_read_from_parameters() -> None:
    score = score_of(
        *(control(0, number, 0) for number in (101, 100)),
        control(0.1, 6, 12),
        control(0.2, 98, 8),
        control(0.3, 6, 99),
        *note(1, 2),
    )
    assert [(c.number, c.value) for c in score.controls] == [(BEND_RANGE, 12)]


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (b"", "not a readable MIDI file"),
        (b"RIFF" + bytes(40), "not a readable MIDI file"),
        (content(violin_and_drums())[:200], "not a readable MIDI file"),
        (b"MThd\0\0\0\6\0\2\0\1\1\xe0MTrk\0\0\0\4\0\xff\x2f\0", "type 2"),
        (b"MThd\0\0\0\6\0\0\0\1\xe7\x28MTrk\0\0\0\4\0\xff\x2f\0", "SMPTE"),
        (b"MThd\0\0\0\6\0\0\0\1\0\0MTrk\0\0\0\4\0\xff\x2f\0", "SMPTE"),
        (b"MThd\0\0\0\6\0\0\0\1\1\xe0MTrk\0\0\0\4\0\xff\x2f\0", "no notes"),
        (b"MThd\0\0\0\6\0\0\0\1\1\xe0MTrk\0\0\0\5\0\xff\x59\x02\x7f\x09", "not a readable"),
    ],
)
def test_what_is_no_song_is_one_clear_error(broken: bytes, said: str) -> None:
    with pytest.raises(DataError, match=said) as caught:
        read_score(open_midi(broken, SONG), SONG)
    assert caught.value.path == SONG


def test_random_damage_never_raises_anything_else() -> None:
    whole = np.frombuffer(content(violin_and_drums(10)), np.uint8)
    rng = np.random.default_rng(1)
    for _ in range(300):
        damaged = whole.copy()
        damaged[rng.integers(len(whole), size=8)] = rng.integers(256, size=8)
        with contextlib.suppress(DataError):
            make_excerpt(open_midi(damaged.tobytes(), SONG), SONG, rng, seconds=3.0)


# Variation


def test_variation_is_the_same_for_the_same_seed() -> None:
    score = score_of(*(item for c in range(6) for item in note(c, c + 1, 60, channel=c)))
    drawn = [draw_variation(score, np.random.default_rng(seed)) for seed in range(40)]
    again = [draw_variation(score, np.random.default_rng(seed)) for seed in range(40)]
    assert drawn == again
    assert {variation.semitones for variation in drawn} == {-2, -1, 0, 1, 2}
    assert {len(variation.dropped) for variation in drawn} == {0, 1, 2}
    assert all(p in sister_programs(0) for v in drawn for p in v.programs.values())


def test_drums_are_not_transposed_nor_their_kit_changed() -> None:
    score = score_of(*note(0, 1, 60), *note(0, 1, 38, channel=9), *note(0, 1, 50, channel=3))
    varied = apply_variation(score, Variation(2, {(0, 0): 1, (9, 0): 8}, frozenset({3})))
    assert [(n.channel, n.key, n.program) for n in varied.notes] == [(0, 62, 1), (9, 38, 0)]


def test_two_channels_are_never_dropped_to_none() -> None:
    score = score_of(*note(0, 1), *note(0, 1, channel=1))
    drawn = (draw_variation(score, np.random.default_rng(seed)) for seed in range(20))
    assert not any(variation.dropped for variation in drawn)


# The excerpt


def test_state_is_chased_and_notes_are_cut() -> None:
    score = score_of(
        message(0, "program_change", channel=0, program=48),
        control(0, 7, 90),
        control(1, 7, 80),
        message(1, "pitchwheel", channel=0, pitch=1000),
        *note(8, 12, 60),
        *note(11, 30, 64),
        control(13, 11, 70),
    )
    midi = to_midi(cut(score, 10.0, 20.0))
    at, heard = 0.0, []
    for item in midi:
        at += item.time
        heard.append((round(at, 3), item))
    assert [(at, item.value) for at, item in heard if item.type == "control_change"] == [
        (0, 80),
        (3, 70),
    ]
    assert next(item.pitch for _, item in heard if item.type == "pitchwheel") == 1000
    assert [item.program for _, item in heard if item.type == "program_change"] == [48]
    assert [at for at, item in heard if item.type == "note_on"] == [0, 1]
    assert [at for at, item in heard if item.type == "note_off"] == [2, 10]


def test_a_ringing_note_from_before_is_not_struck_again() -> None:
    score = score_of(*note(8, 12, 60), *note(11, 12, 64))
    assert [n.key for n in cut(score, 10.0, 20.0).notes] == [64]


def test_the_cut_score_reads_back_as_itself() -> None:
    score = cut(read_score(violin_and_drums(), SONG), 5.0, 15.0)
    back = read_score(to_midi(score), SONG)
    assert [(n.key, n.program) for n in back.notes] == [(n.key, n.program) for n in score.notes]
    assert [n.start for n in back.notes] == pytest.approx([n.start for n in score.notes], abs=1e-3)


def test_the_busy_stretch_is_chosen() -> None:
    timed = [*note(5, 100)]
    timed += [item for c in range(1, 6) for item in note(60, 80, channel=c)]
    timed += [message(0, "program_change", channel=c, program=c * 8) for c in range(1, 6)]
    score = score_of(*timed)
    starts = {choose_start(score, 10.0, np.random.default_rng(seed)) for seed in range(30)}
    assert len(starts) > 1
    assert min(starts) > 45
    assert max(starts) < 85


def test_the_head_is_skipped_and_a_short_song_taken_whole() -> None:
    score = score_of(*note(7, 12), *note(12, 14))
    assert choose_start(score, 30.0, np.random.default_rng(1)) == 7
    excerpt = make_excerpt(song(*note(7, 12)), SONG, np.random.default_rng(1), seconds=30.0)
    assert excerpt.seconds == 5
    with pytest.raises(DataError, match="too short"):
        make_excerpt(song(*note(7, 8)), SONG, np.random.default_rng(1), seconds=30.0)


# Windows


def test_windows_of_a_known_score() -> None:
    sounds = [
        Sound("Piano", 0.0, 4.0, 0.0),
        Sound("Violin", 2.9, 3.2, -5.0),  # 0.1 s and 0.2 s: too short in both
        Sound("Flute", 3.0, 6.0, -30.0),  # 30 dB below the piano, then alone
        Sound("Drums", 5.0, 5.2, -3.0),
        Sound("Drums", 5.1, 5.31, -3.0),  # together 0.31 s
        Sound("Brass Section", 6.0, 9.0, 0.0),
        Sound("Trumpet", 6.0, 9.0, 0.0),
    ]
    windows = label_windows(sounds, 10.0)
    assert [(w.start, w.end) for w in windows] == [(0, 3), (3, 6), (6, 9)]
    assert windows[0].present == {"Piano"}
    assert windows[0].unknown == {"Violin"}
    assert windows[1].present == {"Piano", "Drums"}
    assert windows[1].unknown == {"Violin", "Flute"}
    assert windows[2].present == {"Trumpet"}
    section = {"Trombone", "French Horn", "Tuba", "Saxophone"}
    assert windows[2].unknown == section | {"Flute"}  # which has just ended
    present, absent = summarise(windows)
    assert present == {"Piano", "Drums", "Trumpet"}
    assert "Flute" not in absent
    assert "Voice" in absent


def test_a_last_window_of_a_second_and_a_half_counts() -> None:
    assert [w.end for w in label_windows([], 7.5)] == [3, 6, 7.5]
    assert [w.end for w in label_windows([], 7.4)] == [3, 6]


def test_struck_sounds_ring_and_held_ones_do_not() -> None:
    def rung(program: int, seconds: float, channel: int = 0) -> float:
        return sounds_of([Note(channel, 40, 100, program, 1.0, 1.0 + seconds, 0.0)])[0].end - 1.0

    assert rung(46, 0.1) == pytest.approx(1.0)  # a harp string is not damped
    assert rung(0, 0.5) == pytest.approx(0.7)
    assert rung(105, 20.0) == pytest.approx(1.5)  # a banjo has died long before
    assert rung(48, 20.0) == pytest.approx(20.0)
    assert rung(0, 5.0, channel=9) == pytest.approx(0.2)


# The library


def library(folder: Path, **files: bytes) -> Path:
    with tarfile.open(folder / "midi.tar.gz", "w:gz") as archive:
        for stem, data in {**files, "../escape": b"x"}.items():
            info = tarfile.TarInfo(f"midi/{stem}.mid")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    rows = "".join(f"midi/{stem}.mid,train,here,60,40,1,Drums|Violin\n" for stem in files)
    header = "file,part,site,seconds,programs,has_drums,instruments\n"
    (folder / "midi.csv").write_text(header + rows)
    return folder


def test_names_agree_with_the_list(tmp_path: Path) -> None:
    (one,) = compare_names(library(tmp_path, one=content(violin_and_drums())))
    assert (one.ours, one.theirs) == (frozenset(), frozenset())


def test_only_listed_members_are_read(tmp_path: Path) -> None:
    data = library(tmp_path, one=b"1", two=b"2")
    assert dict(read_members(data, frozenset({"midi/two.mid"}))) == {"midi/two.mid": b"2"}


def test_a_missing_library_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not a readable list"):
        render_library(tmp_path, tmp_path / "out", soundfonts=[Path("none.sf2")])
    (tmp_path / "midi.tar.gz").write_bytes(b"no archive")
    with pytest.raises(DataError, match="not a readable archive"):
        list(read_members(tmp_path, frozenset({"a"})))


def test_random_numbers_hang_on_seed_file_and_number() -> None:
    row = MidiRow("midi/a.mid", "train", frozenset())
    other = MidiRow("midi/b.mid", "train", frozenset())
    draws = [
        recipe.rng_of(of, k).random()
        for recipe in (Recipe(seed=1), Recipe(seed=2))
        for of in (row, other)
        for k in (0, 1)
    ]
    assert len(set(draws)) == 8
    assert Recipe(seed=1).rng_of(row, 0).random() == draws[0]


# Rendering


def test_no_soundfont_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="apt-get install"):
        find_soundfonts([tmp_path])


def test_a_soundfont_is_found_once(tmp_path: Path) -> None:
    (tmp_path / "b.sf2").touch()
    (tmp_path / "default.sf2").symlink_to(tmp_path / "b.sf2")
    (tmp_path / "a.sf3").touch()
    found = find_soundfonts([tmp_path])
    assert [file.name for file in found] == ["a.sf3", "b.sf2"]
    drawn = {draw_studio(found, np.random.default_rng(seed)) for seed in range(60)}
    assert len(drawn) == 8


def test_no_fluidsynth_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(DataError, match="apt-get install fluidsynth"):
        render(song(*note(0, 1)), Studio(Path("none.sf2"), False, False), seconds=1.0)


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for fluidsynth is a shell script")
@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo no memory >&2; exit 3", "status 3: no memory"),
        ("echo 'not found [bank=0 prog=9], substituted [bank=0 prog=0]' >&2", "lacks a General"),
        ("echo 'not found [bank=128 prog=48], substituted [bank=128 prog=0]' >&2", "lacks a"),
        ("echo 'not found [bank=128 prog=5], substituted [bank=128 prog=0]' >&2", "wrote no sound"),
    ],
)
def test_what_fluidsynth_says_is_heeded(
    script: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "fluidsynth"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DataError, match=said):
        render(song(*note(0, 1)), Studio(Path("some.sf2"), False, False), seconds=1.0)


@needs_fluidsynth
def test_what_is_no_soundfont_is_a_data_error(tmp_path: Path) -> None:
    (tmp_path / "fake.sf2").write_bytes(b"RIFF")
    with pytest.raises(DataError):
        render(song(*note(0, 1)), Studio(tmp_path / "fake.sf2", False, False), seconds=1.0)


@needs_fluidsynth
def test_a_piano_a4_sounds_at_440_hz_and_nothing_before_it() -> None:
    smallest = min(_soundfonts(), key=lambda file: file.stat().st_size)
    score = read_score(song(*note(1.0, 2.5, 69)), SONG)
    sound = render(to_midi(score), Studio(smallest, False, False), seconds=6.0)
    assert sound.shape == (6 * 16_000,)
    assert sound.dtype == np.float32
    assert np.abs(sound).max() == pytest.approx(0.891, abs=1e-3)
    assert _level_db(sound[: int(0.98 * 16_000)]) < -80
    assert _level_db(sound[16_000 : 2 * 16_000]) > -25
    assert _level_db(sound[5 * 16_000 :]) < -60
    spectrum = np.abs(np.fft.rfft(sound[16_000 : 2 * 16_000]))
    assert abs(int(spectrum.argmax()) - 440) <= 3  # Hz, one bin each


def _level_db(sound: npt.NDArray[np.float32]) -> float:
    return float(10 * np.log10(np.mean(sound**2) + 1e-12))


@needs_fluidsynth
def test_a_library_is_rendered_once_and_always_the_same(tmp_path: Path) -> None:
    good = content(violin_and_drums())
    data = library(tmp_path, one=good, broken=good[:100], two=good)
    smallest = [min(_soundfonts(), key=lambda file: file.stat().st_size)]

    def run(out: str, limit: int | None = None) -> Tally:
        return render_library(data, tmp_path / out, seconds=6.0, limit=limit, soundfonts=smallest)

    assert (run("a", limit=1).rendered, run("a").existing) == (1, 1)
    tally = run("a")
    assert (tally.rendered, tally.existing, tally.failed) == (0, 2, 1)
    run("b")
    ledger = (tmp_path / "a/rendered.csv").read_text()
    assert ledger == (tmp_path / "b/rendered.csv").read_text()
    assert ledger.startswith(
        "id,file,source,group,seconds,instruments,absent,window_labels,part\n"
        f"midi-one-1-0,audio/midi-one-1-0.flac,midi:{smallest[0].stem},midi:one,6.000,"
        "Drums|Violin,*,windows/midi-one-1-0.csv,train\n"
    )
    files = sorted(str(file.relative_to(tmp_path / "a")) for file in (tmp_path / "a").rglob("*.*"))
    assert files == [
        *("audio/midi-one-1-0.flac", "audio/midi-two-1-0.flac", "rendered.csv"),
        *("windows/midi-one-1-0.csv", "windows/midi-two-1-0.csv"),
    ]
    with (tmp_path / "a/windows/midi-one-1-0.csv").open(newline="") as stream:
        assert [row["instruments"] for row in csv.DictReader(stream)] == ["Drums|Violin"] * 2
    info = soundfile.info(tmp_path / "a/audio/midi-one-1-0.flac")
    assert (info.samplerate, info.channels, info.frames) == (16_000, 1, 6 * 16_000)
    one, two = (soundfile.read(tmp_path / folder / "audio/midi-one-1-0.flac")[0] for folder in "ab")
    assert np.array_equal(one, two)


@needs_fluidsynth
def test_the_command_reports_what_it_did(tmp_path: Path) -> None:
    data = library(tmp_path, one=content(violin_and_drums(10)))
    options = ["--data", str(data), "--out", str(tmp_path / "out"), "--seconds", "3"]
    result = CliRunner().invoke(synth, options)
    assert result.exit_code == 0
    assert "1 rendered, 0 already there, 0 failed" in result.output


def test_the_command_names_a_missing_list(tmp_path: Path) -> None:
    result = CliRunner().invoke(synth, ["--data", str(tmp_path), "--out", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert "Error:" in result.output
