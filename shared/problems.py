"""RFC 9457 problem details: every refusal says what is wrong and what to do."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException

from shared.database import fault_of, is_transient
from shared.errors import AppError
from shared.logs import logger

__all__ = ["PROBLEM_RESPONSES", "PROBLEM_TYPE", "install_problem_handlers", "problem"]

log = logger(__name__)

PROBLEM_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5

_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}
PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"description": HTTPStatus(status).phrase, "content": {PROBLEM_TYPE: {"schema": _SCHEMA}}}
    for status in (400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 503)
}
"""Documented on every operation, since every one of them may be refused so."""


def problem(
    status: int,
    title: str,
    detail: str,
    *,
    errors: list[dict[str, Any]] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """A problem response; 503 carries Retry-After and 401 WWW-Authenticate."""
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    if errors:
        body["errors"] = errors
    extra = dict(headers or {})
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        extra["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if status == HTTPStatus.UNAUTHORIZED:
        extra["WWW-Authenticate"] = "Bearer"
    # Words may quote what was sent: half of a surrogate pair, which UTF-8 cannot write, becomes a question mark.
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return Response(content, status_code=status, media_type=PROBLEM_TYPE, headers=extra)


def install_problem_handlers(app: FastAPI) -> None:
    """Renders every exception of the app as a problem."""
    app.add_exception_handler(AppError, _app_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(DBAPIError, _store_error)
    app.add_exception_handler(PoolTimeoutError, _store_error)
    app.add_exception_handler(OSError, _store_error)


async def _app_error(_: Request, error: Exception) -> Response:
    if not isinstance(error, AppError):
        raise error
    return problem(error.status, error.title, error.detail, errors=error.errors)


async def _validation_error(_: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    # The input itself is not repeated: it may hold personal data.
    errors = [{"at": "/".join(str(part) for part in e["loc"]), "message": e["msg"]} for e in error.errors()]
    if any(e["type"] == "json_invalid" for e in error.errors()):
        return problem(400, "The body is not JSON", "Send one JSON document in UTF-8.", errors=errors)
    return problem(422, "The request is not valid", "Correct the fields listed in `errors`.", errors=errors)


async def _http_error(_: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    title = HTTPStatus(error.status_code).phrase
    return problem(error.status_code, title, str(error.detail), headers=dict(error.headers or {}))


async def _store_error(request: Request, error: Exception) -> Response:
    if is_transient(error):
        log.warning("store_unavailable", **fault_of(error))
        return problem(503, "Temporarily unavailable", "The store does not answer. Send the same request again later.")
    code = getattr(getattr(error, "orig", None), "sqlstate", None) or ""
    cause = getattr(getattr(error, "orig", None), "__cause__", None)
    if code.startswith("22") or isinstance(cause, ValueError):
        # For example a NUL byte in a text, or a number beyond the column's range.
        return problem(422, "The content is not valid", "A value cannot be stored: correct it (NUL byte, range).")
    if code == "23503":
        return problem(422, "The content is not valid", "The request names something that does not exist.")
    log.error("request_failed", error=type(error).__name__, sqlstate=code, route=_route(request), exc_info=error)
    return problem(500, "Internal error", "The fault was logged under this request's id.")


def _route(request: Request) -> str:
    return getattr(request.scope.get("route"), "path", "")
