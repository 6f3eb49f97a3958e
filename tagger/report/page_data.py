"""Results as the data of the page: small enough for a library of 20,000 tracks.

Slice scores are one byte each, in base64: a track of 10 slices and 40 labels takes 540 characters,
where numbers in JSON would take 2,400.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from tagger.scanning.results import Result, Track
from tagger.writing.plan import TagPlan
from tagger.writing.plan_json import FilePrediction, record_of

# Inside a script element the parser looks for "<"; the others end it by other means.
# U+2028 and U+2029 are escaped by json itself, as all that is not ASCII.
_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def page_json(
    results: Sequence[Result], plan: TagPlan, predictions: Iterable[FilePrediction] = ()
) -> str:
    """The page's data, fit to stand inside a script element of type application/json.

    Keys:
        model: id of the model, or null where no file was classified.
        labels: [kind, name] of every label, in the order of the network's outputs.
        tracks: one object a file; see `_track`.
        plan: the changes the person edits; see `tagger.writing.plan_json`.
    """
    track = next((result.track for result in results if result.track), None)
    labels = track.scores.vocabulary.labels if track else ()
    content = {
        "model": track.model if track else None,
        "labels": [[label.kind, label.name] for label in labels],
        "tracks": [_track(result) for result in results],
        "plan": record_of(plan, predictions),
    }
    return json.dumps(content, separators=(",", ":")).translate(_ESCAPES)


def _track(result: Result) -> dict[str, Any]:
    """One file.

    Keys: path, uri, audio (fingerprint), title, artist, album, genre and instrument (what it has
    now), notes, error; of those that were classified also tags ([index of the label, probability]),
    duration_s, starts (seconds), silent (indices of slices) and slices (S times K bytes, 255 being
    1, in base64).
    """
    path, now = result.path.absolute(), result.existing  # by its path the page knows its changes
    content = {
        "path": str(path),
        "uri": path.as_uri(),
        "audio": now.audio,
        "title": now.title,
        "artist": now.artist,
        "album": now.album,
        "genre": now.genres,
        "instrument": now.instruments,
        "notes": result.notes,
        "error": result.error,
    }
    return content | score_record(result.track) if result.track else content


def score_record(track: Track) -> dict[str, Any]:
    """The scores of one file; keys tags, duration_s, starts, silent and slices of `_track`."""
    slices = track.slices
    values = np.rint(slices.values * 255).astype(np.uint8)
    index = {(label.kind, label.name): i for i, label in enumerate(track.scores.vocabulary.labels)}
    return {
        "tags": [[index[tag.kind, tag.name], round(tag.score, 3)] for tag in track.tags],
        "duration_s": round(slices.duration_s, 1),
        "starts": [round(start, 1) for start in slices.starts],
        "silent": [i for i, silent in enumerate(slices.silent) if silent],
        "slices": base64.b64encode(values.tobytes()).decode("ascii"),
    }
