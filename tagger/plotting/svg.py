"""A picture as SVG, or as a page around it. Text stays text: it can be searched and read aloud."""

from __future__ import annotations

import base64
import struct
import zlib
from xml.sax.saxutils import escape, quoteattr

from tagger.plotting.figure import Box, Line, Mark, Pixels, Raster, Scene, Text

FONT = "system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
</head>
<body bgcolor="#ffffff">
{svg}</body>
</html>
"""


def svg_text(scene: Scene) -> str:
    """The picture, wholly in one text."""
    marks = "\n".join(map(_mark, scene.marks))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {scene.width} {scene.height}" '
        f'width="{scene.width}" height="{scene.height}" role="img" '
        f"aria-label={quoteattr(scene.title)} font-family={quoteattr(FONT)}>\n"
        f"<title>{escape(scene.title)}</title>\n"
        f'<rect width="100%" height="100%" fill="#ffffff"/>\n{marks}\n</svg>\n'
    )


def html_text(scene: Scene) -> str:
    """A page that holds the picture and may load nothing and run nothing."""
    return PAGE.format(title=escape(scene.title), svg=svg_text(scene))


def _mark(mark: Mark) -> str:
    if isinstance(mark, Line):
        points = " ".join(f"{x:g},{y:g}" for x, y in mark.points)
        return (
            f'<polyline points="{points}" fill="none" stroke="{mark.color}" '
            f'stroke-width="{mark.thick:g}"/>'
        )
    place = f'x="{mark.x:g}" y="{mark.y:g}"'
    if isinstance(mark, Text):
        weight = ' font-weight="bold"' if mark.bold else ""
        return (
            f'<text {place} font-size="{mark.size}" text-anchor="{mark.anchor}" '
            f'fill="{mark.color}"{weight}>{escape(mark.text)}</text>'
        )
    size = f'width="{mark.width:g}" height="{mark.height:g}"'
    if isinstance(mark, Box):
        return (
            f'<rect {place} {size} fill="{mark.fill or "none"}" stroke="{mark.stroke or "none"}" '
            f'stroke-width="{mark.thick:g}"/>'
        )
    return f'<image {place} {size} preserveAspectRatio="none" href="{_data_uri(mark)}"/>'


def _data_uri(raster: Raster) -> str:
    return f"data:image/png;base64,{base64.b64encode(png_bytes(raster.pixels)).decode('ascii')}"


def png_bytes(pixels: Pixels) -> bytes:
    """Pixels as PNG. Source: W3C, Portable Network Graphics, third edition, 2025.

    Shape: `(height, width, 3)`
    """
    height, width = pixels.shape[:2]
    lines = b"".join(b"\0" + row.tobytes() for row in pixels)  # 0: no filter before the line
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits, RGB
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(lines, 6)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + checksum
