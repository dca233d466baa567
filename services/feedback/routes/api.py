"""Visits, assessments and feedback as JSON."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Header, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.feedback.assessments import assess
from services.feedback.domain.satisfaction import satisfaction
from services.feedback.feedback import change_state, republish
from services.feedback.visits import make_visit
from shared.auth import Principal, requires
from shared.context import Context
from shared.contracts.base import Code, DecimalText, Identifier
from shared.contracts.feedback import Assessment, FeedbackRecord, FeedbackState, Points
from shared.contracts.semester import Semester
from shared.errors import ForbiddenError, InvalidError, NotFoundError
from shared.http import context_of
from shared.paging import After, Limit, Page, cursor_of, read_id_cursor

__all__ = ["router"]

router = APIRouter(prefix="/feedback/v1", tags=["feedback"])

ContextDep = Annotated[Context, Depends(context_of)]
OperatorDep = Annotated[Principal, requires()]


class NewVisit(BaseModel):
    """A visit to an officer, or to a unit as a whole."""

    model_config = ConfigDict(extra="forbid")

    employee_id: UUID | None = None
    org_unit_id: Identifier | None = None
    service: Identifier
    weight_class: Literal["visit", "counter"] = "visit"
    valid_hours: Annotated[int, Field(ge=1, le=720)] | None = None

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if (self.employee_id is None) == (self.org_unit_id is None):
            raise ValueError("give employee_id, or org_unit_id for a visit to the unit as a whole")
        return self


class VisitMade(BaseModel):
    """`url` is the one-use link to hand to the citizen."""

    visit_id: UUID
    url: str
    expires_at: datetime


class NewAssessment(BaseModel):
    """`assessment_id` is made by the caller and kept across retries; `assessor_id` is for the operator only."""

    model_config = ConfigDict(extra="forbid")

    assessment_id: UUID
    employee_id: UUID
    assessor_id: UUID | None = None
    given_at: AwareDatetime | None = None
    work_quality: Points | None = None
    public_communication: Points | None = None


class FeedbackItem(BaseModel):
    """Feedback as it was published, and why it is in its state."""

    record: FeedbackRecord
    reason: str | None


class Reason(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    reason_code: Code


class Republished(BaseModel):
    """How many records went into the outbox again."""

    records: int


class SatisfactionAnswer(BaseModel):
    """The satisfaction index of a unit (PermenPANRB 14/2017)."""

    org_unit_id: str
    semester: str
    respondents: int
    n: dict[str, int]
    means: dict[str, DecimalText | None]
    skm: DecimalText | None
    ikm: DecimalText | None
    grade: str | None


@router.post("/visits", status_code=201)
async def add_visit(
    context: ContextDep,
    request: Request,
    who: Annotated[Principal, requires("visits:write")],
    visit: NewVisit,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
) -> VisitMade:
    """Makes the one-use link of a visit."""
    # Two systems may count their tickets alike: each has keys of its own, or two citizens would share one link.
    own_key = f"{'operator' if who.is_operator else 'key'}/{who.name}/{idempotency_key}" if idempotency_key else None
    hours = visit.valid_hours or request.app.state.rules.visit_valid_hours
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


@router.post("/assessments")
async def add_assessment(
    context: ContextDep, who: Annotated[Principal, requires("assessments:write")], new: NewAssessment
) -> FeedbackRecord:
    """A supervisor's assessment; sent again with other points it is a correction."""
    assessor = new.assessor_id if who.is_operator else who.employee_id
    if assessor is None:
        raise InvalidError("`assessor_id`: say who assesses.")
    if not who.is_operator and new.assessor_id not in (None, assessor):
        raise ForbiddenError("This key assesses for its own holder only: leave `assessor_id` out.")
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


_LIST = text(
    """
    select feedback_id, record, reason from feedback
    where feedback_id > :after and (cast(:employee as uuid) is null or employee_id = :employee)
      and (cast(:state as text) is null or state = :state)
    order by feedback_id limit :most
    """
)


@router.get("/feedback")
async def list_feedback(
    context: ContextDep,
    _: OperatorDep,
    employee_id: UUID | None = None,
    state: FeedbackState | None = None,
    limit: Limit = 100,
    after: After = None,
) -> Page[FeedbackItem]:
    """All feedback in no order of time: nothing leads back to a visit."""
    values = {"after": read_id_cursor(after), "employee": employee_id, "state": state, "most": limit + 1}

    async def read(session: AsyncSession) -> list[Any]:
        return list(await session.execute(_LIST, values))

    rows = await context.transact(read)
    items = [FeedbackItem(record=FeedbackRecord.model_validate_json(r.record), reason=r.reason) for r in rows[:limit]]
    return Page(items=items, next=cursor_of([rows[limit - 1].feedback_id]) if len(rows) > limit else None)


@router.post("/feedback/{feedback_id}/withdraw")
async def withdraw(context: ContextDep, _: OperatorDep, feedback_id: UUID, why: Reason) -> FeedbackRecord:
    """Takes feedback out of the score, for good; it stays on record."""
    now = context.clock.now()
    return await context.transact(lambda s: change_state(context, s, feedback_id, "withdrawn", why.reason_code, now))


@router.post("/feedback/{feedback_id}/accept")
async def accept(context: ContextDep, _: OperatorDep, feedback_id: UUID, why: Reason) -> FeedbackRecord:
    """Lets quarantined feedback count."""
    now = context.clock.now()
    return await context.transact(lambda s: change_state(context, s, feedback_id, "accepted", why.reason_code, now))


@router.post("/republish", status_code=202)
async def republish_feedback(context: ContextDep, _: OperatorDep) -> Republished:
    """Publishes all feedback again at its present revision, unchanged."""
    return Republished(records=await republish(context))


@router.get("/satisfaction")
async def read_satisfaction(
    context: ContextDep,
    request: Request,
    who: Annotated[Principal, requires("satisfaction:read")],
    org_unit_id: Annotated[Identifier, Query()],
    semester: Annotated[str | None, Query(max_length=7)] = None,
) -> SatisfactionAnswer:
    """SKM and IKM of a unit's accepted ratings of a semester, with the number of answers behind them.

    Below the least number of respondents (rule data) only their number is told.
    """
    if not who.reaches_unit(org_unit_id):
        raise NotFoundError("This key reaches no such unit.")
    try:
        wanted = (
            Semester.parse(semester) if semester else Semester.of(context.clock.now().astimezone(context.zone).date())
        )
    except ValueError as error:
        raise InvalidError(f"`semester`: {error}.") from error
    query = text(
        "select record from feedback where org_unit_id = :unit and kind = 'citizen_rating' and state = 'accepted'"
        " and cast(given_at at time zone :zone as date) between :first and :last"
    )
    values = {
        "unit": org_unit_id,
        "zone": context.settings.timezone,
        "first": wanted.first_day,
        "last": wanted.last_day,
    }

    async def read(session: AsyncSession) -> list[str]:
        return list((await session.execute(query, values)).scalars())

    forms = [FeedbackRecord.model_validate_json(record).ratings or {} for record in await context.transact(read)]
    enough = len(forms) >= request.app.state.rules.minimum_respondents
    found = satisfaction([{str(name): value for name, value in form.items()} for form in forms] if enough else [])
    return SatisfactionAnswer(
        org_unit_id=org_unit_id,
        semester=str(wanted),
        respondents=len(forms),
        n=dict(found.n),
        means=dict(found.means),
        skm=found.skm,
        ikm=found.ikm,
        grade=found.grade,
    )
