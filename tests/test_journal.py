from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.errors import JournalError
from tagger.tags.containers.base import Item
from tagger.tags.reader import read_tags
from tagger.writing.apply import apply_plan, recover
from tagger.writing.journal import Journal
from tagger.writing.journal_entries import (
    Entry,
    Fields,
    Reversal,
    Run,
    StoredField,
    with_undone_counts,
)
from tagger.writing.plan import TagPlan
from tests.faults import NEW, change

texts = st.text(st.characters(codec="utf-8"), max_size=20)
helds = st.builds(
    StoredField,
    st.lists(texts, max_size=3).map(tuple),
    st.sampled_from(["id3v2.3", "vorbis", "mp4"]),
    st.lists(st.builds(Item, texts, st.binary(max_size=50)), max_size=3).map(tuple),
)
fields: st.SearchStrategy[Fields] = st.dictionaries(
    st.sampled_from(["genre", "instrument", "provenance"]), helds, max_size=3
)
paths = st.binary(min_size=1, max_size=30).filter(lambda name: b"\0" not in name)
entries = st.builds(
    Entry,
    path=paths.map(lambda name: Path(os.fsdecode(b"/" + name))),
    before=fields,
    after=fields,
    audio=texts,
    device=st.integers(0, 2**63 - 1),
    inode=st.integers(0, 2**63 - 1),
    status=st.sampled_from([None, "changed", "failed"]),
    reason=texts,
)


@settings(max_examples=30, deadline=None)
@given(st.lists(entries, max_size=4))
def test_entries_come_back_as_they_were(given_entries: list[Entry]) -> None:
    with tempfile.TemporaryDirectory() as name, Journal(Path(name)) as journal:
        run = journal.start("model", "fill", [Path("/music")])
        numbers = journal.record(run, given_entries)
        back = journal.entries(run.id)
        assert [entry.id for entry in back] == numbers
        assert [replace(entry, id=0) for entry in back] == given_entries
        assert journal.open_entries() == [entry for entry in back if entry.status is None]
        journal.conclude((number, "changed", "done") for number in numbers)
        assert journal.open_entries() == []


@given(st.lists(st.integers(0, 8), max_size=9))
def test_run_is_undone_if_something_that_holds_undoes_it(targets: list[int]) -> None:
    """Run i + 1 undoes the run of targets[i], where that is older."""
    runs = [
        Run(i + 1, "", "", None, "", "", (), t if 0 < t < i + 1 else None, {"changed": 1})
        for i, t in enumerate(targets)
    ]
    reversals = [
        Reversal(run.id, run.id, run.undoes, run.undoes) for run in runs if run.undoes is not None
    ]
    undone = {run.id: run.undone for run in with_undone_counts(runs, reversals)}
    for run in runs:
        takes = [other.id for other in runs if other.undoes == run.id]
        assert undone[run.id] == any(not undone[number] for number in takes)


@settings(max_examples=10, deadline=None)
@given(
    noted=st.lists(st.booleans(), min_size=3, max_size=3),
    done=st.lists(st.booleans(), min_size=3, max_size=3),
)
def test_crash_at_any_point_is_found_out_about(
    song_bytes: bytes, noted: list[bool], done: list[bool]
) -> None:
    """Whatever of three changes was done and noted, the next start notes what is true."""
    with tempfile.TemporaryDirectory() as name, Journal(Path(name) / "journal") as journal:
        songs = [Path(name) / f"{i}.mp3" for i in range(3)]
        for song in songs:
            song.write_bytes(song_bytes)
        list(apply_plan(TagPlan(tuple(change(song, *NEW) for song in songs)), journal))
        written = journal.entries(1)
        for i, entry in enumerate(written):
            if not done[i]:
                songs[i].write_bytes(song_bytes)
                assert entry.copy
                entry.copy.write_bytes(b"half")
        journal._db.execute("UPDATE files SET status = NULL")
        kept = [
            (e.id, "changed", "") for e, n, d in zip(written, noted, done, strict=True) if n and d
        ]
        journal.conclude((number, "changed", reason) for number, _, reason in kept)
        recover(journal)
        for song, entry in zip(songs, journal.entries(1), strict=True):
            assert (entry.status == "changed") == (read_tags(song).genres == NEW)
        assert sorted(Path(name).glob("*.*")) == songs


def test_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JournalError, match="the journal cannot be used"):
        Journal(tmp_path / "file" / "journal")
