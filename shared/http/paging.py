"""Lists for operators. Opaque cursors: a list continues where its last page ended, whatever was added in the meantime."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import orjson
from fastapi import Query
from pydantic import BaseModel, Field

from shared.errors.errors import InvalidError

__all__ = ["LIMIT_MAX", "NOT_OURS", "After", "Limit", "OneLine", "Page", "cursor_of", "read_cursor", "read_id_cursor"]

T = TypeVar("T")

LIMIT_MAX = 1_000
NOT_OURS = "The cursor `after` is not from this list. Send the `next` of the previous page, or leave it out to begin."

Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX, description="How many items a page has at most, 1 to 1000.")]
After = Annotated[
    str | None, Query(max_length=500, description="The `next` of the previous page; left out: the first page.")
]

# no control characters, since it is printed in tables, and not only spaces
OneLine = Annotated[
    str, Field(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$")
]
"""A reason that a person gives."""


class Page(BaseModel, Generic[T]):
    """One page; `next` is null on the last one."""

    items: list[T]
    next: str | None


def cursor_of(values: Sequence[Any]) -> str:
    """The cursor after an item with these sort values (JSON types, UUIDs and dates)."""
    # default: the database driver's own UUID type, which orjson does not recognise
    return base64.urlsafe_b64encode(orjson.dumps(list(values), default=str)).decode().rstrip("=")


def read_cursor(cursor: str | None, *types: type) -> list[Any] | None:
    """The sort values of a cursor; None without one. Raises InvalidError for one that is not from this list."""
    if not cursor:
        return None
    try:
        values = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        values = None
    if (
        not isinstance(values, list)
        or len(values) != len(types)
        or not all(type(value) is expected for value, expected in zip(values, types, strict=True))
        or any(isinstance(value, int) and abs(value) >= 2**63 for value in values)
    ):
        raise InvalidError(NOT_OURS)
    return values


def read_id_cursor(cursor: str | None) -> UUID:
    """The id after which a list in the order of ids continues; the nil UUID without a cursor. Raises InvalidError."""
    values = read_cursor(cursor, str)
    if values is None:
        return UUID(int=0)
    try:
        return UUID(values[0])
    except ValueError as error:
        raise InvalidError(NOT_OURS) from error
