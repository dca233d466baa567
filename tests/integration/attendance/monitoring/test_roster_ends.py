"""Rosters that end soon are reported, for officers who need one: they work by roster only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from embedded.postgres import EmbeddedPostgres
from services.attendance.monitoring.roster_ends import RosterEnds
from tests.integration.attendance.city import FIRST_NIP, City, city, person

pytestmark = pytest.mark.embedded

SECOND_NIP, THIRD_NIP = "199009132025212001", "198501012010011003"


@pytest.fixture
async def town(embedded_postgres: EmbeddedPostgres) -> AsyncIterator[City]:
    """On 5 August; three officers of u1, which works by roster."""
    async with city(embedded_postgres) as found:
        people = {FIRST_NIP: "PNS", SECOND_NIP: "PPPK", THIRD_NIP: "PNS"}
        await found.import_lines(*(person(nip, employment_type=kind) for nip, kind in people.items()))
        await found.put_by_roster(1, org_unit_id="u1")
        yield found


async def add_entry(town: City, nip: str, work_date: str) -> None:
    officer = (await town.officer(nip))["employee_id"]
    entries = [{"employee_id": officer, "work_date": work_date}]
    assert (await town.http.post("/attendance/v1/shifts", json={"entries": entries})).is_success


async def ends(town: City) -> list[tuple[Any, ...]]:
    await town.service.app.part(RosterEnds).round()
    listed = (await town.http.get("/attendance/v1/by-roster/ends")).json()
    counted = town.service.metric("kinerja_roster_officers_without_entries")
    assert counted == sum(end["without_entry"] for end in listed)
    return [
        (end["org_unit_id"], end["without_entry"], end["by_roster"], end["last_entry"], end["from_date"])
        for end in listed
    ]


async def test_a_roster_without_entries_from_a_week_ahead_on_is_listed_with_its_last_date(town: City) -> None:
    assert await ends(town) == [("u1", 3, 3, None, "2026-08-12")]
    for nip in (FIRST_NIP, SECOND_NIP, THIRD_NIP):
        await add_entry(town, nip, "2026-08-11")
    assert await ends(town) == [("u1", 3, 3, "2026-08-11", "2026-08-12")]
    await add_entry(town, FIRST_NIP, "2026-08-12")
    await add_entry(town, SECOND_NIP, "2026-08-31")
    assert await ends(town) == [("u1", 1, 3, "2026-08-31", "2026-08-12")]
    await add_entry(town, THIRD_NIP, "2026-08-12")
    assert await ends(town) == []


async def test_the_rules_set_how_many_days_ahead_a_roster_must_reach(town: City) -> None:
    for nip in (FIRST_NIP, SECOND_NIP, THIRD_NIP):
        await add_entry(town, nip, "2026-08-15")
    assert await ends(town) == []
    rules = (await town.http.get("/attendance/v1/rules")).json()[0]["content"]
    longer = rules | {"version": 2, "effective_from": "2026-08-01", "roster_alert_days": 14}
    assert (await town.http.post("/attendance/v1/rules", content=orjson.dumps(longer))).status_code == 201
    assert await ends(town) == [("u1", 3, 3, "2026-08-15", "2026-08-19")]


async def test_only_employed_officers_by_roster_without_leave_are_counted(town: City) -> None:
    first, second, third = [(await town.officer(nip))["employee_id"] for nip in (FIRST_NIP, SECOND_NIP, THIRD_NIP)]
    await town.put_by_roster(2, employee_id=first, by_roster=False)
    assert await ends(town) == [("u1", 2, 2, None, "2026-08-12")]
    await town.import_lines(person(SECOND_NIP, employment_type="PPPK", active_to="2026-08-11"))
    assert await ends(town) == [("u1", 1, 1, None, "2026-08-12")]
    leave = {
        "employee_id": third, "code": "CUTI_MELAHIRKAN", "kind": "leave", "state": "requested",
        "first_date": "2026-08-01", "last_date": "2026-10-31",
    }  # fmt: skip
    address = "/attendance/v1/excuses/0190a5a0-0000-7000-8000-000000000001"
    assert (await town.http.put(address, json=leave)).status_code == 204
    assert len(await ends(town)) == 1
    assert (await town.http.put(address, json=leave | {"state": "approved"})).status_code == 204
    assert await ends(town) == []
    # a planned transfer counts in the unit of that date
    await town.import_lines(person(SECOND_NIP, employment_type="PPPK"))
    assert await ends(town) == [("u1", 1, 2, None, "2026-08-12")]
    moved = {"org_unit_id": "u2", "org_unit_name": "Dinas Dua", "unit_from": "2026-08-12"}
    await town.import_lines(person(SECOND_NIP, employment_type="PPPK", **moved))
    assert await ends(town) == []
    await town.put_by_roster(3, employee_id=second, effective_from="2026-08-12")
    assert await ends(town) == [("u2", 1, 1, None, "2026-08-12")]
    await town.put_by_roster(3, employee_id=second, effective_from="2026-08-06", effective_to="2026-08-11")
    assert await ends(town) == []


async def test_the_list_and_the_metric_contain_no_personal_data(town: City) -> None:
    await ends(town)
    officer = await town.officer()
    listed = (await town.http.get("/attendance/v1/by-roster/ends")).text
    metrics = (await town.http.get("/attendance/metrics")).text
    assert "kinerja_roster_officers_without_entries 3.0" in metrics
    for personal in (officer["nip"], officer["name"], officer["employee_id"]):
        assert personal not in listed
        assert personal not in metrics
