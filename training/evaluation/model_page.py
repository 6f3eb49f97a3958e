"""`python -m training page`: a model's card as a page for people, made from the card alone.

The headings are those of Mitchell et al. 2019, "Model Cards for Model Reporting".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tagger.models.card import LabelRule, ModelCard
from tagger.vocabulary import KINDS, PLURALS, Kind
from training.evaluation.card_figures import OF_OTHERS

# Where a label's own figures are found: what all runs held out together, and by whom it was judged.
_PARTS: dict[Kind, str] = {"genre": "genres_in_all_runs", "instrument": "instruments_in_recordings"}
_MEANS = (("genres", "songs of artists held out of training"),
          ("instruments", "isolated instruments and rendered MIDI held out of training"),
          ("instruments_in_recordings", "of these, recordings alone"))  # fmt: skip


def page_text(card: ModelCard) -> str:
    """The page, as Markdown."""
    return "\n".join(_lines(card)) + "\n"


def _lines(card: ModelCard) -> Iterator[str]:
    yield from (
        f"# {card.name} {card.version}",
        "",
        "Made by `python -m training page` from the card.",
        "",
    )
    yield from _what_it_is(card)
    if card.metrics.get(OF_OTHERS):
        yield (
            "It learned from every fold of its data. The figures, probabilities and thresholds are "
            "those of runs of the same recipe that held folds out."
        )
        yield ""
    yield from ("## What it is for, and what not", "")
    yield (
        "To propose genres and instruments for the files of a music library, whose owner looks at "
        "the plan before it is written. Not to decide about people, to recognise works or "
        "performers, or to tell who may publish what."
    )
    yield from ("", "## How well it classifies", "")
    yield from _means(card.metrics)
    yield from _precision(card.metrics.get("genres", {}))
    for kind in KINDS:
        yield from ("", f"## {PLURALS[kind].capitalize()}", "")
        yield from _labels(card, kind)
    yield from (
        "",
        "## What it learned from",
        "",
        f"{card.data}. Licence of the weights: {card.licence}.",
    )
    yield from ("", "## Where it errs", "")
    yield (
        "Labels of other people's songs were given to artists, not to tracks, and are often "
        "coarse. What few recordings were labelled with was judged by few. Solo notes "
        "get genres though none was taught for them. Music of other places and times than those of "
        "its data is classified as what is nearest to it there."
    )


def _what_it_is(card: ModelCard) -> Iterator[str]:
    mel = card.mel
    yield (
        f"`{card.id}`, trained by commit {card.trained_at}. A convolutional network that takes "
        f"{mel.slice_s:g}-second slices at {mel.rate:,} Hz as {mel.n_mels} mel bands; the slices "
        "of a file vote, votes become probabilities by a rule for each label."
    )
    yield ""


def _means(metrics: Mapping[str, Any]) -> Iterator[str]:
    yield from ("| on | labels | ROC-AUC | average precision |", "|---|---|---|---|")
    for part, what in _MEANS:
        if found := metrics.get(part):
            counted = len(found["labels"])
            yield f"| {what} | {counted} | {found['macro_roc_auc']:.3f} | {found['macro_ap']:.3f} |"


def _precision(found: Mapping[str, Any]) -> Iterator[str]:
    if "precision_precise" not in found:
        return
    yield ""
    yield (
        f"Expected calibration error: {found['ece']:.3f} (before calibration "
        f"{found['ece_before']:.3f}). Genre tags, judged on artists that did not choose the "
        "thresholds:"
    )
    yield from ("", "| profile | right | tracks that get one |", "|---|---|---|")
    for profile in ("precise", "balanced"):
        right, tagged = found[f"precision_{profile}"], found[f"tagged_{profile}"]
        yield f"| {profile} | {right:.0%} | {tagged:.0%} |"


def _labels(card: ModelCard, kind: Kind) -> Iterator[str]:
    yield (
        "Measured: on recordings that people labelled; experimental labels are given only if asked "
        "for. The last two columns are probabilities from which a tag is given."
    )
    rows = card.metrics.get(_PARTS[kind], {}).get("labels", [])
    figures = {row["label"]: row for row in rows}
    heads = ("label", "evidence", "for", "against", "ROC-AUC", "AP", "balanced", "precise")
    yield from ("", f"| {' | '.join(heads)} |", "|---" * len(heads) + "|")
    for i in card.vocabulary.indices(kind):
        name = card.vocabulary.labels[i].name
        yield _row(name, card.rules[i], figures.get(name))


def _row(name: str, rule: LabelRule, found: Mapping[str, Any] | None) -> str:
    cells = [name, rule.evidence, "", "", "", ""]
    if found:
        cells[2:] = [f"{found[key]:,}" for key in ("positives", "negatives")]
        cells += [f"{found[key]:.3f}" for key in ("roc_auc", "ap")]
    cells += [f"{rule.least('balanced'):.2f}", f"{rule.least('precise'):.2f}"]
    return f"| {' | '.join(cells)} |"
