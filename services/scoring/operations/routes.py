"""Publishes the present state again."""

from __future__ import annotations

from fastapi import APIRouter

from services.scoring.dependencies import ContextDep, OperatorDep
from services.scoring.operations.republish import republish
from shared.messaging.producing.republish import Republished

__all__ = ["router"]

router = APIRouter(prefix="/scores", tags=["scores"])


@router.post("/v1/republish", status_code=202)
async def republish_scores(context: ContextDep, _: OperatorDep) -> Republished:
    """Publishes every current score and discipline record again, unchanged, for a consumer or broker that lost them."""
    return await republish(context)
