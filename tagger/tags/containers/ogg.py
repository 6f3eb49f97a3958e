"""Ogg: Vorbis, Opus, Speex and FLAC streams with comments in their second packet.

Source: https://www.rfc-editor.org/rfc/rfc3533
"""

from __future__ import annotations

import io
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from mutagen import MutagenError
from mutagen.ogg import OggPage

from tagger.tags.containers.base import (
    LARGEST,
    DamagedError,
    Layout,
    ParsedFile,
    Piece,
    Range,
    Source,
    limited,
)
from tagger.tags.containers.vorbis_comments import DIALECT, Comments, parse

# First bytes of the first packet -> the name, first bytes of the comments, header packets.
_CODECS = {
    b"\x01vorbis": ("OGG Vorbis", b"\x03vorbis", 3),
    b"OpusHead": ("Opus", b"OpusTags", 2),
    b"Speex   ": ("Speex", b"", 2),
}
_LONGEST_HEAD = 27 + 255  # of a page
_MOST_HEADER_PAGES = 5000  # 16 MB of pictures take 250
_MOST_PAGES = 1_000_000  # ten hours of Vorbis take 300,000


@dataclass(frozen=True, slots=True)
class _Page:
    """A page: where it is, and the parts of its header that matter here."""

    start: int
    end: int
    body: int  # where its packets start
    serial: bytes
    lacing: bytes
    first: bool  # of its stream


@dataclass(frozen=True, slots=True)
class _Headers:
    """The pages behind the first that hold the header packets, and those packets."""

    pages: tuple[_Page, ...]
    packets: tuple[bytes, ...]  # comments first
    mark: bytes

    def comments(self) -> Comments:
        """The comments."""
        if not self.packets[0].startswith(self.mark):
            raise DamagedError("its comments are missing")
        return parse(self.packets[0][len(self.mark) :])


@dataclass(frozen=True)
class Ogg(ParsedFile):
    """One stream of sound in Ogg pages."""

    pages: tuple[_Page, ...]  # those of the headers, without the first
    comments: Comments

    def audio(self) -> Iterable[Range]:
        """Packets and time stamps of all other pages; their numbers may change."""
        start = self.pages[-1].end
        for end in self._ends:
            yield start + 5, start + 18
            yield start + 26, end
            start = end

    def head(self) -> int:
        """All up to the last page of the headers, which are written anew."""
        for page in self.pages:
            _checked(self.source, page)
        return self.pages[-1].end

    def rest(self, head: Source) -> Iterable[Piece]:
        """The other pages, numbered again where there are more or fewer before them."""
        more = sum(1 for _ in _pages(head, self.pages[0].start)) - len(self.pages)
        return self._numbered(more)

    def check_copy(self, copy: ParsedFile) -> None:
        """Raise DamagedError where a page of a copy is not to the byte what it should be.

        Numbers and checksums of pages are neither tags nor sound, so nothing else looks at them.
        """
        assert isinstance(copy, Ogg)
        number = _checked(self.source, self.pages[0]).sequence
        found = (_checked(copy.source, page).sequence for page in copy.pages)
        if any(sequence != number + i for i, sequence in enumerate(found)):
            raise DamagedError("a page of its copy has a wrong number")
        at = copy.pages[-1].end
        for piece in self._numbered(len(copy.pages) - len(self.pages)):
            wanted = (piece,) if isinstance(piece, bytes) else self.source.blocks(*piece)
            for block in wanted:
                if copy.source.at(at, len(block)) != block:
                    raise DamagedError("a page of its copy came out otherwise")
                at += len(block)

    def _numbered(self, more: int) -> Iterator[Piece]:
        """All pages behind the headers, whose numbers are higher by `more`."""
        start = self.pages[-1].end
        if more:
            yield from _renumbered(self.source, start, self.pages[0].serial, more)
        else:
            yield start, self.source.size

    @cached_property
    def _ends(self) -> array[int]:
        """Where each page behind the headers ends: eight bytes for each, of up to a million."""
        return array("Q", (page.end for page in _pages(self.source, self.pages[-1].end)))


def read_ogg(source: Source) -> Ogg:
    """The comments of a file; DamagedError where its pages or headers are damaged."""
    headers = _read_headers(source)
    comments = headers.comments()
    first = source.at(0, headers.pages[0].start)
    padding = comments.tail.rstrip(b"\0")
    rest = (first, comments.vendor, padding, *headers.packets[1:])
    return Ogg(source, "Ogg", Layout(DIALECT, comments.items, rest), headers.pages, comments)


def _renumbered(source: Source, start: int, serial: bytes, more: int) -> Iterator[Piece]:
    """All pages behind the headers; those of our stream count on, the others are left."""
    ours = True
    for page in _pages(source, start):
        ours = ours and (page.serial != serial or not page.first)  # a chain may use a serial again
        if not ours or page.serial != serial:
            yield page.start, page.end
            continue
        copy = _checked(source, page)
        copy.sequence += more
        yield copy.write()  # type: ignore[no-untyped-call]


def _checked(source: Source, page: _Page) -> OggPage:
    """A page that is to be written anew; an error where its checksum does not hold.

    A new checksum would make a page look sound whose bytes are not.
    """
    content = source.at(page.start, page.end - page.start)
    try:
        found = OggPage(io.BytesIO(content))  # type: ignore[no-untyped-call]
        same = found.write() == content  # type: ignore[no-untyped-call]
    except (MutagenError, ValueError) as error:
        raise DamagedError("its pages are built oddly") from error
    if not same:
        raise DamagedError("a page of it has a wrong checksum")
    return found


def _read_headers(source: Source) -> _Headers:
    pages = _pages(source, 0)
    first = next(pages)
    start = source.at(first.body, min(8, first.end - first.body))
    mark, count = _codec(source, first, start)
    used: list[_Page] = []
    packets: list[bytes] = []
    part = bytearray()
    for page in pages:
        if page.serial != first.serial or len(used) > _MOST_HEADER_PAGES:
            raise DamagedError("it holds more than one stream")
        if page.end - first.end > LARGEST:
            raise DamagedError("its headers are larger than any tags")
        used.append(page)
        body, at = source.at(page.body, page.end - page.body), 0
        for size in page.lacing:
            part += body[at : at + size]
            at += size
            if size < 255:
                packets.append(bytes(part))
                part.clear()
        if len(packets) >= count - 1:
            break
    if len(packets) != count - 1 or part:
        raise DamagedError("its headers are damaged")
    return _Headers(tuple(used), tuple(packets), mark)


def _codec(source: Source, first: _Page, start: bytes) -> tuple[bytes, int]:
    for signature, (_, mark, count) in _CODECS.items():
        if start.startswith(signature):
            extra = 0
            if not mark:  # Speex counts header packets of its own
                extra = int.from_bytes(source.at(first.body + 68, 4), "little")
                if extra > 16:
                    raise DamagedError("its headers are damaged")
            return mark, count + extra
    raise DamagedError("it holds no sound that is known here")


def _pages(source: Source, at: int) -> Iterator[_Page]:
    return limited(_all_pages(source, at), _MOST_PAGES)


def _all_pages(source: Source, at: int) -> Iterator[_Page]:
    while at < source.size:
        head = source.peek(at, _LONGEST_HEAD)
        if len(head) < 27 or len(head) < 27 + head[26]:
            raise DamagedError("it ends before its parts do")
        if head[:4] != b"OggS":
            raise DamagedError("its pages do not follow each other")
        lacing = head[27 : 27 + head[26]]
        body = at + 27 + head[26]
        end = body + sum(lacing)
        if end > source.size:
            raise DamagedError("its last page is cut off")
        yield _Page(at, end, body, head[14:18], lacing, bool(head[5] & 2))
        at = end
