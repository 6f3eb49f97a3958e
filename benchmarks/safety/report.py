"""The table of all trials, for benchmarks/SAFETY.md and the README."""

from __future__ import annotations

import platform
from pathlib import Path

from benchmarks.safety.kinds import KINDS
from benchmarks.safety.tally import FAULTS, Record, Tally

_HEAD = (
    "| what is tried | trials | as before | as wished | taken back | lost | damaged "
    "| false report | hangs, crashes | peak |\n|---|---|---|---|---|---|---|---|---|---|"
)
_START, _END = "<!-- trials: python -m benchmarks.safety -->", "<!-- end of trials -->"
_BEFORE = ("as before", "left at planning", "edit kept")


def table(record: Record) -> str:
    """One line for each kind, and their sum."""
    lines = [_line(KINDS[kind].what, tally) for kind, tally in record.tallies.items()]
    return "\n".join([_HEAD, *lines, _line("**all**", total(record))])


def total(record: Record) -> Tally:
    """All tallies as one."""
    whole = Tally()
    for tally in record.tallies.values():
        whole.checks += tally.checks
        whole.hangs += tally.hangs
        whole.crashes += tally.crashes
        whole.seconds += tally.seconds
        whole.peak_mb = max(whole.peak_mb, tally.peak_mb)
        whole.slowest_s = max(whole.slowest_s, tally.slowest_s)
        for into, counts in ((whole.statuses, tally.statuses), (whole.faults, tally.faults)):
            for name, number in counts.items():
                into[name] = into.get(name, 0) + number
    return whole


def write(record: Record, command: str, results: Path, readme: Path | None) -> None:
    """Write the page of results, and the README's table where one is given."""
    results.write_text(_page(record, command), encoding="utf-8")
    if readme:
        text = readme.read_text(encoding="utf-8")
        front, rest = text.split(_START, 1)
        _, back = rest.split(_END, 1)
        made = f"{front}{_START}\n{table(record)}\n{_END}{back}"
        readme.write_text(made, encoding="utf-8")


def _line(what: str, tally: Tally) -> str:
    undone = tally.of("undone", "undone to the byte")
    back = f"{undone:,} ({tally.of('undone to the byte'):,} to the byte)" if undone else ""
    cells = [
        what, f"{tally.checks:,}", f"{tally.of(*_BEFORE):,}", f"{tally.of('as wished'):,}", back,
        *(f"{tally.faults.get(fault, 0):,}" for fault in FAULTS),
        f"{tally.hangs}, {tally.crashes}", f"{tally.peak_mb:.0f} MB",
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def _page(record: Record, command: str) -> str:
    whole = total(record)
    system = f"Python {platform.python_version()}, {platform.system()}"
    rewritten = whole.faults.get("rewritten", 0)
    text = (
        f"# Safety\n\n`{command}`: {whole.seconds / 60:.0f} minutes of one core, {system}.\n\n"
        f"{table(record)}\n\n"
        "A trial is one file that something was done to, and that the referee then looked at: "
        "mutagen, FFmpeg's packets, and small readers of its own, none of which the program "
        "writes by. *As before* and *as wished*: wholly so, and said to be so. *Lost*: something "
        "that mutagen saw, or bytes that are not ours, are not there any more. *Damaged*: other "
        "packets of sound, or a file that nobody can read any more. *False report*: the program "
        "or its journal says otherwise than the file. *Hang*: 60 seconds without "
        "a word from a trial, which may be hundreds of checks.\n\n"
        f"Slowest trial: {whole.slowest_s:.1f} s. Fields whose bytes were rewritten with the value "
        f"that they had: in {rewritten:,} trials.\n"
    )
    if record.examples:
        text += "\n## What went wrong\n\n| kind | form | what | how | times | first trial |\n"
        text += "|---|---|---|---|---|---|\n"
        for key, (number, first) in sorted(record.examples.items()):
            cells = [part.strip().replace("|", "/") for part in key.split(" | ", 3)]
            text += "| " + " | ".join([*cells, str(number), str(first)]) + " |\n"
    return text
