"""Compares the unexcused working days of a calendar year with a disciplinary ladder (PP 94/2021 art. 9-11 for PNS).

The result is an alert for the direct superior, who must examine (art. 26) and may be sanctioned for doing nothing
(art. 28). It is never a sanction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from services.scoring.policy.rules.ladder import Ladder, LadderStep

__all__ = ["DisciplineResult", "absence_flag", "discipline"]


@dataclass(frozen=True, slots=True)
class DisciplineResult:
    """Counts are whole scheduled working days. `step` and `level` are None below the first step or without a ladder.

    `reached_on` is the absence that reached the step. `sanction` is the step's text: a possible outcome, not a decision.
    `steps_reached` are the codes of all steps that the counts reach, the lightest first. `dates` are the unexcused days of
    the year, preceded by the days of a streak that started in the previous year.
    """

    year: int
    cumulative_days: int
    longest_streak_days: int
    current_streak_days: int
    step: str | None
    level: str | None
    sanction: str | None
    reached_on: date | None
    steps_reached: tuple[str, ...]
    dates: tuple[date, ...]
    reasons: tuple[str, ...]


def absence_flag(state: str, status: str, scheduled: int, excuse: str | None) -> bool | None:
    """How a work date enters `discipline`: True absent, False not absent, None not passed at all.

    Off days (weekend, holiday, collective leave) and days that are not final neither break nor extend a streak: None.
    Approved leave, presence, a half-day absence with a half-day excuse and an unknown day (machine outage: absence is
    not proven) break it: False. `scheduled` is in minutes.
    """
    if state != "final" or status == "off" or scheduled == 0:
        return None
    return status == "absent" and excuse is None


def discipline(days: Iterable[tuple[date, bool]], year: int, ladder: Ladder | None) -> DisciplineResult:
    """Counts (work date, absent) pairs, sorted by date, and finds the heaviest step that they reach in the year.

    The cumulative count restarts on 1 January; a streak continues across the year. Pass the scheduled working days of the
    year and, for such a streak, the days before it. Days after the year are ignored, so that a step reached in January
    belongs only to the new year's result. `ladder` is None for an employment type without one.
    Raises `ValueError` if the dates are not in strictly ascending order.
    """
    cumulative = longest = 0
    streak: list[date] = []
    dates: list[date] = []
    reached: tuple[LadderStep, date, str] | None = None
    previous: date | None = None
    for work_date, absent in days:
        if previous is not None and work_date <= previous:
            raise ValueError(
                f"work dates must be in ascending order: {work_date.isoformat()} follows {previous.isoformat()}"
            )
        previous = work_date
        if work_date.year > year:
            break
        if not absent:
            streak = []
            continue
        streak.append(work_date)
        if work_date.year < year:
            continue
        dates += [work_date] if dates else streak  # the first absence of the year brings the earlier days of its streak
        cumulative += 1
        longest = max(longest, len(streak))
        if ladder is not None:
            reached = _heavier(reached, ladder, work_date, cumulative, len(streak))
    step = reached[0] if reached else None
    return DisciplineResult(
        year=year,
        cumulative_days=cumulative,
        longest_streak_days=longest,
        current_streak_days=len(streak),
        step=step.code if step else None,
        level=step.level if step else None,
        sanction=step.sanction if step else None,
        reached_on=reached[1] if reached else None,
        steps_reached=() if ladder is None else ladder.reached_by(cumulative, longest),
        dates=tuple(dates),
        reasons=_reasons(cumulative, ladder, reached[2] if reached else None),
    )


def _heavier(
    reached: tuple[LadderStep, date, str] | None, ladder: Ladder, work_date: date, cumulative: int, current: int
) -> tuple[LadderStep, date, str] | None:
    for reason, step in (
        ("CUMULATIVE_DAYS", ladder.cumulative_step(cumulative)),
        ("CONSECUTIVE_DAYS", ladder.consecutive_step(current)),
    ):
        if step is not None and (reached is None or step.severity > reached[0].severity):
            reached = (step, work_date, reason)
    return reached


def _reasons(cumulative: int, ladder: Ladder | None, reason: str | None) -> tuple[str, ...]:
    if cumulative == 0:
        return ()
    if ladder is None:
        return ("NO_LADDER_FOR_EMPLOYMENT_TYPE",)
    return ("BELOW_FIRST_STEP",) if reason is None else (reason,)
