"""What can go wrong, as exceptions: each carries its problem type (status, title, page) and the words for whoever asked."""

from __future__ import annotations

from typing import Any, ClassVar

from shared import problem_types as types
from shared.problem_types import ProblemType

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
]


class AppError(Exception):
    """An expected refusal. `detail` tells the caller what to do; `errors` may list single faults."""

    kind: ClassVar[ProblemType] = types.BAD_REQUEST

    def __init__(self, detail: str, *, errors: list[dict[str, Any]] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors

    @property
    def status(self) -> int:
        """The HTTP status of the answer."""
        return self.kind.status


class InvalidError(AppError):
    """The request is well formed, but its content breaks a rule."""

    kind = types.INVALID_CONTENT


class UnauthorizedError(AppError):
    """No key, or a key that is not known."""

    kind = types.UNAUTHORIZED


class ForbiddenError(AppError):
    """A known key without the needed scope."""

    kind = types.FORBIDDEN


class NotFoundError(AppError):
    """Nothing of that name."""

    kind = types.NOT_FOUND


class ConflictError(AppError):
    """The thing is in a state that does not allow this."""

    kind = types.CONFLICT


class GoneError(AppError):
    """It was there and has been used up or has expired."""

    kind = types.GONE


class UnavailableError(AppError):
    """The store does not answer now; the same request may succeed later."""

    kind = types.UNAVAILABLE
    safe_to_log = True


class UnsupportedMediaTypeError(AppError):
    """The body is of a kind that this address does not take."""

    kind = types.UNSUPPORTED_MEDIA_TYPE
