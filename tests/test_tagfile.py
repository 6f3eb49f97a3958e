from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import mutagen.id3
import numpy as np
import pytest

from tagger.demo import write_audio
from tagger.errors import TagError
from tagger.tags.reader import FileTags, read_tags
from tests.tagged_file import TaggedFile

SUFFIXES = [".mp3", ".flac", ".ogg", ".opus", ".m4a", ".wav", ".aiff", ".wma", ".wv"]


@pytest.fixture
def sound() -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.zeros((2, 22050), dtype=np.float32)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_tags_of_every_container_are_read(
    suffix: str, tmp_path: Path, sound: np.ndarray[tuple[int, int], np.dtype[np.float32]]
) -> None:
    path = tmp_path / f"song{suffix}"
    write_audio(path, sound, 44100)
    assert read_tags(path) == FileTags()
    file = TaggedFile(path)
    file.genres = ["Bossa Nova", "Jazz"]
    file.instruments = ["Guitarra acústica", "Flute"]
    file.title, file.artist, file.album = "Água", "Ana", "Rio"
    file.save()
    assert read_tags(path) == FileTags(
        ("Bossa Nova", "Jazz"), ("Guitarra acústica", "Flute"), "Água", "Ana", "Rio"
    )


def test_instruments_stand_where_other_editors_look(
    tmp_path: Path, sound: np.ndarray[tuple[int, int], np.dtype[np.float32]]
) -> None:
    path = tmp_path / "song.mp3"
    write_audio(path, sound, 44100)
    tags = mutagen.id3.ID3()  # type: ignore[no-untyped-call]
    frame = mutagen.id3.TXXX(encoding=3, desc="INSTRUMENT", text=["Piano", "Voice"])  # type: ignore[no-untyped-call]
    tags.add(frame)  # type: ignore[no-untyped-call]
    tags.save(path)
    assert read_tags(path).instruments == ("Piano", "Voice")


@pytest.mark.parametrize(
    "content", [b"", b"no music here at all", b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f"]
)
def test_what_has_no_tags_is_an_error_with_its_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "song.mp3"
    path.write_bytes(content)
    with pytest.raises(TagError, match=r"song\.mp3: .*cannot be read"):
        read_tags(path)


def test_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TagError, match="cannot be read"):
        read_tags(tmp_path / "none.mp3")


@pytest.mark.parametrize("joined", ["Voice/Drums/Electric Bass", "Voice; Drums; Electric Bass"])
def test_instruments_joined_in_id3_2_3_are_read_alike_by_mediafile_and_us(
    joined: str, short_song: Path, tmp_path: Path
) -> None:
    song = Path(shutil.copy(short_song, tmp_path / "song.mp3"))
    id3: Any = mutagen.id3
    tags = id3.ID3(song)
    tags.add(id3.TXXX(encoding=1, desc="INSTRUMENT", text=[joined]))
    tags.update_to_v23()
    tags.save(song, v2_version=3)
    expected = ("Voice", "Drums", "Electric Bass")
    assert read_tags(song).instruments == expected
    assert tuple(TaggedFile(song).instruments) == expected
