"""One run of `musictag train`, from its options to the lines of its report."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tagger.errors import DataError, ModelError, MusicTagError
from tagger.models import store
from tagger.models.model import CardFile, load_model, user_models
from tagger.report.escaping import path_text, printable
from tagger.scanning.settings import default_jobs
from training.data.library.track import Track
from training.finetune.active_learning import suggest
from training.finetune.embeddings import cache_folder, load_base
from training.finetune.examples import Examples
from training.finetune.fit import (
    Embedder,
    Progress,
    TrainedHead,
    gather_examples,
    learn,
    without_universal,
    write_model,
)
from training.finetune.heads import votes
from training.finetune.label_mapping import (
    LabelMap,
    Row,
    choose_labels,
    dump_rows,
    load_rows,
    merge,
    propose,
)
from training.finetune.near_duplicates import describe, merged_groups, near_duplicates
from training.finetune.options import TrainOptions
from training.finetune.report_page import page_text, summary_lines
from training.finetune.sources import Say, read
from training.finetune.summary import predict_own

REPORT = "report.html"  # beside the card
ROWS_SHOWN = 40  # of the table of labels


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A library that has been read and embedded."""

    embedder: Embedder
    label_map: LabelMap
    examples: Examples
    unlabelled: list[Track]
    notes: list[str]  # what was left out, and why
    say: Say

    @property
    def base(self) -> CardFile:
        """The model that everything starts from."""
        return self.embedder.base


def train_model(options: TrainOptions, say: Say, progress: Progress) -> Iterator[str]:
    """Train and install a model; yields the lines of the report."""
    assert options.name is not None
    name = free_name(options.name, options)
    prepared = prepare(options, say, progress)
    if prepared is None:
        return
    trained = learn(prepared.examples, prepared.label_map, prepared.base, progress, options.seed)
    network = None
    if not options.fast:
        from training.finetune.full_training import fine_tune

        trained, network = fine_tune(prepared, trained, options, progress)
    yield from summary_lines(trained.evaluation)
    yield from install_and_choose(prepared, trained, options, name, network)


def free_name(name: str, options: TrainOptions) -> str:
    """The name, if a model may get it; else a ModelError."""
    if store.card_path(store.check_name(name)).exists() and not options.replace:
        raise ModelError(f"there is a model {name!r} already; give --replace or another -o NAME")
    return name


def install_and_choose(
    prepared: Prepared, trained: TrainedHead, options: TrainOptions, name: str,
    network: bytes | None,
) -> Iterator[str]:  # fmt: skip
    """Install the model, and use it from now on if it is shown to be better; yields both."""
    card = install(prepared, trained, options, name, network)
    yield f"wrote {path_text(card)}; report: {path_text(card.with_name(REPORT))}"
    if trained.evaluation.better or options.force:
        store.choose(name)
        yield f"{name} is used from now on; back to the shipped one: musictag models use small"
    else:
        yield f"The model in use stays as it was; to use this one: musictag models use {name}"


def install(
    prepared: Prepared,
    trained: TrainedHead,
    options: TrainOptions,
    name: str,
    network: bytes | None,
) -> Path:
    """Write model and report, verify the model, and install both; returns the card's path."""
    user_models().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        card = write_model(
            Path(folder), name, prepared.base, prepared.label_map, trained, prepared.examples,
            keep=options.keep, network=network,
        )  # fmt: skip
        load_model(str(card))
        page = page_text(name, trained.evaluation, prepared.notes)
        card.with_name(REPORT).write_text(page, encoding="utf-8", errors="replace")
        return store.install(Path(folder), name, name, replace=options.replace)


def suggest_tracks(options: TrainOptions, say: Say, progress: Progress) -> Iterator[str]:
    """Yield the paths of the unlabelled tracks most worth labelling."""
    assert options.suggest is not None
    prepared = prepare(options, say, progress)
    if prepared is None:
        return
    if not prepared.unlabelled:
        raise DataError("every track has labels already; there is none to suggest")
    trained = learn(prepared.examples, prepared.label_map, prepared.base, progress, options.seed)
    label_map = prepared.label_map
    _, asked = gather_examples(
        prepared.unlabelled, lambda _: label_map, prepared.embedder, lambda error: say(_line(error))
    )
    predicted = predict_own(votes(trained.head, asked), trained.rules)
    chosen = suggest(prepared.examples, asked, predicted.probabilities, options.suggest)
    yield from (path_text(asked.paths[i]) for i in chosen)


def prepare(options: TrainOptions, say: Say, progress: Progress) -> Prepared | None:
    """Read and embed the library; None where a table of labels was written to be edited."""
    base = load_base(options.base)
    notes: list[str] = []

    def on_error(error: MusicTagError) -> None:
        notes.append(_line(error))
        say(notes[-1])

    tracks = read(options, on_error)
    labelled = [track for track in tracks if track.informative]
    for doubt in warnings_about(tracks):
        notes.append(doubt)
        say(doubt)
    if not any(track.labelled for track in labelled):
        raise DataError("no track has a label to learn from", options.source)
    rows = propose(labelled, base.card.vocabulary)
    if options.table and not options.table.exists():
        options.table.write_text(dump_rows(rows), encoding="utf-8")
        say(f"wrote {path_text(options.table)}: edit it (label, like), then run this again")
        return None
    if options.table:
        rows = merge(rows, load_rows(options.table, base.card.vocabulary))
    for line in _table_lines(rows):
        say(line)
    embedder = Embedder(base, cache_folder(), options.jobs or default_jobs(), progress)
    label_map, examples = gather_examples(
        labelled, lambda found: choose_labels(rows, found, options.min_tracks), embedder, on_error
    )
    if label_map.rare:
        few = ", ".join(f"{label.name} ({n})" for label, n in label_map.rare.items())
        notes.append(f"left out, with fewer than {options.min_tracks} tracks: {few}")
        say(printable(notes[-1]))
    label_map, examples = without_universal(label_map, examples, on_error)
    examples = group_duplicates(examples, notes, say)
    unlabelled = [track for track in tracks if not track.informative]
    return Prepared(embedder, label_map, examples, unlabelled, notes, say)


def group_duplicates(examples: Examples, notes: list[str], say: Say) -> Examples:
    """The examples with near-duplicates in one group; notes about them are shown and recorded."""
    pairs = near_duplicates(examples)
    for line in describe(examples, pairs):
        notes.append(line)
        say(line)
    return replace(examples, groups=merged_groups(examples.groups, pairs))


def warnings_about(tracks: Sequence[Track]) -> Iterator[str]:
    """Caveats about the tracks that affect how far the figures can be trusted."""
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
    """The table of names and labels, for a terminal."""
    yield f"{'found':<28}{'tracks':>7}  {'label':<28}starts from"
    for row in rows[:ROWS_SHOWN]:
        start = ", ".join(row.like) or "nothing"
        name, label = printable(row.found), printable(row.label) or "(left out)"
        yield f"{name:<28}{row.tracks:>7}  {label:<28}{start if row.label else ''}".rstrip()
    if len(rows) > ROWS_SHOWN:
        yield f"... and {len(rows) - ROWS_SHOWN} more; --labels FILE writes all of them"


def _line(error: MusicTagError) -> str:
    return printable(str(error))
