"""`kinerja dead-letters` and the doctor, against a service with parked records."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from uuid import UUID

import httpx
import orjson
import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from cli.client import pages
from cli.doctor import doctor
from cli.kafka import dead_letters
from cli.main import app
from embedded.postgres import EmbeddedPostgres
from shared.contracts.topics import ATTENDANCE_DAY, EMPLOYEE
from shared.messaging.consuming.dead_letters import Parked
from shared.messaging.consuming.incoming import Incoming
from tests.fixtures.documents.commands import client_of
from tests.fixtures.records import employee, incoming
from tests.fixtures.services import Running, running_service

pytestmark = pytest.mark.embedded

WHY = "[green]: sent twice [/]"


@pytest.fixture
async def scoring(embedded_postgres: EmbeddedPostgres) -> AsyncIterator[Running]:
    async with running_service("scoring", embedded_postgres) as service:
        yield service


@pytest.fixture
async def record(scoring: Running) -> Incoming:
    """The parked record."""
    parked = incoming(EMPLOYEE, b"{")
    async with scoring.context.database.transaction() as session:
        await scoring.context.dead_letters.park(session, [Parked(parked, "NOT_JSON", "no words")])
    return parked


@pytest.fixture
async def gateway(scoring: Running) -> Callable[[], httpx.Client]:
    return client_of(scoring, "scores")


@pytest.fixture
def kinerja(
    gateway: Callable[[], httpx.Client], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., asyncio.Future[Result]]:
    monkeypatch.setattr(dead_letters, "client", gateway)

    def run(*arguments: str) -> asyncio.Future[Result]:
        return asyncio.ensure_future(asyncio.to_thread(CliRunner().invoke, app, ["dead-letters", *arguments]))

    return run


async def test_a_record_is_dismissed_and_listed_with_its_reason(
    kinerja: Callable[..., asyncio.Future[Result]], record: Incoming
) -> None:
    name = f"{record.topic}/{record.partition}/{record.offset}"
    assert name in (await kinerja("list")).stdout

    done = await kinerja("dismiss", "scoring", name, "--reason", WHY)
    assert (done.exit_code, done.stdout) == (0, f"dismissed {name}\n"), done.output
    waiting = await kinerja("list")
    assert (waiting.exit_code, waiting.stdout, waiting.stderr) == (0, "", "no record waits\n")
    assert (await kinerja("list", "--released")).stderr == "no record is parked\n"
    listed = (await kinerja("list", "--dismissed")).stdout
    assert f"scoring {name} NOT_JSON\n" in listed
    assert " ".join(listed.split()).endswith(f" by operator: {WHY}")

    again = await kinerja("dismiss", "scoring", name, "--reason", "once more")
    assert again.exit_code == 1
    assert again.stderr == f"Not possible in the present state: The record was dismissed before, by operator: {WHY}\n"


async def test_nothing_is_dismissed_without_a_reason(
    kinerja: Callable[..., asyncio.Future[Result]], record: Incoming
) -> None:
    name = f"{record.topic}/{record.partition}/{record.offset}"
    without = await kinerja("dismiss", "scoring", name)
    assert (without.exit_code, "--reason" in without.stderr) == (2, True)
    blank = await kinerja("dismiss", "scoring", name, "--reason", " ")
    assert (blank.exit_code, "--reason: " in blank.stderr) == (1, True)
    assert name in (await kinerja("list")).stdout


async def test_all_that_wait_are_released_and_those_that_stay_say_why(
    kinerja: Callable[..., asyncio.Future[Result]], scoring: Running, record: Incoming
) -> None:
    """The fixture's record cannot be used; two others can, because their cause was fixed."""
    good = [incoming(EMPLOYEE, orjson.dumps(employee(UUID(int=number, version=4)))) for number in (1, 2)]
    async with scoring.context.database.transaction() as session:
        await scoring.context.dead_letters.park(session, [Parked(each, "HANDLER_FAILED", "") for each in good])
    none = await kinerja("release-all", "feedback")
    assert (none.exit_code, none.stdout) == (0, "released 0, 0 stay\n")
    mistyped = await kinerja("release-all", "--reason", "handler_failed")
    assert (mistyped.exit_code, mistyped.stderr) == (
        1,
        "no record waits for the reason handler_failed, but for: HANDLER_FAILED, NOT_JSON\n",
    )
    mended = await kinerja("release-all", "--reason", "HANDLER_FAILED")
    assert (mended.exit_code, mended.stdout) == (0, "released 2, 0 stay\n"), mended.output
    rest = await kinerja("release-all")
    assert (rest.exit_code, rest.stdout) == (1, "released 0, 1 stay\n")
    name = f"{record.topic}/{record.partition}/{record.offset}"
    assert rest.stderr.startswith(
        f"{name} not released: Not possible in the present state: The record still cannot be used"
    )
    assert (await kinerja("release-all", "payroll")).exit_code == 2
    async with scoring.context.database.transaction() as session:
        stored = await session.execute(text("select employee_id from employee where org_unit_id = 'unit-1'"))
        assert set(stored.scalars()) == {UUID(int=number, version=4) for number in (1, 2)}


async def test_the_list_cuts_nothing_and_fits_into_80_columns(
    kinerja: Callable[..., asyncio.Future[Result]], scoring: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    longest = replace(incoming(ATTENDANCE_DAY, b"{" * 1_000_000), partition=11, offset=123_456_789_012)
    async with scoring.context.database.transaction() as session:
        await scoring.context.dead_letters.park(session, [Parked(longest, "REVISION_TOO_FAR", "no words")])
    name = f"{longest.topic}/{longest.partition}/{longest.offset}"
    why = " ".join(["made by the gateway's former release"] * 10)
    assert (await kinerja("dismiss", "scoring", name, "--reason", why)).exit_code == 0
    lines = (await kinerja("list", "--dismissed")).stdout.splitlines()
    assert lines[0] == f"scoring {name} REVISION_TOO_FAR"
    assert " ".join(line.strip() for line in lines).endswith(f"by operator: {why}")
    assert max(map(len, lines)) <= 80


async def test_all_that_wait_for_one_code_are_dismissed_and_one_that_changed_meanwhile_is_reported(
    kinerja: Callable[..., asyncio.Future[Result]],
    scoring: Running,
    record: Incoming,
    gateway: Callable[[], httpx.Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Three records wait for the code; a colleague dismisses the first one after it was listed."""
    wrong = [incoming(EMPLOYEE, orjson.dumps({"number": number})) for number in range(3)]
    async with scoring.context.database.transaction() as session:
        await scoring.context.dead_letters.park(session, [Parked(each, "NOT_VALID", "no words") for each in wrong])
    first, *others = [f"{each.topic}/{each.partition}/{each.offset}" for each in wrong]
    mistyped = await kinerja("dismiss-all", "--code", "VALID", "--reason", WHY)
    assert (mistyped.exit_code, mistyped.stderr) == (
        1,
        "no record waits for the reason VALID, but for: NOT_JSON, NOT_VALID\n",
    )
    assert (await kinerja("dismiss-all", "--reason", WHY)).exit_code == 2

    def colleague(http: httpx.Client, path: str, **query: object) -> Iterator[dict[str, object]]:
        listed = list(pages(http, path, **query))
        if listed:
            dead_letters.request(http, "POST", f"{path}/{first}/dismiss", json={"reason": "seen before"})
        return iter(listed)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(dead_letters, "pages", colleague)
        done = await kinerja("dismiss-all", "--code", "NOT_VALID", "--reason", WHY)
    assert (done.exit_code, done.stdout) == (1, "dismissed 2, 1 changed meanwhile\n"), done.output
    assert done.stderr.startswith(f"{first} not dismissed: Not possible in the present state: The record was dismissed")
    assert (await kinerja("list")).stdout.splitlines()[0::2] == [
        f"scoring {record.topic}/{record.partition}/{record.offset} NOT_JSON"
    ]
    listed = (await kinerja("list", "--dismissed")).stdout
    assert all(f"scoring {other} NOT_VALID\n" in listed for other in others)
    assert " ".join(listed.split()).count(f" by operator: {WHY}") == 2


async def test_the_doctor_is_content_with_a_dismissed_record(
    gateway: Callable[[], httpx.Client], scoring: Running, record: Incoming
) -> None:
    def look() -> list[doctor.Finding]:
        with gateway() as http:
            return list(doctor.dead_letters(http, "scores"))

    assert [(found.state, found.what) for found in await asyncio.to_thread(look)] == [
        ("fail", "scores: 1 record waits for a person")
    ]
    path = f"/scores/v1/dead-letters/{record.topic}/{record.partition}/{record.offset}/dismiss"
    assert (await scoring.http.post(path, json={"reason": WHY})).is_success
    assert [(found.state, found.what) for found in await asyncio.to_thread(look)] == [("ok", "scores: no dead letters")]
