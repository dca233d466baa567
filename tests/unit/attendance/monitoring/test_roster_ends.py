"""Rosters that end soon, by unit, with the last date that has an entry."""

from __future__ import annotations

from datetime import date, timedelta

from services.attendance.monitoring.rules.roster_ends import RosteredOfficer, RosterEnd, roster_ends

SOON = date(2026, 8, 12)


def officer(unit: str, ahead: int | None, **more: bool) -> RosteredOfficer:
    return RosteredOfficer(unit, None if ahead is None else SOON + timedelta(days=ahead), **more)


def test_an_entry_on_the_date_or_later_is_enough() -> None:
    assert roster_ends([officer("igd", 0), officer("igd", 20)], SOON) == []
    assert roster_ends([officer("igd", -1), officer("igd", 20)], SOON) == [
        RosterEnd("igd", by_roster=2, without_entry=1, from_date=SOON, last_entry=SOON + timedelta(days=20))
    ]


def test_each_unit_is_listed_separately_and_one_without_entries_has_no_last_date() -> None:
    ends = roster_ends([officer("igd", -3), officer("damkar", None), officer("igd", -1), officer("satpol", 3)], SOON)
    assert [(end.org_unit_id, end.without_entry, end.last_entry) for end in ends] == [
        ("damkar", 1, None),
        ("igd", 2, SOON - timedelta(days=1)),
    ]


def test_an_officer_on_leave_needs_no_entry() -> None:
    assert roster_ends([officer("igd", -30, on_leave=True)], SOON) == []
