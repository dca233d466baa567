"""Helpers for tests of notices: people, incoming records, passing weeks, a mail server that stores mails."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from embedded.postgres import EmbeddedPostgres
from services.notifications.evaluations.evaluation import Evaluation
from shared.base.clock import FakeClock
from shared.contracts.examples import EXAMPLES
from shared.contracts.topics import DISCIPLINE, SCORE
from shared.messaging.consuming.incoming import Incoming
from tests.fixtures.records import incoming
from tests.fixtures.services import Running, running_service
from tests.integration.readers import handler_of

NOW = datetime(2026, 8, 10, 3, 0, tzinfo=UTC)
WEEK = timedelta(days=7)
OFFICER, SUPERIOR = uuid4(), uuid4()
STEPS = ("TEGURAN_LISAN", "TEGURAN_TERTULIS", "PERNYATAAN_TIDAK_PUAS")
LIMITS = (3, 4, 7)
MAIL_SETTINGS = {"smtp_host": "127.0.0.1", "smtp_tls": "none", "smtp_from": "Dinas Contoh <kinerja@example.go.id>"}


class Mails:
    """A mail server that stores what it receives, or answers as the test sets."""

    def __init__(self) -> None:
        self.kept: list[Any] = []
        self.asked: list[str] = []
        """Recipients that a client named, and senders that were refused."""
        self.answer = "250 OK"
        """To RCPT; `drop` closes the connection."""
        self.answers: dict[str, str] = {}
        """To MAIL and DATA; `drop` closes the connection instead of an answer. A mail is stored unless it is refused."""
        self.refused_only: str | Collection[str] | None = None
        """The only recipients that get `answer`."""
        self.port = 0
        self.meanwhile: Callable[[], Awaitable[None]] | None = None
        """Runs in the test's loop after a mail arrives and before its answer."""
        self.loop: asyncio.AbstractEventLoop | None = None

    async def handle_RCPT(self, server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        only = self.refused_only
        refused = only is None or address in ([only] if isinstance(only, str) else only)
        answer = self.answer if refused else "250 OK"
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        self.asked.append(address)
        if answer == "drop":
            server.transport.close()
        return answer

    async def handle_MAIL(self, _server: Any, _session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        answer = self.answers.get("MAIL", "250 OK")
        if answer.startswith("2"):
            envelope.mail_from, envelope.mail_options = address, options
        else:
            self.asked.append(address)
        return answer

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        answer = self.answers.get("DATA", "250 OK")
        if answer[0] in "45":
            return answer
        self.kept.append(message_from_bytes(envelope.content, policy=policy.default))
        if self.meanwhile is not None and self.loop is not None:
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._meanwhile(), self.loop))
        if answer == "drop":
            server.transport.close()
        return "250 OK"

    async def _meanwhile(self) -> None:
        if self.meanwhile is not None:
            await self.meanwhile()


def text_of(mail: Any) -> str:
    """The plain text of a mail."""
    text: str = mail.get_body(("plain",)).get_content()
    return text


def address_of(mail: Any) -> str:
    """The recipient's address."""
    [recipient] = mail["To"].addresses
    address: str = recipient.addr_spec
    return address


def link_of(mail: Any) -> str:
    """The link to the inbox."""
    [link] = [line for line in text_of(mail).splitlines() if line.startswith("http")]
    return link


def second_sender(
    first: Running, server: EmbeddedPostgres, clock: FakeClock, mails: Mails
) -> AbstractAsyncContextManager[Running]:
    """A second process of the service on the same database."""
    database = first.context.settings.database
    return running_service(
        "notifications", server, clock=clock, database_url=database, smtp_port=mails.port, **MAIL_SETTINGS
    )


async def apply(service: Running, records: Sequence[Incoming]) -> int:
    """Applies one batch as the consumer does; returns the number of parked records."""
    async with service.context.database.transaction() as session:
        parked = await handler_of(service)(session, records)
        await service.context.dead_letters.park(session, parked)
        return len(parked)


def score(
    value: str | None, revision: int = 1, quality: str | None = "85.20", days: int = 80, **changes: Any
) -> Incoming:
    """A complete score of the officer with `days` final days."""
    record = EXAMPLES[SCORE.name][0] | {"employee_id": str(OFFICER), "revision": revision, "score": value}
    return incoming(SCORE, record | {"indicators": indicators(quality, days)} | changes)


def indicators(quality: str | None, days: int = 80) -> list[dict[str, Any]]:
    found = [dict(item) for item in EXAMPLES[SCORE.name][0]["indicators"]]
    found[0]["n"] = days
    found[1] |= {"value": quality, "state": "assessed" if quality is not None else "too_few"}
    return found


def absences(days: int, revision: int = 1, officer: UUID = OFFICER, year: int = 2026, **changes: Any) -> Incoming:
    """An officer's unexcused days of a year, with the steps for a PNS."""
    reached = [step for step, limit in zip(STEPS, LIMITS, strict=True) if days >= limit]
    record = EXAMPLES[DISCIPLINE.name][0] | {
        "employee_id": str(officer),
        "revision": revision,
        "year": year,
        "cumulative_days": days,
        "longest_streak_days": min(days, 2),
        "step": reached[-1] if reached else None,
        "level": "LIGHT" if reached else None,
        "steps_reached": reached,
        "unexcused_dates": [(date(year, 7, 1) + timedelta(days=2 * n)).isoformat() for n in range(days)],
        "reasons": ["CUMULATIVE_DAYS" if reached else "BELOW_FIRST_STEP"],
    }
    return incoming(DISCIPLINE, record | changes)


async def weeks(service: Running, clock: FakeClock, count: int) -> None:
    """Runs `count` evaluations, one week apart; the first one now."""
    for number in range(count):
        if number:
            clock.advance(WEEK)
        await service.app.part(Evaluation).round()


async def draft_of_a_reward(service: Running, clock: FakeClock, value: str = "91.00") -> dict[str, Any]:
    """A draft after four weeks at 91 points."""
    await apply(service, [score(value)])
    await weeks(service, clock, 4)
    [draft] = await listed(service, kind="reward", state="draft")
    return await one(service, draft)


async def listed(service: Running, **query: str) -> list[dict[str, Any]]:
    answer = await service.http.get("/notices/v1/notices", params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def one(service: Running, notice: dict[str, Any]) -> dict[str, Any]:
    """The whole notice in its current state."""
    answer = await service.http.get(f"/notices/v1/notices/{notice['notice_id']}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def ask(service: Running, notice: dict[str, Any], action: str, **options: Any) -> Any:
    return await service.http.post(f"/notices/v1/notices/{notice['notice_id']}/{action}", **options)


async def behind_its_back(service: Running, table: str, **changes: Any) -> None:
    """Changes stored records without any follow-up, like a manual repair."""
    statement = text(f"update {table} set record = cast(cast(record as jsonb) || cast(:changes as jsonb) as text)")
    async with service.context.database.transaction() as session:
        await session.execute(statement, {"changes": json.dumps(changes)})


async def forget(service: Running, table: str) -> None:
    """Deletes all records of a table."""
    async with service.context.database.transaction() as session:
        await session.execute(text(f"delete from {table}"))
