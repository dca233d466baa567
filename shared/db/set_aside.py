"""Batches in which a single row may fail: it is found and set aside for a while, and the others are processed.

For loops that take rows, work on them and mark them done, in one transaction. A failed transaction rolls back, so nothing
is lost: a row that was set aside is taken again later, by this process or another.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Hashable, Iterable
from typing import Generic, TypeVar

from shared.db.database import is_transient
from shared.observability.logs import logger
from shared.observability.metrics import Metrics

__all__ = ["Batches"]

K = TypeVar("K", bound=Hashable)

log = logger(__name__)

RETRY_SECONDS_FIRST, RETRY_SECONDS_MAX = 60.0, 600.0
SET_ASIDE_MAX = 100
"""If more rows than this fail, our code is at fault: then the task ends with an error, as for any other error."""


class Batches(Generic[K]):
    """One loop's batches. `most` is how many rows the next one may take; keys are logged: no personal data."""

    def __init__(self, task: str, rows_max: int, metrics: Metrics) -> None:
        self.most = rows_max
        self._task = task
        self._rows_max = rows_max
        self._gauge = metrics.set_aside.labels(task)
        self._gauge.set(0)
        self._taken: set[K] = set()
        self._failed: dict[K, tuple[float, float]] = {}
        """For each failed row: when it is tried again, and the pause before that."""

    @property
    def without(self) -> list[K]:
        """The rows that the next batch leaves out."""
        now = time.monotonic()
        return [key for key, (until, _) in self._failed.items() if until > now]

    def took(self, keys: Iterable[K]) -> None:
        """`work` calls this as soon as it has taken its rows."""
        self._taken = set(keys)

    async def run(self, work: Callable[[], Awaitable[bool]]) -> bool:
        """Runs one batch; True when there may be more.

        `work` takes at most `most` rows, none of `without`. After a failure the next batch is half as large, until the
        failing row is alone. Raises errors that no row caused: a database that is down, or a failure without rows.
        """
        self._taken = set()
        self._forget_gone()
        try:
            more = await work()
        except Exception as error:
            if is_transient(error) or not self._taken:
                raise
            if len(self._taken) > 1:
                self.most = max(1, min(self.most, len(self._taken)) // 2)
                log.info("batch_halved", task=self._task, rows=len(self._taken), error=type(error).__name__)
                return True
            [key] = self._taken
            if key not in self._failed and len(self._failed) >= SET_ASIDE_MAX:
                raise
            self._set_aside(key, error)
            return True
        for key in self._taken & self._failed.keys():
            del self._failed[key]
        self._gauge.set(len(self._failed))
        self.most = min(self._rows_max, self.most * 2)
        return more

    def _forget_gone(self) -> None:
        """Forgets rows that did not come again: they were corrected, deleted or processed elsewhere."""
        since = time.monotonic() - RETRY_SECONDS_MAX
        self._failed = {key: kept for key, kept in self._failed.items() if kept[0] > since}
        self._gauge.set(len(self._failed))

    def _set_aside(self, key: K, error: Exception) -> None:
        _, before = self._failed.get(key, (0.0, RETRY_SECONDS_FIRST / 2))
        pause = min(before * 2, RETRY_SECONDS_MAX)
        self._failed[key] = (time.monotonic() + pause, pause)
        self._gauge.set(len(self._failed))
        log.error("row_set_aside", task=self._task, row=str(key), seconds=pause, exc_info=error)
