"""Progress on standard error, only when a person is watching."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[float], None] | None]:
    """A function that takes the finished fraction, or None when standard error is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return

    def show(fraction: float) -> None:
        filled = int(30 * min(1.0, fraction))
        print(f"\r{title} [{'#' * filled}{'.' * (30 - filled)}] {fraction:4.0%}", end="", file=sys.stderr, flush=True)

    try:
        yield show
    finally:
        print("\r" + " " * (len(title) + 40) + "\r", end="", file=sys.stderr, flush=True)
