"""Nothing is sent and nothing is left behind: what the kernel saw of a program."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="strace is not there")

LONG_S = 12  # ONNX Runtime waited ten seconds before it looked up its makers' host

# A process that loads a model and then lives on, as those of a long scan do.
WAITING = """
import sys, time
from tagger.model import load_model
load_model(sys.argv[1])
time.sleep(float(sys.argv[2]))
"""

SOCKET = re.compile(r"\b(?:socket|connect|sendto|sendmsg|sendmmsg)\(")
WRITTEN = re.compile(
    r'\b(?:openat?|mkdir(?:at)?|creat)\(.*?"([^"]+)".*(?:O_WRONLY|O_RDWR|O_CREAT|mkdir)'
)


def traced(command: list[str], folder: Path) -> list[str]:
    """The calls of a program and its children that open sockets or files."""
    log = folder / "calls"
    home = {name: str(folder) for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "TMPDIR")}
    environment = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    calls = "socket,connect,sendto,sendmmsg,open,openat,creat,mkdir,mkdirat"
    subprocess.run(
        ["strace", "-f", "-qq", "-e", f"trace={calls}", "-o", str(log), *command],
        cwd=ROOT, check=True, stdout=subprocess.DEVNULL, timeout=300,
        env={**environment, **home, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    return log.read_text(errors="replace").splitlines()


def foreign(calls: list[str], folder: Path) -> list[str]:
    """Calls that reach for another machine, or write outside our own folders."""
    found = [c for c in calls if SOCKET.search(c) and "AF_UNIX" not in c and "AF_INET" in c]
    ours = (f"{folder}/musictag", f"{folder}/pymp-", "/dev/", "/proc/", f"{folder}/calls")
    for call in calls:
        path = WRITTEN.search(call)
        if path and " = -1 " not in call and path[1].startswith("/"):
            found += [] if path[1].startswith(ours) else [call]
    return found


@pytest.mark.parametrize("command", ["scan", "predict", "explain", "models list"])
def test_commands_reach_for_nothing(
    command: str, demo: Path, tiny_card: Path, tmp_path: Path
) -> None:
    song = str(next(demo.rglob("*.wav")))
    options = [] if command == "models list" else [song, "--model", str(tiny_card)]
    calls = traced([sys.executable, "-m", "tagger", *command.split(), *options], tmp_path)
    assert any("O_RDONLY" in call for call in calls)
    assert foreign(calls, tmp_path) == []


def test_a_long_run_reaches_for_nothing(tiny_card: Path, tmp_path: Path) -> None:
    calls = traced([sys.executable, "-c", WAITING, str(tiny_card), str(LONG_S)], tmp_path)
    assert foreign(calls, tmp_path) == []
