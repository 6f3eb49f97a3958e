"""Sound of real encoders, free of tags: what tags written by hand are put around.

The makers of the tests encode it; here it is only cut out, by readers of our own.
"""

from __future__ import annotations

import io
import struct
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import av

from tests.music_files import KINDS, make_file


@cache
def whole(kind: str) -> bytes:
    """A file as the tests make it."""
    with tempfile.TemporaryDirectory() as folder:
        return make_file(kind, Path(folder) / f"song{KINDS[kind]}").read_bytes()


@cache
def flac() -> tuple[bytes, bytes]:
    """The first block's content, and the frames of sound."""
    content, at = whole("flac"), 4
    info = content[8:42]
    while True:
        last = content[at] & 0x80
        at += 4 + int.from_bytes(content[at + 1 : at + 4], "big")
        if last:
            return info, content[at:]


@cache
def without_ape(kind: str) -> bytes:
    """A file of WavPack, Monkey's Audio or Musepack without its tag."""
    content = whole(kind)
    at = content.find(b"APETAGEX")
    return content[:at] if at >= 0 else content


@cache
def tta() -> bytes:
    """A file of True Audio."""
    pcm = struct.pack("<1000h", *range(1000)) * 8
    command = ["ffmpeg", "-v", "error", "-f", "s16le", "-ar", "44100", "-ac", "1", "-i", "-",
               "-c:a", "tta", "-f", "tta", "-"]  # fmt: skip
    return subprocess.run(command, input=pcm, capture_output=True, check=True).stdout


@cache
def ogg_packets(kind: str) -> tuple[tuple[int, bytes], ...]:
    """Every packet of a stream, with the time stamp of the page on which it ends."""
    content, at, part = whole(kind), 0, b""
    found: list[tuple[int, bytes]] = []
    while at < len(content):
        (granule,) = struct.unpack_from("<q", content, at + 6)
        count = content[at + 26]
        body = at + 27 + count
        for size in content[at + 27 : body]:
            part += content[body : body + size]
            body += size
            if size < 255:
                found.append((granule, part))
                part = b""
        at = body
    return tuple(found)


@cache
def mp4_parts(kind: str) -> tuple[bytes, bytes, bytes, int]:
    """The content of ftyp, of moov without user data, and of mdat; where that began in its file."""
    content, at, place = whole(kind), 0, 0
    found: dict[bytes, bytes] = {}
    while at < len(content):
        size, name = struct.unpack_from(">I4s", content, at)
        found[name] = content[at + 8 : at + size]
        place = at + 8 if name == b"mdat" else place
        at += size
    moov, at, kept = found[b"moov"], 0, b""
    while at < len(moov):
        size, name = struct.unpack_from(">I4s", moov, at)
        if name != b"udta":
            kept += moov[at : at + size]
        at += size
    return found[b"ftyp"], kept, found[b"mdat"], place


@cache
def fragmented() -> bytes:
    """AAC in MP4 as streams are, in fragments."""
    made = io.BytesIO()
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    with (
        av.open(io.BytesIO(whole("aac")), "r") as source,
        av.open(made, "w", format="mp4", options=options) as target,
    ):
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.size:
                packet.stream = stream
                target.mux(packet)
    return made.getvalue()


@cache
def asf_objects() -> tuple[tuple[bytes, bytes], ...]:
    """GUID and content of the objects that an ASF header needs; the last one is the sound."""
    content = whole("wma")
    (size,) = struct.unpack_from("<Q", content, 16)
    found, at = [], 30
    while at < size:
        guid, length = struct.unpack_from("<16sQ", content, at)
        found.append((guid, content[at + 24 : at + length]))
        at += length
    needed = (bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365"),  # file, stream, codecs
              bytes.fromhex("9107dcb7b7a9cf118ee600c00c205365"),
              bytes.fromhex("4052d1861d31d011a3a400a0c90348f6"))  # fmt: skip
    kept = [pair for pair in found if pair[0] in needed]
    return (*kept, (b"sound", content[size:]))
