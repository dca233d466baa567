"""The doctor's check of the order of text: indexes that were built for another order miss rows."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from cli.client import PREFIXES
from cli.findings import Finding, read_json
from shared.db.collations import RUNBOOK, CollationChange

__all__ = ["examine_collations"]


def examine_collations(http: httpx.Client) -> Iterator[Finding]:
    """Raises httpx.HTTPError, which the doctor reports as a finding."""
    on_library = []
    changed = False
    for service, prefix in PREFIXES.items():
        found = read_json(http, f"/{prefix}/v1/text-order")
        for change in found["changes"]:
            changed = True
            what = f"{service}: indexes were built for another order of text ({CollationChange(**change)})"
            yield Finding("fail", what, f"docker compose run --rm --no-deps migrate; {RUNBOOK}")
        if found["depends_on_library"] and not found["changes"]:
            on_library.append(f"{service} ({found['provider']})")
    if on_library:
        what = f"a library of the Postgres image defines the order of text of {', '.join(on_library)}"
        yield Finding("warn", what, f"move the databases in a quiet hour: {RUNBOOK}")
    elif not changed:
        yield Finding("ok", "no library can change the order of text")
