"""What `benchmarks.speed` measured, as Markdown and as a picture."""

from __future__ import annotations

import platform
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.measuring import Run
    from benchmarks.speed import Measured

SVG, FONT = "http://www.w3.org/2000/svg", 'font-family="system-ui, sans-serif" font-size="13"'
ROW, LABEL, WIDTH = 26, 330, 900  # pixels


def report(found: Measured, command: str) -> str:
    """The tables."""
    machine = f"Python {platform.python_version()}, {platform.system()}, {platform.machine()}"
    floor = found.main[0].cpu_ms
    parts = [
        "# Speed and memory",
        (
            f"`{command}`. {machine}. Tracks of 44.1 kHz stereo rendered by the demo generator, a "
            "sixth each as MP3, FLAC, Vorbis, AAC, Opus and WAV; in the page cache unless said "
            "otherwise. The machine was shared: read CPU times and ratios; rates in wall time are "
            "what was left for this run."
        ),
        "![CPU time of a track](speed.svg)",
        _table(
            ["run", "tracks", "CPU ms a track", "over the floor", "tracks/s, wall", "peak MB"],
            [
                [
                    run.name, f"{run.tracks}", f"{run.cpu_ms:.0f}",
                    f"{run.cpu_ms / floor:.2f}", f"{run.rate:.1f}", f"{run.peak_mb:.0f}",
                ]
                for run in found.main
            ],
        ),
        (
            "The floor is reading the same ten windows and doing nothing with them. CPU time "
            "counts the start of Python and of the network; peak memory is that of the largest "
            "process."
        ),
        _kept(found),
        _scale(found),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _kept(found: Measured) -> str:
    first = next(run for run in found.main if "--jobs 1" in run.name and "10" not in run.name)
    rows = [
        [run.name, f"{run.cpu_ms:.2f}", f"{run.rate:.0f}", f"{1000 / run.cpu_ms:.0f}"]
        for run in found.kept
    ]
    ratio = first.cpu_ms / found.kept[-1].cpu_ms
    head = ["run", "CPU ms a track", "tracks/s, wall", "tracks in a CPU second"]
    text = f"With the cache, {ratio:.0f} times as fast as the first scan of the long tracks:"
    return f"{text}\n\n{_table(head, rows)}"


def _scale(found: Measured) -> str:
    rows = [
        [f"{one.tracks}", f"{one.cpu_ms:.1f}", f"{one.rate:.0f}", f"{two.cpu_ms:.1f}",
         f"{two.rate:.0f}", f"{two.rate / one.rate:.2f}"]
        for one, two in zip(found.scale[1], found.scale[2], strict=True)
    ]  # fmt: skip
    head = ["short tracks", "CPU ms, 1 process", "tracks/s", "CPU ms, 2 processes", "tracks/s"]
    grown = [
        [f"{step.tracks}", f"{step.memory_mb:.0f}", f"{step.handles}"] for step in found.growth
    ]
    return "\n\n".join(
        [
            "Tracks of 4 s, half MP3 and half FLAC, 12 files under many names:",
            _table([*head, "times as fast, wall"], rows),
            "All processes of one scan, as it goes on:",
            _table(["tracks done", "memory, MB", "open files"], grown),
            f"From Ctrl-C to the end, the longest of three: {found.interrupt_s:.2f} s.",
        ]
    )


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def picture(found: Measured) -> str:
    """CPU time of a track as bars, on a scale by which each line is ten times the one before."""
    runs = sorted(found.main + found.kept[:1], key=lambda run: run.cpu_ms)
    height = ROW * (len(runs) + 2)
    bars = [_bar(run, ROW * (i + 1)) for i, run in enumerate(runs)]
    return "\n".join(
        [
            f'<svg xmlns="{SVG}" viewBox="0 0 {WIDTH} {height}" {FONT}>',
            f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
            f'<text x="{LABEL}" y="16" fill="#333">CPU milliseconds a track, logarithmic</text>',
            *bars,
            "</svg>\n",
        ]
    )


def _bar(run: Run, y: int) -> str:
    import math

    length = max(2.0, (math.log10(run.cpu_ms) + 1) / 5 * (WIDTH - LABEL - 70))
    color = "#2a6fb0" if "musictag" in run.name or "second" in run.name else "#9a9a9a"
    name = escape(run.name.replace("`", ""))
    return (
        f'<text x="{LABEL - 8}" y="{y + 17}" text-anchor="end" fill="#333">{name}</text>'
        f'<rect x="{LABEL}" y="{y + 4}" width="{length:.0f}" height="{ROW - 8}" fill="{color}"/>'
        f'<text x="{LABEL + length + 6:.0f}" y="{y + 17}" fill="#333">{run.cpu_ms:.3g}</text>'
    )
