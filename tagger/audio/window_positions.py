"""Where the windows of a track go. Pure."""

from __future__ import annotations

# Windows from which the spread of the scores within a track can first be estimated. Measured on
# held-out songs: with three, ranking lost a point.
_FIRST = 4


def place_windows(first: int, stop: int, *, length: int, count: int | None) -> list[int]:
    """Starts of the windows over the samples `[first, stop)`, in order.

    The range is cut in `count` equal segments with a window in the middle of each; a range shorter
    than `count` windows gets as many as cover it, evenly, overlapping a little. Without a count the
    windows follow each other and what is left at the end is dropped. A range shorter than one
    window gets one.

    >>> place_windows(0, 100, length=10, count=2)
    [20, 70]
    >>> place_windows(0, 25, length=10, count=10)
    [0, 7, 15]
    >>> place_windows(0, 25, length=10, count=None)
    [0, 10]
    """
    total = stop - first
    if total <= length:
        return [first]
    if count is None:
        return list(range(first, stop - length + 1, length))
    n_windows = min(count, -(-total // length))
    middles = (first + total * (2 * i + 1) // (2 * n_windows) for i in range(n_windows))
    return [min(max(middle - length // 2, first), stop - length) for middle in middles]


def in_stages(n_windows: int) -> list[list[int]]:
    """Numbers of the windows in the order in which to classify them, if few may be enough.

    Each stage is spread over the whole track; the first has both ends, which are decoded anyway.

    >>> in_stages(10)
    [[0, 3, 6, 9], [1, 4, 7], [2, 5, 8]]
    >>> in_stages(4), in_stages(1)
    ([[0, 1, 2, 3]], [[0]])
    """
    n_first = min(n_windows, _FIRST)
    last = max(n_first - 1, 1)
    first = [i * (n_windows - 1) // last for i in range(n_first)]
    rest = [i for i in range(n_windows) if i not in first]
    return [stage for stage in (first, rest[::2], rest[1::2]) if stage]


def widen(first: int, stop: int, *, length: int, end: int) -> tuple[int, int]:
    """The range `[first, stop)`, widened to one window where the track `[0, end)` allows it.

    >>> widen(95, 97, length=10, end=100)
    (90, 100)
    """
    if stop - first >= length:
        return first, stop
    first = max(0, min(first, end - length))
    return first, min(end, first + length)
