"""What the page may ask for. It names files by their numbers alone, never by a path."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from tagger import __version__
from tagger.errors import MusicTagError
from tagger.report.page_data import score_record
from tagger.review.bodies import body_of, choices_of, token_of, whole
from tagger.review.classifying import Classifier
from tagger.review.covers import cover_of
from tagger.review.gate import COOKIE, Gate, Keys
from tagger.review.items import Item
from tagger.review.media import Sounds
from tagger.review.page import icon, page_text, policy_of
from tagger.review.past_runs import run_rows
from tagger.review.runs import BusyError, Runs
from tagger.review.state import Review

T = TypeVar("T")

_USED = (
    "This link was used before, and each is good for one browser. Start musictag review again; "
    "what was classified is not classified anew.\n"
)


@dataclass(frozen=True, slots=True)
class Library:
    """What the answers are made of."""

    review: Review
    classifier: Classifier
    runs: Runs
    sounds: Sounds


def make_app(library: Library, keys: Keys, port: int, entered: Callable[[], object]) -> ASGIApp:
    """The server's program, behind its gate; `entered` is called when the token was used."""
    answers = _Answers(library)
    inner = [
        Route("/library", answers.library),
        Route("/updates", answers.updates),
        Route("/tracks/{number:int}", answers.track),
        Route("/tracks/{number:int}/sound", answers.sound),
        Route("/tracks/{number:int}/cover", answers.cover),
        Route("/history", answers.history),
        Route("/decide", answers.decide, methods=["POST"]),
        Route("/plan", answers.plan, methods=["POST"]),
        Route("/write", answers.write, methods=["POST"]),
        Route("/undo", answers.undo, methods=["POST"]),
        Route("/stop", answers.stop, methods=["POST"]),
        Route("/go-on", answers.go_on, methods=["POST"]),
    ]
    outer = [
        Route("/", _page),
        Route("/icon.svg", _icon),
        Route("/open", _opening(keys, entered), methods=["GET", "POST"]),
        Mount("/api", routes=inner),
    ]
    return Gate(Starlette(routes=[Mount(f"/{keys.folder}", routes=outer)]), keys, port)


def _page(request: Request) -> Response:
    """The page as anybody may see it: without anything of the library."""
    return HTMLResponse(page_text(), headers={"Content-Security-Policy": policy_of()})


def _icon(request: Request) -> Response:
    return Response(icon(), media_type="image/svg+xml")


def _opening(keys: Keys, entered: Callable[[], object]) -> Callable[[Request], Awaitable[Response]]:
    async def opening(request: Request) -> Response:
        """Take the token and give the cookie; the page's own address holds no token."""
        if keys.admits(request.headers):
            return RedirectResponse("./", 303)
        cookie = keys.exchange(await token_of(request))
        if cookie is None:
            return Response(_USED, 403, media_type="text/plain")
        entered()
        answer = RedirectResponse("./", 303)
        path = f"/{keys.folder}/"
        answer.set_cookie(COOKIE, cookie, path=path, httponly=True, samesite="strict")
        return answer

    return opening


class _Answers:
    """One method for each thing that may be asked."""

    def __init__(self, library: Library) -> None:
        self._review, self._runs = library.review, library.runs
        self._classifier, self._sounds = library.classifier, library.sounds

    def library(self, request: Request) -> Response:
        """What stays as it is: keys version, model, mode, roots, labels ([kind, name])."""
        review = self._review
        labels = [[label.kind, label.name] for label in review.card.vocabulary.labels]
        roots = [str(root) for root in review.roots]
        fixed = {"version": __version__, "model": review.card.id, "mode": review.policy.mode}
        return _json({**fixed, "roots": roots, "labels": labels})

    def updates(self, request: Request) -> Response:
        """What is new: keys seen, count, tracks (rows), classifying, run."""
        seen, rows = self._review.rows_since(whole(request.query_params.get("since", "0")))
        last = self._runs.last
        return _json(
            {
                "seen": seen,
                "count": self._review.count(),
                "tracks": rows,
                "classifying": self._classifier.record(),
                "run": last.record() if last else None,
            }
        )

    def track(self, request: Request) -> Response:
        """All there is to say of one file."""
        return _json(_details(self._item(request)))

    def sound(self, request: Request) -> Response:
        """The file itself, or what it sounds like where browsers cannot play it."""
        path = self._item(request).result.path
        return self._sounds.answer(path, wave="wave" in request.query_params)

    def cover(self, request: Request) -> Response:
        """The picture in the file."""
        found = cover_of(self._item(request).result.path)
        if found is None:  # a 404 would be an error in the browser's console
            return Response(status_code=204)
        return Response(found[0], media_type=found[1], headers={"Cache-Control": "private"})

    def history(self, request: Request) -> Response:
        """The runs that wrote tags, the newest first."""
        return _json(_translated(run_rows))

    async def decide(self, request: Request) -> Response:
        """Take over ticks: choices, each [number, kind, names that are ticked]."""
        body = await body_of(request)
        _translated(lambda: self._review.decide(choices_of(body.get("choices"))))
        return _json({})

    async def plan(self, request: Request) -> Response:
        """What Write would do to the first `upto` files: keys changes, files."""
        upto = whole((await body_of(request)).get("upto"))
        plan = await run_in_threadpool(self._review.plan, upto)
        return _json(
            {"files": len(plan.files), "changes": sum(len(file.changes) for file in plan.files)}
        )

    async def write(self, request: Request) -> Response:
        """Write what is ticked in the first `upto` files."""
        upto = whole((await body_of(request)).get("upto"))
        _translated(lambda: self._runs.write(upto))
        return _json({})

    async def undo(self, request: Request) -> Response:
        """Take a run back."""
        run = whole((await body_of(request)).get("run"))
        _translated(lambda: self._runs.undo(run))
        return _json({})

    async def stop(self, request: Request) -> Response:
        """Classify nothing more for now."""
        self._classifier.stop()
        return _json({})

    async def go_on(self, request: Request) -> Response:
        """Classify again."""
        self._classifier.go_on()
        return _json({})

    def _item(self, request: Request) -> Item:
        try:
            return self._review.item(request.path_params["number"])
        except LookupError:
            raise HTTPException(404) from None


def _details(item: Item) -> dict[str, Any]:
    """Keys: path, notes, and of a file that was classified those of `score_record`."""
    track, notes = item.result.track, [*item.result.notes, *item.notes]
    plain = {"path": str(item.result.path.absolute()), "notes": notes}
    return plain | score_record(track) if track else plain


def _translated(call: Callable[[], T]) -> T:
    """What it gives; errors become what a browser understands."""
    try:
        return call()
    except BusyError as error:
        raise HTTPException(409, str(error)) from error
    except MusicTagError as error:
        raise HTTPException(500, str(error)) from error
    except (ValueError, LookupError) as error:
        raise HTTPException(400, str(error)) from error


def _json(content: Any) -> Response:
    # Non-ASCII is escaped: names that are no UTF-8 survive the way.
    return Response(json.dumps(content), media_type="application/json")
