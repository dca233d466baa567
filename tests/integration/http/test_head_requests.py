"""HEAD is answered wherever GET is, with the same status and headers; a refusal lists the allowed methods."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest
from fastapi.routing import iter_route_contexts

from embedded.gateway import make_gateway
from embedded.postgres import EmbeddedPostgres
from shared.http.head_requests import serves_head
from shared.settings.url_space import PREFIXES
from tests.fixtures.faults.raw_http import head, read_answer, served
from tests.fixtures.services import Running, running_service
from tests.integration.attendance.city import city

pytestmark = pytest.mark.embedded

SERVICES = tuple(PREFIXES)
SAMPLES = {"work_date": "2026-08-04", "partition": "0", "offset": "0", "topic": "asn.score.v1", "path": "none"}
CHANGING = frozenset({"date", "x-request-id"})


def routes_of(service: Running) -> Iterator[tuple[str, set[str]]]:
    """Every path of the service, with its methods."""
    methods: dict[str, set[str]] = {}
    for route in iter_route_contexts(service.app.router.routes):
        if route.methods:
            values = {name: SAMPLES.get(name, str(UUID(int=7))) for name in route.param_convertors}
            methods.setdefault(route.path_format.format(**values), set()).update(route.methods)
    yield from methods.items()


def lasting(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in CHANGING}


@pytest.mark.parametrize("name", SERVICES)
async def test_head_answers_as_get_does_without_the_body(name: str, embedded_postgres: EmbeddedPostgres) -> None:
    async with running_service(name, embedded_postgres) as service:
        found = [path for path, methods in routes_of(service) if "GET" in methods and serves_head(path)]
        assert f"/{PREFIXES[name]}/health/ready" in found
        assert len(found) >= 10
        for path in found:
            get, without_body = await service.http.get(path), await service.http.head(path)
            assert (without_body.status_code, without_body.content) == (get.status_code, b""), path
            if not path.endswith("/metrics"):  # the metrics count the two requests
                assert lasting(without_body) == lasting(get), path
                assert int(without_body.headers["content-length"]) == len(get.content), path


@pytest.mark.parametrize("name", SERVICES)
async def test_another_method_is_refused_with_those_that_there_are(
    name: str, embedded_postgres: EmbeddedPostgres
) -> None:
    async with running_service(name, embedded_postgres) as service:
        for path, methods in routes_of(service):
            expected = methods | ({"HEAD"} if "GET" in methods and serves_head(path) else set())
            for method in {"PATCH", "TRACE"}:  # no route of any service has these
                answer = await service.http.request(method, path)
                assert answer.status_code == 405, (method, path)
                allowed = set(answer.headers["allow"].split(", "))
                assert allowed >= expected, (method, path)  # more if another route has a parameter at this place
                assert method not in allowed, (method, path)


async def test_head_is_no_operation_of_its_own(embedded_postgres: EmbeddedPostgres) -> None:
    async with running_service("scoring", embedded_postgres) as service:
        document = (await service.http.get("/scores/openapi.json")).json()
        assert document["paths"]
        assert not any("head" in operations for operations in document["paths"].values())


async def test_head_at_a_machine_s_address_takes_no_command(embedded_postgres: EmbeddedPostgres) -> None:
    async with city(embedded_postgres) as town:
        for path in ("/iclock/getrequest", "/iclock/cdata", "/iclock/devicecmd.aspx"):
            answer = await town.http.head(path, params={"SN": "M1"})
            assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
        answer = await town.http.head("/iclock/fdata", params={"SN": "M1"})
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_over_a_connection_the_next_answer_begins_where_it_should(embedded_postgres: EmbeddedPostgres) -> None:
    async with (
        running_service("scoring", embedded_postgres) as service,
        served(make_gateway({"scoring": service.app})) as port,
    ):
        for path, status in (("/scores/health/live", 200), ("/metrics", 404), ("/my/unknown", 404), ("/", 200)):
            answer = await read_answer(port, head("HEAD", path))
            assert (answer.status, answer.body) == (status, b""), path
            assert b"content-length: " in answer.raw.lower()
