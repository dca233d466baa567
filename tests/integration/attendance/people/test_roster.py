"""Roster import: all lines or none."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator

import orjson
import pytest
from openpyxl import load_workbook

from embedded.postgres import EmbeddedPostgres
from services.attendance.people.file_columns import ROSTER_COLUMNS, SHIFT_COLUMNS
from shared.office_files import XLSX_TYPE
from shared.office_files.sample_file import sample_csv, sample_xlsx
from tests.integration.attendance.city import FIRST_NIP, HEADER, City, city, person

pytestmark = pytest.mark.embedded

SECOND_NIP = "199009132025212001"
BOSS_NIP = "198503172010011002"
ROSTER = "/attendance/v1/roster"


@pytest.fixture
async def town(embedded_postgres: EmbeddedPostgres) -> AsyncIterator[City]:
    async with city(embedded_postgres) as found:
        yield found


async def test_new_and_changed_officers_are_published_and_all_are_counted(town: City) -> None:
    head = person()
    other = person(SECOND_NIP, employment_type="PPPK", superior_nip=FIRST_NIP)
    assert await town.import_lines(other, head) == {
        "created": 2,
        "changed": 0,
        "unchanged": 0,
        "errors": [],
        "notes": [],
    }
    first = await town.officer()
    report = await town.import_lines(person(name="Nama Baru"), other)
    assert report == {"created": 0, "changed": 1, "unchanged": 1, "errors": [], "notes": []}
    assert (await town.officer())["employee_id"] == first["employee_id"]
    assert (await town.officer(SECOND_NIP))["superior_id"] == first["employee_id"]
    rows = await town.rows("select value from outbox where topic = 'asn.employee.v1' order by id")
    records = [orjson.loads(row.value) for row in rows]
    assert [(r["name"], r["revision"]) for r in records if r["nip"] == FIRST_NIP] == [
        ("Contoh Pegawai", 1),
        ("Nama Baru", 2),
    ]
    assert len(records) == 3


async def test_a_bad_line_refuses_the_whole_file_and_every_fault_is_listed(town: City) -> None:
    lines = [
        person(),
        person("199613012022041001", email="bukan alamat"),
        person(SECOND_NIP, active_from="3/8/2026"),
        "too,few",
        person(superior_nip="199001012015011001"),
    ]
    answer = await town.http.post(ROSTER, content=HEADER + "\n".join(lines))
    assert answer.status_code == 422
    faults = [(fault["line"], fault["field"], fault["value"]) for fault in answer.json()["errors"]]
    empty = [(5, column, "") for column in ("org_unit_id", "org_unit_name", "active_from")]
    assert faults == [
        (3, "nip", "199613012022041001"),
        (3, "email", "bukan alamat"),
        (4, "nip", SECOND_NIP),
        (4, "active_from", "3/8/2026"),
        (5, "employment_type", ""),
        (5, "nip", "too"),
        *empty,
        (6, "nip", FIRST_NIP),
    ]
    assert answer.json()["detail"].startswith("The roster has 10 faults and was not taken: nothing is changed.")
    assert all(fault["message"].startswith("must ") for fault in answer.json()["errors"])
    assert await town.rows("select 1 from employee") == []


async def test_two_addresses_in_one_cell_are_refused_and_one_is_stored_with_its_domain_in_lower_case(
    town: City,
) -> None:
    answer = await town.http.post(ROSTER, content=HEADER + person(email='"budi@contoh,com"'))
    assert answer.status_code == 422
    [fault] = answer.json()["errors"]
    assert fault["field"] == "email"
    assert "must be one e-mail address, like nama@contoh.go.id" in fault["message"]
    assert "','" in fault["message"]
    assert (await town.http.post(ROSTER, content=HEADER + person(email="Budi@Contoh.GO.ID"))).status_code == 200
    assert [row.email for row in await town.rows("select email from employee")] == ["Budi@contoh.go.id"]


async def test_an_unknown_superior_refuses_the_file(town: City) -> None:
    answer = await town.http.post(ROSTER, content=HEADER + person(superior_nip="199001012015011001"))
    assert answer.status_code == 422
    [fault] = answer.json()["errors"]
    assert (fault["line"], fault["column"], fault["value"]) == (2, "superior_nip", "199001012015011001")
    assert await town.rows("select 1 from org_unit") == []


async def test_a_file_with_semicolons_byte_order_mark_and_windows_line_ends_is_imported(town: City) -> None:
    body = ("\ufeff" + HEADER + person()).replace(",", ";").replace("\n", "\r\n").encode()
    answer = await town.http.post(ROSTER, content=body)
    assert answer.json()["created"] == 1


async def test_the_sample_workbook_with_real_nips_can_be_imported_twice(town: City) -> None:
    real = dict(zip(ROSTER_COLUMNS[0].samples, (BOSS_NIP, SECOND_NIP), strict=True))
    workbook = load_workbook(io.BytesIO(sample_xlsx(ROSTER_COLUMNS, "roster")))
    for cell in (cell for row in workbook["roster"] for cell in row if cell.value in real):
        cell.value = real[cell.value]
    filled = io.BytesIO()
    workbook.save(filled)
    for created in (2, 0):
        answer = await town.http.post(ROSTER, content=filled.getvalue(), headers={"Content-Type": XLSX_TYPE})
        assert (answer.status_code, answer.json()["created"]) == (200, created)
    assert (await town.officer(SECOND_NIP))["superior_id"] == (await town.officer(BOSS_NIP))["employee_id"]
    shifts = sample_csv(SHIFT_COLUMNS).decode()
    for sample, nip in real.items():
        shifts = shifts.replace(sample, nip)
    answer = await town.http.post("/attendance/v1/shifts/file", content=shifts, headers={"Content-Type": XLSX_TYPE})
    assert answer.json() == {"created": 2, "changed": 0, "removed": 0, "unchanged": 0, "notes": []}


async def test_an_unedited_sample_creates_no_officers(town: City) -> None:
    answer = await town.http.post(ROSTER, content=sample_xlsx(ROSTER_COLUMNS, "roster"))
    assert answer.status_code == 422
    assert [fault["line"] for fault in answer.json()["errors"]] == [2, 3]
    assert await town.rows("select 1 from employee") == []


async def test_a_missing_optional_column_does_not_change_stored_values(town: City) -> None:
    full = {"superior_nip": BOSS_NIP, "email": "a@contoh.go.id", "active_to": "2030-12-31", "unit_from": "2024-01-01"}
    await town.import_lines(person(BOSS_NIP), person(**full, employment_type_from="2023-05-01"))
    before = await town.officer()
    required = "nip,name,employment_type,org_unit_id,org_unit_name,active_from"
    lines = (
        f"{FIRST_NIP},Nama Baru,PNS,u1,Dinas Satu,2022-04-01",
        f"{SECOND_NIP},B,PPPK,u1,Dinas Satu,2025-01-01",
    )
    answer = await town.http.post(ROSTER, content="\n".join((required, *lines)))
    assert answer.json() == {"created": 1, "changed": 1, "unchanged": 0, "errors": [], "notes": []}
    assert await town.officer() == before | {"name": "Nama Baru", "revision": 2}
    new = await town.officer(SECOND_NIP)
    assert (new["superior_id"], new["email"], new["active_to"]) == (None, None, None)


async def test_blank_cells_remove_stored_values_and_the_report_names_their_lines(town: City) -> None:
    boss = person(BOSS_NIP, email="boss@contoh.go.id")
    full = {"superior_nip": BOSS_NIP, "email": "a@contoh.go.id", "active_to": "2030-12-31"}
    await town.import_lines(boss, person(**full))
    report = await town.import_lines(boss, person())
    assert (report["changed"], report["unchanged"]) == (1, 1)
    assert report["notes"] == [
        f"{column} was removed from 1 of the officers, because the cell is blank (line 3). To keep stored values,"
        " leave the column out."
        for column in ("superior_nip", "email", "active_to")
    ]
    officer = await town.officer()
    assert (officer["superior_id"], officer["email"], officer["active_to"]) == (None, None, None)
    assert (await town.import_lines(boss, person()))["notes"] == []


async def test_a_start_after_the_stored_end_is_refused_when_the_file_has_no_end(town: City) -> None:
    await town.import_lines(person(active_to="2026-08-31"))
    header = "nip,name,employment_type,org_unit_id,org_unit_name,active_from\n"
    answer = await town.http.post(ROSTER, content=f"{header}{FIRST_NIP},A,PNS,u1,Dinas Satu,2026-09-01")
    assert answer.status_code == 422
    [fault] = answer.json()["errors"]
    assert (fault["line"], fault["field"]) == (2, "active_from")
    assert "2026-08-31, the stored active_to" in fault["message"]


@pytest.mark.parametrize("address", [ROSTER, "/attendance/v1/shifts/file"])
async def test_a_multipart_form_is_refused_with_the_right_way_to_send_a_file(town: City, address: str) -> None:
    answer = await town.http.post(address, files={"file": ("roster.csv", HEADER.encode())})
    assert (answer.status_code, answer.headers["content-type"]) == (415, "application/problem+json")
    assert "--data-binary" in answer.json()["detail"]


async def test_ambiguous_dates_are_named_in_the_report(town: City) -> None:
    report = await town.import_lines(person(active_from="03/08/2026"))
    assert [note[:60] for note in report["notes"]] == ["1 date was read day before month: 03/08/2026 on line 2, acti"]
    assert (await town.officer())["active_from"] == "2026-08-03"


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe\x00", b"nip,name\n1,2", HEADER.encode() + b"\x00", HEADER.encode() + b'"' + b"x" * 200_000],
)
async def test_content_that_is_no_roster_is_refused_with_a_problem(town: City, body: bytes) -> None:
    answer = await town.http.post(ROSTER, content=body)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_transfer_leaves_past_days_with_their_unit(town: City) -> None:
    await town.import_lines(person())
    await town.machine()
    officer = (await town.officer())["employee_id"]
    await town.close()
    await town.import_lines(person(org_unit_id="u2", org_unit_name="Dinas Dua"))
    await town.work()
    assert (await town.day(officer, "2026-08-05"))["day"]["org_unit_id"] == "u2"
    await town.advance("2026-08-05 08:00")
    await town.work()
    day = (await town.day(officer, "2026-08-04"))["day"]
    assert (day["org_unit_id"], day["state"]) == ("u1", "final")


async def test_days_outside_the_employment_are_off_once_they_were_published(town: City) -> None:
    await town.import_lines(person())
    officer = (await town.officer())["employee_id"]
    await town.close()
    await town.import_lines(person(active_from="2026-08-05"))
    await town.close()
    day = (await town.day(officer, "2026-08-04"))["day"]
    assert (day["status"], day["reasons"], day["revision"]) == ("off", ["NOT_EMPLOYED"], 2)
    await town.import_lines(person(active_from="2026-08-03"))
    await town.close()
    assert (await town.day(officer, "2026-08-04"))["day"]["status"] == "unknown"


async def test_a_renamed_unit_is_published_with_all_its_officers(town: City) -> None:
    await town.import_lines(person(), person(SECOND_NIP, employment_type="PPPK"))
    report = await town.import_lines(person(org_unit_name="Dinas Besar"))
    assert report["notes"] == ["The unit u1 is renamed from Dinas Satu to Dinas Besar. Officers in it: 2."]
    assert (await town.import_lines(person(org_unit_name="Dinas Besar")))["notes"] == []
    assert (await town.officer(SECOND_NIP))["revision"] == 2
    assert (await town.officer())["org_unit_name"] == "Dinas Besar"


async def test_many_renamed_units_are_counted_in_the_report(town: City) -> None:
    nips = [f"19900913202521{number:04d}" for number in range(1001, 1024)]

    def lines(prefix: str) -> list[str]:
        return [
            person(nip, employment_type="PPPK", org_unit_id=f"u{number}", org_unit_name=f"{prefix} {number}")
            for number, nip in enumerate(nips)
        ]

    assert (await town.import_lines(*lines("Dinas")))["notes"] == []
    notes = (await town.import_lines(*lines("Badan")))["notes"]
    assert (len(notes), notes[-1]) == (21, "3 more units are renamed.")


async def test_a_page_continues_where_the_previous_one_ended(town: City) -> None:
    await town.import_lines(person(), person(SECOND_NIP, employment_type="PPPK"))
    first = (await town.http.get("/attendance/v1/employees", params={"limit": 1})).json()
    second = (await town.http.get("/attendance/v1/employees", params={"limit": 1, "after": first["next"]})).json()
    assert {page["items"][0]["nip"] for page in (first, second)} == {FIRST_NIP, SECOND_NIP}
    assert second["next"] is None
    units = (await town.http.get("/attendance/v1/units")).json()["items"]
    assert units == [{"org_unit_id": "u1", "name": "Dinas Satu", "officers": 2, "machines": 0}]


async def test_only_the_operator_reads_and_writes(town: City) -> None:
    for method, path in (("GET", "/attendance/v1/employees"), ("POST", ROSTER), ("GET", "/attendance/v1/rules")):
        answer = await town.http.request(method, path, headers={"Authorization": "Bearer wrong"})
        assert answer.status_code == 401
