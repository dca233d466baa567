"""The committed documents equal what the models generate, and follow their standards; their examples are valid."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from faststream.specification.asyncapi.v3_0_0.schema import ApplicationSchema
from jsonschema import Draft202012Validator, ValidationError
from typer.testing import CliRunner

from cli.stack.contracts import app
from shared.contracts import generate
from shared.contracts.asyncapi import asyncapi_document, servers_of
from shared.contracts.examples import EXAMPLES
from shared.contracts.topics import ALL_TOPICS, Topic

each_topic = pytest.mark.parametrize("topic", ALL_TOPICS, ids=lambda topic: topic.name)


def test_the_committed_documents_are_what_the_models_give() -> None:
    assert generate.drifted() == []


def test_a_drifted_a_missing_and_a_stray_file_are_each_named(tmp_path: Path) -> None:
    generate.write(tmp_path)
    assert generate.drifted(tmp_path) == []
    (tmp_path / "schemas" / "asn.score.v1.json").write_text("{}\n")
    (tmp_path / "asyncapi.json").unlink()
    (tmp_path / "schemas" / "asn.old.v1.json").write_text("{}\n")
    assert generate.drifted(tmp_path) == ["asyncapi.json", "schemas/asn.old.v1.json", "schemas/asn.score.v1.json"]


def test_the_check_ends_with_status_1_and_the_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert CliRunner().invoke(app, ["write", "--check"]).exit_code == 0
    monkeypatch.setattr(generate, "drifted", lambda: ["schemas/asn.score.v1.json"])
    result = CliRunner().invoke(app, ["write", "--check"])
    assert result.exit_code == 1
    assert "schemas/asn.score.v1.json" in result.output


@each_topic
def test_reading_and_writing_have_one_schema(topic: Topic[Any]) -> None:
    assert topic.model.model_json_schema(mode="validation") == topic.model.model_json_schema(mode="serialization")


@each_topic
def test_examples_hold_by_schema_and_by_model(topic: Topic[Any]) -> None:
    schema = generate.schema_of(topic)
    Draft202012Validator.check_schema(schema)
    checker = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    assert EXAMPLES[topic.name]
    for example in EXAMPLES[topic.name]:
        checker.validate(example)
        written = topic.model.model_validate(example).model_dump(mode="json")
        checker.validate(written)
        assert written == example, "an example shows every field as it is written"


@each_topic
def test_every_field_says_what_it_means(topic: Topic[Any]) -> None:
    schema = generate.schema_of(topic)
    for part in (schema, *schema.get("$defs", {}).values()):
        for name, field in part.get("properties", {}).items():
            assert field.get("description"), f"{part['title']}.{name}"


def _validate(document: dict[str, Any]) -> None:
    """FastStream's model demands a server's pathname, which AsyncAPI leaves optional."""
    servers = {name: {"pathname": ""} | server for name, server in document["servers"].items()}
    ApplicationSchema.model_validate({**document, "servers": servers})


def test_the_asyncapi_document_is_version_3_and_complete() -> None:
    document = json.loads((generate.CONTRACTS_FOLDER / "asyncapi.json").read_text())
    assert document == generate.asyncapi_document()
    _validate(document)
    assert document["asyncapi"] == "3.0.0"
    assert set(document["channels"]) == {topic.name for topic in ALL_TOPICS}
    for topic in ALL_TOPICS:
        message = document["components"]["messages"][topic.name]
        for example in message["examples"]:
            Draft202012Validator(document | message["payload"]).validate(example["payload"])
            Draft202012Validator(message["headers"]).validate(example["headers"])
            with pytest.raises(ValidationError):
                Draft202012Validator(document | message["payload"]).validate({**example["payload"], "revision": 0})


def test_the_kept_document_names_the_servers_of_every_way_to_run_whatever_the_machine() -> None:
    servers = generate.asyncapi_document()["servers"]
    assert {name: server["host"] for name, server in servers.items()} == {
        "embedded": "127.0.0.1:{port}",
        "readers": "{host}:{port}",
    }
    for server in servers.values():
        assert all(f"{{{name}}}" in server["host"] for name in server["variables"])


def test_a_running_copy_names_its_own_servers() -> None:
    embedded = asyncapi_document(servers_of("127.0.0.1:22092", "PLAINTEXT"))
    assert embedded["servers"]["broker1"]["host"] == "127.0.0.1:22092"
    assert "security" not in embedded["servers"]["broker1"]
    cluster = asyncapi_document(servers_of("kafka.example.go.id:9094,kafka.example.go.id:9095", "SASL_SSL"))
    assert [(s["host"], s["protocol"]) for s in cluster["servers"].values()] == [
        ("kafka.example.go.id:9094", "kafka-secure"),
        ("kafka.example.go.id:9095", "kafka-secure"),
    ]
    closed = asyncapi_document(servers_of(None, "SASL_SSL"))
    assert closed["servers"] == {}
    for document in (embedded, cluster, closed):
        _validate(document)
    assert generate.drifted() == []


def _references(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [ref for value in part.values() for ref in _references(value)]
    return [ref for item in part for ref in _references(item)] if isinstance(part, list) else []


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    document = generate.asyncapi_document()
    references = _references(document)
    assert references
    for reference in references:
        target: Any = document
        for step in reference.removeprefix("#/").split("/"):
            assert step in target, reference
            target = target[step]


def test_every_topic_has_a_sender_and_its_readers() -> None:
    operations = generate.asyncapi_document()["operations"].values()
    for topic in ALL_TOPICS:
        channel = {"$ref": f"#/channels/{topic.name}"}
        actions = [operation["action"] for operation in operations if operation["channel"] == channel]
        assert "send" in actions
    received = [o for o in operations if o["action"] == "receive"]
    assert {o["channel"]["$ref"].rpartition("/")[2] for o in received} == {
        "asn.employee.v1",
        "asn.attendance-day.v1",
        "asn.feedback.v1",
        "asn.score.v1",
        "asn.discipline.v1",
    }
