"""The published ratings of a unit or of the city."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from services.feedback.index.rules.satisfaction import counts_in
from services.feedback.ratings.queries import RATING_RECORDS, days_of
from services.feedback.ratings.remainder import remainder_of
from services.feedback.ratings.rules.tallies import Tally, add_tallies, answers_of, tallies_of
from shared.contracts.events.feedback import FeedbackRecord
from shared.contracts.semester import Semester
from shared.service.context import Context

__all__ = ["read_answers"]


async def read_answers(
    context: Context, session: AsyncSession, org_unit_id: str | None, semester: Semester
) -> tuple[int, dict[str, Tally]]:
    """(number of respondents, their answers by survey element). For the city, null, also those of its remainder."""
    rows = await RATING_RECORDS.all(session, {"unit": org_unit_id, **days_of(semester)})
    records = [FeedbackRecord.model_validate_json(row.record) for row in rows]
    forms = [answers_of(record) for record in records if counts_in(record, semester, context.zone)]
    answers = tallies_of(forms)
    if org_unit_id is not None:
        return len(forms), answers
    count, more = await remainder_of(session, semester)
    return len(forms) + count, add_tallies(answers, more)
