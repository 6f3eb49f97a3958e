"""Damaged files neither crash nor hang nor get worse; benchmarks/safety.py takes more of them."""

from __future__ import annotations

from pathlib import Path

from tests.music_files import KINDS, make_file
from tests.mutations import run_through


def test_damaged_files_are_read_planned_and_written_or_left(tmp_path: Path) -> None:
    kinds = tmp_path / "kinds"
    kinds.mkdir()
    originals = [make_file(kind, kinds / f"{kind}{KINDS[kind]}") for kind in KINDS]
    runs = list(run_through(originals, tmp_path, n_files=40 * len(KINDS), seed=7))
    assert max(spent_s for _, spent_s in runs) < 5
    counts, _ = runs[-1]
    assert counts.files == 680
    assert counts.changed > 200
    assert counts.unreadable > 20
