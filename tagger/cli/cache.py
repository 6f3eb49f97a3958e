"""`musictag cache`."""

from __future__ import annotations

import click

from tagger.cli.echo import echo


@click.group()
def cache() -> None:
    """Look at what is kept of earlier scans, or forget it.

    A scan keeps what it heard in each file. Moved and retagged files are known again; files that
    changed, and other models, are heard anew.
    """


@cache.command()
def info() -> None:
    """Show where the cache is, how much it knows and how large it is."""
    from tagger.scanning.cache import Cache, cache_path

    if not cache_path().exists():  # looking leaves no trace
        echo("nothing is kept yet", err=True)
        return
    with Cache(tell=_say) as opened:
        found = opened.contents()
    echo(f"{found.path}")
    echo(f"{found.files} files, {found.sounds} times heard, {found.size / 1e6:.1f} MB")


@cache.command()
def clear() -> None:
    """Forget everything: the next scan hears every file again."""
    from tagger.scanning.cache import Cache

    with Cache(tell=_say) as opened:
        n_files = opened.contents().files
        opened.clear()
    echo(f"forgot {n_files} files", err=True)


def _say(line: str) -> None:
    from tagger.report.escaping import printable

    echo(printable(line), err=True)
