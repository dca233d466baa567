"""The four OpenAPI documents: all is described, every example is valid, and only possible errors are listed."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from jsonschema import Draft202012Validator

from shared.db.migrations import SERVICES
from shared.errors.problem_types import BY_CODE
from shared.http.wrong_requests import VERSIONED
from shared.openapi.document import operations
from shared.openapi.texts import EXAMPLES, FIELD_TEXTS
from tests.fixtures.services import settings_for

RELEASED = Path(__file__).parent / "operation_ids.json"
HEALTH = ("/health/live", "/health/ready")


@cache
def app_of(service: str) -> FastAPI:
    settings = settings_for(service, "postgresql+asyncpg://nobody@127.0.0.1/none")
    app: FastAPI = importlib.import_module(f"services.{service}.app").create(settings)
    return app


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def document(service: str) -> dict[str, Any]:
    return app_of(service).openapi()


def resolved(document: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Any = node
    while "$ref" in found:
        target: Any = document
        for part in found["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        found = target
    return found  # type: ignore[no-any-return]


def media_of(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Each body of each operation: where it is, its content type, and its media object."""
    for path, method, operation in operations(document):
        where = f"{method.upper()} {path}"
        for media_type, media in operation.get("requestBody", {}).get("content", {}).items():
            yield f"{where} request", media_type, media
        for status, answer in operation["responses"].items():
            for media_type, media in resolved(document, answer).get("content", {}).items():
                yield f"{where} {status}", media_type, media


def test_every_operation_is_described(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        where = f"{method} {path}"
        assert 10 <= len(operation["summary"]) <= 150, where
        assert operation["description"].startswith(operation["summary"][:20]), where
        assert len(operation["tags"]) == 1, where
        for parameter in operation.get("parameters", []):
            assert parameter.get("description"), f"{where}: {parameter['name']}"
            assert "example" in parameter or not parameter["required"], f"{where}: {parameter['name']}"
    assert document["info"]["description"]


def test_every_field_is_described(document: dict[str, Any]) -> None:
    for name, schema in document["components"]["schemas"].items():
        assert schema.get("description"), name
        for field, found in schema.get("properties", {}).items():
            assert len(found.get("description", "")) >= 5, f"{name}.{field}"
            assert found["description"].rstrip().endswith((".", ")", "`")), f"{name}.{field} is no sentence"


def test_tags_are_in_a_stated_order_and_described(document: dict[str, Any]) -> None:
    order = [tag["name"] for tag in document["tags"]]
    used = [operation["tags"][0] for _, _, operation in operations(document)]
    assert list(dict.fromkeys(used)) == order
    assert all(tag["description"].endswith(".") for tag in document["tags"])


def test_every_body_has_an_example_that_holds(document: dict[str, Any]) -> None:
    store = {"$schema": "https://json-schema.org/draft/2020-12/schema", "components": document["components"]}
    for where, media_type, media in media_of(document):
        values = [item["value"] for item in media.get("examples", {}).values()]
        values += [media["example"]] if "example" in media else []
        assert values, f"{where}: no example of {media_type}"
        if "schema" not in media or media_type == "application/yaml":
            continue
        checker = Draft202012Validator({**store, **media["schema"]}, format_checker=Draft202012Validator.FORMAT_CHECKER)
        for value in values:
            try:
                checker.validate(value)
            except jsonschema.ValidationError as error:
                raise AssertionError(f"{where}: {error.message} at {list(error.absolute_path)}") from error


def test_the_service_itself_takes_every_example_of_a_request(service: str, document: dict[str, Any]) -> None:
    taken = 0
    bodies = {f"{method} {path}": operation for path, method, operation in operations(document)}
    for context in iter_route_contexts(app_of(service).routes):
        route = context.route if hasattr(context, "route") else context
        body_field = getattr(context, "body_field", None) or getattr(route, "body_field", None)
        if body_field is None or not isinstance(getattr(context, "original_route", route), APIRoute):
            continue
        for method in context.methods or ():
            operation = bodies.get(f"{method.lower()} {context.path}")
            content = operation["requestBody"]["content"] if operation else {}
            if "application/json" in content:
                _, faults = body_field.validate(content["application/json"]["example"], {}, loc=("body",))
                assert not faults, f"{context.path}: {faults}"
                taken += 1
    assert taken >= 5


def test_only_errors_that_can_happen_are_documented(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        where = f"{method} {path}"
        statuses = {status for status in operation["responses"] if status >= "400"}
        takes_body = "requestBody" in operation
        assert ("413" in statuses) == takes_body, where
        assert ("408" in statuses) == takes_body, where
        assert ({"401", "403"} <= statuses) == ("security" in operation), where
        assert ("422" in statuses) == (takes_body or bool(operation.get("parameters")) or VERSIONED in path), where
        assert "405" not in statuses, where
        assert "500" not in statuses, where
        assert "429" in statuses, where
        for status in statuses - {"503"} if path.endswith(HEALTH) else statuses:
            answer = resolved(document, operation["responses"][status])
            for code, example in answer["content"]["application/problem+json"]["examples"].items():
                kind = BY_CODE[code]
                assert (example["value"]["type"], example["value"]["status"]) == (kind.uri, int(status)), where


def test_keys_are_sent_as_bearer_tokens(document: dict[str, Any]) -> None:
    (scheme,) = document["components"]["securitySchemes"].values()
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    needed = [operation for _, _, operation in operations(document) if "security" in operation]
    assert len(needed) > 5


def test_operation_ids_are_unique_and_those_that_were_released_stay(service: str, document: dict[str, Any]) -> None:
    """Generated clients name their methods after these ids: add new ones to the file, change none."""
    found = {operation["operationId"]: f"{method.upper()} {path}" for path, method, operation in operations(document)}
    assert len(found) == len(list(operations(document)))
    released: dict[str, str] = json.loads(RELEASED.read_text())[service]
    assert released.items() <= found.items()


def test_no_shared_word_is_left_over() -> None:
    documents = [app_of(service).openapi() for service in SERVICES]
    used = {
        field for found in documents for schema in found["components"]["schemas"].values()
        for field in schema.get("properties", {})
    }  # fmt: skip
    used |= {p["name"] for found in documents for _, _, op in operations(found) for p in op.get("parameters", [])}
    assert set(FIELD_TEXTS) <= used
    assert set(EXAMPLES) <= used
