"""Plans as JSON files, which a person or a script may edit before they are applied.

Input is validated strictly: a plan may come from anybody and may contain mistakes.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tagger.errors import PlanError
from tagger.tags.field_map import FIELDS, Field
from tagger.vocabulary import KINDS, Kind, Tag
from tagger.writing.genre_rules import Taste
from tagger.writing.plan import FileChange, TagChange, TagPlan

if TYPE_CHECKING:
    from tagger.scanning.results import Result

FORMAT = 1
_KEYS = {"$schema", "format", "model", "mode", "roots", "files"}
_SURROGATES = re.compile("[\ud800-\udfff]")
_LONGEST = 500  # signs of a value
_MOST = 200  # values of a field
_NAMES: dict[Field, str] = {
    "genre": "genres",
    "instrument": "instruments",
    "provenance": "provenance",
}

Probabilities = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class FilePrediction:
    """The model's predictions for one file, under the names that would be written."""

    path: Path
    audio: str
    existing: Mapping[Kind, tuple[str, ...]]
    offered: Mapping[Kind, Probabilities]  # above the threshold
    candidates: Mapping[Kind, Probabilities]  # below it, the most probable ones


def record_of(plan: TagPlan, predictions: Iterable[FilePrediction] = ()) -> dict[str, Any]:
    """A plan as a JSON object; with predictions, each change says what was offered."""
    offered = {prediction.path: prediction.offered for prediction in predictions}
    files = [_file_record(change) for change in plan.files]
    for change, record in zip(plan.files, files, strict=True):
        for kind in KINDS:
            if change.path in offered and _NAMES[kind] in record:
                record[_NAMES[kind]]["offered"] = dict(offered[change.path][kind])
    return {
        "format": FORMAT,
        "model": plan.model,
        "mode": plan.mode,
        "roots": [str(root) for root in plan.roots],
        "files": files,
    }


def dump_plan(plan: TagPlan, predictions: Iterable[FilePrediction] = ()) -> str:
    """A plan as JSON, with the model's predictions."""
    content = record_of(plan)
    if listed := list(predictions):
        content["files"] = list(_records_with(plan, listed))
    text = json.dumps(content, indent=1, ensure_ascii=False)
    # Names that are no UTF-8 survive as escapes.
    return _SURROGATES.sub(lambda match: f"\\u{ord(match[0]):04x}", text) + "\n"


def save_plan(plan: TagPlan, path: Path, predictions: Iterable[FilePrediction] = ()) -> None:
    """Write a plan to a file, or raise PlanError."""
    try:
        path.write_text(dump_plan(plan, predictions), encoding="utf-8")
    except OSError as error:
        raise PlanError(f"cannot be written ({error.strerror})", path) from error


def load_plan(path: Path) -> TagPlan:
    """Read a plan; anything unknown, missing or of the wrong type is a PlanError naming it."""
    try:
        return parse_plan(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PlanError(f"cannot be read ({error.strerror})", path) from error
    except (ValueError, RecursionError) as error:
        raise PlanError(f"not a valid plan ({error})", path) from error


def parse_plan(text: str) -> TagPlan:
    """A plan from JSON; a ValueError says what is wrong with it."""
    content = _object(json.loads(text), _KEYS, "the plan")
    if content.get("format") != FORMAT:
        raise ValueError(f"format {content.get('format')!r}, this program reads {FORMAT}")
    roots = tuple(_path(root, "roots") for root in _list(content.get("roots", []), "roots"))
    records = _list(content.get("files", []), "files")
    files = [_file_change(record, f"file {i}") for i, record in enumerate(records, 1)]
    if len({change.path for change in files}) != len(files):
        raise ValueError("a file occurs twice")
    model, mode = (_text(content.get(key, ""), key) for key in ("model", "mode"))
    return TagPlan(tuple(change for change in files if change.changes), model, mode, roots)


def predictions_of(results: Iterable[Result], taste: Taste) -> Iterator[FilePrediction]:
    """The predictions for all files that were classified and whose tags can be read."""
    for result in results:
        if result.track is not None and result.existing.audio:
            track = result.track
            yield FilePrediction(
                result.path.absolute(),
                result.existing.audio,
                {kind: result.existing.of(kind) for kind in KINDS},
                {kind: _probabilities(track.of(kind), taste) for kind in KINDS},
                {kind: _probabilities(track.candidates_of(kind), taste) for kind in KINDS},
            )


def _probabilities(tags: Iterable[Tag], taste: Taste) -> Probabilities:
    return {taste.alias(tag.name): round(tag.score, 3) for tag in tags}


def paths_outside_roots(plan: TagPlan) -> Iterator[Path]:
    """The files of a plan outside of its root folders."""
    roots = [_plain(root) for root in plan.roots]
    for change in plan.files:
        path = _plain(change.path)
        if not any(path.is_relative_to(root) for root in roots):
            yield change.path


def _plain(path: Path) -> Path:
    # Takes the dots out but follows no link: links in a library are its owner's own.
    return Path(os.path.normpath(path.absolute()))


def _file_record(change: FileChange) -> dict[str, Any]:
    fields = {
        _NAMES[c.field]: {"before": list(c.before), "after": list(c.after)} for c in change.changes
    }
    return {"path": str(change.path), "audio": change.audio, **fields}


def _records_with(plan: TagPlan, predictions: Iterable[FilePrediction]) -> Iterator[dict[str, Any]]:
    """The changes with what was offered, and the files without a proposal with their candidates."""
    by_path = {change.path: change for change in plan.files}
    for prediction in predictions:
        change = by_path.get(prediction.path, FileChange(prediction.path, prediction.audio, ()))
        record = _file_record(change)
        for kind in KINDS:
            name, current = _NAMES[kind], list(prediction.existing[kind])
            if name in record:
                record[name]["offered"] = dict(prediction.offered[kind])
            elif prediction.candidates[kind] and not prediction.offered[kind] and not current:
                candidates = dict(prediction.candidates[kind])
                record[name] = {"before": current, "after": current, "candidates": candidates}
        if record.keys() & _NAMES.values():
            yield record


def _file_change(content: Any, where: str) -> FileChange:
    record = _object(content, {"path", "audio", *_NAMES.values()}, where)
    if "path" not in record:
        raise ValueError(f"{where} has no path")
    path = _path(record["path"], where)
    changes = []
    for field in FIELDS:
        if _NAMES[field] not in record:
            continue
        place = f"{_NAMES[field]} of {path.name!r}"
        values = _object(record[_NAMES[field]], {"before", "after", "offered", "candidates"}, place)
        before = _values(values.get("before"), f"before of {place}")
        after = _values(values.get("after"), f"after of {place}")
        _check_new(before, after, place)
        if before != after:  # a person who takes a change back by hand has edited, not erred
            changes.append(TagChange(field, before, after))
    return FileChange(path, _text(record.get("audio", ""), f"audio of {where}"), tuple(changes))


def _check_new(before: tuple[str, ...], after: tuple[str, ...], place: str) -> None:
    """What is written for the first time must be fit for tag editors and terminals."""
    for value in after:
        if value not in before and (
            not value.isprintable() or value != value.strip() or not 0 < len(value) <= _LONGEST
        ):
            raise ValueError(f"{place}: {value[:50]!r} cannot be a value")


def _object(content: Any, allowed: set[str], where: str) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise ValueError(f"{where} is not an object")
    if unknown := set(content) - allowed:
        names = ", ".join(sorted(allowed))
        raise ValueError(f"{where} has an unknown key {min(unknown)!r}; there are: {names}")
    return content


def _list(content: Any, where: str) -> list[Any]:
    if not isinstance(content, list):
        raise ValueError(f"{where} is not a list")
    return content


def _values(content: Any, where: str) -> tuple[str, ...]:
    values = tuple(_text(value, where) for value in _list(content, where))
    if len(values) > _MOST:
        raise ValueError(f"{where} has more than {_MOST} values")
    return values


def _text(content: Any, where: str) -> str:
    if not isinstance(content, str):
        raise ValueError(f"{where} is not text")
    return content


def _path(content: Any, where: str) -> Path:
    text = _text(content, f"path of {where}")
    if not text or "\0" in text:
        raise ValueError(f"path of {where} is no path")
    return Path(text)
