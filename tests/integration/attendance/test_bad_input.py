"""Bad input gets an actionable problem response, never a server error."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from embedded.postgres import EmbeddedPostgres
from tests.integration.attendance.city import City, city, person

pytestmark = pytest.mark.embedded

DEFAULT = Path(__file__).resolve().parents[3] / "rules/attendance/default.yaml"
UNKNOWN = "0190a5a0-0000-7000-8000-00000000ffff"
DAY = {"start": "07:30", "end": "16:00"}
WEEK = {"name": "Jam kerja", "kind": "five_day", "days": {"monday": DAY}, "effective_from": "2026-08-03"}
OVERRIDE = {
    "name": "Ramadan",
    "code": "RAMADAN",
    "kind": "five_day",
    "decree": "SE 1",
    "first_date": "2026-08-03",
    "last_date": "2026-08-04",
    "days": {"monday": DAY},
}
OUTAGE = {"starts_at": "2026-08-03T06:00:00Z", "ends_at": "2026-08-03T07:00:00Z", "reason": "Padam"}
BY_ROSTER = {"by_roster": True, "effective_from": "2026-08-03"}
HOLIDAY = {"name": "Libur", "kind": "holiday", "confirmed": True}
EXCUSE = {
    "employee_id": UNKNOWN,
    "code": "CUTI_SAKIT",
    "kind": "leave",
    "first_date": "2026-08-03",
    "last_date": "2026-08-04",
    "state": "approved",
}

BODIES: list[tuple[str, dict[str, Any]]] = [
    ("excuses/{id}", EXCUSE),
    ("excuses/{id}", EXCUSE | {"code": "DINAS_LUAR"}),
    ("excuses/{id}", EXCUSE | {"code": "MUDIK"}),
    ("excuses/{id}", EXCUSE | {"last_date": "2026-08-02"}),
    ("excuses/{id}", EXCUSE | {"last_date": "2099-08-02"}),
    ("excuses/{id}", EXCUSE | {"first_date": "1900-01-01"}),
    ("excuses/{id}", EXCUSE | {"last_date": "9999-12-31"}),
    ("excuses/{id}", EXCUSE | {"reference": "a\x00b"}),
    ("excuses/{id}", EXCUSE | {"reference": "x" * 900_000}),
    ("excuses/{id}", EXCUSE | {"diagnosis": "flu"}),
    ("excuses/{id}", EXCUSE | {"half": 3}),
    ("outages/{id}", OUTAGE),
    ("outages/{id}", OUTAGE | {"serial": "M1", "org_unit_id": "u1"}),
    ("outages/{id}", OUTAGE | {"serial": "nobody"}),
    ("outages/{id}", OUTAGE | {"org_unit_id": "nowhere"}),
    ("outages/{id}", OUTAGE | {"org_unit_id": "a\x00b"}),
    ("outages/{id}", OUTAGE | {"org_unit_id": "u1", "ends_at": "2026-08-03T05:00:00Z"}),
    ("outages/{id}", OUTAGE | {"org_unit_id": "u1", "starts_at": "0001-01-01T00:00:00+14:00"}),
    ("outages/{id}", OUTAGE | {"org_unit_id": "u1", "starts_at": "2026-08-03T06:00:00"}),
    ("calendar/2026-08-04", HOLIDAY | {"kind": "workday"}),
    ("calendar/2026-08-04", HOLIDAY | {"name": "\x00"}),
    ("calendar/9999-12-31", HOLIDAY),
    ("calendar/1900-01-01", HOLIDAY),
    ("calendar/tomorrow", HOLIDAY),
    ("schedules/{id}", WEEK | {"days": {}}),
    ("schedules/{id}", WEEK | {"days": {"monday": {"start": "07:30", "end": "08:00", "break_minutes": 60}}}),
    ("schedules/{id}", WEEK | {"days": {"senin": DAY}}),
    ("schedules/{id}", WEEK | {"employee_id": UNKNOWN}),
    ("schedules/{id}", WEEK | {"org_unit_id": "nowhere"}),
    ("schedules/{id}", WEEK | {"effective_to": "2026-08-01"}),
    ("schedules/not-a-uuid", WEEK),
    ("overrides/{id}", OVERRIDE | {"last_date": "2026-08-01"}),
    ("overrides/{id}", OVERRIDE | {"code": "ramadan!"}),
    ("excuses/{id}", EXCUSE | {"state": "denied"}),
    ("by-roster/{id}", BY_ROSTER),
    ("by-roster/{id}", BY_ROSTER | {"org_unit_id": "nowhere"}),
    ("by-roster/{id}", BY_ROSTER | {"org_unit_id": "a\x00b"}),
    ("by-roster/{id}", BY_ROSTER | {"employee_id": UNKNOWN}),
    ("by-roster/{id}", BY_ROSTER | {"org_unit_id": "u1", "effective_to": "2026-08-02"}),
    ("by-roster/{id}", BY_ROSTER | {"org_unit_id": "u1", "by_roster": "sometimes"}),
    ("by-roster/mine", BY_ROSTER | {"org_unit_id": "u1"}),
    ("employees/{officer}/units/2026-08-04", {"org_unit_id": "nowhere"}),
    ("employees/{officer}/units/2026-08-04", {"org_unit_id": ""}),
    ("employees/{officer}/units/1900-01-01", {"org_unit_id": "u1"}),
    ("employees/{id}/units/2026-08-04", {"org_unit_id": "u1"}),
    ("employees/{officer}/employment-types/2026-08-04", {"employment_type": "HONORER"}),
    ("employees/{id}/employment-types/2026-08-04", {"employment_type": "PNS"}),
    ("employees/{id}/roster/2026-08-04", {"starts_at": "2026-08-04T08:00:00", "ends_at": "2026-08-04T16:00:00"}),
    ("employees/{officer}/roster/2026-08-04", {"starts_at": "2026-08-04T08:00:00"}),
    ("employees/{officer}/roster/2026-08-04", {"starts_at": "2026-08-05T08:00:00", "ends_at": "2026-08-05T16:00:00"}),
    ("employees/{officer}/roster/2026-08-04", {"starts_at": "2026-08-04T08:00:00", "ends_at": "2026-08-06T16:00:00"}),
    ("employees/{officer}/roster/2026-08-04", {"starts_at": "2026-08-04T08:00:00Z", "ends_at": "2026-08-04T16:00:00Z"}),
]
DOCUMENTS = [
    b"",
    b"- 1",
    b"a: [",
    b"\x00",
    b"\xff\xfe",
    b"id: x",
    b"a: 2026-99-99",
    b"[" * 50_000,
    b"a: &a [x,x]\nb: &b [*a,*a]\nlate_bands: [*b,*b]",
    b"x" * 200_000,
    b'{"\\ud800": 1}',
    b"- " * 49_000,
    b"id: 1" + b":59" * 30_000,
]
READS = [
    "employees?limit=0",
    "employees?after=%00",
    "employees?after=WyJ4Il0",
    "employees?org_unit_id=%00",
    "employees/x",
    f"employees/{UNKNOWN}",
    f"employees/{UNKNOWN}/days?from=2026-08-01&to=2026-08-02",
    "employees/{officer}/days",
    "employees/{officer}/days?from=1900-01-01&to=9999-12-31",
    "employees/{officer}/days?from=2026-08-02&to=2026-08-01",
    "employees/{officer}/days/9999-12-31",
    "employees/{officer}/days/2026-12-31",
    "units?after=WyJcdTAwMDAiXQ",
    "calendar?year=99999",
    f"excuses?employee_id={UNKNOWN}",
    f"employees/{UNKNOWN}/roster",
    f"employees/{UNKNOWN}/units",
    f"employees/{UNKNOWN}/employment-types",
    f"excuses/{UNKNOWN}/decisions",
    "by-roster?org_unit_id=%00",
    "by-roster?employee_id=x",
]


@pytest.fixture(scope="module")
async def town(embedded_postgres: EmbeddedPostgres) -> AsyncIterator[City]:
    async with city(embedded_postgres) as found:
        await found.import_lines(person())
        await found.machine()
        yield found


def refused(status: int, content_type: str) -> bool:
    return 400 <= status < 500 and content_type == "application/problem+json"


async def test_bad_bodies(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    for path, body in BODIES:
        address = "/attendance/v1/" + path.format(id=UNKNOWN, officer=officer)
        answer = await town.http.put(address, json=body)
        assert refused(answer.status_code, answer.headers.get("content-type", "")), (path, answer.status_code)


async def test_bad_rule_sets(town: City) -> None:
    for words in DOCUMENTS:
        answer = await town.http.post("/attendance/v1/rules", content=words)
        assert refused(answer.status_code, answer.headers["content-type"]), (words[:40], answer.status_code)


async def test_a_wrong_rule_set_is_refused_with_the_line_and_the_field(town: City) -> None:
    wrong = DEFAULT.read_text().replace("{from_minute: 31,", "{from_minute: 0,").replace("version: 1", "version: 2")
    answer = await town.http.post("/attendance/v1/rules", content=wrong)
    assert answer.status_code == 422
    assert [(error["at"], wrong.splitlines()[error["line"] - 1]) for error in answer.json()["errors"]] == [
        ("late_bands[1].from_minute", '  - {from_minute: 0, percent: "1", code: TL2}'),
        ("early_bands[1].from_minute", '  - {from_minute: 0, percent: "1", code: PSW2}'),
    ]
    assert "late_bands[1].from_minute must be a whole number from 1 to 1440, not 0" in answer.json()["detail"]


async def test_bad_reads(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    for path in READS:
        answer = await town.http.get("/attendance/v1/" + path.format(officer=officer))
        assert refused(answer.status_code, answer.headers["content-type"]), (path, answer.status_code)


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b"\xff", b'{"nip": 1}', b'{"nip": "\\u0000"}', b'{"nip": "1"}'])
async def test_bad_searches(town: City, body: bytes) -> None:
    answer = await town.http.post("/attendance/v1/employees/find", content=body)
    assert refused(answer.status_code, answer.headers["content-type"]), answer.status_code


async def test_right_ones_are_taken(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    right = [
        ("schedules/{id}", WEEK),
        ("overrides/{id}", OVERRIDE),
        ("excuses/{id}", EXCUSE | {"employee_id": officer}),
        ("outages/{id}", OUTAGE | {"org_unit_id": "u1"}),
        ("outages/{id}", OUTAGE | {"serial": "M1"}),
        ("employees/{officer}/roster/2026-08-04", {}),
        ("employees/{officer}/units/2026-08-04", {"org_unit_id": "u1"}),
        ("employees/{officer}/employment-types/2026-08-04", {"employment_type": "PNS"}),
        ("by-roster/{id}", BY_ROSTER | {"org_unit_id": "u1"}),
    ]
    for path, body in right:
        answer = await town.http.put("/attendance/v1/" + path.format(id=UNKNOWN, officer=officer), json=body)
        assert answer.status_code == 204, (path, answer.text)
    officers = (f"excuses?employee_id={officer}", *(f"employees/{officer}/{what}" for what in ("roster", "units")))
    for path in ("schedules", "overrides", "outages", "by-roster", *officers):
        answer = await town.http.get("/attendance/v1/" + path)
        assert answer.json(), path
