"""Facts may arrive backdated and in any order: the days equal those computed from all facts at once."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from embedded.postgres import EmbeddedPostgres
from services.attendance.days.scheduler import DayScheduler
from services.attendance.people.present import Transfers
from tests.integration.attendance.city import FIRST_NIP, City, city, local, person

pytestmark = pytest.mark.embedded

NIPS = (FIRST_NIP, "199009132025212001", "198501012010011003", "199203042018012004")
TYPES = ("PNS", "PPPK", "PPPK_PART_TIME")
UNITS = ("u1", "u2", "u3")
FIRST = date(2026, 8, 3)
DATES = [str(FIRST + timedelta(days=n)) for n in range(12)]
CHANGES = 70
BASE = "/attendance/v1"
TABLES = (
    "org_unit", "employee", "employee_unit", "employee_type", "machine", "enrolment", "punch", "week_schedule",
    "schedule_override", "roster_setting", "roster_shift", "excuse", "outage",
)  # fmt: skip
"""Inputs of days, in foreign-key order; `copy` handles rules and the calendar separately."""


class Clerk:
    """Changes random facts through the API, in any order, with any date."""

    def __init__(self, town: City, chance: random.Random) -> None:
        self.town = town
        self.chance = chance
        self.officers: dict[str, str] = {}

    async def begin(self) -> None:
        await self.town.import_lines(*(person(nip, employment_type=kind) for nip, kind in self.people()))
        await self.town.import_lines(person(org_unit_id="u2", org_unit_name="IGD"))
        await self.town.import_lines(person(org_unit_id="u3", org_unit_name="Damkar"))
        # Silence depends on when a day is computed, not only on facts; so here no machine is silent.
        rules = (await self.town.http.get(f"{BASE}/rules")).json()[0]["content"]
        await self.town.run("update rule_set set content = :c", c=json.dumps(rules | {"silent_outage_days": 300}))
        for number, unit in enumerate(UNITS, start=1):
            await self.town.machine(f"M{number}", unit)
            await self.town.run("update machine set registered_at = :at", at=local("2026-01-01 08:00"))
        for nip in NIPS:
            self.officers[nip] = officer = (await self.town.officer(nip))["employee_id"]
            for number in range(1, len(UNITS) + 1):
                path = f"/machines/M{number}/enrolments/{len(self.officers)}"
                await self.ask("PUT", path, {"employee_id": officer, "valid_from": "2022-04-01"})

    def people(self) -> list[tuple[str, str]]:
        return [(nip, "PPPK" if nip[12:14] == "21" else "PNS") for nip in NIPS]

    async def ask(self, method: str, path: str, body: Any = None, **more: Any) -> None:
        """A refusal is a valid answer: it changes nothing."""
        answer = await self.town.http.request(method, BASE + path, json=body, **more)
        assert answer.status_code < 500, answer.text

    def day(self) -> str:
        return self.chance.choice(DATES)

    def span(self) -> tuple[str, str | None]:
        first, last = sorted((self.day(), self.day()))
        return first, self.chance.choice([last, None])

    def officer(self) -> str:
        return self.chance.choice(list(self.officers.values()))

    def whose(self) -> dict[str, str]:
        return self.chance.choice([{}, {"org_unit_id": self.unit()}, {"employee_id": self.officer()}])

    def unit(self) -> str:
        return self.chance.choice(UNITS)

    def number(self) -> str:
        return f"0190a5a0-0000-7000-8000-00000000000{self.chance.randrange(5)}"

    def hours(self) -> dict[str, str]:
        start, length = self.chance.randrange(24), self.chance.choice([7, 8, 12, 24])
        return {"start": f"{start:02}:00", "end": f"{(start + length) % 24:02}:00"}

    def days(self) -> dict[str, Any]:
        names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
        return {name: self.hours() for name in self.chance.sample(names, 5)}

    async def states_a_unit(self) -> None:
        method = self.chance.choice(["PUT", "PUT", "DELETE"])
        body = {"org_unit_id": self.unit()} if method == "PUT" else None
        await self.ask(method, f"/employees/{self.officer()}/units/{self.day()}", body)

    async def states_a_type(self) -> None:
        method = self.chance.choice(["PUT", "PUT", "DELETE"])
        body = {"employment_type": self.chance.choice(TYPES)} if method == "PUT" else None
        await self.ask(method, f"/employees/{self.officer()}/employment-types/{self.day()}", body)

    async def imports_a_file(self) -> None:
        lines = []
        for nip, kind in self.chance.sample(self.people(), 2):
            unit = self.unit()
            changes = {
                "org_unit_id": unit,
                "org_unit_name": {"u1": "Dinas Satu", "u2": "IGD", "u3": "Damkar"}[unit],
                "unit_from": self.chance.choice(["", self.day()]),
                "active_from": self.chance.choice(["2022-04-01", "2022-04-01", self.day()]),
            }
            if self.chance.random() < 0.3:
                changes["active_to"] = max(self.day(), changes["active_from"])
            lines.append(person(nip, employment_type=kind, **changes))
        await self.town.import_lines(*lines)

    async def says_who_works_by_roster(self) -> None:
        if self.chance.random() < 0.2:
            await self.ask("DELETE", f"/by-roster/{self.number()}")
            return
        first, last = self.span()
        body = {"by_roster": self.chance.random() < 0.7, "effective_from": first, "effective_to": last}
        await self.ask("PUT", f"/by-roster/{self.number()}", body | self.whose())

    async def changes_a_week(self) -> None:
        if self.chance.random() < 0.3:
            await self.ask("DELETE", f"/schedules/{self.number()}")
            return
        first, last = self.span()
        body = {"name": "Jam", "kind": "five_day", "days": self.days(), "effective_from": first, "effective_to": last}
        await self.ask("PUT", f"/schedules/{self.number()}", body | self.whose())

    async def changes_dated_hours(self) -> None:
        if self.chance.random() < 0.3:
            await self.ask("DELETE", f"/overrides/{self.number()}")
            return
        first, last = sorted((self.day(), self.day()))
        body = {"name": "Ramadan", "code": "RAMADAN", "kind": "five_day", "decree": "SE", "days": self.days()}
        await self.ask("PUT", f"/overrides/{self.number()}", body | {"first_date": first, "last_date": last})

    def entry(self, officer: str, day: str) -> dict[str, Any]:
        starts = f"{day}T{self.chance.randrange(24):02}:00:00"
        ends = local(starts.replace("T", " ")) + timedelta(hours=7 + self.chance.choice([0, 7, 8, 12, 24]))
        body = {"employee_id": officer, "work_date": day}
        shift = {"starts_at": starts, "ends_at": ends.replace(tzinfo=None).isoformat()}
        return body | self.chance.choice([shift, shift, {}, {"entry": "none"}])

    async def writes_a_roster(self) -> None:
        keys = {(self.officer(), self.day()) for _ in range(self.chance.choice([1, 1, 6]))}
        await self.ask("POST", "/shifts", {"entries": [self.entry(*key) for key in sorted(keys)]})

    async def decrees_a_day(self) -> None:
        if self.chance.random() < 0.3:
            await self.ask("DELETE", f"/calendar/{self.day()}")
            return
        body = {"name": "Libur", "kind": "holiday", "confirmed": self.chance.random() < 0.7}
        await self.ask("PUT", f"/calendar/{self.day()}", body)

    async def decides_on_an_excuse(self) -> None:
        first, last = sorted((self.day(), self.day()))
        code, kind = self.chance.choice([("CUTI_SAKIT", "leave"), ("DINAS_LUAR", "duty")])
        state = self.chance.choice(["requested", "approved", "approved", "rejected", "revoked"])
        body = {"code": code, "kind": kind, "first_date": first, "last_date": last, "state": state, "reason": "Alasan"}
        half = self.chance.choice(["none", "none", "morning", "afternoon"])
        number = self.number()  # one officer per number: otherwise most decisions are refused
        officer = list(self.officers.values())[int(number[-1]) % len(self.officers)]
        await self.ask("PUT", f"/excuses/{number}", body | {"employee_id": officer, "half": half})

    async def enrols(self) -> None:
        path = f"/machines/M{self.chance.randrange(1, 4)}/enrolments/{self.chance.randrange(1, 5)}"
        first, last = self.span()
        if self.chance.random() < 0.2:
            await self.ask("DELETE", path, params={"valid_from": first})
            return
        await self.ask("PUT", path, {"employee_id": self.officer(), "valid_from": first, "valid_to": last})

    async def punches(self) -> None:
        serial = f"M{self.chance.randrange(1, 4)}"
        rows = [
            {
                "pin": str(self.chance.randrange(1, 5)),
                "at": f"{self.day()}T{self.chance.randrange(24):02}:{n:02}:00+07:00",
            }
            for n in range(30)
        ]
        await self.ask("POST", "/punches", {"serial": serial, "rows": rows})

    async def hears_of_a_machine(self) -> None:
        serial = f"M{self.chance.randrange(1, 4)}"
        [row] = await self.town.rows("select complete_until from machine where serial = :serial", serial=serial)
        moment = f"{max(self.day(), self.day())} {self.chance.randrange(24):02}:00"
        if local(moment) <= self.now() and (row.complete_until is None or row.complete_until < local(moment)):
            await self.town.advance(moment, serial=serial)

    async def declares_an_outage(self) -> None:
        first, last = sorted((self.day(), self.day()))
        whose = self.chance.choice([{"org_unit_id": self.unit()}, {"serial": f"M{self.chance.randrange(1, 4)}"}])
        body = {"starts_at": f"{first}T05:00:00+07:00", "ends_at": f"{last}T18:00:00+07:00", "reason": "Padam"}
        await self.ask("PUT", f"/outages/{self.number()}", body | whose)

    def now(self) -> Any:
        assert self.town.clock is not None
        return self.town.clock.now()

    async def lets_a_day_pass(self) -> None:
        if self.now() < local(f"{DATES[-1]} 00:00") - timedelta(days=1):
            assert self.town.clock is not None
            self.town.clock.advance(timedelta(days=1))
        await self.town.service.app.part(Transfers).round()
        await self.town.service.app.part(DayScheduler).round()

    async def works(self) -> None:
        await self.town.work()

    def changes(self) -> list[Callable[[], Coroutine[Any, Any, None]]]:
        often = [self.writes_a_roster, self.punches, self.works, self.states_a_unit, self.says_who_works_by_roster]
        seldom = [
            self.states_a_type, self.imports_a_file, self.changes_a_week, self.changes_dated_hours,
            self.decrees_a_day, self.decides_on_an_excuse, self.enrols, self.hears_of_a_machine,
            self.declares_an_outage, self.lets_a_day_pass,
        ]  # fmt: skip
        return [*often, *often, *seldom]


async def copy(source: City, target: City) -> None:
    """Copies the facts, but no computed results."""
    for table in ("week_schedule", "calendar_day", "rule_set"):
        await target.run(f"delete from {table}")
    for table in (*TABLES, "calendar_day", "rule_set"):
        rows = await source.rows(f"select to_json(t)::text as row from {table} t")
        for row in rows:
            await target.run(
                f"insert into {table} select * from json_populate_record(null::{table}, :row)", row=row.row
            )
    await target.run("update employee set queued_from = null, queued_until = null")


async def days_of(town: City) -> dict[tuple[UUID, str], dict[str, Any]]:
    """Every day without its revision, and without DAY_NOT_OVER, which changes only with other values."""
    found = {}
    for row in await town.rows("select employee_id, work_date, record from attendance_day"):
        record = orjson.loads(row.record)
        del record["revision"], record["recorded_at"]
        record["reasons"] = [reason for reason in record["reasons"] if reason != "DAY_NOT_OVER"]
        found[row.employee_id, str(row.work_date)] = record
    return found


async def check_whose_punches_are(town: City) -> None:
    """The last enrolment begun by the date owns a punch, unless it or the employment has ended."""
    enrolments = await town.rows(
        "select n.serial, n.pin, n.valid_from, n.valid_to, n.employee_id, o.active_to"
        " from enrolment n join employee o using (employee_id) order by n.valid_from"
    )
    for punch in await town.rows("select serial, pin, local_time::date as day, employee_id from punch"):
        whose = None
        for each in enrolments:
            if (each.serial, each.pin) == (punch.serial, punch.pin) and each.valid_from <= punch.day:
                ended = each.valid_to is not None and each.valid_to < punch.day
                left = each.active_to is not None and each.active_to + timedelta(days=1) < punch.day
                whose = None if ended or left else each.employee_id
        assert punch.employee_id == whose


@pytest.mark.parametrize("seed", range(6))
async def test_changes_in_any_order_end_in_the_days_that_all_facts_together_give(
    seed: int, embedded_postgres: EmbeddedPostgres
) -> None:
    chance = random.Random(seed)
    async with AsyncExitStack() as stack:
        town = await stack.enter_async_context(city(embedded_postgres, "2026-08-08 20:00"))
        clerk = Clerk(town, chance)
        await clerk.begin()
        await town.close()
        for _ in range(CHANGES):
            await chance.choice(clerk.changes())()
        await town.service.app.part(Transfers).round()
        await town.close()
        fresh = await stack.enter_async_context(city(embedded_postgres, "2026-08-08 20:00"))
        assert fresh.clock is not None
        fresh.clock.set(clerk.now())
        await copy(town, fresh)
        await fresh.close()
        changed, computed = await days_of(town), await days_of(fresh)
        await check_whose_punches_are(town)
    assert len(computed) > len(NIPS)
    assert {key: changed[key] for key in computed} == computed
    # published days are never deleted: outside the employment they are off
    assert {tuple(changed[key]["reasons"]) for key in changed.keys() - computed.keys()} <= {("NOT_EMPLOYED",)}
