"""A truncated request does nothing at all, and the client's next try counts."""

from __future__ import annotations

import asyncio
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI, Request
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embedded.postgres import EmbeddedPostgres
from shared.http.bodies import SMALL_BYTES, Allowed, Bodies
from tests.fixtures.faults.raw_http import break_off, chunked, head, read_answer, served, with_length
from tests.fixtures.services import OPERATOR_KEY
from tests.integration.attendance.city import HEADER, City, city, person
from tests.integration.feedback.office import ANSWERS, office

pytestmark = [pytest.mark.fault, pytest.mark.embedded]

ICLOCK = "/iclock/cdata?SN=M1&table=ATTLOG&Stamp=9999"
PUNCHES = b"12\t2026-08-04 07:58:03\t0\t1\n12\t2026-08-04 16:05:10\t1\t1"
OPERATOR = f"Authorization: Bearer {OPERATOR_KEY}"
SETTLE_SECONDS = 0.3


async def small(_: object) -> Allowed:
    return Allowed(SMALL_BYTES)


def recorder() -> tuple[FastAPI, list[bytes]]:
    """An app behind every service's limits, and the bodies that it received."""
    app, seen = FastAPI(), []

    @app.api_route("/", methods=["GET", "POST", "PUT", "DELETE", "PATCH"])
    async def take(request: Request) -> int:
        body = await request.body()
        seen.append(body)
        return len(body)

    app.add_middleware(Bodies, allowance=small)
    return app, seen


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(min_size=1, max_size=60),
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH"]),
    framing=st.sampled_from([with_length, chunked]),
    reset=st.booleans(),
)
def test_a_request_that_is_cut_at_any_byte_reaches_no_handler(
    body: bytes, method: str, framing: object, reset: bool
) -> None:
    async def run() -> None:
        app, seen = recorder()
        whole = framing(method, "/", body)  # type: ignore[operator]
        async with served(app) as port:
            cuts = range(len(whole) - 1, len(whole) - 1 - min(len(whole) - 1, 80), -1)
            await asyncio.gather(*(break_off(port, whole[:cut], reset=reset) for cut in cuts))
            await asyncio.sleep(0.05)
            assert seen == []
            assert (await read_answer(port, whole)).status == 200
        assert seen == [body]

    asyncio.run(run())


async def punches(town: City) -> int:
    return int((await town.rows("select count(*) from punch"))[0][0])


@pytest.mark.parametrize("framing", [with_length, chunked])
async def test_a_machine_s_post_that_is_cut_at_any_byte_leaves_nothing(
    embedded_postgres: EmbeddedPostgres, framing: object
) -> None:
    async with city(embedded_postgres) as town, served(town.service.app) as port:
        await town.import_lines(person())
        await town.machine()
        whole = framing("POST", ICLOCK, PUNCHES)  # type: ignore[operator]
        begins = whole.index(b"\r\n\r\n") + 4
        for cut in range(begins, len(whole)):
            await break_off(port, whole[:cut], reset=bool(cut % 2))
        await asyncio.sleep(SETTLE_SECONDS)
        left = "select (select count(*) from punch), (select count(*) from upload), (select count(*) from quarantine)"
        assert tuple((await town.rows(left))[0]) == (0, 0, 0)
        assert (await read_answer(port, whole)).body.endswith(b"OK: 2")
        assert await punches(town) == 2


async def test_a_roster_that_is_cut_off_imports_nobody(embedded_postgres: EmbeddedPostgres) -> None:
    async with city(embedded_postgres) as town, served(town.service.app) as port:
        lines = (person(f"19960818202204100{n}", email=f"contoh{n}@example.go.id") for n in range(1, 5))
        body = (HEADER + "\n".join(lines)).encode()
        whole = with_length("POST", "/attendance/v1/roster", body, OPERATOR)
        for cut in range(len(whole) - 60, len(whole)):
            await break_off(port, whole[:cut])
        await asyncio.sleep(SETTLE_SECONDS)
        assert await town.rows("select 1 from employee") == []
        assert (await read_answer(port, whole)).status == 200
        assert len(await town.rows("select 1 from employee")) == 4


async def test_a_vote_that_is_cut_off_is_no_vote(embedded_postgres: EmbeddedPostgres) -> None:
    async with office(embedded_postgres, link_requests_per_minute=1_000) as place, served(place.service.app) as port:
        path = await place.visit()
        form = "Content-Type: application/x-www-form-urlencoded"
        whole = with_length("POST", path, urlencode(ANSWERS).encode(), form)
        begins = whole.index(b"\r\n\r\n") + 4
        for cut in range(begins + 1, len(whole)):
            await break_off(port, whole[:cut])
        await asyncio.sleep(SETTLE_SECONDS)
        assert (await read_answer(port, head("GET", path))).status == 200
        assert (await read_answer(port, whole)).status == 200
        assert (await read_answer(port, whole)).status == 410


async def test_a_length_that_is_not_kept_is_refused() -> None:
    """A server that passes on less than Content-Length (after a faulty proxy) is not trusted either."""
    app, seen = recorder()
    answers: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"half", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        answers.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/", "raw_path": b"/", "query_string": b"", "root_path": "",
        "scheme": "http", "server": ("testserver", 80), "client": ("127.0.0.1", 1), "http_version": "1.1",
        "headers": [(b"content-length", b"8")], "state": {},
    }  # fmt: skip
    await app(scope, receive, send)  # type: ignore[arg-type]
    assert answers[0]["status"] == 400
    assert seen == []
