"""The metadata of the service's own tables."""

from __future__ import annotations

from sqlalchemy.orm import registry
from sqlmodel import SQLModel

__all__ = ["Base"]


class Base(SQLModel, registry=registry()):
    """The service's own metadata: four services may run in one process."""
