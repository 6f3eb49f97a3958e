"""What the plugin costs a beets: on import, at every start, and in a large library.

    python -m benchmarks.beets import [--tracks 200] [--seconds 120] [--rounds 2]
    python -m benchmarks.beets start [--runs 30]
    python -m benchmarks.beets library [--items 20000] [--heard N]

Each adds its table to benchmarks/BEETS.md. Runs that are compared take turns, so that other
programs on the machine disturb all of them alike.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mediafile import MediaFile

from tagger.demo import STYLES, render, write_audio
from tagger.demo.synth import RATE
from tagger.scanning.settings import default_jobs

HERE = Path(__file__).parent
PER_ALBUM = 10

FILL = """
import os, sys
from beets.library import Item, Library
home, n_items, per_album = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
library = Library(f"{home}/library.db", f"{home}/music")
first = Item.from_path(os.fsencode(f"{home}/music/0/0.mp3"))
with library.transaction():
    for album in range(n_items // per_album):
        items = []
        for track in range(per_album):
            item = Item(**dict(first), data_source="MusicBrainz")
            item.update({"title": f"Title {track}", "artist": f"Artist {album % 300}",
                         "album": f"Album {album}", "track": track, "genres": []})
            item.path = os.fsencode(f"{home}/music/{album}/{track}.mp3")
            items.append(item)
        library.add_album(items)
library._close()
"""


class Beet:
    """A beets with a home of its own."""

    def __init__(self, home: Path, plugins: str = "") -> None:
        self.home = home
        home.mkdir(parents=True)
        settings: dict[str, Any] = {
            "directory": str(home / "music"),
            "library": str(home / "library.db"),
            "plugins": plugins,
            "ui": {"color": False},
            "genretag": {"cache": False},  # the same few recordings are heard again and again
        }
        (home / "config.yaml").write_text(json.dumps(settings))

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "BEETSDIR": str(self.home), "XDG_DATA_HOME": str(self.home / "data")}

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "beets", *arguments]

    def run(self, *arguments: str) -> None:
        done = subprocess.run(
            self.command(*arguments), env=self.environment, capture_output=True, text=True
        )
        if done.returncode:
            raise SystemExit(done.stderr)


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def make_albums(folder: Path, tracks: int, length_s: float) -> None:
    """Albums of ten MP3 and FLAC files with titles and no genre."""
    styles = list(STYLES)[:4]
    seeds = []
    for style in styles:
        sound = render(style, length_s)
        for suffix in (".mp3", ".flac"):
            seeds.append(folder / f"{style}{suffix}")
            folder.mkdir(parents=True, exist_ok=True)
            write_audio(seeds[-1], sound, RATE)
    for i in range(tracks):
        seed = seeds[i % len(seeds)]
        album = folder / "albums" / f"{i // PER_ALBUM:03}"
        album.mkdir(parents=True, exist_ok=True)
        path = Path(shutil.copy(seed, album / f"{i % PER_ALBUM:02}{seed.suffix}"))
        file = MediaFile(path)
        file.update({"title": f"Title {i}", "artist": "Ana", "album": f"Album {i // PER_ALBUM}"})
        file.save()


def cpu_and_wall(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Milliseconds of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall_s = seconds(
        lambda: subprocess.run(command, env=environment, capture_output=True, check=True)
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return 1000 * cpu_s, 1000 * wall_s


def measure_import(tracks: int, length_s: float, rounds: int) -> str:
    """An import with the plugin, beside a scan and an import without it."""
    rows = []
    with tempfile.TemporaryDirectory() as place:
        make_albums(Path(place), tracks, length_s)
        albums = str(Path(place) / "albums")
        scan = [sys.executable, "-m", "tagger", "scan", "--no-cache", albums]
        for i in range(rounds):
            without = Beet(Path(place) / f"without {i}")
            plugged = Beet(Path(place) / f"with {i}", "genretag")
            runs = [cpu_and_wall(scan, plugged.environment)]
            for beet in (without, plugged):
                runs.append(cpu_and_wall(beet.command("import", "-A", albums), beet.environment))
            rows.append([run[k] / 1000 for k in (1, 0) for run in runs])
            print(*(f"{value:.1f}" for value in rows[-1]), flush=True)
    wall, cpu = ([row[i + 2] / (row[i] + row[i + 1]) for row in rows] for i in (0, 3))
    lines = [
        f"`python -m benchmarks.beets import --tracks {tracks} --seconds {length_s:.0f}`: {tracks}",
        f" MP3 and FLAC files in albums of {PER_ALBUM}, `beet import -A` that copies, ",
        f"{default_jobs()} cores. With / (scan + without), median: wall time ",
        f"**{statistics.median(wall):.2f}**, CPU time **{statistics.median(cpu):.2f}**.\n\n",
        "| wall: scan | import without | import with | CPU: scan | without | with |\n",
        "|---|---|---|---|---|---|\n",
    ]
    lines += [f"| {' | '.join(f'{value:.1f} s' for value in row)} |\n" for row in rows]
    return "".join(lines)


def measure_start(runs: int) -> str:
    """How much longer commands take that have nothing to do with the plugin."""
    head = (
        f"`python -m benchmarks.beets start --runs {runs}`: medians of {runs} runs each, in turns; "
        "the difference is the median of the differences of neighbours."
    )
    lines = [
        head,
        "",
        "| command | CPU without | CPU with | difference | wall without | wall with | difference |",
        "|---|---|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as place:
        without, plugged = Beet(Path(place) / "1"), Beet(Path(place) / "2", "genretag")
        for arguments in (["--help"], ["ls"]):
            for beet in (without, plugged):
                beet.run(*arguments)  # its database is made, its bytecode written
            pairs = [
                [
                    cpu_and_wall(beet.command(*arguments), beet.environment)
                    for beet in (without, plugged)
                ]
                for _ in range(runs)
            ]
            cells = []
            for k in range(2):
                one, other = [p[0][k] for p in pairs], [p[1][k] for p in pairs]
                difference = statistics.median(b - a for a, b in zip(one, other, strict=True))
                values = (statistics.median(one), statistics.median(other), difference)
                cells += [f"{value:.0f} ms" for value in values]
            lines.append(f"| `beet {' '.join(arguments)}` | {' | '.join(cells)} |")
            print(lines[-1], flush=True)
    return "\n".join(lines)


def tree_mb(pid: int) -> tuple[float, float]:
    """Memory of a process, and of it with its children; shared pages count for each (Linux)."""
    found = []
    try:
        threads = Path(f"/proc/{pid}/task").iterdir()
        kids = {int(k) for t in threads for k in (t / "children").read_text().split()}
        for one in (pid, *kids):
            pages = int(Path(f"/proc/{one}/statm").read_text().split()[1])
            found.append(pages * os.sysconf("SC_PAGE_SIZE") / 1e6)
    except OSError:  # it has ended
        pass
    return (found[0] if found else 0.0), sum(found)


def measure_library(n_items: int, n_heard: int) -> str:
    """Time to the first item heard, and memory, when a large library is heard."""
    with tempfile.TemporaryDirectory() as place:
        beet = Beet(Path(place) / "home", "genretag")
        seed = Path(place) / "seed.mp3"
        write_audio(seed, render(next(iter(STYLES)), 4.0), RATE)
        for i in range(n_items):
            path = beet.home / "music" / str(i // PER_ALBUM) / f"{i % PER_ALBUM}.mp3"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.hardlink_to(seed)
        fill = [sys.executable, "-c", FILL, str(beet.home), str(n_items), str(PER_ALBUM)]
        subprocess.run(fill, env=beet.environment, check=True, capture_output=True)
        beet.run("ls", "title:none")
        started = time.perf_counter()
        process = subprocess.Popen(
            beet.command("genretag", "-p", "-f"),
            env=beet.environment, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout
        process.stdout.readline()
        first_s = time.perf_counter() - started
        peak_alone = peak_tree = 0.0
        checked, n_shown = 0.0, 1
        for line in process.stdout:
            n_shown += line[:1] != " "  # the name of an item or album, not what is new
            if n_shown >= n_heard:
                process.kill()
            if time.perf_counter() - checked > 0.2:
                checked = time.perf_counter()
                alone, tree = tree_mb(process.pid)
                peak_alone, peak_tree = max(peak_alone, alone), max(peak_tree, tree)
        if process.wait() > 0:
            raise SystemExit("beet genretag failed")
        total_s = time.perf_counter() - started
    return (
        f"`python -m benchmarks.beets library --items {n_items} --heard {n_shown}`: "
        f"`beet genretag -p -f` on a library of {n_items} items whose files are short.\n\n"
        f"| first item shown after | {n_shown} after | peak memory of beets | with its "
        f"{default_jobs()} listeners |\n|---|---|---|---|\n"
        f"| {first_s:.1f} s | {total_s:.0f} s | {peak_alone:.0f} MB | {peak_tree:.0f} MB |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("what", choices=["import", "start", "library"])
    parser.add_argument("--tracks", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--items", type=int, default=20000)
    parser.add_argument("--heard", type=int, default=10**9, help="stop after so many")
    given = parser.parse_args()
    makers: dict[str, Callable[[], str]] = {
        "import": lambda: measure_import(given.tracks, given.seconds, given.rounds),
        "start": lambda: measure_start(given.runs),
        "library": lambda: measure_library(given.items, given.heard),
    }
    table = makers[given.what]()
    print(table)
    with (HERE / "BEETS.md").open("a") as file:
        file.write(f"\n{table}\n\nPython {platform.python_version()}, {platform.system()}.\n")


if __name__ == "__main__":
    main()
