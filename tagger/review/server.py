"""The server of a review, from its first to its last request."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable

import uvicorn

from tagger.errors import MusicTagError
from tagger.review.classifying import Classifier
from tagger.review.entrance import Entrance
from tagger.review.gate import Keys
from tagger.review.media import Sounds
from tagger.review.routes import Library, make_app
from tagger.review.runs import Runs
from tagger.review.state import Review

HOST = "127.0.0.1"  # never another: see `tagger.review.gate`


def serve(
    review: Review,
    classifier: Classifier,
    runs: Runs,
    port: int,
    opened: Callable[[Entrance], object],
) -> None:
    """Classify, and answer the page until Ctrl-C; a run that is under way is ended in order.

    `opened` is called with the ways to the page once they can be taken. Port 0 takes a free one.
    Raises MusicTagError where the port is taken.
    """
    keys = Keys()
    with contextlib.closing(Sounds()) as sounds, _bound(port) as listening:
        real_port = listening.getsockname()[1]
        entrance = Entrance(keys, f"http://{HOST}:{real_port}")
        library = Library(review, classifier, runs, sounds)
        app = make_app(library, keys, real_port, entrance.close)
        config = uvicorn.Config(
            app, lifespan="off", ws="none", log_config=None, access_log=False, server_header=False,
            timeout_graceful_shutdown=2,
        )  # fmt: skip
        try:
            classifier.start()
            opened(entrance)
            with contextlib.suppress(KeyboardInterrupt):
                uvicorn.Server(config).run(sockets=[listening])
        finally:
            entrance.close()
            runs.close()
            classifier.close()


def _bound(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port))
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or error
        raise MusicTagError(
            f"port {port} cannot be used ({why}); --port 0 takes a free one"
        ) from error
