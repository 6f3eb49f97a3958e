"""`musictag explain`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tagger.cli.echo import echo
from tagger.cli.options import TIMEOUT, scan_options

if TYPE_CHECKING:
    from tagger.explain.evidence import Explanation
    from tagger.scanning.settings import Settings

SUFFIXES = (".png", ".svg", ".html")


def picture_path(ctx: click.Context, param: click.Parameter, value: Path | None) -> Path | None:
    """A path whose suffix names a kind of picture."""
    if value and value.suffix.lower() not in SUFFIXES:
        choices = ", ".join(SUFFIXES)
        raise click.BadParameter(f"'{value}' does not end in one of {choices}", ctx, param)
    return value


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    callback=picture_path,
    metavar="PATH",
    help="Draw it: .svg or .html, or .png with the extra [plots].",
)
@click.option("--label", "names", multiple=True, help="Explain this label. May be repeated.")
@scan_options
@TIMEOUT
def explain(
    file: Path,
    output: Path | None,
    names: tuple[str, ...],
    settings: Settings,
    timeout_s: float,
) -> None:
    """Show why FILE is given its tags: when, and at which frequencies, each was recognised.

    Names the windows that speak most for and against each tag, as text, or draws them. Always uses
    all ten windows, even where a scan would be sure after fewer.

    \b
    Examples:
      musictag explain song.flac
      musictag explain song.flac --label Jazz -o why.svg
    """
    from tagger.explain.evidence import explain_apart
    from tagger.report.terminal import terminal_style

    explanation = explain_apart(file, settings, names, timeout_s)
    if output:
        _draw(explanation, output)
        return
    from tagger.explain.text import lines

    style = terminal_style()
    for line in lines(explanation, style):
        echo(line, color=style.color)


def _draw(explanation: Explanation, output: Path) -> None:
    from tagger.explain.layout import lay_out
    from tagger.plotting.png import png_image
    from tagger.plotting.svg import html_text, svg_text
    from tagger.report.files import write_whole

    scene, suffix = lay_out(explanation), output.suffix.lower()
    if suffix == ".png":
        write_whole(output, png_image(scene))
    else:
        text = svg_text(scene) if suffix == ".svg" else html_text(scene)
        write_whole(output, text.encode("utf-8"))
    echo(f"wrote {output}", err=True)
