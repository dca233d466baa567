"""`kinerja` commands about an officer, a unit and a machine, with the four services."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from uuid import UUID, uuid4

import httpx
import orjson
import pytest

from cli.access import links
from embedded.postgres import EmbeddedPostgres
from shared.contracts.topics import ATTENDANCE_DAY
from shared.settings.url_space import service_of
from tests.fixtures.documents.town_commands import NAME, Command, commands_against, four_services, gateway_to
from tests.fixtures.records import day, incoming
from tests.fixtures.services import Running
from tests.integration.attendance.city import FIRST_NIP, City, person
from tests.integration.notifications.desk import apply

pytestmark = pytest.mark.embedded

SECOND_NIP = "198501012010011002"


@pytest.fixture
async def city(embedded_postgres: EmbeddedPostgres) -> AsyncIterator[dict[str, Running]]:
    async with four_services(embedded_postgres, now="2026-08-10 20:00") as found:
        await City(found["attendance"], None).import_lines(person(SECOND_NIP, name="Siti Aminah", org_unit_id="unit-2"))
        yield found


@pytest.fixture
async def kinerja(city: dict[str, Running], monkeypatch: pytest.MonkeyPatch) -> Command:
    return commands_against(gateway_to(city), monkeypatch)


async def test_an_officer_is_named_by_nip_by_name_or_by_id(kinerja: Command, city: dict[str, Running]) -> None:
    identifier = (await City(city["attendance"], None).officer())["employee_id"]
    for words in (FIRST_NIP, "19960818 202204 1 001", "nurhaliza", "SITI rahman", identifier):
        shown = await kinerja("officers", "show", words)
        assert shown.exit_code == 0, (words, shown.output)
        assert f"NIP          {FIRST_NIP}" in shown.stdout
    several = await kinerja("officers", "show", "siti")
    assert (several.exit_code, several.stdout) == (1, "")
    assert several.stderr.splitlines() == [
        "siti may be 2 officers; give the NIP of one:",
        f"  {FIRST_NIP}  {NAME}, unit-1",
        f"  {SECOND_NIP}  Siti Aminah, unit-2",
    ]
    for nobody in ("%", "budi", "199608182022041009", str(uuid4())):
        done = await kinerja("officers", "show", nobody)
        assert (done.exit_code, done.stdout) == (1, ""), nobody
    found = await kinerja("officers", "find", "siti", "--unit", "unit-2", "--json")
    assert [item["nip"] for item in orjson.loads(found.stdout)] == [SECOND_NIP]
    assert (await kinerja("officers", "list", "--unit", "unit-2")).stdout.splitlines()[1:] == [
        f"{SECOND_NIP}  Siti Aminah  unit-2"
    ]


async def test_leave_is_entered_shown_in_the_days_and_withdrawn(kinerja: Command, city: dict[str, Running]) -> None:
    span = ("--from", "2026-08-04", "--to", "2026-08-05")
    made = await kinerja("leave", "add", "aminah", "cuti_tahunan", *span, "--by", FIRST_NIP, "--reference", "800/1")
    assert made.exit_code == 0, made.output
    leave = made.stdout.strip()
    listed = (await kinerja("leave", "list", SECOND_NIP)).stdout
    assert f"{leave}  approved\n  CUTI_TAHUNAN (leave), 2026-08-04 to 2026-08-05\n" in listed
    assert f"by {NAME} ({FIRST_NIP})" in listed
    await City(city["attendance"], None).close()
    shown = (await kinerja("days", "aminah", *span)).stdout.splitlines()
    assert shown[1].startswith("2026-08-04 Tue  excused")
    assert shown[1].endswith("leave (CUTI_TAHUNAN)")
    done = await kinerja("leave", "withdraw", "aminah", leave, "--reason", "the wrong officer")
    assert (done.exit_code, done.stdout) == (0, f"revoked {leave}\n"), done.output
    assert f"{leave}  revoked" in (await kinerja("leave", "list", "aminah")).stdout
    assert (await kinerja("leave", "withdraw", "aminah", leave, "--reason", "again")).exit_code == 1

    request = (await kinerja("leave", "add", "aminah", "IZIN", "--from", "2026-08-06", "--requested")).stdout.strip()
    assert (await kinerja("leave", "approve", "aminah", request)).stdout == f"approved {request}\n"
    other = await kinerja("leave", "approve", "nurhaliza", request)
    assert (other.exit_code, f"has no leave or duty {request}" in other.stderr) == (1, True)
    for wrong in (("aminah", "CUTI", "--from", "2026-08-04"), ("aminah", "IZIN", "--from", "4 August")):
        assert (await kinerja("leave", "add", *wrong)).exit_code == 2
    assert (await kinerja("days", "aminah", "--from", "2026-08-05", "--to", "2026-08-04")).exit_code == 2


async def test_a_machine_is_registered_enrolled_moved_and_retired(kinerja: Command, city: dict[str, Running]) -> None:
    async def field(name: str) -> object:
        return orjson.loads((await kinerja("machines", "show", "M9", "--json")).stdout)[name]

    nowhere = await kinerja("machines", "add", "M9", "--name", "Pintu", "--unit", "unit-9")
    assert (nowhere.exit_code, "no such unit: unit-9" in nowhere.stderr) == (1, True)
    assert (
        await kinerja("machines", "add", "M9", "--name", "Pintu", "--unit", "unit-1", "--direction", "up")
    ).exit_code == 2
    made = await kinerja("machines", "add", "M9", "--name", "Pintu", "--unit", "unit-1", "--network", "10.1.0.0/16")
    assert made.exit_code == 0, made.output
    again = await kinerja("machines", "add", "M9", "--name", "Pintu", "--unit", "unit-2")
    assert (again.exit_code, await field("org_unit_id")) == (1, "unit-1")

    done = await kinerja("machines", "enrol", "M9", "0007", "aminah", "--from", "2026-08-03")
    assert done.stdout == f"PIN 0007 at M9 is Siti Aminah ({SECOND_NIP}) from 2026-08-03\n"
    assert (await kinerja("machines", "pins", "M9")).stdout.splitlines()[1].split() == [
        "0007", "2026-08-03", SECOND_NIP, "Siti", "Aminah",
    ]  # fmt: skip
    assert (await kinerja("machines", "unenrol", "M9", "0007", "--from", "2026-08-03")).exit_code == 0
    assert (await kinerja("machines", "pins", "M9")).stderr == "no PINs\n"

    assert (await kinerja("machines", "set", "M9", "--name", "Pintu Barat")).exit_code == 0
    assert (await field("name"), await field("networks"), await field("org_unit_id")) == (
        "Pintu Barat", ["10.1.0.0/16"], "unit-1",
    )  # fmt: skip
    assert (await kinerja("machines", "move", "M9", "unit-2")).exit_code == 2
    moved = await kinerja("machines", "move", "M9", "unit-2", "--since", "2026-08-04 06:00", "--direction", "status")
    assert moved.stdout == "M9 is in unit-2, since 2026-08-04 06:00\n", moved.output
    assert await field("direction_from") == "status"
    assert (await kinerja("machines", "undo-move", "M9")).exit_code == 0
    assert (await field("org_unit_id"), await field("direction_from")) == ("unit-1", "shift")
    assert (await kinerja("machines", "undo-move", "M9")).exit_code == 1
    assert (await kinerja("machines", "move", "M9", "unit-2", "--since", "always")).exit_code == 0
    assert (await field("org_unit_id"), await field("name")) == ("unit-2", "Pintu Barat")
    assert (await kinerja("machines", "retire", "M9", "--at", "2026-08-04 16:00")).exit_code == 0
    assert str(await field("in_service_to")).startswith("2026-08-04T09:00")
    assert (await kinerja("machines", "retire", "M9", "--undo")).exit_code == 0
    assert await field("in_service_to") is None
    for wrong in (("set", "M9"), ("move", "M9", "unit-1", "--since", "noon"), ("retire", "M9", "--at", "noon")):
        assert (await kinerja("machines", *wrong)).exit_code == 2
    assert (await kinerja("machines", "show", "M99")).exit_code == 1


async def test_scores_are_listed_by_name_and_shown_in_words(kinerja: Command, city: dict[str, Running]) -> None:
    officer = UUID((await City(city["attendance"], None).officer())["employee_id"])
    await apply(city["scoring"], [incoming(ATTENDANCE_DAY, day(officer, date(2026, 8, 3)))])
    listed = await kinerja("scores", "list", "--semester", "2026-S2")
    assert listed.exit_code == 0, listed.output
    [row] = listed.stdout.splitlines()[1:]
    assert row.startswith(f"{FIRST_NIP}  {NAME}  unit-1")
    assert (await kinerja("scores", "list", "--semester", "2026-S2", "--unit", "unit-2")).stderr == "no scores\n"
    shown = (await kinerja("scores", "show", "nurhaliza", "--semester", "2026-S2")).stdout
    assert f"officer    {NAME} ({FIRST_NIP})" in shown
    assert "1 present" in shown
    whole = orjson.loads((await kinerja("scores", "show", FIRST_NIP, "--semester", "2026-S2", "--json")).stdout)
    assert whole["employee_id"] == str(officer)
    assert whole["facts"]["days"][0]["work_date"] == "2026-08-03"


async def test_names_fall_back_to_ids_where_attendance_does_not_answer(
    kinerja: Command, city: dict[str, Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = gateway_to(city)

    def without_attendance() -> httpx.Client:
        http = gateway()

        def answer(request: httpx.Request) -> httpx.Response:
            if service_of(request.url.path) == "attendance":
                raise httpx.ConnectError("refused", request=request)
            return http.send(request)

        return httpx.Client(transport=httpx.MockTransport(answer), base_url="http://testserver")

    identifier = (await City(city["attendance"], None).officer())["employee_id"]
    monkeypatch.setattr(links, "client", without_attendance)
    done = await kinerja("links", "issue", identifier, "--page")
    assert done.exit_code == 0, done.output
    listed = await kinerja("links", "list")
    assert (listed.exit_code, f"page of {identifier}" in listed.stdout) == (0, True)
    assert "attendance does not answer" in listed.stderr
