"""The evaluation pack: how well a model hears, how sure the figures are, and what upsets it.

In the order of use:

- `changes`     what a recording goes through before it reaches a library: codecs, pitch, tempo...
- `robustness`  a model over changed sound, heard exactly as a scan hears a file
- `bootstrap`   figures with intervals, by drawing whole artists again and again
- `results`     everything measured, as one value
- `words`       the results as Markdown
- `drawing`     the results as pictures
- `writing`     all of it into a folder
"""
