"""`musictag review`."""

from __future__ import annotations

import os
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import click

from tagger.cli.echo import echo
from tagger.cli.options import DEVICE, EXCLUDE, JOBS, TIMEOUT, narrowed, scan_options
from tagger.cli.planning import Planning, check_taste, policy_for, policy_options
from tagger.cli.scan import user_cache
from tagger.errors import MusicTagError

if TYPE_CHECKING:
    from tagger.models.session import Device
    from tagger.review.entrance import Entrance
    from tagger.scanning.results import Result
    from tagger.scanning.settings import Settings

NO_FILES = "there is no audio file under the given paths"

# They would take the terminal over, and run no scripts.
_TEXT_BROWSERS = ("elinks", "links", "lynx", "w3m", "www-browser")


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--port", type=click.IntRange(0, 65535), default=0, metavar="N",
              help="Port of the page.  [default: a free one]")  # fmt: skip
@click.option("--no-browser", is_flag=True, help="Only show the link of the page.")
@scan_options
@click.option(
    "--only", type=click.Choice(["genres", "instruments"]), multiple=True, help="Only these."
)
@EXCLUDE
@DEVICE
@JOBS
@TIMEOUT
@click.option("--no-cache", is_flag=True, help="Classify everything again, and cache nothing.")
@policy_options
def review(
    paths: tuple[Path, ...],
    port: int,
    no_browser: bool,
    settings: Settings,
    only: tuple[str, ...],
    exclude: tuple[str, ...],
    device: Device,
    jobs: int | None,
    timeout_s: float,
    no_cache: bool,
    **planning_given: Any,
) -> None:
    """Classify the music files under PATHS, and decide in the browser what is written.

    Opens a page that fills while files are classified. There one listens, ticks and unticks tags,
    writes what is ticked, and takes it back. Nothing is written before Write is pressed. The page
    is served by this program, on this machine alone; Ctrl-C ends it.

    The page writes as `musictag apply` does, into the same journal: `musictag undo` takes it back
    too.

    \b
    Examples:
      musictag review ~/Music
      musictag review ~/Music/New --mode merge --profile balanced
      musictag review ~/Music --no-browser --port 8765
    """
    from tagger.models.model import read_card
    from tagger.review.classifying import Classifier
    from tagger.review.runs import Runs
    from tagger.review.server import serve
    from tagger.review.state import Review
    from tagger.scanning.albums import AlbumVote
    from tagger.scanning.discovery import find_files
    from tagger.scanning.parallel import scan
    from tagger.scanning.settings import default_jobs

    settings = replace(narrowed(settings, only), device=device)
    card_file, planning = read_card(settings.model), Planning(**planning_given)
    card = card_file.card
    check_taste(planning, card)
    found = list(find_files(paths, exclude))
    if not any(isinstance(item, Path) for item in found):
        errors = [item for item in found if isinstance(item, MusicTagError)]
        raise errors[0] if errors else click.ClickException(NO_FILES)
    state = Review(card, policy_for(card, planning), [path.absolute() for path in paths])
    vote = AlbumVote(card, settings, planning.by_album)

    run = partial(
        scan, found, settings, jobs or default_jobs(), card=card_file, timeout_s=timeout_s
    )

    @contextmanager
    def scanning() -> Iterator[Iterator[Result]]:
        """The scan, to be opened by the thread that runs it."""
        with user_cache(no_cache) as cache, closing(run(cache=cache)) as results:
            yield vote.by_folder(results) if planning.by_album else results

    classifier = Classifier(state, scanning, len(found))
    runs = Runs(state, keep_time=planning.preserve_mtime)
    serve(state, classifier, runs, port, partial(_open, no_browser=no_browser))
    back = "; musictag undo takes a run back"
    echo(f"{runs.written} files written{back}" if runs.written else "nothing was written", err=True)


def _open(entrance: Entrance, *, no_browser: bool) -> None:
    """Show the page's link, and open the page where there is a browser to do so."""
    browser = None if no_browser else _graphical_browser()
    if browser:
        echo("Opening the page in the browser. If it does not come up, follow this link;", err=True)
    else:
        echo("Follow this link to the page;", err=True)
    echo("it works once, in a browser on this machine:", err=True)
    echo(f"  {entrance.link}", err=True)
    if browser:
        with suppress(OSError):  # no room for a small file: the link is there
            # Some wait until the browser is closed, and we have yet to answer it.
            Thread(target=browser.open, args=(entrance.page(),), daemon=True).start()
    echo("Ctrl-C ends it.", err=True)


def _graphical_browser() -> webbrowser.BaseBrowser | None:
    """The person's browser, where it can show itself."""
    has_screen = sys.platform in ("darwin", "win32")
    if not (has_screen or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return None
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return None
    return None if getattr(browser, "name", "") in _TEXT_BROWSERS else browser
