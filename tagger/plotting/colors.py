"""Numbers -> colours that colour-blind people can tell apart."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tagger.plotting.figure import Pixels

Array = npt.NDArray[np.float32]

# Viridis (S. van der Walt and N. Smith, 2015) at five points: evenly rising in lightness.
_VIRIDIS = np.array([(68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37)])

# Vermilion and blue of M. Okabe and K. Ito, Color Universal Design, 2008.
FOR, AGAINST = "#d55e00", "#0072b2"
FOR_TEXT = "#b04a00"  # darker: text on white needs a contrast of 4.5 to 1
_FOR, _AGAINST = np.array((213, 94, 0)), np.array((0, 114, 178))


def viridis(shares: Array) -> Pixels:
    """Colours of values from 0 to 1. Shape: `(...)` in, `(..., 3)` out."""
    places = np.linspace(0, 1, len(_VIRIDIS))
    bands = [np.interp(shares, places, _VIRIDIS[:, i]) for i in range(3)]
    return np.stack(bands, axis=-1).round().astype(np.uint8)


def hex_color(share: float) -> str:
    """The colour of one value as CSS writes it.

    >>> hex_color(0.0), hex_color(1.0)
    ('#440154', '#fde725')
    """
    red, green, blue = viridis(np.array([share], dtype=np.float32))[0]
    return f"#{red:02x}{green:02x}{blue:02x}"


def highlighted(shares: Array, weights: Array) -> Pixels:
    """Values as greys, tinted vermilion by positive weights and blue by negative ones.

    Shape: both `(H, W)`, values 0 to 1, weights -1 to 1; `(H, W, 3)` out
    """
    grey = np.repeat((245 - 165 * shares)[..., None], 3, axis=-1)
    tint = np.where(weights[..., None] > 0, _FOR, _AGAINST)
    strength = 0.85 * np.abs(weights)[..., None]
    return (grey * (1 - strength) + tint * strength).round().astype(np.uint8)
