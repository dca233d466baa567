"""Dependencies of routes that use ballot boxes or the intake rules."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from services.feedback.ratings.boxes.ballot_boxes import BallotBoxes
from shared.service.app import part_of

__all__ = ["BoxesDep"]

BoxesDep = Annotated[BallotBoxes, Depends(part_of(BallotBoxes))]
