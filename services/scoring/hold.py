"""A backlog holds publishing back for a while."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["BacklogHold"]

HELD_SECONDS_MAX = 10.0
"""How long a backlog may hold publishing back: its batches change the same rows again and again, and making records of
all of them would take the processor from the batches."""


class BacklogHold:
    """Says whether a publisher waits. `backlog` tells whether this process reads a backlog now."""

    def __init__(self, backlog: Callable[[], bool] = lambda: False) -> None:
        self._backlog = backlog
        self._since: float | None = None

    def active(self) -> bool:
        """Whether to wait now; once it was not, it stays so until `released`."""
        if not self._backlog():
            return False
        now = time.monotonic()
        if self._since is None:
            self._since = now
        return now - self._since < HELD_SECONDS_MAX

    def released(self) -> None:
        """All that waited has been published: the next backlog may hold again."""
        self._since = None
