"""An officer, a superior, and the incoming records that lead to notices about them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from shared.contracts.examples import EXAMPLES
from shared.contracts.topics import DISCIPLINE, SCORE
from shared.messaging.consuming.incoming import Incoming
from tests.fixtures.records import incoming

OFFICER, SUPERIOR = uuid4(), uuid4()
STEPS = ("TEGURAN_LISAN", "TEGURAN_TERTULIS", "PERNYATAAN_TIDAK_PUAS")
LIMITS = (3, 4, 7)


def score(
    value: str | None, revision: int = 1, quality: str | None = "85.20", days: int = 80, **changes: Any
) -> Incoming:
    """A complete score of the officer with `days` final days."""
    record = EXAMPLES[SCORE.name][0] | {"employee_id": str(OFFICER), "revision": revision, "score": value}
    return incoming(SCORE, record | {"indicators": indicators(quality, days)} | changes)


def indicators(quality: str | None, days: int = 80) -> list[dict[str, Any]]:
    found = [dict(item) for item in EXAMPLES[SCORE.name][0]["indicators"]]
    found[0]["n"] = days
    found[1] |= {"value": quality, "state": "assessed" if quality is not None else "too_few"}
    return found


def absences(days: int, revision: int = 1, officer: UUID = OFFICER, year: int = 2026, **changes: Any) -> Incoming:
    """An officer's unexcused days of a year, with the steps for a PNS."""
    reached = [step for step, limit in zip(STEPS, LIMITS, strict=True) if days >= limit]
    record = EXAMPLES[DISCIPLINE.name][0] | {
        "employee_id": str(officer),
        "revision": revision,
        "year": year,
        "cumulative_days": days,
        "longest_streak_days": min(days, 2),
        "step": reached[-1] if reached else None,
        "level": "LIGHT" if reached else None,
        "steps_reached": reached,
        "unexcused_dates": [(date(year, 7, 1) + timedelta(days=2 * n)).isoformat() for n in range(days)],
        "reasons": ["CUMULATIVE_DAYS" if reached else "BELOW_FIRST_STEP"],
    }
    return incoming(DISCIPLINE, record | changes)
