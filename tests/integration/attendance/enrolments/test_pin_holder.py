"""Every punch belongs to the officer who has its PIN on its date, after any sequence of changes."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import pytest

from embedded.postgres import EmbeddedPostgres
from tests.integration.attendance.city import FIRST_NIP, City, city, person

pytestmark = pytest.mark.embedded

PIN = "/attendance/v1/machines/M1/enrolments/7"
SECOND_NIP = "199009132025212001"
DATES = [date(2026, 8, 1) + timedelta(days=n) for n in range(8)]
CHANGES = 40


def holder_on(day: date, enrolments: list[Any], last_days: dict[Any, date | None]) -> Any:
    """The rule: the PIN's latest enrolment counts until its own end and until the date after the officer's last day."""
    begun = [each for each in enrolments if each.valid_from <= day]
    if not begun:
        return None
    latest = max(begun, key=lambda each: each.valid_from)
    last_day = last_days[latest.employee_id]
    ended = latest.valid_to is not None and latest.valid_to < day
    left = last_day is not None and last_day + timedelta(days=1) < day
    return None if ended or left else latest.employee_id


async def change(town: City, chance: random.Random, officers: list[str]) -> None:
    """One random change: an enrolment is stored or removed, or an officer's last day changes."""
    first, last = sorted(chance.choices(DATES, k=2))
    match chance.choice(("store", "store", "remove", "leave")):
        case "store":
            end = chance.choice((None, str(last)))
            body = {"employee_id": chance.choice(officers), "valid_from": str(first), "valid_to": end}
            assert (await town.http.put(PIN, json=body)).status_code == 204
        case "remove":
            answer = await town.http.delete(PIN, params={"valid_from": str(first)})
            assert answer.status_code in (204, 404)
        case "leave":
            await town.import_lines(person(active_to=chance.choice(("", str(first)))))


async def test_each_punch_belongs_to_the_holder_of_its_pin_after_every_change(
    embedded_postgres: EmbeddedPostgres,
) -> None:
    async with city(embedded_postgres) as town:
        await town.import_lines(person(), person(SECOND_NIP, employment_type="PPPK"))
        await town.machine()
        await town.run(
            "insert into punch (serial, pin, local_time, status, verify, at, flags, counted, source, upload_id, received_at)"
            " select 'M1', '7', day + hours, 255, 1, day + hours, '{}', true, 'test', 0, day"
            " from generate_series(timestamp '2026-07-31', '2026-08-10', '1 day') as day,"
            " unnest(array[interval '0', interval '23 hours 59 minutes']) as hours"
        )
        officers = [(await town.officer(nip))["employee_id"] for nip in (FIRST_NIP, SECOND_NIP)]
        chance = random.Random(11)
        for number in range(CHANGES):
            await change(town, chance, officers)
            enrolments = list(await town.rows("select * from enrolment where pin = '7'"))
            last_days = {row.employee_id: row.active_to for row in await town.rows("select * from employee")}
            punches = await town.rows("select local_time, employee_id from punch order by local_time")
            assert len(punches) == 22
            for punch in punches:
                expected = holder_on(punch.local_time.date(), enrolments, last_days)
                assert punch.employee_id == expected, (number, punch.local_time, enrolments, last_days)
