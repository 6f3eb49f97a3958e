"""A file is parsed once each time it is opened, whatever asks for its parts."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tagger.tags.containers import ape, asf, id3, mp3, mp4, ogg, riff_aiff_dsf
from tagger.tags.reader import opened, read_tags
from tagger.writing.apply import apply_plan
from tagger.writing.journal import Journal
from tagger.writing.plan import TagPlan
from tests.faults import change
from tests.music_files import KINDS, make_file

# What every parse of a kind calls once, and where it is called from.
PARSERS: dict[str, tuple[str, tuple[ModuleType, ...]]] = {
    "vorbis": ("_read_headers", (ogg,)), "opus": ("_read_headers", (ogg,)),
    "speex": ("_read_headers", (ogg,)), "aac": ("_top", (mp4,)), "alac": ("_top", (mp4,)),
    "wav": ("_chunks", (riff_aiff_dsf,)), "aiff": ("_chunks", (riff_aiff_dsf,)),
    "dsf": ("_dsf_tag", (riff_aiff_dsf,)), "wma": ("_header", (asf,)),
    "wavpack": ("find_tag", (ape, mp3)), "ape": ("find_tag", (ape, mp3)),
    "musepack": ("find_tag", (ape, mp3)),
}  # fmt: skip
ID3 = ("read_tag", (id3,))  # of the others
# As the plan is checked; after waiting for the journal; the copy as mutagen saved it, to see
# whether its tags must be spliced; the copy as the disk has it.
PARSES = 4
_open_calls: list[Counter[str]] = []


def _count_open(event: str, arguments: Any) -> None:
    if event == "open" and _open_calls and isinstance(arguments[0], str | bytes | os.PathLike):
        _open_calls[-1][Path(os.fsdecode(arguments[0])).suffix] += 1


sys.addaudithook(_count_open)  # nothing takes it away again; it does nothing between these tests


@pytest.fixture
def opens() -> Iterator[Counter[str]]:
    _open_calls.append(Counter())
    yield _open_calls[-1]
    _open_calls.clear()


def count_parses(kind: str, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    counts: Counter[str] = Counter()
    name, modules = PARSERS.get(kind, ID3)
    real = getattr(modules[0], name)

    def counted(*arguments: Any) -> Any:
        counts["parses"] += 1
        return real(*arguments)

    for module in modules:
        monkeypatch.setattr(module, name, counted)
    return counts


@pytest.mark.parametrize("kind", KINDS)
def test_reading_tags_parses_once(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opens: Counter[str]
) -> None:
    path = make_file(kind, tmp_path / f"song{KINDS[kind]}")
    counts = count_parses(kind, monkeypatch)
    opens.clear()
    read_tags(path)
    assert (counts["parses"], opens[path.suffix]) == (1, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_asking_an_open_file_again_parses_nothing(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_file(kind, tmp_path / f"song{KINDS[kind]}")
    counts = count_parses(kind, monkeypatch)
    with opened(path) as file:
        for _ in range(2):
            assert list(file.parsed.audio()) == list(file.parsed.audio())
            assert file.audio
            assert file.frame()
            assert file.parsed.head() <= file.source.size
            file.parsed.check_sound()
    assert counts["parses"] == 1


@pytest.mark.parametrize("kind", KINDS)
def test_writing_a_file_parses_it_twice_and_its_copy_twice(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opens: Counter[str]
) -> None:
    path = make_file(kind, tmp_path / f"song{KINDS[kind]}")
    plan = TagPlan((change(path, "Jazz"),))
    counts = count_parses(kind, monkeypatch)
    with Journal(tmp_path / "journal") as journal:
        opens.clear()
        (outcome,) = apply_plan(plan, journal)
    assert outcome.status == "changed"
    # What mutagen cannot write at all is not looked at before it is spliced.
    assert counts["parses"] == (PARSES - 1 if kind == "mp3 v2.2" else PARSES)
    # The file: for the plan, after waiting, and for the lease while it is replaced (Linux); its
    # copy: when it is made, and when it is read back.
    assert opens[path.suffix] == (3 if sys.platform == "linux" else 2)
    assert opens[".tmp"] == 2
