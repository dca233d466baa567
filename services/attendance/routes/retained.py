"""What is kept of posts and refused contacts, and for how long."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter

from services.attendance.retention import read_kept
from services.attendance.routes.common import ContextDep, OperatorDep
from services.attendance.settings import settings_of
from shared.openapi.models import Answer

__all__ = ["router"]

router = APIRouter(prefix="/attendance/v1/retention", tags=["operations"])


class KeptItem(Answer):
    """A store: the journal of posts, the quarantine, or refused contacts. `rows` is an estimate of the database."""

    store: str
    """The store: the journal of posts, the quarantine or the refused contacts."""
    rows: int
    """How many rows it has, as the database estimates."""
    bytes: int
    """Its size on the disk, in bytes, with its indexes."""
    oldest_at: datetime | None
    """The moment of the oldest thing that is deleted by age; null where there is none."""
    kept_days: int
    """After how many days a thing is deleted."""


@router.get("")
async def show_retention(context: ContextDep, _: OperatorDep) -> list[KeptItem]:
    """How much is kept, how old the oldest of it is, and after how many days it is deleted."""
    kept = await context.transact(lambda session: read_kept(session, settings_of(context)))
    return [
        KeptItem(store=k.store, rows=k.rows, bytes=k.bytes, oldest_at=k.oldest_at, kept_days=k.kept_days) for k in kept
    ]
