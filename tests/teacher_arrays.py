"""Random arrays in the shapes of the networks that teach, from their layer tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

Arrays = dict[str, npt.NDArray[np.float32]]

# MobileNetV3-Large (Howard et al. 2019, table 1), at full width: kernel, expansion, channels out,
# gate, hard swish, stride.
BLOCKS = (
    (3, 16, 16, False, False, 1), (3, 64, 24, False, False, 2), (3, 72, 24, False, False, 1),
    (5, 72, 40, True, False, 2), (5, 120, 40, True, False, 1), (5, 120, 40, True, False, 1),
    (3, 240, 80, False, True, 2), (3, 200, 80, False, True, 1), (3, 184, 80, False, True, 1),
    (3, 184, 80, False, True, 1), (3, 480, 112, True, True, 1), (3, 672, 112, True, True, 1),
    (5, 672, 160, True, True, 2), (5, 960, 160, True, True, 1), (5, 960, 160, True, True, 1),
)  # fmt: skip
# musicnn's convolutions: height, width, channels out.
CONVOLUTIONS = (
    (7, 38, 204), (7, 67, 204), (128, 1, 51), (64, 1, 51), (32, 1, 51),
    (7, 561, 64), (7, 64, 64), (7, 64, 64),
)  # fmt: skip


def at_width(channels: float) -> int:
    """A multiple of 8 near it; the next where rounding down would lose more than a tenth."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded


class Maker:
    """Arrays by name, so scaled that a signal neither fades nor bursts on its way."""

    def __init__(self, seed: int) -> None:
        self.rng, self.arrays = np.random.default_rng(seed), Arrays()

    def weight(self, name: str, *shape: int, fan_in: int) -> None:
        """Values of variance 2 / fan_in."""
        values = self.rng.normal(0, np.sqrt(2 / fan_in), shape)
        self.arrays[name] = values.astype(np.float32)

    def values(self, name: str, low: float, high: float, n: int) -> None:
        """Values between two bounds."""
        self.arrays[name] = self.rng.uniform(low, high, n).astype(np.float32)

    def normed(self, name: str, out: int, per_group: int, kernel: int) -> None:
        """A convolution of PyTorch's and its batch norm."""
        self.weight(
            f"{name}.0.weight", out, per_group, kernel, kernel, fan_in=per_group * kernel**2
        )
        for part, low, high in (
            ("weight", 0.8, 1.2), ("bias", -0.2, 0.2), ("running_mean", -0.2, 0.2),
            ("running_var", 0.5, 1.5),
        ):  # fmt: skip
            self.values(f"{name}.1.{part}", low, high, out)

    def linear(self, name: str, out: int, width: int) -> None:
        """A dense layer of PyTorch's."""
        self.weight(f"{name}.weight", out, width, fan_in=width)
        self.values(f"{name}.bias", -0.2, 0.2, out)


def audioset_arrays(seed: int = 1) -> Arrays:
    """Those of mn04_as: MobileNetV3-Large at 0.4 times the width."""
    make, width = Maker(seed), 8
    make.normed("features.0", width, 1, 3)
    for i, (kernel, expansion, out, gate, _, _) in enumerate(BLOCKS, start=1):
        name, at = f"features.{i}.block", 0
        wide = at_width(0.4 * expansion)
        if wide > width:
            make.normed(f"{name}.0", wide, width, 1)
            at = 1
        make.normed(f"{name}.{at}", wide, 1, kernel)
        if gate:
            at += 1
            inside = at_width(wide // 4)
            make.linear(f"{name}.{at}.conc_se_layers.0.fc1", inside, wide)
            make.linear(f"{name}.{at}.conc_se_layers.0.fc2", wide, inside)
        width = at_width(0.4 * out)
        make.normed(f"{name}.{at + 1}", width, wide, 1)
    make.normed("features.16", 384, width, 1)
    make.linear("classifier.2", 512, 384)
    make.linear("classifier.5", 527, 512)
    return make.arrays


def musicnn_arrays(seed: int = 1) -> Arrays:
    """Those of musicnn, in the layout of Keras."""
    make = Maker(seed)
    for i, (height, width, out) in enumerate(CONVOLUTIONS):
        name = "conv2d" + (f"_{i}" if i else "")
        make.weight(f"{name}.kernel", height, width, 1, out, fan_in=height * width)
        make.values(f"{name}.bias", -0.2, 0.2, out)
    channels = [1, *(out for _, _, out in CONVOLUTIONS), 1506, 200]
    for i, n in enumerate(channels):
        name = "batch_normalization" + (f"_{i}" if i else "")
        for part, low, high in (
            ("gamma", 0.8, 1.2), ("beta", -0.2, 0.2), ("moving_mean", -0.2, 0.2),
            ("moving_variance", 0.5, 1.5),
        ):  # fmt: skip
            make.values(f"{name}.{part}", low, high, n)
    for name, width, out in (("dense", 1506, 200), ("dense_1", 200, 50)):
        make.weight(f"{name}.kernel", width, out, fan_in=width)
        make.values(f"{name}.bias", -0.2, 0.2, out)
    return make.arrays


def write_audioset(data: Path, seed: int = 1) -> Path:
    """A random AudioSet teacher in a data folder."""
    path = data / "teachers" / "audioset_mn04.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **audioset_arrays(seed))  # type: ignore[arg-type]
    return path
