"""A picture as PNG, by Pillow, extra [plots].

Only drawing text into pixels needs a library. Pillow brings a font, weighs 7 MB and loads in 15 ms;
matplotlib would weigh some 30 MB, load in most of a second, and draw another picture than the SVG.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from tagger.errors import MusicTagError
from tagger.plotting.figure import Box, Line, Mark, Scene, Text

if TYPE_CHECKING:
    from PIL import ImageDraw

SCALE = 2  # pixels of the file for one of the scene: sharp on a display of high resolution
ANCHORS = {"start": "ls", "middle": "ms", "end": "rs"}  # s: on the baseline

# The first that the system has; Pillow's own holds Latin letters only.
FONTS = {
    False: ("DejaVuSans.ttf", "arial.ttf", "Helvetica.ttc"),
    True: ("DejaVuSans-Bold.ttf", "arialbd.ttf", "Helvetica.ttc"),
}


def png_image(scene: Scene) -> bytes:
    """The picture at twice its size; a MusicTagError where Pillow is missing."""
    try:
        from PIL import Image, ImageDraw
    except ModuleNotFoundError as error:
        raise MusicTagError(
            "a .png needs Pillow (pip install 'musictag[plots]'); .svg and .html need nothing"
        ) from error
    image = Image.new("RGB", (scene.width * SCALE, scene.height * SCALE), "white")
    draw = ImageDraw.Draw(image)
    for mark in scene.marks:
        _paint(mark, image, draw)
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()


def _paint(mark: Mark, image: Any, draw: ImageDraw.ImageDraw) -> None:
    from PIL import Image

    if isinstance(mark, Line):
        points = [(x * SCALE, y * SCALE) for x, y in mark.points]
        draw.line(points, fill=mark.color, width=round(mark.thick * SCALE))
        return
    x, y = mark.x * SCALE, mark.y * SCALE
    if isinstance(mark, Text):
        font = _font(mark.size * SCALE, bold=mark.bold)
        draw.text((x, y), mark.text, fill=mark.color, font=font, anchor=ANCHORS[mark.anchor])
        return
    right, bottom = (mark.x + mark.width) * SCALE, (mark.y + mark.height) * SCALE
    if isinstance(mark, Box):
        corner = (max(x, right - 1), max(y, bottom - 1))
        thick = round(mark.thick * SCALE)
        draw.rectangle([(x, y), corner], fill=mark.fill, outline=mark.stroke, width=thick)
        return
    # The nudge keeps windows that touch from being parted by a rounding error.
    left, top, right, bottom = (round(edge + 1e-6) for edge in (x, y, right, bottom))
    size = (max(1, right - left), max(1, bottom - top))
    image.paste(Image.fromarray(mark.pixels).resize(size), (left, top))


def _font(size: int, *, bold: bool) -> Any:
    from PIL import ImageFont

    for name in FONTS[bold]:
        try:
            return ImageFont.truetype(name, size)
        except OSError:  # not on this system
            continue
    return ImageFont.load_default(size)
