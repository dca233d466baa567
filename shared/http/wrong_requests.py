"""Explains why a request reached no operation, and what to do: address, method, content type, fields."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.routing import Match

from shared.settings.url_space import API_PAGES

__all__ = [
    "allowed_methods",
    "body_type",
    "listed",
    "method_words",
    "no_such_address",
    "refuse_unknown_parameters",
    "validation_words",
]

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
VERSIONED = "/v1/"
"""In the path of every operation of the JSON API. Health and contract pages ignore query parameters, as monitors add some."""
_PATH_CHARACTERS_MAX = 200
_PLACES = {"query": "query parameter", "path": "part of the path", "header": "header", "body": "field"}


def listed(names: Sequence[str], conjunction: str) -> str:
    """ "GET, PUT or DELETE"."""
    return f"{', '.join(names[:-1])} {conjunction} {names[-1]}" if len(names) > 1 else "".join(names)


def no_such_address(path: str) -> str:
    """For a path that no operation has."""
    shown = path if len(path) <= _PATH_CHARACTERS_MAX else f"{path[:_PATH_CHARACTERS_MAX]}..."
    page = API_PAGES.get(path.strip("/").partition("/")[0])
    if page is None:
        return f"There is nothing at {shown}. The APIs are described at {listed(list(API_PAGES.values()), 'and')}."
    return f"There is nothing at {shown}. The paths of this API are listed at {page}."


def allowed_methods(request: Request) -> list[str]:
    """The methods of all operations at the request's path. A single route knows only its own."""
    return [
        method
        for method in _METHODS
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL for route in request.app.router.routes
        )
    ]


def method_words(methods: Sequence[str]) -> str:
    """For a method that a path does not have."""
    return f"Use {listed(methods, 'or')} here."


def body_type(request: Request) -> str | None:
    """The content type that the operation requires, if the request has another one or none.

    An operation that reads the body itself has its own error message.
    """
    field = getattr(request.scope.get("route"), "body_field", None)
    if field is None:
        return None
    wanted: str = field.field_info.media_type
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    json_sent = sent == "application/json" or (sent.startswith("application/") and sent.endswith("+json"))
    fits = json_sent if wanted == "application/json" else not json_sent
    return None if fits else wanted


def refuse_unknown_parameters(request: Request) -> None:
    """A dependency of the JSON API's operations: a mistyped filter must not answer as if there were none.

    Raises RequestValidationError.
    """
    route = request.scope.get("route")
    if not request.query_params or not isinstance(route, APIRoute) or VERSIONED not in route.path:
        return
    method = "get" if request.method == "HEAD" else request.method.lower()
    operation = request.app.openapi()["paths"][route.path_format][method]
    known = sorted(each["name"] for each in operation.get("parameters", ()) if each["in"] == "query")
    faults = [
        {"type": "extra_forbidden", "loc": ("query", name), "msg": _unknown(name, known), "input": None}
        for name in dict.fromkeys(request.query_params)
        if name not in known
    ]
    if faults:
        raise RequestValidationError(faults)


def _unknown(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f"there is no such parameter; did you mean `{close[0]}`?"
    if not known:
        return "this operation has no query parameters"
    return f"there is no such parameter; the known ones are {listed([f'`{word}`' for word in known], 'and')}"


def validation_words(faults: Sequence[dict[str, Any]]) -> str:
    """The first fault as a sentence; `errors` lists them all."""
    if not faults:
        return "Correct the fields listed in `errors`."
    place, *rest = faults[0]["at"].split("/")
    name = "/".join(rest)
    where = f"the {_PLACES.get(place, place)} `{name}`" if name else f"the {place}"
    more = "" if len(faults) == 1 else f" and {len(faults) - 1} more, which `errors` lists"
    return f"Correct {where}{more}: {faults[0]['message']}."
