"""The findings as text for a terminal, and as a page with links to the doubtful tracks."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path

from tagger.report.escaping import path_text, printable
from training.finetune.summary import NEXT, Findings, LabelFinding

STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem;
  color: #1b1d21; background: #fff; }
table { border-collapse: collapse; margin: .5rem 0 2rem; }
th, td { text-align: left; padding: .25rem .9rem .25rem 0; border-bottom: 1px solid #dfe2e6; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
p.note { color: #565c66; max-width: 45rem; }
"""
SHOWN = 10  # suspects named on a terminal


def verdict(findings: Findings) -> str:
    """Whether the personal model is better, in one sentence."""
    figures = f"average precision {findings.before.value:.2f} -> {findings.after.value:.2f}"
    interval = f"{findings.gain.low:+.2f} to {findings.gain.high:+.2f}"
    if findings.better:
        return (
            f"It hears your labels better than the model it started from: {figures} ({interval})."
        )
    return f"It is not shown to be better than the model it started from: {figures} ({interval})."


def summary_lines(findings: Findings) -> Iterator[str]:
    """The findings for a terminal."""
    yield f"{'label':<22}{'tracks':>7}{'artists':>8}  {'AP before':<18}{'AP after':<18}{'F1':>5}"
    for row in findings.labels:
        yield (
            f"{printable(row.label.name):<22}{row.tracks:>7}{row.artists:>8}  "
            f"{_before(row):<18}{row.ap_after!s:<18}{row.f1_after.value:>5.2f}"
        )
    yield verdict(findings)
    curve = ", ".join(f"{p.size}: {p.macro_ap:.2f}" for p in findings.curve)
    yield f"With so many tracks a label, average precision: {curve}"
    if findings.advice and findings.advice[0][1] >= 0.005:
        label, gain = findings.advice[0]
        yield f"{NEXT} more tracks of {printable(label.name)} would help most (about +{gain:.2f})."
    if findings.suspects:
        yield "Tracks that look mislabelled, the most doubtful first:"
    for suspect in findings.suspects[:SHOWN]:
        yield f"  {path_text(suspect.path)}: {printable(suspect.reason)}"


def page_text(name: str, findings: Findings, notes: Iterable[str]) -> str:
    """The page: it runs nothing, loads nothing, and links to the files it names."""
    digest = hashlib.sha256(STYLE.encode("utf-8")).digest()
    policy = f"default-src 'none'; style-src 'sha256-{base64.b64encode(digest).decode('ascii')}'"
    body = "\n".join(_body(name, findings, list(notes)))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(name)}: how it hears your labels</title>\n"
        f"<style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _body(name: str, findings: Findings, notes: list[str]) -> Iterator[str]:
    yield f"<h1>{escape(name)}: how it hears your labels</h1><p>{escape(verdict(findings))}</p>"
    yield (
        '<p class="note">Every figure is for tracks of artists that were not heard in training '
        "(five parts of the library, each judged by a head that learned from the other four). In "
        "brackets: where the figure lies when artists are drawn anew, in 95 of 100 draws. AP is "
        "average precision; guessing has the share of tracks with the label.</p>"
    )
    yield from _labels(findings)
    yield from _curve(findings)
    yield from _confusion(findings)
    yield "<h2>Tracks that look mislabelled</h2>"
    yield _suspects(findings)
    if notes:
        yield "<h2>Left out and noted</h2><ul>"
        yield from (f"<li>{escape(printable(note))}</li>" for note in notes)
        yield "</ul>"


def _labels(findings: Findings) -> Iterator[str]:
    yield "<h2>Label by label</h2>"
    head = (
        "Label", "Tracks", "Artists", "Guessing", "AP before", "AP after", "F1 before", "F1 after"
    )  # fmt: skip
    yield _table(
        head,
        (
            (
                x.label.name, x.tracks, x.artists, f"{x.share:.2f}", _before(x), x.ap_after,
                x.f1_before or "-", x.f1_after,
            )
            for x in findings.labels
        ),
    )  # fmt: skip


def _curve(findings: Findings) -> Iterator[str]:
    yield "<h2>Learning curve</h2>"
    yield _table(
        ("Tracks a label", "Average precision"),
        ((point.size, f"{point.macro_ap:.3f}") for point in findings.curve),
    )
    yield f"<p>What {NEXT} more tracks of a label are expected to add to its average precision:</p>"
    advice = ((label.name, f"+{gain:.3f}") for label, gain in findings.advice)
    yield _table(("Label", "Expected"), advice)


def _confusion(findings: Findings) -> Iterator[str]:
    for kind, counts in findings.confusion.items():
        names = [x.label.name for x in findings.labels if x.label.kind == kind]
        if len(names) == len(counts):
            yield f"<h2>Given {kind} (row) and most surely heard {kind} (column)</h2>"
            rows = ((name, *row) for name, row in zip(names, counts, strict=True))
            yield _table(("", *names), rows)


def _suspects(findings: Findings) -> str:
    lines = ["<tr><th>File</th><th>Given, and what speaks against it</th></tr>"]
    for x in findings.suspects:
        link, name = escape(_link(x.path), quote=True), escape(path_text(x.path))
        reason = escape(printable(x.reason))
        lines.append(f'<tr><td><a href="{link}">{name}</a></td><td>{reason}</td></tr>')
    return f"<table>{''.join(lines)}</table>"


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    def cell(i: int, content: object, tag: str) -> str:
        sort = ' class="n"' if i else ""
        return f"<{tag}{sort}>{escape(printable(str(content)))}</{tag}>"

    lines = ["".join(cell(i, x, "th") for i, x in enumerate(head))]
    lines += ["".join(cell(i, x, "td") for i, x in enumerate(row)) for row in rows]
    return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"


def _before(row: LabelFinding) -> str:
    return str(row.ap_before) if row.ap_before else f"{row.share:.2f} (guessing)"


def _link(path: Path) -> str:
    return path.absolute().as_uri()
