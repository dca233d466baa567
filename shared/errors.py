"""What can go wrong, as types: each carries the HTTP status and the words for whoever asked."""

from __future__ import annotations

from typing import Any, ClassVar

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

    status: ClassVar[int] = 400
    title: ClassVar[str] = "The request cannot be carried out"

    def __init__(self, detail: str, *, errors: list[dict[str, Any]] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors


class InvalidError(AppError):
    """The request is well formed, but its content breaks a rule."""

    status = 422
    title = "The content is not valid"


class UnauthorizedError(AppError):
    """No key, or a key that is not known."""

    status = 401
    title = "An API key is needed"


class ForbiddenError(AppError):
    """A known key without the needed scope."""

    status = 403
    title = "This key may not do that"


class NotFoundError(AppError):
    """Nothing of that name."""

    status = 404
    title = "Not found"


class ConflictError(AppError):
    """The thing is in a state that does not allow this."""

    status = 409
    title = "Not possible in the present state"


class GoneError(AppError):
    """It was there and has been used up or has expired."""

    status = 410
    title = "No longer available"


class UnavailableError(AppError):
    """The store does not answer now; the same request may succeed later."""

    status = 503
    title = "Temporarily unavailable"
    safe_to_log = True


class UnsupportedMediaTypeError(AppError):
    """The body is of a kind that this address does not take."""

    status = 415
    title = "This kind of body is not taken here"
