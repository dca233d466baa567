"""The queue of days agrees with the rules that decide when a day is final and which shift a punch belongs to.

The SQL that enqueues days repeats these rules, because it must find a few days among a million. Random cities run against
the real service; the rules are asked about every day of them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from embedded.postgres import EmbeddedPostgres
from services.attendance.days.computation import OFFICER_COLUMNS, ComputedDay, compute_days
from services.attendance.days.scheduler import DayScheduler
from services.attendance.machines.locked_machine import lock_machine, write_watermark
from shared.base.ids import new_id
from tests.integration.attendance.city import WIB, City, city, person

pytestmark = pytest.mark.embedded

BASE = "/attendance/v1"
NIPS = ("199608182022041001", "199608182022041002", "199608182022041003")
UNITS = ("u1", "u1", "u2")
MACHINES = {"M1": "u1", "M2": "u1", "M3": "u2"}
START = "2026-08-05 20:00"
STEPS = 15
REPORTS = 5
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
IMPOSSIBLE = (409, 422)
"""A random time may contradict a machine's earlier placements."""
Key = tuple[UUID, date]


class RandomCity:
    """A city in which random things happen to machines, hours and officers."""

    def __init__(self, town: City, random: Random, officers: list[str]) -> None:
        self.town = town
        self.random = random
        self.officers = officers

    @property
    def now(self) -> datetime:
        return self.town.context.clock.now()

    async def put(self, path: str, body: dict[str, Any], refused: tuple[int, ...] = ()) -> None:
        answer = await self.town.http.put(BASE + path, json=body)
        assert answer.is_success or answer.status_code in refused, answer.text

    def moment(self, hours_back: int = 72) -> datetime:
        """A past moment; often the end of an ordinary shift's window or of a night."""
        if self.random.random() < 0.3:
            day = self.now.astimezone(WIB) - timedelta(days=self.random.randrange(3))
            hour = self.random.choice([6, 10, 16, 20, 22])
            return min(self.now, day.replace(hour=hour, minute=0, second=0, microsecond=0))
        return self.now - timedelta(minutes=self.random.randrange(hours_back * 60))

    async def time_passes(self) -> None:
        self.town.clock.advance(timedelta(hours=self.random.randrange(1, 40)))  # type: ignore[union-attr]

    async def machine_moves(self) -> None:
        serial, unit = self.random.choice(list(MACHINES)), self.random.choice(["u1", "u2", None])
        setup = {"name": "Pintu", "timezone": "Asia/Jakarta", "direction_from": "shift", "org_unit_id": unit}
        await self.put(f"/machines/{serial}", setup | {"in_unit_from": self.moment().isoformat()}, IMPOSSIBLE)

    async def machine_goes_out_of_service(self) -> None:
        serial = self.random.choice(list(MACHINES))
        [row] = await self.town.rows("select org_unit_id from machine where serial = :serial", serial=serial)
        ends = self.random.choice([None, self.moment().isoformat()])
        setup = {"name": "Pintu", "timezone": "Asia/Jakarta", "direction_from": "shift", "org_unit_id": row.org_unit_id}
        await self.put(f"/machines/{serial}", setup | {"in_service_to": ends}, IMPOSSIBLE)

    async def officer_works_a_night(self) -> None:
        who, day = self.random.choice(self.officers), self.now.astimezone(WIB).date() - timedelta(days=1)
        starts = datetime(day.year, day.month, day.day, self.random.choice([0, 5, 14, 20, 22]))  # noqa: DTZ001 - local
        ends = starts + timedelta(hours=self.random.choice([4, 8, 12, 24]))
        await self.put(f"/employees/{who}/roster/{day}", {"starts_at": starts.isoformat(), "ends_at": ends.isoformat()})

    async def officer_is_on_leave(self) -> None:
        who, day = self.random.choice(self.officers), self.now.astimezone(WIB).date()
        decision = {"employee_id": who, "code": "CUTI_TAHUNAN", "kind": "leave", "state": "approved"}
        dates = {"first_date": str(day - timedelta(days=1)), "last_date": str(day)}
        await self.put(f"/excuses/{new_id()}", decision | dates)

    async def hours_change(self) -> None:
        start, end = self.random.choice(
            [("07:30", "16:00"), ("22:00", "06:00"), ("01:00", "09:00"), ("20:00", "04:00")]
        )
        hours = {"days": {day: {"start": start, "end": end} for day in DAYS}}
        body = {"name": "Piket", "kind": "five_day", "effective_from": "2026-08-01"} | hours
        await self.put(f"/schedules/{new_id()}", body | {"employee_id": self.random.choice(self.officers)})

    async def machine_reports(self) -> bool:
        """Its watermark moves, or its clock becomes wrong or right; returns whether the watermark moved."""
        async with self.town.context.changing() as change:
            machine = await lock_machine(change.session, self.random.choice(list(MACHINES)), change.now)
            assert machine is not None
            watermark, until = machine.watermark, self.moment()
            what = self.random.choice([*["watermark"] * 7, "wrong", "right", "right"])
            if what == "watermark":
                watermark = replace(watermark, complete_until=max(until, watermark.complete_until or until))
            else:
                watermark = replace(watermark, clock_wrong_since=change.now if what == "wrong" else None)
            await write_watermark(change, machine, watermark, None)
            return watermark.complete_until != machine.watermark.complete_until

    async def stored(self) -> dict[Key, str]:
        """The state of each published day."""
        rows = await self.town.rows("select employee_id, work_date, state from attendance_day")
        return {(row.employee_id, row.work_date): row.state for row in rows}

    async def computed(self, keys: list[Key]) -> dict[Key, ComputedDay]:
        """What the rules say about these days now."""
        async with self.town.context.changing() as change:
            rows = await change.session.execute(text(OFFICER_COLUMNS))
            officers: Any = {row.employee_id: row for row in rows}
            days = await compute_days(change.session, keys, officers, change.zone, change.now)
        return {day.key: day for day in days}


async def random_city(town: City, random: Random) -> RandomCity:
    for nip, unit in zip(NIPS, UNITS, strict=True):
        await town.import_lines(person(nip=nip, org_unit_id=unit, org_unit_name=f"Dinas {unit}"))
    for serial, unit in MACHINES.items():
        await town.machine(serial, unit)
    officers = [(await town.officer(nip))["employee_id"] for nip in NIPS]
    await town.close()
    return RandomCity(town, random, officers)


@pytest.mark.parametrize("seed", range(3))
async def test_a_day_is_enqueued_when_and_only_when_it_can_become_final(
    embedded_postgres: EmbeddedPostgres, seed: int
) -> None:
    async with city(embedded_postgres, START) as town:
        place = await random_city(town, Random(seed))
        events = (
            place.time_passes,
            place.time_passes,
            place.machine_moves,
            place.machine_goes_out_of_service,
            place.officer_works_a_night,
            place.officer_is_on_leave,
        )
        for step in range(STEPS):
            await place.random.choice(events)()
            for _ in range(REPORTS):
                await town.close()
                before = await place.computed(list(await place.stored()))
                moved = await place.machine_reports()
                await town.work()
                stored = await place.stored()
                after = await place.computed(list(stored))
                # A watermark that moves closes every day that it makes final; the scheduler closes the others.
                late = [
                    key for key, day in after.items() if day.result.state == "final" and stored[key] == "provisional"
                ]
                assert not moved or [key for key in late if before[key].result.state == "provisional"] == [], step

            await town.close()
            stored = await place.stored()
            final = {key for key, day in (await place.computed(list(stored))).items() if day.result.state == "final"}
            assert [key for key in final if stored[key] == "provisional"] == [], step

            await town.service.app.part(DayScheduler).round()
            assert await town.rows("select employee_id, work_date from day_queue") == [], step


@pytest.mark.parametrize("seed", range(3))
async def test_a_punch_enqueues_every_date_to_whose_shift_it_may_belong(
    embedded_postgres: EmbeddedPostgres, seed: int
) -> None:
    async with city(embedded_postgres, START) as town:
        place, punched = await random_city(town, Random(seed)), set[datetime]()
        for step in range(STEPS):
            await place.random.choice([place.hours_change, place.officer_works_a_night])()
            await town.close()
            for who in place.officers:
                moment = place.moment(hours_back=48).replace(second=0, microsecond=0)
                if moment in punched:
                    continue
                punched.add(moment)
                await town.punch(who, moment.astimezone(WIB).strftime("%Y-%m-%d %H:%M"))
                rows = await town.rows("select employee_id, work_date from day_queue")
                queued = {(row.employee_id, row.work_date) for row in rows}
                days = (await place.computed([key for key in await place.stored() if key[0] == UUID(who)])).values()
                windows = {day.key: day.window for day in days if day.window is not None}
                assert {key for key, window in windows.items() if moment in window} <= queued, (step, moment)
            await town.work()
            place.town.clock.advance(timedelta(hours=5))  # type: ignore[union-attr]
