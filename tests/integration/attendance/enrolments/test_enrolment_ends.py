"""A PIN belongs to an officer between two dates, also when these are set later."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from embedded.postgres import EmbeddedPostgres
from tests.integration.attendance.city import City, city, person

pytestmark = pytest.mark.embedded

PIN = "/attendance/v1/machines/M1/enrolments/7"
SECOND_NIP = "199009132025212001"


@pytest.fixture
async def town(embedded_postgres: EmbeddedPostgres) -> AsyncIterator[City]:
    async with city(embedded_postgres) as found:
        await found.import_lines(person(), person(SECOND_NIP, employment_type="PPPK"))
        await found.machine(mark="2026-08-05 19:59")
        await found.close()
        yield found


async def enrol(town: City, officer: str, valid_from: str, **more: Any) -> None:
    answer = await town.http.put(PIN, json={"employee_id": officer, "valid_from": valid_from} | more)
    assert answer.status_code == 204, answer.text
    await town.work()


async def send(town: City, *moments: str) -> None:
    body = "".join(f"7\t{moment}:00\t255\t1\t\t0\t0\n" for moment in moments)
    answer = await town.http.post("/iclock/cdata", params={"SN": "M1", "table": "ATTLOG"}, content=body)
    assert answer.text.startswith("OK: "), answer.text
    await town.work()


async def present(town: City, officer: str) -> list[bool]:
    """Whether the officer was present on each day."""
    return [(await town.day(officer, f"2026-08-0{n}"))["day"]["status"] == "present" for n in (3, 4, 5)]


async def test_a_backdated_end_of_an_enrolment_removes_the_later_punches(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    await enrol(town, officer, "2026-01-01")
    await send(town, "2026-08-03 07:20", "2026-08-04 07:21", "2026-08-05 07:22")
    assert await present(town, officer) == [True, True, True]
    await enrol(town, officer, "2026-01-01", valid_to="2026-08-03")
    assert await present(town, officer) == [True, False, False]
    await send(town, "2026-08-04 16:00", "2026-08-03 16:05")  # later uploads are nobody's either
    assert await present(town, officer) == [True, False, False]
    assert (await town.day(officer, "2026-08-03"))["day"]["last_out"] == "2026-08-03T16:05:00+07:00"
    assert (await town.http.get("/attendance/v1/machines")).json()[0]["unknown_pins"] == 1
    await enrol(town, officer, "2026-01-01", valid_to="2026-08-04")
    assert await present(town, officer) == [True, True, False]
    await enrol(town, officer, "2026-01-01")
    assert await present(town, officer) == [True, True, True]


async def test_a_backdated_start_does_not_take_punches_of_the_pins_next_officer(town: City) -> None:
    first, second = [(await town.officer(nip))["employee_id"] for nip in ("199608182022041001", SECOND_NIP)]
    await send(town, "2026-08-03 07:20", "2026-08-04 07:21", "2026-08-05 07:22")
    await enrol(town, second, "2026-08-05")
    assert await present(town, second) == [False, False, True]
    await enrol(town, first, "2026-01-01", valid_to="2026-08-03")
    assert (await present(town, first), await present(town, second)) == ([True, False, False], [False, False, True])
    await enrol(town, second, "2026-08-04")
    assert (await present(town, first), await present(town, second)) == ([True, False, False], [False, True, True])
    listed = (await town.http.get("/attendance/v1/machines/M1/enrolments")).json()
    assert [(row["valid_from"], row["valid_to"]) for row in listed] == [
        ("2026-01-01", "2026-08-03"),
        ("2026-08-04", None),
        ("2026-08-05", None),
    ]
    gone = await town.http.delete(PIN, params={"valid_from": "2026-08-04"})
    assert gone.status_code == 204
    await town.work()
    assert await present(town, second) == [False, False, True]


async def test_a_pin_belongs_to_nobody_from_the_second_day_after_its_officer_left(town: City) -> None:
    """A night shift may end on the first day."""
    officer = (await town.officer())["employee_id"]
    await enrol(town, officer, "2026-01-01")
    await send(town, "2026-08-03 07:20", "2026-08-04 07:21", "2026-08-05 07:22")
    others = person(SECOND_NIP, employment_type="PPPK")
    for last_day, whose in (("2026-08-03", [officer, officer, None]), ("2026-08-02", [officer, None, None])):
        await town.import_lines(person(active_to=last_day), others)
        rows = await town.rows("select employee_id from punch order by at")
        assert [row.employee_id and str(row.employee_id) for row in rows] == whose
    await send(town, "2026-08-05 16:00")
    assert (await town.http.get("/attendance/v1/machines")).json()[0]["unknown_pins"] == 1
    await town.import_lines(person(), others)
    await town.work()
    assert await present(town, officer) == [True, True, True]
    assert (await town.http.get("/attendance/v1/machines")).json()[0]["unknown_pins"] == 0


async def test_an_enrolment_that_ends_before_its_start_is_refused(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    body = {"employee_id": officer, "valid_from": "2026-08-04", "valid_to": "2026-08-03"}
    answer = await town.http.put(PIN, json=body)
    assert answer.status_code == 422
    assert (await town.http.get("/attendance/v1/machines/M1/enrolments")).json() == []
