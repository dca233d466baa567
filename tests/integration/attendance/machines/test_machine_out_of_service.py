"""A machine out of service: days that it closed stay closed, and no later day waits for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.attendance.days.scheduler import DayScheduler
from tests.fixtures.stores.backends import Postgres
from tests.integration.attendance.city import City, city, local, person

MACHINE = "/attendance/v1/machines/M1"
SETUP = {"name": "Pintu", "timezone": "Asia/Jakarta", "direction_from": "shift", "org_unit_id": "u1"}
OUTAGE = "/attendance/v1/outages/0190a5a0-0000-7000-8000-000000000001"


@pytest.fixture
async def town(postgres: Postgres) -> AsyncIterator[City]:
    """M1 uploaded everything up to Tuesday noon and was taken down; M2 replaced it then."""
    async with city(postgres) as found:
        await found.import_lines(person())
        await found.machine("M1")
        await found.advance("2026-08-04 12:00", "M1")
        await found.machine("M2")
        await found.run("update machine set registered_at = :at where serial = 'M2'", at=local("2026-08-04 12:00"))
        await found.close()
        yield found


async def out_of_service(town: City, until: str | None) -> None:
    answer = await town.http.put(MACHINE, json=SETUP | {"in_service_to": until})
    assert answer.status_code == 200, answer.text
    await town.work()


async def ready_again(town: City) -> list[str]:
    """The dates that the close enqueues without a new upload."""
    await town.service.app.part(DayScheduler).round()
    rows = await town.rows("select distinct work_date from day_queue order by 1")
    await town.work()
    return [row.work_date.isoformat()[8:] for row in rows]


async def days(town: City) -> dict[str, tuple[str, str]]:
    rows = await town.rows("select work_date, state, status from attendance_day where org_unit_id = 'u1' order by 1")
    return {row.work_date.isoformat()[8:]: (row.state, row.status) for row in rows}


async def test_no_later_day_waits_for_a_machine_out_of_service_and_closed_days_stay_closed(town: City) -> None:
    await town.advance("2026-08-05 23:00", "M2")
    await town.work()
    waiting = ("provisional", "unknown")
    assert await days(town) == {"03": ("final", "absent"), "04": waiting, "05": waiting}
    await out_of_service(town, "2026-08-04T12:00:00+07:00")
    closed = ("final", "absent")
    assert await days(town) == {"03": closed, "04": closed, "05": closed}
    revisions = await town.rows("select revision from attendance_day where work_date = '2026-08-03'")
    assert [row.revision for row in revisions] == [1]


async def test_days_wait_again_for_a_machine_that_is_back_in_service(town: City) -> None:
    await town.advance("2026-08-05 23:00", "M2")
    await out_of_service(town, "2026-08-04T12:00:00+07:00")
    assert (await days(town))["04"] == ("final", "absent")
    assert (await town.http.put(MACHINE, json=SETUP)).json() == SETUP  # omitting the field keeps its value
    await town.work()
    assert (await days(town))["04"] == ("final", "absent")
    await out_of_service(town, None)
    assert (await days(town))["04"][0] == "provisional"


async def test_missing_punches_are_explained_until_the_end_of_service_only(town: City) -> None:
    """It was taken down on Wednesday night before it uploaded Tuesday afternoon and Wednesday."""
    await out_of_service(town, "2026-08-05T23:00:00+07:00")
    for moment in ("2026-08-06 23:30", "2026-08-07 23:30"):
        town.clock.set(local(moment))  # type: ignore[union-attr]
        await town.advance(moment, "M2")
        await town.close()
    assert await days(town) == {
        "03": ("final", "absent"),
        "04": ("provisional", "unknown"),
        "05": ("provisional", "unknown"),
        "06": ("final", "absent"),
        "07": ("final", "absent"),
    }
    town.clock.set(local("2026-08-12 12:00"))  # type: ignore[union-attr]
    await town.close()
    found = await days(town)
    assert (found["04"], found["05"]) == (("final", "unknown"), ("final", "unknown"))
    assert found["06"] == ("final", "absent")


async def test_an_outage_of_a_machine_explains_nothing_after_its_end_of_service(town: City) -> None:
    year: dict[str, Any] = {
        "serial": "M1",
        "starts_at": "2026-08-03T00:00:00+07:00",
        "ends_at": "2027-08-03T00:00:00+07:00",
        "reason": "rusak",
    }
    assert (await town.http.put(OUTAGE, json=year)).status_code == 204
    await town.advance("2026-08-05 23:00", "M2")
    town.clock.set(local("2026-08-05 23:30"))  # type: ignore[union-attr]
    await out_of_service(town, "2026-08-04T12:00:00+07:00")
    await town.close()
    found = await days(town)
    assert (found["03"], found["04"]) == (("final", "unknown"), ("final", "unknown"))
    assert found["05"] == ("final", "absent")


async def test_a_late_last_upload_still_closes_the_last_day_in_service(town: City) -> None:
    """In the workshop it uploads up to its end of service, which is before the end of that day's window."""
    await town.advance("2026-08-05 23:00", "M2")
    await out_of_service(town, "2026-08-04T14:00:00+07:00")
    assert (await days(town))["04"][0] == "provisional"
    assert await ready_again(town) == []
    await town.advance("2026-08-04 14:00", "M1")
    await town.work()
    assert (await days(town))["04"] == ("final", "absent")


async def test_an_upload_after_the_silence_limit_recomputes_the_day(town: City) -> None:
    await out_of_service(town, "2026-08-04T14:00:00+07:00")
    town.clock.set(local("2026-08-12 12:00"))  # type: ignore[union-attr]
    await town.advance("2026-08-12 11:00", "M2")
    await town.close()
    assert (await days(town))["04"] == ("final", "unknown")
    await town.advance("2026-08-04 14:00", "M1")
    await town.work()
    assert (await days(town))["04"] == ("final", "absent")


async def test_days_close_by_the_machines_that_served_then_when_no_watermark_moves(town: City) -> None:
    """The close finds them, as after a clock correction."""
    await town.advance("2026-08-04 13:30", "M2")
    await out_of_service(town, "2026-08-04T14:00:00+07:00")
    told = "update machine set complete_until = :at where serial = :serial"
    await town.run(told, serial="M2", at=local("2026-08-05 23:00"))
    assert await ready_again(town) == ["05"]
    await town.run(told, serial="M1", at=local("2026-08-04 14:00"))
    assert await ready_again(town) == ["04"]
    assert (await days(town))["04"] == (await days(town))["05"] == ("final", "absent")


async def test_days_without_any_machine_are_not_enqueued_again_and_again(town: City) -> None:
    """M2 is taken down too, without a replacement."""
    await out_of_service(town, "2026-08-04T12:00:00+07:00")
    answer = await town.http.put(f"{MACHINE[:-1]}2", json=SETUP | {"in_service_to": "2026-08-04T18:00:00+07:00"})
    assert answer.status_code == 200, answer.text
    await town.work()
    town.clock.set(local("2026-08-06 23:00"))  # type: ignore[union-attr]
    await town.close()
    waiting = ("provisional", "unknown")
    assert await days(town) == {"03": ("final", "absent"), "04": waiting, "05": waiting, "06": waiting}
    assert await ready_again(town) == []
    await town.advance("2026-08-04 18:00", "M2")
    await town.work()
    assert (await days(town))["04"] == ("final", "unknown")  # after 18:00 nobody could punch
    assert await ready_again(town) == []


async def test_a_missing_punch_between_two_machines_is_no_absence(town: City) -> None:
    """M2 was put up an hour after M1 had been taken down."""
    await town.run("update machine set registered_at = :at where serial = 'M2'", at=local("2026-08-04 13:00"))
    await town.advance("2026-08-05 23:00", "M2")
    await out_of_service(town, "2026-08-04T12:00:00+07:00")
    assert await days(town) == {"03": ("final", "absent"), "04": ("final", "unknown"), "05": ("final", "absent")}


async def test_a_machine_that_was_registered_late_was_there_since_its_first_punch(town: City) -> None:
    """The punch is of another unit's officer; it enqueues nobody here."""
    await town.run("update machine set registered_at = :at where serial = 'M2'", at=local("2026-08-05 10:00"))
    await out_of_service(town, "2026-08-04T12:00:00+07:00")
    assert (await days(town))["04"] == ("final", "unknown")
    await town.import_lines(person(nip="199608182022041002", org_unit_id="u2", org_unit_name="Dinas Dua"))
    guest = (await town.officer("199608182022041002"))["employee_id"]
    await town.punch(guest, "2026-08-04 11:00", serial="M2")
    await town.advance("2026-08-05 23:00", "M2")
    await town.work()
    assert (await days(town))["04"] == ("final", "absent")
