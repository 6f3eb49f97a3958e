"""Nothing is sent and nothing is left behind: what the kernel saw of a program."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.beets_program import Beet, make_album

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="strace is not there")

LONG_S = 12  # ONNX Runtime waited ten seconds before it looked up its makers' host

# A process that loads a model and then lives on, as those of a long scan do.
WAITING = """
import sys, time
from tagger.models.model import load_model
load_model(sys.argv[1])
time.sleep(float(sys.argv[2]))
"""
# What the tests must see.
TELLING = "import socket, sys; socket.socket(getattr(socket, sys.argv[1]), socket.SOCK_DGRAM)"
LEAVING = "import os, sys; os.chdir(sys.argv[1]); open('id', 'w'); os.rename('id', 'other')"

CALLS = (
    "socket,connect,sendto,sendmsg,sendmmsg,bind,open,openat,openat2,creat,mkdir,mkdirat,mknod,"
    "mknodat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,rmdir,truncate"
)
CHANGES = re.compile(
    r"\b(?:open(?:at2?)?\(.*(?:O_WRONLY|O_RDWR|O_CREAT)|(?:creat|mkdir|mknod|rename|link|symlink|"
    r"unlink|rmdir|truncate)(?:at2?)?\()"
)
# A path, and behind `dirfd<...>` what it is relative to.
NAMED = re.compile(r'(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"')
LOOKED_UP = ("/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf")
NOWHERE = ("/dev/null", "/dev/tty", "/dev/shm/", "/proc/self/")


class Home:
    """Folders of a person: what may be written is below `cache`, `data`, `tmp` and `beets`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("home", "cache", "data", "tmp", "work", "beets"):
            (folder / name).mkdir(exist_ok=True)
        self.own = [f"{folder}/{n}/" for n in ("cache/musictag", "data/musictag", "tmp", "beets")]
        self.own += [f"{folder}/cache/musictag", f"{folder}/data/musictag"]

    def traced(self, *command: object) -> list[str]:
        """The calls of a program and its children that reach for others, or for files."""
        log = self.folder / "calls"
        variables = {"HOME": "home", "XDG_CACHE_HOME": "cache", "XDG_DATA_HOME": "data",
                     "XDG_CONFIG_HOME": "home", "TMPDIR": "tmp", "BEETSDIR": "beets"}  # fmt: skip
        places = {name: str(self.folder / place) for name, place in variables.items()}
        environment = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
        subprocess.run(
            ["strace", "-f", "-qq", "-y", "-e", f"trace={CALLS}", "-o", log, *map(str, command)],
            cwd=self.folder / "work", check=True, stdout=subprocess.DEVNULL, timeout=300,
            env={**environment, **places, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
        return log.read_text(errors="replace").splitlines()

    def foreign(self, calls: list[str]) -> list[str]:
        """Calls that reach for another machine, or change something outside our own folders."""
        return [call for call in calls if reaches_out(call) or self._leaves_something(call)]

    def _leaves_something(self, call: str) -> bool:
        if not CHANGES.search(call) or re.search(r"= -1 E\w+ ", call):
            return False
        work = self.folder / "work"  # where they start
        paths = (os.path.normpath(work / start / name) for start, name in NAMED.findall(call))
        return any(not path.startswith((*self.own, *NOWHERE)) for path in paths)


def reaches_out(call: str) -> bool:
    """Whether it opens or uses a socket of another kind than those within a machine."""
    if re.search(r"\bsocket\(", call):
        return "AF_UNIX" not in call
    if re.search(r"\b(?:connect|bind)\(", call) or "sa_family=" in call:
        return "sa_family=AF_UNIX" not in call
    return any(f'"{path}"' in call for path in LOOKED_UP)


def musictag(*arguments: object) -> list[object]:
    return [sys.executable, "-m", "tagger", *arguments]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def beet(tmp_path: Path, tiny_card: Path) -> Beet:
    beet = Beet(tmp_path / "beets", tiny_card)
    beet.add_album(make_album(beet.music / "Low Tide"))
    beet("ls")  # beets brings a library up to date when it first opens it
    return beet


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_NETLINK"])
def test_any_socket_would_be_seen(family: str, home: Home) -> None:
    assert home.foreign(home.traced(sys.executable, "-c", TELLING, family))


@pytest.mark.parametrize("place", ["home", "work", "cache"])
def test_any_file_would_be_seen(place: str, home: Home) -> None:
    calls = home.traced(sys.executable, "-c", LEAVING, home.folder / place)
    assert len(home.foreign(calls)) == 2


@pytest.mark.parametrize("command", ["scan", "predict", "explain", "models list", "stats", "plan"])
def test_commands_reach_for_nothing(command: str, demo: Path, tiny_card: Path, home: Home) -> None:
    song = str(next(demo.rglob("*.wav")))
    options = [song, "--model", str(tiny_card)]
    options = {"models list": [], "stats": [song]}.get(command, options)
    if command == "plan":
        command, options = "scan", [*options, "--plan", str(home.folder / "tmp" / "plan.json")]
    calls = home.traced(*musictag(*command.split(), *options))
    assert any("O_RDONLY" in call for call in calls)
    assert home.foreign(calls) == []


def test_a_long_run_reaches_for_nothing(tiny_card: Path, home: Home) -> None:
    calls = home.traced(sys.executable, "-c", WAITING, tiny_card, LONG_S)
    assert home.foreign(calls) == []


def test_a_long_scan_reaches_for_nothing(demo: Path, home: Home) -> None:
    """By the model that ships, of so many files that each of its processes lives long enough."""
    song, music, number, lasted = next(demo.rglob("*.flac")), home.folder / "music", 0, 0.0
    music.mkdir()
    while lasted < LONG_S + 3:  # and a process takes a second or two to start
        for _ in range(max(40, number)):
            shutil.copyfile(song, music / f"{number}.flac")
            number += 1
        started = time.monotonic()
        calls = home.traced(*musictag("scan", music, "--no-cache", "--jobs", "2"))
        lasted = time.monotonic() - started
        assert home.foreign(calls) == []
    assert sum(f"{music}/" in call for call in calls) >= number


@pytest.mark.parametrize("command", ["ls", "genretag", "genretag --pretend --force"])
def test_beets_reaches_for_nothing(command: str, beet: Beet, home: Home) -> None:
    calls = home.traced(sys.executable, "-m", "beets", *command.split())
    assert any("genretag" in call for call in calls)
    assert home.foreign(calls) == []
