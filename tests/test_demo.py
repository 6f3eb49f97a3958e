"""The synthesised music library: its sound, its files, its tags."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import av
import mediafile
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from tagger.demo import STYLES, render, write_audio, write_demo
from tagger.demo.drums import hat, kick, ride, snare
from tagger.demo.encode import SUFFIXES
from tagger.demo.filters import echo, highpass, lowpass, overdrive, room
from tagger.demo.keys import electric_piano, piano
from tagger.demo.plucked import double_bass, nylon_guitar, steel_guitar
from tagger.demo.score import Tempo, chords, melody, play, scale
from tagger.demo.sustained import choir, drawbar_organ, flute, pipe_organ, strings
from tagger.demo.synth import RATE, Sound, hertz, noise, oscillate, saw, sine
from tagger.errors import MusicTagError

SECONDS = 3.0
LOSSLESS = (".wav", ".flac", ".aiff", ".wv")
TONES = [
    choir,
    double_bass,
    electric_piano,
    flute,
    nylon_guitar,
    piano,
    steel_guitar,
    strings,
]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.fixture(scope="module")
def piece() -> Sound:
    return render("folk", SECONDS)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Path]]:
    folder = tmp_path_factory.mktemp("demo") / "new" / "library"
    return folder, write_demo(folder, seconds=2.0)


def decode(path: Path) -> tuple[NDArray[np.float32], int]:
    """Sound of a file, by another program than wrote it where there is one. Shape: (C, T)."""
    if path.suffix in (".m4a", ".wma", ".wv"):
        with av.open(path) as file:
            resampler = av.AudioResampler("fltp")
            frames = [f for g in file.decode(audio=0) for f in resampler.resample(g)]
            blocks = [frame.to_ndarray() for frame in frames]
            return np.concatenate(blocks, axis=1).astype(np.float32), frames[0].sample_rate
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return samples.T, rate


def strongest(sound: Sound) -> float:
    """Frequency in Hz of the highest peak of the spectrum."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(sound.size), 8 * RATE))
    return float(spectrum.argmax() / 8)


def share(sound: Sound, low: float, high: float) -> float:
    """Part of the energy that lies between two frequencies in Hz."""
    power = np.abs(np.fft.rfft(sound)) ** 2
    freqs = np.fft.rfftfreq(sound.size, 1 / RATE)
    return float(power[(freqs >= low) & (freqs < high)].sum() / power.sum())


def pulse(style: str, low: float, high: float) -> float:
    """How regular the onsets of a frequency band are: highest autocorrelation, 0.25 to 1 s."""
    sound = highpass(lowpass(render(style, 8.0).mean(axis=0), high, 4), low, 4)
    power = (sound[: sound.size // 441 * 441].reshape(-1, 441) ** 2).mean(axis=1)
    rises = np.maximum(np.diff(np.log(power + 1e-5)), 0)
    rises -= rises.mean()
    lags = np.correlate(rises, rises, "full")[rises.size - 1 :]
    return float(lags[25:100].max() / lags[0])


@pytest.mark.parametrize("style", STYLES)
def test_a_piece_is_sound_of_the_right_length_without_clipping(style: str) -> None:
    sound = render(style, SECONDS)
    assert sound.shape == (2, round(SECONDS * RATE))
    assert sound.dtype == np.float32
    assert np.isfinite(sound).all()
    assert np.abs(sound).max() == pytest.approx(10 ** (-1 / 20), abs=1e-4)
    assert np.sqrt(np.mean(sound**2)) > 0.03  # about -30 dBFS: not one click and then nothing
    assert np.abs(sound[:, [0, -1]]).max() < 1e-3  # no click at either end
    assert np.abs(sound.mean(axis=1)).max() < 0.01  # no direct current


@pytest.mark.parametrize("style", STYLES)
def test_a_piece_follows_from_its_arguments(style: str) -> None:
    first = render(style, 1.0, seed=5)
    assert np.array_equal(first, render(style, 1.0, seed=5))
    assert not np.allclose(first, render(style, 1.0, seed=6), atol=0.01)


@pytest.mark.parametrize("seconds", [0.01, 0.3])
def test_pieces_may_be_shorter_than_a_bar(seconds: float) -> None:
    for style in STYLES:
        sound = render(style, seconds)
        assert sound.shape == (2, round(seconds * RATE))
        assert np.isfinite(sound).all()


def test_pieces_sound_different_from_each_other() -> None:
    bands = [20, 120, 500, 2000, 6000, 20000]
    pieces = [render(style, SECONDS).mean(axis=0) for style in STYLES]
    shapes = [[share(p, *edges) for edges in pairwise(bands)] for p in pieces]
    levels = 10 * np.log10(np.array(shapes) + 1e-6)
    apart = np.abs(levels[:, None] - levels[None]).max(axis=-1)
    assert apart[~np.eye(len(pieces), dtype=bool)].min() > 2.0  # dB, in at least one band


def test_techno_has_a_beat_and_ambient_has_none() -> None:
    assert pulse("techno", 5000.0, 16000.0) > 0.7
    assert pulse("ambient", 5000.0, 16000.0) < 0.3


def test_unknown_styles_and_lengths_are_refused() -> None:
    with pytest.raises(MusicTagError, match=r"no demo style 'polka'; choose from strings,"):
        render("polka")
    for seconds in (0.0, 1e-9, float("nan"), float("inf")):
        with pytest.raises(MusicTagError, match=r"choose from 0\.01 to 3600"):
            render("rock", seconds)


@pytest.mark.parametrize("voice", TONES)
@pytest.mark.parametrize("pitch", [45, 57, 69, 81])
def test_tones_have_the_pitch_asked_for(
    voice: Callable[[float, float, np.random.Generator], Sound],
    pitch: int,
    rng: np.random.Generator,
) -> None:
    tone, hz = voice(hertz(pitch), 1.0, rng), hertz(pitch)
    # Of a low or sung note an overtone may be the strongest; its place tells the pitch as well.
    overtone = strongest(tone) / hz
    assert round(overtone) >= 1
    assert overtone / round(overtone) == pytest.approx(1, rel=0.01)


def test_a_plucked_a4_has_its_fundamental_at_440_hz(rng: np.random.Generator) -> None:
    assert strongest(nylon_guitar(440.0, 2.0, rng)) == pytest.approx(440, rel=0.002)


def test_a_plucked_string_loses_its_overtones_first(rng: np.random.Generator) -> None:
    tone = steel_guitar(hertz(52), 3.0, rng)
    start, end = tone[: RATE // 2], tone[2 * RATE : 5 * RATE // 2]
    assert share(start, 1500, 20000) > 4 * share(end, 1500, 20000)
    assert np.abs(end).max() < np.abs(start).max() / 2


@pytest.mark.parametrize("organ", [pipe_organ, drawbar_organ])
def test_an_organ_sounds_until_released(
    organ: Callable[[float, float, np.random.Generator], Sound], rng: np.random.Generator
) -> None:
    tone = organ(220.0, 2.0, rng)
    early, late = (np.std(tone[int(t * RATE) :][: RATE // 4]) for t in (0.3, 1.7))
    assert late == pytest.approx(early, rel=0.3)
    assert abs(tone[-1]) < 1e-3


def test_drums_lie_where_drums_lie(rng: np.random.Generator) -> None:
    assert share(kick(0, 0, rng), 20, 150) > 0.85
    assert share(hat(0, 0, rng), 5000, RATE / 2) > 0.85
    assert share(ride(0, 0, rng), 3000, RATE / 2) > 0.85
    assert 0.2 < share(snare(0, 0, rng), 1000, RATE / 2) < 0.9


def test_saws_do_not_alias() -> None:
    tone = oscillate(saw(2093.0), 2093.0, 1.0)
    freqs = np.arange(RATE // 2 + 1)
    off = np.abs(freqs / 2093.0 - np.round(freqs / 2093.0)) * 2093 > 5
    power = np.abs(np.fft.rfft(tone * np.hanning(tone.size))) ** 2
    assert power[off].sum() / power.sum() < 1e-5  # -50 dB


def test_filters_pass_one_side_and_stop_the_other() -> None:
    low, high = sine(100.0, 0.5), sine(8000.0, 0.5)
    assert np.std(lowpass(low, 1000.0)) == pytest.approx(np.std(low), rel=0.02)
    assert np.std(lowpass(high, 1000.0)) < 0.02 * np.std(high)
    assert np.std(highpass(high, 1000.0)) == pytest.approx(np.std(high), rel=0.02)
    assert np.std(highpass(low, 1000.0)) < 0.02 * np.std(low)


def test_filters_answer_only_afterwards() -> None:
    click = np.zeros(RATE, np.float32)
    click[RATE // 2] = 1
    for answer in (lowpass(click, 500.0, 4), highpass(click, 500.0, 4)):
        assert np.abs(answer[: RATE // 2 - 50]).max() < 0.01 * np.abs(answer).max()


def test_distortion_adds_harmonics() -> None:
    clean = sine(220.0, 1.0)
    assert share(clean, 300, 3000) < 0.001
    assert share(overdrive(clean, 6.0), 300, 3000) > 0.05


def test_an_echo_repeats_and_a_room_dies_away(rng: np.random.Generator) -> None:
    click = np.zeros(RATE, np.float32)
    click[0] = 1
    assert echo(click, 0.25, 0.5)[:: RATE // 4].round(4).tolist() == [1.0, 0.5, 0.25, 0.125]
    tail = room(click, 0.8, rng)
    assert tail.shape == (2, RATE)
    early, late = (float(np.std(tail[:, start : start + 4410])) for start in (0, RATE // 2))
    assert early > 30 * late
    assert abs(float(np.corrcoef(tail[0], tail[1])[0, 1])) < 0.1  # two ears hear two rooms


def test_noise_has_unit_power(rng: np.random.Generator) -> None:
    assert np.std(noise(1.0, rng)) == pytest.approx(1.0, abs=0.02)


def test_a_melody_keeps_to_its_scale(rng: np.random.Generator) -> None:
    song = chords("C Am F G")
    tune = melody("xxxxxxxx", Tempo(120), 16.0, [c.near(72) for c in song], scale("C major"), rng)
    assert {note.pitch % 12 for note in tune} <= scale("C major")
    assert all(55 < note.pitch < 90 for note in tune)
    assert all(a.pitch != b.pitch for a, b in pairwise(tune))


def test_a_rhythm_line_is_read_sign_by_sign() -> None:
    notes = play("X.0- | o...", Tempo(60), 8.0, [(60, 64)])
    assert [(n.start, n.length, n.pitch, n.level) for n in notes] == [
        (0.0, 1.0, 60, 1.0),
        (0.0, 1.0, 64, 1.0),
        (2.0, 2.0, 60, 0.8),
        (4.0, 1.0, 60, 0.35),
        (4.0, 1.0, 64, 0.35),
    ]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("channels", [1, 2])
def test_every_format_gives_back_the_sound(
    suffix: str, channels: int, piece: Sound, tmp_path: Path
) -> None:
    source, path = piece[:channels], tmp_path / f"sound{suffix}"
    write_audio(path, source, RATE)
    heard, rate = decode(path)
    assert rate == (48000 if suffix == ".opus" else RATE)
    assert heard.shape[0] == channels
    assert heard.shape[1] / rate == pytest.approx(SECONDS, abs=0.1)
    lost = 2048 if suffix == ".wma" else 0  # WMA cannot say where its sound begins
    assert_same_sound(heard, rate, source[:, lost:], exact=suffix in LOSSLESS)


def test_an_m4a_can_be_lossless(piece: Sound, tmp_path: Path) -> None:
    path = tmp_path / "sound.m4a"
    write_audio(path, piece, RATE, alac=True)
    heard, rate = decode(path)
    assert_same_sound(heard, rate, piece, exact=True)


def assert_same_sound(heard: Sound, rate: int, source: Sound, *, exact: bool) -> None:
    if exact:
        assert heard.shape == source.shape
        assert np.abs(heard - source).max() <= 1 / 32768
        return
    time = np.arange(source.shape[1]) / RATE
    again = np.interp(time, np.arange(heard.shape[1]) / rate, heard[0])
    assert np.corrcoef(again, source[0])[0, 1] > 0.98  # one sample of delay would already show


def test_an_mp3_has_the_header_that_tells_its_length(piece: Sound, tmp_path: Path) -> None:
    path = tmp_path / "sound.mp3"
    write_audio(path, piece, RATE)
    head = path.read_bytes()[:400]
    assert b"Xing" in head or b"Info" in head
    assert b"LAME" in head
    assert soundfile.info(path).frames == piece.shape[1]  # encoder delay and padding known


def test_sound_that_fits_no_file_is_refused(piece: Sound, tmp_path: Path) -> None:
    with pytest.raises(MusicTagError, match=r"cannot write \.mod; use \.wav, "):
        write_audio(tmp_path / "sound.mod", piece, RATE)
    with pytest.raises(MusicTagError, match="a name without ending"):
        write_audio(tmp_path / "sound", piece, RATE)
    with pytest.raises(ValueError, match="mono or stereo"):
        write_audio(tmp_path / "sound.wav", piece[0], RATE)
    for suffix in (".wav", ".m4a"):
        with pytest.raises(MusicTagError, match="cannot be written"):
            write_audio(tmp_path / "missing" / f"sound{suffix}", piece, RATE)


def test_a_missing_encoder_is_named(
    piece: Sound, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(av, "codecs_available", {"flac"})
    with pytest.raises(MusicTagError, match="no encoder wmav2"):
        write_audio(tmp_path / "sound.wma", piece, RATE)


def test_the_library_has_every_common_format(library: tuple[Path, list[Path]]) -> None:
    folder, paths = library
    assert sorted(path for path in folder.rglob("*") if path.is_file()) == sorted(paths)
    expected = {".mp3", ".flac", ".ogg", ".opus", ".m4a", ".wav", ".aiff"}
    assert {path.suffix for path in paths} == expected
    assert len(paths) == len(STYLES) == 12
    assert all(len(path.relative_to(folder).parts) == 3 for path in paths)


def test_the_files_of_the_library_play_and_have_tags(library: tuple[Path, list[Path]]) -> None:
    for path in library[1]:
        heard, rate = decode(path)
        assert heard.shape[1] / rate == pytest.approx(2.0, abs=0.1)
        tags = mediafile.MediaFile(path)
        assert tags.length == pytest.approx(2.0, abs=0.1)
        assert (tags.artist, tags.album) == path.parts[-3:-1]
        assert path.stem == f"{tags.track:02d} {tags.title}"


def test_genre_tags_are_as_uneven_as_in_life(library: tuple[Path, list[Path]]) -> None:
    genres = {path.stem[3:]: mediafile.MediaFile(path).genres for path in library[1]}
    assert genres["Snow on the Wires"] == ["Electronic", "Ambient"]
    assert genres["Terminus"] == ["Other"]
    assert sum(not names for names in genres.values()) == 5
    assert genres["Chorale"] == ["Rock"]


def test_the_library_is_the_same_every_time(
    library: tuple[Path, list[Path]], tmp_path: Path
) -> None:
    again = write_demo(tmp_path, seconds=2.0)
    for one, other in zip(library[1], again, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(MusicTagError, match="choose an empty folder") as caught:
        write_demo(tmp_path, seconds=0.1)
    assert caught.value.path == tmp_path
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    assert (tmp_path / "mine.txt").read_text() == "precious"


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("precious")
    with pytest.raises(MusicTagError, match="cannot hold the demo library"):
        write_demo(tmp_path / "file", seconds=0.1)
    assert (tmp_path / "file").read_text() == "precious"


def test_a_bad_length_leaves_no_folder_behind(tmp_path: Path) -> None:
    with pytest.raises(MusicTagError, match=r"no demo piece can last -1\.0 seconds"):
        write_demo(tmp_path / "library", seconds=-1.0)
    assert not (tmp_path / "library").exists()


def test_tags_that_cannot_be_written_name_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: mediafile.MediaFile) -> None:
        raise mediafile.MutagenError("disk full", "file")

    monkeypatch.setattr(mediafile.MediaFile, "save", fail)
    with pytest.raises(MusicTagError, match="its tags cannot be written") as caught:
        write_demo(tmp_path, seconds=0.1)
    assert caught.value.path is not None
    assert caught.value.path.name == "01 Ground Bass.flac"


def test_importing_the_demo_leaves_heavy_libraries_alone() -> None:
    code = "import sys, tagger.demo; print({'av', 'mediafile', 'onnxruntime'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
