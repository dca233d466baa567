"""Generates identifiers."""

from __future__ import annotations

from uuid import UUID

import uuid_utils.compat

__all__ = ["new_id"]


def new_id() -> UUID:
    """A UUIDv7: ordered by time, so that new index entries are next to each other."""
    return uuid_utils.compat.uuid7()
