"""Metrics for the operator: numbers of notices and of waiting mails."""

from __future__ import annotations

from typing import NamedTuple

from prometheus_client import Gauge

from services.notifications.delivery.queue import read_queue
from shared.db.queries import query
from shared.service.context import Context

__all__ = ["Counts"]


class NoticeCount(NamedTuple):
    kind: str
    state: str
    notices: int


NOTICE_COUNTS = query("select kind, state, count(*) as notices from notice group by kind, state", NoticeCount)


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
            counts = await NOTICE_COUNTS.all(session)
            queue = await read_queue(session)
        self._notices.clear()
        for count in counts:
            self._notices.labels(count.kind, count.state).set(count.notices)
        self._waiting.set(queue.waiting)
        self._held.set(queue.held)
        return False
