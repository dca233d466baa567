"""Dependencies of this service's routes."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from services.feedback.ratings.ballot_boxes import BallotBoxes
from shared.access.auth import Principal, requires
from shared.service.app import context_of, part_of
from shared.service.context import Context

__all__ = ["BoxesDep", "ContextDep", "OperatorDep"]


ContextDep = Annotated[Context, Depends(context_of)]
BoxesDep = Annotated[BallotBoxes, Depends(part_of(BallotBoxes))]
OperatorDep = Annotated[Principal, requires()]
