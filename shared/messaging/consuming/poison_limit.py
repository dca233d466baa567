"""How many records may be unusable before the consumer stops: more of them mean a fault of ours or of a producer.

One bad record is parked and the others are applied. A new release that cannot use any record, or a faulty producer, would
park everything: then it is better to stop, commit nothing, and report it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

__all__ = ["BATCH_UNUSABLE_MIN", "PoisonLimit", "TooManyUnusableError"]

BATCH_UNUSABLE_MIN = 20
"""Below this number half of a batch means little: an idle service's batches have one record."""
WINDOW_SECONDS = 60.0


class TooManyUnusableError(Exception):
    """So many records could not be used that parking them would hide a fault; the message gives the number."""


class PoisonLimit:
    """Counts the records that one consumer parks for the first time."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        """`per_minute` 0 is no limit at all."""
        self._per_minute = per_minute
        self._clock = clock
        self._parked: deque[tuple[float, int]] = deque()
        self._batch = self._in_batch = 0

    def begin(self, records: int) -> None:
        """Starts a batch of so many records."""
        self._batch, self._in_batch = records, 0

    def check(self, parked: int) -> None:
        """Raises TooManyUnusableError if so many more of the batch would exceed a limit."""
        if not self._per_minute or not parked:
            return
        in_batch = self._in_batch + parked
        if in_batch >= BATCH_UNUSABLE_MIN and 2 * in_batch >= self._batch:
            raise TooManyUnusableError(f"{in_batch} of {self._batch} records of a batch cannot be used")
        now = self._clock()
        while self._parked and now - self._parked[0][0] >= WINDOW_SECONDS:
            self._parked.popleft()
        in_minute = sum(count for _, count in self._parked) + parked
        if in_minute > self._per_minute:
            raise TooManyUnusableError(f"{in_minute} records within a minute cannot be used")

    def count(self, parked: int) -> None:
        """Counts parked records after their transaction has committed."""
        if parked:
            self._in_batch += parked
            self._parked.append((self._clock(), parked))
