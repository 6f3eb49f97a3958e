"""One small file of every container, with tags, pictures and chapters of others in it.

Python encodes most of them; Speex comes from the system's ffmpeg, and Monkey's Audio, Musepack and
DSF, for which no free encoder is at hand, are headers by the book before random bytes.
"""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import mutagen
import mutagen.apev2
import mutagen.asf
import mutagen.flac
import mutagen.id3
import mutagen.mp4
import numpy as np
import pytest

from tagger.demo import write_audio

# Untyped: mutagen's own types stop at its surface.
mutagen_asf: Any = mutagen.asf
mutagen_mp4: Any = mutagen.mp4
mutagen_ape: Any = mutagen.apev2
mutagen_flac: Any = mutagen.flac

PICTURE = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 20
TONE = (0.2 * np.sin(np.arange(2 * 33000) / 20)).astype(np.float32).reshape(2, -1)

# Kind -> the end of its files' names.
KINDS = {
    "mp3": ".mp3", "mp3 v2.3": ".mp3", "mp3 v2.2": ".mp3", "mp3 v1": ".mp3", "flac": ".flac",
    "vorbis": ".ogg", "opus": ".opus", "speex": ".spx", "aac": ".m4a", "alac": ".m4a",
    "wav": ".wav", "aiff": ".aiff", "wma": ".wma", "wavpack": ".wv", "ape": ".ape",
    "musepack": ".mpc", "dsf": ".dsf",
}  # fmt: skip


def make_file(kind: str, path: Path) -> Path:
    """A file of a kind with foreign tags and neither genre nor instruments."""
    made = {"ape": _ape, "musepack": _musepack, "dsf": _dsf, "speex": _speex}.get(kind)
    if made:
        made(path)
    else:
        write_audio(path, TONE, 48000 if kind == "opus" else 44100, alac=kind == "alac")
    if kind.startswith("mp3"):
        _tag_mp3(path, kind)
    else:
        _tag(path)
    return path


def dump(path: Path) -> dict[str, str]:
    """All tags but ours, as mutagen reads them."""
    file: Any = mutagen.File(path)
    found: dict[str, list[str]] = {}
    for key, value in list(file.tags.items()) if file.tags is not None else []:
        found.setdefault(key, []).append(repr(value))
    ours = ("TCON", "TXXX:INSTRUMENT", "GENRE", "INSTRUMENT", "\xa9GEN", "GNRE", "WM/GENRE",
            "----:COM.APPLE.ITUNES:INSTRUMENT", "TXXX:MUSICTAG", "MUSICTAG")  # fmt: skip
    kept = {k: repr(v) for k, v in found.items() if k.upper() not in ours}
    if path.read_bytes()[-128:-125] == b"TAG":  # mutagen makes frames of it in Latin-1, we in UTF-8
        kept = {k: re.sub(r"encoding=<[^>]*>", "", v) for k, v in kept.items()}
    pictures = [p.write() for p in getattr(file, "pictures", [])]
    return {**kept, "pictures": repr(pictures), "length": repr(file.info.length)}


def _tag_mp3(path: Path, kind: str) -> None:
    content = path.read_bytes()
    if kind == "mp3 v1":
        texts = [b"Old Title", b"Old Artist", b"Old Album"]
        fields = [text.ljust(30, b"\0") for text in texts]
        fields += [b"1999", b"a comment".ljust(28, b"\0"), b"\0\x07"]
        path.write_bytes(content + b"TAG" + b"".join(fields) + b"\xff")
    elif kind == "mp3 v2.2":
        path.write_bytes(_id3v22() + content)
    else:
        tags = _id3()
        version = 3 if kind == "mp3 v2.3" else 4
        if version == 3:
            tags.update_to_v23()
        tags.save(path, v2_version=version)
        ape = mutagen_ape.APEv2()
        ape["MP3GAIN_MINMAX"] = "100,200"
        ape.save(path)


def _id3() -> Any:
    i: Any = mutagen.id3
    tags = i.ID3()
    for frame in (
        i.TIT2(3, ["Tïtle"]), i.TPE1(3, ["One", "Two"]), i.TALB(3, ["Album"]), i.TDRC(3, ["1999"]),
        i.APIC(3, "image/jpeg", 3, "cover", PICTURE), i.COMM(3, "eng", "c", ["text"]),
        i.USLT(3, "eng", "", "words"), i.PRIV("me", b"\0\xff\xfe\1"), i.UFID("you", b"\xff\0id"),
        i.TXXX(3, "MOOD", ["calm", "dark"]), i.TXXX(3, "INSTRUMENTS", ["not ours"]),
        i.POPM("a@b", 128, 7), i.TMCL(3, [["piano", "Ann"]]),
        i.CTOC("toc", 3, ["c1"], [i.TIT2(3, ["toc"])]),
        i.CHAP("c1", 0, 500, 0xFFFFFFFF, 0xFFFFFFFF, [i.TIT2(3, ["first"])]),
    ):  # fmt: skip
        tags.add(frame)
    return tags


def _id3v22() -> bytes:
    def frame(name: bytes, body: bytes) -> bytes:
        return name + len(body).to_bytes(3, "big") + body

    picture = b"\0JPG\3cover\0" + PICTURE
    body = frame(b"TT2", b"\0Old title") + frame(b"TP1", b"\0Somebody") + frame(b"PIC", picture)
    body += frame(b"TXX", b"\0MOOD\0calm") + frame(b"COM", b"\0eng\0words") + bytes(100)
    size = len(body)
    return b"ID3\2\0\0" + bytes(size >> s & 0x7F for s in (21, 14, 7, 0)) + body


def _tag(path: Path) -> None:
    file: Any = mutagen.File(path)
    if file.tags is None:
        file.add_tags()
    tags: Any = file.tags
    if isinstance(file.tags, mutagen.id3.ID3):
        for frame in _id3().values():
            tags.add(frame)
    elif isinstance(tags, mutagen.mp4.MP4Tags):
        tags["\xa9nam"], tags["\xa9ART"], tags["\xa9alb"] = ["Tïtle"], ["One", "Two"], ["Album"]
        tags["trkn"], tags["cpil"], tags["tmpo"] = [(3, 9)], False, [120]
        tags["covr"] = [mutagen_mp4.MP4Cover(PICTURE, 13)]
        tags["----:com.apple.iTunes:MOOD"] = [b"calm", b"dark"]
    elif isinstance(tags, mutagen.apev2.APEv2):
        tags["Title"], tags["Artist"] = "Tïtle", ["One", "Two"]
        tags["Cover Art (Front)"] = mutagen_ape.APEBinaryValue(b"cover.jpg\0" + PICTURE)
    elif isinstance(tags, mutagen.asf.ASFTags):
        tags["Title"], tags["Author"] = ["Tïtle"], ["One"]
        tags["WM/AlbumTitle"], tags["WM/TrackNumber"] = ["Album"], [3]
        tags["WM/Mood"] = ["calm", "dark"]
        tags["WM/Picture"] = mutagen_asf.ASFByteArrayAttribute(PICTURE)
    else:
        tags["TITLE"], tags["ARTIST"], tags["ALBUM"] = "Tïtle", ["One", "Two"], "Album"
        tags["CHAPTER001"], tags["Mood"] = "00:00:00.000", ["calm", "dark"]
        if hasattr(file, "add_picture"):
            picture = mutagen_flac.Picture()
            picture.data, picture.type, picture.mime = PICTURE, 3, "image/jpeg"
            file.add_picture(picture)
    file.save()


def _noise(size: int) -> bytes:
    return np.random.default_rng(size).bytes(size)


def _ape(path: Path) -> None:
    """Source: mutagen.monkeysaudio, and the header of version 3.98 in Monkey's Audio's SDK."""
    head = b"MAC " + struct.pack("<H", 3990) + bytes(50)
    head += struct.pack("<IIIHHI", 73728, 33000, 1, 16, 2, 44100)
    path.write_bytes(head + _noise(20_000))


def _musepack(path: Path) -> None:
    """Source: https://trac.musepack.net/musepack/wiki/SV7Specification."""
    path.write_bytes(b"MP+\x07" + struct.pack("<II", 30, 0) + bytes(20) + _noise(20_000))


def _dsf(path: Path) -> None:
    """Source: DSF File Format Specification 1.01, Sony 2005."""
    sound = _noise(2 * 4096)
    data = b"data" + struct.pack("<Q", 12 + len(sound)) + sound
    form = struct.pack("<IIIIIIQII", 1, 0, 2, 2, 2822400, 1, 32768, 4096, 0)
    form = b"fmt " + struct.pack("<Q", 52) + form
    size = 28 + len(form) + len(data)
    path.write_bytes(b"DSD " + struct.pack("<QQQ", 28, size, 0) + form + data)


def _speex(path: Path) -> None:
    if not shutil.which("ffmpeg"):
        pytest.skip("no ffmpeg here to encode Speex with; .ci/run installs it")
    sound = path.with_suffix(".wav")
    write_audio(sound, TONE, 32000)
    command = ["ffmpeg", "-v", "error", "-y", "-i", str(sound), "-ac", "1", "-c:a", "libspeex"]
    subprocess.run([*command, "-f", "ogg", str(path)], check=True)
    sound.unlink()
