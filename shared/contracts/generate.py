"""The contract as documents, generated from the models: JSON Schemas, AsyncAPI 3, and a page for people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from shared.contracts.examples import EXAMPLES
from shared.contracts.topics import ALL_TOPICS, Topic

__all__ = ["CONTRACTS_FOLDER", "asyncapi_document", "documents", "drifted", "schema_of", "write"]

_ROOT = Path(__file__).resolve().parents[2]
CONTRACTS_FOLDER = _ROOT / "docs" / "contracts"
_TOPICS_FILE = _ROOT / "deploy" / "kafka" / "topics.yaml"

_CONSUMERS = {
    "asn.employee.v1": ("feedback", "scoring", "notifications"),
    "asn.attendance-day.v1": ("scoring",),
    "asn.feedback.v1": ("scoring",),
    "asn.score.v1": ("notifications", "HR systems"),
    "asn.discipline.v1": ("notifications", "HR systems"),
    "asn.notice.v1": ("HR systems",),
    "asn.dead-letter.v1": ("operators",),
}
_HEADERS: dict[str, Any] = {
    "type": "object",
    "required": ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "content-type"],
    "properties": {
        "ce_specversion": {"const": "1.0"},
        "ce_id": {
            "type": "string",
            "format": "uuid",
            "description": "UUIDv7, the same in every repetition by the relay.",
        },
        "ce_source": {"type": "string", "description": "/kinerja/ and the service."},
        "ce_type": {"type": "string", "description": "The topic's name."},
        "ce_time": {"type": "string", "format": "date-time", "description": "When the revision was recorded (UTC)."},
        "ce_subject": {"type": "string", "description": "employee_id, where the record is about an officer."},
        "content-type": {"const": "application/json"},
        "traceparent": {"type": "string", "description": "W3C trace context."},
    },
}


def schema_of(topic: Topic[Any]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a topic's record."""
    schema = topic.model.model_json_schema(mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:kinerja:{topic.name}",
        **schema,
        "title": topic.name,
        "examples": EXAMPLES[topic.name],
    }


def asyncapi_document() -> dict[str, Any]:
    """AsyncAPI 3.0.0 of all topics."""
    settings = yaml.safe_load(_TOPICS_FILE.read_text())
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for topic in ALL_TOPICS:
        own = settings["topics"][topic.name]
        config = {**settings["defaults"]["config"], **own.get("config", {})}
        kafka = {
            "topic": topic.name,
            "partitions": own.get("partitions", settings["defaults"]["partitions"]),
            "topicConfiguration": {key: _number(value) for key, value in sorted(config.items()) if key in _BINDINGS},
            "bindingVersion": "0.5.0",
        }
        kafka["topicConfiguration"]["cleanup.policy"] = [config["cleanup.policy"]]
        channels[topic.name] = {
            "address": topic.name,
            "title": topic.name,
            "description": f"{(topic.model.__doc__ or '').strip()}\n\nKey: {topic.key_rule}. Written by: {topic.owner}.",
            "messages": {topic.name: {"$ref": f"#/components/messages/{topic.name}"}},
            "bindings": {"kafka": kafka},
        }
        operations[f"read {topic.name}"] = {
            "action": "send",
            "channel": {"$ref": f"#/channels/{topic.name}"},
            "summary": f"{topic.owner} publishes; read by {', '.join(_CONSUMERS[topic.name])}",
        }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Kinerja events",
            "version": "1",
            "description": (
                "Each record is the full state of one thing at one revision: keep the highest revision of each thing,"
                " and duplicates, late records and replays change nothing. Unknown fields are ignored."
            ),
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": {topic.name: _message(topic) for topic in ALL_TOPICS}},
    }


_BINDINGS = frozenset({"cleanup.policy", "retention.ms", "retention.bytes", "delete.retention.ms", "max.message.bytes"})


def _number(value: str) -> int | str:
    return int(value) if value.lstrip("-").isdigit() else value


def _message(topic: Topic[Any]) -> dict[str, Any]:
    return {
        "name": topic.name,
        "contentType": "application/json",
        "headers": _HEADERS,
        "payload": {"schemaFormat": "application/schema+json;version=draft-2020-12", "schema": schema_of(topic)},
        "bindings": {"kafka": {"key": {"type": "string", "description": topic.key_rule}, "bindingVersion": "0.5.0"}},
        "examples": [{"payload": example} for example in EXAMPLES[topic.name]],
    }


def documents() -> dict[Path, str]:
    """Every generated file, relative to docs/contracts, with its text."""
    files = {Path("schemas") / f"{topic.name}.json": _json(schema_of(topic)) for topic in ALL_TOPICS}
    files[Path("asyncapi.json")] = _json(asyncapi_document())
    files[Path("README.md")] = _page()
    return files


def write(folder: Path = CONTRACTS_FOLDER) -> None:
    """Writes all documents."""
    for name, words in documents().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(words)


def drifted(folder: Path = CONTRACTS_FOLDER) -> list[str]:
    """The names of committed documents that are not what the models give, and of those that should not be there."""
    wanted = documents()
    wrong = [
        str(name)
        for name, words in wanted.items()
        if not (folder / name).is_file() or (folder / name).read_text() != words
    ]
    there = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    return sorted(wrong + [str(name) for name in there - set(wanted)])


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _page() -> str:
    lines = [
        "# The event contract",
        "",
        "Generated from `shared/contracts` by `kinerja contracts write`; do not edit. CloudEvents 1.0 in binary mode on",
        "Kafka. Each record is the full state of one thing at one revision: keep the highest revision per thing.",
        "Machines read `asyncapi.json` and `schemas/`.",
        "",
        "| topic | key | written by | one record is |",
        "|---|---|---|---|",
    ]
    for topic in ALL_TOPICS:
        first_line = (topic.model.__doc__ or "").strip().partition("\n")[0]
        lines.append(f"| `{topic.name}` | {topic.key_rule} | {topic.owner} | {first_line} |")
    for topic in ALL_TOPICS:
        schema = schema_of(topic)
        lines += [
            "",
            f"## {topic.name}",
            "",
            (topic.model.__doc__ or "").strip(),
            "",
            "| field | required | type | meaning |",
        ]
        lines.append("|---|---|---|---|")
        for name, field in schema["properties"].items():
            required = "yes" if name in schema.get("required", []) else ""
            meaning = str(field.get("description", "")).replace("\n", " ").replace("|", "\\|")
            lines.append(f"| `{name}` | {required} | {_type(field)} | {meaning} |")
        lines += ["", "```json", json.dumps(EXAMPLES[topic.name][0], indent=2, ensure_ascii=False), "```"]
    return "\n".join(lines) + "\n"


def _type(field: dict[str, Any]) -> str:
    if "anyOf" in field:
        return " or ".join(_type(option) for option in field["anyOf"])
    if "enum" in field:
        return " \\| ".join(str(value) for value in field["enum"])
    if "$ref" in field:
        return str(field["$ref"]).rpartition("/")[2]
    if field.get("type") == "array":
        return f"list of {_type(field.get('items', {}))}"
    return str(field.get("format") or field.get("type") or "any")
