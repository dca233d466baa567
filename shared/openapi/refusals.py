"""The errors of an operation: those that follow from its parameters and body, and those that its route declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.errors import problem_types as types
from shared.errors.problem_types import ProblemType
from shared.http.problems import PROBLEM_TYPE
from shared.http.wrong_requests import VERSIONED

__all__ = ["PROBLEM_SCHEMA", "add_refusals", "problem_example", "refuses"]

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "Why a request was refused, and what to do (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "The kind of error; the address of the page that explains it."},
        "title": {"type": "string", "description": "The name of the kind of error, always the same."},
        "status": {"type": "integer", "description": "The HTTP status, 400 to 599.", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "What is wrong with this request, and what to do."},
        "errors": {
            "type": "array",
            "description": "Each single error, if there may be several.",
            "items": {"type": "object", "description": "An error: often `at` (its place) and `message`."},
        },
    },
}
_DECLARED = "x-refuses"


def refuses(*kinds: ProblemType) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses`: errors from its own rules (not found, conflict, gone, forbidden content)."""
    return {kind.status: {"description": kind.title, _DECLARED: kind.code} for kind in kinds}


def problem_example(kind: ProblemType) -> dict[str, Any]:
    """A problem document of this type."""
    example: dict[str, Any] = {"type": kind.uri, "title": kind.title, "status": kind.status, "detail": kind.detail}
    if kind is types.INVALID_REQUEST:
        example["errors"] = [{"at": "query/limit", "message": "Input should be less than or equal to 1000"}]
    return example


def add_refusals(document: dict[str, Any], path: str, operation: dict[str, Any]) -> None:
    """Adds every error to the operation's responses; components has each combination of types of a status once."""
    responses = operation["responses"]
    by_status: dict[int, list[ProblemType]] = {}
    for kind in [*_derived(path, operation), *_declared(responses)]:
        if kind not in by_status.setdefault(kind.status, []):
            by_status[kind.status].append(kind)
    components = document["components"]
    components["schemas"]["Problem"] = PROBLEM_SCHEMA
    shared = components.setdefault("responses", {})
    for status in [
        status for status in responses if status >= "400" and "text/plain" not in _content(responses[status])
    ]:
        del responses[status]
    for status, kinds in sorted(by_status.items()):
        name = "_or_".join(kind.code for kind in kinds)
        shared[name] = _response(kinds)
        responses[str(status)] = {"$ref": f"#/components/responses/{name}"}


def _content(response: Mapping[str, Any]) -> Mapping[str, Any]:
    content: Mapping[str, Any] = response.get("content", {})
    return content


def _declared(responses: Mapping[str, Any]) -> list[ProblemType]:
    return [types.BY_CODE[answer[_DECLARED]] for answer in responses.values() if _DECLARED in answer]


def _derived(path: str, operation: Mapping[str, Any]) -> list[ProblemType]:
    """The errors that can occur before the operation's own rules, by its parameters and body."""
    parameters = [parameter["in"] for parameter in operation.get("parameters", [])]
    media_types = list(operation.get("requestBody", {}).get("content", {}))
    found = [types.TOO_MANY_REQUESTS]
    if "security" in operation:
        found += [types.UNAUTHORIZED, types.FORBIDDEN, types.UNAVAILABLE]
    if media_types:
        found += [types.BAD_REQUEST, types.BODY_NOT_WHOLE, types.REQUEST_TIMEOUT, types.TOO_LARGE, types.TOO_BUSY]
        found += [types.UNSUPPORTED_MEDIA_TYPE]
        if "application/json" in media_types:
            found += [types.NOT_JSON]
    if parameters or media_types or VERSIONED in path:
        found += [types.INVALID_REQUEST]
    if media_types or {"query", "header"} & set(parameters):
        found += [types.INVALID_CONTENT]
    return found


def _response(kinds: list[ProblemType]) -> dict[str, Any]:
    return {
        "description": "; ".join(f"{kind.title}. {kind.happened}" if len(kinds) == 1 else kind.title for kind in kinds),
        "content": {
            PROBLEM_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {kind.code: {"summary": kind.title, "value": problem_example(kind)} for kind in kinds},
            }
        },
    }
