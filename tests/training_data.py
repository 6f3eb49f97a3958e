"""A miniature look-alike of the data folder, and a configuration small enough to train on it.

A high tone is Jazz, a low one Blues; a solo of one is a Flute, of the other a Double Bass.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from tagger.models.card import MelSpec
from tagger.vocabulary import lineage
from training.augment.spectrogram import AugmentConfig
from training.config import Config, LoopConfig
from training.data.batch_sampler import Recipe
from training.data.datasets import Clip
from training.data.pseudo_labels import RULES, TAGS_OF
from training.data.taxonomy import VOCABULARY, Targets
from training.data.teacher_outputs import STORED, TEACHERS, Outputs
from training.evaluation.held_out_votes import HeldOut
from training.networks.mobile import MobileConfig, Stage

Array = npt.NDArray[np.float32]
Row = dict[str, object]

RATE = 8000
SPEC = MelSpec(
    rate=RATE,
    slice_samples=RATE,
    n_fft=256,
    hop=160,
    n_mels=32,
    fmin=30.0,
    fmax=4000.0,
    power_floor=1e-6,
    log_gain=1e4,
)
HIGH, LOW = 2500.0, 200.0  # Hz

CONFIG = Config(
    name="tiny",
    version="0",
    mel=SPEC,
    network=MobileConfig(stem=(4, 4), stages=(Stage(8, 1, 3, (2, 2)),), embedding=16, dropout=0.1),
    loop=LoopConfig(
        steps=6,
        learning_rate=0.02,
        average_decay=0.8,
        save_every=2,
        teachers=tuple(teacher.name for teacher in STORED),
    ),
    recipe=Recipe(songs=12, rendered=2, solos=2, noise=0, overlay=0.0, rendered_overlay=0.0),
    augment=AugmentConfig(mask_bands=4, mask_frames=6),
)
TOML = """
name = "tiny"
version = "0"
mel = { rate = 8000, slice_samples = 8000, n_fft = 256, hop = 160, n_mels = 32, fmin = 30.0, \
fmax = 4000.0, power_floor = 1e-6, log_gain = 1e4 }
network = { stem = [4, 4], stages = [[8, 1, 3, [2, 2]]], embedding = 16, dropout = 0.1 }
loop = { steps = 6, learning_rate = 0.02, average_decay = 0.8, save_every = 2, \
teachers = ["msd", "mtt", "jamendo_musicnn", "msd_embedding", "mtt_embedding"] }
recipe = { songs = 12, rendered = 2, solos = 2, noise = 0, overlay = 0.0, rendered_overlay = 0.0 }
augment = { mask_bands = 4, mask_frames = 6 }
"""

TRACK_COLUMNS = ("id", "file", "source", "group", "fold", "seconds", "genres", "labels", "soft")
SOUND_COLUMNS = ("id", "file", "source", "group", "instruments", "absent", "window_labels")

# Brass of which nobody says which, and all else is absent, as in the NSynth rows.
NO_BRASS = "Voice|Drums|Piano|Strings|Violin|Viola|Cello|Double Bass|Flute"


def with_steps(steps: int) -> Config:
    """The tiny configuration with another number of steps."""
    return replace(CONFIG, loop=replace(CONFIG.loop, steps=steps))


def state(targets: Targets, name: str) -> str:
    """What the targets say of a label: present, absent or unknown."""
    (index,) = (i for i, label in enumerate(VOCABULARY.labels) if label.name == name)
    value = float(targets[index])
    return "unknown" if np.isnan(value) else {0.0: "absent", 1.0: "present"}[value]


def held_out_of(targets: Targets, votes: Targets) -> HeldOut:
    """What was heard of as many recordings, two of each artist."""
    groups = np.array([f"artist {i // 2}" for i in range(len(targets))], dtype=np.str_)
    return HeldOut(targets, votes, groups, np.ones(len(targets), dtype=np.bool_))


def clip(name: str, targets: Targets, **more: object) -> Clip:
    """A clip of which only the id and the targets matter."""
    made = Clip(name, Path(f"{name}.wav"), "made", f"group of {name}", None, targets)
    return replace(made, **more)  # type: ignore[arg-type]


def tone(hz: float, seconds: float, rate: int = RATE, seed: int = 0) -> Array:
    """A tone in a little noise; `(T,)`."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    noise = 0.01 * rng.standard_normal(time.size)
    return (0.3 * np.sin(2 * np.pi * hz * time + seed) + noise).astype(np.float32)


def write_table(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> Path:
    """A CSV file; what a row lacks stays empty."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_sound(path: Path, samples: Array, rate: int = RATE) -> Path:
    """A sound file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate)
    return path


def write_tag_names(data: Path) -> None:
    """The teachers' vocabularies: the tags that rules speak of, filled up to 50."""
    names = {}
    for teacher in ("msd", "mtt", "jamendo_musicnn"):
        spoken = [tag for rule in RULES if rule.teacher == teacher for tag in rule.tags]
        names[TAGS_OF.get(teacher, teacher)] = [
            *dict.fromkeys(spoken),
            *(f"other {i}" for i in range(50)),
        ][:50]
    (data / "teachers").mkdir()
    (data / "teachers" / "tags.json").write_text(json.dumps(names))


def write_soft(path: Path, seed: int, patches: int = 2) -> Path:
    """Teachers' outputs: three of probabilities, two embeddings, one that is not used."""
    rng = np.random.default_rng(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(
        path,
        msd=rng.random((patches, 50)).astype(np.float16),
        mtt=rng.random((patches, 50)).astype(np.float16),
        jamendo_musicnn=rng.random((patches + 1, 50)).astype(np.float16),
        msd_embedding=(3 + rng.standard_normal((patches, 200))).astype(np.float16),
        mtt_embedding=rng.standard_normal((patches, 200)).astype(np.float16),
        jamendo_fcn=rng.random((1, 50)).astype(np.float16),
    )
    return path


def heard_all(row: Sequence[float] = (0.5, 0.5)) -> dict[str, Outputs]:
    """Outputs of every teacher, all values of a row the same."""
    return {
        t.name: np.repeat(np.array(row, np.float16)[:, None], t.width, axis=1) for t in TEACHERS
    }


def write_data(data: Path) -> Path:
    """The whole miniature data folder."""
    _write_tracks(data)
    write_tag_names(data)
    _write_sounds(data)
    return data


def write_rendered(folder: Path) -> Path:
    """A miniature folder of rendered MIDI: one excerpt to learn from and one held out."""
    rows = []
    for part in ("train", "valid"):
        windows = [
            {"start_s": 0, "end_s": 3, "instruments": "Flute|Drums"},
            {"start_s": 3, "end_s": 6, "instruments": "Drums", "unknown": "Flute|Trumpet"},
        ]
        write_table(
            folder / f"windows/{part}.csv", ("start_s", "end_s", "instruments", "unknown"), windows
        )
        write_sound(folder / f"audio/{part}.flac", tone(HIGH, 6))
        row = {"id": f"midi-{part}", "file": f"audio/{part}.flac", "source": "midi:font"}
        row |= {"group": f"midi:{part}", "instruments": "Drums|Flute", "part": part}
        rows.append(row | {"absent": "Piano|Cello", "window_labels": f"windows/{part}.csv"})
    write_table(folder / "rendered.csv", (*SOUND_COLUMNS, "part"), rows)
    return folder


def _write_tracks(data: Path) -> None:
    rows: list[Row] = []
    for i in range(32):  # half of them in fold 1, which a test holds out
        fold, is_high = (1 if i < 16 else 2 + i % 3), i % 2
        genres = "Jazz|Holiday" if is_high else "Blues"
        row: Row = {"id": f"taffc{i}", "source": "taffc", "group": f"taffc-{fold}-{i % 4}"}
        rows.append(row | {"fold": fold, "genres": genres, "labels": "multi"})
    for i, name in enumerate(("Classical", "Electronic", "Pop/Rock")):
        row = {"id": f"emotify{i}", "source": "emotify", "group": f"emotify-{i}", "fold": 2 + i}
        rows.append(row | {"genres": name, "labels": "single"})
    rows.append({"id": "free0", "source": "free", "group": "free-0", "labels": "none"})
    for i, row in enumerate(rows):
        row |= {"file": f"genres/{row['id']}.wav", "soft": f"soft/{row['id']}.npz", "seconds": 2}
        hz = HIGH if "Jazz" in str(row.get("genres")) else LOW
        write_sound(data / str(row["file"]), tone(hz, 2, seed=i))
        write_soft(data / str(row["soft"]), seed=i)
    write_table(data / "tracks.csv", TRACK_COLUMNS, rows)


def _write_sounds(data: Path) -> None:
    rows: list[Row] = [
        {"id": "talk", "source": "speech", "group": "speech:1", "absent": "*"},
        {"id": "brass", "source": "nsynth", "group": "nsynth:brass", "absent": NO_BRASS},
        {"id": "loop", "source": "dirt", "group": "dirt:breaks", "instruments": "Drums"},
        {"id": "hum", "source": "dirt", "group": "dirt:hum"},
        {
            "id": "trumpet",
            "source": "philharmonia",
            "group": "philharmonia:trumpet",
            "instruments": "Trumpet",
            "absent": "*",
        },
        {
            "id": "song",
            "source": "medleydb",
            "group": "medleydb:song",
            "instruments": "Drums|Flute",
            "absent": "*",
            "window_labels": "windows/song.csv",
        },
        {
            "id": "sung",
            "source": "mir1k",
            "group": "mir1k:singer",
            "instruments": "Voice",
            "window_labels": "windows/sung.csv",
        },
    ]
    for i in range(40):  # enough groups that each fold gets some
        name = "Flute" if i % 2 else "Double Bass"
        row: Row = {"id": f"solo{i}", "source": "solo", "group": f"solo:{i}", "instruments": name}
        rows.append(row | {"absent": "*"})
    for i, row in enumerate(rows):
        row["file"] = f"made/{row['id']}.wav"
        hz, seconds = (HIGH if row.get("instruments") == "Flute" else LOW), 0.5
        if "window_labels" in row:
            seconds = 6.0
        write_sound(data / "instruments" / str(row["file"]), tone(hz, seconds, seed=i))
    _write_windows(data / "instruments/windows/song.csv", "Drums|Flute", "Drums")
    _write_windows(data / "instruments/windows/sung.csv", "", "Voice")
    write_table(data / "instruments.csv", SOUND_COLUMNS, rows)


def _write_windows(path: Path, *instruments: str) -> None:
    rows = [
        {"start_s": f"{3 * i}.000", "end_s": f"{3 * i + 3}.000", "instruments": names}
        for i, names in enumerate(instruments)
    ]
    write_table(path, ("start_s", "end_s", "instruments"), rows)


def has_label(name: str) -> bool:
    """Whether some label of the vocabulary speaks of a name, itself or by kinship."""
    kin = set(lineage(name))
    return any(label.name in kin or name in lineage(label.name) for label in VOCABULARY.labels)
