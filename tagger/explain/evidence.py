"""A file -> why each of its tags is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tagger.audio import iter_windows
from tagger.errors import AudioError, MusicTagError
from tagger.explain.occlusion import ROWS, STEPS, occlusion_maps
from tagger.inference.calibration import calibrate
from tagger.inference.mel_spectrogram import hz_to_mel, mel_to_hz
from tagger.inference.slice_scores import iter_mel, predict_slices
from tagger.models.card import MelSpec, ModelCard
from tagger.models.model import Model
from tagger.scanning.limits import TOO_LARGE, load_bounded, lost_message
from tagger.scanning.pool import Pool
from tagger.scanning.results import Track, make_track
from tagger.scanning.settings import Settings
from tagger.scanning.workers import Loss
from tagger.vocabulary import KINDS, Tag

Array = npt.NDArray[np.float32]

MOST_WINDOWS = 3  # named for a tag, and against it


@dataclass(frozen=True, slots=True)
class Window:
    """The probability that a label would have if all windows were like this one."""

    start_s: float
    probability: float


@dataclass(frozen=True, slots=True, eq=False)
class Reason:
    """Why one tag is given, or would be.

    `windows_for` would give the tag by themselves, `windows_against` would not, the clearest
    first. Shape: `map` is `(S, ROWS, STEPS)`, in logits times the slice's
    probability.
    """

    tag: Tag
    given: bool
    windows_for: tuple[Window, ...]
    windows_against: tuple[Window, ...]
    map: Array
    peak_s: float  # the middle of the part that adds most
    peak_hz: tuple[float, float]  # its edges


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """The result of one file, and why. Shape: `mel` is `(S, M, F)`."""

    path: Path
    track: Track
    spec: MelSpec
    mel: Array
    reasons: tuple[Reason, ...]


def explain_apart(
    path: Path, settings: Settings, names: Sequence[str], timeout_s: float
) -> Explanation:
    """The same in a process of its own, which a damaged file may take along.

    Raises AudioError too where the process dies over it or takes longer than `timeout_s`.
    """

    def lost(path: Path, why: Loss) -> Explanation:
        raise AudioError(lost_message(why, timeout_s, "--timeout"), path)

    arguments = (replace(settings, device="cpu"), tuple(names))
    with Pool(_prepare, arguments, lost=lost, size=1, timeout_s=timeout_s) as pool:
        answer = pool.submit(path).result()
    if isinstance(answer, MusicTagError):
        raise answer
    return answer


def _prepare(
    settings: Settings, names: Sequence[str]
) -> Callable[[Path], Explanation | MusicTagError]:
    model = load_bounded(settings.model, settings.device)

    def work(path: Path) -> Explanation | MusicTagError:
        try:
            return explain(path, model, settings, names)
        except MusicTagError as error:
            return error
        except MemoryError:
            return AudioError(TOO_LARGE, path)

    return work


def explain(path: Path, model: Model, settings: Settings, names: Sequence[str] = ()) -> Explanation:
    """Score a file and find the reasons for its tags, or for the labels named.

    A file without tags is explained by its most probable genre and instrument. Raises AudioError
    where its sound cannot be read, MusicTagError where a name is no label of the model.
    """
    spec = model.card.mel
    chunks = iter_windows(path, rate=spec.rate, length=spec.slice_samples, count=settings.windows)
    parts = list(iter_mel(chunks, spec))
    track = make_track(predict_slices(model.network, parts).scores(), model.card, settings)
    mel = np.concatenate([part.mel for part in parts])
    labels = _named(names, model.card) if names else _labels(track)
    maps = occlusion_maps(model, mel, labels, track.slices.silent)
    reasons = (
        _reason(i, track, model.card, _weighted(map_, track.slices.values[:, i]))
        for i, map_ in zip(labels, maps, strict=True)
    )
    return Explanation(path, track, spec, mel, tuple(reasons))


def _weighted(map_: Array, scores: Array) -> Array:
    """The map, each slice by the score of the label in it.

    Where a logit is far down, hiding a part moves it by much that is of no account: from one
    ten-thousandth to another. Shape: `(S, ROWS, STEPS)` and `(S,)` in, `(S, ROWS, STEPS)` out
    """
    return map_ * scores[:, None, None]


def _named(names: Sequence[str], card: ModelCard) -> list[int]:
    labels = card.vocabulary.labels
    own = {label.name.casefold() for label in labels}
    if unknown := [name for name in names if name.casefold() not in own]:
        raise MusicTagError(
            f"the model has no label {unknown[0]!r}; musictag labels lists those it has"
        )
    wanted = {name.casefold() for name in names}
    return [i for i, label in enumerate(labels) if label.name.casefold() in wanted]


def _labels(track: Track) -> list[int]:
    vocabulary, given = track.scores.vocabulary, {(tag.kind, tag.name) for tag in track.tags}
    indices = [i for i, label in enumerate(vocabulary.labels) if (label.kind, label.name) in given]
    best = [
        max(of, key=track.scores.values.__getitem__) for k in KINDS if (of := vocabulary.indices(k))
    ]
    return sorted(indices, key=lambda i: -track.scores.values[i]) or best


def _reason(label: int, track: Track, card: ModelCard, map_: Array) -> Reason:
    chances = calibrate(track.slices.values, card)[:, label]
    windows = [
        Window(start, float(chance))
        for start, chance, silent in zip(
            track.slices.starts, chances, track.slices.silent, strict=True
        )
        if not silent
    ]
    windows.sort(key=lambda window: -window.probability)
    threshold = card.rules[label].threshold
    windows_for = tuple(w for w in windows if w.probability >= threshold)
    windows_against = tuple(w for w in reversed(windows) if w.probability < threshold)
    name = card.vocabulary.labels[label]
    tag = Tag(name.kind, name.name, float(track.scores.values[label]))
    given = any((t.kind, t.name) == (tag.kind, tag.name) for t in track.tags)
    return Reason(
        tag, given, windows_for[:MOST_WINDOWS], windows_against[:MOST_WINDOWS], map_,
        *_peak(map_, track, card.mel),
    )  # fmt: skip


def _peak(map_: Array, track: Track, spec: MelSpec) -> tuple[float, tuple[float, float]]:
    """Time and frequencies of the part that adds most."""
    index, row, step = np.unravel_index(int(map_.argmax()), map_.shape)
    time = track.slices.starts[int(index)] + (int(step) + 0.5) / STEPS * spec.slice_s
    edges = mel_to_hz(np.linspace(hz_to_mel(spec.fmin), hz_to_mel(spec.fmax), ROWS + 1))
    return float(time), (float(edges[row]), float(edges[row + 1]))
