"""Dependencies of routes that change notices."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from services.notifications.notices.upkeep import Upkeep
from shared.service.app import part_of

__all__ = ["UpkeepDep"]

UpkeepDep = Annotated[Upkeep, Depends(part_of(Upkeep))]
