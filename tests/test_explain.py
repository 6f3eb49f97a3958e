from __future__ import annotations

import io
import os
import shutil
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from click.testing import Result as Done
from PIL import Image

from tagger.cli import main
from tagger.errors import MusicTagError
from tagger.explain.evidence import Explanation, explain
from tagger.explain.layout import lay_out
from tagger.explain.occlusion import ROWS, STEPS, occlusion_maps
from tagger.models.model import Model, load_model
from tagger.plotting.figure import Line, Text
from tagger.plotting.png import png_image
from tagger.plotting.svg import html_text, png_bytes, svg_text
from tagger.scanning.settings import Settings
from tests.halves import write_halves


def musictag(*arguments: object) -> Done:
    return CliRunner().invoke(main, [str(a) for a in arguments], catch_exceptions=False)


@pytest.fixture(scope="module")
def halves(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Organ, then drums."""
    return write_halves(tmp_path_factory.mktemp("halves") / "<halves> & co.wav")


@pytest.fixture(scope="module")
def explained(halves: Path, tiny: Model) -> Explanation:
    return explain(halves, tiny, Settings(), ["Low Horn", "High Whistle"])


def is_trained(model: Model) -> bool:
    """Whether a shipped model has learned anything; a checkout may hold a stand-in."""
    return float(model.card.metrics["instruments"]["macro_roc_auc"]) > 0.7


def half_sums(values: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> tuple[float, float]:
    middle = len(values) // 2
    return float(values[:middle].sum()), float(values[middle:].sum())


def test_parts_of_a_linear_network_add_up_to_what_the_whole_is_worth(tiny: Model) -> None:
    spec = tiny.card.mel
    mel = np.random.default_rng(1).uniform(0, 3, (2, spec.n_mels, spec.n_frames))
    slices = mel.astype(np.float32)
    maps = occlusion_maps(tiny, slices, [0, 1], [False, False])
    assert maps.shape == (2, 2, ROWS, STEPS)
    usual = np.median(slices, axis=2, keepdims=True) / 2
    hidden = np.repeat(usual, spec.n_frames, axis=2).astype(np.float32)
    falls = np.subtract(tiny.logits(slices), tiny.logits(hidden))
    np.testing.assert_allclose(maps.sum(axis=(2, 3)).T, falls[:, :2], rtol=1e-3, atol=1e-3)


def test_silent_slices_are_not_asked(tiny: Model) -> None:
    mel = np.ones((2, tiny.card.mel.n_mels, tiny.card.mel.n_frames), dtype=np.float32)
    maps = occlusion_maps(tiny, mel, [0], [True, False])
    assert not maps[0, 0].any()
    assert maps[0, 1].any()


def test_organ_and_drums_are_found_each_in_its_half(explained: Explanation) -> None:
    low, high = explained.reasons
    assert [low.tag.name, high.tag.name] == ["Low Horn", "High Whistle"]
    scores = explained.track.slices.values
    assert scores[:5, 2].min() > 0.5 > scores[5:, 2].max()  # the taggram
    assert scores[5:, 3].min() > 0.5 > scores[:5, 3].max()
    assert half_sums(low.map)[0] > 0 > half_sums(low.map)[1]  # the maps
    assert half_sums(high.map)[1] > 0 > half_sums(high.map)[0]
    assert low.peak_s < 20
    assert low.peak_hz[1] < 1000


def test_shipped_model_finds_organ_and_drums_each_in_its_half(halves: Path) -> None:
    model = load_model()
    if not is_trained(model):
        pytest.skip("the model in this checkout is an untrained stand-in")
    found = explain(halves, model, Settings(), ["Drums", "Organ"])
    drums, organ = found.reasons
    names = [label.name for label in model.card.vocabulary.labels]
    scores = found.track.slices.values
    assert (
        half_sums(scores[:, names.index("Drums")])[0]
        < half_sums(scores[:, names.index("Drums")])[1]
    )
    assert (
        half_sums(scores[:, names.index("Organ")])[0]
        > half_sums(scores[:, names.index("Organ")])[1]
    )
    # What speaks for each; of a held chord, what is hidden may speak against it as well.
    of_drums, of_organ = (half_sums(np.clip(each.map, 0, None)) for each in (drums, organ))
    assert of_drums[0] * 100 < of_drums[1]
    assert of_organ[0] > of_organ[1] * 100
    assert organ.peak_s < 20 < drums.peak_s


def test_windows_speak_for_and_against(explained: Explanation) -> None:
    low, high = explained.reasons
    assert all(window.start_s < 20 for window in low.windows_for)
    assert all(window.start_s >= 19 for window in low.windows_against)
    assert {window.start_s for window in high.windows_for}.isdisjoint(
        window.start_s for window in high.windows_against
    )
    assert len(low.windows_for) == len(low.windows_against) == 3
    assert low.windows_for[0].probability >= low.windows_for[2].probability
    assert low.windows_against[0].probability <= low.windows_against[2].probability


def test_tags_given_are_explained_unasked(halves: Path, tiny: Model) -> None:
    unasked = explain(halves, tiny, Settings())
    assert all(reason.given for reason in unasked.reasons)
    none = explain(halves, tiny, Settings(min_confidence=1.0))
    assert [reason.tag.kind for reason in none.reasons] == ["genre", "instrument"]
    assert not any(reason.given for reason in none.reasons)


def test_unknown_label_is_said(halves: Path, tiny: Model) -> None:
    with pytest.raises(MusicTagError, match="no label 'Polka'"):
        explain(halves, tiny, Settings(), ["Polka"])


def test_picture_has_axes_in_seconds_and_hz(explained: Explanation) -> None:
    scene = lay_out(explained)
    texts = [mark.text for mark in scene.marks if isinstance(mark, Text)]
    assert {"1,000 Hz", "3,000 Hz", "time, min:s", "Low Horn"} <= set(texts)
    assert min(mark.size for mark in scene.marks if isinstance(mark, Text)) >= 11
    for mark in scene.marks:
        assert not isinstance(mark, Line)
        assert 0 <= mark.x <= scene.width
        assert 0 <= mark.y <= scene.height


def test_svg_is_well_formed_and_names_are_text(explained: Explanation) -> None:
    root = ET.fromstring(svg_text(lay_out(explained)))
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "<halves> & co.wav" in texts
    page = html_text(lay_out(explained))
    assert "default-src 'none'" in page
    assert "<halves>" not in page


def test_png_is_the_same_picture(explained: Explanation) -> None:
    scene = lay_out(explained)
    image = Image.open(io.BytesIO(png_image(scene)))
    assert image.size == (2 * scene.width, 2 * scene.height)


def test_png_bytes_are_the_pixels() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(png_bytes(pixels)))), pixels)


def test_missing_pillow_is_one_line(
    explained: Explanation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    with pytest.raises(MusicTagError, match=r"musictag\[plots\]"):
        png_image(lay_out(explained))


def test_text_names_windows_and_taggram(halves: Path, tiny_card: Path) -> None:
    done = musictag("explain", halves, "--model", tiny_card, "--label", "low horn")
    assert done.exit_code == 0
    for part in ("instrument Low Horn", "for ", "against ", "most at ", "windows at"):
        assert part in done.stdout
    assert "High Whistle      ▁▁▁▁▁█" in done.stdout


@pytest.mark.parametrize("suffix", [".png", ".svg", ".html"])
def test_pictures_are_written(halves: Path, tiny_card: Path, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"why{suffix}"
    done = musictag("explain", halves, "--model", tiny_card, "-o", path)
    assert done.exit_code == 0
    assert done.stdout == ""
    assert path.stat().st_size > 10_000


def test_wrong_use_is_said(tmp_path: Path, tiny_card: Path) -> None:
    done = musictag("explain", "x.wav", "-o", "why.gif")
    assert done.exit_code == 2
    assert ".png, .svg, .html" in done.stderr
    missing = musictag("explain", tmp_path / "none.wav", "--model", tiny_card)
    assert missing.exit_code == 1
    assert len(missing.stderr.splitlines()) == 1


def test_silence_and_short_tracks_are_drawn(tmp_path: Path, tiny: Model) -> None:
    from tagger.demo import write_audio

    for name, seconds in (("silence.wav", 5.0), ("short.wav", 0.3)):
        path = tmp_path / name
        level = 0.0 if name == "silence.wav" else 0.1
        sound = np.random.default_rng(1).normal(0, level, (2, int(44100 * seconds)))
        write_audio(path, sound.astype(np.float32), 44100)
        png_image(lay_out(explain(path, tiny, Settings())))


def test_four_minutes_are_explained_in_two_seconds(tmp_path: Path) -> None:
    path, model = write_halves(tmp_path / "long.wav", 240.0), load_model()
    start = time.process_time()  # other processes on the machine do not count
    png_image(lay_out(explain(path, model, Settings())))
    assert time.process_time() - start < 2


def test_picture_for_the_documentation(halves: Path, tiny: Model, tmp_path: Path) -> None:
    """With MUSICTAG_SCREENSHOTS=docs the picture of docs/ is made anew."""
    model, names = load_model(), ["Organ", "Drums"]
    if not is_trained(model):
        model, names = tiny, ["Low Horn", "High Whistle"]
    path = Path(os.environ.get("MUSICTAG_SCREENSHOTS", tmp_path)) / "explain.png"
    copy = shutil.copy(halves, tmp_path / "organ then drums.wav")
    picture = png_image(lay_out(explain(Path(copy), model, Settings(), names)))
    Image.open(io.BytesIO(picture)).quantize(128).save(path, optimize=True)  # small for git
    assert path.stat().st_size > 20_000
