"""A machine gets 503 in time while the database is down or hangs; nothing acknowledged with OK is lost."""

from __future__ import annotations

import asyncio
import time

import httpx

from embedded.postgres import EmbeddedPostgres
from tests.fixtures.faults.raw_http import served
from tests.fixtures.stores.backends import HeldPostgres
from tests.fixtures.stores.containers import PostgresInContainer
from tests.integration.attendance.city import City, city, person

LINE = "12\t2026-08-04 07:0{}:00\t0\t1"
SECONDS_MAX = 5.0


async def post(town: City, minute: int) -> tuple[int, str, float]:
    began = time.monotonic()
    answer = await town.http.post(
        "/iclock/cdata", params={"SN": "M1", "table": "ATTLOG"}, content=LINE.format(minute).encode()
    )
    return answer.status_code, answer.text, time.monotonic() - began


async def post_until_kept(town: City, minute: int) -> None:
    """Repeats the post until it is acknowledged, as a machine does."""
    for _ in range(50):
        if (await post(town, minute))[0] == 200:
            return
        await asyncio.sleep(0.2)
    raise AssertionError("the service does not serve again")


async def set_up(town: City) -> None:
    await town.import_lines(person())
    await town.machine()


async def test_a_store_that_hangs_gives_503_in_time_and_loses_nothing(
    own_postgres: HeldPostgres | PostgresInContainer,
) -> None:
    async with city(own_postgres) as town:
        await set_up(town)
        assert (await post(town, 0))[:2] == (200, "OK: 1")
        with own_postgres.held():
            answers = await asyncio.gather(*(post(town, 1) for _ in range(12)))
            assert {status for status, _, _ in answers} == {503}
            assert max(seconds for _, _, seconds in answers) < SECONDS_MAX
        await post_until_kept(town, 1)
        assert (await post(town, 2))[:2] == (200, "OK: 1")
        kept = await town.rows("select local_time from punch order by 1")
        assert [row.local_time.minute for row in kept] == [0, 1, 2]


async def test_a_store_that_is_down_gives_503_and_serves_again_after(
    own_postgres: HeldPostgres | PostgresInContainer,
) -> None:
    async with city(own_postgres) as town:
        await set_up(town)
        assert (await post(town, 0))[:2] == (200, "OK: 1")
        own_postgres.kill()
        status, _, seconds = await post(town, 1)
        assert (status, seconds < SECONDS_MAX) == (503, True)
        poll = await town.http.get("/iclock/getrequest", params={"SN": "M1"})
        assert poll.status_code == 503
        await asyncio.to_thread(own_postgres.stop)
        own_postgres.start()
        await post_until_kept(town, 1)
        kept = await town.rows("select local_time from punch order by 1")
        assert [row.local_time.minute for row in kept] == [0, 1]


async def test_the_handshake_carries_one_date_by_which_the_machine_sets_its_clock(
    embedded_postgres: EmbeddedPostgres,
) -> None:
    async with city(embedded_postgres) as town, served(town.service.app) as port, httpx.AsyncClient() as http:
        await set_up(town)
        answer = await http.get(f"http://127.0.0.1:{port}/iclock/cdata", params={"SN": "M1", "options": "all"})
        dates = answer.headers.get_list("date")
        assert len(dates) == 1
        assert dates[0].endswith(" GMT")


async def test_a_body_of_two_megabytes_is_no_poison(embedded_postgres: EmbeddedPostgres) -> None:
    async with city(embedded_postgres) as town, served(town.service.app) as port, httpx.AsyncClient(timeout=20) as http:
        await set_up(town)
        body = b"12\t2026-08-04 07:00:00\t0\t1\t" + b"\n" * 2_000_000 + b"13\t2026-08-04 07:00:00"
        answer = await http.post(
            f"http://127.0.0.1:{port}/iclock/cdata", params={"SN": "M1", "table": "ATTLOG"}, content=body
        )
        assert answer.text == "OK: 2"
