"""What a check of the doctor found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Finding"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. A `fail` needs a person now, a `warn` soon."""

    state: Literal["ok", "warn", "fail"]
    what: str
    todo: str = ""
