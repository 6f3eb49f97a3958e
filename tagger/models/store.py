"""A person's own models: imported, chosen, exported, deleted.

Each has a folder of its own in the user's data directory, with its card and its network. What comes
from somebody else is checked before any of it is loaded, let alone run.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import zipfile
from pathlib import Path

from tagger import DEFAULT_MODEL
from tagger.errors import ModelError
from tagger.models.card import LARGEST_CARD, load_card
from tagger.models.model import SHIPPED, choice_file, find_card, user_models
from tagger.models.onnx_check import LARGEST
from tagger.scanning.limits import try_model
from tagger.writing.atomic_file import replacing

SUFFIX = ".musictag"  # of an exported model
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def check_name(name: str) -> str:
    """A name for a model of one's own; a ModelError says what is wrong with it."""
    if not _NAME.fullmatch(name) or name.endswith((".json", ".")):
        raise ModelError(f"{name!r} is no name for a model: letters, digits, '.', '_' and '-' only")
    if name == "default" or (SHIPPED / f"{name}.json").exists():
        raise ModelError(f"{name!r} is the name of a model that ships; choose another")
    return name


def card_path(name: str) -> Path:
    """Where the card of a model of one's own lives, whether it is there or not."""
    return user_models() / name / f"{name}.json"


def add(path: Path, name: str = "", *, replace: bool = False) -> Path:
    """Take up an exported model, or a card with its network beside it; returns the new card.

    Raises ModelError, and leaves everything as it was, for anything that is not wholly right.
    """
    with tempfile.TemporaryDirectory() as folder:
        unpacked = Path(folder)
        card = (_unpack if zipfile.is_zipfile(path) else _collect)(path, unpacked)
        name = check_name(name or card.stem)
        try_model(str(card))
        return install(unpacked, card.stem, name, replace=replace)


def install(folder: Path, stem: str, name: str, *, replace: bool = False) -> Path:
    """Move a checked model into the person's own under a name; returns its card."""
    target = user_models() / name
    if target.exists() and not replace:
        raise ModelError(
            f"there is a model {name!r} already; remove it first: musictag models remove {name}"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".new-") as new:
        made = Path(new) / "model"
        shutil.copytree(folder, made)
        _rename(made / f"{stem}.json", name)
        if target.exists():
            target.rename(Path(new) / "old")
        made.rename(target)
    return card_path(name)


def choose(name: str) -> str:
    """Make a model the one that is used unless another is named; returns its id."""
    path = find_card(name)
    card = try_model(str(path))
    choice = choice_file()
    if name == DEFAULT_MODEL:
        choice.unlink(missing_ok=True)
        return card.id
    choice.parent.mkdir(parents=True, exist_ok=True)
    chosen = str(path.absolute()) if name.endswith(".json") else name
    with replacing(choice) as part:
        part.write_text(f"{chosen}\n", encoding="utf-8")
    return card.id


def remove(name: str) -> None:
    """Delete a model of one's own; where it was the chosen one, the shipped one is again."""
    if not card_path(name).exists() or not _NAME.fullmatch(name):
        raise ModelError(f"{name!r} is none of your own models, so it is not removed")
    shutil.rmtree(user_models() / name)
    choice = choice_file()
    if choice.exists() and choice.read_text(encoding="utf-8").strip() == name:
        choice.unlink()


def export(name: str, path: Path) -> None:
    """Write a model as one file that `add` takes."""
    card_file = find_card(name)
    card = try_model(str(card_file))
    try:
        with replacing(path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            for source in (card_file, card_file.with_name(card.weights)):
                # One time for all, so that a model is the same file whenever it is exported.
                entry = zipfile.ZipInfo(source.name, date_time=(1980, 1, 1, 0, 0, 0))
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, source.read_bytes())
    except OSError as error:
        raise ModelError(f"cannot be written ({error.strerror})", path) from error


def _unpack(path: Path, folder: Path) -> Path:
    """The card of an exported model, unpacked: one card and one network, nothing else."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            cards = [name for name in names if name.endswith(".json")]
            networks = [name for name in names if name.endswith(".onnx")]
            plain = all(Path(name).name == name and "\\" not in name for name in names)
            if len(names) != 2 or len(cards) != 1 or len(networks) != 1 or not plain:
                raise ModelError("is no exported model (it must hold a card and a network)", path)
            for name, most in ((cards[0], LARGEST_CARD), (networks[0], LARGEST)):
                with archive.open(name) as packed:
                    content = packed.read(most + 1)
                if len(content) > most:
                    raise ModelError(f"its {name} is out of all proportion", path)
                (folder / name).write_bytes(content)
    except (
        OSError,
        ValueError,
        EOFError,
        RuntimeError,
        NotImplementedError,
        zipfile.BadZipFile,
    ) as e:
        raise ModelError(f"is damaged ({e})", path) from e
    return folder / cards[0]


def _collect(path: Path, folder: Path) -> Path:
    """A copy of a card and its network."""
    if path.suffix != ".json":
        raise ModelError(f"is neither a model exported as {SUFFIX} nor a card (.json)", path)
    card = load_card(path)
    try:
        for source in (path, path.with_name(card.weights)):
            shutil.copyfile(source, folder / source.name)
    except OSError as error:
        raise ModelError(f"its network cannot be read ({error.strerror})", path) from error
    return folder / path.name


def _rename(path: Path, name: str) -> None:
    """Give a model another name: that of its card, its files and its id."""
    content = json.loads(path.read_text(encoding="utf-8"))
    network = path.with_name(content["weights"])
    content |= {"name": name, "weights": f"{name}.onnx"}
    network.rename(path.with_name(content["weights"]))
    path.unlink()
    path.with_name(f"{name}.json").write_text(
        json.dumps(content, indent=1) + "\n", encoding="utf-8"
    )
