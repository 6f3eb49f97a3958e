"""Forms in which everything is left to chance: what nobody thought of putting together."""

from __future__ import annotations

import random
from collections.abc import Iterator

from benchmarks.safety.forms import asf, behind, chunks, flac, id3_frames, mp4, mpeg, ogg
from benchmarks.safety.forms.ape import ape_tag
from benchmarks.safety.forms.form import Form, Maker, Named
from benchmarks.safety.forms.id3 import Way, write

_EACH = 10  # of one kind, so that they get their share of trials


def way(rng: random.Random) -> Way:
    """Any way to write a tag that can be one."""
    version = rng.choice((2, 3, 4))
    return mpeg.with_way(
        Way(
            version,
            encoding=rng.randrange(4 if version == 4 else 2),
            plain=version == 4 and rng.random() < 0.3,
            unsync=rng.random() < 0.3,
            marked=rng.random() < 0.5,
            extended=rng.choice(("", "", "plain", "crc")) if version > 2 else "",
            footer=version == 4 and rng.random() < 0.2,
            padding=rng.choice((0, 1, 9, 10, 64, 3000)),
            long=rng.random() < 0.5,
            order_mark=rng.random() < 0.8,
            revision=rng.choice((0, 0, 0, 1)),
        ),
        rng,
    )


def frames(rng: random.Random, how: Way) -> id3_frames.Special:
    """Frames of several special makes."""
    makes = [id3_frames.doubled]
    if how.version > 2:
        makes += [id3_frames.packed, id3_frames.chapters, id3_frames.odd, id3_frames.kept]
    if how.version == 4:
        makes.append(id3_frames.lengths)
    chosen = rng.sample(makes, rng.randrange(min(3, len(makes)) + 1))
    return [special for make in chosen for special in make(rng, how)]


def mp3(rng: random.Random) -> Form:
    """A tag, perhaps another, the sound, and any tags behind it."""
    how = way(rng)
    tag = write(rng, how, frames(rng, how))
    parts = [write(rng, way(rng)).content] if rng.random() < 0.2 else []
    parts += [bytes(rng.choice((1, 30)))] if rng.random() < 0.1 else []
    parts.append(mpeg.sound(rng))
    tails = [
        ape_tag(rng, header=rng.random() < 0.7), mpeg.lyrics3(rng),
        write(rng, Way(footer=True)).content,
    ]  # fmt: skip
    parts += rng.sample(tails, rng.choice((0, 0, 1, 2)))
    parts += [mpeg.id3v1(rng, rng.choice((8, 17, 255)))] if rng.random() < 0.4 else []
    rest: Named = ("sound and what is beside it", b"".join(parts))
    return Form(".mp3", tag.content + rest[1], (rest, *tag.exact), tag.fields)


def flacs(rng: random.Random) -> Form:
    """Blocks in any order."""
    order = [*"ppPsaq0ex"]
    rng.shuffle(order)
    chosen = order[: rng.randrange(8)]
    if rng.random() < 0.9:
        chosen.insert(rng.randrange(len(chosen) + 1), "c")
    front = rng.choice(("", "", "", "id3", "v1"))
    return flac.file(rng, "".join(chosen), odd=rng.random() < 0.4, front=front)


def oggs(rng: random.Random) -> Form:
    """One stream in any cut."""
    extra = rng.choice(("", "picture", "large picture", "tail", "zeros", "odd"))
    return ogg.single(
        rng, rng.choice(("vorbis", "opus", "speex")), extra=extra, first=rng.choice((0, 0, 0, 9)),
        segments=rng.choice((1, 3, 17, 100, 254, 255)), together=rng.random() < 0.4,
        bare=rng.random() < 0.1,
    )  # fmt: skip


def mp4s(rng: random.Random) -> Form:
    """Atoms in any order."""
    order = [*"imeut"]
    rng.shuffle(order)
    for sign in rng.sample("eut", rng.randrange(4)):
        order.remove(sign)
    extra = frozenset(rng.sample(["chpl", "text", "unknown", "other user data"], rng.randrange(4)))
    tags = ("none", "no list", "empty", "full", "odd", "padded", "padded before", "two", "no meta")
    build = mp4.Build(
        rng.choice(("aac", "alac")) if "text" not in extra else "aac", "f" + "".join(order),
        rng.random() < 0.3, rng.choice(("", "", "mdat")), rng.choice(tags), extra,
    )  # fmt: skip
    return mp4.file(rng, build)


def asfs(rng: random.Random) -> Form:
    """Objects in any order."""
    order = rng.sample("ceuppu", rng.randrange(7))
    inner = rng.sample("mlPU", rng.randrange(5))
    whole = [*order, *inner, "x"] if inner else order
    rng.shuffle(whole)
    return asf.file(rng, "".join(whole), odd=rng.random() < 0.5)


def riffs(rng: random.Random) -> Form:
    """Any tag in any file of chunks."""
    return chunks.file(rng, rng.choice(("WAV", "WAV odd", "AIFF", "AIFC")), rng.choice(chunks.WHAT))


def others(rng: random.Random) -> Form:
    """TTA and DSF with any tag."""
    how = way(rng)
    return (
        behind.dsf(rng, how) if rng.random() < 0.5 else behind.tta(rng, how, v1=rng.random() < 0.3)
    )


def forms() -> Iterator[tuple[str, Maker]]:
    """All of them by name."""
    makers = {"mp3": mp3, "flac": flacs, "ogg": oggs, "mp4": mp4s, "asf": asfs, "chunks": riffs,
              "others": others}  # fmt: skip
    for kind, maker in makers.items():
        for number in range(_EACH * (3 if kind == "mp3" else 1)):
            yield f"wild {kind} {number}", maker
