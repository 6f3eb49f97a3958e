"""What the terminal gets: bars, colour, histograms."""

from __future__ import annotations

import io
from pathlib import Path

import mediafile
import pytest

from tagger.report.escaping import width
from tagger.report.table import table_lines
from tagger.report.tag_counts import Tally, same_lines, tally_lines
from tagger.report.terminal import Style, terminal_style
from tagger.tags.reader import read_tags
from tests.heard_library import heard_library
from tests.music_files import make_file


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_color_only_on_terminals_that_want_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert terminal_style(Terminal()).color
    assert not terminal_style(io.StringIO()).color
    monkeypatch.setenv("TERM", "dumb")
    assert not terminal_style(Terminal()).color
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not terminal_style(Terminal()).color


def test_old_encodings_get_plain_bars(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w", encoding="cp1252") as stream:
        assert not terminal_style(stream).blocks
    assert Style(blocks=False).bar(1.0, 4) == "####"


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999, 1.0])
def test_bars_fit_and_are_never_empty(share: float) -> None:
    for style in (Style(), Style(blocks=False)):
        assert 1 <= len(style.bar(share, 4)) <= 4


def test_color_adds_nothing_but_color() -> None:
    results = list(heard_library(30))
    plain = list(table_lines(results, 100, Style()))
    colored = list(table_lines(results, 100, Style(color=True)))
    assert any("\x1b[" in line for line in colored)
    assert not any("\x1b" in line for line in plain)
    for sequence in ("\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[34m"):
        colored = [line.replace(sequence, "") for line in colored]
    assert colored == plain


def test_genres_that_beets_joined_are_counted_one_by_one(tmp_path: Path) -> None:
    """As beets writes them with `id3v23: yes`, by its own library of tags."""
    tally = Tally()
    for i, genres in enumerate((["Jazz", "Classical"], ["R&B/Soul"], ["AC/DC Covers"], ["Jazz"])):
        song = mediafile.MediaFile(make_file("mp3", tmp_path / f"{i}.mp3"), id3v23=True)
        song.genres = genres
        song.save()
        assert len(read_tags(tmp_path / f"{i}.mp3").genres) == 1
        tally.add({"genre": read_tags(tmp_path / f"{i}.mp3").genres, "instrument": ()})
    assert tally.as_json()["genres"] == {
        "Jazz": 2, "AC/DC Covers": 1, "Classical": 1, "R&B/Soul": 1,
    }  # fmt: skip


def test_tally_ranks_and_fits() -> None:
    tally = Tally()
    tally.add({"genre": ["Rock", "Rock"], "instrument": []})
    tally.add({"genre": ["Rock", "\x1b[2JJazz" + "z" * 90], "instrument": []})
    lines = list(tally_lines(tally, 60, Style()))
    assert tally.as_json()["genres"]["Rock"] == 2
    assert lines[1] == "Genres"
    assert lines[2].split()[:2] == ["Rock", "2"]
    assert max(width(line) for line in lines) <= 60
    assert not any("\x1b" in line for line in lines)
    assert lines[-1].split() == ["(none)", "2"]
    assert list(tally_lines(Tally(), 60, Style())) == []


def test_spellings_of_one_genre_are_listed_together() -> None:
    tally = Tally()
    for genres in (["Rap", "Jazz"], ["Rap"], ["hip hop"], ["Drums"]):
        tally.add({"genre": genres, "instrument": ["Klavier", "Piano"]})
    lines = list(same_lines(tally, 60))
    assert lines == [
        "", "Taken for the same genre", "  Hip-Hop: Rap, hip hop",
        "", "Taken for the same instrument", "  Piano: Klavier, Piano",
    ]  # fmt: skip
    assert tally.as_json()["same"] == {
        "genres": {"Hip-Hop": ["Rap", "hip hop"]},
        "instruments": {"Piano": ["Klavier", "Piano"]},
    }
    assert list(same_lines(Tally(), 60)) == []
