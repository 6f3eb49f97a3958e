"""The pipeline on Beam's local runner: the same as a scan, once each, whatever happens."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result

from tagger.cli import main
from tagger.models.model import Model
from tagger.scanning.discovery import find_files
from tagger.scanning.one_file import scan_file
from tagger.scanning.parallel import scan
from tagger.scanning.settings import Settings

pytest.importorskip("apache_beam", reason="needs the [beam] extra")
pytestmark = pytest.mark.filterwarnings("ignore")  # Beam's own, of which there are many

from apache_beam.io.filesystem import FileMetadata  # noqa: E402
from apache_beam.io.localfilesystem import LocalFileSystem  # noqa: E402

from tagger.beam import files  # noqa: E402
from tagger.beam.files import Failure, File  # noqa: E402
from tagger.beam.parquet_rows import read_rows, scores_of  # noqa: E402
from tagger.beam.read_results import Move  # noqa: E402


def musictag(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments], catch_exceptions=False)


def pipeline(music: object, output: Path, card: Path, *more: object) -> Result:
    return musictag("pipeline", "--input", music, "--output", output, "--model", card, *more)


def failures(output: Path) -> dict[str, str]:
    lines = output.with_suffix(".failed.jsonl").read_text(encoding="utf-8").splitlines()
    letters = [json.loads(line) for line in lines]
    assert len({letter["path"] for letter in letters}) == len(letters)
    return {letter["path"]: letter["error"] for letter in letters}


@pytest.fixture
def music(demo: Path, tmp_path: Path) -> Path:
    """The demo library and a file that is no music, to be changed at will."""
    folder = tmp_path / "My [best] music"
    shutil.copytree(demo, folder)
    (folder / "broken.mp3").write_text("no music")
    return folder


@pytest.fixture
def heard(music: Path, tmp_path: Path, tiny_card: Path) -> Path:
    """What the pipeline wrote of it."""
    output = tmp_path / "music.parquet"
    assert pipeline(music, output, tiny_card).exit_code == 1
    return output


def test_several_workers_hear_what_a_scan_hears(
    music: Path, tmp_path: Path, tiny_card: Path, tiny: Model
) -> None:
    output = tmp_path / "out" / "music.parquet"
    shutil.move(music, tmp_path / "music")
    glob = str(tmp_path / "music")
    command = [
        sys.executable, "-m", "tagger", "pipeline", "--model", str(tiny_card),
        "--input", glob, "--input", f"{glob}/**", "--input", f"{glob}/*/*/*.flac",
        "--output", str(output), "--direct_running_mode=multi_processing",
        "--direct_num_workers", "2",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    assert "12 classified (1:12 of sound), 1 failed" in done.stderr
    assert "Traceback" not in done.stderr
    rows = {row["path"]: row for row in read_rows(output)}
    results = scan(find_files([tmp_path / "music"]), Settings(model=str(tiny_card)), jobs=1)
    assert len(list(read_rows(output))) == len(rows) == 12
    for result in results:
        if result.error:
            assert failures(output) == {str(result.path): result.error}
            continue
        assert result.track
        row = rows[str(result.path)]
        scores = scores_of(row, tiny.card)
        np.testing.assert_allclose(scores.values, result.track.scores.values, atol=1e-5)
        assert row["slices"] == len(result.track.slices.starts)
        assert row["duration_s"] == pytest.approx(result.track.slices.duration_s)
        assert row["audio"] == result.existing.audio
        assert row["notes"] == list(result.track.slices.notes)
        assert (row["size"], row["modified"]) == _status(result.path)
    assert [path.name for path in output.parent.iterdir()].count("music.parquet.parts") == 0


def _status(path: Path) -> tuple[int, float]:
    return path.stat().st_size, path.stat().st_mtime


def test_whole_tracks_longer_than_a_batch(tmp_path: Path, tiny_card: Path, tiny: Model) -> None:
    rng = np.random.default_rng(1)
    for name, seconds in (("long", 75), ("short", 2), ("middle", 32)):
        soundfile.write(tmp_path / f"{name}.wav", rng.normal(0, 0.1, 8000 * seconds), 8000)
    output = tmp_path / "music.parquet"
    assert pipeline(tmp_path, output, tiny_card, "--windows", "all").exit_code == 0
    for row in read_rows(output):
        track = scan_file(Path(row["path"]), tiny, Settings(windows=None)).track
        assert track
        assert row["slices"] == len(track.slices.starts)
        assert row["windows"] is None
        scores = scores_of(row, tiny.card).values
        np.testing.assert_allclose(scores, track.scores.values, atol=1e-5)


DIES = """
import os, signal
import tagger.beam.checkpoints as parts
from tagger.cli import main

parts.ROWS = 5
write = parts.WritePart._write

def write_and_die(keeper):
    write(keeper)
    os.kill(os.getpid(), signal.SIGKILL)

parts.WritePart._write = write_and_die
main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_killed_run_is_gone_on_with(music: Path, tmp_path: Path, tiny_card: Path) -> None:
    output = tmp_path / "music.parquet"
    command = ["pipeline", "--input", music, "--output", output, "--model", tiny_card]
    dead = subprocess.run([sys.executable, "-c", DIES, *map(str, command)], capture_output=True)
    assert dead.returncode < 0
    assert not output.exists()
    assert "is unfinished; --resume" in musictag(*command).output
    done = musictag(*command, "--resume")
    assert "7 classified (0:42 of sound), 5 reused, 1 failed" in done.output
    paths = [row["path"] for row in read_rows(output)]
    assert sorted(paths) == sorted(map(str, music.glob("*/*/*.*")))
    assert sorted(path.name for path in tmp_path.glob("music*")) == [
        "music.failed.jsonl", "music.parquet",
    ]  # fmt: skip


def test_resume_hears_what_is_new_changed_or_failed(
    music: Path, heard: Path, tiny_card: Path
) -> None:
    assert "exists; --resume" in pipeline(music, heard, tiny_card).output
    before = {row["path"]: row for row in read_rows(heard)}
    wav, flac = next(music.rglob("*.wav")), next(music.rglob("*.flac"))
    shutil.copy(flac, music / "broken.mp3")
    shutil.copy(flac, music / "new.flac")
    shutil.copy(flac, wav)
    gone = next(music.rglob("*.ogg"))
    gone.unlink()
    done = pipeline(music, heard, tiny_card, "--resume")
    assert done.exit_code == 0
    assert "3 classified (0:18 of sound), 11 reused" in done.output
    rows = list(read_rows(heard))
    after = {row["path"]: row for row in rows}
    assert len(after) == len(rows) == 14
    assert failures(heard) == {}
    assert after[str(gone)] == before[str(gone)]  # its scores are not thrown away
    assert after[str(wav)]["genre"] == before[str(flac)]["genre"] != before[str(wav)]["genre"]


def test_rows_classified_otherwise_are_not_reused(
    music: Path, heard: Path, tiny_card: Path
) -> None:
    done = pipeline(music, heard, tiny_card, "--resume", "--windows", "2")
    assert "12 classified" in done.output
    assert "kept" not in done.output
    assert {(row["windows"], row["slices"]) for row in read_rows(heard)} == {(2, 2)}


def test_a_plan_from_parquet_is_the_plan_of_a_scan(
    music: Path, heard: Path, tmp_path: Path, tiny_card: Path
) -> None:
    options = ("--model", tiny_card, "--mode", "merge", "--max-genres", 1, "--level", "album")
    there, here = tmp_path / "there.json", tmp_path / "here.json"
    assert musictag("plan", "--from", heard, "--plan", there, *options).exit_code == 0
    musictag("scan", music, "--plan", here, *options)
    assert json.loads(there.read_text()) == json.loads(here.read_text())
    assert len(json.loads(there.read_text())["files"]) == 12


def test_a_plan_for_files_that_lie_elsewhere_now(
    music: Path, heard: Path, tmp_path: Path, tiny_card: Path
) -> None:
    home = tmp_path / "home"
    music.rename(home)
    gone, other = next(home.rglob("*.wav")), next(home.glob("*/*/*.mp3"))
    gone.unlink()
    shutil.copy(next(home.rglob("*.flac")), other)
    command = ("plan", "--from", heard, "--model", tiny_card, "--plan", tmp_path / "plan.json")
    done = musictag(*command, "--moved", music, home)
    assert done.exit_code == 1
    assert f"{gone}: its tags cannot be read (No such file or directory)" in done.output
    assert f"{other}: its sound is not what was classified" in done.output
    plan = json.loads((tmp_path / "plan.json").read_text())
    assert plan["roots"] == [str(home)]
    assert all(Path(record["path"]).is_relative_to(home) for record in plan["files"])
    assert musictag(*command, "--moved", music, tmp_path / "nowhere").exit_code == 1


def test_scores_of_another_model_are_refused(heard: Path) -> None:
    done = musictag("plan", "--from", heard)
    assert done.exit_code == 1
    assert "was scored by tiny-1-" in done.output


@pytest.mark.parametrize("content", [b"", b"PAR1 but no more PAR1", b"words"])
def test_what_is_no_parquet_is_one_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "music.parquet"
    path.write_bytes(content)
    done = musictag("plan", "--from", path)
    assert done.exit_code == 1
    assert f"{path}: not a readable Parquet file" in done.output


def test_other_peoples_parquet_is_one_line(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "other.parquet"
    pq.write_table(pa.table({"path": ["a.mp3"]}), path)
    done = musictag("plan", "--from", path)
    assert f"{path}: has no column 'audio': not of this program" in done.output


@pytest.mark.parametrize(
    ("missing", "command", "needs"),
    [
        ("apache_beam", ["pipeline", "--input", "a", "--output", "b.parquet"], "Apache Beam"),
        ("pyarrow", ["plan", "--from", "b.parquet"], "pyarrow"),
    ],
)
def test_without_the_extra_one_line_names_it(missing: str, command: list[str], needs: str) -> None:
    code = f"import sys; sys.modules['{missing}'] = None; from tagger.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert needs in line
    assert line.endswith("pip install 'musictag[beam]'")


def test_failures_of_beam_are_one_line(music: Path, tmp_path: Path, tiny_card: Path) -> None:
    output = tmp_path / "music.parquet"
    done = pipeline(music, output, tiny_card, "--runner", "NoRunner")
    assert done.exit_code == 1
    assert done.output.startswith("Error: Beam failed: Unexpected pipeline runner: NoRunner.")
    done = pipeline("odd://bucket/music/", output, tiny_card)
    assert done.output.startswith("Error: odd://bucket/music/: Beam needs a package")


def here(place: Any) -> Any:
    if isinstance(place, list):
        return [here(one) for one in place]
    return place.removeprefix("elsewhere:/") if isinstance(place, str) else place


DISK = LocalFileSystem(None)


class Elsewhere(LocalFileSystem):
    """A disk that is reached through Beam alone, as object stores are."""

    @classmethod
    def scheme(cls) -> str:
        return "elsewhere"

    def split(self, path: str) -> tuple[str, str]:
        return os.path.split(path)

    def match(self, patterns: list[str], limits: Any = None) -> Any:
        found = DISK.match(here(patterns), limits)
        for result in found:
            result.metadata_list = [
                FileMetadata(f"elsewhere:/{m.path}", m.size_in_bytes, m.last_updated_in_seconds)
                for m in result.metadata_list
            ]
        return found


def _through(name: str) -> Any:
    def call(self: Elsewhere, *places: Any, **options: Any) -> Any:
        return getattr(DISK, name)(*map(here, places), **options)

    return call


for _name in ("checksum", "create", "delete", "exists", "mkdirs", "open", "rename", "size"):
    setattr(Elsewhere, _name, _through(_name))


def test_output_on_another_filesystem(music: Path, tmp_path: Path, tiny_card: Path) -> None:
    output = tmp_path / "bucket" / "music.parquet"
    url = f"elsewhere:/{output}"
    command = ("pipeline", "--input", music, "--model", tiny_card, "--output", url)
    assert "12 classified" in musictag(*command).output
    assert "exists; --resume" in musictag(*command).output
    shutil.copy(next(music.rglob("*.flac")), music / "new.flac")
    done = musictag(*command, "--resume").output
    assert "1 classified (0:06 of sound), 12 reused, 1 failed" in done
    assert len({row["path"] for row in read_rows(output)}) == 13
    assert list(failures(output)) == [str(music / "broken.mp3")]
    assert not list(output.parent.rglob("*.parquet.parts/*"))


def test_files_of_another_filesystem_are_fetched(
    music: Path, heard: Path, tmp_path: Path, tiny_card: Path
) -> None:
    shutil.move(music, tmp_path / "bucket")
    url = f"elsewhere:/{tmp_path}/bucket"
    output = tmp_path / "elsewhere.parquet"
    assert pipeline(f"{url}/", output, tiny_card).exit_code == 1
    here = {Path(row["path"]).name: row for row in read_rows(heard)}
    rows = list(read_rows(output))
    assert len(rows) == 12
    for row in rows:
        assert row["path"].startswith(f"{url}/")
        same = here[Path(row["path"]).name]
        assert row["genre"] == same["genre"]
        assert row["audio"] == same["audio"]
    assert list(failures(output)) == [f"{url}/broken.mp3"]
    unmoved = musictag("plan", "--from", output, "--model", tiny_card)
    assert "lies elsewhere; --moved says where it lies here" in unmoved.output
    moved = musictag(
        "plan", "--from", output, "--model", tiny_card, "--moved", url, tmp_path / "bucket"
    )
    assert moved.exit_code == 0


def test_no_copy_is_left_behind(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    path = next(demo.rglob("*.wav"))
    file = File(f"elsewhere:/{path}", path.stat().st_size, 0.0)
    with files.fetched(file) as copy:
        assert copy.read_bytes() == path.read_bytes()
    assert list(tmp_path.iterdir()) == []


def found(pattern: object) -> Iterator[str]:
    for item in files.find(str(pattern)):
        assert isinstance(item, File)
        yield Path(item.path).name


def test_patterns(tmp_path: Path) -> None:
    folder = tmp_path / "a [live]"
    (folder / "b").mkdir(parents=True)
    for name in ("1.mp3", "._1.mp3", "cover.jpg", "b/2.flac", "b/note.txt"):
        (folder / name).touch()
    assert sorted(found(folder)) == ["1.mp3", "2.flac"]
    assert list(found(folder / "cover.jpg")) == ["cover.jpg"]  # named itself: the listener says
    assert sorted(found(f"{tmp_path}/**")) == ["1.mp3", "2.flac"]
    assert list(found(f"{tmp_path}/*/*")) == ["1.mp3"]
    assert list(files.find(f"{tmp_path}/*.mp3")) == [
        Failure(f"{tmp_path}/*.mp3", "no audio file there")
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_name_that_no_cluster_can_carry(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.mp3")).touch()
    (failure,) = files.find(str(tmp_path))
    assert isinstance(failure, Failure)
    assert failure.path == f"{tmp_path}/caf\\udce9.mp3"
    assert "not UTF-8" in failure.error


@pytest.mark.parametrize(
    ("old", "new", "path", "here"),
    [
        ("/a/b/", "/c", "/a/b/d.mp3", "/c/d.mp3"),
        ("gs://x", "/c", "gs://x/a/b.mp3", "/c/a/b.mp3"),
        ("/a", "/c", "/ab/d.mp3", None),
        ("/a", "/c", "/d/a/d.mp3", None),
    ],
)
def test_moves(old: str, new: str, path: str, here: str | None) -> None:
    assert Move(old, new).here(path) == (here and str(Path(here)))
