"""What the parts of one service share: created once, in its composition root."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Self, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from shared.access.auth import Authenticator
from shared.access.links import Links
from shared.base.clock import Clock, SystemClock
from shared.db.database import Database, within
from shared.http.head_requests import answering_head
from shared.messaging.consuming.dead_letters import DeadLetters
from shared.messaging.producing.outbox import Outbox
from shared.observability.metrics import Metrics
from shared.settings.settings import ServiceSettings

__all__ = ["REQUEST_SECONDS_MAX", "Context"]

T = TypeVar("T")

REQUEST_SECONDS_MAX = 4.0
"""How long a request may wait for the database: machines and people get a 503 within 5 s."""


@dataclass(frozen=True)
class Context:
    """The technical parts of one service. A service adds its own parts in a subclass."""

    service: str
    settings: ServiceSettings
    clock: Clock
    database: Database
    metrics: Metrics
    outbox: Outbox
    dead_letters: DeadLetters
    authenticator: Authenticator
    links: Links
    zone: ZoneInfo = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "zone", ZoneInfo(self.settings.timezone))

    @classmethod
    def make(cls, service: str, settings: ServiceSettings, clock: Clock | None = None) -> Self:
        """Creates a service's technical parts from its settings; nothing connects yet."""
        clock = clock or SystemClock()
        metrics, outbox = Metrics(service), Outbox(service)
        return cls(
            service=service,
            settings=settings,
            clock=clock,
            database=Database(
                settings.database,
                pool_size=settings.database_pool_size,
                application_name=f"kinerja-{service}",
            ),
            metrics=metrics,
            outbox=outbox,
            dead_letters=DeadLetters(service, outbox, clock, metrics),
            authenticator=Authenticator(settings.operator_key.get_secret_value(), clock),
            links=Links(
                settings.link_key.get_secret_value(), settings.public_url, clock, timedelta(days=settings.link_days)
            ),
        )

    @property
    def today(self) -> date:
        """The office's date now."""
        return self.date_of(self.clock.now())

    def date_of(self, moment: datetime) -> date:
        """The office's date at a moment."""
        return moment.astimezone(self.zone).date()

    async def transact(
        self, work: Callable[[AsyncSession], Awaitable[T]], *, seconds: float = REQUEST_SECONDS_MAX
    ) -> T:
        """The result of `work` in a committed transaction; UnavailableError (503) when the database is too slow.

        For a HEAD request the transaction is rolled back.
        """

        async def run() -> T:
            async with self.database.transaction() as session:
                result = await work(session)
                if answering_head.get():
                    session.expunge_all()  # a rollback would make their attributes unreadable
                    await session.rollback()
                return result

        return await within(seconds, run())
