"""Metrics for the operator: numbers of notices and of waiting mails."""

from __future__ import annotations

from prometheus_client import Gauge
from sqlalchemy import text

from services.notifications.delivery.queue import read_queue
from shared.service.context import Context

__all__ = ["Counts"]

_COUNTS = text("select kind, state, count(*) from notice group by kind, state")


class Counts:
    """Reads the numbers periodically."""

    def __init__(self, context: Context) -> None:
        self._context = context
        registry = context.metrics.registry
        # A rising number of drafts waits for decisions. Many withdrawn at once: somebody changed many days, rightly or wrongly.
        self._notices = Gauge("kinerja_notices", "Notices by kind and state", ["kind", "state"], registry=registry)
        # More than a few for long: mails are created faster than the server accepts them, or all wait behind a held one.
        self._waiting = Gauge("kinerja_mails_waiting", "Mails in the queue", registry=registry)
        # Above 0 for long: a fault on the sender's side; `kinerja mail test` explains it.
        self._held = Gauge(
            "kinerja_mails_held", "Mails held by a fault that the operator has to fix", registry=registry
        )

    async def round(self) -> bool:
        """Reads the numbers once."""
        async with self._context.database.transaction() as session:
            rows = (await session.execute(_COUNTS)).all()
            queue = await read_queue(session)
        self._notices.clear()
        for kind, state, count in rows:
            self._notices.labels(kind, state).set(count)
        self._waiting.set(queue.waiting)
        self._held.set(queue.held)
        return False
