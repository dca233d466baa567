"""The stack's containers started in any order, also services before their stores: events flow within a minute."""

from __future__ import annotations

import random
import time

import pytest

from shared.db.migrations import SERVICES
from tests.e2e.stack import Stack, until
from tests.e2e.town import punch_all, work_days
from tests.e2e.traffic import OFFICERS, assert_scoring_agrees, attendance_rests
from tests.fixtures.stores.engine import needs_engine

pytestmark = [
    pytest.mark.containers, pytest.mark.fault, pytest.mark.timeout(900), needs_engine, pytest.mark.usefixtures("town"),
]  # fmt: skip

STORES = ("kafka", "postgres")
STORES_SECONDS_MAX = 180
READY_SECONDS_MAX = 60
RESTARTS_MAX = 4
STORES_LATE_SECONDS = 15


@pytest.fixture(scope="module")
def containers(stack: Stack) -> dict[str, str]:
    """Container ids by service: the engine starts them and ignores their dependencies."""
    return {service: stack.containers(service)[0] for service in (*STORES, *SERVICES)}


def assert_events_flow(stack: Stack, containers: dict[str, str], clock: str) -> None:
    """Within a minute after the stores answer, with few restarts, a punch gets through to scoring."""
    until("healthy stores", lambda: all(stack.healthy(containers[store]) for store in STORES), STORES_SECONDS_MAX)
    begun = time.monotonic()
    stack.wait_until_ready(READY_SECONDS_MAX)
    assert time.monotonic() - begun < READY_SECONDS_MAX
    restarts = stack.run("docker", "inspect", "--format", "{{.RestartCount}}", *containers.values()).stdout.split()
    assert max(map(int, restarts)) <= RESTARTS_MAX, dict(zip(containers, restarts, strict=True))
    until("nothing waiting", lambda: attendance_rests(stack), 120)
    assert_scoring_agrees(stack)
    day = work_days()[0]
    # Only this date: other days may be computed for the first time meanwhile.
    revisions = f"select coalesce(sum(revision), 0) from day_fact where work_date = '{day}'"
    before = int(stack.psql("scoring", revisions))
    punch_all(stack, [day], clock, OFFICERS)
    until(
        "the punches in scoring",
        lambda: int(stack.psql("scoring", revisions)) == before + OFFICERS,
        90,
    )
    assert stack.http.post("/scores/v1/verify").json()["ok"]


@pytest.mark.parametrize("seed", range(1, 4))
def test_any_order(stack: Stack, containers: dict[str, str], seed: int) -> None:
    chance = random.Random(seed)
    order = chance.sample(sorted(containers), len(containers))
    stack.compose("stop", *containers)
    for service in order:
        stack.run("docker", "start", containers[service])
        time.sleep(chance.uniform(0, 1.5))
    assert_events_flow(stack, containers, f"17:{10 + 2 * seed}:00")  # each departure is later: a new revision


def test_power_cut_and_the_stores_come_last(stack: Stack, containers: dict[str, str]) -> None:
    stack.run("docker", "kill", *containers.values())
    stack.run("docker", "start", *(containers[service] for service in SERVICES))
    time.sleep(STORES_LATE_SECONDS)
    assert not stack.ready("attendance")  # the control: without its stores a service is not ready
    stack.run("docker", "start", *(containers[store] for store in STORES))
    assert_events_flow(stack, containers, "17:30:00")
