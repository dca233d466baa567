"""How many notices there are and how many mails wait, for the operator."""

from __future__ import annotations

from prometheus_client import Gauge
from sqlalchemy import text

from services.notifications.mail_queue import read_queue
from shared.context import Context

__all__ = ["Counts"]

_COUNTS = text("select kind, state, count(*) from notice group by kind, state")


class Counts:
    """Looks from time to time."""

    def __init__(self, context: Context) -> None:
        self._context = context
        registry = context.metrics.registry
        # Drafts that rise wait for people; many withdrawn at once: somebody corrected many days, or spoilt them.
        self._notices = Gauge("kinerja_notices", "Notices by kind and state", ["kind", "state"], registry=registry)
        # More than a few for long: mails are made faster than the server takes them, or all wait behind a held one.
        self._waiting = Gauge("kinerja_mails_waiting", "Mails in the queue", registry=registry)
        # Above 0 for long: the mail server refuses the sender's side; kinerja mail test says why.
        self._held = Gauge("kinerja_mails_held", "Mails held by a fault that the operator mends", registry=registry)

    async def round(self) -> bool:
        """One look."""
        async with self._context.database.transaction() as session:
            rows = (await session.execute(_COUNTS)).all()
            queue = await read_queue(session)
        self._notices.clear()
        for kind, state, count in rows:
            self._notices.labels(kind, state).set(count)
        self._waiting.set(queue.waiting)
        self._held.set(queue.held)
        return False
