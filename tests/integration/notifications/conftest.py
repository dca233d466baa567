"""A notification service with an officer and a superior, a fake clock, and a mail server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiosmtpd.controller import Controller

from embedded.children import free_port
from embedded.postgres import EmbeddedPostgres
from shared.base.clock import FakeClock
from shared.contracts.topics import EMPLOYEE
from tests.fixtures.records import employee, incoming
from tests.fixtures.services import Running, running_service
from tests.integration.notifications.desk import NOW, apply
from tests.integration.notifications.mails import MAIL_SETTINGS, Mails
from tests.integration.notifications.notice_records import OFFICER, SUPERIOR


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
async def mails() -> AsyncIterator[Mails]:
    mails = Mails()
    mails.loop = asyncio.get_running_loop()
    controller = Controller(mails, hostname="127.0.0.1", port=free_port())
    controller.start()
    mails.port = controller.port
    yield mails
    controller.stop()


@pytest.fixture
async def notices(embedded_postgres: EmbeddedPostgres, clock: FakeClock, mails: Mails) -> AsyncIterator[Running]:
    async with running_service(
        "notifications", embedded_postgres, clock=clock, smtp_port=mails.port, **MAIL_SETTINGS
    ) as service:
        people = [
            employee(OFFICER, superior_id=str(SUPERIOR), email="officer@example.go.id"),
            employee(SUPERIOR, nip="199001012015011002", name="Atasan Contoh", email="superior@example.go.id"),
        ]
        await apply(service, [incoming(EMPLOYEE, person) for person in people])
        yield service
