"""A machine moves to another unit: the days computed from it stay as they are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest

from services.attendance.day_queue.enqueue import enqueue_all
from services.attendance.days.scheduler import DayScheduler
from tests.fixtures.stores.backends import Postgres
from tests.integration.attendance.city import City, city, local, person

MACHINES = "/attendance/v1/machines"
SETUP = {"name": "Pintu", "timezone": "Asia/Jakarta", "direction_from": "shift", "org_unit_id": "u1"}
OUTAGE = "/attendance/v1/outages/0190a5a0-0000-7000-8000-000000000001"
SECOND_NIP = "199608182022041002"
MOVED = "2026-08-05T06:00:00+07:00"

CLOSED = ("final", "absent")
UNKNOWN = ("final", "unknown")
OPEN = ("provisional", "unknown")


@pytest.fixture
async def town(postgres: Postgres) -> AsyncIterator[City]:
    """Two units with one officer each. M1 in u1 uploaded everything up to Tuesday night; M2 is in u2."""
    async with city(postgres) as found:
        await found.import_lines(person(), person(nip=SECOND_NIP, org_unit_id="u2", org_unit_name="Dinas Dua"))
        await found.machine("M1")
        await found.machine("M2", unit="u2")
        await found.run("update machine set registered_at = :at", at=local("2026-08-03 00:00"))
        await found.advance("2026-08-04 23:00", "M1")
        await found.advance("2026-08-06 23:00", "M2")
        found.clock.set(local("2026-08-06 23:30"))  # type: ignore[union-attr]
        await found.close()
        yield found


async def put(town: City, serial: str = "M1", **changes: Any) -> Any:
    answer = await town.http.put(f"{MACHINES}/{serial}", json=SETUP | changes)
    await town.work()
    return answer


async def move(town: City, **changes: Any) -> None:
    answer = await put(town, **({"org_unit_id": "u2", "in_unit_from": MOVED} | changes))
    assert answer.status_code == 200, answer.text


async def days(town: City, unit: str = "u1") -> dict[str, tuple[str, str]]:
    query = "select work_date, state, status from attendance_day where org_unit_id = :unit order by 1"
    return {row.work_date.isoformat()[8:]: (row.state, row.status) for row in await town.rows(query, unit=unit)}


async def out_of_order(town: City, since: str, until: str, **what: str) -> None:
    """An outage from one midnight to another."""
    span = {"starts_at": f"{since}T00:00:00+07:00", "ends_at": f"{until}T00:00:00+07:00"}
    answer = await town.http.put(OUTAGE, json=what | span | {"reason": "listrik"})
    assert answer.status_code == 204, answer.text
    await town.work()


async def judge_again(town: City) -> None:
    """Recomputes all days, as after a new rule."""
    async with town.context.changing() as change:
        await enqueue_all(change, date(2026, 8, 1), date(2026, 8, 7))
    await town.work()


async def revisions(town: City) -> list[int]:
    return [
        row.revision for row in await town.rows("select revision from attendance_day order by employee_id, work_date")
    ]


async def test_days_that_it_closed_stay_closed_and_its_new_unit_waits_for_it_after_the_move(town: City) -> None:
    assert await days(town) == {"03": CLOSED, "04": CLOSED, "05": OPEN, "06": OPEN}
    assert await days(town, "u2") == {"03": CLOSED, "04": CLOSED, "05": CLOSED, "06": CLOSED}
    await move(town)
    assert await days(town) == {"03": CLOSED, "04": CLOSED, "05": OPEN, "06": OPEN}
    assert await days(town, "u2") == {"03": CLOSED, "04": CLOSED, "05": OPEN, "06": OPEN}
    await town.advance("2026-08-06 23:10", "M1")
    await town.work()
    assert await days(town, "u2") == {"03": CLOSED, "04": CLOSED, "05": CLOSED, "06": CLOSED}
    # From 06:00 on the 5th there was no machine to punch at.
    assert await days(town) == {"03": CLOSED, "04": CLOSED, "05": UNKNOWN, "06": OPEN}


async def test_a_recomputation_uses_the_machines_of_the_days_time(town: City) -> None:
    """Recomputing, as after a new rule or a late excuse, changes no closed day."""
    await move(town)
    before = await revisions(town)
    await judge_again(town)
    assert await revisions(town) == before


async def test_its_last_day_in_the_unit_waits_until_it_uploaded_everything_up_to_the_move(town: City) -> None:
    await town.machine("M3")
    await town.advance("2026-08-06 23:00", "M3")
    await town.work()
    await move(town, in_unit_from="2026-08-05T15:00:00+07:00")
    assert (await days(town))["05"] == OPEN
    assert (await days(town))["06"] == CLOSED  # M3 alone decides
    await town.advance("2026-08-05 14:59", "M1")
    await town.work()
    assert (await days(town))["05"] == OPEN
    await town.advance("2026-08-05 15:00", "M1")
    await town.work()
    assert (await days(town))["05"] == CLOSED


async def test_the_scheduler_closes_days_of_a_unit_that_the_machine_left(town: City) -> None:
    """No watermark moved, as after a clock correction."""
    await move(town, in_unit_from="2026-08-05T21:00:00+07:00")
    assert (await days(town))["05"] == OPEN
    await town.run("update machine set complete_until = :at where serial = 'M1'", at=local("2026-08-06 23:00"))
    await town.close()
    assert await days(town) == {"03": CLOSED, "04": CLOSED, "05": CLOSED, "06": OPEN}
    assert await days(town, "u2") == dict.fromkeys(("03", "04", "05", "06"), CLOSED)


async def test_a_clock_that_went_wrong_later_opens_nothing_in_the_unit_that_it_left(town: City) -> None:
    await town.advance("2026-08-05 12:00", "M1")
    await move(town)
    await town.run("update machine set clock_wrong_since = :at where serial = 'M1'", at=local("2026-08-06 12:00"))
    await judge_again(town)
    assert (await days(town))["04"] == CLOSED
    assert (await days(town, "u2"))["06"] == OPEN


async def test_its_outage_explains_a_day_in_the_unit_where_it_was(town: City) -> None:
    await move(town)
    await town.advance("2026-08-06 23:10", "M1")
    await town.work()
    await out_of_order(town, "2026-08-04", "2026-08-06", serial="M1")
    assert await days(town) == {"03": CLOSED, "04": UNKNOWN, "05": UNKNOWN, "06": OPEN}
    assert await days(town, "u2") == {"03": CLOSED, "04": CLOSED, "05": UNKNOWN, "06": CLOSED}


async def test_its_activity_in_the_new_unit_does_not_end_an_outage_of_the_former_unit(town: City) -> None:
    """M3 in u1 was out of order on Wednesday, while M1 took punches in u2."""
    await town.machine("M3")
    await town.advance("2026-08-06 23:00", "M3")
    await move(town)
    await out_of_order(town, "2026-08-05", "2026-08-06", serial="M3")
    officer = (await town.officer(SECOND_NIP))["employee_id"]
    await town.punch(officer, "2026-08-05 07:20", "2026-08-05 12:30", "2026-08-05 16:40", serial="M1")
    await town.advance("2026-08-06 23:10", "M1")
    await town.work()
    assert (await days(town))["05"] == UNKNOWN
    assert (await days(town, "u2"))["05"] == ("final", "present")
    for work_date, own in (("2026-08-05", True), ("2026-08-04", False)):
        await town.punch(officer, f"{work_date} 12:00", serial="M1")
        await town.work()
        assert {item["own_site"] for item in (await town.day(officer, work_date))["punches"]} == {own}


async def test_a_machine_with_data_changes_its_unit_only_with_the_time_of_the_move(town: City) -> None:
    for said in ({}, {"in_unit_from": None, "in_service_to": None}):  # also as the machine list returns it
        answer = await put(town, org_unit_id="u2", **said)
        assert answer.status_code == 409
        assert "in_unit_from" in answer.json()["detail"]
    assert (await put(town, name="Pintu belakang")).status_code == 200  # keeps its unit
    assert (await put(town, org_unit_id="u2", in_unit_from="2026-08-07T06:00:00+07:00")).status_code == 422
    assert await days(town) == {"03": CLOSED, "04": CLOSED, "05": OPEN, "06": OPEN}
    await town.machine("M9")
    await town.run("update machine set complete_until = null where serial = 'M9'")
    assert (await put(town, "M9", org_unit_id="u2")).status_code == 200


async def test_always_corrects_a_unit_that_was_wrong_from_the_beginning(town: City) -> None:
    await put(town, org_unit_id="u2", in_unit_from="always")
    assert await days(town) == dict.fromkeys(("03", "04", "05", "06"), OPEN)
    assert await days(town, "u2") == {"03": CLOSED, "04": CLOSED, "05": OPEN, "06": OPEN}
    await put(town, in_unit_from="always")
    assert await days(town) == {"03": CLOSED, "04": CLOSED, "05": OPEN, "06": OPEN}
    assert await days(town, "u2") == dict.fromkeys(("03", "04", "05", "06"), CLOSED)


async def test_a_corrected_time_of_the_move_changes_the_days_between(town: City) -> None:
    await town.advance("2026-08-06 23:10", "M1")
    await move(town, in_unit_from="2026-08-05T06:00:00+07:00")
    assert await days(town) == {"03": CLOSED, "04": CLOSED, "05": UNKNOWN, "06": OPEN}
    await move(town, in_unit_from="2026-08-06T03:00:00+07:00")
    assert await days(town) == {"03": CLOSED, "04": CLOSED, "05": CLOSED, "06": OPEN}
    assert [row["in_unit_from"] for row in (await town.http.get(MACHINES)).json()] == ["2026-08-05T20:00:00Z", None]
    assert (await put(town, org_unit_id="u2", in_service_to="2026-08-06T03:00:00+07:00")).status_code == 422


async def test_no_unit_waits_for_a_machine_between_its_end_of_service_and_its_move(town: City) -> None:
    """Taken down on Wednesday morning, put up in the other unit on Thursday evening."""
    await put(town, in_service_to="2026-08-05T06:00:00+07:00")
    await move(town, in_unit_from="2026-08-06T19:00:00+07:00")
    assert (await days(town, "u2"))["05"] == CLOSED
    await town.advance("2026-08-06 23:10", "M1")
    await town.work()
    assert await days(town) == {"03": CLOSED, "04": CLOSED, "05": UNKNOWN, "06": OPEN}
    assert (await days(town, "u2"))["06"] == CLOSED
    (machine, _) = (await town.http.get(MACHINES)).json()
    assert machine["in_service_to"] is None


async def test_the_source_of_directions_belongs_to_the_placement(town: City) -> None:
    """In u1 nobody presses the keys: all its punches say "in"."""
    officer = (await town.officer())["employee_id"]
    await town.punch(officer, "2026-08-04 07:20", "2026-08-04 16:40")
    await town.run("update punch set status = 0")
    await town.work()
    before = (await town.day(officer, "2026-08-04"))["day"]
    assert before["missing_punches"] == []
    await move(town, direction_from="status")
    await judge_again(town)
    assert (await town.day(officer, "2026-08-04"))["day"] == before
    assert (await put(town, direction_from="status", in_unit_from="always")).status_code == 200
    assert (await town.day(officer, "2026-08-04"))["day"]["missing_punches"] == ["out"]


async def test_days_of_officers_who_were_transferred_since_are_recomputed_too(town: City) -> None:
    await town.machine("M3")
    await town.advance("2026-08-06 23:00", "M3")
    await town.advance("2026-08-06 23:10", "M1")
    await town.work()
    assert (await days(town))["05"] == CLOSED
    town.clock.set(local("2026-08-07 08:00"))  # type: ignore[union-attr]
    await town.import_lines(person(org_unit_id="u3", org_unit_name="Dinas Tiga"))
    await town.work()
    await out_of_order(town, "2026-08-05", "2026-08-06", org_unit_id="u1")
    assert (await days(town))["05"] == UNKNOWN


async def test_the_silence_of_a_moved_machine_counts_from_its_move(town: City) -> None:
    """It was in storage and has no network yet. Checks the day rule and the query of the close."""
    told = "update machine set registered_at = :at, complete_until = :told where serial = 'M1'"
    for moment in (local("2026-05-03 12:00"), None):
        await town.run(told, at=local("2026-05-01 12:00"), told=moment)
        await move(town)
        assert (await days(town, "u2"))["06"] == OPEN
        await town.service.app.part(DayScheduler).round()
        assert await town.rows("select 1 from day_queue") == []
        await put(town, in_unit_from="always")


async def take_back(town: City, since: str) -> int:
    answer = await town.http.delete(f"{MACHINES}/M1/placement", params={"in_unit_from": since})
    await town.work()
    return int(answer.status_code)


async def test_a_move_can_be_undone(town: City) -> None:
    """Corrects a wrong unit. The moment names the move, so that no move is undone twice."""
    before = await days(town), await days(town, "u2")
    assert await take_back(town, MOVED) == 404
    await move(town)
    assert (await put(town, org_unit_id="u1", in_unit_from=MOVED)).status_code == 422  # the moment of another move
    assert await take_back(town, "2026-08-05T06:00:01+07:00") == 404
    assert await take_back(town, MOVED) == 204
    assert (await days(town), await days(town, "u2")) == before
    assert await take_back(town, MOVED) == 404
    machine = next(each for each in (await town.http.get(MACHINES)).json() if each["serial"] == "M1")
    assert (machine["org_unit_id"], machine["in_unit_from"]) == ("u1", None)


async def test_a_machine_that_returns_to_its_unit_was_missing_only_in_between(town: City) -> None:
    await put(town, in_service_to="2026-08-04T21:00:00+07:00")
    assert (await put(town, in_unit_from="2026-08-06T04:00:00+07:00")).status_code == 200
    await town.advance("2026-08-06 23:10", "M1")
    await town.work()
    assert await days(town) == {"03": CLOSED, "04": CLOSED, "05": OPEN, "06": CLOSED}
