"""The doctor's findings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import httpx

__all__ = ["Finding", "read_json"]


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check. A `fail` needs a person now, a `warn` soon."""

    state: Literal["ok", "warn", "fail"]
    what: str
    todo: str = ""


def read_json(http: httpx.Client, path: str) -> Any:
    """The response of a route for the operator. Raises httpx.HTTPStatusError."""
    answer = http.get(path)
    answer.raise_for_status()
    return answer.json()
