from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from mediafile import MediaFile

from tagger.errors import JournalError
from tagger.tags.reader import read_tags
from tagger.writing.apply import apply_plan, recover
from tagger.writing.external_writes import ExternalRun
from tagger.writing.journal import Journal
from tagger.writing.plan import Values
from tagger.writing.undo import find_run, plan_undo
from tests.music_files import KINDS, make_file


@pytest.fixture
def external(tmp_path: Path) -> ExternalRun:
    return ExternalRun("model", "beets: fill", (tmp_path,), folder=tmp_path / "j", patience_s=0.0)


def write(external: ExternalRun, path: Path, *genres: str) -> None:
    """Another program writes genres into a file, noted before and after."""
    external.before(path, {"genre": genres})
    file = MediaFile(path)
    file.genres = list(genres)
    file.save()
    external.after(path)
    external.close()


def undo(journal: Journal) -> None:
    undoing = plan_undo(journal, find_run(journal, None))
    assert not undoing.left
    outcomes = list(apply_plan(undoing.plan, journal, undoes=undoing.run.id))
    assert [outcome.status for outcome in outcomes] == ["changed"]


@pytest.mark.parametrize("kind", ["mp3", "mp3 v2.3", "flac", "vorbis", "opus", "aac", "wma", "ape"])
def test_what_another_program_wrote_is_undone(
    kind: str, external: ExternalRun, tmp_path: Path
) -> None:
    path = make_file(kind, tmp_path / f"a{KINDS[kind]}")
    write(external, path, "Jazz", "Blues")
    assert read_tags(path).genres == ("Jazz", "Blues")
    write(external, path, "Jazz", "Blues")  # nothing new: nothing to note
    external.end()
    with Journal(tmp_path / "j") as journal:
        (run,) = journal.runs()
        assert (run.counts, run.model, run.ended is not None) == ({"changed": 1}, "model", True)
        undo(journal)
    assert read_tags(path).genres == ()


@pytest.mark.parametrize("written", [True, False])
def test_a_crash_between_is_found_out(
    written: bool, external: ExternalRun, tmp_path: Path, short_song: Path
) -> None:
    path = Path(shutil.copy(short_song, tmp_path / "a.mp3"))
    journal, _ = external.open()
    external.before(path, {"genre": ("Jazz",)})
    if written:
        file = MediaFile(path)
        file.genres = ["Jazz"]
        file.save()
    journal.close()  # as the end of the process would
    with Journal(tmp_path / "j") as later:
        (outcome,) = recover(later)
        assert outcome.status == ("changed" if written else "failed")
        if written:
            undo(later)
    assert read_tags(path).genres == ()


def test_planned_write_that_failed_is_recorded(
    external: ExternalRun, tmp_path: Path, short_song: Path
) -> None:
    path = Path(shutil.copy(short_song, tmp_path / "a.mp3"))
    wanted: Values = ("Jazz",)
    external.before(path, {"genre": wanted, "instrument": ()})
    external.end()
    with Journal(tmp_path / "j") as journal:
        (run,) = journal.runs()
        (entry,) = journal.entries(run.id)
    assert (run.counts, list(entry.after)) == ({"failed": 1}, ["genre"])


def test_others_may_write_between(external: ExternalRun, tmp_path: Path, short_song: Path) -> None:
    path = Path(shutil.copy(short_song, tmp_path / "a.mp3"))
    write(external, path, "Jazz")
    with Journal(tmp_path / "j"), pytest.raises(JournalError, match="another musictag"):
        external.before(path, {"genre": ("Blues",)})
    write(external, path, "Blues")
    external.end()
    with Journal(tmp_path / "j") as journal:
        (run,) = journal.runs()
        assert run.counts == {"changed": 2}
