"""Visits as JSON."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal, Self
from uuid import UUID

import orjson
from fastapi import APIRouter, Header
from pydantic import Field, model_validator

from services.feedback.dependencies import ContextDep
from services.feedback.ratings.boxes.dependencies import BoxesDep
from services.feedback.visits.visit_links import VisitRequest, make_visit
from shared.access.auth import Principal, requires
from shared.contracts.base import Identifier
from shared.errors.problem_types import CONFLICT
from shared.openapi.models import Answer, Input
from shared.openapi.refusals import refuses

__all__ = ["router"]

router = APIRouter(prefix="/feedback/v1", tags=["feedback"])


class NewVisit(Input):
    """A visit to an officer, or to a unit as a whole."""

    employee_id: UUID | None = None
    """The officer who was visited. Give either this or `org_unit_id`."""
    org_unit_id: Identifier | None = None
    """The unit, for a visit to it as a whole."""
    service: Identifier
    """The public service, such as KTP-el: 1 to 100 characters."""
    weight_class: Literal["visit", "counter"] = "visit"
    valid_hours: Annotated[int, Field(ge=1, le=720)] | None = None
    """How many hours the link is valid; default: `visit_valid_hours` of the feedback rules."""

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if (self.employee_id is None) == (self.org_unit_id is None):
            raise ValueError("give employee_id, or org_unit_id for a visit to the unit as a whole")
        return self


class VisitMade(Answer):
    """`url` is the one-use link for the citizen."""

    visit_id: UUID
    """The visit."""
    url: str
    """The one-use link of the citizen's form."""
    expires_at: datetime
    """When the link expires."""


@router.post("/visits", status_code=201, responses=refuses(CONFLICT))
async def add_visit(
    context: ContextDep,
    boxes: BoxesDep,
    who: Annotated[Principal, requires("visits:write")],
    visit: NewVisit,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
) -> VisitMade:
    """Creates the one-use link of a visit. Answers 409 to a repeated Idempotency-Key whose link no longer opens."""
    # Scoped by API key: two systems may use the same ticket numbers. Names of keys are unique (shared/access/keys.py).
    own_key = f"{'operator' if who.is_operator else 'key'}/{who.name}/{idempotency_key}" if idempotency_key else None
    hours = visit.valid_hours or boxes.rules.visit_valid_hours
    request = VisitRequest(
        employee_id=visit.employee_id,
        org_unit_id=visit.org_unit_id,
        service=visit.service,
        weight_class=visit.weight_class,
        valid=timedelta(hours=hours),
        idempotency_key=own_key,
        body=orjson.dumps(visit.model_dump(mode="json")),
    )
    link = await context.transact(lambda s: make_visit(context, s, request))
    url = f"{context.links.public_url}/f/{link.token}"
    return VisitMade(visit_id=link.visit_id, url=url, expires_at=link.expires_at)
