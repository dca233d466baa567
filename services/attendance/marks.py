"""Up to when a machine has told everything: the mark that decides when a missing punch may mean an absence.

A machine uploads its backlog oldest first, so a late record shows that everything before it has come. A machine that
polls twice with nothing uploaded in between has nothing left to tell. A live record proves neither: the machine may
still hold older ones. While its clock is wrong, its times prove nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

__all__ = ["LIVE_SECONDS", "QUIET_SECONDS", "Marks", "Record", "Upload", "after_poll", "after_time_set", "after_upload"]

LIVE_SECONDS = 300
"""A record at most this old at receipt is a live one."""
QUIET_SECONDS = 20
"""A poll sooner than this after an upload may stand between two posts of one backlog."""
POLL_GAP_SECONDS = 120
"""Polls further apart than this had a silence between them: what was punched in it may still be to come."""


@dataclass(frozen=True, slots=True)
class Marks:
    """What the decisions rest on and change; all moments are aware.

    `last_poll_at` is null since the last upload; `clock_wrong_since` is set while the machine's times are not believed.
    """

    complete_until: datetime | None
    last_poll_at: datetime | None
    last_upload_at: datetime | None
    clock_wrong_since: datetime | None


@dataclass(frozen=True, slots=True)
class Record:
    """An uploaded punch: its moment, whether that is credible, and whether it lies in the future."""

    at: datetime
    counted: bool
    future: bool


@dataclass(slots=True)
class Upload:
    """What a post's records say of its machine, whatever their number: read one by one."""

    future: bool = False
    live: bool = False
    newest: datetime | None = None
    """The newest credible record that is no live one."""

    def add(self, record: Record, received: datetime) -> None:
        """One more record of the post."""
        self.future = self.future or record.future
        if not record.counted:
            return
        if record.at >= received - timedelta(seconds=LIVE_SECONDS):
            self.live = True
        elif self.newest is None or record.at > self.newest:
            self.newest = record.at


def after_upload(marks: Marks, received: datetime, upload: Upload, *, in_order: bool = True) -> Marks:
    """The marks after a post of punches.

    `in_order` is false where records say nothing about the time before them: while the machine answers a query for a
    range, and where the sender keeps no order.
    """
    wrong = marks.clock_wrong_since
    if upload.future:
        wrong = wrong or received
    elif upload.live:
        wrong = None
    until = marks.complete_until
    if in_order and wrong is None and upload.newest is not None:
        until = upload.newest if until is None else max(until, upload.newest)
    return Marks(until, None, received, wrong)


def after_poll(marks: Marks, polled: datetime) -> Marks:
    """The marks after a poll."""
    quiet = marks.last_upload_at is None or polled - marks.last_upload_at >= timedelta(seconds=QUIET_SECONDS)
    followed = marks.last_poll_at is not None and polled - marks.last_poll_at <= timedelta(seconds=POLL_GAP_SECONDS)
    until = marks.complete_until
    if followed and quiet and marks.clock_wrong_since is None:
        until = polled if until is None else max(until, polled)
    return replace(marks, complete_until=until, last_poll_at=polled)


def after_time_set(marks: Marks) -> Marks:
    """The marks after somebody set the machine's clock: it is believed again until it proves wrong."""
    return replace(marks, clock_wrong_since=None)
