"""Queries of evaluations."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from shared.db.queries import query

__all__ = ["BEST_VALUE_SINCE", "LAST_COACHING", "TAKE_DUE_SCORES"]


class DueScore(NamedTuple):
    employee_id: UUID
    record: str


class Coaching(NamedTuple):
    created_at: datetime | None


class BestValue(NamedTuple):
    value: Decimal | None


TAKE_DUE_SCORES = query(
    """
    update score s set evaluated_at = :now
    from (select employee_id, semester from score
          where semester = :semester and (evaluated_at is null or evaluated_at <= :before)
            and employee_id <> all(cast(:without as uuid[]))
          order by employee_id limit :most for update skip locked) as c
    where s.employee_id = c.employee_id and s.semester = c.semester
    returning s.employee_id, s.record
    """,
    DueScore,
)
# A withdrawn draft was never sent, so it starts no episode.
LAST_COACHING = query(
    """
    select max(created_at) as created_at from notice
    where employee_id = :employee and kind = 'coaching' and indicator = :indicator and state <> 'withdrawn'
    """,
    Coaching,
)
BEST_VALUE_SINCE = query(
    """
    select max(cast(value as numeric)) as value from evaluation
    where employee_id = :employee and subject = :subject and evaluated_at > :since
    """,
    BestValue,
)
