"""The same music in every format that ffmpeg writes, made from a library's own files."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Format:
    """What ffmpeg is told to write."""

    name: str
    suffix: str
    options: str

    @property
    def folder(self) -> str:
        """The name of the folder for files of this format."""
        return self.name.lower().replace(" ", "-")


MP3 = "-c:a libmp3lame"
FORMATS = (
    Format("MP3 192k", ".mp3", f"{MP3} -b:a 192k"),
    Format("MP3 192k no Xing", ".mp3", f"{MP3} -b:a 192k -write_xing 0"),
    Format("MP3 V2", ".mp3", f"{MP3} -q:a 2"),
    Format("MP3 V2 no Xing", ".mp3", f"{MP3} -q:a 2 -write_xing 0"),
    Format("AAC", ".m4a", "-c:a aac -b:a 192k"),
    Format("ALAC", ".m4a", "-c:a alac"),
    Format("Vorbis", ".ogg", "-c:a libvorbis -q:a 6"),
    Format("Opus", ".opus", "-c:a libopus -b:a 128k"),
    Format("FLAC 16 bit", ".flac", "-c:a flac -sample_fmt s16"),
    Format("FLAC 24 bit", ".flac", "-c:a flac -sample_fmt s32 -bits_per_raw_sample 24"),
    Format("WAV", ".wav", "-c:a pcm_s16le"),
    Format("WMA", ".wma", "-c:a wmav2 -b:a 192k"),
    Format("WavPack", ".wv", "-c:a wavpack"),
)


def write_formats(folder: Path, sources: list[Path]) -> dict[str, list[Path]]:
    """The sources in each format, by its name; nothing where ffmpeg is not installed.

    What is there already is not written again. ffmpeg has no encoder for Monkey's Audio.
    """
    if not shutil.which("ffmpeg"):
        return {}
    return {
        form.name: [_written(folder / form.folder, form, source) for source in sources]
        for form in FORMATS
    }


def _written(folder: Path, form: Format, source: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{source.stem}{form.suffix}"
    unfinished = folder / f"new{form.suffix}"
    if not path.exists():
        command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", str(source), "-vn"]
        subprocess.run([*command, *form.options.split(), str(unfinished)], check=True)
        unfinished.rename(path)
    return path
