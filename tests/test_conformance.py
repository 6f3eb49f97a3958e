"""Every container keeps the same promises: one suite, one run of it for each kind of file."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import mutagen
import mutagen.id3
import pytest

from tagger.tags.field_map import Field
from tagger.tags.reader import opened, read_tags
from tagger.vocabulary import Tag
from tagger.writing.apply import Outcome, apply_plan
from tagger.writing.journal import Journal
from tagger.writing.plan import ClassifiedFile, FileChange, Policy, TagChange, TagPlan, make_plan
from tagger.writing.undo import find_run, plan_undo
from tests.careless_files import CARELESS, make_careless_file
from tests.faults import audio_digest
from tests.music_files import KINDS, dump, make_file

GENRES, INSTRUMENTS = ("Jazz", "Bossa Nova"), ("Flöte", "三味線")
OURS = ("TCON", "TXXX:INSTRUMENT", "GENRE", "INSTRUMENT", "\xa9GEN", "WM/GENRE",
        "----:COM.APPLE.ITUNES:INSTRUMENT")  # fmt: skip
HEARD = (*(Tag("genre", g, 0.9) for g in GENRES), *(Tag("instrument", i, 0.8) for i in INSTRUMENTS))


@pytest.fixture(scope="session", params=list(KINDS))
def original(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    kind = str(request.param)
    return make_file(kind, tmp_path_factory.mktemp("kind") / f"song{KINDS[kind]}")


@pytest.fixture
def song(original: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    folder.mkdir()
    return Path(shutil.copy(original, folder))


@pytest.fixture
def journal(tmp_path: Path) -> Any:
    with Journal(tmp_path / "journal") as opened_journal:
        yield opened_journal


def run(journal: Journal, *changes: FileChange, **options: Any) -> list[Outcome]:
    return list(apply_plan(TagPlan(changes), journal, **options))


def heard_plan(path: Path, mode: Any = "fill") -> TagPlan:
    policy = Policy({"genre": mode, "instrument": mode})
    return make_plan([ClassifiedFile(path, read_tags(path), HEARD)], policy)


def change(path: Path, field: Field, *after: str) -> FileChange:
    before = read_tags(path).genres if field == "genre" else read_tags(path).instruments
    return FileChange(path, "", (TagChange(field, before, after),))


def raw(path: Path) -> Any:
    with opened(path) as file:
        return file.layout.dialect, sorted(file.layout.items, key=lambda item: item.raw)


def by_mutagen(path: Path) -> tuple[list[str], list[str]]:
    """Genres and instruments as mutagen reads them, in the field each container has for them."""
    file: Any = mutagen.File(path)
    tags = file.tags
    if isinstance(tags, mutagen.id3.ID3):
        id3: Any = tags
        frames = (id3.getall("TCON"), id3.getall("TXXX:INSTRUMENT"))
        genres, instruments = ([str(v) for f in fs for v in f.text] for fs in frames)
        if tags.version[1] < 4:
            genres, instruments = (
                [v for x in y for v in x.split("; ")] for y in (genres, instruments)
            )
        return genres, instruments
    keys = {k.upper(): k for k in tags.keys()}  # noqa: SIM118
    genre = next(k for k in ("\xa9GEN", "WM/GENRE", "GENRE") if k in keys)
    instrument = next(k for k in ("----:COM.APPLE.ITUNES:INSTRUMENT", "INSTRUMENT") if k in keys)
    values = ([v.decode() if isinstance(v, bytes) else str(v) for v in tags[keys[key]]]
              for key in (genre, instrument))  # fmt: skip
    genres, instruments = values
    return genres, instruments


def test_several_values_in_unicode_are_written_and_read_back(song: Path, journal: Journal) -> None:
    before, audio, rest = read_tags(song), audio_digest(song), dump(song)
    assert (before.genres, before.instruments) == ((), ())
    (outcome,) = apply_plan(heard_plan(song), journal)
    assert outcome.status == "changed", outcome
    tags = read_tags(song)
    assert (tags.genres, tags.instruments) == (GENRES, INSTRUMENTS)
    assert by_mutagen(song) == (list(GENRES), list(INSTRUMENTS))
    assert (tags.title, tags.artist, tags.album) == (before.title, before.artist, before.album)
    assert tags.audio == before.audio
    assert audio_digest(song) == audio
    after = dump(song)
    assert {key: value for key, value in after.items() if key in rest} == rest
    assert list(song.parent.iterdir()) == [song]


def test_every_other_item_keeps_its_bytes(song: Path, journal: Journal) -> None:
    with opened(song) as file:
        before = file.layout
    run(journal, change(song, "genre", "Jazz"))
    with opened(song) as file:
        assert file.layout.dialect == before.dialect
        new = [item for item in file.layout.items if item not in before.items]
        assert [item for item in file.layout.items if item not in new] == list(before.items)
        assert file.layout.rest == before.rest
    assert len(new) == 1


@pytest.mark.parametrize("what", CARELESS)
def test_items_of_careless_programs_keep_their_bytes(
    what: str, tmp_path: Path, journal: Journal
) -> None:
    (tmp_path / "music").mkdir()
    path = make_careless_file(what, tmp_path / "music" / f"song{KINDS[CARELESS[what][0]]}")
    with opened(path) as file:
        before = file.layout
    assert {raw for _, raw in CARELESS[what][1]} <= {item.raw for item in before.items}
    (outcome,) = apply_plan(heard_plan(path), journal)
    assert outcome.status == "changed"
    with opened(path) as file:
        kept = [item for item in file.layout.items if item.key not in OURS]
        assert (file.layout.dialect, kept) == (before.dialect, list(before.items))
        assert file.layout.rest == before.rest
    assert read_tags(path).genres == GENRES


def test_modes(song: Path, journal: Journal) -> None:
    run(journal, change(song, "genre", "rock", "JAZZ"))
    assert [c.field for c in heard_plan(song, "fill").files[0].changes] == ["instrument"]
    list(apply_plan(heard_plan(song, "merge"), journal))
    assert read_tags(song).genres == ("rock", "JAZZ", "Bossa Nova")
    list(apply_plan(heard_plan(song, "replace"), journal))
    assert read_tags(song).genres == GENRES
    assert heard_plan(song, "merge").files == ()


def test_undo_gives_back_the_very_bytes(song: Path, journal: Journal) -> None:
    run(journal, change(song, "genre", "Fado"))
    before = raw(song)
    list(apply_plan(heard_plan(song, "replace"), journal))
    undoing = plan_undo(journal, find_run(journal, None))
    assert not undoing.left
    outcomes = list(apply_plan(undoing.plan, journal, undoes=undoing.run.id))
    assert [o.status for o in outcomes] == ["changed"]
    assert raw(song) == before
    redoing = plan_undo(journal, journal.runs()[-1])
    list(apply_plan(redoing.plan, journal, undoes=redoing.run.id))
    assert read_tags(song).genres == GENRES


def test_undo_to_an_untagged_file(song: Path, journal: Journal) -> None:
    before, rest = raw(song), dump(song)
    list(apply_plan(heard_plan(song), journal))
    list(apply_plan(plan_undo(journal, find_run(journal, None)).plan, journal))
    assert read_tags(song).genres == ()
    assert raw(song) == before
    after = dump(song)
    assert {key: value for key, value in after.items() if key in rest} == rest


def test_no_op_leaves_the_file_and_its_time(song: Path, journal: Journal) -> None:
    run(journal, change(song, "genre", "Jazz"))
    os.utime(song, ns=(10**18, 10**18))
    before = song.stat()
    wanted = FileChange(song, "", (TagChange("genre", ("Jazz",), ("Jazz",), exact=held_now(song)),))
    assert [o.status for o in run(journal, wanted)] == ["unchanged"]
    after = song.stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)


def held_now(path: Path) -> Any:
    from tagger.tags.field_map import items_of
    from tagger.writing.plan import Exact

    with opened(path) as file:
        return Exact(file.layout.dialect, items_of(file.layout, "genre"))


def test_long_values_make_the_tag_grow_and_shrink(song: Path, journal: Journal) -> None:
    audio, rest = audio_digest(song), dump(song)
    values = tuple(f"Genre number {i}" for i in range(3000))
    assert [o.status for o in run(journal, change(song, "genre", *values))] == ["changed"]
    assert read_tags(song).genres == values
    assert audio_digest(song) == audio
    assert [o.status for o in run(journal, change(song, "genre", "Jazz"))] == ["changed"]
    assert audio_digest(song) == audio
    after = dump(song)
    assert {key: value for key, value in after.items() if key in rest} == rest


# The others are put together by hand and hold no sound that a decoder takes.
DECODED = [kind for kind, suffix in KINDS.items() if suffix not in (".ape", ".mpc", ".dsf")]


@pytest.mark.parametrize("original", DECODED, indirect=True)
def test_decoder_hears_the_same(song: Path, journal: Journal) -> None:
    from tests.decoding import decoded

    before = decoded(song)
    values = tuple(f"Genre number {i}" for i in range(3000))
    run(journal, change(song, "genre", *values))
    assert decoded(song) == before
    assert len(before) > 30_000
