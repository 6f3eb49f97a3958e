"""The server of a review, from its first to its last request."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable

import uvicorn

from tagger.errors import MusicTagError
from tagger.review.classifying import Classifier
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
    opened: Callable[[str], object],
) -> None:
    """Classify, and answer the page until Ctrl-C; a run that is under way is ended in order.

    `opened` is called with the link of the page once it can be followed. Port 0 takes a free one.
    Raises MusicTagError where the port is taken.
    """
    keys = Keys()
    with contextlib.closing(Sounds()) as sounds, _bound(port) as listening:
        real_port = listening.getsockname()[1]
        app = make_app(Library(review, classifier, runs, sounds), keys, real_port)
        config = uvicorn.Config(
            app, lifespan="off", ws="none", log_config=None, access_log=False, server_header=False,
            timeout_graceful_shutdown=2,
        )  # fmt: skip
        try:
            classifier.start()
            opened(f"http://{HOST}:{real_port}{keys.link}")
            with contextlib.suppress(KeyboardInterrupt):
                uvicorn.Server(config).run(sockets=[listening])
        finally:
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
