"""Services are stopped with SIGTERM under load: each ends in time with status 0; with two replicas no request fails."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus

import httpx
import pytest

from shared.db.migrations import SERVICES
from tests.e2e.stack import Stack, until
from tests.e2e.town import MACHINE, work_days
from tests.e2e.traffic import Traffic, assert_nothing_is_lost
from tests.fixtures.stores.engine import needs_engine

pytestmark = [
    pytest.mark.containers, pytest.mark.fault, pytest.mark.timeout(900), needs_engine, pytest.mark.usefixtures("town"),
]  # fmt: skip

LISTS = ("/attendance/v1/employees", "/feedback/v1/feedback", "/scores/v1/employees", "/notices/v1/notices")
INTAKE = "/iclock/cdata"
CLIENTS = 4
STOP_SECONDS_MAX = 20
GATEWAY_TRIES_SECONDS = 3


class Clients:
    """Readers of every service and machines that post, over persistent connections; each answer is counted."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._stop = threading.Event()
        readers = [(self._read, path) for path in LISTS]
        machines = [(self._post, str(number)) for number in range(CLIENTS)]
        self._threads = [threading.Thread(target=work, args=(what,), daemon=True) for work, what in readers + machines]
        self.answers: Counter[tuple[str, int | str]] = Counter()
        self.refusals: list[str] = []
        """When each answer other than 200 came, after how many seconds, and its text."""

    def __enter__(self) -> Clients:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def wait_for_each(self) -> None:
        """Waits until every path has been answered."""
        until("an answer of each path", lambda: {path for path, _ in list(self.answers)} >= {*LISTS, INTAKE}, 60)

    @property
    def refused(self) -> dict[tuple[str, int | str], int]:
        """Answers other than 200, and how often each came."""
        return {answer: count for answer, count in self.answers.items() if answer[1] != 200}

    def _read(self, path: str) -> None:
        headers = {"Authorization": f"Bearer {self._stack.operator_key}"}
        with httpx.Client(base_url=self._stack.url, timeout=60, headers=headers) as http:
            self._count(path, lambda: http.get(path, params={"limit": 1}))

    def _post(self, number: str) -> None:
        query = {"SN": MACHINE, "table": "ATTLOG"}
        line = f"1\t{work_days()[0]} 09:00:0{number}\t255\t1\t\t0\t0\n".encode()
        with httpx.Client(base_url=self._stack.url, timeout=60) as http:
            self._count(INTAKE, lambda: http.post(INTAKE, params=query, content=line))

    def _count(self, path: str, ask: Callable[[], httpx.Response]) -> None:
        while not self._stop.is_set():
            begun = time.monotonic()
            try:
                answer = ask()
                self.answers[path, answer.status_code] += 1
                seconds = time.monotonic() - begun
                if answer.status_code != HTTPStatus.OK:
                    self.refusals.append(f"{datetime.now(UTC):%H:%M:%S} {path} after {seconds:.1f} s: {answer.text}")
            except httpx.TransportError as error:
                self.answers[path, type(error).__name__] += 1
            time.sleep(0.05)


def stop_politely(stack: Stack, container: str) -> None:
    begun = time.monotonic()
    stack.run("docker", "stop", "--time", "60", container)
    assert time.monotonic() - begun < STOP_SECONDS_MAX
    assert stack.run("docker", "inspect", "--format", "{{.State.ExitCode}}", container).stdout.strip() == "0"


def scale(stack: Stack, replicas: int) -> None:
    counts = [word for service in SERVICES for word in ("--scale", f"{service}={replicas}")]
    stack.compose("up", "--detach", "--wait", "--no-recreate", *counts, seconds=180)


def test_every_service_ends_in_time(stack: Stack) -> None:
    only = {service: stack.containers(service)[0] for service in SERVICES}
    with Traffic(stack, work_days()[4]) as traffic, Clients(stack) as clients:
        clients.wait_for_each()
        traffic.wait_for_one_more()
        for service in SERVICES:
            stop_politely(stack, only[service])
        time.sleep(GATEWAY_TRIES_SECONDS + 1)
        stack.run("docker", "start", *only.values())
        traffic.wait_for_one_more()
        stack.wait_until_ready()
    # the control for the test below: with one replica the gateway refuses some requests
    assert {status for _, status in clients.refused} <= {502, 503}
    assert {path for path, _ in clients.refused} == {*LISTS, INTAKE}
    assert {status for status, _ in traffic.refused} <= {502, 503}
    assert_nothing_is_lost(stack, traffic)


def test_a_rolling_restart_refuses_nobody(stack: Stack) -> None:
    try:
        scale(stack, 2)
        with Traffic(stack, work_days()[3]) as traffic, Clients(stack) as clients:
            clients.wait_for_each()
            traffic.wait_for_one_more()
            for replica in [replica for service in SERVICES for replica in stack.containers(service)]:
                stop_politely(stack, replica)
                stack.run("docker", "start", replica)
                until("a healthy replica", lambda replica=replica: stack.healthy(replica), 120)  # type: ignore[misc]
    finally:
        scale(stack, 1)
    assert clients.refused == {}, "\n".join(clients.refusals)
    assert traffic.refused == []
    assert {path for path, _ in clients.answers} == {*LISTS, INTAKE}
    assert_nothing_is_lost(stack, traffic)
