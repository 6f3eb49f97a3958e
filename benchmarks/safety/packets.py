"""Checksums of the packets of sound, by FFmpeg: the library in this process, and the program."""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
from pathlib import Path

import av


def packets(content: bytes) -> str:
    """A checksum of all packets and their times, as FFmpeg's library finds them; empty: none."""
    digest = hashlib.blake2b(digest_size=16)
    try:
        with av.open(io.BytesIO(content), "r", metadata_errors="replace") as file:
            for packet in file.demux(list(file.streams.audio)):
                if packet.size:
                    digest.update(f"{packet.pts} {packet.duration} {packet.size} ".encode())
                    digest.update(bytes(packet))
    except (av.FFmpegError, ValueError, OSError):
        return ""
    return digest.hexdigest()


def program_hash(path: Path) -> str:
    """The same by the program, sound and pictures; empty where there is none or it cannot read."""
    if not shutil.which("ffmpeg"):
        return ""
    command = ["ffmpeg", "-v", "quiet", "-i", str(path), "-map", "0", "-c", "copy",
               "-f", "streamhash", "-"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    return done.stdout.decode() if done.returncode == 0 else ""
