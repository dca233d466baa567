"""asn.employee.v1: an officer, as in the roster."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.base import Identifier, Record

__all__ = ["EmployeeRecord", "EmploymentType"]

EmploymentType = Literal["PNS", "PPPK", "PPPK_PART_TIME"]


class EmployeeRecord(Record):
    """One officer. `employee_id` is Kinerja's own: a NIP changes, and discloses birth date and sex, so it is never a key."""

    employee_id: UUID
    """Kinerja's identifier; it never changes and contains no information about the person."""
    nip: Annotated[str, Field(pattern=r"^[0-9]{18}$")]
    """The 18 digits of the NIP or NI PPPK. Personal data: keep it out of keys, URLs, logs and labels."""
    name: Annotated[str, Field(min_length=1, max_length=200)]
    """The name, as in the roster."""
    employment_type: EmploymentType
    """Civil servant (PNS), contract (PPPK) or part-time contract (PPPK_PART_TIME)."""
    org_unit_id: Identifier
    """The unit that the officer belongs to."""
    org_unit_name: Annotated[str, Field(min_length=1, max_length=200)]
    """The unit's name."""
    superior_id: UUID | None = None
    """The direct superior's employee_id."""
    email: Annotated[str, Field(max_length=254)] | None = None
    """Where notices go: one address in ASCII, which the producer has checked. Check it again before you send anything to it:
    an older producer may have published something else."""
    active_from: date
    """First day of employment."""
    active_to: date | None = None
    """Last day of employment, inclusive; null while employed."""
