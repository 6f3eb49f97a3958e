"""`musictag predict`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tagger.cli.echo import echo
from tagger.cli.options import DEVICE, TIMEOUT, scan_options

if TYPE_CHECKING:
    from tagger.models.session import Device
    from tagger.scanning.results import Result, Track
    from tagger.scanning.settings import Settings

SHOWN = 4  # labels named for each slice


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@scan_options
@DEVICE
@TIMEOUT
@click.option("--slices", is_flag=True, help="Also the best labels of each window.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def predict(
    files: tuple[Path, ...],
    settings: Settings,
    device: Device,
    timeout_s: float,
    slices: bool,
    as_json: bool,
) -> None:
    """Show every label's probability in FILES.

    A star marks the labels that `musictag scan` would give as tags.
    """
    from tagger.cli.progress import echo_failure
    from tagger.report.json_records import json_line
    from tagger.scanning.parallel import scan
    from tagger.scanning.settings import default_jobs

    settings, failed = replace(settings, device=device), False
    with closing(scan(files, settings, default_jobs(), timeout_s=timeout_s)) as results:
        for result in results:
            if result.error:
                failed = True
                echo_failure(result)
            if as_json:
                echo(json_line(result, slices=slices))
            elif result.track:
                for line in _lines(result, result.track, slices=slices):
                    echo(line)
    if failed:
        raise SystemExit(1)


def _lines(result: Result, track: Track, *, slices: bool) -> Iterator[str]:
    from tagger.report.escaping import path_text, printable
    from tagger.vocabulary import KINDS

    yield f"{path_text(result.path)} ({track.slices.duration_s:.1f} s)"
    yield from (f"  note: {printable(note)}" for note in result.notes)
    given = {(tag.kind, tag.name) for tag in track.tags}
    for kind in KINDS:
        yield f"  {kind}"
        for name, score in sorted(track.scores.by_name(kind).items(), key=lambda item: -item[1]):
            star = "*" if (kind, name) in given else " "
            yield f"  {star} {name:<18}{score:6.1%}"
    if slices:
        yield from _slice_lines(track)


def _slice_lines(track: Track) -> Iterator[str]:
    names = [label.name for label in track.scores.vocabulary.labels]
    yield "  windows"
    for start, silent, values in zip(
        track.slices.starts, track.slices.silent, track.slices.values, strict=True
    ):
        best = sorted(zip(values, names, strict=True), reverse=True)[:SHOWN]
        text = "silent" if silent else ", ".join(f"{name} {value:.0%}" for value, name in best)
        yield f"  {start:8.1f} s  {text}"
