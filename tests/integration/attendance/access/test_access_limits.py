"""Connections that are not a proved machine cost little and take no place from machines."""

from __future__ import annotations

import asyncio

import pytest

from embedded.postgres import EmbeddedPostgres
from services.attendance.machines.locked_machine import lock_machine
from tests.integration.attendance.access.device import (
    LINE,
    OTHER,
    OWN,
    Device,
    after,
    machine,
    refused,
    register_unit,
    settled,
    shown,
)
from tests.integration.attendance.city import City, city

pytestmark = pytest.mark.embedded


async def test_only_networks_of_machines_are_served(embedded_postgres: EmbeddedPostgres) -> None:
    async with city(embedded_postgres, machine_networks="10.0.7.0/24, 10.1.0.0/16") as town:
        await register_unit(town)
        assert (await Device(town).punch(LINE)).text == "OK: 1"
        outside = await Device(town, "203.0.113.9").punch(LINE)
        stranger = await Device(town, serial="NOBODY").punch(LINE)
        assert (outside.status_code, outside.text) == (stranger.status_code, stranger.text)
        assert "203.0.113.9" not in {contact["address"] for contact in await refused(town)}


async def test_invented_serials_do_not_displace_a_new_machine(town: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.http.rates.Bucket.full", lambda *_: False)
    for number in range(1_000):
        await Device(town, OTHER, f"FAKE{number}").ask("ping")
    await Device(town, OWN, "NEW1").punch(LINE)
    found = (await town.http.get("/attendance/v1/machines/unknown")).json()
    assert "NEW1" in {contact["serial"] for contact in found}
    assert len([contact for contact in found if contact["address"] == OTHER]) == 50


async def test_a_full_list_displaces_the_contact_that_was_seen_longest_ago(
    town: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.http.rates.Bucket.full", lambda *_: False)
    await town.run(
        "insert into refused_contact select 'OLD' || n, '10.8.' || n / 250 || '.' || n % 250, 'UNREGISTERED_SERIAL',"
        " now(), timestamptz '2026-08-01' + n * interval '1 second', 1, null, 0, 0 from generate_series(0, 1999) n"
    )
    await Device(town, serial="NEW1").punch(LINE)
    rows = await town.rows("select serial from refused_contact where serial in ('OLD0', 'OLD1', 'NEW1') order by 1")
    assert [row.serial for row in rows] == ["NEW1", "OLD1"]


async def test_an_address_that_guesses_serials_is_refused_without_lookup_and_the_machine_is_served(
    embedded_postgres: EmbeddedPostgres,
) -> None:
    async with settled(embedded_postgres, refusals_per_minute=9) as town:
        await Device(town).punch(LINE)
        looked_up = [shown(await Device(town, OWN, f"FAKE{number}").ask("ping")) for number in range(3)]
        count = "select count(*) from refused_contact"
        before = (await town.rows(count))[0][0]
        assert before == len(looked_up)
        assert shown(await Device(town, OWN, "FAKE100").ask("ping")) == looked_up[0]
        assert (await town.rows(count))[0][0] == before
        assert (await Device(town).punch("7\t2026-08-04 16:20:00\t255\t1")).text == "OK: 1"


async def test_a_machine_above_its_quota_gets_a_response_to_try_again_later(
    embedded_postgres: EmbeddedPostgres,
) -> None:
    async with city(embedded_postgres, journal_bytes_per_day=1_048_576, unusable_lines_per_machine=3) as town:
        await register_unit(town)
        lines = [f"{n}\t2026-08-04 07:20:00\t255\t1\t{'x' * 1_000}" for n in range(700)]
        assert (await Device(town).punch(*lines)).text == "OK: 700"
        over = await Device(town).punch(*lines)
        assert (over.status_code, over.headers["retry-after"]) == (429, "300")
        assert {signal["kind"] for signal in (await machine(town))["signals"]} == {"QUOTA"}
        after(town, days=1)
        assert (await Device(town).punch(*lines)).text == "OK: 700"
        assert (await Device(town).punch("a", "b", "c", LINE)).text == "OK: 4"
        assert (await Device(town).punch("d", "Z7\t2026-08-04 16:20:00\t255\t1")).status_code == 429
        assert await town.rows("select 1 from punch where pin = 'Z7'") == []


async def test_a_refused_connection_does_not_wait_for_the_machine_that_uploads(town: City) -> None:
    await Device(town).punch(LINE)
    async with town.service.context.database.transaction() as session:
        assert await lock_machine(session, "S1", town.service.context.clock.now()) is not None
        async with asyncio.timeout(3):  # a wait for a locked row ends after four seconds with another answer
            answers = [await Device(town, OTHER, serial).ask("getrequest") for serial in ("S1", "NOPE")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert "TWO_ADDRESSES" in str((await machine(town))["signals"])


async def test_a_query_with_too_many_parameters_is_refused(town: City) -> None:
    many = {f"a{number}": "1" for number in range(60)}
    for answer in (await Device(town, OTHER).ask("getrequest", **many), await Device(town, OTHER).post(LINE, **many)):
        assert answer.status_code == 400
        assert "50 parameters" in answer.text


async def test_a_post_without_a_length_is_refused(town: City) -> None:
    device = Device(town)
    request = device.http.build_request("POST", "/iclock/cdata?SN=S1&table=ATTLOG", content=f"{LINE}\n".encode())
    del request.headers["content-length"]
    assert (await device.http.send(request)).status_code == 411
    assert (await device.punch(LINE)).text == "OK: 1"
