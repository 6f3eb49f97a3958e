"""How the person's own browser gets in: by a page in a file that sends the token, or by a link.

A link with a token stands in the list of processes while a browser is handed it, and in the
browser's history ever after. So the browser is handed the name of a file that only this user can
read; the page in it sends the token in a form, and the file is removed once that was done. The
link is for those whom the file does not reach; each of the two makes the other useless.

Source: Jupyter opens its browser by such a file (jupyter/notebook#4260).
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from tagger.report.html_page import filled, hashed, web_text
from tagger.review.gate import Keys

_POLICY = "default-src 'none'; base-uri 'none';"


class Entrance:
    """The ways into one review, until somebody came in."""

    def __init__(self, keys: Keys, server: str) -> None:
        self._keys, self._server = keys, server
        self._folder: Path | None = None

    @property
    def link(self) -> str:
        """The address with the token, good for one use."""
        return f"{self._server}{self._keys.link}"

    def page(self) -> str:
        """The address of a new file that sends the token; OSError where it cannot be written."""
        self._folder = Path(tempfile.mkdtemp(prefix="musictag-review-", dir=_readable_folder()))
        file = self._folder / "open.html"
        file.touch(0o600)
        file.write_text(self._page_text(), "utf-8")
        return file.as_uri()

    def close(self) -> None:
        """Remove the file: somebody came in, or nobody will."""
        if self._folder:
            with suppress(OSError):  # a token that was used is of no use to anybody
                shutil.rmtree(self._folder)
            self._folder = None

    def _page_text(self) -> str:
        script = web_text("open.js", "tagger.review")
        values = {
            "policy": f"{_POLICY} script-src {hashed(script)}; form-action {self._server}",
            "action": f"{self._server}{self._keys.open_path}",
            "token": self._keys.token,
            "script": script,
        }  # fmt: skip
        return filled(web_text("open.html", "tagger.review"), values)


def _readable_folder() -> Path | None:
    """Where the browser sees files: None is the folder for temporary ones.

    Browsers that came as snaps have a /tmp of their own, and in the person's home see no hidden
    folders (jupyter/notebook#4500).
    """
    home = Path.home()
    return home if (home / "snap").is_dir() else None
