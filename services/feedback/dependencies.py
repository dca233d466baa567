"""Dependencies of this service's routes."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from shared.access.auth import Principal, requires
from shared.service.app import context_of
from shared.service.context import Context

__all__ = ["ContextDep", "OperatorDep"]

ContextDep = Annotated[Context, Depends(context_of)]
OperatorDep = Annotated[Principal, requires()]
