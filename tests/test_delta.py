"""A file made again, byte for byte, from another with the same sound."""

from __future__ import annotations

import io
import random
from itertools import accumulate, chain, zip_longest
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.tags.containers.base import DamagedError, Source
from tagger.writing.delta import LARGEST_PATCH, Frame, Patch, make_patch, read_frame
from tests.music_files import PICTURE

blocks = st.sampled_from(
    [b"", b"x", bytes(300), bytes(range(256)), random.Random(1).randbytes(200), b"TCON" * 20]
)
gaps = st.lists(blocks | st.binary(max_size=90), max_size=5).map(b"".join)
sounds = st.lists(st.binary(max_size=40), max_size=3)


def framed(parts: list[bytes], sound: list[bytes]) -> tuple[bytes, Frame]:
    """A file of these gaps with the sound between them, and its frame."""
    pieces = [p for p in chain(*zip_longest(parts, sound)) if p is not None]
    ends = list(accumulate(map(len, pieces)))
    ranges = [(ends[2 * i], ends[2 * i + 1]) for i in range(len(sound))]
    return b"".join(pieces), Frame(tuple(parts), tuple(ranges))


def made(patch: Patch, content: bytes) -> bytes:
    pieces = patch.pieces(len(content))
    return b"".join(p if isinstance(p, bytes) else content[p[0] : p[1]] for p in pieces)


@given(st.data(), sounds)
def test_old_file_is_made_from_the_new_one(data: st.DataObject, sound: list[bytes]) -> None:
    of_gaps = st.lists(gaps, min_size=len(sound) + 1, max_size=len(sound) + 1)
    old, frame = framed(data.draw(of_gaps), sound)
    new, other = framed(data.draw(of_gaps), sound)
    patch = make_patch(frame, other)
    assert patch is not None
    assert made(Patch.unpack(patch.pack()), new) == old
    assert (patch.was == patch.now) == (old == new and frame == other)


def test_picture_that_moved_is_not_kept_again() -> None:
    rng = random.Random(2)
    cover, text = rng.randbytes(300_000), rng.randbytes(200)
    old, frame = framed([b"head" + text + PICTURE + cover + bytes(5000), b"end"], [b"sound"])
    new, other = framed([b"head" + cover + b"TCON Jazz" + text + PICTURE, b"more end"], [b"sound"])
    patch = make_patch(frame, other)
    assert patch is not None
    assert made(patch, new) == old
    assert len(patch.pack()) < 400


def test_patch_that_is_too_large_is_not_kept() -> None:
    _, old = framed([random.Random(3).randbytes(LARGEST_PATCH + 1000)], [])
    _, new = framed([b"small"], [])
    patch = make_patch(old, new)
    assert patch is not None
    assert patch == Patch(old.digest, new.digest)


@given(st.binary(max_size=60))
def test_damaged_patch_is_said_to_be(content: bytes) -> None:
    with pytest.raises(DamagedError):
        Patch(bytes(16), bytes(16), content).pieces(1000)


def test_patch_that_would_fill_the_disk_is_damaged() -> None:
    from tagger.writing.delta import _write

    with pytest.raises(DamagedError):
        Patch(b"", b"", _write([(0, 1 << 20), (1, 1 << 20)] * 40)).pieces(1 << 20)


def test_frame_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"aaSOUNDbbcMOREd")
    with io.FileIO(path) as file:
        source = Source(file)
        frame = read_frame(source, [(2, 7), (10, 14)])
        assert frame == Frame((b"aa", b"bbc", b"d"), ((2, 7), (10, 14)))
        assert read_frame(source, [(10, 14), (2, 7)]) is None
