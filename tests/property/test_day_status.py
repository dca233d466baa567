"""What holds for every day, whatever the punches, excuses, outages and watermarks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from services.attendance.days.rules.day_inputs import DayInputs
from services.attendance.days.rules.day_status import day_status
from services.attendance.days.rules.windows import belongs_to_shift, shift_window
from services.attendance.hours.rules.day_hours import DayHours
from services.attendance.hours.rules.schedule import ScheduledShift
from services.attendance.leave.rules.excuse import Excuse, ExcuseKind, ExcuseState, Half
from services.attendance.machines.rules.site import Outage, SiteMachine
from services.attendance.punches.rules.attlog import parse_attlog
from services.attendance.punches.rules.punch import Direction, Punch
from tests.unit.attendance.days.day_helpers import MONDAY, NIGHT, OFFICE, WIB, local, rules, shift

ZONES = st.sampled_from(["Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura", "Asia/Kolkata", "UTC"]).map(ZoneInfo)
INSTANTS = st.integers(-12 * 3600, 44 * 3600).map(lambda seconds: local("00:00") + timedelta(seconds=seconds))
PUNCHES = st.builds(
    Punch, INSTANTS, st.sampled_from(["m1", "m2"]), st.sampled_from(Direction), st.booleans(), st.booleans()
)
MACHINES = st.builds(SiteMachine, st.just("m1"), st.none() | INSTANTS, st.booleans())
EXCUSES = st.builds(
    Excuse,
    st.sampled_from(["CUTI_SAKIT", "DINAS_LUAR"]),
    st.sampled_from(ExcuseKind),
    st.sampled_from(Half),
    st.sampled_from(ExcuseState),
)
OUTAGES = st.builds(Outage, INSTANTS, st.none() | INSTANTS, st.none() | st.just("m1"))
DAYS = st.builds(
    DayInputs,
    work_date=st.just(MONDAY),
    zone=st.just(WIB),
    scheduled=st.sampled_from([shift(OFFICE), shift(NIGHT)]),
    rules=st.just(rules()),
    as_of=st.sampled_from([local("06:00"), local("12:00"), local("+2 00:00")]),
    neighbours=st.sampled_from([(), (shift(NIGHT, MONDAY - timedelta(days=1)), shift(OFFICE, date(2026, 1, 6)))]),
    punches=st.lists(PUNCHES, max_size=6).map(tuple),
    excuses=st.lists(EXCUSES, max_size=2).map(tuple),
    machines=st.lists(MACHINES, max_size=2).map(tuple),
    outages=st.lists(OUTAGES, max_size=1).map(tuple),
)


@given(DAYS, st.data())
def test_order_and_duplicates_of_punches_do_not_matter(day: DayInputs, data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(day.punches))
    repeated = tuple(shuffled) + tuple(shuffled[: data.draw(st.integers(0, len(shuffled)))])
    assert day_status(replace(day, punches=repeated)) == day_status(day)


@given(DAYS)
def test_amounts_stay_in_their_ranges(day: DayInputs) -> None:
    result = day_status(day)
    assert 0 <= result.credited_minutes <= result.scheduled_minutes
    assert 0 <= result.late_minutes <= 2880
    assert 0 <= result.early_leave_minutes <= 2880
    assert Decimal(0) <= sum((each.percent for each in result.deductions), Decimal()) <= day.rules.absent_percent


@given(DAYS)
def test_a_provisional_day_is_never_absent(day: DayInputs) -> None:
    result = day_status(day)
    assert not (result.state == "provisional" and result.status == "absent")
    if result.status == "absent":
        assert result.credited_minutes == 0


@given(DAYS, PUNCHES)
def test_a_new_punch_never_makes_a_present_day_absent(day: DayInputs, late_arrival: Punch) -> None:
    if day_status(day).status == "present":
        assert day_status(replace(day, punches=(*day.punches, late_arrival))).status == "present"


@given(st.lists(st.tuples(st.integers(0, 47), st.integers(1, 24)), min_size=3, max_size=3), INSTANTS)
def test_a_punch_in_any_window_belongs_to_exactly_one_of_the_shifts(
    half_hours: list[tuple[int, int]], instant: datetime
) -> None:
    shifts = [_half_hour_shift(day, *each) for day, each in enumerate(half_hours, start=-1)]
    owners = [each for each in shifts if belongs_to_shift(instant, each, shifts, rules())]
    inside = any(instant in shift_window(each, rules()) for each in shifts)
    assert len(owners) == (1 if inside else 0)


def _half_hour_shift(day: int, start: int, length: int) -> ScheduledShift:
    hours = DayHours(time(start // 2, start % 2 * 30), time((start + length) // 2 % 24, (start + length) % 2 * 30))
    return shift(hours, MONDAY + timedelta(days=day))


@given(st.dates(date(2026, 1, 1), date(2026, 12, 31)), st.times(), st.integers(1, 24 * 60), ZONES, st.data())
def test_a_shift_and_its_punches_belong_to_the_date_it_starts(
    day: date, start: time, length: int, zone: ZoneInfo, data: st.DataObject
) -> None:
    end = (datetime.combine(day, start, UTC) + timedelta(minutes=length)).time()
    worked = shift(DayHours(start, end), day, zone)
    assert worked.start.astimezone(zone).date() == worked.work_date == day
    offset = data.draw(st.integers(-180 * 60, 240 * 60 + length * 60))
    instant = worked.start + timedelta(seconds=offset)
    assert belongs_to_shift(instant, worked, (), rules())


@settings(max_examples=200)
@given(st.binary(max_size=300) | st.text(alphabet="0123\t\n\r -:\0é", max_size=80).map(str.encode))
def test_any_post_body_gives_one_result_for_each_line_that_is_not_blank(body: bytes) -> None:
    text = body.decode("utf-8", errors="replace").removeprefix("\ufeff")
    assert len(parse_attlog(body)) == sum(1 for line in text.split("\n") if line.strip())
