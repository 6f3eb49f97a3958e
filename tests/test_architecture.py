"""Who may import whom, and what a command may load."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tagger.cli.program import COMMANDS

ROOT = Path(__file__).parent.parent

# Packages of ours and the foreign ones each may import besides the standard library.
ALLOWED = {
    "tagger": {
        "PIL", "appdirs", "av", "click", "mediafile", "mutagen", "numpy", "onnxruntime", "pathspec",
        "soundfile", "soxr", "tagger", "watchfiles",
    },
    "beetsplug": {"beets", "beetsplug", "confuse", "tagger"},
    "training": {
        "appdirs", "av", "beets", "click", "jinja2", "librosa", "matplotlib", "mido", "numpy",
        "onnx", "onnxruntime", "scipy", "sklearn", "soundfile", "soxr", "tagger", "torch",
        "training",
    },
}  # fmt: skip
# Rooms that may import more: what the extra of that name brings, and the server.
ROOMS = {"beam": {"apache_beam", "pyarrow"}, "review": {"starlette", "uvicorn"}}
HEAVY = (
    "torch", "onnxruntime", "beets", "numpy", "av", "soundfile", "mediafile", "apache_beam",
    "pyarrow", "starlette", "uvicorn", "training.trainer.loop",
    "training.cli.program", "training.experiments",
)  # fmt: skip


def modules() -> Iterator[tuple[str, Path]]:
    for package in ALLOWED:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield package, path


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            names.add(node.module or "")
    return {name.split(".")[0] for name in names}


@pytest.mark.parametrize(
    ("package", "path"), list(modules()), ids=lambda value: str(value).removeprefix(f"{ROOT}/")
)
def test_imports_go_one_way(package: str, path: Path) -> None:
    foreign = imported(path) - set(sys.stdlib_module_names)
    assert foreign <= ALLOWED[package] | ROOMS.get(path.parent.name, set())


@pytest.mark.parametrize(
    ("package", "path"), list(modules()), ids=lambda value: str(value).removeprefix(f"{ROOT}/")
)
def test_files_stay_small_and_named(package: str, path: Path) -> None:
    assert path.stem not in {"utils", "helpers", "core", "common", "misc"}
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


@pytest.mark.parametrize(
    ("package", "path"), list(modules()), ids=lambda value: str(value).removeprefix(f"{ROOT}/")
)
def test_functions_stay_short(package: str, path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            first = node.body[0]
            documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            start = (first.end_lineno or 0) if documented else node.lineno
            assert (node.end_lineno or 0) - start <= 40, f"{path.name}: {node.name}"


@pytest.mark.parametrize(
    "package",
    sorted({path.parent for _, path in modules() if path.parent != ROOT / "beetsplug"}),
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_package_docstring_lists_its_modules(package: Path) -> None:
    text = ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8")))
    listed = re.findall(r"^- `(\w+)`", text or "", flags=re.MULTILINE)
    files = {path.stem for path in package.glob("*.py")} - {"__init__", "__main__"}
    packages = {path.parent.name for path in package.glob("*/__init__.py")}
    assert sorted(listed) == sorted(files | packages)


@pytest.mark.parametrize("package", ["tagger", "training"])
def test_root_holds_at_most_four_modules(package: str) -> None:
    assert len(list((ROOT / package).glob("*.py"))) <= 4


def test_one_module_imports_onnx_runtime() -> None:
    """It reports to its makers unless told not to; `tagger.models.session` sees to that."""
    others = [path for folder in ("benchmarks",) for path in (ROOT / folder).rglob("*.py")]
    found = [
        path for path in [*(p for _, p in modules()), *others] if "onnxruntime" in imported(path)
    ]
    assert found == [ROOT / "tagger" / "models" / "session.py"]


@pytest.mark.parametrize("name", ["tagger", "tagger.models.session", "beetsplug.genretag"])
def test_telemetry_is_off_before_anything_else_is_imported(name: str) -> None:
    code = f"import {name}, os; print(os.environ.get('ORT_DISABLE_TELEMETRY'))"
    environment = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=environment
    )
    assert done.stdout.strip() == "1", done.stderr


def test_all_that_is_printed_goes_through_one_door() -> None:
    found = [
        path.name
        for path in sorted((ROOT / "tagger").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("echo", "secho", "print")
    ]
    assert set(found) == {"echo.py"}


def test_namespace_package_of_beets_is_left_alone() -> None:
    assert not (ROOT / "beetsplug" / "__init__.py").exists()


def loaded_by(*arguments: str) -> set[str]:
    """Which of the heavy modules a command loads."""
    code = (
        "import sys\n"
        "from tagger.cli import main\n"
        f"main({list(arguments)!r}, standalone_mode=False)\n"
        f"print('loaded', *[name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    return set(done.stdout.splitlines()[-1].split()[1:])


def test_help_loads_nothing_heavy() -> None:
    assert loaded_by("--help") == set()


@pytest.mark.parametrize("command", sorted({*COMMANDS, "calibrate", "evaluate", "train"}))
def test_help_of_a_command_loads_nothing_heavy(command: str) -> None:
    assert loaded_by(command, "--help") == set()


def test_who_hands_out_files_loads_nothing_that_decodes_them() -> None:
    heavy = {"torch", "av", "soxr", "soundfile", "onnxruntime"}
    code = f"import sys, tagger.scanning.parallel; assert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
