"""The evaluation pack on disk: report.md, report.json and pictures."""

from __future__ import annotations

from pathlib import Path

from tagger.models.card import ModelCard
from training.evaluation.diagrams import png_bytes
from training.evaluation.figures import pictures
from training.evaluation.markdown import json_text, markdown_text
from training.evaluation.predict import ClipScores, stack_votes
from training.evaluation.results import Results

REPORT, FIGURES = "report.md", "report.json"


def write_pack(
    folder: Path, results: Results, held_out: dict[str, list[ClipScores]], card: ModelCard
) -> Path:
    """Write everything; returns the path of the report."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = {name: stack_votes(clips, len(card.vocabulary)) for name, clips in held_out.items()}
    drawn = pictures(results, parts, card)
    for name, (_, figure) in drawn.items():
        (folder / f"{name}.png").write_bytes(png_bytes(figure))
    (folder / FIGURES).write_text(json_text(results), encoding="utf-8")
    titles = [(f"{name}.png", title) for name, (title, _) in drawn.items()]
    report = folder / REPORT
    report.write_text(markdown_text(results, titles), encoding="utf-8")
    return report
