"""`import tagger` as a program or a notebook has it; docs/python.md says what is true."""

from __future__ import annotations

import doctest
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import tagger
from tagger.cli import main
from tagger.errors import AudioError, ModelError
from tagger.models.model import Model

ROOT = Path(__file__).parent.parent
HEAVY = ("numpy", "onnxruntime", "av", "soundfile", "soxr", "mutagen", "click", "sqlite3")
SCRIPT = """
import tagger
for result in tagger.scan({folder!r}, model={model!r}, jobs=2):
    print(result.path, result.error)
"""


def python(code: str, folder: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the demo library in `music`, as `musictag demo music` writes it."""
    folder = tmp_path_factory.mktemp("library")
    main(["demo", str(folder / "music")], standalone_mode=False)
    return folder


def test_import_loads_nothing_heavy_and_takes_a_moment(tmp_path: Path) -> None:
    code = f"""
import sys, time
began = time.process_time()
import tagger
took = time.process_time() - began
print(took, [name for name in {HEAVY} if name in sys.modules])
assert {{"tag", "scan", "load_model"}} <= set(dir(tagger))
"""
    took, loaded = python(code, tmp_path).split(" ", 1)
    assert loaded.strip() == "[]"
    assert float(took) < 0.05


def test_examples_of_the_page_are_true(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pandas")
    monkeypatch.chdir(library)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    found = doctest.testfile(
        str(ROOT / "docs" / "python.md"), module_relative=False, optionflags=flags
    )
    assert found.attempted > 20
    assert found.failed == 0


def test_notebook_runs(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pandas")
    monkeypatch.chdir(library)
    notebook = json.loads((ROOT / "docs" / "musictag.ipynb").read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    names: dict[str, object] = {"__name__": "__main__"}
    for cell in cells:
        exec("".join(cell["source"]), names)  # our own cells, from our own file
    assert len(cells) > 4
    assert all(not cell["outputs"] for cell in cells)  # made anew by whoever runs it


def test_script_without_a_main_guard_scans(demo: Path, tiny_card: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(folder=str(demo), model=str(tiny_card)))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, env=environment
    )
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == len([p for p in demo.rglob("*") if p.is_file()])
    assert all(line.endswith(" None") for line in done.stdout.splitlines())


def test_scan_gives_what_the_command_prints(
    demo: Path, tiny_card: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    results = list(tagger.scan(str(demo), model=tiny_card, jobs=1))
    main(["scan", str(demo), "--model", str(tiny_card), "--json"], standalone_mode=False)
    printed = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    order = str.casefold
    found = {order(row["path"]): row for row in printed}
    assert {order(str(r.path)): r.to_dict() for r in results} == found


def test_paths_may_be_text_and_failures_are_results(
    demo: Path, tiny_card: Path, tmp_path: Path
) -> None:
    song, missing = next(demo.rglob("*.flac")), tmp_path / "missing.mp3"
    broken = tmp_path / "broken.flac"
    broken.write_bytes(b"no sound")
    good, gone, bad = tagger.scan(
        [str(song), missing, broken], model=str(tiny_card), jobs=1, cache=False
    )
    assert good.track
    assert gone.error == "no such file or folder"
    assert bad.error
    assert bad.track is None
    for result in (good, gone, bad):
        assert "\n" not in repr(result)
        assert len(repr(result)) < 300
        json.dumps(result.to_dict())


def test_tag_is_what_scan_says(demo: Path, tiny: Model, tiny_card: Path) -> None:
    song = next(demo.rglob("*.flac"))
    for model in (tiny, tiny_card, str(tiny_card)):
        track = tagger.tag(str(song), model=model)
        assert track.genres
        (result,) = tagger.scan(song, model=tiny_card, jobs=1)
        assert result.track
        assert track.to_dict() == result.track.to_dict()
    assert track.scores["genre"].keys() == {"Low", "High"}
    assert all("\n" not in repr(each) for each in (track, track.scores, track.slices, tiny))
    with pytest.raises(KeyError, match="genre, instrument"):
        track.scores["mood"]  # type: ignore[index]


def test_model_trained_anew_under_its_name_is_loaded_anew(
    demo: Path, tiny_card: Path, tmp_path: Path
) -> None:
    card = Path(shutil.copytree(tiny_card.parent, tmp_path / "model")) / tiny_card.name
    song = next(demo.rglob("*.flac"))
    assert tagger.tag(song, model=card).genres
    card.with_suffix(".onnx").write_bytes(b"another")
    content = json.loads(card.read_text())
    card.write_text(json.dumps(content | {"sha256": "0" * 64}))
    with pytest.raises(ModelError, match="checksum differs"):
        tagger.tag(song, model=card)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"profile": "lucky"}, "precise, balanced"),
        ({"windows": 0}, "'auto', 'all' or a positive number"),
        ({"windows": "some"}, "'auto', 'all' or a positive number"),
        ({"min_confidence": 2}, "from 0 to 1"),
        ({"max_genres": -1}, "not be negative"),
    ],
)
def test_option_out_of_range_is_said_before_anything_is_read(
    options: dict[str, Any], said: str
) -> None:
    for function in (tagger.tag, tagger.scan):
        with pytest.raises(ValueError, match=said):
            function("nothing.mp3", **options)
    with pytest.raises(ValueError, match="jobs must be 1 or more"):
        tagger.scan("nothing.mp3", jobs=0)


def test_errors_name_the_file_and_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="no such file"):
        tagger.tag(tmp_path / "none.mp3")
    with pytest.raises(AudioError, match=r"tagger\.scan takes folders"):
        tagger.tag(tmp_path)
    with pytest.raises(ModelError, match="there is no model named 'grand'"):
        tagger.scan(tmp_path, model="grand")
    with pytest.raises(AttributeError, match="listen"):
        tagger.listen  # noqa: B018
    assert issubclass(AudioError, tagger.MusicTagError)
