"""Everything about a model but its weights.

The card owns every number the weights depend on: sample rate, mel settings, labels, voting,
calibration and thresholds. No option may override them, since a front end that differs from the
one in training gives plausible, wrong tags without any error.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from math import inf, isfinite
from pathlib import Path
from typing import Any, Literal, get_args

from tagger.errors import ModelError
from tagger.vocabulary import KINDS, Kind, Label, Vocabulary

# How sure a tag must be: "precise" tags are right at least four times in five on held-out tracks,
# "balanced" ones weigh a wrong tag and a missing one alike (the best F1).
Profile = Literal["precise", "balanced"]
PROFILES: tuple[Profile, ...] = get_args(Profile)

# How well a label is recognised was measured on real held-out sound that people labelled, or it
# rests on synthesised sound and other networks' words alone.
# From strongest to weakest: people labelled held-out recordings; two teachers of different kinds
# agree about held-out songs and so does the model; neither.
Evidence = Literal["measured", "vouched", "experimental"]

LARGEST_CARD = 4 << 20  # bytes

# A front end beyond these is a mistake or malice: it would take all memory or never end.
_HIGHEST_RATE = 192_000  # Hz
_LONGEST_SLICE_S = 60
_MOST_MELS = 4096
_MOST_CELLS = 1 << 22  # of one mel slice
_MOST_SAMPLES = 1 << 28  # under all windows of one slice

_LONGEST_WORD = 100  # signs of a name
_LONGEST_TEXT = 20_000  # signs of an account
_SHA256 = re.compile("[0-9a-f]{64}")

FORMAT = 1  # raised when a card's fields change their meaning


@dataclass(frozen=True, slots=True)
class MelSpec:
    """The front end: how sound becomes the log-mel slices a model was trained on."""

    rate: int  # Hz, of the mono signal
    slice_samples: int  # samples in one slice
    n_fft: int  # samples under one Hann window
    hop: int  # samples from frame to frame
    n_mels: int
    fmin: float  # Hz, lower edge of the lowest band
    fmax: float  # Hz, upper edge of the highest band
    # A slice is scaled so that its mean mel power is 1, hence tags do not depend on volume; but
    # power below this floor counts as silence and is not raised.
    power_floor: float
    # log10(1 + gain * power): detail further below the mean than 1 / gain is pressed to zero,
    # which is where codecs differ from each other and from the original.
    log_gain: float

    def __post_init__(self) -> None:
        counts = (self.rate, self.slice_samples, self.n_fft, self.hop, self.n_mels)
        if not all(type(count) is int for count in counts):
            raise ValueError("mel settings must be whole numbers")
        if min(counts) <= 0:
            raise ValueError("mel settings must be positive")
        if not self.n_fft <= self.slice_samples:
            raise ValueError(f"n_fft {self.n_fft} exceeds the slice of {self.slice_samples}")
        if not 0 <= self.fmin < self.fmax <= self.rate / 2:
            raise ValueError(f"mel range {self.fmin}-{self.fmax} Hz does not fit {self.rate} Hz")
        if not (0 < self.power_floor < inf and 0 < self.log_gain < inf):
            raise ValueError("power_floor and log_gain must be positive")
        if not self._is_sensible():
            raise ValueError("the front end is out of all proportion")

    def _is_sensible(self) -> bool:
        return (
            self.rate <= _HIGHEST_RATE
            and self.slice_samples <= self.rate * _LONGEST_SLICE_S
            and self.n_mels <= _MOST_MELS
            and self.n_mels * self.n_frames <= _MOST_CELLS
            and self.n_fft * self.n_frames <= _MOST_SAMPLES
        )

    @property
    def n_frames(self) -> int:
        """Frames in one slice; each lies wholly inside it."""
        return 1 + (self.slice_samples - self.n_fft) // self.hop

    @property
    def slice_s(self) -> float:
        """Length of one slice in seconds."""
        return self.slice_samples / self.rate


@dataclass(frozen=True, slots=True)
class LabelRule:
    """How the vote for one label becomes a probability and a decision.

    The calibrated probability is sigmoid(slope * logit(vote) + offset), with the two numbers fitted
    on tracks the network was not trained on. Source: Platt 1999.
    """

    slope: float
    offset: float
    threshold: float  # calibrated probability from which the tag is given, in "balanced"
    precise: float = 0.0  # the same in "precise", where it is higher
    evidence: Evidence = "measured"

    def __post_init__(self) -> None:
        if not (isfinite(self.slope) and isfinite(self.offset)):
            raise ValueError(f"calibration {self.slope}, {self.offset} is not finite")
        if not self.slope > 0:
            raise ValueError(f"calibration slope {self.slope} would turn the ranking round")
        if not (0 < self.threshold <= 1 and 0 <= self.precise <= 1):
            raise ValueError(f"threshold {self.threshold} or {self.precise} is not a probability")
        if self.evidence not in get_args(Evidence):
            raise ValueError(f"evidence {self.evidence!r} is not one of {get_args(Evidence)}")

    @property
    def is_default(self) -> bool:
        """Whether tags of the label are given without `--experimental`."""
        return self.evidence != "experimental"

    def least(self, profile: Profile) -> float:
        """The probability from which the tag is given."""
        return max(self.threshold, self.precise) if profile == "precise" else self.threshold


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model's identity, front end, labels, rules, origin and proof."""

    name: str
    version: str
    licence: str
    data: str  # what it learned from, in words
    trained_at: str  # commit of the training code
    mel: MelSpec
    vocabulary: Vocabulary
    rules: tuple[LabelRule, ...]  # one per label
    weights: str  # file name of the ONNX network beside the card
    sha256: str  # of that file
    self_test: tuple[float, ...]  # scores of the self-test signal, one per label; "golden" in JSON
    metrics: dict[str, Any]  # what was measured, by the names `training.evaluation.predict` gives
    # The share of the slices, those in which a label scores highest, whose mean is its vote.
    vote_shares: dict[Kind, float] = field(default_factory=lambda: dict.fromkeys(KINDS, 1.0))

    def __post_init__(self) -> None:
        if set(self.vote_shares) != set(KINDS) or not all(
            0 < share <= 1 for share in self.vote_shares.values()
        ):
            raise ValueError(f"vote_shares {self.vote_shares} are not a share for each kind")
        if not len(self.vocabulary) == len(self.rules) == len(self.self_test):
            raise ValueError("labels, rules and self-test scores differ in number")
        if not all(map(isfinite, self.self_test)):
            raise ValueError("a self-test score is not finite")
        self._check_words()
        if Path(self.weights).name != self.weights or not self.weights.endswith(".onnx"):
            raise ValueError(f"weights {self.weights!r} is not the name of an .onnx file")

    def _check_words(self) -> None:
        """Names and accounts are shown to people, and written into files."""
        names = (self.name, self.version, self.licence, self.trained_at, self.weights)
        if not all(0 < len(name) <= _LONGEST_WORD and name.isprintable() for name in names):
            raise ValueError("a name of it is empty, too long, or holds control characters")
        if not isinstance(self.data, str) or len(self.data) > _LONGEST_TEXT:
            raise ValueError("what it learned from is not told in a text of sensible length")
        if not _SHA256.fullmatch(self.sha256) or not isinstance(self.metrics, dict):
            raise ValueError("its checksum is no SHA-256, or its metrics are no table")

    @property
    def id(self) -> str:
        """Name, version and the start of the weights' hash: what a result is filed under."""
        return f"{self.name}-{self.version}-{self.sha256[:8]}"


def dump_card(card: ModelCard, path: Path) -> None:
    """Write a card as JSON, readable by people."""
    content = asdict(card)
    content["labels"] = [
        {**asdict(label), **asdict(rule), "golden": score}
        for label, rule, score in zip(
            card.vocabulary.labels, card.rules, card.self_test, strict=True
        )
    ]
    for key in ("vocabulary", "rules", "self_test"):
        del content[key]
    path.write_text(json.dumps({"format": FORMAT, **content}, indent=1) + "\n", encoding="utf-8")


def load_card(path: Path) -> ModelCard:
    """Read a card; anything missing, unknown or out of range is a ModelError naming the path."""
    try:
        content = json.loads(_read(path).decode("utf-8"))
    except FileNotFoundError as error:
        raise ModelError("no model card there", path) from error
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"not a readable model card ({error})", path) from error
    try:
        return _parse(content)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise ModelError(f"not a valid model card ({_reason(error)})", path) from error


def _read(path: Path) -> bytes:
    if not path.is_file() and path.exists():  # a pipe would be waited for, a device never ends
        raise ValueError("not a regular file")
    with path.open("rb") as file:
        content = file.read(LARGEST_CARD + 1)
    if len(content) > LARGEST_CARD:
        raise ValueError(f"larger than {LARGEST_CARD >> 20} MB")
    return content


def _parse(content: dict[str, Any]) -> ModelCard:
    content = dict(content)
    if (found := content.pop("format")) != FORMAT:
        raise ValueError(f"format {found!r}, this program reads {FORMAT}")
    labels = content.pop("labels")
    return ModelCard(
        mel=MelSpec(**content.pop("mel")),
        vocabulary=Vocabulary(tuple(Label(x["kind"], x["name"]) for x in labels)),
        rules=tuple(_rule(x) for x in labels),
        self_test=tuple(float(x["golden"]) for x in labels),
        **content,
    )


def _rule(content: dict[str, Any]) -> LabelRule:
    slope, offset, threshold = (float(content[key]) for key in ("slope", "offset", "threshold"))
    precise, evidence = float(content.get("precise", 0.0)), content.get("evidence", "measured")
    return LabelRule(slope, offset, threshold, precise, evidence)


def _reason(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)
