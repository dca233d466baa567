"""Dependencies of this service's routes."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from services.feedback.ratings.ballot_boxes import BallotBoxes
from shared.access.auth import Principal, requires
from shared.service.app import context_of
from shared.service.context import Context

__all__ = ["BoxesDep", "ContextDep", "OperatorDep", "boxes_of"]


def boxes_of(request: Request) -> BallotBoxes:
    """The service's ballot boxes and rules, as a dependency."""
    boxes: BallotBoxes = request.app.state.boxes
    return boxes


ContextDep = Annotated[Context, Depends(context_of)]
BoxesDep = Annotated[BallotBoxes, Depends(boxes_of)]
OperatorDep = Annotated[Principal, requires()]
