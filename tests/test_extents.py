"""Bytes that two files share on a disk are not read to be compared; all others are."""

from __future__ import annotations

import io
import os
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.tags.containers import Source
from tagger.tags.fingerprint import same_audio
from tagger.writing.filesystem import Disk
from tagger.writing.shared_blocks import Extent, shared_extents, unshared

BLOCK = 16
LENGTH = 1 << 20


@st.composite
def files(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    """Two files by the blocks they lie in, some of them the same; 0: not shared with any file."""
    one = draw(st.lists(st.integers(0, 9), min_size=1, max_size=8))
    other = draw(st.permutations([*one, *draw(st.lists(st.integers(0, 9), max_size=4))]))
    return one, list(other)


def extents(blocks: list[int]) -> list[Extent]:
    return [
        Extent(i * BLOCK, (i + 1) * BLOCK, block * BLOCK) for i, block in enumerate(blocks) if block
    ]


@given(
    blocks=files(), start=st.integers(0, 40), place=st.integers(0, 40), length=st.integers(0, 90)
)
def test_only_bytes_of_the_same_block_are_passed_over(
    blocks: tuple[list[int], list[int]], start: int, place: int, length: int
) -> None:
    def where(file: list[int], byte: int) -> tuple[int, int] | None:
        block = file[byte // BLOCK] if byte // BLOCK < len(file) else 0
        return (block, byte % BLOCK) if block else None

    one, other = blocks
    left = {
        at
        for first, last in unshared(extents(one), extents(other), start, place, length)
        for at in range(first, last)
    }
    for at in range(length):
        mine, its = where(one, start + at), where(other, place + at)
        assert (at not in left) == (mine is not None and mine == its)


def test_copy_of_a_file_and_one_byte_that_is_not(tmp_path: Path) -> None:
    """On disks that share blocks and on those that do not."""
    old, new, disk = tmp_path / "old", tmp_path / "new", Disk()
    old.write_bytes(os.urandom(LENGTH))
    source, target = os.open(old, os.O_RDONLY), disk.create(new)
    try:
        os.fsync(source)
        disk.copy(source, target, 0, LENGTH)
        disk.sync(target)
        assert compare(old, new)
        os.pwrite(target, b"-----", LENGTH // 2)  # not waited for: it is seen all the same
        assert not compare(old, new)
    finally:
        os.close(source)
        os.close(target)


def compare(old: Path, new: Path) -> bool:
    with io.FileIO(old) as one, io.FileIO(new) as other:
        shared = shared_extents(one.fileno()), shared_extents(other.fileno())
        whole = [(0, LENGTH)]
        return same_audio(Source(one), whole, Source(other), whole, shared)


def test_what_linux_says_of_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Extents that are not plainly there are left out; more than fit are asked for again."""
    pytest.importorskip("fcntl")
    monkeypatch.setattr("sys.platform", "linux")
    shared, last, compressed = 0x2000, 0x1, 0x8
    told = [(i * 4096, i * 8192, 4096, shared) for i in range(256)]
    told += [(1 << 20, 5, 4096, 0), (2 << 20, 6, 4096, shared | compressed)]
    told += [(3 << 20, 7, 4096, shared | last)]
    asked: list[int] = []

    def answer(_: int, number: int, buffer: bytearray) -> None:
        assert number == 0xC020660B
        start, _, _, _, room, _ = struct.unpack_from("=QQLLLL", buffer)
        asked.append(start)
        fitting = [extent for extent in told if extent[0] >= start][:room]
        struct.pack_into("=L", buffer, 20, len(fitting))
        for i, (place, block, length, flags) in enumerate(fitting):
            struct.pack_into("=QQQ16xL", buffer, 32 + 56 * i, place, block, length, flags)

    monkeypatch.setattr("fcntl.ioctl", answer)
    found = shared_extents(0)
    assert asked == [0, 1 << 20]
    assert len(found) == 257
    assert found[-1] == Extent(3 << 20, (3 << 20) + 4096, 7)


def test_a_disk_that_tells_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")

    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    if os.name == "posix":
        monkeypatch.setattr("fcntl.ioctl", refuse)
    with (tmp_path / "file").open("rb") as file:
        assert shared_extents(file.fileno()) == []
