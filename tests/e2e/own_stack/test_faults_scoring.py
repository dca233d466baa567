"""Scoring is killed and its replicas start and stop under load, on the stack's own Kafka: every record takes effect once.

Two mechanisms ensure this, each with its control: offsets are committed after the database's transaction (below, with the
order reversed), and totals change by what the upsert returns under the row's lock (test_owners_at_once, where
select-then-upsert counts twice).
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded.children import free_port
from tests.e2e.load import (
    OFFICERS,
    Broker,
    Load,
    Punches,
    assert_each_took_effect_once,
    copies,
    days_missed,
    deliveries,
    lines_of,
    make_posts,
    note_deliveries,
    slow_days,
    wait_until_settled,
)
from tests.e2e.stack import NO_CANARY, Stack, running_stack, until
from tests.e2e.town import all_days_given, fill_town, punch
from tests.fixtures.stores.engine import needs_engine

pytestmark = [pytest.mark.containers, pytest.mark.fault, pytest.mark.timeout(1_800), needs_engine]

KILLS = int(os.environ.get("KILLS", "30"))
REPLICAS_MAX = 4
STORM_SECONDS = 60
OVERLAYS = ("deploy/compose.external.yml", NO_CANARY, "tests/e2e/overlays/quick-groups.yml")
CONTROL = ":".join(("docker-compose.yml", *OVERLAYS, "tests/e2e/overlays/offsets-first.yml"))


@pytest.fixture(scope="module")
def external_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def stack(external_port: int) -> Iterator[Stack]:
    with (
        tempfile.TemporaryDirectory(prefix="kin-stack-") as folder,
        running_stack(Path(folder), files=OVERLAYS, KAFKA_EXTERNAL_PORT=str(external_port)) as running,
    ):
        running.wait_until_ready()
        fill_town(running, OFFICERS)
        yield running


@pytest.fixture(scope="module")
def posts() -> Iterator[Punches]:
    return make_posts()


@pytest.fixture(scope="module")
def broker(stack: Stack, external_port: int) -> Iterator[Broker]:
    reading = Broker(stack, external_port)
    until("the officers' days", lambda: all_days_given(stack), 60)  # otherwise they would count as part of the load
    wait_until_settled(stack, reading)
    note_deliveries(stack)
    yield reading
    reading.close()


def kill(stack: Stack, container: str) -> None:
    stack.run("docker", "kill", "--signal", "KILL", container)


def running(stack: Stack, containers: list[str]) -> list[str]:
    states = stack.run("docker", "inspect", "--format", "{{.State.Running}}", *containers).stdout.split()
    return [container for container, state in zip(containers, states, strict=True) if state == "true"]


def test_killed_thirty_times_while_records_pass(stack: Stack, broker: Broker, posts: Iterator[Punches]) -> None:
    chance = random.Random(20261124)
    [scoring] = stack.containers("scoring")
    at_first = broker.consumed()
    with Load(stack, posts) as load:
        for number in range(KILLS):
            before = broker.consumed()
            until(f"records pass before kill {number + 1}", lambda b=before: broker.consumed() > b, 60, pause=0.05)  # type: ignore[misc]
            time.sleep(chance.uniform(0, 0.8))
            kill(stack, scoring)
            stack.run("docker", "start", scoring)
        passed = broker.consumed() - at_first
    assert passed > 100 * KILLS  # and each round applied some
    assert_each_took_effect_once(stack, broker, load.accepted)


def test_replicas_come_and_go(stack: Stack, broker: Broker, posts: Iterator[Punches]) -> None:
    chance = random.Random(20261125)
    stack.compose("up", "--detach", "--no-recreate", "--scale", f"scoring={REPLICAS_MAX}", "--no-deps", "scoring")
    replicas = stack.containers("scoring")
    assert len(replicas) == REPLICAS_MAX
    came_again, applied, signals = copies(stack), deliveries(stack), []
    with Load(stack, posts) as load, slow_days(stack, 0.01):
        ends = time.monotonic() + STORM_SECONDS
        # longer if chance or a slow machine has not yet produced the case
        while time.monotonic() < ends or (
            time.monotonic() < ends + 3 * STORM_SECONDS
            and (copies(stack) == came_again or not {"KILL", "TERM"} <= set(signals))
        ):
            alive = running(stack, replicas)
            wanted = chance.choice([count for count in range(1, REPLICAS_MAX + 1) if count != len(alive)])
            for replica in chance.sample(alive, max(0, len(alive) - wanted)):
                signals.append(chance.choice(["KILL", "TERM"]))
                # one that was stopped before may have ended by now
                stack.run("docker", "kill", "--signal", signals[-1], replica, check=False)
            away = [replica for replica in replicas if replica not in alive]
            if wanted > len(alive):
                stack.run("docker", "start", *chance.sample(away, wanted - len(alive)))
            time.sleep(chance.uniform(2, 4))
        stack.run("docker", "start", *replicas)
    assert {"KILL", "TERM"} <= set(signals)
    assert deliveries(stack) > applied
    assert_each_took_effect_once(stack, broker, load.accepted)
    assert copies(stack) > came_again  # records were delivered more than once, otherwise this proves nothing
    stack.compose("up", "--detach", "--no-recreate", "--scale", "scoring=1", "--no-deps", "scoring")


def test_killed_within_the_transaction(stack: Stack, broker: Broker, posts: Iterator[Punches]) -> None:
    punches = next(posts)
    kill_within_the_transaction(stack, punches)
    assert_each_took_effect_once(stack, broker, punches)


def test_offsets_before_the_transaction_lose_records(stack: Stack, broker: Broker, posts: Iterator[Punches]) -> None:
    """The control: the same kill, with a scoring service that commits the offsets first."""
    stack.environment["COMPOSE_FILE"] = CONTROL
    stack.compose("up", "--detach", "--no-deps", "--wait", "scoring")
    wait_until_settled(stack, broker)
    until("nothing missed", lambda: days_missed(stack) == 0, 30)  # a day may begin between its two queries
    kill_within_the_transaction(stack, next(posts))
    wait_until_settled(stack, broker)
    assert days_missed(stack) > 0


def kill_within_the_transaction(stack: Stack, punches: Punches) -> None:
    """Kills scoring while it slowly writes the days of one post."""
    [scoring] = stack.containers("scoring")
    with slow_days(stack, 0.3):  # 15 s per post: the kill must come before its end
        assert punch(stack, lines_of(punches)) == f"OK: {len(punches)}"
        busy = "usename = 'scoring' and state = 'active' and query like '%day_change%'"
        busy = f"select count(*) from pg_stat_activity where {busy}"
        until("scoring writes days", lambda: stack.psql("scoring", busy) != "0", 60, pause=0.05)
        kill(stack, scoring)
    stack.run("docker", "start", scoring)
