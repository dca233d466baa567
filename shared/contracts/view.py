"""An AsyncAPI document as its page shows it: each channel with its writers, readers, message, fields and examples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.contracts.fields import FieldRow, field_rows

__all__ = ["ChannelView", "SchemaView", "ServerView", "channel_views", "schema_views", "server_views"]

_DAY_MILLISECONDS = 86_400_000


@dataclass(frozen=True, slots=True)
class ChannelView:
    """A topic."""

    name: str
    description: str
    """Markdown."""
    senders: list[str]
    receivers: list[str]
    partitions: int
    kept: str
    headers: list[FieldRow]
    payload: str
    fields: list[FieldRow]
    examples: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class SchemaView:
    """An object inside a record."""

    name: str
    description: str
    fields: list[FieldRow]


@dataclass(frozen=True, slots=True)
class ServerView:
    """A broker: `logins` are its authentication methods."""

    name: str
    host: str
    protocol: str
    description: str
    """Markdown."""
    logins: list[str]


def server_views(document: Mapping[str, Any]) -> list[ServerView]:
    """In the order of the document; empty if it names none."""
    return [
        ServerView(
            name=server.get("title", name),
            host=server["host"],
            protocol=" ".join(filter(None, (server["protocol"], server.get("protocolVersion")))),
            description=server.get("description", ""),
            logins=[_login(document, scheme) for scheme in server.get("security", [])],
        )
        for name, server in document.get("servers", {}).items()
    ]


def _login(document: Mapping[str, Any], scheme: Mapping[str, Any]) -> str:
    if "$ref" in scheme:
        scheme = document["components"]["securitySchemes"][_last(scheme["$ref"])]
    return ": ".join(filter(None, (scheme["type"], scheme.get("description"))))


def channel_views(document: Mapping[str, Any]) -> list[ChannelView]:
    """In the order of the document."""
    return [_channel(document, name, channel) for name, channel in document["channels"].items()]


def schema_views(document: Mapping[str, Any]) -> list[SchemaView]:
    """The objects that records hold, without the records themselves, by name."""
    records = {_last(message["payload"]["$ref"]) for message in document["components"]["messages"].values()}
    return [
        SchemaView(name, schema.get("description", ""), field_rows(schema))
        for name, schema in sorted(document["components"]["schemas"].items())
        if name not in records and "properties" in schema
    ]


def _channel(document: Mapping[str, Any], name: str, channel: Mapping[str, Any]) -> ChannelView:
    (message_ref,) = (message["$ref"] for message in channel["messages"].values())
    message = document["components"]["messages"][_last(message_ref)]
    payload = _last(message["payload"]["$ref"])
    kafka = channel["bindings"]["kafka"]
    return ChannelView(
        name=name,
        description=channel["description"],
        senders=_services(document, name, "send"),
        receivers=_services(document, name, "receive"),
        partitions=kafka["partitions"],
        kept=_kept(kafka["topicConfiguration"]),
        headers=field_rows(message["headers"]),
        payload=payload,
        fields=field_rows(document["components"]["schemas"][payload]),
        examples=message["examples"],
    )


def _services(document: Mapping[str, Any], channel: str, action: str) -> list[str]:
    return [
        operation["tags"][0]["name"]
        for operation in document["operations"].values()
        if operation["action"] == action and _last(operation["channel"]["$ref"]) == channel
    ]


def _kept(configuration: Mapping[str, Any]) -> str:
    """How long records are kept: by key for ever (compacted), or for a time."""
    parts = []
    if "compact" in configuration["cleanup.policy"]:
        parts.append("the newest record of each key is kept")
    if "delete" in configuration["cleanup.policy"]:
        milliseconds = configuration.get("retention.ms", -1)
        days = "for ever" if milliseconds < 0 else f"for {milliseconds / _DAY_MILLISECONDS:g} days"
        size = configuration.get("retention.bytes", -1)
        limit = "" if size < 0 else f", at most {size / 2**30:g} GiB of a partition"
        parts.append(f"records are kept {days}{limit}")
    return "; ".join(parts)


def _last(reference: str) -> str:
    return reference.rpartition("/")[2]
