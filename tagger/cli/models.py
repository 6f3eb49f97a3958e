"""`musictag labels` and `musictag models`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from tagger import CHOSEN
from tagger.cli.echo import echo
from tagger.cli.options import MODEL


@click.command()
@MODEL
def labels(model: str) -> None:
    """List the labels of a model.

    For each label: the probability from which it is given as a tag, with --profile precise and
    balanced, and whether it was measured on real recordings; experimental labels are given only
    with --experimental.
    """
    from tagger.models.card import load_card
    from tagger.models.model import find_card
    from tagger.report.escaping import printable

    card = load_card(find_card(model))
    echo(f"{'Kind':<12}{'Label':<18}{'Precise':<9}{'Balanced':<10}Evidence")
    for label, rule in zip(card.vocabulary.labels, card.rules, strict=True):
        precise, balanced = rule.least("precise"), rule.least("balanced")
        echo(
            f"{label.kind:<12}{printable(label.name):<18}"
            f"{precise:<9.2f}{balanced:<10.2f}{rule.evidence}"
        )


@click.group()
def models() -> None:
    """List models, choose one, take one up or hand one on."""


@models.command("list")
def list_models() -> None:
    """List all models: name, id and number of labels; a star marks the one that is used."""
    from tagger.errors import ModelError
    from tagger.models.card import load_card
    from tagger.models.model import chosen_model, find_cards

    broken, chosen = False, chosen_model()
    for path in find_cards():
        try:
            card = load_card(path)
        except ModelError as error:
            broken = True
            echo(str(error), err=True)
            continue
        genres, instruments = (len(card.vocabulary.names(k)) for k in ("genre", "instrument"))
        star = "*" if chosen in (path.stem, str(path)) else " "
        counts = f"{genres} genres, {instruments} instruments"
        echo(f"{star} {path.stem:<16}{card.id:<28}{counts}")
    if broken:
        raise SystemExit(1)


@models.command("show")
@click.argument("name", default=CHOSEN)
def show_model(name: str) -> None:
    """Show where a model comes from, what it was trained on, and how accurate it is."""
    from tagger.models.card import load_card
    from tagger.models.model import find_card
    from tagger.report.escaping import path_text, printable

    path = find_card(name)
    card = load_card(path)
    words = {"card": path_text(path), "licence": card.licence, "data": card.data}
    words |= {"code": card.trained_at, "sha256": card.sha256}
    echo(printable(card.id))
    for key, value in words.items():
        echo(f"  {key:<9}{printable(str(value))}")
    mel = card.mel
    echo(
        f"  input    {mel.slice_s:g}-second slices at {mel.rate} Hz, "
        f"{mel.n_mels} mel bands of {mel.fmin:g} to {mel.fmax:g} Hz, {mel.n_frames} frames"
    )
    for part, figures in card.metrics.items():
        _show_figures(part.replace("_", " "), figures)


@models.command("use")
@click.argument("name")
def use_model(name: str) -> None:
    """Make a model the one that is used unless another is named.

    NAME is the name of a model or the path of a card; `musictag models use small` goes back to the
    one that ships.
    """
    from tagger.models import store

    echo(f"{store.choose(name)} is used from now on", err=True)


@models.command("add")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--as", "name", default="", metavar="NAME", help="Under another name.")
@click.option("--replace", is_flag=True, help="In place of a model of that name.")
def add_model(file: Path, name: str, replace: bool) -> None:
    """Take up a model that was exported, or a card with its network.

    It is checked before anything of it is loaded: what it holds, its checksum, its shapes, and
    whether it scores the self-test signal as its card says.
    """
    from tagger.models import store

    card = store.add(file, name, replace=replace)
    echo(f"took up {card.stem}; see it with: musictag models show {card.stem}", err=True)


@models.command("remove")
@click.argument("name")
def remove_model(name: str) -> None:
    """Delete a model of your own."""
    from tagger.models import store

    store.remove(name)
    echo(f"removed {name}", err=True)


@models.command("export")
@click.argument("name")
@click.argument("file", required=False, type=click.Path(path_type=Path))
def export_model(name: str, file: Path | None) -> None:
    """Write a model as one FILE to hand on; without FILE it is NAME.musictag."""
    from tagger.models import store
    from tagger.models.model import find_card

    path = file or Path(f"{find_card(name).stem}{store.SUFFIX}")
    store.export(name, path)
    echo(f"wrote {path}; whoever gets it: musictag models add {path.name}", err=True)


def _show_figures(part: str, figures: object) -> None:
    """Macro means and one line for each label; figures of another make are left out."""
    rows = figures.get("labels") if isinstance(figures, Mapping) else None
    if not isinstance(figures, Mapping) or not isinstance(rows, list) or not rows:
        return
    try:
        macro = f"ROC-AUC {figures['macro_roc_auc']}, average precision {figures['macro_ap']}"
        lines = [
            f"{part}: macro {macro}, over {len(rows)} labels",
            f"  {'label':<18}{'positives':>10}{'ROC-AUC':>9}{'AP':>7}{'F1':>7}",
            *map(_row, rows),
        ]
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError):
        return
    echo()
    for line in lines:
        echo(line)


def _row(row: Mapping[str, Any]) -> str:
    figures = f"{row['roc_auc']:>9.3f}{row['ap']:>7.3f}{row['f1']:>7.3f}"
    return f"  {row['label']:<18}{row['positives']:>10}{figures}"
