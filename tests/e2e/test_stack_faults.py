"""The stack with a part gone: nothing accepted is lost, nothing hangs, nothing counts twice."""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest

from tests.e2e.stack import Stack, running_stack, until
from tests.e2e.town import MACHINE, fill_town, work_days
from tests.fixtures.engine import needs_engine

pytestmark = [pytest.mark.containers, pytest.mark.fault, pytest.mark.timeout(900), needs_engine]

OFFICERS = 10
BROKER_AWAY_SECONDS = 60
KILLS = 6
ANSWER_SECONDS_MAX = 5.0
STOP_SECONDS_MAX = 20


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with tempfile.TemporaryDirectory(prefix="kin-stack-") as folder, running_stack(Path(folder)) as running:
        running.wait_until_ready()
        fill_town(running, OFFICERS)
        yield running


class Traffic:
    """A machine that posts without a pause and sends again what was not answered with OK."""

    def __init__(self, stack: Stack, day: date) -> None:
        self._stack = stack
        self._day = day
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.accepted: list[tuple[int, str]] = []
        self.refused: list[tuple[int, float]] = []

    def __enter__(self) -> Traffic:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(60)

    def wait_for_one_more(self) -> None:
        """Until another punch is accepted."""
        before = len(self.accepted)
        until("an accepted punch", lambda: len(self.accepted) > before, 60)

    def _run(self) -> None:
        number = 0
        with httpx.Client(base_url=self._stack.url, timeout=20) as http:
            while not self._stop.is_set():
                pin, clock = (
                    number % OFFICERS + 1,
                    f"{12 + number // 3600 % 4:02d}:{number // 60 % 60:02d}:{number % 60:02d}",
                )
                line = f"{pin}\t{self._day} {clock}\t255\t1\t\t0\t0\n"
                begun = time.monotonic()
                try:
                    answer = http.post(
                        "/iclock/cdata", params={"SN": MACHINE, "table": "ATTLOG"}, content=line.encode()
                    )
                except httpx.TransportError:
                    continue  # as a machine: no answer, so it is sent again
                if answer.text.startswith("OK: 1"):
                    self.accepted.append((pin, f"{self._day} {clock}"))
                    number += 1
                else:
                    self.refused.append((answer.status_code, time.monotonic() - begun))
                time.sleep(0.02)


def assert_nothing_is_lost(stack: Stack, traffic: Traffic) -> None:
    """Every accepted punch is there once, every event arrives, and the totals agree with the facts."""
    stack.wait_until_ready(180)
    for database in ("attendance", "scoring"):
        until(
            f"an empty outbox of {database}", lambda d=database: stack.psql(d, "select count(*) from outbox") == "0", 90
        )  # type: ignore[misc]
    kept = stack.psql("attendance", "select pin || ' ' || local_time from punch where counted").splitlines()
    assert len(kept) == len(set(kept))
    assert {f"{pin} {moment}" for pin, moment in traffic.accepted} <= set(kept)
    days = "select count(*) || ' ' || sum(revision) from {}"
    until(
        "every day at its newest revision in scoring",
        lambda: (
            stack.psql("attendance", days.format("attendance_day")) == stack.psql("scoring", days.format("day_fact"))
        ),
        90,
    )
    assert stack.http.post("/scores/v1/verify").json()["ok"]


def test_broker_away(stack: Stack) -> None:
    with Traffic(stack, work_days()[0]) as traffic:
        time.sleep(2)
        stack.compose("stop", "--timeout", "30", "kafka")
        before = len(traffic.accepted)
        time.sleep(BROKER_AWAY_SECONDS)
        during = len(traffic.accepted) - before
        assert stack.psql("attendance", "select count(*) from outbox") != "0"
        begun = time.monotonic()
        stack.compose("stop", "scoring")  # politely, with the broker away
        assert time.monotonic() - begun < STOP_SECONDS_MAX
        stack.compose("start", "kafka", "scoring")
    assert during > BROKER_AWAY_SECONDS  # intake went on from the outbox
    assert not traffic.refused
    assert_nothing_is_lost(stack, traffic)


def test_postgres_stopped(stack: Stack) -> None:
    with Traffic(stack, work_days()[1]) as traffic:
        time.sleep(2)
        stack.compose("stop", "--timeout", "30", "postgres")
        time.sleep(30)
        refused = list(traffic.refused)
        stack.compose("start", "postgres")
        traffic.wait_for_one_more()
    assert refused
    assert {status for status, _ in refused} == {503}
    assert max(seconds for _, seconds in refused) < ANSWER_SECONDS_MAX
    assert_nothing_is_lost(stack, traffic)


def test_postgres_hanging(stack: Stack) -> None:
    with Traffic(stack, work_days()[2]) as traffic:
        time.sleep(2)
        stack.compose("pause", "postgres")
        time.sleep(30)
        refused = list(traffic.refused)
        stack.compose("unpause", "postgres")
        traffic.wait_for_one_more()
    assert len(refused) >= 3
    assert {status for status, _ in refused} == {503}
    assert max(seconds for _, seconds in refused) < ANSWER_SECONDS_MAX
    assert_nothing_is_lost(stack, traffic)


def test_scoring_killed_again_and_again(stack: Stack) -> None:
    chance = random.Random(20261124)
    with Traffic(stack, work_days()[3]) as traffic:
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.5, 3.0))
            [scoring] = stack.containers("scoring") or [""]
            if (
                scoring
            ):  # the init process passes SIGKILL to nobody: the whole container dies, and its policy starts it again
                stack.run("docker", "kill", "--signal", "KILL", scoring, check=False)
                stack.compose("up", "--detach", "--no-deps", "scoring")
    assert_nothing_is_lost(stack, traffic)


def test_scoring_stopped_politely_ends_in_time(stack: Stack) -> None:
    with Traffic(stack, work_days()[4]) as traffic:
        time.sleep(2)
        begun = time.monotonic()
        stack.compose("stop", "scoring")
        assert time.monotonic() - begun < STOP_SECONDS_MAX
        [state] = stack.compose("ps", "--all", "--format", "{{.ExitCode}}", "scoring").split()
        assert state == "0"
        stack.compose("start", "scoring")
    assert_nothing_is_lost(stack, traffic)
