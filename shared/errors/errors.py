"""Expected errors as exceptions: each has its problem type (status, title, page) and a message for the caller."""

from __future__ import annotations

from typing import Any, ClassVar

from shared.errors import problem_types as types
from shared.errors.problem_types import ProblemType

__all__ = [
    "AppError",
    "ConflictError",
    "ForbiddenError",
    "GoneError",
    "InvalidError",
    "NotFoundError",
    "UnauthorizedError",
    "UnavailableError",
    "UnsupportedMediaTypeError",
    "plain_message",
]


class AppError(Exception):
    """An expected refusal. `detail` tells the caller what to do; `errors` may list individual errors."""

    kind: ClassVar[ProblemType] = types.BAD_REQUEST

    def __init__(self, detail: str, *, errors: list[dict[str, Any]] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors

    @property
    def status(self) -> int:
        """The HTTP status of the response."""
        return self.kind.status


class InvalidError(AppError):
    """The request is well formed, but its content breaks a rule."""

    kind = types.INVALID_CONTENT


class UnauthorizedError(AppError):
    """No key, or an unknown key."""

    kind = types.UNAUTHORIZED


class ForbiddenError(AppError):
    """A valid key without the required scope."""

    kind = types.FORBIDDEN


class NotFoundError(AppError):
    """Nothing with that name or id exists."""

    kind = types.NOT_FOUND


class ConflictError(AppError):
    """The thing is in a state that does not allow this."""

    kind = types.CONFLICT


class GoneError(AppError):
    """It existed, and has been used, revoked or has expired."""

    kind = types.GONE


class UnavailableError(AppError):
    """The database does not answer now; the same request may succeed later."""

    kind = types.UNAVAILABLE
    safe_to_log = True


class UnsupportedMediaTypeError(AppError):
    """The body has a media type that this address does not accept."""

    kind = types.UNSUPPORTED_MEDIA_TYPE


_BETTER = {
    "Input should have timezone info": "Input should have a time zone, as in 2026-11-30T07:21:00+07:00",
    "Input should be a valid UUID": "Input should be an id, as in 0198f7b0-9d2c-7e11-8a34-6b5c4d3e2f10",
}


def plain_message(message: str) -> str:
    """A message of pydantic without its prefix for our validators, and without the full stop: it becomes part of a sentence.

    Messages that name no right value get one.
    """
    for start, better in _BETTER.items():
        if message.startswith(start):
            return better
    return message.removeprefix("Value error, ").removeprefix("Assertion failed, ").rstrip(".")
