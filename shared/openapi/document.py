"""Completes FastAPI's OpenAPI document: names, descriptions, examples, and the errors of each operation."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from inspect import cleandoc
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from shared.openapi.examples import Composer
from shared.openapi.refusals import add_refusals
from shared.openapi.texts import FIELD_TEXTS, PAGE_TEXT

__all__ = ["ApiTexts", "describe", "operation_id", "operations"]

_METHODS = ("get", "put", "post", "delete", "patch")


@dataclass(frozen=True, slots=True)
class ApiTexts:
    """The parts of a service's document that are not in its code: the API's purpose, its subjects in order, and examples."""

    about: str
    tags: tuple[tuple[str, str], ...]
    """Each subject with its description, in the order in which a reader needs them."""
    examples: Mapping[str, Any] = field(default_factory=dict)
    """Schema name → an example of it, in JSON types; `operationId` → an example of a body that is not a JSON object."""


def operation_id(route: APIRoute) -> str:
    """The function's name: generated clients use it as their method's name, so it does not change after a release."""
    return route.name


def describe(app: FastAPI, texts: ApiTexts) -> None:
    """Makes the app serve the completed document; it is built once, at the first request."""
    derive = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(copy.deepcopy(derive()), texts)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each operation with its path and method."""
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                yield path, method, item[method]


def _completed(document: dict[str, Any], texts: ApiTexts) -> dict[str, Any]:
    document["info"]["description"] = cleandoc(texts.about)
    document["tags"] = [{"name": name, "description": description} for name, description in texts.tags]
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name, schema in schemas.items():
        _describe_schema(name, schema)
    composer = Composer(schemas, texts.examples)
    for path, _, operation in operations(document):
        _describe_operation(operation)
        _describe_parameters(operation)
        _add_examples(operation, composer)
        add_refusals(document, path, operation)
    for name in ("HTTPValidationError", "ValidationError"):  # replaced by our problem documents
        schemas.pop(name, None)
    order = [name for name, _ in texts.tags]
    document["paths"] = dict(sorted(document["paths"].items(), key=lambda item: (_place(item[1], order), item[0])))
    return document


def _place(item: Mapping[str, Any], order: list[str]) -> int:
    operation = next(item[method] for method in _METHODS if method in item)
    return order.index(operation["tags"][0])


def _describe_schema(name: str, schema: dict[str, Any]) -> None:
    if name.startswith("Page_"):
        schema["description"] = PAGE_TEXT
    for field_name, found in schema.get("properties", {}).items():
        if "description" not in found and field_name in FIELD_TEXTS:
            found["description"] = FIELD_TEXTS[field_name]


def _describe_operation(operation: dict[str, Any]) -> None:
    """The first sentence is the summary; the description ends with who may call it."""
    description = cleandoc(operation.get("description", ""))
    first = description.partition("\n\n")[0].replace("\n", " ")
    operation["summary"] = first.partition(". ")[0].rstrip(".")
    operation["description"] = f"{description}\n\n{_who(operation)}"


def _who(operation: Mapping[str, Any]) -> str:
    if "security" not in operation:
        return "Needs no key."
    scopes = sorted({scope for need in operation["security"] for names in need.values() for scope in names})
    if not scopes:
        return "Needs the operator's key."
    return f"Needs a key with the scope {' or '.join(f'`{scope}`' for scope in scopes)}, or the operator's key."


def _describe_parameters(operation: Mapping[str, Any]) -> None:
    for parameter in operation.get("parameters", []):
        schema = parameter["schema"] = _without_null(parameter["schema"])
        described = schema.pop("description", None) or FIELD_TEXTS.get(parameter["name"])
        if "description" not in parameter and described:
            parameter["description"] = described


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Removes null from an optional parameter: a URL has no null."""
    options = [option for option in schema.get("anyOf", []) if option.get("type") != "null"]
    if len(options) != 1:
        return schema
    return {**{name: value for name, value in schema.items() if name != "anyOf"}, **options[0]}


def _add_examples(operation: dict[str, Any], composer: Composer) -> None:
    for parameter in operation.get("parameters", []):
        if parameter.get("required"):
            parameter["example"] = composer.of_parameter(parameter)
    body = operation.get("requestBody", {}).get("content", {})
    answers = [answer for status, answer in operation["responses"].items() if status < "300"]
    for place, content in [("request", body), *(("answer", answer.get("content", {})) for answer in answers)]:
        for media_type, media in content.items():
            if "example" not in media and "examples" not in media:
                media["example"] = composer.of_media(operation["operationId"], place, media_type, media)
