"""Shows the progress of a long command on a terminal, and nothing elsewhere."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from cli.terminal import visible

__all__ = ["doing"]

_ERASE_LINE = "\r\x1b[2K"


@contextmanager
def doing(text: str) -> Iterator[None]:
    """One line on standard error, if that is a terminal, which is erased at the end. Print nothing meanwhile."""
    if not sys.stderr.isatty():
        yield
        return
    columns = shutil.get_terminal_size().columns
    sys.stderr.write(f"{_ERASE_LINE}{visible(text)} …"[: columns + len(_ERASE_LINE) - 1])
    sys.stderr.flush()
    try:
        yield
    finally:
        sys.stderr.write(_ERASE_LINE)
        sys.stderr.flush()
