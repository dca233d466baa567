"""Published feedback as JSON: assessments one by one, citizens' ratings only as groups."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from services.feedback.dependencies import ContextDep, OperatorDep
from services.feedback.ratings import withdrawal
from services.feedback.ratings.boxes.dependencies import BoxesDep
from services.feedback.ratings.groups import RatingGroup, group_of
from services.feedback.ratings.queries import LIST_FEEDBACK, ListedFeedback
from services.feedback.ratings.republish import republish
from shared.contracts.base import Code
from shared.contracts.events.feedback import FeedbackRecord
from shared.errors.problem_types import NOT_FOUND
from shared.http.paging import After, Limit, Page, cursor_of, read_id_cursor
from shared.messaging.producing.republish import Republished
from shared.openapi.models import Answer, Input
from shared.openapi.refusals import refuses

__all__ = ["Reason", "router"]

router = APIRouter(prefix="/feedback/v1", tags=["feedback"])


class Answers(Answer):
    """Number and sum of the answers (1..4) to a survey element."""

    n: int
    """The number of answers to this element."""
    sum: int
    """The sum of the answers, each 1 (worst) to 4 (best)."""


class GroupItem(Answer):
    """A group of citizens' ratings. `answers` omits elements with fewer answers than the group minimum."""

    kind: Literal["citizen_rating"] = "citizen_rating"
    """Citizens' ratings."""
    group_id: UUID
    employee_id: UUID | None
    """The officer who was rated; null where the ratings count for the unit only."""
    org_unit_id: str
    weight_class: str
    state: str
    """`accepted`, or `withdrawn` if it no longer counts."""
    given_on: date
    """The date of the group's latest rating."""
    ratings: int
    """How many ratings the group has."""
    answers: dict[str, Answers]
    """Survey element to its answers."""
    reason: str | None
    """Why it was withdrawn; null otherwise."""


class AssessmentItem(Answer):
    """A supervisor's assessment as published, with the reason for its state."""

    kind: Literal["supervisor_assessment"] = "supervisor_assessment"
    """A supervisor's assessment."""
    record: FeedbackRecord
    """The record as published."""
    reason: str | None
    """Why it was withdrawn; null otherwise."""


FeedbackItem = GroupItem | AssessmentItem


class Reason(Input):
    """Why."""

    reason_code: Code
    """A reason of the office's own list: capitals, digits and `_`."""


@router.get("/feedback")
async def list_feedback(
    context: ContextDep,
    boxes: BoxesDep,
    _: OperatorDep,
    employee_id: UUID | None = None,
    state: Annotated[Literal["accepted", "withdrawn"] | None, Query(description="Only feedback in this state.")] = None,
    limit: Limit = 100,
    after: After = None,
) -> Page[FeedbackItem]:
    """Lists all published feedback, not in order of time. Citizens' ratings are shown only as groups, even to operators."""
    values = {"after": read_id_cursor(after), "employee": employee_id, "state": state, "most": limit + 1}
    rows = await context.transact(lambda s: LIST_FEEDBACK.all(s, values))
    items = [_item(row, boxes.rules.group_minimum) for row in rows[:limit]]
    return Page(items=items, next=cursor_of([rows[limit - 1].id]) if len(rows) > limit else None)


@router.post("/feedback/{feedback_id}/withdraw", responses=refuses(NOT_FOUND))
async def withdraw_feedback(
    context: ContextDep, boxes: BoxesDep, _: OperatorDep, feedback_id: UUID, why: Reason
) -> FeedbackItem:
    """Withdraws feedback permanently: it no longer counts in the score, but stays on record.

    Withdrawing a citizen's rating withdraws its whole group, because the change of the score would reveal that one vote. The
    other ratings wait until they form a new group together with enough new ones.
    """
    found = await context.transact(
        lambda s: withdrawal.withdraw_feedback(context, boxes, s, feedback_id, why.reason_code)
    )
    if isinstance(found, RatingGroup):
        return _group_item(found)
    return AssessmentItem(record=found, reason=why.reason_code)


@router.post("/groups/{group_id}/withdraw", responses=refuses(NOT_FOUND))
async def withdraw_group(
    context: ContextDep, boxes: BoxesDep, _: OperatorDep, group_id: UUID, why: Reason
) -> GroupItem:
    """Withdraws a whole group of citizens' ratings permanently: it no longer counts in the score."""
    return _group_item(
        await context.transact(lambda s: withdrawal.withdraw_group(context, boxes, s, group_id, why.reason_code))
    )


@router.post("/republish", status_code=202)
async def republish_feedback(context: ContextDep, _: OperatorDep) -> Republished:
    """Publishes all feedback again at its current revision, unchanged."""
    return await republish(context)


def _item(row: ListedFeedback, minimum: int) -> FeedbackItem:
    records = [FeedbackRecord.model_validate_json(record) for record in row.records]
    if row.kind == "citizen_rating":
        return _group_item(group_of(records, row.reason, minimum))
    return AssessmentItem(record=records[0], reason=row.reason)


def _group_item(group: RatingGroup) -> GroupItem:
    return GroupItem(**asdict(group))
