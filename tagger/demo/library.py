"""A small library of synthesised music on disk, tagged as unevenly as real ones are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tagger.demo.encode import write_audio
from tagger.demo.styles import STYLES, Style, check_length, render
from tagger.demo.synth import RATE
from tagger.errors import MusicTagError


@dataclass(frozen=True, slots=True)
class _Track:
    """A style in a format, with its place on the album and the genres its file claims."""

    style: str
    suffix: str
    number: int
    tagged: tuple[str, ...] = ()


_TRACKS = (
    _Track("strings", ".flac", 1, ("Classical",)),
    _Track("piano", ".flac", 2),
    _Track("organ", ".m4a", 3, ("Rock",)),  # wrong, as somebody's tags always are
    _Track("choir", ".wav", 4),
    _Track("techno", ".mp3", 1, ("Other",)),  # says nothing
    _Track("ambient", ".opus", 2, ("Electronic", "Ambient")),
    _Track("rock", ".mp3", 1),
    _Track("jazz", ".m4a", 1, ("Jazz",)),
    _Track("reggae", ".ogg", 1, ("Unknown",)),  # says nothing either
    _Track("bossa", ".aiff", 1),
    _Track("folk", ".ogg", 1, ("Folk",)),
    _Track("hip-hop", ".mp3", 1),
)

N_TRACKS = len(_TRACKS)


def write_demo(
    folder: Path,
    *,
    seconds: float = 30.0,
    seed: int = 1,
    progress: Callable[[], object] = lambda: None,
) -> list[Path]:
    """Write the demo library and return its files, `folder`/Artist/Album/NN Title.ext.

    Twelve pieces of `seconds` each, in seven formats; the same bytes for the same arguments. The
    folder is created. One that holds anything is refused and left as it is. `progress` is called
    after each piece.
    """
    check_length(seconds)  # before the folder is made
    _claim(folder)
    paths = []
    for track in _TRACKS:
        paths.append(_write_track(folder, track, seconds, seed))
        progress()
    return paths


def _claim(folder: Path) -> None:
    """Make sure that `folder` exists and is empty."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = any(folder.iterdir())
    except OSError as error:
        reason = error.strerror or error
        raise MusicTagError(f"cannot hold the demo library: {reason}", folder) from error
    if taken:
        raise MusicTagError("is not empty; choose an empty folder for the demo library", folder)


def _write_track(folder: Path, track: _Track, seconds: float, seed: int) -> Path:
    style = STYLES[track.style]
    path = folder / style.artist / style.album / f"{track.number:02d} {style.title}{track.suffix}"
    samples = render(track.style, seconds, seed)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MusicTagError(f"cannot be made: {error.strerror or error}", path.parent) from error
    write_audio(path, samples, RATE)
    _write_tags(path, style, track)
    return path


def _write_tags(path: Path, style: Style, track: _Track) -> None:
    """Title, artist, album, track number and, where the track claims any, genres."""
    import mediafile  # loads every tag format there is; rendering alone needs none

    try:
        file = mediafile.MediaFile(path)
        file.title, file.artist, file.album = style.title, style.artist, style.album
        file.track = track.number
        if track.tagged:
            file.genres = list(track.tagged)
        file.save()
    except mediafile.UnreadableFileError as error:
        raise MusicTagError(f"its tags cannot be written: {error}", path) from error
