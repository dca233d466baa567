"""The AsyncAPI document lists exactly what the services subscribe to and publish to."""

from __future__ import annotations

import ast
import importlib
import re
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from faststream.kafka import KafkaBroker

from shared.contracts import topics
from shared.contracts.asyncapi import asyncapi_document
from shared.contracts.topics import ALL_TOPICS, DEAD_LETTER, Topic
from shared.messaging.consuming import consumer
from shared.messaging.kafka import make_broker
from shared.messaging.producing.outbox import Outbox
from shared.settings.url_space import PREFIXES
from tests.fixtures.services import settings_for

SERVICES = tuple(PREFIXES)
ROOT = Path(__file__).resolve().parents[3]


def documented(service: str, action: str) -> set[str]:
    """The topics that the service sends to or receives from, by the document."""
    operations = asyncapi_document()["operations"].values()
    mine = [each for each in operations if each["action"] == action and each["tags"] == [{"name": service}]]
    return {each["channel"]["$ref"].rpartition("/")[2] for each in mine}


def brokers_of(service: str, monkeypatch: pytest.MonkeyPatch) -> list[KafkaBroker]:
    """The brokers of the service's app, as FastStream knows them; nothing connects."""
    made: list[KafkaBroker] = []

    def recorded(*arguments: Any) -> KafkaBroker:
        made.append(make_broker(*arguments))
        return made[-1]

    monkeypatch.setattr(consumer, "make_broker", recorded)
    settings = settings_for(service, "postgresql+asyncpg://u@h/d")
    importlib.import_module(f"services.{service}.app").create(settings)
    return made


def published_by(service: str) -> set[str]:
    """The topics of which the service's source gives records to the outbox."""
    found: set[str] = set()
    for path in (ROOT / "services" / service).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("outbox.add"):
                topic: Topic[Any] = getattr(topics, ast.unparse(node.args[1]))
                found.add(topic.name)
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_receives_and_sends_what_the_document_says(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    brokers = brokers_of(service, monkeypatch)
    subscribed = [
        topic
        for broker in brokers
        for subscriber in broker.subscribers
        for topic in subscriber.topic_names  # type: ignore[attr-defined]
    ]
    assert sorted(subscribed) == sorted(documented(service, "receive"))
    assert [broker.publishers for broker in brokers if broker.publishers] == [], "published past the outbox"
    dead_letters = {DEAD_LETTER.name} if brokers else set()  # every consumer writes them
    assert published_by(service) | dead_letters == documented(service, "send")


@pytest.mark.parametrize("topic", ALL_TOPICS, ids=lambda topic: topic.name)
@pytest.mark.parametrize("service", SERVICES)
async def test_the_outbox_refuses_every_other_topic(service: str, topic: Topic[Any]) -> None:
    refusal = re.escape(f"{service} does not write {topic.name}")
    sends = topic.name in documented(service, "send")
    session: Any = object()  # without records it is not used
    with nullcontext() if sends else pytest.raises(ValueError, match=f"^{refusal}$"):
        await Outbox(service).add(session, topic, [])
