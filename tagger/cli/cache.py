"""`musictag cache`."""

from __future__ import annotations

import click

from tagger.cli.echo import echo


@click.group()
def cache() -> None:
    """Show or empty the cache of earlier scans.

    A scan caches its results. Moved and retagged files are recognised by their sound; files that
    changed, and other models, are classified anew.
    """


@cache.command()
def info() -> None:
    """Show where the cache is, how many files it knows and how large it is."""
    from tagger.scanning.cache import Cache, cache_path

    if not cache_path().exists():  # looking leaves no trace
        echo("the cache is empty", err=True)
        return
    with Cache(tell=_say) as opened:
        found = opened.contents()
    echo(f"{found.path}")
    echo(f"{found.files} files, {found.sounds} results, {found.size / 1e6:.1f} MB")


@cache.command()
def clear() -> None:
    """Empty the cache: the next scan classifies every file again."""
    from tagger.scanning.cache import Cache

    with Cache(tell=_say) as opened:
        n_files = opened.contents().files
        opened.clear()
    echo(f"removed {n_files} files from the cache", err=True)


def _say(line: str) -> None:
    from tagger.report.escaping import printable

    echo(printable(line), err=True)
