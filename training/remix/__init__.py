"""Real songs mixed anew from their stems, with solo instruments laid over them.

The labels are true for every window: what was mixed in is audible, and what was left out is
not, however much the rest of the band makes one expect it.

- `parts`      the stems and solo sounds there are, by fold
- `arrange`    which of them go into one remix
- `render`     the samples of each voice
- `labelling`  the targets of each window
- `command`    `python -m training remix`
"""
