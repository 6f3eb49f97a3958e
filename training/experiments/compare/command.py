"""The command line of the comparison."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from training.cli.console import progress, quiet_threads
from training.cli.options import (
    DATA,
    FOLD,
    GTZAN_SPLIT,
    SOURCE,
    count_option,
    folder_option,
    sources_named,
)

if TYPE_CHECKING:
    from training.experiments.compare.tasks import Labelled
    from training.experiments.protocols import Protocol

LEAST = 5


@click.command()
@DATA
@SOURCE
@GTZAN_SPLIT
@FOLD
@click.option(
    "--protocol",
    "protocols",
    multiple=True,
    default=("all",),
    show_default=True,
    help="random-slice, random-track, stratified, artist-grouped, fault-filtered or all.",
)
@click.option(
    "--system",
    "systems",
    multiple=True,
    help="Only this one; may be given several times.",
)
@click.option("--seeds", type=click.IntRange(1), default=3, show_default=True)
@click.option(
    "--steps",
    type=click.IntRange(1),
    help="Of the networks over pictures, instead of their own number.",
)
@count_option("--least", LEAST, "Clips of one genre alone that a class needs in the fold held out.")
@click.option(
    "--ours",
    metavar="CARD",
    help="Our network: the card of a model that learned neither from --fold of --data nor from "
    "any --source.",
)
@folder_option("--out", "of the comparison; one that was stopped goes on there.")
def compare(
    *,
    protocols: tuple[str, ...],
    systems: tuple[str, ...],
    seeds: int,
    steps: int | None,
    least: int,
    ours: str | None,
    out: Path,
    **where: Any,
) -> None:
    """Systems that people know, under protocols that leak and protocols that do not.

    Writes a table as Markdown and JSON, and a picture of it. What is computed of the sound is kept
    in a folder "features" beside the comparison's.
    """
    quiet_threads()
    from training.experiments.compare.grid import Selection, chosen
    from training.experiments.compare.our_network import OurNetwork
    from training.experiments.compare.session import Settings, compare_all

    if not where["data"] and not where["sources"]:
        raise click.UsageError("nothing to compare on: give --data or --source")
    names, fold = _known_systems(systems), where["fold"]
    selection = Selection(
        chosen(names, steps, ours=bool(ours)), _known_protocols(protocols), seeds, fold
    )
    settings = Settings(selection, least, steps, OurNetwork.of(ours) if ours else None)
    report = compare_all(_labelled(**where), settings, out, progress)
    click.echo(f"wrote {report}")


def _labelled(
    data: Path | None, sources: tuple[str, ...], gtzan_split: Path | None, **_: object
) -> list[Labelled]:
    """Each data set by itself."""
    from training.data.datasets import genres
    from training.experiments.compare.tasks import Labelled

    found = [Labelled("genres", tuple(genres.load(data)), learned_by_ours=True)] if data else []
    for source in sources_named(sources, gtzan_split=gtzan_split):
        count = sum(each.name.split()[0] == source.name for each in found)
        name = f"{source.name} {count + 1}" if count else source.name
        found.append(Labelled(name, source.clips, learned_by_ours=False))
    return found


def _known_systems(names: tuple[str, ...]) -> tuple[str, ...]:
    from training.experiments.baselines.systems import SYSTEMS

    if unknown := set(names) - set(SYSTEMS):
        raise click.UsageError(f"{unknown.pop()!r} is no system; there are: {', '.join(SYSTEMS)}")
    return names


def _known_protocols(names: tuple[str, ...]) -> tuple[Protocol, ...]:
    from training.experiments.protocols import PROTOCOLS

    if unknown := set(names) - set(PROTOCOLS) - {"all"}:
        known = ", ".join(PROTOCOLS)
        raise click.UsageError(f"{unknown.pop()!r} is no protocol; there are: {known}, all")
    return tuple(p for name, p in PROTOCOLS.items() if name in names or "all" in names)
