"""A small town in a running stack: officers, a machine, punches that make scores."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache

from services.attendance.hours.holidays import published_days
from shared.contracts.semester import Semester
from tests.e2e.stack import Stack, until

__all__ = [
    "HEADER",
    "MACHINE",
    "PUNCHED_DAYS",
    "all_days_given",
    "fill_town",
    "open_town",
    "punch",
    "punch_all",
    "punch_days",
    "scores",
    "work_days",
]

MACHINE = "STACK01"
HEADER = "nip,name,employment_type,org_unit_id,org_unit_name,superior_nip,email,active_from,active_to\n"
PUNCHED_DAYS = 5


@cache  # midnight must not change a town
def work_days(count: int = PUNCHED_DAYS) -> list[date]:
    """The latest working days before yesterday, all of one semester."""
    days = [date.today() - timedelta(days=back) for back in range(2, 200)]  # noqa: DTZ011 - any recent days will do
    holidays = {each.day for year in {day.year for day in days} for each in published_days(year)}
    days = [day for day in days if day.weekday() < 5 and day not in holidays]
    whole = [semester for semester in dict.fromkeys(map(Semester.of, days)) if days_of(semester, days, count)]
    return days_of(whole[0], days, count)


def days_of(semester: Semester, days: list[date], count: int) -> list[date]:
    """The semester's `count` latest days among these; empty where there are fewer."""
    found = [day for day in days if Semester.of(day) == semester][:count]
    return found if len(found) == count else []


def open_town(stack: Stack, officers: int = 4) -> list[str]:
    """Roster, machine and enrolments; PIN n is officer n. Returns the officers' ids."""
    lines = "".join(
        f"1990010120200110{n:02d},Pegawai {n},PNS,unit,Unit,,,2026-01-01,\n" for n in range(1, officers + 1)
    )
    answer = stack.http.post(
        "/attendance/v1/roster", content=(HEADER + lines).encode(), headers={"Content-Type": "text/csv"}
    )
    assert answer.is_success, answer.text
    items = stack.http.get("/attendance/v1/employees", params={"limit": 500}).json()["items"]
    ids = [item["employee_id"] for item in sorted(items, key=lambda item: item["nip"])]
    # Docker forwards this computer's connections under an address that changes when a stack is created again
    networks = ["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]
    machine = {
        "name": "gate", "timezone": "Asia/Jakarta", "direction_from": "shift", "org_unit_id": "unit", "networks": networks,
    }  # fmt: skip
    assert stack.http.put(f"/attendance/v1/machines/{MACHINE}", json=machine).is_success
    for pin, employee_id in enumerate(ids, start=1):
        enrolment = {"employee_id": employee_id, "valid_from": "2026-01-01"}
        assert stack.http.put(f"/attendance/v1/machines/{MACHINE}/enrolments/{pin}", json=enrolment).is_success
    return ids


def punch(stack: Stack, lines: str) -> str:
    """A machine's post; returns the text of the answer."""
    post = {"SN": MACHINE, "table": "ATTLOG", "Stamp": "9999"}
    return stack.http.post("/iclock/cdata", params=post, content=lines.encode()).text


def punch_days(officers: int) -> str:
    """Arrival and departure of every officer on the punched days."""
    return "".join(
        f"{pin}\t{day} {clock}\t255\t1\t\t0\t0\n"
        for day in sorted(work_days())
        for clock in ("07:20:00", "16:40:00")
        for pin in range(1, officers + 1)
    )


def all_days_given(stack: Stack) -> bool:
    """Whether every officer has the days since 1 January: they appear up to half a minute after the officer."""
    return stack.psql("attendance", "select count(*) from employee where queued_until is null") == "0"


def punch_all(stack: Stack, days: Iterable[date], clock: str, officers: int) -> None:
    """A punch of each officer at this local time on each of the days; all must be accepted."""
    lines = "".join(f"{pin}\t{day} {clock}\t255\t1\t\t0\t0\n" for day in days for pin in range(1, officers + 1))
    assert punch(stack, lines) == f"OK: {lines.count(chr(10))}"


def scores(stack: Stack) -> dict[str, dict[str, object]]:
    """The list of scores, by officer."""
    query = {"limit": 500, "semester": str(Semester.of(work_days()[0]))}
    items = stack.http.get("/scores/v1/employees", params=query).json()["items"]
    return {item["employee_id"]: item for item in items}


def fill_town(stack: Stack, officers: int = 4) -> list[str]:
    """A town that can send punches, and whose first punches have become scores."""
    ids = open_town(stack, officers)
    assert punch(stack, punch_days(officers)) == f"OK: {officers * PUNCHED_DAYS * 2}"
    until("a score of each officer", lambda: len([s for s in scores(stack).values() if s["score"]]) == officers, 90)
    return ids
