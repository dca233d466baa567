"""The city's remainder: ratings that by the end of the semester formed a group neither for an officer nor for a unit.

Every event names a unit, and a group of this unit would be too small, so these ratings are not published as events. They are
added up for the whole city, at least the group minimum at a time, and count only in the city's satisfaction index.
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from services.feedback.ratings.rules.ballots import Ballot
from services.feedback.ratings.rules.tallies import Tally, add_tallies, tallies_of
from services.feedback.ratings.tables import CityRemainder
from shared.contracts.semester import Semester

__all__ = ["add_to_remainder", "remainder_of"]


async def remainder_of(session: AsyncSession, semester: Semester) -> tuple[int, dict[str, Tally]]:
    """(number of ratings, their answers by survey element)."""
    row = await session.get(CityRemainder, semester.number)
    if row is None:
        return 0, {}
    return row.ratings, {name: Tally(*pair) for name, pair in orjson.loads(row.answers).items()}


async def add_to_remainder(session: AsyncSession, ballots: Sequence[Ballot]) -> None:
    """Adds ballots of one semester; the caller holds the lock of the city's box."""
    semester = Semester.of(ballots[0].day)
    count, answers = await remainder_of(session, semester)
    whole = add_tallies(answers, tallies_of([ballot.ratings for ballot in ballots]))
    values = {name: [tally.n, tally.sum] for name, tally in whole.items()}
    total = count + len(ballots)
    await session.merge(CityRemainder(semester=semester.number, ratings=total, answers=orjson.dumps(values).decode()))
