"""Reading a table of labels: every failure worded once, several names in one field."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tagger.errors import DataError


@contextmanager
def reading(table: Path, labels: str, option: str = "--data") -> Iterator[None]:
    """Turn what goes wrong with a table into a DataError naming it.

    Args:
        table: the file that is read inside.
        labels: what a label of it is called, such as "instrument".
        option: the option that named the place.
    """
    try:
        yield
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror}); is {option} right?", table) from error
    except KeyError as error:
        raise DataError(f"unknown column or {labels} {error}", table) from error
    except (ValueError, TypeError) as error:  # TypeError: a row that ends early
        raise DataError(f"malformed ({error})", table) from error


def split_names(cell: str) -> Iterator[str]:
    """Names in one field, parted by `|`, `;` or `,`."""
    for sign in ";,":
        cell = cell.replace(sign, "|")
    yield from (name.strip() for name in cell.split("|") if name.strip())
