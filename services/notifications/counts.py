"""How many notices there are, for the operator."""

from __future__ import annotations

from prometheus_client import Gauge
from sqlalchemy import text

from shared.context import Context

__all__ = ["Counts"]

_COUNTS = text("select kind, state, count(*) from notice group by kind, state")


class Counts:
    """Looks from time to time."""

    def __init__(self, context: Context) -> None:
        self._context = context
        # Drafts that rise wait for people; many withdrawn at once: somebody corrected many days, or spoilt them.
        self._notices = Gauge(
            "kinerja_notices", "Notices by kind and state", ["kind", "state"], registry=context.metrics.registry
        )

    async def round(self) -> bool:
        """One look."""
        async with self._context.database.transaction() as session:
            rows = (await session.execute(_COUNTS)).all()
        self._notices.clear()
        for kind, state, count in rows:
            self._notices.labels(kind, state).set(count)
        return False
