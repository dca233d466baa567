"""The stack with a store down: nothing accepted is lost, nothing hangs, nothing counts twice."""

from __future__ import annotations

import time

import pytest

from tests.e2e.stack import Stack
from tests.e2e.town import punch_all, work_days
from tests.e2e.traffic import OFFICERS, Traffic, assert_nothing_is_lost
from tests.fixtures.stores.engine import needs_engine

pytestmark = [
    pytest.mark.containers, pytest.mark.fault, pytest.mark.timeout(900), needs_engine, pytest.mark.usefixtures("town"),
]  # fmt: skip

BROKER_AWAY_SECONDS = 60
ANSWER_SECONDS_MAX = 5.0
STOP_SECONDS_MAX = 20


def test_broker_away(stack: Stack) -> None:
    day = work_days()[0]
    with Traffic(stack, day) as traffic:
        traffic.wait_for_one_more()
        stack.compose("stop", "--timeout", "30", "kafka")
        punch_all(stack, [day], "07:10:00", OFFICERS)  # the traffic's own punches lie between arrival and departure
        before = len(traffic.accepted)
        time.sleep(BROKER_AWAY_SECONDS)
        during = len(traffic.accepted) - before
        assert stack.psql("attendance", "select count(*) from outbox") != "0"
        begun = time.monotonic()
        stack.compose("stop", "scoring")  # with SIGTERM, while the broker is down
        assert time.monotonic() - begun < STOP_SECONDS_MAX
        stack.compose("start", "kafka", "scoring")
    assert during > BROKER_AWAY_SECONDS  # intake went on, with events in the outbox
    assert not traffic.refused
    assert_nothing_is_lost(stack, traffic)


def test_postgres_stopped(stack: Stack) -> None:
    with Traffic(stack, work_days()[1]) as traffic:
        traffic.wait_for_one_more()
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
        traffic.wait_for_one_more()
        stack.compose("pause", "postgres")
        time.sleep(30)
        refused = list(traffic.refused)
        stack.compose("unpause", "postgres")
        traffic.wait_for_one_more()
    assert len(refused) >= 3
    assert {status for status, _ in refused} == {503}
    assert max(seconds for _, seconds in refused) < ANSWER_SECONDS_MAX
    assert_nothing_is_lost(stack, traffic)
