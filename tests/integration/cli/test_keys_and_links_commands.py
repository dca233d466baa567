"""`kinerja keys`, `kinerja links` and the doctor's check of keys, with the four services."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text
from typer.testing import Result

from cli.client import PREFIXES
from cli.doctor.keys import examine_keys
from embedded.postgres import EmbeddedPostgres
from tests.fixtures.documents.town_commands import NAME, Command, commands_against, four_services, gateway_to
from tests.fixtures.services import Running
from tests.integration.attendance.city import FIRST_NIP, City
from tests.integration.notifications.desk import apply
from tests.integration.notifications.notice_records import absences


@pytest.fixture
async def city(embedded_postgres: EmbeddedPostgres) -> AsyncIterator[dict[str, Running]]:
    """The four services with one officer, in unit-1, and two machines."""
    async with four_services(embedded_postgres) as found:
        yield found


@pytest.fixture
async def officer(city: dict[str, Running]) -> str:
    """The employee_id of the one officer."""
    return str((await City(city["attendance"], None).officer())["employee_id"])


@pytest.fixture
async def gateway(city: dict[str, Running]) -> Callable[[], httpx.Client]:
    """Sends a command's requests, from its thread, to the services."""
    return gateway_to(city)


@pytest.fixture
def kinerja(gateway: Callable[[], httpx.Client], monkeypatch: pytest.MonkeyPatch) -> Command:
    return commands_against(gateway, monkeypatch)


async def reads(service: Running, path: str, token: str) -> int:
    return (await service.http.get(path, headers={"Authorization": f"Bearer {token}"})).status_code


def token_of(done: Result) -> str:
    assert done.exit_code == 0, done.output
    return done.stdout.strip()


LISTS = {
    "attendance": "/attendance/v1/employees",
    "scoring": "/scores/v1/employees",
    "notifications": "/notices/v1/notices",
}
HRIS = ("--scope", "employees:read", "--scope", "scores:read", "--scope", "notices:read")


async def test_one_key_opens_what_an_hr_system_reads_until_it_is_replaced(
    kinerja: Command, city: dict[str, Running]
) -> None:
    made = await kinerja("keys", "make", "hris", *HRIS, "--unit", "unit-1", "--days", "90")
    token = token_of(made)
    key_id = token.split(".")[0]
    assert f"key {key_id} for attendance, scoring, notifications" in made.stderr
    for service, path in LISTS.items():
        assert await reads(city[service], path, token) == 200
    assert await reads(city["feedback"], "/feedback/v1/feedback", token) == 401
    table = (await kinerja("keys", "list")).stdout
    assert table.count(key_id) == 1
    for words in ("hris", "employees:read", "notices:read", "units unit-1", "active"):
        assert words in table
    assert token not in table

    fresh = token_of(await kinerja("keys", "rotate", key_id, "--overlap-hours", "1"))
    assert fresh.split(".")[0] != key_id
    for service, path in LISTS.items():
        assert [await reads(city[service], path, each) for each in (token, fresh)] == [200, 200]
    assert "replaced" in (await kinerja("keys", "list")).stdout
    assert (await kinerja("keys", "revoke", fresh.split(".")[0])).exit_code == 0
    for service, path in LISTS.items():
        assert await reads(city[service], path, fresh) == 401
    assert fresh.split(".")[0] not in (await kinerja("keys", "list")).stdout
    assert fresh.split(".")[0] in (await kinerja("keys", "list", "--ended")).stdout


async def test_a_name_that_one_service_refuses_is_made_in_none(kinerja: Command, city: dict[str, Running]) -> None:
    held = token_of(await kinerja("keys", "make", "hris", "--scope", "notices:read"))
    refused = await kinerja("keys", "make", "HRIS", *HRIS)
    assert refused.exit_code == 1
    assert "An active key has this name" in refused.stderr
    assert "was revoked in attendance, scoring" in refused.stderr
    for service in ("attendance", "scoring"):
        [item] = (await city[service].http.get(f"/{PREFIXES[service]}/v1/api-keys")).json()["items"]
        assert item["state"] == "revoked"
    assert await reads(city["notifications"], LISTS["notifications"], held) == 200
    token_of(await kinerja("keys", "make", "hris-2", *HRIS))


async def test_a_machine_s_and_a_superior_s_key(kinerja: Command, city: dict[str, Running]) -> None:
    done = await kinerja("keys", "make", "reader", "--scope", "punches:write", "--machine", "M1", "--machine", "M2")
    assert done.exit_code == 0, done.output
    both = ("--scope", "assessments:write", "--scope", "notices:release", "--officer", "nurhaliza")
    token = token_of(await kinerja("keys", "make", "head", *both))
    assert await reads(city["notifications"], LISTS["notifications"], token) == 200
    table = (await kinerja("keys", "list")).stdout
    assert "machines M1, M2" in table
    assert f"officer {NAME} ({FIRST_NIP})" in table


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--scope", "scores:write"), "no such scope: scores:write"),
        (("--scope", "punches:write"), "name the machines"),
        (("--scope", "notices:release"), "name the officer"),
        (("--scope", "scores:read", "--machine", "M1"), "--machine: none of these scopes uses it"),
        (("--scope", "scores:read", "--officer", FIRST_NIP), "--officer: none of these scopes uses it"),
        (("--scope", "visits:write", "--unit", "unit-1"), "cannot be limited to units"),
    ],
)
async def test_a_key_that_makes_no_sense_is_refused_before_anything_is_made(
    kinerja: Command, city: dict[str, Running], arguments: tuple[str, ...], words: str
) -> None:
    done = await kinerja("keys", "make", "x", "--scope", "days:read", *arguments)
    assert done.exit_code == 2
    assert words in done.stderr
    for service, prefix in PREFIXES.items():
        assert (await city[service].http.get(f"/{prefix}/v1/api-keys")).json()["items"] == []


async def test_what_fails_midway_leaves_no_half_made_key(kinerja: Command, city: dict[str, Running]) -> None:
    async with city["notifications"].context.database.transaction() as session:
        await session.execute(text("alter table api_key rename to away"))
    done = await kinerja("keys", "make", "hris", *HRIS)
    assert done.exit_code == 1
    assert "was revoked in attendance, scoring" in done.stderr
    for service in ("attendance", "scoring"):
        [item] = (await city[service].http.get(f"/{PREFIXES[service]}/v1/api-keys")).json()["items"]
        assert item["state"] == "revoked"


async def test_a_key_that_nobody_knows(kinerja: Command) -> None:
    for command in ("rotate", "revoke"):
        done = await kinerja("keys", command, str(uuid4()))
        assert (done.exit_code, "no service knows the key" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--scope", "scores:read", "--unit", "unit-2"), "no such unit: unit-2; perhaps unit-1"),
        (("--scope", "punches:write", "--machine", "M1", "--machine", "M3"), "no such machine: M3"),
        (("--scope", "notices:release", "--officer", str(uuid4())), "no officer with this employee_id"),
        (("--scope", "notices:release", "--officer", "budi"), "no officer has this NIP or name: budi"),
    ],
)
async def test_a_key_for_somebody_who_is_not_there_is_not_made(
    kinerja: Command, city: dict[str, Running], arguments: tuple[str, ...], words: str
) -> None:
    done = await kinerja("keys", "make", "x", *arguments)
    assert (done.exit_code, done.stdout) == (1, "")
    assert words in done.stderr
    for service, prefix in PREFIXES.items():
        assert (await city[service].http.get(f"/{prefix}/v1/api-keys")).json()["items"] == []


async def test_links_are_issued_listed_and_revoked(kinerja: Command, city: dict[str, Running]) -> None:
    done = await kinerja("links", "issue", "19960818 202204 1 001", "--days", "2")
    assert done.exit_code == 0, done.output
    page, inbox = done.stdout.split()
    assert "/my/" in page
    assert "/notices/inbox/" in inbox
    for service, url in (("scoring", page), ("notifications", inbox)):
        assert (await city[service].http.get(httpx.URL(url).path)).status_code == 200
    only = token_of(await kinerja("links", "issue", "siti nur", "--inbox"))
    table = (await kinerja("links", "list", FIRST_NIP)).stdout
    assert table.count(f"{NAME} ({FIRST_NIP})") == 3
    for address in (page, inbox, only):
        assert address.rsplit("/", 1)[1] not in table
    one = (await city["notifications"].http.get("/notices/v1/links")).json()["items"][0]["id"]
    assert (await kinerja("links", "revoke", one)).stdout == f"revoked {one}\n"
    assert (await city["notifications"].http.get(httpx.URL(inbox).path)).status_code == 410
    assert (await kinerja("links", "revoke", "--officer", FIRST_NIP)).stdout == "revoked 2 links\n"
    for service, url in (("scoring", page), ("notifications", only)):
        assert (await city[service].http.get(httpx.URL(url).path)).status_code == 410
    assert (await kinerja("links", "list")).stdout == ""
    assert (await kinerja("links", "list", "--ended")).stdout.count(NAME) == 3
    for status, *wrong in ((2, "revoke"), (1, "revoke", str(uuid4())), (1, "issue", str(uuid4()))):
        assert (await kinerja("links", *wrong)).exit_code == status


async def test_a_letter_is_read_before_it_is_released(kinerja: Command, city: dict[str, Running], officer: str) -> None:
    await apply(city["notifications"], [absences(3, officer=UUID(officer))])
    listed = await kinerja("notices", "list", "--officer", "siti")
    assert f"discipline_information: {NAME} ({FIRST_NIP})" in listed.stdout
    [item] = (await city["notifications"].http.get(LISTS["notifications"])).json()["items"]
    shown = (await kinerja("notices", "show", item["notice_id"])).stdout
    assert "discipline_information released, revision 1" in shown
    assert "bukan hukuman disiplin" in shown
    refused = await kinerja("notices", "release", str(uuid4()), "--revision", "1")
    assert refused.exit_code == 1


async def test_the_doctor_warns_of_keys_that_end_and_of_keys_that_nobody_uses(
    kinerja: Command, gateway: Callable[[], httpx.Client], city: dict[str, Running]
) -> None:
    async def findings(now: datetime) -> dict[str, list[str]]:
        def look() -> dict[str, list[str]]:
            found: dict[str, list[str]] = {}
            with gateway() as http:
                for one in examine_keys(http, now):
                    assert one.state == "ok" or one.todo
                    found.setdefault(one.state, []).append(one.what)
            return found

        return await asyncio.to_thread(look)

    now = datetime.now(UTC)
    assert await findings(now) == {"ok": ["no keys yet"]}
    soon = token_of(await kinerja("keys", "make", "soon", *HRIS, "--days", "90"))
    used = token_of(await kinerja("keys", "make", "used", *HRIS))
    unused = token_of(await kinerja("keys", "make", "unused", *HRIS))
    for token in (soon, used):
        await reads(city["scoring"], LISTS["scoring"], token)
    assert await findings(now) == {"ok": ["3 keys work"]}
    found: dict[str, Any] = await findings(now + timedelta(days=61))
    assert [words.split(" ", 1)[1] for words in found["warn"]] == [f"{soon.split('.')[0]} (soon) ends in 29 days"]
    later = await findings(now + timedelta(days=91))
    assert any(unused.split(".")[0] in words and "never used" in words for words in later["warn"])
    assert any(used.split(".")[0] in words and "not used since" in words for words in later["warn"])
    # the doctor ignores a replaced key
    await kinerja("keys", "rotate", used.split(".")[0])
    assert not any(used.split(".")[0] in words for words in (await findings(now + timedelta(days=91)))["warn"])
