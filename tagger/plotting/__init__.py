"""Pictures without a plotting library: a figure of plain values, drawn as SVG or PNG.

In the order of the data:

- `figure`  what a picture consists of
- `colors`  numbers -> colours that colour-blind people can tell apart
- `svg`     A picture as SVG, or as a page around it
- `png`     A picture as PNG, by Pillow, extra [plots]
"""
