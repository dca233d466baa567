"""The watermark: the time up to which a machine has uploaded everything. It decides whether a punch is missing.

A machine uploads its backlog oldest first, so a record that is not live shows that everything before it has arrived. A
machine that polls twice without an upload in between has nothing left to upload. A live record proves neither: the
machine may still hold older ones. While its clock is wrong, its times prove nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

__all__ = [
    "LIVE_SECONDS",
    "QUIET_SECONDS",
    "Record",
    "Upload",
    "Watermark",
    "after_poll",
    "after_statement",
    "after_time_set",
    "after_upload",
]

LIVE_SECONDS = 300
"""A record that is at most this old at receipt is live."""
QUIET_SECONDS = 20
"""A poll sooner than this after an upload may fall between two posts of one backlog."""
POLL_GAP_SECONDS = 120
"""If polls are further apart than this, punches made in between may not have arrived yet."""


@dataclass(frozen=True, slots=True)
class Watermark:
    """The stored watermark state; all moments are aware.

    `last_poll_at` is null after an upload until the next poll; `clock_wrong_since` is set while the clock is not trusted.
    """

    complete_until: datetime | None
    last_poll_at: datetime | None
    last_upload_at: datetime | None
    clock_wrong_since: datetime | None


@dataclass(frozen=True, slots=True)
class Record:
    """An uploaded punch: its moment, whether it is counted, and whether it is in the future."""

    at: datetime
    counted: bool
    future: bool


@dataclass(slots=True)
class Upload:
    """A summary of a post's records, collected record by record."""

    future: bool = False
    live: bool = False
    newest: datetime | None = None
    """The newest counted record that is not live."""

    def add(self, record: Record, received: datetime) -> None:
        """Adds a record of the post."""
        self.future = self.future or record.future
        if not record.counted:
            return
        if record.at >= received - timedelta(seconds=LIVE_SECONDS):
            self.live = True
        elif self.newest is None or record.at > self.newest:
            self.newest = record.at


def after_upload(watermark: Watermark, received: datetime, upload: Upload, *, in_order: bool = True) -> Watermark:
    """The watermark state after a post of punches.

    `in_order` is False when records prove nothing about the time before them: while the machine answers a query for a
    range, and when the sender does not keep the order.
    """
    wrong = watermark.clock_wrong_since
    if upload.future:
        wrong = wrong or received
    elif upload.live:
        wrong = None
    until = watermark.complete_until
    if in_order and wrong is None and upload.newest is not None:
        until = upload.newest if until is None else max(until, upload.newest)
    return Watermark(until, None, received, wrong)


def after_statement(watermark: Watermark, until: datetime | None) -> Watermark:
    """The watermark state after the sender's statement that it sent every punch up to `until`.

    Ignored while the clock is not trusted.
    """
    if until is None or watermark.clock_wrong_since is not None:
        return watermark
    return replace(watermark, complete_until=max(until, watermark.complete_until or until))


def after_poll(watermark: Watermark, polled: datetime) -> Watermark:
    """The watermark state after a poll."""
    quiet = watermark.last_upload_at is None or polled - watermark.last_upload_at >= timedelta(seconds=QUIET_SECONDS)
    followed = watermark.last_poll_at is not None and polled - watermark.last_poll_at <= timedelta(
        seconds=POLL_GAP_SECONDS
    )
    until = watermark.complete_until
    if followed and quiet and watermark.clock_wrong_since is None:
        until = polled if until is None else max(until, polled)
    return replace(watermark, complete_until=until, last_poll_at=polled)


def after_time_set(watermark: Watermark) -> Watermark:
    """The watermark state after somebody set the machine's clock: it is trusted until it is wrong again."""
    return replace(watermark, clock_wrong_since=None)
