"""What a picture consists of. Positions and sizes are in pixels of a 900-pixel-wide page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text; `y` is its baseline."""

    x: float
    y: float
    text: str
    size: int = 12
    anchor: Literal["start", "middle", "end"] = "start"
    bold: bool = False
    color: str = "#1b1d21"


@dataclass(frozen=True, slots=True)
class Box:
    """A filled or outlined rectangle."""

    x: float
    y: float
    width: float
    height: float
    fill: str | None = None
    stroke: str | None = None
    thick: float = 1.0


@dataclass(frozen=True, slots=True)
class Line:
    """A line through points (x, y)."""

    points: tuple[tuple[float, float], ...]
    color: str
    thick: float = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class Raster:
    """Pixels stretched over a rectangle. Shape: `(height, width, 3)`, any size."""

    x: float
    y: float
    width: float
    height: float
    pixels: Pixels


Mark = Text | Box | Line | Raster


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture: its size, what it shows in words, its marks from the bottom up."""

    width: int
    height: int
    title: str
    marks: tuple[Mark, ...]
