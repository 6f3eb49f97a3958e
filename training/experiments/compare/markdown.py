"""The comparison in words: Markdown for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from training.evaluation.bootstrap import DRAWS, LEVEL
from training.experiments.baselines.pictured import PLAN
from training.experiments.baselines.systems import NOTHING
from training.experiments.compare.margins import HONEST
from training.experiments.compare.summary import LEAKING, Comparison, Cost, Entry, Leak
from training.experiments.protocols import PROTOCOLS
from training.experiments.runner.summary import Mean, table

MARK = "†"


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a comparison was made with."""

    model: str  # of ours; empty: none
    seeds: int
    steps: int  # of the networks over pictures
    fold: int


def json_text(comparisons: Sequence[Comparison], run: Provenance) -> str:
    """Everything; the leak of each system is its `gain`."""
    tables = []
    for each in comparisons:
        leaks = [asdict(leak) | {"gain": round(leak.gain, 4)} for leak in each.leaks]
        tables.append(asdict(each) | {"leaks": leaks})
    return json.dumps({"run": asdict(run), "tables": tables}, indent=1, ensure_ascii=False) + "\n"


def markdown_text(comparisons: Sequence[Comparison], run: Provenance, picture: str = "") -> str:
    """A report; `picture` is the name of a file beside it."""
    return "\n".join(_lines(comparisons, run, picture)) + "\n"


def _lines(comparisons: Sequence[Comparison], run: Provenance, picture: str) -> Iterator[str]:
    yield "# Baselines and protocols"
    yield from ("", "What each protocol asks about, and what is on both sides of it:", "")
    for name in dict.fromkeys(name for each in comparisons for name in each.protocols):
        protocol = PROTOCOLS[name]
        leak = f"leaks: {protocol.leaks} are on both sides" if protocol.leaks else "leaks nothing"
        yield f"- `{name}`: {protocol.holds_out}; {leak}."
    yield from ("", *_how_lines(comparisons, run))
    if picture:
        yield from ("", f"![Systems by protocols]({picture})")
    for each in comparisons:
        yield from _table_lines(each)


def _how_lines(comparisons: Sequence[Comparison], run: Provenance) -> Iterator[str]:
    """How to read the figures, as one paragraph."""
    yield (
        f"Each of {run.seeds} seeds is a random start and, under the random protocols, a way to "
        f"divide; `{HONEST.name}` always asks about fold {run.fold}. Behind ± is the standard "
        f"deviation between seeds. Figures of `{LEAKING.name}` are of slices, since a track's are "
        "on both sides; all others are of tracks, a track's score being the mean over its slices. "
        f"The networks over pictures learned for {run.steps:,} steps of {PLAN.batch} slices, far "
        "less than those that were published. The best of each column is bold."
    )
    if run.model:
        yield f"Our network is {run.model}; fold {run.fold} was held out when it learned."
    if any(entry.heard for each in comparisons for entry in each.entries):
        yield (
            f"{MARK} marks figures for which the body of our network had learned from some of "
            "the clips asked about: they are no measure of it, and never bold."
        )


def _table_lines(each: Comparison) -> Iterator[str]:
    yield from ("", f"## {each.task[:1].upper()}{each.task[1:]}", "")
    asked = ", ".join(f"{n} under `{name}`" for name, n in each.asked.items()
                      if not PROTOCOLS[name].by_slice)  # fmt: skip
    yield (
        f"{each.clips} clips of {each.artists} artists, {len(each.classes)} classes "
        f"({', '.join(each.classes)}). Tracks asked about: {asked}."
    )
    for name, why in each.refused.items():
        yield f"`{name}` {why}."
    heads = {"main": each.main.capitalize(), "roc_auc": "ROC-AUC, mean of the classes"}
    for figure, title in heads.items():
        yield from ("", f"{title}:", "")
        yield from table(["system", *each.protocols.values()], _rows(each, figure))
    yield from _empty_lines(each)
    yield from _leak_lines(each)
    yield from _margin_lines(each)
    yield from ("", "What they take (medians, of one processor core):", "")
    heads_of_costs = ["system", "parameters", "learning, s", "a track, ms"]
    yield from table(heads_of_costs, (_cost_row(each, cost) for cost in each.costs))


def _cost_row(each: Comparison, cost: Cost) -> list[str]:
    figures = [f"{cost.parameters:,}", f"{cost.learn_s:.1f}", f"{cost.track_ms:.0f}"]
    return [each.systems[cost.system], *figures]


def _rows(each: Comparison, figure: str) -> Iterator[list[str]]:
    best = _best(each, figure)
    for system, title in each.systems.items():
        own = [entry for entry in each.entries if entry.system == system]
        yield [title, *(_words(entry, figure, bold=entry in best) for entry in own)]


def _best(each: Comparison, figure: str) -> list[Entry]:
    """The highest of each protocol, among those that had not heard what is asked."""
    best = []
    for protocol in each.protocols:
        own = [entry for entry in each.entries if entry.protocol == protocol and not entry.heard]
        if fair := [entry for entry in own if getattr(entry, figure)]:
            best.append(max(fair, key=lambda entry: float(getattr(entry, figure).value)))
    return best


def _words(entry: Entry, figure: str, *, bold: bool) -> str:
    mean: Mean | None = getattr(entry, figure)
    if mean is None:
        return ""
    return f"**{mean.text()}**" if bold else f"{mean.text()}{' ' + MARK if entry.heard else ''}"


def _empty_lines(each: Comparison) -> Iterator[str]:
    for system, title in each.systems.items():
        why: dict[str, list[str]] = {}
        for entry in each.entries:
            if entry.system == system and entry.empty:
                why.setdefault(entry.empty, []).append(f"`{entry.protocol}`")
        for reason, names in why.items():
            yield from ("", f"Empty for {title} under {', '.join(names)}: {reason}.")


def _leak_lines(each: Comparison) -> Iterator[str]:
    if not each.leaks:
        return
    leaking, honest = f"`{LEAKING.name}`", f"`{HONEST.name}`"
    yield ""
    yield f"The leak: {each.main} under {leaking} less that under {honest}, both of slices:"
    yield ""
    heads = ["system", leaking, f"{honest}, slices", "**leak**", f"{honest}, tracks"]
    yield from table(heads, (_leak_row(each, leak) for leak in each.leaks))
    if any(leak.system == NOTHING.name for leak in each.leaks):
        yield ""
        yield (
            f"What a system that hears nothing ({each.systems[NOTHING.name]}) gains is no leak: "
            "it is how far what is asked differs."
        )


def _margin_lines(each: Comparison) -> Iterator[str]:
    if not each.margins:
        return
    yield ""
    yield (
        f"How far our network is ahead in {each.main} under `{HONEST.name}`, and where {LEVEL:.0%} "
        f"of {DRAWS:,} draws of whole artists lie:"
    )
    yield ""
    rows = (
        [each.systems[margin.system], f"{margin.ahead.value:+.3f}",
         f"{margin.ahead.low:+.3f} to {margin.ahead.high:+.3f}"]
        for margin in each.margins
    )  # fmt: skip
    yield from table(["system", "ahead by", "interval"], rows)


def _leak_row(each: Comparison, leak: Leak) -> list[str]:
    return [
        each.systems[leak.system],
        f"{leak.leaking.value:.3f}{' ' + MARK if leak.heard else ''}",
        f"{leak.honest.value:.3f}",
        f"**{leak.gain:+.3f}**",
        f"{leak.honest_tracks.value:.3f}",
    ]
