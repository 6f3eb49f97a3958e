"""Checksums of the packets of sound, by FFmpeg: the library in this process, and the program."""

from __future__ import annotations

import hashlib
import io
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import av

from benchmarks.safety.structure.mp4 import sounds


def packets(content: bytes) -> str:
    """A checksum of all packets and their times, as FFmpeg's library finds them; empty: none."""
    digest = hashlib.blake2b(digest_size=16)
    try:
        inside = _inside(content)
        with av.open(io.BytesIO(content), "r", metadata_errors="replace") as file:
            for packet in file.demux(list(file.streams.audio)):
                if packet.size and inside(packet.pos or 0, packet.size):
                    digest.update(f"{packet.pts} {packet.duration} {packet.size} ".encode())
                    digest.update(bytes(packet))
    except (av.FFmpegError, ValueError, OSError, struct.error):
        return ""
    return digest.hexdigest()


def _inside(content: bytes) -> Callable[[int, int], bool]:
    """Whether bytes are sound at all: tables of a damaged MP4 lead into its tags too."""
    if content[4:8] != b"ftyp":
        return lambda place, size: True
    where = sounds(content)
    return lambda place, size: any(a <= place and place + size <= b for a, b in where)


def program_hash(path: Path) -> str:
    """The same by the program, sound and pictures; empty where there is none or it cannot read."""
    if not shutil.which("ffmpeg"):
        return ""
    command = ["ffmpeg", "-v", "quiet", "-i", str(path), "-map", "0", "-c", "copy",
               "-f", "streamhash", "-"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    return done.stdout.decode() if done.returncode == 0 else ""
