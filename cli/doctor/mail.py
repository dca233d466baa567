"""Whether mails are sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import httpx

from cli.findings import Finding, read_json
from cli.terminal import counted

__all__ = ["examine_mail"]

MAIL_RUNBOOK = "docs/runbooks/mail.md"
HELD_MAX = timedelta(minutes=10)
"""Longer than a greylisting server delays a mail."""


def examine_mail(http: httpx.Client, now: datetime) -> Iterator[Finding]:
    """Mails that are held because of a fault on our side. Raises httpx.HTTPStatusError."""
    queue = read_json(http, "/notices/v1/mail")
    if queue["mail_server"] is None:
        yield Finding("ok", "no mail server is set: notices stay in the inboxes")
        return
    if not queue["held"]:
        yield Finding("ok", f"no mail is held ({queue['waiting']} in the queue)")
        return
    age = now - datetime.fromisoformat(queue["held_since"])
    minutes = int(age.total_seconds() // 60)
    span = counted(minutes, "minute", "minutes") if minutes else "less than a minute"
    count = f"{queue['held']} of {counted(queue['waiting'], 'mail is', 'mails are')} held"
    text = f"{count}, for {span} ({queue['held_by']})"
    yield Finding("fail" if age > HELD_MAX else "warn", text, f"kinerja mail test ADDRESS says why: {MAIL_RUNBOOK}")
