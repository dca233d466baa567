"""How much data of posts and refused contacts is stored, and for how long."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from fastapi import APIRouter

from services.attendance.dependencies import ContextDep, OperatorDep
from services.attendance.punches.retention import read_stores
from shared.openapi.models import Answer

__all__ = ["router"]

router = APIRouter(prefix="/attendance/v1/retention", tags=["operations"])


class KeptItem(Answer):
    """A store: the journal of posts, the quarantine, or refused contacts. `rows` is the database's estimate."""

    store: str
    """The store: the journal of posts, the quarantine or the refused contacts."""
    rows: int
    """How many rows it has, by the database's estimate."""
    bytes: int
    """Its size on disk in bytes, with indexes."""
    oldest_at: datetime | None
    """The time of the oldest entry that is deleted by age; null if there is none."""
    kept_days: int
    """After how many days an entry is deleted."""


@router.get("")
async def show_retention(context: ContextDep, _: OperatorDep) -> list[KeptItem]:
    """The size of each store, its oldest entry, and after how many days entries are deleted."""
    amounts = await context.transact(lambda session: read_stores(session, context.settings))
    return [KeptItem(**asdict(amount)) for amount in amounts]
