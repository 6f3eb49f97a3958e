"""Remixes of planted tones: each stem and solo has a frequency of its own, in each fold another."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from click.testing import CliRunner

from tests.training_data import SOUND_COLUMNS, state, write_sound, write_table
from training.cli.program import main
from training.data.datasets import Clip
from training.data.datasets.instruments import HELD_OUT, fold_of, load_rendered
from training.data.taxonomy import Targets
from training.remix.arrange import Remix, Voice, arrange
from training.remix.labelling import STARTS_S, label
from training.remix.parts import Part, load_parts
from training.remix.render import RATE, SECONDS, render

HZ = {"drums": 300.0, "bass": 600.0, "other": 1200.0, "vocals": 2400.0, "flute": 4000.0}
STEM_OF = {"Drums": "drums", "Electric Bass": "bass", "Voice": "vocals", "Flute": "flute"}
NAMES = frozenset({"Voice", "Drums", "Electric Bass", "Flute", "Piano", "Trumpet"})
FOLDS = (1, 2)
COUNT = 24


def _hz(stem: str, fold: int) -> float:
    return HZ[stem] + 170 * fold


def _group(kind: str, fold: int) -> str:
    return next(name for i in count() if fold_of(name := f"{kind}:{i}") == fold)


def _tone(hz: float, seconds: float = SECONDS) -> npt.NDArray[np.float32]:
    time = np.arange(round(seconds * RATE)) / RATE
    return (0.2 * np.sin(2 * np.pi * hz * time)).astype(np.float32)


def _stems(data: Path, fold: int) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for stem, names in (
        ("drums", "Drums"), ("bass", "Electric Bass"), ("other", ""), ("vocals", "Voice"),
    ):  # fmt: skip
        sound = _tone(_hz(stem, fold))
        if stem == "vocals":  # a singer who is done after half of it
            sound[round(3 * RATE) :] = 0
        file = f"recordings/{fold}_{stem}.wav"
        write_sound(data / file, sound, RATE)
        absent = sorted({"Drums", "Electric Bass", "Voice"} - {names})
        rows.append(
            {
                "id": f"musdb18-{fold}_{stem}", "file": file, "source": "musdb18",
                "group": _group("musdb18", fold), "instruments": names, "level": "clip",
                "instruments_absent": "|".join([*absent, *(["Piano"] if stem != "other" else [])]),
            }
        )  # fmt: skip
    return rows


def write_parts(data: Path) -> Path:
    columns = (*SOUND_COLUMNS, "genres", "instruments_absent", "level")
    stems = [row for fold in FOLDS for row in _stems(data, fold)]
    write_table(data / "recordings.csv", columns, stems)
    solos: list[dict[str, object]] = []
    for fold in FOLDS:
        row: dict[str, object] = {"source": "philharmonia", "group": _group("flute", fold)}
        for i in range(2):
            file = f"flute{fold}{i}.wav"
            write_sound(data / "instruments" / file, _tone(_hz("flute", fold), 0.8), RATE)
            solos.append(row | {"id": file, "file": file, "instruments": "Flute", "absent": "*"})
    write_table(data / "instruments.csv", SOUND_COLUMNS, solos)
    return data


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_parts(tmp_path_factory.mktemp("data"))


def _remix(data: Path, out: Path, n: int = COUNT, seed: int = 1) -> list[Clip]:
    options = ["--data", str(data), "--out", str(out), "--count", str(n), "--seed", str(seed)]
    result = CliRunner().invoke(main, ["remix", *options], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return load_rendered(out)


@pytest.fixture(scope="module")
def remixes(data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Clip]:
    return _remix(data, tmp_path_factory.mktemp("remixed"))


def _levels(clip: Clip) -> dict[tuple[str, int], float]:
    """How loud each planted tone is in a clip, in dB below the loudest."""
    samples, rate = soundfile.read(clip.path, dtype="float32")
    assert clip.end_s is not None
    part = samples[round(clip.start_s * rate) : round(clip.end_s * rate)]
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)))) ** 2
    hz = np.fft.rfftfreq(len(part), 1 / rate)
    near = {(s, f): np.abs(hz - _hz(s, f)) < 10 for s in HZ for f in FOLDS}
    power = {key: float(spectrum[bins].sum()) for key, bins in near.items()}
    return {key: 10 * np.log10(p / max(power.values()) + 1e-9) for key, p in power.items()}


def test_what_is_called_present_sounds_and_what_is_called_absent_does_not(
    remixes: list[Clip],
) -> None:
    seen = set()
    for clip in remixes:
        levels = _levels(clip)
        assert clip.fold is not None
        for name, stem in STEM_OF.items():
            said, level = state(clip.targets, name), levels[stem, clip.fold]
            seen.add((name, said))
            if said == "present":
                assert level > -30
            elif said == "absent":
                assert level < -40
    assert seen >= {(name, said) for name in STEM_OF for said in ("present", "absent")} - {
        ("Flute", "absent")  # what else a song's stems hold is not known
    }


def test_all_parts_are_of_one_fold(remixes: list[Clip]) -> None:
    assert {clip.fold for clip in remixes} == set(FOLDS)
    for clip in remixes:
        for (_, fold), level in _levels(clip).items():
            assert fold == clip.fold or level < -40
        assert clip.group == f"remix:{clip.fold}"
        assert clip.fold in HELD_OUT[1] or clip.fold in HELD_OUT[3]


def test_names_of_which_a_stem_says_nothing_stay_unknown(remixes: list[Clip]) -> None:
    others = [c for c in remixes if _levels(c)["other", c.fold or 0] > -20]
    assert others
    assert {state(clip.targets, "Piano") for clip in others} == {"unknown"}
    alone = [c for c in remixes if _levels(c)["other", c.fold or 0] < -60]
    assert {state(clip.targets, "Piano") for clip in alone} == {"absent"}


def test_singer_who_is_done_is_absent_afterwards(remixes: list[Clip]) -> None:
    by_file: dict[Path, dict[float, Targets]] = {}
    for clip in remixes:
        by_file.setdefault(clip.path, {})[clip.start_s] = clip.targets
    sung = [w for w in by_file.values() if state(w[0.0], "Voice") == "present"]
    assert sung
    assert {state(w[max(STARTS_S)], "Voice") for w in sung} == {"absent"}


def test_interrupted_run_goes_on(data: Path, tmp_path: Path) -> None:
    whole = _remix(data, tmp_path / "whole", 6)
    _remix(data, tmp_path / "parts", 2)
    first = tmp_path / "parts/audio/remix-1-00000.flac"
    written = first.stat().st_mtime_ns
    again = _remix(data, tmp_path / "parts", 6)
    assert first.stat().st_mtime_ns == written
    assert [clip.id for clip in again] == [clip.id for clip in whole]
    for one, other in zip(again, whole, strict=True):
        np.testing.assert_array_equal(one.targets, other.targets)
        assert one.path.read_bytes() == other.path.read_bytes()


def test_other_seed_adds_other_remixes(data: Path, tmp_path: Path) -> None:
    first = {clip.path: clip.path.read_bytes() for clip in _remix(data, tmp_path, 2, 1)}
    both = {clip.path: clip.path.read_bytes() for clip in _remix(data, tmp_path, 2, 2)}
    assert len(both) == 4
    assert first.items() <= both.items()
    assert len(set(both.values())) == 4


def test_folder_without_stems_is_refused(data: Path, tmp_path: Path) -> None:
    write_table(tmp_path / "recordings.csv", SOUND_COLUMNS, [])
    (tmp_path / "instruments.csv").write_text((data / "instruments.csv").read_text())
    result = CliRunner().invoke(
        main, ["remix", "--data", str(tmp_path), "--out", str(tmp_path / "out")]
    )
    assert result.exit_code == 1
    assert "there are no stems in it" in result.output


def _voice(name: str, gain_db: float, *, complete: bool = True) -> Voice:
    group = frozenset({name})
    return Voice((Part(Path(f"{name}.wav"), name, group, frozenset(), complete),), gain_db)


def _lines(*levels_db: float) -> npt.NDArray[np.float32]:
    n = round(SECONDS * RATE)
    tones = [_tone(400.0 * (i + 1))[:n] * 10 ** (db / 20) for i, db in enumerate(levels_db)]
    return np.stack(tones).astype(np.float32)


@pytest.mark.parametrize(
    ("level_db", "expected"),
    [(6.0, "present"), (-20.0, "present"), (-40.0, "unknown"), (-80.0, "absent")],
)
def test_faint_line_is_neither_present_nor_absent(level_db: float, expected: str) -> None:
    remix = Remix((_voice("Drums", 0), _voice("Flute", 0)))
    labels = label(remix, _lines(0, level_db), NAMES)
    found = "present" if "Flute" in labels.present else "unknown"
    assert ("absent" if "Flute" in labels.absent else found) == expected
    assert labels.absent >= {"Piano", "Voice"}
    assert all("Drums" in window.present for window in labels.windows)
    assert len(labels.windows) == len(STARTS_S)


def test_line_that_fades_is_unknown_and_then_absent() -> None:
    remix, lines = Remix((_voice("Drums", 0), _voice("Flute", 0))), _lines(0, 0)
    lines[1, round(1.5 * RATE) :] *= 1e-2
    lines[1, round(4.5 * RATE) :] = 0
    first, second, third, _ = label(remix, lines, NAMES).windows
    assert "Flute" in first.present
    assert "Flute" in second.unknown
    assert "Flute" in third.unknown
    lines[1, round(3 * RATE) :] = 0
    *_, last = label(remix, lines, NAMES).windows
    assert "Flute" not in last.present | last.unknown


def test_line_of_which_little_is_known_leaves_the_rest_unknown() -> None:
    remix = Remix((_voice("Drums", 0), _voice("Flute", 0, complete=False)))
    labels = label(remix, _lines(0, 0), NAMES)
    assert labels.present == {"Drums", "Flute"}
    assert not labels.absent
    labels = label(remix, _lines(0, -80), NAMES)
    assert labels.absent == NAMES - {"Drums"}  # it is not heard


def test_lines_have_the_loudness_they_are_given(data: Path) -> None:
    songs = load_parts(data)[1].songs
    (song,) = songs.values()
    remix = Remix((Voice((song["drums"],), 0.0), Voice((song["bass"],), -12.0)))
    loud, quiet = np.sqrt(np.square(render(remix, np.random.default_rng(1))).mean(axis=1))
    assert 20 * np.log10(loud / quiet) == pytest.approx(12, abs=0.1)


def test_remixes_leave_stems_out_and_lay_solos_over_them(data: Path) -> None:
    parts, rng = load_parts(data)[1], np.random.default_rng(1)
    drawn = [arrange(parts, rng) for _ in range(200)]
    files = [{p.path.stem for voice in remix.voices for p in voice.parts} for remix in drawn]
    shares = {stem: np.mean([f"1_{stem}" in names for names in files]) for stem in HZ}
    assert all(0.45 < share < 0.75 for stem, share in shares.items() if stem != "flute")
    assert 0.45 < np.mean([any(n.startswith("flute") for n in names) for names in files]) < 0.75
    assert all(remix.voices for remix in drawn)
