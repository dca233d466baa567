"""Identifiers that we mint."""

from __future__ import annotations

from uuid import UUID

import uuid_utils.compat

__all__ = ["new_id"]


def new_id() -> UUID:
    """A UUIDv7: time-ordered, so that index entries are appended at one edge instead of scattered."""
    return uuid_utils.compat.uuid7()
