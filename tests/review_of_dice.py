"""A review of a library of any size that is classified at once: `python -m tests.review_of_dice N`.

It shows its link as `musictag review` does.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tagger.models.card import load_card
from tagger.models.model import find_card
from tagger.review.classifying import Classifier
from tagger.review.entrance import Entrance
from tagger.review.runs import Runs
from tagger.review.server import serve
from tagger.review.state import Review
from tagger.scanning.results import Result
from tagger.writing.plan import Policy
from tests.heard_library import heard_library


def main(n_files: int) -> None:
    results = list(heard_library(n_files))

    @contextmanager
    def scanning() -> Iterator[Iterator[Result]]:
        yield iter(results)

    def show(entrance: Entrance) -> None:
        sys.stderr.write(f"{entrance.link}\n")
        sys.stderr.flush()

    state = Review(load_card(find_card("small")), Policy(), [Path("/music")])
    classifier = Classifier(state, scanning, n_files)
    serve(state, classifier, Runs(state), 0, show)


if __name__ == "__main__":
    main(int(sys.argv[1]))
