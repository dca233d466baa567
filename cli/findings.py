"""What the doctor found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import httpx

__all__ = ["Finding", "read_json"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. A `fail` needs a person now, a `warn` soon."""

    state: Literal["ok", "warn", "fail"]
    what: str
    todo: str = ""


def read_json(http: httpx.Client, path: str) -> Any:
    """The answer of a route that the operator may read. Raises httpx.HTTPStatusError."""
    answer = http.get(path)
    answer.raise_for_status()
    return answer.json()
