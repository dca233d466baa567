"""Visits and assessments as JSON."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal, Self
from uuid import UUID

import orjson
from fastapi import APIRouter, Header
from pydantic import AwareDatetime, Field, model_validator

from services.feedback.assessments.assessments import assess
from services.feedback.dependencies import BoxesDep, ContextDep
from services.feedback.visits.visits import make_visit
from shared.access.auth import Principal, requires
from shared.contracts.base import Identifier
from shared.contracts.events.feedback import Assessment, FeedbackRecord, Points
from shared.errors.errors import ForbiddenError, InvalidError
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


class NewAssessment(Input):
    """The caller chooses `assessment_id` and repeats it in retries; only the operator sends `assessor_id`."""

    assessment_id: UUID
    """A UUID that the caller chooses; sending the same id again corrects the assessment."""
    employee_id: UUID
    """The officer who is assessed."""
    assessor_id: UUID | None = None
    """The superior who assesses; only for the operator's key. Any other key assesses for its own officer."""
    given_at: AwareDatetime | None = None
    """When it was given; default: now. Its date decides the semester."""
    work_quality: Points | None = None
    """The quality of the work, 0 to 100, at most two decimals; omit it if not assessed."""
    public_communication: Points | None = None
    """How the officer communicates with the public, 0 to 100, at most two decimals; omit it if not assessed."""


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
    visit_id, token, expires_at = await context.transact(
        lambda s: make_visit(
            context,
            s,
            visit,
            valid=timedelta(hours=hours),
            idempotency_key=own_key,
            request=orjson.dumps(visit.model_dump(mode="json")),
            now=context.clock.now(),
        )
    )
    return VisitMade(visit_id=visit_id, url=f"{context.links.public_url}/f/{token}", expires_at=expires_at)


@router.post("/assessments", responses=refuses(CONFLICT))
async def add_assessment(
    context: ContextDep, who: Annotated[Principal, requires("assessments:write")], new: NewAssessment
) -> FeedbackRecord:
    """Stores a supervisor's assessment; sending it again with other points corrects it."""
    assessor = new.assessor_id if who.is_operator else who.employee_id
    if assessor is None:
        raise InvalidError("`assessor_id` is required: say who assesses.")
    if not who.is_operator and new.assessor_id not in (None, assessor):
        raise ForbiddenError("This key can assess only for its own officer: omit `assessor_id`.")
    if new.work_quality is None and new.public_communication is None:
        raise InvalidError("Give `work_quality`, `public_communication` or both.")
    assessment = Assessment(work_quality=new.work_quality, public_communication=new.public_communication)
    return await context.transact(
        lambda s: assess(
            context,
            s,
            assessment_id=new.assessment_id,
            employee_id=new.employee_id,
            assessor_id=assessor,
            given_at=new.given_at,
            assessment=assessment,
            now=context.clock.now(),
        )
    )
