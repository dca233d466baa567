"""Leave, duty, and days without hours."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from services.attendance.hours.rules.schedule import OffDay, UnconfirmedHoliday
from services.attendance.leave.rules.excuse import Excuse, ExcuseKind, ExcuseState, Half
from tests.unit.attendance.days.day_helpers import DUTY, LEAVE, MONDAY, judge, local, shift


class TestExcuses:
    def test_rejected_leave_does_nothing_and_is_not_mentioned(self) -> None:
        day = judge(excuses=(Excuse("CUTI_TAHUNAN", ExcuseKind.LEAVE, state=ExcuseState.REJECTED),))
        assert (day.status, day.reasons) == ("absent", ("ROSTER", "NO_PUNCH"))

    def test_leave_wins_over_punches_until_it_is_revoked(self) -> None:
        day = judge("07:20", "16:00", excuses=(LEAVE,))
        assert (day.status, day.excuse, day.scheduled_minutes, day.credited_minutes) == (
            "excused",
            "CUTI_SAKIT",
            450,
            0,
        )
        revoked = Excuse("CUTI_SAKIT", ExcuseKind.LEAVE, state=ExcuseState.REVOKED)
        assert judge("07:20", "16:00", excuses=(revoked,)).status == "present"

    def test_requested_leave_does_nothing_but_is_mentioned(self) -> None:
        day = judge(excuses=(Excuse("CUTI_TAHUNAN", ExcuseKind.LEAVE, state=ExcuseState.REQUESTED),))
        assert (day.status, day.excuse) == ("absent", None)
        assert "EXCUSE_REQUESTED" in day.reasons

    def test_duty_is_credited_in_full_and_leave_goes_first(self) -> None:
        day = judge(excuses=(DUTY,))
        assert (day.status, day.scheduled_minutes, day.credited_minutes) == ("official_duty", 450, 450)
        assert judge(excuses=(DUTY, LEAVE)).status == "excused"

    def test_an_excused_day_waits_for_its_end_not_for_machines(self) -> None:
        assert judge(excuses=(DUTY,), machines=()).state == "final"
        assert judge(excuses=(LEAVE,), as_of=local("19:59")).state == "provisional"

    @pytest.mark.parametrize(
        ("half", "punches", "scheduled", "late", "early"),
        [
            (Half.MORNING, ("13:05", "16:00"), 180, 5, 0),
            (Half.AFTERNOON, ("07:30", "11:50"), 270, 0, 10),
        ],
    )
    def test_half_a_day_is_computed_by_its_other_half(
        self, half: Half, punches: tuple[str, str], scheduled: int, late: int, early: int
    ) -> None:
        excuse = Excuse("IZIN", ExcuseKind.LEAVE, half)
        day = judge(*punches, excuses=(excuse,))
        assert (day.status, day.excuse, day.scheduled_minutes) == ("present", "IZIN", scheduled)
        assert (day.late_minutes, day.early_leave_minutes) == (late, early)
        assert day.credited_minutes == scheduled - late - early
        absent = judge(excuses=(excuse,))
        assert (absent.status, absent.excuse, "HALF_DAY" in absent.reasons) == ("absent", "IZIN", True)
        assert [each.percent for each in absent.deductions] == [Decimal("1.5")]

    def test_two_halves_make_a_whole(self) -> None:
        morning, afternoon = (Excuse("IZIN", ExcuseKind.LEAVE, half) for half in (Half.MORNING, Half.AFTERNOON))
        assert judge(excuses=(morning, afternoon)).status == "excused"
        duty = Excuse("DINAS_LUAR", ExcuseKind.DUTY, Half.MORNING)
        day = judge(excuses=(duty, afternoon))
        assert (day.status, day.excuse, day.scheduled_minutes, day.credited_minutes) == (
            "official_duty",
            "DINAS_LUAR",
            270,
            270,
        )

    def test_of_two_halves_the_one_on_duty_is_scheduled_and_credited(self) -> None:
        leave = Excuse("IZIN", ExcuseKind.LEAVE, Half.MORNING)
        duty = Excuse("DINAS_LUAR", ExcuseKind.DUTY, Half.AFTERNOON)
        day = judge(excuses=(leave, duty))
        assert (day.status, day.excuse, day.scheduled_minutes, day.credited_minutes) == (
            "official_duty",
            "DINAS_LUAR",
            180,
            180,
        )


class TestNothingToWork:
    def test_off_is_final_at_once(self) -> None:
        day = judge(scheduled=OffDay("CUTI_BERSAMA"), as_of=local("00:00"), machines=())
        assert (day.state, day.status, day.excuse, day.scheduled_minutes) == ("final", "off", "CUTI_BERSAMA", 0)

    def test_an_unconfirmed_holiday_is_unknown(self) -> None:
        day = judge(scheduled=UnconfirmedHoliday("LIBUR_NASIONAL", shift(), ("HOLIDAY_UNCONFIRMED",)))
        assert (day.state, day.status, day.scheduled_minutes) == ("provisional", "unknown", 450)

    @pytest.mark.parametrize(
        ("first", "last", "status"),
        [
            (MONDAY, MONDAY, "absent"),
            (MONDAY + timedelta(days=1), None, "off"),
            (None, MONDAY - timedelta(days=1), "off"),
        ],
    )
    def test_employment_dates_are_included(self, first: date | None, last: date | None, status: str) -> None:
        day = judge(active_from=first, active_to=last)
        assert day.status == status
        assert ("NOT_EMPLOYED" in day.reasons) is (status == "off")
