"""Converts entries and runs to checksummed database rows, and back after validation.

A journal lies on a disk for years, and what it says is done: copies are removed, tags are put back.
So nothing is trusted before its checksum, types and paths are checked.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args

from tagger.tags.containers.base import Item
from tagger.tags.field_map import FIELDS
from tagger.writing.journal_entries import Entry, Fields, Run, Status, StoredField

FILE = ("id", "run", "path", "copy", "device", "inode", "audio", "before", "after", "status",
        "reason", "undoes", "sum")  # fmt: skip
RUN = ("id", "token", "started", "ended", "model", "mode", "roots", "undoes", "sum")
_SEALED_FILE = ("run", "path", "copy", "device", "inode", "audio", "before", "after", "undoes")
_SEALED_RUN = ("token", "started", "model", "mode", "roots", "undoes")
_COPY = re.compile(r"\.musictag-[0-9a-f]{8}-[0-9]+\.tmp")
_TOKEN = re.compile(r"[0-9a-f]{8}")

Row = Mapping[str, Any]
T = TypeVar("T")


class DamagedRowError(ValueError):
    """A row that is not as it was written."""


def file_row(run: int, entry: Entry) -> dict[str, Any]:
    """An entry of a run as a row, without its number."""
    row = {
        "run": run,
        "path": os.fsencode(entry.path),
        "copy": os.fsencode(entry.copy) if entry.copy else None,
        # Windows has numbers of 64 bits without a sign; SQLite's have one.
        "device": entry.device % (1 << 63),
        "inode": entry.inode % (1 << 63),
        "audio": entry.audio,
        "before": dump_fields(entry.before),
        "after": dump_fields(entry.after),
        "status": entry.status,
        "reason": entry.reason,
        "undoes": entry.undoes,
    }
    return {**row, "sum": file_sum(row)}


def run_row(run: Run) -> dict[str, Any]:
    """A run as a row, without its number."""
    row = {
        "token": run.token, "started": run.started, "ended": run.ended, "model": run.model,
        "mode": run.mode, "roots": json.dumps([str(root) for root in run.roots]),
        "undoes": run.undoes,
    }  # fmt: skip
    return {**row, "sum": run_sum(row)}


def file_sum(row: Row) -> bytes:
    """The checksum of what never changes in the row of an entry."""
    return _sum(row, _SEALED_FILE)


def run_sum(row: Row) -> bytes:
    """The checksum of what never changes in the row of a run."""
    return _sum(row, _SEALED_RUN)


def to_entry(row: Row, *, sealed: bool = True) -> Entry:
    """The entry of a row; DamagedRowError where it is not one."""
    return _checked(row, file_sum if sealed else None, _entry)


def to_run(row: Row, counts: dict[str, int], *, sealed: bool = True) -> Run:
    """The run of a row, and the number of its files of each status; DamagedRowError as above."""
    return _checked(row, run_sum if sealed else None, lambda row: _run(row, counts))


def dump_fields(fields: Fields) -> str:
    """Fields as the text of their column."""
    content = {
        name: {
            "values": list(one.values),
            "dialect": one.dialect,
            "items": [[item.key, item.raw.hex()] for item in one.items],
        }
        for name, one in fields.items()
    }
    return json.dumps(content)


def typed(value: object, kind: type[T]) -> T:
    """A value that must be of a type; DamagedRowError if it is not."""
    if not isinstance(value, kind):
        raise DamagedRowError("it is not built as it should be")
    return value


def _sum(row: Row, columns: tuple[str, ...]) -> bytes:
    content = repr([row[name] for name in columns]).encode("utf-8")
    return hashlib.blake2b(content, digest_size=8).digest()


def _checked(row: Row, seal: Callable[[Row], bytes] | None, build: Callable[[Row], T]) -> T:
    if seal and row["sum"] != seal(row):
        raise DamagedRowError("its checksum is wrong")
    try:
        return build(row)
    except DamagedRowError:
        raise
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise DamagedRowError("it is not built as it should be") from error


def _entry(row: Row) -> Entry:
    path, copy = _path(row["path"]), _path(row["copy"]) if row["copy"] is not None else None
    if copy is not None and not _COPY.fullmatch(copy.name):
        raise DamagedRowError("it names a copy that is none of ours")
    if row["status"] not in (None, *get_args(Status)):
        raise DamagedRowError("its status is unknown")
    return Entry(
        path, _fields(row["before"]), _fields(row["after"]), typed(row["audio"], str), copy,
        typed(row["device"], int), typed(row["inode"], int), row["status"],
        typed(row["reason"], str), _number(row["undoes"]), typed(row["id"], int),
    )  # fmt: skip


def _run(row: Row, counts: dict[str, int]) -> Run:
    token, started, model, mode = (
        typed(row[name], str) for name in ("token", "started", "model", "mode")
    )
    if not _TOKEN.fullmatch(token):
        raise DamagedRowError("its token is none of ours")
    ended = None if row["ended"] is None else typed(row["ended"], str)
    roots = tuple(Path(typed(root, str)) for root in typed(json.loads(row["roots"]), list))
    return Run(
        typed(row["id"], int), token, started, ended, model, mode, roots,
        _number(row["undoes"]), counts,
    )  # fmt: skip


def _path(value: object) -> Path:
    path = Path(os.fsdecode(typed(value, bytes)))
    if not path.is_absolute() or "\0" in str(path):
        raise DamagedRowError("it names a path that is not absolute")
    return path


def _fields(text: object) -> Fields:
    content = typed(json.loads(typed(text, str)), dict)
    if not content.keys() <= set(FIELDS):
        raise DamagedRowError("it names a field that is none of ours")
    return {name: _stored_field(one) for name, one in content.items()}


def _stored_field(one: Row) -> StoredField:
    items = tuple(Item(typed(key, str), bytes.fromhex(raw)) for key, raw in one["items"])
    values = tuple(typed(value, str) for value in typed(one["values"], list))
    return StoredField(values, typed(one["dialect"], str), items)


def _number(value: object) -> int | None:
    return None if value is None else typed(value, int)
