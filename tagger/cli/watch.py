"""`musictag watch`."""

from __future__ import annotations

import signal
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli.echo import echo
from tagger.cli.options import DEVICE, EXCLUDE, TIMEOUT, scan_options
from tagger.cli.planning import Planning, check_taste, make, tagging_options

if TYPE_CHECKING:
    from tagger.models.model import CardFile
    from tagger.models.session import Device
    from tagger.scanning.arrivals import Arrivals
    from tagger.scanning.results import Result
    from tagger.scanning.settings import Settings

BATCH = 32  # files that are classified before any of them is written


@click.command()
@click.argument(
    "paths", nargs=-1, required=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
)  # fmt: skip
@click.option("--write", is_flag=True, help="Write the tags, without asking.")
@click.option(
    "--settle", "settle_s", type=click.FloatRange(min=0), default=10.0, show_default=True,
    metavar="SECONDS", help="Wait until a file has not changed for so long.",
)  # fmt: skip
@click.option("--poll", is_flag=True, help="Look by itself: for network drives.")
@EXCLUDE
@scan_options
@DEVICE
@TIMEOUT
@tagging_options
def watch(
    paths: tuple[Path, ...],
    exclude: tuple[str, ...],
    settings: Settings,
    device: Device,
    timeout_s: float,
    settle_s: float,
    poll: bool,
    **planning_given: Any,
) -> None:
    """Classify music files as they arrive under PATHS; with --write tag them too.

    Begins with the files that are there; what was classified before comes from the cache. A file is
    read once it has stopped growing. With --write empty fields are filled, unless --mode says
    otherwise, and files whose tags were taken back by `musictag undo` are left alone. Ctrl-C or
    SIGTERM ends it.

    \b
    Examples:
      musictag watch ~/Music/Inbox
      musictag watch ~/Music --write --exclude 'Podcasts/'
    """
    from tagger.models.model import read_card
    from tagger.scanning.arrivals import Arrivals
    from tagger.scanning.arrivals import watch as arriving

    model, settings = read_card(settings.model), replace(settings, device=device)
    planning = Planning(**planning_given)
    watching = _Watching(model, settings, planning, timeout_s, Arrivals(settle_s))
    check_taste(planning, model.card)
    # A program that a shell put in the background ignores SIGINT, by which both end it here.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    tops = [path.absolute() for path in paths]
    echo(f"watching {', '.join(map(str, paths))} with {model.card.id}; Ctrl-C ends it", err=True)
    try:
        for batch in arriving(tops, watching.arrivals, exclude, poll=poll):
            watching.take(batch)
    except KeyboardInterrupt:
        echo("stopped", err=True)


class _Watching:
    """What is done with files that have arrived."""

    def __init__(
        self,
        model: CardFile,
        settings: Settings,
        planning: Planning,
        timeout_s: float,
        arrivals: Arrivals,
    ) -> None:
        self.model, self.settings, self.planning = model, settings, planning
        self.timeout_s, self.arrivals = timeout_s, arrivals

    def take(self, files: list[Path]) -> None:
        """Classify files, show those that are new, and write them if that is wanted."""
        for start in range(0, len(files), BATCH):
            results = self._classified(files[start : start + BATCH])
            self._show([result for result in results if not result.cached])
            if self.planning.write:
                self._write(results)

    def _classified(self, files: list[Path]) -> list[Result]:
        from tagger.cli.progress import echo_failure
        from tagger.scanning.cache import Cache
        from tagger.scanning.parallel import scan
        from tagger.scanning.settings import default_jobs

        jobs, late = default_jobs(), self.timeout_s
        with Cache(tell=lambda line: echo(line, err=True)) as cache:
            scanning = scan(
                files, self.settings, jobs, card=self.model, timeout_s=late, cache=cache
            )
            with closing(scanning) as found:
                results = list(found)
        for result in results:
            if result.error:
                echo_failure(result)
        return results

    def _show(self, results: list[Result]) -> None:
        from tagger.report.escaping import path_text
        from tagger.report.table import cell_text
        from tagger.report.terminal import Style
        from tagger.vocabulary import KINDS

        for result in results:
            if track := result.track:
                echo(path_text(result.path))
                for kind in KINDS:
                    text = cell_text(
                        result.existing.of(kind), track.of(kind), track.candidates_of(kind),
                        Style(blocks=False),
                    )  # fmt: skip
                    echo(f"  {kind}: {text}")

    def _write(self, results: list[Result]) -> None:
        """Write what is new; where another run is writing, the files are tried again later."""
        from tagger.cli.writing import carry_out, say_recovered
        from tagger.errors import JournalError
        from tagger.writing.journal import Journal
        from tagger.writing.undo import undone_fingerprints

        paths = tuple({result.path.parent for result in results})
        plan = make(results, paths, self.settings, self.model.card, self.planning)[1]
        if not plan.files:
            return
        try:
            with Journal() as journal:
                say_recovered(journal)
                left_alone = undone_fingerprints(journal)
                wanted = tuple(file for file in plan.files if file.audio not in left_alone)
                if wanted:
                    carry_out(
                        replace(plan, files=wanted), journal,
                        keep_time=self.planning.preserve_mtime,
                    )  # fmt: skip
        except JournalError as error:
            echo(f"{error}; these files are tried again", err=True)
            for result in results:
                self.arrivals.notice(result.path)
