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

from shared.db.database import fault_of, is_transient
from shared.errors import problem_types as types
from shared.errors.errors import AppError, plain_message
from shared.errors.problem_types import ProblemType, for_status
from shared.http.wrong_requests import allowed_methods, body_type, method_words, no_such_address, validation_words
from shared.observability.logs import logger

__all__ = ["PROBLEM_TYPE", "install_problem_handlers", "problem"]

log = logger(__name__)

PROBLEM_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5


def problem(
    kind: ProblemType,
    detail: str,
    *,
    errors: list[dict[str, Any]] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """A problem response; 503 carries Retry-After and 401 WWW-Authenticate."""
    body: dict[str, Any] = {"type": kind.uri, "title": kind.title, "status": kind.status, "detail": detail}
    if errors:
        body["errors"] = errors
    extra = dict(headers or {})
    if kind.status == HTTPStatus.SERVICE_UNAVAILABLE:
        extra["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if kind.status == HTTPStatus.UNAUTHORIZED:
        extra["WWW-Authenticate"] = "Bearer"
    # Messages may quote input: a lone surrogate, which UTF-8 cannot encode, becomes a question mark.
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return Response(content, status_code=kind.status, media_type=PROBLEM_TYPE, headers=extra)


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
    return problem(error.kind, error.detail, errors=error.errors)


async def _validation_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    found = error.errors()
    # The input itself is not repeated: it may hold personal data.
    errors = [{"at": _place(e["loc"]), "message": plain_message(e["msg"])} for e in found]
    if any(e["type"] == "json_invalid" for e in found):
        return problem(types.NOT_JSON, "Send one JSON document in UTF-8.", errors=errors)
    wanted = body_type(request)
    if wanted is not None and await request.body() and any(e["loc"][0] == "body" for e in found):
        text = f"Send the body as {wanted}: add the header Content-Type: {wanted}."
        return problem(types.UNSUPPORTED_MEDIA_TYPE, text, headers={"Accept": wanted})
    return problem(types.INVALID_REQUEST, validation_words(errors), errors=errors)


def _place(location: tuple[int | str, ...]) -> str:
    """The path of a value in the request. For a field of several types pydantic adds the type that did not fit."""
    return "/".join(str(part) for part in location if "[" not in str(part))


async def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.NOT_FOUND:
        return problem(types.NO_SUCH_ADDRESS, no_such_address(request.url.path))
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        methods = allowed_methods(request)
        headers = {name: value for name, value in headers.items() if name.lower() != "allow"}
        return problem(
            types.METHOD_NOT_ALLOWED, method_words(methods), headers={**headers, "Allow": ", ".join(methods)}
        )
    return problem(for_status(error.status_code), str(error.detail), headers=headers)


async def _store_error(request: Request, error: Exception) -> Response:
    if is_transient(error):
        log.warning("store_unavailable", **fault_of(error))
        return problem(types.UNAVAILABLE, "The database does not answer. Send the same request again later.")
    code = getattr(getattr(error, "orig", None), "sqlstate", None) or ""
    cause = getattr(getattr(error, "orig", None), "__cause__", None)
    if code.startswith("22") or isinstance(cause, ValueError):
        # For example a NUL byte in a text, or a number beyond the column's range.
        return problem(types.INVALID_CONTENT, "A value cannot be stored: correct it (NUL byte, range).")
    if code == "23503":
        return problem(types.INVALID_CONTENT, "The request names something that does not exist.")
    log.error("request_failed", error=type(error).__name__, sqlstate=code, route=_route(request), exc_info=error)
    return problem(types.INTERNAL_ERROR, "The fault was logged under this request's id.")


def _route(request: Request) -> str:
    return getattr(request.scope.get("route"), "path", "")
