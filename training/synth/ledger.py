"""What has been rendered: rendered.csv and the window files, each replaced as a whole."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from tagger.writing.atomic_file import replacing
from training.synth.general_midi import NAMES
from training.synth.windows import Window, summarise


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of rendered.csv; the columns of instruments.csv, and train or valid."""

    id: str
    file: str
    source: str
    group: str
    seconds: str
    instruments: str
    absent: str
    window_labels: str
    part: str


def read_ledger(path: Path) -> dict[str, Entry]:
    """Return the entries by id; none where the file is not there yet."""
    if not path.exists():
        return {}
    with path.open(newline="", encoding="utf-8") as stream:
        return {record["id"]: Entry(**record) for record in csv.DictReader(stream)}


def write_ledger(path: Path, entries: Iterable[Entry]) -> None:
    """Write the entries by id."""
    ordered = sorted(entries, key=lambda entry: entry.id)
    columns = [column.name for column in fields(Entry)]
    _write_csv(path, columns, [asdict(entry) for entry in ordered])


def write_windows(path: Path, windows: Sequence[Window]) -> None:
    """Write the labels of the windows of an excerpt."""
    rows = [
        {
            "start_s": f"{window.start:g}",
            "end_s": f"{round(window.end, 3):g}",
            "instruments": join(window.present),
            "unknown": join(window.unknown),
        }
        for window in windows
    ]
    _write_csv(path, ["start_s", "end_s", "instruments", "unknown"], rows)


def describe(windows: Sequence[Window]) -> tuple[str, str]:
    """Return the columns `instruments` and `absent` of an excerpt: `*` when nothing is unknown."""
    present, absent = summarise(windows)
    return join(present), "*" if absent == NAMES - present else join(absent)


def join(names: Iterable[str]) -> str:
    """Return names as the CSV files hold them."""
    return "|".join(sorted(names))


def _write_csv(path: Path, columns: list[str], rows: Iterable[Mapping[str, str]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as part:
        part.write_text(text.getvalue(), encoding="utf-8", newline="")
