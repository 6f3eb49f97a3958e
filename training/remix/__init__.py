"""Real songs mixed anew from their stems, with solo instruments laid over them.

The labels are true for every window: what was put in sounds, and of what was left out nothing is
heard, however much the rest of the band makes one expect it.

- `parts`      the stems and solo sounds there are, by fold
- `arrange`    which of them go into one remix
- `render`     samples of its lines
- `labelling`  what is then known of each window
- `command`    `python -m training remix`
"""
