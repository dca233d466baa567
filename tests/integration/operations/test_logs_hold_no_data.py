"""Runs good requests and every kind of fault on its own server, then searches every log for the planted data.

The services' logs and Postgres' own log must have none of it: no officer's name, NIP or e-mail, no citizen's address, no
link, no key, no machine's secret. The faults are real: constraints, missing columns, broken rows, unavailable databases, a
mail server that refuses, an unavailable broker.
"""

from __future__ import annotations

import asyncio
import gc
import json
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import uvicorn
from aiosmtpd.controller import Controller
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from cli.stack.serve import GRACEFUL_SECONDS
from embedded.children import free_port
from embedded.postgres import EmbeddedPostgres
from services.notifications.delivery.sender import Sender
from shared.contracts.topics import EMPLOYEE
from shared.db.migrations import SERVICES
from shared.messaging.consuming.dead_letters import Parked
from shared.observability import logs
from shared.service.runtime import Runtime
from tests.fixtures.logs import captured_logs
from tests.fixtures.records import employee, incoming
from tests.fixtures.services import running_service
from tests.integration.notifications.mails import MAIL_SETTINGS
from tests.integration.operations.planted_city import (
    ANSWERS,
    HOST_LABEL,
    MAIL,
    NAME,
    NIP,
    ROSTER,
    City,
    good_and_wrong_requests,
    link_to,
)

pytestmark = [pytest.mark.embedded, pytest.mark.timeout(300)]


class Refusing:
    """A mail server that quotes the address, as real ones do."""

    async def handle_RCPT(self, _server: Any, _session: Any, _envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        return f"550 5.1.1 <{address}> {NAME}: unknown user"


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedPostgres]:
    """A server whose log is searched as well; the test stops it during the run."""
    folder = Path(tempfile.mkdtemp(prefix="kinerja-logs-"))
    folder.chmod(0o755)
    own = EmbeddedPostgres(folder / "postgres")
    own.start()
    yield own
    own.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def mail_server() -> AsyncIterator[int]:
    controller = Controller(Refusing(), hostname="127.0.0.1", port=free_port())
    controller.start()
    yield controller.port
    controller.stop()


async def test_no_log_of_a_run_with_faults_holds_what_was_planted(server: EmbeddedPostgres, mail_server: int) -> None:
    with captured_logs() as out:
        async with AsyncExitStack() as stack:
            nowhere = {"kafka_bootstrap_servers": "127.0.0.1:1"}
            own = {"notifications": {**MAIL_SETTINGS, "smtp_port": mail_server}}
            services = {
                name: await stack.enter_async_context(running_service(name, server, **nowhere, **own.get(name, {})))
                for name in SERVICES
            }
            city = City(services)
            await good_and_wrong_requests(city)
            await mail_that_is_refused(city)
            await broken_database(city)
            await failing_consumer(city)
            await odd_connections(city)
            await broker_away(city)
            await store_away(city, server)

    written = out.getvalue()
    of_postgres = server.log.read_text()
    for secret in city.planted:
        assert secret not in written, secret
        assert secret not in of_postgres, secret
    # the faults happened
    events = [json.loads(line)["event"] for line in written.splitlines()]
    for fault in ("request_failed", "store_unavailable", "mail_not_accepted", "record_failed", "relay_waits"):
        assert fault in events, fault
    for code in ("23514", "42703", "22P02"):  # a constraint, a missing column, a text that is no number
        assert f'"sqlstate":"{code}"' in written, code
    assert "Task exception was never retrieved" in events
    assert city.statuses.count(500) >= 4
    assert city.statuses.count(503) >= 3
    assert 422 in city.statuses
    assert "duration: " in of_postgres


async def test_an_error_of_the_store_does_not_quote_parameters(embedded_postgres: EmbeddedPostgres) -> None:
    """The error's message has no parameters, wherever it is printed."""
    async with running_service("feedback", embedded_postgres) as service:
        with pytest.raises(DBAPIError) as caught:
            async with service.context.database.transaction() as session:
                await session.execute(text("select cast(:name as text) from nothing_here"), {"name": NAME})
    assert "nothing_here" in str(caught.value)
    assert NAME not in str(caught.value)


async def mail_that_is_refused(city: City) -> None:
    notice = uuid4()
    await city.sql(
        "notifications",
        f"""
        insert into notice (notice_id, revision, kind, employee_id, recipient_id, indicator, period, state, reasons, evidence,
                            subject, body, created_at)
        select '{notice}', 2, 'nudge', employee_id, employee_id, '', '2026', 'released', '[]', '{{}}', 'Untuk {NAME}',
               'Yth. {NAME}, NIP {NIP}', now() from employee
        """,
        f"insert into delivery (notice_id, next_attempt_at, attempts) values ('{notice}', now() - interval '1 hour', 0)",
    )
    await city.services["notifications"].app.part(Sender).round()


async def broken_database(city: City) -> None:
    # a constraint whose error quotes the whole row
    await city.sql("attendance", "alter table employee add constraint odd check (email is null) not valid")
    csv = {"Content-Type": "text/csv"}
    newer = ROSTER.replace("Unit Satu", "Unit Dua")
    assert (await city.ask("POST", "/attendance/v1/roster", content=newer, headers=csv)).status_code == 500
    # a missing column, in a statement with parameters
    [row] = (await city.ask("GET", "/attendance/v1/employees")).json()["items"]
    officer = UUID(row["employee_id"])
    path = await city.visit(officer)
    await city.sql("feedback", "alter table ballot_box rename column due to was_due")
    assert (await city.ask("POST", path, data=ANSWERS)).status_code == 500
    await city.sql("feedback", "alter table ballot_box rename column was_due to due")
    # an invalid row: the code that reads it quotes it
    await city.sql(
        "feedback",
        f"""
        insert into feedback (feedback_id, revision, kind, state, org_unit_id, given_at, record)
        values (gen_random_uuid(), 1, 'supervisor_assessment', 'accepted', 'u', now(), '{{"name": "{NAME} {NIP}"}}')
        """,
    )
    assert (await city.ask("GET", "/feedback/v1/feedback")).status_code == 500
    link = await link_to(city, "scores", officer)
    # a value that the server's own message quotes, and a slow statement
    await city.sql("feedback", "set local log_min_duration_statement = 0", f"select pg_sleep(0.01), '{'x' * 20}'")
    await city.sql("scoring", "alter table employee alter column name type int using 1")
    await city.sql("scoring", "alter table employee add column copy text", f"update employee set copy = '{NAME}'")
    await city.sql("scoring", "create view broken as select copy::int as name, employee_id from employee")
    await city.sql("scoring", "alter table employee rename to kept", "alter view broken rename to employee")
    assert (await city.ask("GET", link)).status_code in (422, 500)
    log = logs.logger("test")
    try:
        await city.sql("scoring", f"select '{NAME}'::int")
    except Exception:
        log.exception("request_failed")


async def failing_consumer(city: City) -> None:
    """A record that makes the service itself fail is parked, and fails again when it is released."""
    feedback = city.services["feedback"]
    await city.sql("feedback", f"alter table employee add constraint odd check (name <> '{NAME}') not valid")
    record = incoming(EMPLOYEE, employee(uuid4(), nip=NIP, name=NAME, email=MAIL))
    async with feedback.context.database.transaction() as session:
        await feedback.context.dead_letters.park(session, [Parked(record, "HANDLER_FAILED", "IntegrityError")])
    path = f"/feedback/v1/dead-letters/{record.topic}/{record.partition}/{record.offset}/release"
    assert (await city.ask("POST", path)).status_code == 409


async def odd_connections(city: City) -> None:
    """Messages of the HTTP server itself: upgrades, broken requests, a task that nobody awaits."""

    async def forgotten() -> None:
        raise ValueError(f"{NAME} {NIP}")

    task: asyncio.Task[None] | None = asyncio.create_task(forgotten())
    await asyncio.sleep(0.01)
    del task
    gc.collect()
    [token, *_] = [one for one in city.planted if len(one) > 40]
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            city.services["feedback"].app, lifespan="off", log_config=None, access_log=False, ws="none",
            timeout_graceful_shutdown=GRACEFUL_SECONDS,
        )  # fmt: skip
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:  # noqa: ASYNC110 - uvicorn has only this flag
            await asyncio.sleep(0.01)
        upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n"
        for request in (
            f"GET /f/{token} HTTP/1.1\r\nHost: {HOST_LABEL}\r\n{upgrade}\r\n",
            f"GET /f/{token} {NAME} HTTP/9\r\n\r\n",
            f"POST /f/{token} HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n{NAME[:3]}",
        ):
            reader, writer = await asyncio.open_connection(*listener.getsockname())
            writer.write(request.encode())
            await writer.drain()
            writer.write_eof()
            async with asyncio.timeout(20):
                await reader.read()
            writer.close()
        server.should_exit = True
        await serving


async def broker_away(city: City) -> None:
    """The relay and the client library log what they cannot reach."""
    attendance = city.services["attendance"]
    relay = asyncio.create_task(attendance.app.part(Runtime).relay.run())
    try:
        async with asyncio.timeout(30):
            while attendance.metric("kinerja_relay_failures_total") == 0:  # noqa: ASYNC110 - a metric has no event
                await asyncio.sleep(0.1)
    finally:
        relay.cancel()
        await asyncio.wait({relay})


async def store_away(city: City, server: EmbeddedPostgres) -> None:
    server.stop()
    for method, path in (("GET", f"/attendance/v1/employees?org_unit_id={NIP}"), ("GET", "/notices/v1/notices")):
        assert (await city.ask(method, path)).status_code == 503
    token = next(one for one in city.planted if len(one) == 43)
    assert (await city.ask("POST", f"/f/{token}", data=ANSWERS)).status_code == 503
