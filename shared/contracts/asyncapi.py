"""The AsyncAPI 3.0.0 document of all topics: their writers and readers, retention, and the form of their records."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from inspect import cleandoc
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic.json_schema import models_json_schema

from shared.base.rule_documents import read_document
from shared.contracts.envelope import encode
from shared.contracts.events.canary import CANARY_WORDS
from shared.contracts.examples import EXAMPLES
from shared.contracts.reading import READING
from shared.contracts.topics import ALL_TOPICS, READERS, Topic, writers_of

__all__ = ["TOPICS_FILE", "asyncapi_document", "servers_of"]

TOPICS_FILE = Path(__file__).resolve().parents[2] / "deploy" / "kafka" / "topics.yaml"

_BINDINGS = frozenset({"cleanup.policy", "retention.ms", "retention.bytes", "delete.retention.ms", "max.message.bytes"})
_EXAMPLE_EVENT_ID = UUID("0198f7b0-9d2c-7e11-8a34-6b5c4d3e2f77")
_EXAMPLE_TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


_PROTOCOL_VERSION = "2.1"
"""The oldest protocol version of a client: Apache Kafka 4 refuses older ones."""
_PROTOCOLS = {"PLAINTEXT": "kafka", "SASL_PLAINTEXT": "kafka", "SSL": "kafka-secure", "SASL_SSL": "kafka-secure"}
_LOGIN = {
    "type": "scramSha512",
    "description": "A user and a password from the operator: docs/runbooks/subscribers.md.",
}
_EVERYWHERE: dict[str, Any] = {
    "embedded": {
        "host": "127.0.0.1:{port}",
        "protocol": "kafka",
        "protocolVersion": _PROTOCOL_VERSION,
        "title": "make up",
        "description": "The embedded broker of `make up`: this machine only, no login, records in memory only.",
        "variables": {"port": {"default": "9092", "description": "KAFKA_PORT of `make up`."}},
    },
    "readers": {
        "host": "{host}:{port}",
        "protocol": "kafka-secure",
        "protocolVersion": _PROTOCOL_VERSION,
        "title": "The stack",
        "description": "Apache Kafka's listener for HR systems, if the operator has opened it.",
        "variables": {
            "host": {"default": "kafka.example.go.id", "description": "KAFKA_EXTERNAL_HOST of the stack."},
            "port": {"default": "9094", "description": "KAFKA_EXTERNAL_PORT of the stack."},
        },
        "security": [{"$ref": "#/components/securitySchemes/scram"}],
    },
}


def servers_of(address: str | None, protocol: str) -> dict[str, Any]:
    """The servers of a running copy: one for each host:port of `address`, none where readers have no listener."""
    servers: dict[str, Any] = {}
    for number, host in enumerate(address.split(",") if address else (), start=1):
        login = {"security": [{"$ref": "#/components/securitySchemes/scram"}]} if protocol.startswith("SASL") else {}
        servers[f"broker{number}"] = {
            "host": host,
            "protocol": _PROTOCOLS[protocol],
            "protocolVersion": _PROTOCOL_VERSION,
            "description": f"security.protocol={protocol}",
            **login,
        }
    return servers


def asyncapi_document(servers: dict[str, Any] | None = None) -> dict[str, Any]:
    """The document, with the `servers` of a running copy or with those of every way to run. Do not change its parts."""
    return {**_document(), "servers": _EVERYWHERE if servers is None else servers}


@cache
def _document() -> dict[str, Any]:
    """Built once per process. Needs deploy/kafka/topics.yaml beside the sources."""
    _, schemas = models_json_schema(
        [(topic.model, "validation") for topic in ALL_TOPICS], ref_template="#/components/schemas/{model}"
    )
    return {
        "asyncapi": "3.0.0",
        "id": "urn:kinerja:events:v1",
        "info": {
            "title": "Kinerja events",
            "version": "1",
            "description": (
                "Each record is the full state of one thing at one revision: keep the highest revision of each thing,"
                " and duplicates, late records and replays change nothing. Unknown fields are ignored. Records travel as"
                f" CloudEvents 1.0 in binary mode; structured mode is read as well. {CANARY_WORDS}\n\n{READING}"
            ),
        },
        "defaultContentType": "application/json",
        "channels": dict(_channels()),
        "operations": dict(_operations()),
        "components": {
            "messages": {topic.name: _message(topic) for topic in ALL_TOPICS},
            "schemas": schemas["$defs"],
            "securitySchemes": {"scram": _LOGIN},
        },
    }


def _channels() -> Iterator[tuple[str, dict[str, Any]]]:
    layout = read_document(TOPICS_FILE.read_bytes())
    for topic in ALL_TOPICS:
        own = layout["topics"][topic.name]
        config = {**layout["defaults"]["config"], **own.get("config", {})}
        kept = {key: _number(value) for key, value in sorted(config.items()) if key in _BINDINGS}
        kafka = {
            "topic": topic.name,
            "partitions": own.get("partitions", layout["defaults"]["partitions"]),
            "topicConfiguration": {**kept, "cleanup.policy": config["cleanup.policy"].split(",")},
            "bindingVersion": "0.5.0",
        }
        yield (
            topic.name,
            {
                "address": topic.name,
                "title": topic.name,
                "description": f"{cleandoc(topic.model.__doc__ or '')}\n\nKey: {topic.key_rule}.",
                "messages": {topic.name: {"$ref": f"#/components/messages/{topic.name}"}},
                "bindings": {"kafka": kafka},
            },
        )


def _operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for topic in ALL_TOPICS:
        for service in writers_of(topic):
            yield f"{service}.send.{topic.name}", _operation("send", service, topic)
        for service in READERS[topic.name]:
            yield f"{service}.receive.{topic.name}", _operation("receive", service, topic)


def _operation(action: str, service: str, topic: Topic[Any]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{topic.name}"},
        "messages": [{"$ref": f"#/channels/{topic.name}/messages/{topic.name}"}],
        "summary": f"The {service} service {'writes' if action == 'send' else 'reads'} {topic.name}.",
        "tags": [{"name": service}],
    }


def _message(topic: Topic[Any]) -> dict[str, Any]:
    return {
        "name": topic.name,
        "title": topic.name,
        "summary": cleandoc(topic.model.__doc__ or "").partition("\n")[0],
        "contentType": "application/json",
        "headers": _headers(topic),
        "payload": {"$ref": f"#/components/schemas/{topic.model.__name__}"},
        "bindings": {"kafka": {"key": {"type": "string", "description": topic.key_rule}, "bindingVersion": "0.5.0"}},
        "examples": [_example(topic, example) for example in EXAMPLES[topic.name]],
    }


def _headers(topic: Topic[Any]) -> dict[str, Any]:
    uuid, moment = {"type": "string", "format": "uuid"}, {"type": "string", "format": "date-time"}
    return {
        "type": "object",
        "required": ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "content-type"],
        "properties": {
            "ce_specversion": {"const": "1.0"},
            "ce_id": {**uuid, "description": "UUIDv7, the same in every repetition by the relay."},
            "ce_source": {"enum": [f"/kinerja/{service}" for service in writers_of(topic)]},
            "ce_type": {"const": topic.name},
            "ce_time": {**moment, "description": "recorded_at of the record, in UTC."},
            "ce_subject": {**uuid, "description": "employee_id, where the record is about an officer."},
            "content-type": {"const": "application/json"},
            "traceparent": {"type": "string", "description": "W3C trace context."},
        },
    }


def _example(topic: Topic[Any], payload: dict[str, Any]) -> dict[str, Any]:
    envelope = encode(
        topic,
        topic.model.model_validate(payload),
        source=writers_of(topic)[0],
        event_id=_EXAMPLE_EVENT_ID,
        traceparent=_EXAMPLE_TRACEPARENT,
    )
    return {"headers": {name: value.decode() for name, value in envelope.headers}, "payload": payload}


def _number(value: str) -> int | str:
    return int(value) if value.lstrip("-").isdigit() else value
