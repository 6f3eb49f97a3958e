"""Where the labels of `musictag train` come from, and their export as a table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tagger.errors import DataError, MusicTagError
from tagger.report.escaping import path_text, printable
from tagger.writing.atomic_file import replacing
from training.data.library.beets_library import from_beets
from training.data.library.files import from_folders, from_tags
from training.data.library.own_tags import read_own_tags
from training.data.library.reviews import (
    PLAN,
    SUFFIX,
    default_decisions,
    from_reviewed,
    with_reviews,
)
from training.data.library.table import dump_table, from_table
from training.data.library.track import Found, Track, gather
from training.finetune.options import TrainOptions

Say = Callable[[str], object]


def read(options: TrainOptions, on_error: Callable[[MusicTagError], object]) -> list[Track]:
    """All tracks of the source, labelled or not, with what a person decided about them."""
    tracks = gather(_source(options), on_error)
    if options.reviewed is None:
        return tracks
    decided = from_reviewed(Path(options.reviewed) if options.reviewed else default_decisions())
    return with_reviews(tracks, gather(decided, on_error))


def _source(options: TrainOptions) -> Found:
    # Folders and tables are made by the user; only tags can be musictag's own.
    own = None if options.trust_own_tags else read_own_tags()
    if options.beets is not None:
        return iter(from_beets(Path(options.beets) if options.beets else None, options.query, own))
    source = options.source
    if source is None:
        return iter(())
    if options.folders:
        return from_folders(source)
    if source.is_dir():
        return from_tags(source, own)
    return from_reviewed(source) if source.suffix in (SUFFIX, PLAN) else from_table(source)


def export_table(options: TrainOptions, say: Say) -> None:
    """Write what the source says of each track as a table that can teach in its place."""
    assert options.export is not None
    tracks = [t for t in read(options, lambda error: say(printable(str(error)))) if t.informative]
    if not tracks:
        raise DataError("no track has a label to export", options.source)
    if options.export.exists():
        raise DataError("is there already; name another file to export to", options.export)
    try:
        with replacing(options.export) as part:
            part.write_text(dump_table(tracks), encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise DataError(f"cannot be written ({error.strerror})", options.export) from error
    say(f"wrote {path_text(options.export)}: the labels of {len(tracks)} tracks")
