"""A round of the relay that only partly succeeds: what was acknowledged is gone, what was not stays, in its order."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka.errors import KafkaConnectionError, KafkaError, MessageSizeTooLargeError, NotLeaderForPartitionError
from sqlalchemy import text

from embedded.postgres import EmbeddedPostgres
from shared.base.ids import new_id
from shared.db.database import is_transient
from shared.messaging.producing import relay
from shared.messaging.producing.outbox import lane_of
from shared.messaging.producing.relay import Relay
from tests.fixtures.faults.scripted_broker import Fate, ScriptedBroker
from tests.fixtures.faults.store_faults import blocked, cut_off_at, end_waiting, writes_to
from tests.fixtures.outbox import until_empty
from tests.fixtures.services import Running, running_service

pytestmark = pytest.mark.embedded

EVENTS = {b"a1": b"a", b"b1": b"b", b"a2": b"a", b"c1": b"c", b"b2": b"b"}
"""Values and keys, in the order of the outbox."""


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> ScriptedBroker:
    scripted = ScriptedBroker()
    monkeypatch.setattr(relay, "make_producer", lambda *_: scripted)
    return scripted


async def fill(service: Running) -> None:
    insert = text(
        "insert into outbox (lane, topic, key, event_id, headers, value, created_at)"
        " values (:lane, 'asn.score.v1', :key, :event_id, '[]', :value, now())"
    )
    async with service.context.database.transaction() as session:
        for value, key in EVENTS.items():
            row = {"lane": lane_of(key), "key": key, "event_id": new_id(), "value": value}
            await session.execute(insert, row)


async def left(service: Running) -> list[tuple[bytes, bool]]:
    """The values in the outbox, and whether each is marked as refused."""
    query = text("select value, next_attempt_at is not null from outbox order by id")
    async with service.context.database.transaction() as session:
        return [(value, marked) for value, marked in await session.execute(query)]


def relay_of(service: Running) -> Relay:
    context = service.context
    return Relay(context.settings, context.database, context.outbox, context.metrics)


@pytest.mark.parametrize(
    "fate",
    [Fate(answer=NotLeaderForPartitionError), Fate(taken=KafkaConnectionError)],
    ids=["not acknowledged", "not taken"],
)
async def test_what_the_broker_acknowledged_before_it_failed_is_not_sent_again(
    embedded_postgres: EmbeddedPostgres, broker: ScriptedBroker, fate: Fate
) -> None:
    async with running_service("scoring", embedded_postgres) as service:
        await fill(service)
        broker.fates = {b"a2": fate, b"b1": Fate(taken=MessageSizeTooLargeError)}
        sender = relay_of(service)
        with pytest.raises(KafkaError):
            await sender.publish_round()
        rest = await left(service)
        assert rest[:2] == [(b"b1", True), (b"a2", False)], "b1 is refused, a2 is not its own fault"
        assert {value for value, _ in rest} | set(broker.log) == set(EVENTS)
        broker.fates = {}
        await sender.publish_round()
        assert [value for value, _ in await left(service)] == [b"b1", b"b2"], "b1 waits for its next attempt"
        assert sorted(broker.log) == [b"a1", b"a2", b"c1"], "each was sent once"


async def test_rows_stay_when_the_store_fails_before_their_deletion_and_the_relay_goes_on(
    embedded_postgres: EmbeddedPostgres, broker: ScriptedBroker
) -> None:
    async with running_service("scoring", embedded_postgres) as service:
        await fill(service)
        sender = relay_of(service)
        assert is_transient(await cut_off_at(service, "outbox", sender.publish_round))
        assert [value for value, _ in await left(service)] == list(EVENTS)

        async with blocked(service, writes_to("outbox")) as session:
            running = asyncio.create_task(sender.run())
            await end_waiting(session)
        try:
            await until_empty(service)
            assert not running.done()
        finally:
            running.cancel()
            await asyncio.wait({running})
