"""What `benchmarks.speed` measured, as Markdown and as a picture."""

from __future__ import annotations

import os
import platform
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.speed import Measured
    from benchmarks.speed_tracks import Cost

SVG, FONT = "http://www.w3.org/2000/svg", 'font-family="system-ui, sans-serif" font-size="13"'
ROW, LABEL, WIDTH = 40, 190, 900
LONGEST = WIDTH - LABEL - 50  # px of a bar, beside which its value stands
BARS = (("floor", "#9a9a9a"), ("ten", "#2a6fb0"), ("auto", "#a9c9e8"))


def report(found: Measured, command: str, tracks: int, *, real: bool) -> str:
    """The tables."""
    machine = f"Python {platform.python_version()}, {platform.system()}, {platform.machine()}"
    what = "real songs" if real else "songs rendered by the demo generator"
    parts = [
        "# Speed and memory",
        (
            f"`{command}`. {machine}. {tracks} {what}, MP3 files of {found.seconds:.0f} s in the "
            "mean, and six of them in other formats, written by ffmpeg; in the page cache unless "
            f"said otherwise. The machine was shared, with a load of {os.getloadavg()[2]:.0f} on "
            f"{os.cpu_count()} cores: read CPU times and ratios; rates in wall time are what was "
            "left for this run."
        ),
        "## A track, on one core",
        (
            "CPU milliseconds a track in one process. The floor is opening the file, seeking and "
            "decoding ten times three seconds with PyAV, and keeping nothing. A scan also reads "
            "tags, resamples, runs the network and decides; with ten windows, the default, and "
            "with `--windows auto`."
        ),
        "![CPU time of a track](speed.svg)",
        _costs(found),
        "## The whole command",
        _table(
            ["run", "tracks", "CPU ms a track", "tracks/s, wall", "peak MB"],
            [
                [
                    run.name, f"{run.tracks}", f"{run.cpu_ms:.0f}",
                    f"{run.rate:.1f}", f"{run.peak_mb:.0f}",
                ]
                for run in found.main
            ],
        ),
        (
            "CPU time counts the start of Python and of the network; peak memory is that of the "
            "largest process."
        ),
        _kept(found),
        _scale(found),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _costs(found: Measured) -> str:
    head = ["format", "floor", "ten windows", "over the floor", "auto", "over the floor",
            "tracks in a CPU second"]  # fmt: skip
    rows = [
        [name, f"{cost.floor:.1f}", f"{cost.ten:.1f}", f"{cost.ten / cost.floor:.2f}",
         f"{cost.auto:.1f}", f"{cost.auto / cost.floor:.2f}", f"{1000 / cost.ten:.1f}"]
        for name, cost in found.costs.items()
    ]  # fmt: skip
    return _table(head, rows)


def _kept(found: Measured) -> str:
    first = next(run for run in found.main if "--jobs 1" in run.name)
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
    """The floor, ten windows and the default of each format as bars."""
    height = ROW * (len(found.costs) + 1)
    most = max(getattr(cost, field) for cost in found.costs.values() for field, _ in BARS)
    rows = [
        part
        for i, (name, cost) in enumerate(found.costs.items())
        for part in _bars(name, cost, ROW * (i + 1), LONGEST / most)
    ]
    title = (
        "CPU milliseconds a track: reading floor (grey), ten windows (dark), --windows auto (light)"
    )
    return "\n".join(
        [
            f'<svg xmlns="{SVG}" viewBox="0 0 {WIDTH} {height}" {FONT}>',
            f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
            f'<text x="{LABEL}" y="20" fill="#333">{title}</text>',
            *rows,
            "</svg>\n",
        ]
    )


def _bars(name: str, cost: Cost, y: int, px_per_ms: float) -> list[str]:
    thick = (ROW - 7) // len(BARS)
    parts = [
        f'<text x="{LABEL - 8}" y="{y + 20}" text-anchor="end" fill="#333">{escape(name)}</text>'
    ]
    for i, (field, color) in enumerate(BARS):
        value = getattr(cost, field)
        length, top, size = value * px_per_ms, y + i * thick, thick - 1
        parts += [
            f'<rect x="{LABEL}" y="{top}" width="{length:.0f}" height="{size}" fill="{color}"/>',
            f'<text x="{LABEL + length + 5:.0f}" y="{top + 9}" font-size="10">{value:.3g}</text>',
        ]
    return parts
