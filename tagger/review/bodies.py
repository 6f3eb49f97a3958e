"""What the page sends, read with suspicion."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.requests import Request

from tagger.review.state import Choice
from tagger.vocabulary import KINDS

LARGEST_BODY = 32 << 20  # bytes; 20,000 files unticked at once take 2 MB
LARGEST_FORM = 1000  # bytes; it holds a token


async def body_of(request: Request) -> dict[str, Any]:
    """The JSON object that was sent; a 400 where it is none, a 413 where it has no end."""
    if request.headers.get("content-type") != "application/json":
        raise HTTPException(415)
    try:
        content = json.loads(await _bytes_of(request, LARGEST_BODY))
    except (ValueError, RecursionError):
        raise HTTPException(400, "not JSON") from None
    if not isinstance(content, dict):
        raise HTTPException(400, "not an object")
    return content


async def token_of(request: Request) -> str:
    """The token in the address, or in the form that was sent; empty where there is none."""
    if request.method != "POST":
        return request.query_params.get("token", "")
    form = parse_qs((await _bytes_of(request, LARGEST_FORM)).decode("latin-1"))
    return form.get("token", [""])[0]


async def _bytes_of(request: Request, most: int) -> bytes:
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > most:
            raise HTTPException(413)
    return bytes(content)


def choices_of(content: Any) -> list[Choice]:
    """The choices that were sent; ValueError where they have another form."""
    if not isinstance(content, list):
        raise ValueError("choices are not a list")
    return [_choice(one) for one in content]


def _choice(content: Any) -> Choice:
    match content:
        case [int(number), str(kind), list(names)] if all(isinstance(n, str) for n in names):
            for one in KINDS:
                if kind == one:
                    return number, one, tuple(names)
    raise ValueError("a choice is not [number, kind, names]")


def whole(value: Any) -> int:
    """A whole number of what was sent, or a 400."""
    try:
        number = int(value)
    except (TypeError, ValueError):
        raise HTTPException(400, "not a number") from None
    if not 0 <= number < 1 << 53:
        raise HTTPException(400, "no such number")
    return number
