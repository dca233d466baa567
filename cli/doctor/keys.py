"""The doctor's check of API keys: which ones expire soon, and which ones nobody seems to use."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx

from cli.access.keys import merged
from cli.client import PREFIXES
from cli.findings import Finding, read_json
from cli.output import city_time
from cli.terminal import counted, days_of

__all__ = ["examine_keys"]

ENDS_SOON = timedelta(days=30)
UNUSED = timedelta(days=90)
RUNBOOK = "docs/runbooks/keys-and-links.md"


def examine_keys(http: httpx.Client, now: datetime) -> Iterator[Finding]:
    """Active keys. A replaced key expires on purpose and needs no attention."""
    active = [key for key in merged(_all(http)) if key["state"] == "active"]
    for key in active:
        name = f"key {key['id']} ({key['name']})"
        made, ends = (datetime.fromisoformat(key[field]) for field in ("created_at", "expires_at"))
        if ends - now < min(ENDS_SOON, (ends - made) / 3):  # no warning on the first day of a key for one month
            days = (ends - now).days
            yield Finding("warn", f"{name} ends in {days_of(days)}", f"kinerja keys rotate; {RUNBOOK}")
        last = key["last_used_at"]
        if now - datetime.fromisoformat(last or key["created_at"]) >= UNUSED:
            used = "never used" if last is None else f"not used since {city_time(last)[:10]}"
            yield Finding("warn", f"{name}: {used}", f"kinerja keys revoke, if nobody needs it; {RUNBOOK}")
    yield Finding("ok", counted(len(active), "key works", "keys work") if active else "no keys yet")


def _all(http: httpx.Client) -> Iterator[tuple[str, dict[str, Any]]]:
    """Raises httpx.HTTPError, which the doctor reports as a finding."""
    for service, prefix in PREFIXES.items():
        after: str | None = None
        while True:
            page = read_json(http, f"/{prefix}/v1/api-keys{f'?after={after}' if after else ''}")
            yield from ((service, item) for item in page["items"])
            after = page["next"]
            if after is None:
                break
