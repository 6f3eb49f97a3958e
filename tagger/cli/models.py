"""`musictag labels` and `musictag models`."""

from __future__ import annotations

import click

from tagger import DEFAULT_MODEL
from tagger.cli.options import MODEL


@click.command()
@MODEL
def labels(model: str) -> None:
    """List what a model listens for.

    Kind, name, the probability from which the label is given as a tag (--profile precise and
    balanced), and whether it was measured on real sound; experimental ones are given only with
    --experimental.
    """
    from tagger.card import load_card
    from tagger.model import find_card

    card = load_card(find_card(model))
    for label, rule in zip(card.vocabulary.labels, card.rules, strict=True):
        precise, balanced = rule.least("precise"), rule.least("balanced")
        click.echo(
            f"{label.kind:<12}{label.name:<18}{precise:<6.2f}{balanced:<6.2f}{rule.evidence}"
        )


@click.group()
def models() -> None:
    """List and show models."""


@models.command("list")
def list_models() -> None:
    """List all models: name, id, labels and what they learned from."""
    from tagger.card import load_card
    from tagger.errors import ModelError
    from tagger.model import find_cards

    broken = False
    for path in find_cards():
        try:
            card = load_card(path)
        except ModelError as error:
            broken = True
            click.echo(str(error), err=True)
            continue
        genres, instruments = (len(card.vocabulary.names(k)) for k in ("genre", "instrument"))
        click.echo(f"{path.stem:<12}{card.id:<24}{genres} genres, {instruments} instruments")
    if broken:
        raise SystemExit(1)


@models.command("show")
@click.argument("name", default=DEFAULT_MODEL)
def show_model(name: str) -> None:
    """Show where a model comes from, what it learned from, and how well it hears."""
    from tagger.card import load_card
    from tagger.model import find_card

    path = find_card(name)
    card = load_card(path)
    click.echo(f"{card.id}\n  card     {path}\n  licence  {card.licence}\n  data     {card.data}")
    click.echo(f"  code     {card.trained_at}")
    mel = card.mel
    click.echo(
        f"  hears    {mel.slice_s:g}-second slices at {mel.rate} Hz, "
        f"{mel.n_mels} mel bands of {mel.fmin:g} to {mel.fmax:g} Hz, {mel.n_frames} frames"
    )
    for part, figures in card.metrics.items():
        _show_figures(part.replace("_", " "), figures)


def _show_figures(part: str, figures: dict[str, object]) -> None:
    rows = figures["labels"]
    assert isinstance(rows, list)
    click.echo(
        f"\n{part}: macro ROC-AUC {figures['macro_roc_auc']}, average precision "
        f"{figures['macro_ap']}, over {len(rows)} labels"
    )
    click.echo(f"  {'label':<18}{'positives':>10}{'ROC-AUC':>9}{'AP':>7}{'F1':>7}")
    for row in rows:
        click.echo(
            f"  {row['label']:<18}{row['positives']:>10}{row['roc_auc']:>9.3f}"
            f"{row['ap']:>7.3f}{row['f1']:>7.3f}"
        )
