"""Rounds of publishing that a backlog holds back for a while."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncSession

from services.scoring.policies import PolicyBook
from shared.context import Context

__all__ = ["HeldPublisher"]

HELD_SECONDS_MAX = 10.0
"""How long a backlog may hold publishing back: its batches change the same rows again and again, and making records of
all of them would take the processor from the batches."""


class HeldPublisher(ABC):
    """Publishes changed rows; several processes may do so at once, each takes rows that no other holds.

    `backlog` tells whether this process reads a backlog now.
    """

    def __init__(self, context: Context, policies: PolicyBook, backlog: Callable[[], bool] = lambda: False) -> None:
        self._context = context
        self._policies = policies
        self._backlog = backlog
        self._held_since: float | None = None

    async def round(self) -> bool:
        """Publishes one batch of changed rows; True when there may be more."""
        if self._held():
            return False
        async with self._context.database.transaction() as session:
            more = await self._publish(session)
        if not more:
            self._held_since = None
        return more

    @abstractmethod
    async def _publish(self, session: AsyncSession) -> bool:
        """Publishes one batch in the session's transaction; True when it was full."""

    def _held(self) -> bool:
        if not self._backlog():
            return False
        now = time.monotonic()
        if self._held_since is None:
            self._held_since = now
        return now - self._held_since < HELD_SECONDS_MAX
