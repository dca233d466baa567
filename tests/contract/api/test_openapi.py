"""Runs Schemathesis over each service's OpenAPI: no request gets a 5xx."""

from __future__ import annotations

import asyncio
import importlib
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings

from embedded.children import free_port
from embedded.postgres import EmbeddedPostgres
from shared.db.migrations import SERVICES, upgrade
from tests.fixtures.services import OPERATOR_KEY, settings_for
from tests.fixtures.stores.postgres import fresh_database

PREFIXES = {"attendance": "attendance", "feedback": "feedback", "scoring": "scores", "notifications": "notices"}
EXAMPLES_PER_OPERATION = 25


class Served:
    """A service on a loopback port, in a thread of its own."""

    def __init__(self, service: str, database_url: str) -> None:
        self.port = free_port()
        app = importlib.import_module(f"services.{service}.app").create(settings_for(service, database_url))
        config = uvicorn.Config(app, host="127.0.0.1", port=self.port, log_config=None, access_log=False)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def __enter__(self) -> str:
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise RuntimeError("the service did not start")
        return f"http://127.0.0.1:{self.port}"

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(20)


@pytest.fixture(scope="module", params=SERVICES)
def served(request: pytest.FixtureRequest, embedded_postgres: EmbeddedPostgres) -> Iterator[tuple[str, str]]:
    service = request.param
    database_url = _in_thread(fresh_database, embedded_postgres)
    _in_thread(asyncio.to_thread, upgrade, service, database_url)
    with Served(service, database_url) as address:
        yield service, address


def _in_thread(work: Any, *arguments: Any) -> Any:
    """Runs a coroutine to its end outside the session's own loop."""
    result: list[Any] = []
    thread = threading.Thread(target=lambda: result.append(asyncio.run(work(*arguments))))
    thread.start()
    thread.join()
    return result[0]


def test_no_input_makes_a_service_fail(served: tuple[str, str]) -> None:
    service, address = served
    schema = schemathesis.openapi.from_url(f"{address}/{PREFIXES[service]}/openapi.json")
    faults: list[str] = []
    operations = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        operations += 1
        strategy = operation.as_strategy()

        @settings(
            max_examples=EXAMPLES_PER_OPERATION,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=strategy)
        def check(case: Any) -> None:
            answer = case.call(headers={"Authorization": f"Bearer {OPERATOR_KEY}"}, timeout=30)
            # readiness answers 503 here on purpose: these services run without their background tasks
            if answer.status_code >= 500 and "/health/" not in case.path:
                faults.append(f"{case.method} {case.path}: {answer.status_code} {answer.content[:200]!r}")

        check()
    assert operations > 3
    assert faults == []
