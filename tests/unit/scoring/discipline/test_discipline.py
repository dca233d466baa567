from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import pytest

from services.scoring.discipline.rules.discipline import DisciplineResult, absence_flag, discipline
from services.scoring.policy.rules.ladder import Ladder
from tests.unit.scoring.policy.rule_data import shipped_discipline


def pns() -> Ladder:
    ladder = shipped_discipline().ladder_for("PNS")
    assert ladder is not None
    return ladder


def weekdays(first: date, last: date, without: Iterable[date] = ()) -> list[date]:
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [day for day in days if day.weekday() < 5 and day not in set(without)]


def judged(days: list[date], absent: Iterable[date], year: int = 2026) -> DisciplineResult:
    gone = set(absent)
    return discipline([(day, day in gone) for day in days], year, pns())


LEBARAN = [date(2026, 3, day) for day in range(18, 25)]
MARCH = weekdays(date(2026, 3, 2), date(2026, 3, 31), without=LEBARAN)


def test_ten_working_days_in_a_row_reach_across_weekends_and_holidays() -> None:
    absent = [day for day in MARCH if date(2026, 3, 9) <= day <= date(2026, 3, 27)]
    result = judged([day for day in MARCH if day <= date(2026, 3, 27)], absent)
    assert (result.cumulative_days, result.longest_streak_days, result.current_streak_days) == (10, 10, 10)
    assert (result.step, result.level, result.reached_on) == ("PEMBERHENTIAN", "HEAVY", date(2026, 3, 27))
    assert result.reasons == ("CONSECUTIVE_DAYS",)
    day_before = judged([day for day in MARCH if day <= date(2026, 3, 26)], absent)
    assert (day_before.longest_streak_days, day_before.step) == (9, "PERNYATAAN_TIDAK_PUAS")


def test_approved_leave_inside_breaks_the_streak() -> None:
    leave = date(2026, 3, 16)
    absent = [day for day in MARCH if date(2026, 3, 9) <= day <= date(2026, 3, 27) and day != leave]
    result = judged(MARCH, absent)
    assert (result.cumulative_days, result.longest_streak_days, result.current_streak_days) == (9, 5, 0)
    assert result.step == "PERNYATAAN_TIDAK_PUAS"


def test_ten_scattered_days_are_light_and_ten_in_a_row_are_heavy() -> None:
    days = weekdays(date(2026, 1, 1), date(2026, 12, 31))
    scattered = judged(days, days[5:205:20])
    assert (scattered.cumulative_days, scattered.longest_streak_days) == (10, 1)
    assert (scattered.step, scattered.level) == ("PERNYATAAN_TIDAK_PUAS", "LIGHT")
    assert scattered.reasons == ("CUMULATIVE_DAYS",)
    in_a_row = judged(days, days[5:15])
    assert (in_a_row.cumulative_days, in_a_row.step, in_a_row.level) == (10, "PEMBERHENTIAN", "HEAVY")


@pytest.mark.parametrize(
    ("count", "step", "level"),
    [
        (0, None, None),
        (1, None, None),
        (2, None, None),
        (3, "TEGURAN_LISAN", "LIGHT"),
        (4, "TEGURAN_TERTULIS", "LIGHT"),
        (6, "TEGURAN_TERTULIS", "LIGHT"),
        (7, "PERNYATAAN_TIDAK_PUAS", "LIGHT"),
        (10, "PERNYATAAN_TIDAK_PUAS", "LIGHT"),
        (11, "POTONGAN_TPP_6_BULAN", "MEDIUM"),
        (13, "POTONGAN_TPP_6_BULAN", "MEDIUM"),
        (14, "POTONGAN_TPP_9_BULAN", "MEDIUM"),
        (16, "POTONGAN_TPP_9_BULAN", "MEDIUM"),
        (17, "POTONGAN_TPP_12_BULAN", "MEDIUM"),
        (20, "POTONGAN_TPP_12_BULAN", "MEDIUM"),
        (21, "PENURUNAN_JABATAN", "HEAVY"),
        (24, "PENURUNAN_JABATAN", "HEAVY"),
        (25, "PEMBEBASAN_JABATAN", "HEAVY"),
        (27, "PEMBEBASAN_JABATAN", "HEAVY"),
        (28, "PEMBERHENTIAN", "HEAVY"),
        (100, "PEMBERHENTIAN", "HEAVY"),
    ],
)
def test_borders_of_the_cumulative_ladder(count: int, step: str | None, level: str | None) -> None:
    days = weekdays(date(2026, 1, 1), date(2026, 12, 31))
    result = judged(days, days[: 2 * count : 2])
    assert (result.cumulative_days, result.step, result.level) == (count, step, level)
    assert result.dates == tuple(days[: 2 * count : 2])
    codes = [one.code for one in pns().steps]
    assert list(result.steps_reached) == ([] if step is None else codes[: codes.index(step) + 1])


def test_ten_in_a_row_reach_the_last_step_and_not_those_between() -> None:
    days = weekdays(date(2026, 1, 1), date(2026, 12, 31))
    assert judged(days, days[5:15]).steps_reached == (
        "TEGURAN_LISAN", "TEGURAN_TERTULIS", "PERNYATAAN_TIDAK_PUAS", "PEMBERHENTIAN",
    )  # fmt: skip


def test_one_and_two_days_reach_no_step_and_say_so() -> None:
    days = weekdays(date(2026, 1, 5), date(2026, 1, 9))
    assert judged(days, days[:2]).reasons == ("BELOW_FIRST_STEP",)
    assert judged(days, []).reasons == ()


def test_the_count_begins_anew_on_1_january_but_a_streak_runs_on() -> None:
    days = weekdays(date(2026, 12, 1), date(2027, 1, 29))
    absent = [day for day in days if date(2026, 12, 24) <= day <= date(2027, 1, 6)]
    old, new = judged(days, absent, 2026), judged(days, absent, 2027)
    assert (old.cumulative_days, old.longest_streak_days, old.current_streak_days) == (6, 6, 6)
    assert old.step == "TEGURAN_TERTULIS"
    assert (new.cumulative_days, new.longest_streak_days, new.current_streak_days) == (4, 10, 0)
    assert (new.step, new.reached_on) == ("PEMBERHENTIAN", date(2027, 1, 6))
    # the dates of each result: those of the year, and earlier ones of a streak that enters the year
    assert (list(old.dates), list(new.dates)) == ([day for day in absent if day.year == 2026], absent)
    earlier = date(2026, 12, 1)
    assert earlier not in judged(days, [earlier, *absent], 2027).dates
    later = date(2027, 1, 20)
    assert list(judged(days, [*absent, later], 2027).dates) == [*absent, later]


def test_a_streak_that_ended_with_the_year_does_not_touch_the_next() -> None:
    days = weekdays(date(2026, 12, 1), date(2027, 1, 29))
    absent = [day for day in days if day.year == 2026]
    result = judged(days, absent, 2027)
    assert (result.cumulative_days, result.longest_streak_days, result.step, result.dates) == (0, 0, None, ())
    assert judged(days, [*absent, days[-1]], 2027).dates == (days[-1],)


def test_a_heavier_step_is_not_lost_when_the_streak_ends() -> None:
    days = weekdays(date(2026, 1, 1), date(2026, 12, 31))
    result = judged(days, [*days[:10], days[50]])
    assert (result.cumulative_days, result.current_streak_days, result.step) == (11, 0, "PEMBERHENTIAN")


@pytest.mark.parametrize("employment_type", ["PPPK", "PPPK_PART_TIME"])
def test_pppk_are_counted_without_a_ladder(employment_type: str) -> None:
    days = weekdays(date(2026, 1, 1), date(2026, 3, 31))
    ladder = shipped_discipline().ladder_for(employment_type)
    result = discipline([(day, True) for day in days], 2026, ladder)
    assert (result.cumulative_days, result.step, result.level) == (len(days), None, None)
    assert result.reasons == ("NO_LADDER_FOR_EMPLOYMENT_TYPE",)


@pytest.mark.parametrize("days", [[2, 1], [1, 1]])
def test_days_out_of_order_are_refused(days: list[int]) -> None:
    with pytest.raises(ValueError, match="must be in ascending order"):
        discipline([(date(2026, 1, day), True) for day in days], 2026, pns())


@pytest.mark.parametrize(
    ("state", "status", "scheduled", "excuse", "flag"),
    [
        ("final", "absent", 450, None, True),
        ("final", "absent", 225, "CUTI_TAHUNAN", False),
        ("final", "present", 450, None, False),
        ("final", "excused", 450, "CUTI_SAKIT", False),
        ("final", "official_duty", 450, "DINAS_LUAR", False),
        ("final", "unknown", 450, None, False),
        ("final", "off", 0, "CUTI_BERSAMA", None),
        ("final", "off", 450, None, None),
        ("final", "absent", 0, None, None),
        ("final", "absent", 1, None, True),
        ("provisional", "absent", 450, None, None),
        ("provisional", "present", 450, None, None),
    ],
)
def test_what_a_day_does_to_a_streak(
    state: str, status: str, scheduled: int, excuse: str | None, flag: bool | None
) -> None:
    assert absence_flag(state, status, scheduled, excuse) is flag


@pytest.mark.parametrize(("count", "reached_by"), [(3, 3), (4, 4), (6, 4), (7, 7), (10, 7), (11, 11), (13, 11)])
def test_a_step_keeps_the_date_of_the_absence_that_reached_it(count: int, reached_by: int) -> None:
    days = weekdays(date(2026, 1, 1), date(2026, 12, 31))
    absent = days[5:205:10][:count]
    assert judged(days, absent).reached_on == absent[reached_by - 1]


def test_a_result_names_its_year_and_the_laws_sanction() -> None:
    days = weekdays(date(2026, 1, 1), date(2026, 12, 31))
    result = judged(days, days[5:205:20][:3])
    assert (result.year, result.step, result.sanction) == (2026, "TEGURAN_LISAN", "Teguran lisan")
    below = judged(days, days[:1])
    assert (below.year, below.step, below.level, below.sanction, below.reached_on) == (2026, None, None, None, None)
