"""Text as frames of ID3v2 hold it: in one of four codes, genres as names or numbers."""

from __future__ import annotations

from tagger.tags.containers.parts import DamagedError

CODECS = {0: "latin-1", 1: "utf-16", 2: "utf-16-be", 3: "utf-8"}  # by a frame's first byte
_ORDERS = (b"\xff\xfe", b"\xfe\xff")  # of bytes in UTF-16


def decode(content: bytes, codec: str) -> str:
    """The text; signs that cannot be read are replaced."""
    return content.decode(_ordered(content, codec), "replace")


def check(body: bytes) -> None:
    """Raise ValueError where the body of a text frame holds what is no text."""
    if body[0] not in CODECS:
        raise DamagedError("it is in a code that nobody knows")
    text, codec = body[1:], CODECS[body[0]]
    if body[0] in (1, 2) and len(text) % 2 and text[-1] == 0:  # some end it with one zero
        text = text[:-1]
    text.decode(_ordered(text, codec))


def _ordered(content: bytes, codec: str) -> str:
    return "utf-16-le" if codec == "utf-16" and content[:2] not in _ORDERS else codec


def genres(values: list[str]) -> list[str]:
    """Names for numbers such as "17" and "(17)"."""
    from mutagen.id3 import TCON  # 30 ms that other commands need not pay

    return list(TCON(encoding=3, text=values).genres)  # type: ignore[no-untyped-call]


def is_latin(text: str) -> bool:
    """Whether a text can be written in Latin-1."""
    return all(ord(sign) < 256 for sign in text)
