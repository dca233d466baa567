"""Computes the status of one officer's work date: a total pure function of its inputs.

Order of checks: employed on that date? working day? excused? Only then are the punches evaluated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from services.attendance.days.rules.completeness import open_reasons, why_unproven
from services.attendance.days.rules.day_inputs import DayInputs, DayResult
from services.attendance.days.rules.deductions import (
    MissingPunch,
    absence_deduction,
    band_deduction,
    cap_deductions,
    minutes_over,
    missing_deductions,
)
from services.attendance.days.rules.taps import Attendance, Tap, attendance_of, merge_taps
from services.attendance.days.rules.windows import Window, belongs_to_shift, shift_window
from services.attendance.hours.rules.schedule import MissingEntry, OffDay, ScheduledShift, UnconfirmedHoliday
from services.attendance.leave.rules.excuse import ExcuseKind, ExcuseState
from services.attendance.leave.rules.excuses import (
    ExcusedDay,
    MergedExcuses,
    RequiredPart,
    excused_day,
    merge_excuses,
    required_part,
    whole_day_excuse,
)
from services.attendance.people.rules.history import employment
from services.attendance.punches.rules.punch import Punch
from shared.contracts.events.attendance_day import DayStatus

__all__ = ["day_status"]


def day_status(inputs: DayInputs) -> DayResult:
    """Computes a day. Same inputs, same result; the order and number of equal punches do not matter.

    A provisional day is never absent, nor is a day with a counted punch. A day is absent only when every machine of the
    own site has uploaded everything up to the end of the shift's window.
    """
    if inputs.work_date not in employment(inputs.active_from or date.min, inputs.active_to):
        return DayResult("final", "off", reasons=("NOT_EMPLOYED",))
    scheduled = inputs.scheduled
    if isinstance(scheduled, OffDay):
        return DayResult("final", "off", scheduled.code, reasons=scheduled.reasons)
    if isinstance(scheduled, UnconfirmedHoliday):
        return DayResult(
            "provisional",
            "unknown",
            scheduled_minutes=scheduled.shift.minutes,
            reasons=(*scheduled.shift.reasons, *scheduled.reasons),
        )
    merged = merge_excuses(inputs.excuses)
    if isinstance(scheduled, MissingEntry):
        return _without_entry(scheduled, merged)
    excused = excused_day(merged, scheduled)
    if excused is not None:
        return _excused(inputs, scheduled, excused)
    return _result_of_shift(inputs, scheduled, required_part(merged, scheduled))


def _without_entry(scheduled: MissingEntry, merged: MergedExcuses) -> DayResult:
    """Unknown until the roster has an entry for the date; final when leave or duty covers the whole day."""
    whole = whole_day_excuse(merged)
    if whole is None:
        return DayResult("provisional", "unknown", reasons=scheduled.reasons)
    duty = whole.kind is ExcuseKind.DUTY
    status: DayStatus = "official_duty" if duty else "excused"
    return DayResult("final", status, whole.code, reasons=(*scheduled.reasons, "DUTY" if duty else "LEAVE"))


def _excused(inputs: DayInputs, shift: ScheduledShift, excused: ExcusedDay) -> DayResult:
    """No punch can change such a day, so it becomes final when the shift's window ends, without waiting for machines."""
    duty = excused.kind is ExcuseKind.DUTY
    over = inputs.as_of >= shift_window(shift, inputs.rules).end
    return DayResult(
        state="final" if over else "provisional",
        status="official_duty" if duty else "excused",
        excuse=excused.code,
        scheduled_minutes=excused.scheduled_minutes,
        credited_minutes=excused.scheduled_minutes if duty else 0,
        reasons=(*shift.reasons, "DUTY" if duty else "LEAVE", *(() if over else ("DAY_NOT_OVER",))),
    )


@dataclass(frozen=True, slots=True)
class _Evidence:
    """The punches in the shift's window, merged into taps, and reason codes about them."""

    taps: list[Tap]
    remarks: tuple[str, ...]


def _evidence(inputs: DayInputs, shift: ScheduledShift) -> _Evidence:
    own = [punch for punch in inputs.punches if belongs_to_shift(punch.at, shift, inputs.neighbours, inputs.rules)]
    counted: list[Punch] = [punch for punch in own if punch.counted]
    remarks: list[str] = []
    if len(counted) < len(own):
        remarks.append("PUNCH_NOT_COUNTED")
    if any(not punch.own_site for punch in counted):
        remarks.append("OTHER_SITE")
    return _Evidence(merge_taps(counted, inputs.rules.tap_merge_seconds), tuple(remarks))


def _result_of_shift(inputs: DayInputs, shift: ScheduledShift, part: RequiredPart) -> DayResult:
    window = shift_window(shift, inputs.rules)
    evidence = _evidence(inputs, shift)
    pending = open_reasons(inputs, window)
    context = (*shift.reasons, *(("HALF_DAY",) if part.is_half else ()), *evidence.remarks)
    blank = DayResult(
        state="provisional" if pending else "final",
        status="unknown",
        excuse=part.excuse,
        scheduled_minutes=part.minutes,
        reasons=(*context, *pending),
    )
    if evidence.taps:
        return _present(inputs, part, window, attendance_of(evidence.taps, part.start, part.end), blank)
    if pending:
        return blank
    return _without_punch(inputs, part, window, blank)


def _without_punch(inputs: DayInputs, part: RequiredPart, window: Window, blank: DayResult) -> DayResult:
    unproven = why_unproven(inputs, window)
    if unproven:
        return replace(blank, reasons=(*blank.reasons, unproven))
    requested = any(excuse.state is ExcuseState.REQUESTED for excuse in inputs.excuses)
    return replace(
        blank,
        status="absent",
        deductions=(absence_deduction(inputs.rules, half_day=part.is_half),),
        reasons=(*blank.reasons, "NO_PUNCH", *(("EXCUSE_REQUESTED",) if requested else ())),
    )


def _present(
    inputs: DayInputs, part: RequiredPart, window: Window, attendance: Attendance, blank: DayResult
) -> DayResult:
    """Computes a day with at least one punch. Early leave and missing punches need a final day: more punches may come."""
    rules = inputs.rules
    final = blank.state == "final"
    arrival, departure = attendance.arrival, attendance.departure
    late = minutes_over(part.start, arrival, rules.grace_minutes) if arrival else 0
    early = minutes_over(departure, part.end, rules.grace_minutes) if departure and final else 0
    gaps = _gaps(attendance) if final else ()
    unproven = {side: why_unproven(inputs, _side_span(side, part, window)) for side in gaps}
    missing = tuple(side for side in gaps if unproven[side] is None)
    charged = cap_deductions(
        [
            *band_deduction(late, rules.late_bands),
            *band_deduction(early, rules.early_bands),
            *missing_deductions(missing, rules),
        ],
        absence_deduction(rules, half_day=part.is_half).percent,
    )
    remarks = {
        "LATE": late > 0,
        "EARLY_LEAVE": early > 0,
        "IN_MISSING": "in" in missing,
        "OUT_MISSING": "out" in missing,
        "OUTAGE": "OUTAGE" in unproven.values(),
        "NO_MACHINE": "NO_MACHINE" in unproven.values(),
        "DAY_CAP": charged.capped,
    }
    return replace(
        blank,
        status="present",
        credited_minutes=_credited(part.minutes, late + early, len(missing), inputs),
        late_minutes=late,
        early_leave_minutes=early,
        missing_punches=missing,
        first_in=_local(arrival, inputs),
        last_out=_local(departure, inputs),
        deductions=charged.items,
        reasons=(*blank.reasons, *(code for code, applies in remarks.items() if applies)),
    )


def _gaps(attendance: Attendance) -> tuple[MissingPunch, ...]:
    sides: tuple[tuple[Literal["in", "out"], datetime | None], ...] = (
        ("in", attendance.arrival),
        ("out", attendance.departure),
    )
    return tuple(side for side, instant in sides if instant is None)


def _side_span(side: MissingPunch, part: RequiredPart, window: Window) -> Window:
    """The time in which the missing punch would have been: the half of the window before or after the middle."""
    middle = part.start + (part.end - part.start) / 2
    return Window(window.start, middle) if side == "in" else Window(middle, window.end)


def _credited(scheduled: int, lost_minutes: int, missing: int, inputs: DayInputs) -> int:
    """Scheduled minutes minus lost minutes; first each missing punch removes a share of the scheduled minutes (rules)."""
    credit = 1 - missing * (1 - inputs.rules.missing_punch_credit)
    return max(0, int(scheduled * credit) - lost_minutes)


def _local(instant: datetime | None, inputs: DayInputs) -> datetime | None:
    return None if instant is None else instant.astimezone(inputs.zone)
