"""Which machines a day waits for, and which of their gaps explain a missing punch."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.attendance.days.rules.completeness import silent_since
from services.attendance.days.rules.day_inputs import DayResult
from services.attendance.days.rules.day_status import day_status
from services.attendance.machines.rules.site import MachineActivity, Outage, SiteMachine
from tests.unit.attendance.days.day_helpers import inputs, local, machine

LATER = local("00:00") + timedelta(days=9)


def judge(*punches: Any, **changes: Any) -> DayResult:
    return day_status(inputs(*punches, **changes))


@pytest.mark.parametrize(
    ("machine", "since"),
    [
        (SiteMachine("m1", local("10:00")), "10:00"),
        (SiteMachine("m1", local("10:00"), in_service_from=local("08:00")), "10:00"),
        (SiteMachine("m1", local("08:00"), in_service_from=local("10:00")), "10:00"),
        (SiteMachine("m1", None, in_service_from=local("08:00")), "08:00"),
        # never reported and always in service: from when it is awaited
        (SiteMachine("m1", None, awaited_since=local("09:00")), "09:00"),
        (SiteMachine("m1", None), None),
    ],
)
def test_what_a_silent_machine_may_have_lost_begins_at_its_last_report(machine: SiteMachine, since: str | None) -> None:
    assert silent_since(machine, LATER, 7) == (since and local(since))


@pytest.mark.parametrize(
    ("times", "state"),
    [
        ({"in_service_from": local("20:00")}, "provisional"),
        ({"in_service_from": local("20:00:01")}, "final"),
        ({"in_service_to": local("04:30")}, "provisional"),
        ({"in_service_to": local("04:29:59")}, "final"),
    ],
)
def test_a_machine_that_serves_at_the_border_of_the_window_keeps_the_day_open(
    times: dict[str, Any], state: str
) -> None:
    assert judge(machines=(machine(), SiteMachine("m2", local("-1 00:00"), **times))).state == state


def test_the_outage_of_a_silent_machine_ends_with_its_service() -> None:
    gone = SiteMachine("m2", local("05:00"), in_service_to=local("06:00"))
    day = judge("07:20", machines=(machine(), gone), as_of=LATER)
    assert (day.state, day.missing_punches) == ("final", ("out",))
    assert judge("16:05", machines=(machine(), gone), as_of=LATER).missing_punches == ()


def test_a_silent_machines_own_punches_do_not_show_that_another_worked() -> None:
    silent = machine("10:00")
    for name, status in (("m1", "unknown"), ("m2", "absent")):
        worked = MachineActivity(name, local("12:00"), local("13:00"))
        assert judge(machines=(silent,), activity=(worked,), as_of=LATER).status == status


@pytest.mark.parametrize(
    ("outage", "worked", "status"),
    [
        # an outage that only touches the window takes no time from it
        (Outage(local("00:00"), local("04:30"), "m1"), None, "absent"),
        (Outage(local("00:00"), local("04:30:01"), "m1"), None, "unknown"),
        (Outage(local("20:00"), None, "m1"), None, "absent"),
        (Outage(local("19:59:59"), None, "m1"), None, "unknown"),
        # a punch at its first or last instant shows that another machine worked
        (Outage(local("08:00"), local("12:00"), "m1"), ("12:00", "13:00"), "absent"),
        (Outage(local("08:00"), local("12:00"), "m1"), ("12:00:01", "13:00"), "unknown"),
        (Outage(local("08:00"), local("12:00"), "m1"), ("07:00", "08:00"), "absent"),
        (Outage(local("08:00"), local("12:00"), "m1"), ("07:00", "07:59:59"), "unknown"),
    ],
)
def test_an_outage_explains_an_absence_unless_another_machine_worked(
    outage: Outage, worked: tuple[str, str] | None, status: str
) -> None:
    activity = () if worked is None else (MachineActivity("m2", local(worked[0]), local(worked[1])),)
    assert judge(outages=(outage,), activity=activity).status == status


def test_the_halves_in_which_a_punch_may_be_lost_meet_in_the_middle_of_the_shift() -> None:
    before = Outage(local("10:30"), local("11:45"), "m1")
    assert judge("07:20", outages=(before,)).missing_punches == ("out",)
    assert judge("16:05", outages=(before,)).missing_punches == ()
    after = Outage(local("11:45"), local("13:00"), "m1")
    assert judge("07:20", outages=(after,)).missing_punches == ()
    assert judge("16:05", outages=(after,)).missing_punches == ("in",)
