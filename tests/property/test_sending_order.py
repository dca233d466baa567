"""Whatever fails in a round of sending, the outbox loses no event and keeps the order of each key."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from unittest.mock import patch

from aiokafka.errors import (
    KafkaConnectionError,
    MessageSizeTooLargeError,
    NotLeaderForPartitionError,
    OutOfOrderSequenceNumber,
    RequestTimedOutError,
    TopicAuthorizationFailedError,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.messaging.producing import sending
from shared.messaging.producing.sending import SendResult, send_rows
from tests.fixtures.faults.scripted_broker import SILENCE, Fate, ScriptedBroker

TOPICS, KEYS = ("asn.score.v1", "asn.employee.v1"), (b"a", b"b", b"c")
NOT_TAKEN = (KafkaConnectionError, MessageSizeTooLargeError)
"""Raised when the producer is given the event."""
NOT_ACKNOWLEDGED = (
    NotLeaderForPartitionError,
    RequestTimedOutError,
    MessageSizeTooLargeError,
    OutOfOrderSequenceNumber,
    TopicAuthorizationFailedError,
)
"""The broker's answers to a batch."""
FAILED_ALONE = (MessageSizeTooLargeError, KafkaConnectionError, RequestTimedOutError)
"""The answers to an event in a batch of its own."""


@dataclass(frozen=True)
class Event:
    id: int
    topic: str
    key: bytes
    headers: bytes = b"[]"

    @property
    def value(self) -> bytes:
        return str(self.id).encode()


async def send(broker: ScriptedBroker, outbox: Sequence[Event]) -> SendResult:
    return await send_rows(broker, outbox, broker.renew)  # type: ignore[arg-type]


def fates() -> st.SearchStrategy[Fate]:
    return st.builds(
        Fate,
        taken=st.sampled_from([None, None, None, *NOT_TAKEN]),
        answer=st.sampled_from([None, None, *NOT_ACKNOWLEDGED]),
        alone=st.sampled_from([None, None, *FAILED_ALONE]),
    )


def slow_fates() -> st.SearchStrategy[Fate]:
    """Each event is acknowledged at once, or not before the deadline."""
    return st.builds(Fate, answer=st.sampled_from([None, SILENCE]))


def outboxes() -> st.SearchStrategy[list[Event]]:
    places = st.tuples(st.sampled_from(TOPICS), st.sampled_from(KEYS))
    return st.lists(places, min_size=1, max_size=9).map(
        lambda found: [Event(number, *place) for number, place in enumerate(found, start=1)]
    )


async def check_one_round(outbox: Sequence[Event], drawn: Sequence[Fate]) -> None:
    broker = ScriptedBroker({event.value: fate for event, fate in zip(outbox, drawn, strict=False)})
    result = await send(broker, outbox)

    gone = {event.id for event in result.sent}
    assert gone <= set(map(int, broker.log)), "an event leaves the outbox only when the broker has acknowledged it"
    assert len(gone) == len(result.sent)
    assert not gone & {each.row.id for each in result.refused}
    for event in result.sent:
        before = {e.id for e in outbox if (e.topic, e.key) == (event.topic, event.key) and e.id < event.id}
        assert before <= gone, "no event leaves the outbox before an earlier one of its key"

    broker.fates = {}  # every cause is solved: the next round sends the rest
    await send(broker, [event for event in outbox if event.id not in gone])
    log = list(map(int, broker.log))
    for topic in TOPICS:
        for key in KEYS:
            mine = [event.id for event in outbox if (event.topic, event.key) == (topic, key)]
            last_seen = sorted(mine, key=lambda one: len(log) - 1 - log[::-1].index(one))
            assert last_seen == mine, "after all retries the broker has the events of a key in their order"


@settings(max_examples=150)
@given(outbox=outboxes(), drawn=st.lists(fates(), min_size=9, max_size=9))
def test_a_failed_send_loses_no_event_and_no_order(outbox: list[Event], drawn: list[Fate]) -> None:
    asyncio.run(check_one_round(outbox, drawn))


@settings(max_examples=20)
@given(outbox=outboxes(), drawn=st.lists(slow_fates(), min_size=9, max_size=9))
def test_a_broker_that_does_not_answer_in_time_loses_no_event_and_no_order(
    outbox: list[Event], drawn: list[Fate]
) -> None:
    with patch.object(sending, "ROUND_DEADLINE_SECONDS", 0.02):
        asyncio.run(check_one_round(outbox, drawn))
