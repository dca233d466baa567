"""Ballot boxes in the database: one row per target, rewritten completely with each vote.

A row contains the target, whether a group can be published and whether ballots are quarantined; everything else is encrypted.
It has no timestamp and no counter: nothing in it leads to a ballot's visit. A vote's transaction marks the visit and rewrites
the box, so a dump can reveal the box's newest visit, but not the answers that it gave.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.feedback.ratings.rules.ballots import Content, full_semesters
from services.feedback.ratings.rules.intake import IntakeRules
from services.feedback.ratings.seal import Seal
from shared.service.context import Context

__all__ = ["CITY", "BallotBoxes", "OpenBox", "Target"]

PAGE_ROWS = 200
_NAMESPACE = UUID("7d0a2a0e-6b1e-4e0c-9c57-5c4b8f2b9a11")

# Serializes votes for one target and the publication job: each reads, changes and writes the whole box.
_LOCK = text("select pg_advisory_xact_lock(hashtextextended(cast(:box as text), 0))")
_ONE = text("select sealed from ballot_box where box_id = :box")
_KEEP = text(
    """
    insert into ballot_box (box_id, employee_id, org_unit_id, weight_class, due, quarantined, sealed)
    values (:box, :employee_id, :org_unit_id, :weight_class, :due, :quarantined, :sealed)
    on conflict (box_id) do update
    set due = excluded.due, quarantined = excluded.quarantined, sealed = excluded.sealed
    """
)
_COLUMNS = "box_id, employee_id, org_unit_id, weight_class, due, quarantined, sealed"
_PAGE = text(f"select {_COLUMNS} from ballot_box where box_id > :after order by box_id limit {PAGE_ROWS}")
_DUE = text("select employee_id, org_unit_id, weight_class from ballot_box where due order by box_id")
_QUARANTINED = text(f"select {_COLUMNS} from ballot_box where quarantined order by box_id")


@dataclass(frozen=True, slots=True)
class Target:
    """The owner of a box: an officer in a unit, a whole unit (no officer), or the city (no unit, no weight class)."""

    employee_id: UUID | None
    org_unit_id: str | None
    weight_class: str | None

    @property
    def box_id(self) -> UUID:
        return uuid5(_NAMESPACE, f"{self.employee_id}\n{self.weight_class}\n{self.org_unit_id}")

    @property
    def above(self) -> Target:
        """The box that receives the ballots that form no group by the end of the semester."""
        return CITY if self.employee_id is None else Target(None, self.org_unit_id, self.weight_class)


CITY = Target(None, None, None)


@dataclass(frozen=True, slots=True)
class OpenBox:
    """A decrypted box, read without its lock."""

    target: Target
    content: Content
    due: bool
    newest_seal: bool


class BallotBoxes:
    """Reads and writes boxes under the rules' group minimum."""

    def __init__(self, context: Context, rules: IntakeRules, keys: str) -> None:
        self.rules = rules
        self._context = context
        self._seal = Seal(keys)

    async def take(self, session: AsyncSession, target: Target) -> Content:
        """Locks a box until the end of the transaction and returns its content. Raises SealError."""
        await session.execute(_LOCK, {"box": str(target.box_id)})
        sealed = (await session.execute(_ONE, {"box": target.box_id})).scalar_one_or_none()
        return Content() if sealed is None else self._seal.open(target.box_id, sealed)[0]

    async def keep(self, session: AsyncSession, target: Target, content: Content) -> None:
        """Writes a box that this transaction has locked with `take`."""
        values: dict[str, Any] = {
            "box": target.box_id,
            "employee_id": target.employee_id,
            "org_unit_id": target.org_unit_id,
            "weight_class": target.weight_class,
            "due": self.is_due(target, content),
            "quarantined": bool(content.quarantined),
            "sealed": self._seal.close(target.box_id, content),
        }
        await session.execute(_KEEP, values)

    def is_due(self, target: Target, content: Content) -> bool:
        """Whether a group can be published from this box."""
        return target != CITY and bool(full_semesters(content, self.rules.group_minimum))

    async def due(self, session: AsyncSession) -> list[Target]:
        """The boxes from which a group can be published."""
        return [Target(*row) for row in await session.execute(_DUE)]

    async def quarantined(self, session: AsyncSession) -> list[OpenBox]:
        """The boxes that hold quarantined ballots. Raises SealError."""
        return [self._opened(row) for row in (await session.execute(_QUARANTINED)).all()]

    async def all(self) -> AsyncIterator[OpenBox]:
        """Every box, read page by page, not in one snapshot. Raises SealError."""
        after = UUID(int=0)
        while True:
            async with self._context.database.transaction() as session:
                rows = (await session.execute(_PAGE, {"after": after})).all()
            for row in rows:
                yield self._opened(row)
            if len(rows) < PAGE_ROWS:
                return
            after = rows[-1].box_id

    def _opened(self, row: Any) -> OpenBox:
        content, newest = self._seal.open(row.box_id, bytes(row.sealed))
        return OpenBox(Target(row.employee_id, row.org_unit_id, row.weight_class), content, row.due, newest)
