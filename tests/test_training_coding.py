from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from scipy.signal import correlate

from tagger.audio.decoders import open_reader
from tagger.errors import DataError
from tests import audio_files
from tests.training_data import SPEC, TOML, clip, heard_all, write_data
from training.augment.codecs import CODECS, KBPS, Setting, code, draw_setting
from training.cli.program import main
from training.data.batch_sampler import Pool
from training.data.coded_copies import load_copies
from training.data.datasets import genres
from training.data.mel_cache import read_mono
from training.data.taxonomy import unknown

RATE = 16_000
FRAME_S = 0.02


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound that is itself nowhere else, as an MP3 file, whose own encoder has a delay."""
    path = tmp_path_factory.mktemp("song") / "song.mp3"
    return audio_files.write(path, audio_files.music(4, 44_100), 44_100)


def _delay_s(song: Path, copy: Path) -> float:
    one, other = read_mono(song, RATE), read_mono(copy, RATE)
    assert abs(len(one) - len(other)) < 0.1 * RATE
    n = min(len(one), len(other))
    return float(np.argmax(correlate(other[:n], one[:n], method="fft")) - (n - 1)) / RATE


@pytest.mark.parametrize(("channels", "kbps"), [(1, min(KBPS)), (2, max(KBPS))])
@pytest.mark.parametrize(
    ("codec", "rate"),
    [(codec, rate) for codec, (_, _, rates) in CODECS.items() for rate in (rates[0], rates[-1])],
)
def test_copy_is_aligned_with_the_song(
    song: Path, tmp_path: Path, codec: str, rate: int, channels: int, kbps: int
) -> None:
    setting = Setting(codec, kbps, rate, channels)
    copy = tmp_path / f"copy{setting.suffix}"
    code(song, copy, setting)
    assert abs(_delay_s(song, copy)) < FRAME_S
    with open_reader(copy) as reader:
        assert (reader.codec, reader.channels) == (codec, channels)
        assert reader.rate == (48_000 if codec == "opus" else rate)


@pytest.mark.parametrize("codec", CODECS)
def test_fewer_bits_make_a_smaller_and_a_worse_copy(song: Path, tmp_path: Path, codec: str) -> None:
    sizes, errors, original = [], [], read_mono(song, RATE)
    for kbps in (min(KBPS), 128, max(KBPS)):
        copy = tmp_path / f"{kbps}{CODECS[codec][0]}"
        code(song, copy, Setting(codec, kbps, 48_000, 2))
        found = read_mono(copy, RATE)
        n = min(len(found), len(original))
        sizes.append(copy.stat().st_size)
        errors.append(float(np.square(found[:n] - original[:n]).mean()))
    assert sizes[0] * 1.5 < sizes[1] < sizes[2] / 1.2
    assert errors[0] > errors[2] > 0


def test_settings_are_of_all_kinds() -> None:
    rng = np.random.default_rng(1)
    drawn = [draw_setting(rng) for _ in range(1000)]
    assert min(Counter(s.codec for s in drawn).values()) > 200
    assert {s.kbps for s in drawn} == set(KBPS)
    assert {s.rate for s in drawn} == {22_050, 24_000, 32_000, 44_100, 48_000}
    assert 0.15 < np.mean([s.channels == 1 for s in drawn]) < 0.35
    assert all(s.rate in CODECS[s.codec][2] for s in drawn)


@pytest.mark.parametrize("content", [b"", b"no sound at all"])
def test_song_that_cannot_be_decoded_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "song.mp3"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        code(path, tmp_path / "copy.mp3", Setting("mp3", 64, 44_100, 2))
    assert caught.value.path == path


def _run(data: Path, out: Path, seed: int = 1) -> str:
    options = ["--data", str(data), "--out", str(out), "--seed", str(seed)]
    result = CliRunner().invoke(main, ["code", *options], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_each_song_gets_a_copy_and_a_damaged_one_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data, out = write_data(tmp_path / "data"), tmp_path / "coded"
    songs = {clip.id: clip for clip in genres.load(data)}
    songs["taffc3"].path.write_bytes(b"no sound at all")
    assert f"{len(songs) - 1} of {len(songs)} songs" in _run(data, out)
    assert "taffc3.wav: cannot be read" in caplog.text
    copies = load_copies(out)
    assert set(copies) == set(songs) - {"taffc3"}
    assert len({path.suffix for path in copies.values()}) == 4
    for name, path in list(copies.items())[:8]:
        assert abs(len(read_mono(path, RATE)) - len(read_mono(songs[name].path, RATE))) < RATE // 10
    written = {path: path.stat().st_mtime_ns for path in copies.values()}
    removed = copies["taffc1"]
    rows = (out / "coded.csv").read_text().splitlines(keepends=True)
    (out / "coded.csv").write_text("".join(row for row in rows if not row.startswith("taffc1,")))
    _run(data, out)  # as after an interruption
    assert load_copies(out) == copies
    assert {p for p in written if p.stat().st_mtime_ns != written[p]} == {removed}


def test_folder_without_copies_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is --coded right"):
        load_copies(tmp_path)


def test_half_of_the_slices_are_of_the_copy_with_labels_and_teachers_of_the_song() -> None:
    song, other = (clip(name, np.ones_like(unknown())) for name in ("song", "other"))
    shape = (SPEC.n_frames, SPEC.n_mels)
    features = {name: np.zeros(shape, np.float16) for name in ("song", "other")}
    coded = {"song": np.full(shape, -1, np.float16)}
    pool = Pool.of([song, other], features, {"song": heard_all()}, SPEC, coded=coded)
    rng = np.random.default_rng(1)
    drawn = [pool.draw(rng) for _ in range(400)]
    of_song = [s for s in drawn if np.isfinite(s.soft).all()]
    share = np.mean([s.power[0, 0] < 0.5 for s in of_song])
    assert 0.4 < share < 0.6
    assert all(s.power[0, 0] == 1 for s in drawn if not np.isfinite(s.soft).all())
    assert all((s.targets == 1).all() for s in drawn)


def test_training_hears_the_copies(tmp_path: Path) -> None:
    data, out, config = write_data(tmp_path / "data"), tmp_path / "coded", tmp_path / "tiny.toml"
    _run(data, out)
    config.write_text(TOML)
    losses = []
    for options in ([], ["--coded", str(out)]):
        folder = tmp_path / f"run{len(options)}"
        given = ["--data", str(data), "--out", str(folder), "--config", str(config), *options]
        result = CliRunner().invoke(main, ["train", *given, "--steps", "2"], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        losses.append((folder / "loss.csv").read_text())
    assert losses[0] != losses[1]
    assert "reading copies" in result.output
