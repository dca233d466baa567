"""What is special about the embedded broker: it loses everything at once when it stops."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from embedded.broker import EmbeddedBroker
from tests.integration.messaging.test_broker import make_topic, produce

pytestmark = pytest.mark.embedded


async def test_a_restarted_broker_is_empty_and_works(scratch_folder: Path) -> None:
    broker = EmbeddedBroker(scratch_folder / "restarted-broker.log")
    broker.start()
    topic = await make_topic(broker.bootstrap_servers, 2)
    stopping = time.monotonic()
    broker.stop()
    assert time.monotonic() - stopping < 3
    broker.start()
    try:
        admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap_servers)
        await admin.start()
        assert topic not in await admin.list_topics()
        await admin.close()
        again = await make_topic(broker.bootstrap_servers, 2)
        await produce(broker.bootstrap_servers, again, 0, 5)
    finally:
        broker.stop()
