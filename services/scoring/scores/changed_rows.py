"""Base class of publishers: takes changed rows in batches; a consumer backlog delays publishing for a while."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.scoring.policy.policies import PolicyBook
from shared.db.set_aside import Batches
from shared.service.context import Context

__all__ = ["ChangedRowPublisher"]

DELAY_SECONDS_MAX = 10.0
"""How long a backlog may delay publishing: its batches change the same rows repeatedly, and publishing each change would take
CPU time from the batches."""


class ChangedRowPublisher(ABC):
    """Publishes changed rows. Several processes may run it at once; each takes rows that no other process has locked.

    A row whose record fails stays `changed` and is skipped. `backlog` returns whether this process now reads a backlog.
    """

    task: ClassVar[str]
    rows_max: ClassVar[int]

    def __init__(self, context: Context, policies: PolicyBook, backlog: Callable[[], bool] = lambda: False) -> None:
        self._context = context
        self._policies = policies
        self._backlog = backlog
        self._delayed_since: float | None = None
        self._batches: Batches[tuple[UUID, int]] = Batches(self.task, self.rows_max, context.metrics)

    async def round(self) -> bool:
        """Publishes one batch of changed rows; True when there may be more."""
        if self._delayed():
            return False
        more = await self._batches.run(self._batch)
        if not more:
            self._delayed_since = None
        return more

    async def _batch(self) -> bool:
        async with self._context.database.transaction() as session:
            return await self._publish(session)

    @abstractmethod
    async def _publish(self, session: AsyncSession) -> bool:
        """Publishes one batch of `self._batches` in the session's transaction; True when it was full."""

    def _limits(self) -> dict[str, object]:
        """The parameters of a statement that takes rows: maximum number, and the keys of rows to skip."""
        without = self._batches.without
        return {
            "most": self._batches.most,
            "not_employees": [employee_id for employee_id, _ in without],
            "not_periods": [period for _, period in without],
        }

    def _delayed(self) -> bool:
        if not self._backlog():
            return False
        now = time.monotonic()
        if self._delayed_since is None:
            self._delayed_since = now
        return now - self._delayed_since < DELAY_SECONDS_MAX
