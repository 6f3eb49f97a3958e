"""One `musictag train`, from the wishes of a person to lines that tell what came of it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tagger.errors import DataError, ModelError, MusicTagError
from tagger.models import store
from tagger.models.model import CardFile, load_model, user_models
from tagger.report.escaping import path_text, printable
from tagger.scanning.settings import default_jobs
from training.data.library.beets_library import from_beets
from training.data.library.files import from_folders, from_tags
from training.data.library.own_tags import read_own_tags
from training.data.library.table import from_table
from training.data.library.track import Found, Track, gather
from training.finetune.active_learning import suggest
from training.finetune.embeddings import cache_folder, load_base
from training.finetune.examples import Examples
from training.finetune.fit import (
    Hearing,
    Learned,
    Progress,
    gather_examples,
    learn,
    write_model,
)
from training.finetune.heads import votes
from training.finetune.label_mapping import (
    Naming,
    Row,
    dump_rows,
    load_rows,
    merge,
    propose,
    settle,
)
from training.finetune.near_duplicates import describe, merged_groups, near_duplicates
from training.finetune.report_page import page_text, summary_lines
from training.finetune.summary import heard_after

Say = Callable[[str], object]

REPORT = "report.html"  # beside the card
ROWS_SHOWN = 40  # of the table of labels


@dataclass(frozen=True, slots=True)
class Wishes:
    """The options of the command."""

    source: Path | None
    beets: str | None  # empty: the library of beets' configuration
    query: str = ""
    folders: bool = False
    name: str | None = None
    table: Path | None = None
    min_tracks: int = 10
    keep: bool = True
    fast: bool = True
    suggest: int | None = None
    base: str = "small"
    force: bool = False
    replace: bool = False
    jobs: int | None = None
    device: str = "cpu"
    steps: int | None = None
    seed: int = 1
    trust_own_tags: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A library that has been read and heard."""

    hearing: Hearing
    naming: Naming
    examples: Examples
    unlabelled: list[Track]
    notes: list[str]  # what was left out, and why
    say: Say

    @property
    def base(self) -> CardFile:
        """The model that everything starts from."""
        return self.hearing.base


def make(wishes: Wishes, say: Say, progress: Progress) -> Iterator[str]:
    """Make a model; gives the lines of the report."""
    assert wishes.name is not None
    name = store.check_name(wishes.name)
    if store.card_path(name).exists() and not wishes.replace:
        raise ModelError(f"there is a model {name!r} already; give --replace or another -o NAME")
    prepared = prepare(wishes, say, progress)
    if prepared is None:
        return
    learned = learn(prepared.examples, prepared.naming, prepared.base, progress, wishes.seed)
    network = None
    if not wishes.fast:
        from training.finetune.full_training import fine_tune

        learned, network = fine_tune(prepared, learned, wishes, progress)
    card = install(prepared, learned, wishes, name, network)
    yield from summary_lines(learned.findings)
    yield f"wrote {path_text(card)}; report: {path_text(card.with_name(REPORT))}"
    if learned.findings.better or wishes.force:
        store.choose(name)
        yield f"{name} is used from now on; back to the shipped one: musictag models use small"
    else:
        yield f"The model in use stays as it was; to use this one: musictag models use {name}"


def install(
    prepared: Prepared, learned: Learned, wishes: Wishes, name: str, network: bytes | None
) -> Path:
    """Write model and report, check the model as any other, and move both to their place."""
    user_models().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        card = write_model(
            Path(folder), name, prepared.base, prepared.naming, learned, prepared.examples,
            keep=wishes.keep, network=network,
        )  # fmt: skip
        load_model(str(card))
        page = page_text(name, learned.findings, prepared.notes)
        card.with_name(REPORT).write_text(page, encoding="utf-8", errors="replace")
        return store.install(Path(folder), name, name, replace=wishes.replace)


def suggest_tracks(wishes: Wishes, say: Say, progress: Progress) -> Iterator[str]:
    """Name the unlabelled tracks whose labels would teach most, one a line."""
    assert wishes.suggest is not None
    prepared = prepare(wishes, say, progress)
    if prepared is None:
        return
    if not prepared.unlabelled:
        raise DataError("every track has labels already; there is none to suggest")
    learned = learn(prepared.examples, prepared.naming, prepared.base, progress, wishes.seed)
    naming = prepared.naming
    _, asked = gather_examples(
        prepared.unlabelled, lambda _: naming, prepared.hearing, lambda error: say(_line(error))
    )
    heard = heard_after(votes(learned.head, asked), learned.rules)
    chosen = suggest(prepared.examples, asked, heard.probabilities, wishes.suggest)
    yield from (path_text(asked.paths[i]) for i in chosen)


def prepare(wishes: Wishes, say: Say, progress: Progress) -> Prepared | None:
    """Read, name and hear the library; None where a table of labels was written to be edited."""
    base = load_base(wishes.base)
    notes: list[str] = []

    def on_error(error: MusicTagError) -> None:
        notes.append(_line(error))
        say(notes[-1])

    tracks = read(wishes, on_error)
    labelled = [track for track in tracks if track.labelled]
    for doubt in doubts_of(tracks):
        notes.append(doubt)
        say(doubt)
    if not labelled:
        raise DataError("no track has a label to learn from", wishes.source)
    rows = propose(labelled, base.card.vocabulary)
    if wishes.table and not wishes.table.exists():
        wishes.table.write_text(dump_rows(rows), encoding="utf-8")
        say(f"wrote {path_text(wishes.table)}: edit it (label, like), then run this again")
        return None
    if wishes.table:
        rows = merge(rows, load_rows(wishes.table, base.card.vocabulary))
    for line in _table_lines(rows):
        say(line)
    hearing = Hearing(base, cache_folder(), wishes.jobs or default_jobs(), progress)
    naming, examples = gather_examples(
        labelled, lambda heard: settle(rows, heard, wishes.min_tracks), hearing, on_error
    )
    if naming.rare:
        few = ", ".join(f"{label.name} ({n})" for label, n in naming.rare.items())
        notes.append(f"left out, with fewer than {wishes.min_tracks} tracks: {few}")
        say(printable(notes[-1]))
    examples = on_one_side(examples, notes, say)
    unlabelled = [track for track in tracks if not track.labelled]
    return Prepared(hearing, naming, examples, unlabelled, notes, say)


def read(wishes: Wishes, on_error: Callable[[MusicTagError], object]) -> list[Track]:
    """All tracks of the source, labelled or not."""
    # Folders and tables are of a person's making; only tags can be musictag's.
    own = None if wishes.trust_own_tags else read_own_tags()
    found: Found
    if wishes.beets is not None:
        found = iter(from_beets(Path(wishes.beets) if wishes.beets else None, wishes.query, own))
    else:
        assert wishes.source is not None
        if wishes.folders:
            found = from_folders(wishes.source)
        elif wishes.source.is_dir():
            found = from_tags(wishes.source, own)
        else:
            found = from_table(wishes.source)
    return gather(found, on_error)


def on_one_side(examples: Examples, notes: list[str], say: Say) -> Examples:
    """The examples with near-duplicates in one group; what a person should know of them is told."""
    pairs = near_duplicates(examples)
    for line in describe(examples, pairs):
        notes.append(line)
        say(line)
    return replace(examples, groups=merged_groups(examples.groups, pairs))


def doubts_of(tracks: Sequence[Track]) -> Iterator[str]:
    """What a person should know of the tracks before they trust a figure."""
    if own := sum(bool(track.unsure) for track in tracks):
        yield (
            f"{own} of {len(tracks)} tracks have tags that musictag wrote and nobody changed: they "
            "are no evidence and teach nothing (--trust-own-tags takes them for yours)"
        )
    if alone := sum(track.alone and track.labelled for track in tracks):
        yield (
            f"{alone} tracks name no artist and no album: each counts as an artist of its own, so "
            "the figures may be too good where two are of one artist"
        )


def _table_lines(rows: Sequence[Row]) -> Iterator[str]:
    """What becomes of the names, for a terminal."""
    yield f"{'found':<28}{'tracks':>7}  {'label':<28}starts from"
    for row in rows[:ROWS_SHOWN]:
        start = ", ".join(row.like) or "nothing"
        name, label = printable(row.found), printable(row.label) or "(left out)"
        yield f"{name:<28}{row.tracks:>7}  {label:<28}{start if row.label else ''}".rstrip()
    if len(rows) > ROWS_SHOWN:
        yield f"... and {len(rows) - ROWS_SHOWN} more; --labels FILE writes all of them"


def _line(error: MusicTagError) -> str:
    return printable(str(error))
