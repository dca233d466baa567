"""Edge cases of the day status."""

from __future__ import annotations

from datetime import time, timedelta
from decimal import Decimal

import pytest

from services.attendance.hours.rules.day_hours import DayHours
from services.attendance.hours.rules.schedule import MissingEntry
from services.attendance.leave.rules.excuse import Excuse, ExcuseKind, Half
from services.attendance.machines.rules.site import MachineActivity, Outage, SiteMachine
from services.attendance.punches.rules.punch import Direction
from tests.unit.attendance.days.day_helpers import (
    DUTY,
    LEAVE,
    MONDAY,
    NIGHT,
    judge,
    local,
    machine,
    punch,
    shift,
)


class TestWindow:
    @pytest.mark.parametrize(
        ("only", "status"),
        [("04:30", "present"), ("04:29:59", "absent"), ("20:00", "present"), ("20:00:01", "absent")],
    )
    def test_a_punch_counts_180_minutes_before_to_240_after(self, only: str, status: str) -> None:
        assert judge(only).status == status

    def test_overlapping_windows_part_at_the_earlier_end_then_at_the_nearer_border(self) -> None:
        night = shift(NIGHT, MONDAY - timedelta(days=1))  # ends at 06:00 on Monday; the office day starts at 07:30
        assert judge("05:59", neighbours=(night,)).status == "absent"
        assert judge("06:45", neighbours=(night,)).status == "absent"  # a tie goes to the earlier shift
        assert judge("06:46", neighbours=(night,)).first_in == local("06:46")
        for text, status in (("+1 06:45", "present"), ("+1 06:46", "absent")):
            tuesday = shift(day=MONDAY + timedelta(days=1))
            changes = {"scheduled": shift(NIGHT), "neighbours": (tuesday,), "machines": (machine("+1 10:00"),)}
            assert judge(text, as_of=local("+1 10:00"), **changes).status == status

    def test_of_shifts_that_overlap_the_earlier_has_what_comes_up_to_its_end(self) -> None:
        long_night = shift(DayHours(time(22), time(8)), MONDAY - timedelta(days=1))
        assert judge("08:00", neighbours=(long_night,)).status == "absent"
        assert judge("08:00:01", neighbours=(long_night,)).status == "present"

    def test_a_night_shift_belongs_to_the_date_it_starts(self) -> None:
        night = {"scheduled": shift(NIGHT), "as_of": local("+1 10:00"), "machines": (machine("+1 10:00"),)}
        day = judge("21:55", "+1 06:05", **night)
        assert (day.status, day.credited_minutes, day.scheduled_minutes) == ("present", 420, 420)
        assert day.last_out is not None
        assert day.last_out.isoformat() == "2026-01-06T06:05:00+07:00"


class TestTaps:
    def test_first_in_last_out(self) -> None:
        day = judge("12:01", "07:25", "16:02", "13:00")
        assert (day.first_in, day.last_out, day.credited_minutes) == (local("07:25"), local("16:02"), 450)

    def test_punches_within_60_seconds_are_one_tap(self) -> None:
        assert judge("07:35:00", "07:36:00").missing_punches == ("out",)
        assert judge("07:35:00", "07:36:01").missing_punches == ()
        day = judge("07:29:50", "07:30:10", "15:59:50", "16:00:10")
        assert (day.late_minutes, day.early_leave_minutes) == (0, 0)

    def test_no_arrival_after_the_end_and_no_departure_before_the_start(self) -> None:
        assert judge("07:00", "07:10").missing_punches == ("out",)
        assert judge("16:05", "17:00").missing_punches == ("in",)

    def test_a_trusted_direction_decides(self) -> None:
        day = judge(punch("07:25", Direction.IN), punch("08:00", Direction.IN))
        assert (day.first_in, day.missing_punches) == (local("07:25"), ("out",))
        day = judge(punch("07:25", Direction.IN), punch("16:05", Direction.OUT), punch("16:10", Direction.IN))
        assert (day.last_out, day.missing_punches) == (local("16:05"), ())
        assert judge(punch("09:00", Direction.OUT)).missing_punches == ("in",)

    def test_a_departure_before_the_arrival_proves_presence_only(self) -> None:
        day = judge(punch("12:00", Direction.OUT), punch("13:00", Direction.IN))
        assert (day.status, day.missing_punches, day.credited_minutes) == ("present", ("in", "out"), 0)
        assert sum(each.percent for each in day.deductions) == Decimal(3)

    def test_an_untrusted_punch_is_not_counted_but_mentioned(self) -> None:
        day = judge(punch("07:25", counted=False))
        assert day.status == "absent"
        assert "PUNCH_NOT_COUNTED" in day.reasons

    def test_a_punch_at_another_site_counts(self) -> None:
        day = judge(punch("07:25", own_site=False), "16:01")
        assert (day.credited_minutes, "OTHER_SITE" in day.reasons) == (450, True)


class TestFinality:
    def test_final_when_every_mark_is_at_the_end_of_the_window(self) -> None:
        assert judge(machines=(machine("20:00"),)).status == "absent"
        late = SiteMachine("m2", local("19:59:59"))
        day = judge(machines=(machine("20:00"), late))
        assert (day.state, day.status) == ("provisional", "unknown")
        assert "AWAITING_MACHINES" in day.reasons

    @pytest.mark.parametrize(
        "machines",
        [(), (machine(None),), (machine(clock_ok=False),), (machine(in_service_to=local("-1 00:00")),)],
    )
    def test_never_absent_without_a_credible_watermark(self, machines: tuple[SiteMachine, ...]) -> None:
        day = judge(machines=machines)
        assert (day.state, day.status) == ("provisional", "unknown")

    def test_a_machine_put_up_later_or_taken_down_holds_nothing_open(self) -> None:
        new = SiteMachine("m2", None, in_service_from=local("+1 08:00"))
        gone = SiteMachine("m3", local("12:00"), in_service_to=local("12:00"))
        assert judge(machines=(machine(), new, gone)).state == "final"

    def test_a_provisional_day_says_what_is_known(self) -> None:
        day = judge("07:40", as_of=local("09:00"), machines=(machine("09:00"),))
        assert (day.state, day.status, day.late_minutes) == ("provisional", "present", 10)
        assert (day.missing_punches, day.early_leave_minutes) == ((), 0)
        assert "DAY_NOT_OVER" in day.reasons
        assert judge("07:20", "12:00", as_of=local("12:30"), machines=(machine("12:30"),)).early_leave_minutes == 0


class TestUnattended:
    """Between the old machine and the new one nobody can punch."""

    @staticmethod
    def judged(until: str | None, since: str | None, *punches: str) -> tuple[str, tuple[str, ...], bool]:
        """Status, missing punches, NO_MACHINE. One machine stood until `until`, one from `since` (None: no machine)."""
        left = [] if until is None else [machine(in_service_to=local(until))]
        came = [] if since is None else [SiteMachine("m2", local("+1 00:00"), in_service_from=local(since))]
        day = judge(*punches, machines=(*came, *left))
        assert day.state == "final"
        assert day.lacked_machine == ("NO_MACHINE" in day.reasons)
        return day.status, day.missing_punches, "NO_MACHINE" in day.reasons

    @pytest.mark.parametrize(
        ("until", "since"),
        [
            ("12:00", "12:00"),
            ("12:00", "11:00"),
            ("20:00", None),
            ("20:00", "+1 07:00"),
            (None, "04:30"),
            (None, "-1 08:00"),
        ],
    )
    def test_without_a_gap_it_is_an_absence(self, until: str | None, since: str | None) -> None:
        assert self.judged(until, since) == ("absent", (), False)

    @pytest.mark.parametrize(
        ("until", "since"),
        [("12:00", "12:01"), ("19:59:59", None), ("12:00", "+1 07:00"), (None, "04:30:01"), ("04:30", "09:00")],
    )
    def test_in_a_gap_it_is_unknown(self, until: str | None, since: str | None) -> None:
        assert self.judged(until, since) == ("unknown", (), True)

    def test_a_punch_is_missing_only_where_it_could_be_given(self) -> None:
        assert self.judged("15:00", "17:00", "07:20") == ("present", (), True)
        assert self.judged("15:00", "17:00", "16:30") == ("present", ("in",), False)
        assert self.judged("05:00", "06:00", "16:30") == ("present", (), True)


class TestOutage:
    ALL_DAY = Outage(local("00:00"), local("+1 00:00"), "m1")

    def test_an_outage_day_is_unknown_never_absent(self) -> None:
        day = judge(outages=(self.ALL_DAY,))
        assert (day.state, day.status, day.scheduled_minutes, day.credited_minutes) == ("final", "unknown", 450, 0)
        assert day.deductions == ()
        assert day.lacked_machine
        assert judge(outages=(Outage(local("-1 00:00"), local("00:10"), "m1"),)).status == "absent"

    def test_another_machine_that_worked_then_makes_it_an_absence_again(self) -> None:
        other = MachineActivity("m2", local("07:00"), local("16:00"))
        itself = MachineActivity("m1", local("07:00"), local("16:00"))
        assert judge(outages=(self.ALL_DAY,), activity=(other,)).status == "absent"
        assert judge(outages=(self.ALL_DAY,), activity=(itself,)).status == "unknown"
        assert judge(outages=(Outage(local("00:00"), None),), activity=(itself,)).status == "absent"

    def test_proven_presence_stays_and_only_the_lost_side_is_forgiven(self) -> None:
        evening = Outage(local("15:00"), None, "m1")
        day = judge("07:40", outages=(evening,))
        assert (day.status, day.missing_punches, day.credited_minutes) == ("present", (), 440)
        assert "OUTAGE" in day.reasons
        assert judge("16:05", outages=(evening,)).missing_punches == ("in",)
        assert judge("07:40", "15:00", outages=(evening,)).early_leave_minutes == 60

    def test_a_machine_silent_beyond_the_rule_is_an_outage(self) -> None:
        silent = machine("10:00")
        week_later = local("10:00") + timedelta(days=7)
        assert judge(machines=(silent,), as_of=week_later).state == "provisional"
        day = judge(machines=(silent,), as_of=week_later + timedelta(seconds=1))
        assert (day.state, day.status) == ("final", "unknown")

    def test_its_silence_counts_from_when_it_is_awaited(self) -> None:
        """A machine silent elsewhere or registered late gets the same time as any other."""
        came, week_later = local("10:00"), local("10:00") + timedelta(days=7)
        for told in (local("-1 10:00") - timedelta(days=90), None):
            fresh = SiteMachine("m2", told, in_service_from=local("-1 10:00"), awaited_since=came)
            assert judge(machines=(machine(), fresh), as_of=week_later).state == "provisional"
            day = judge(machines=(machine(), fresh), as_of=week_later + timedelta(seconds=1))
            assert (day.state, day.status) == ("final", "unknown")

    def test_a_silent_machine_explains_nothing_before_it_came(self) -> None:
        came = SiteMachine("m2", local("10:00"), in_service_from=local("18:00"))
        day = judge("16:05", machines=(machine(), came), as_of=local("10:00") + timedelta(days=8))
        assert (day.state, day.missing_punches) == ("final", ("in",))


class TestMissingEntry:
    def test_it_is_unknown_until_the_roster_says_something(self) -> None:
        for punches in ((), ("07:20", "16:00")):
            day = judge(*punches, scheduled=MissingEntry(), as_of=local("+9 00:00"))
            assert (day.state, day.status, day.scheduled_minutes) == ("provisional", "unknown", 0)
            assert day.reasons == ("ROSTER_NO_ENTRY",)

    def test_on_leave_for_the_whole_day_nothing_is_left_to_ask(self) -> None:
        day = judge(scheduled=MissingEntry(), excuses=(LEAVE,))
        assert (day.state, day.status, day.excuse) == ("final", "excused", "CUTI_SAKIT")
        assert judge(scheduled=MissingEntry(), excuses=(DUTY,)).status == "official_duty"
        half = Excuse("IZIN", ExcuseKind.LEAVE, Half.MORNING)
        assert judge(scheduled=MissingEntry(), excuses=(half,)).status == "unknown"

    def test_outside_the_employment_there_is_no_roster(self) -> None:
        day = judge(scheduled=MissingEntry(), active_to=MONDAY - timedelta(days=1))
        assert (day.state, day.status) == ("final", "off")
