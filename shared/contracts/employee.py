"""asn.employee.v1: an officer as the roster knows them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.base import Identifier, Record

__all__ = ["EmployeeRecord", "EmploymentType"]

EmploymentType = Literal["PNS", "PPPK", "PPPK_PART_TIME"]


class EmployeeRecord(Record):
    """One officer. `employee_id` is ours: a NIP changes, and discloses birth date and sex, so it is never a key."""

    employee_id: UUID
    nip: Annotated[str, Field(pattern=r"^[0-9]{18}$")]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    employment_type: EmploymentType
    org_unit_id: Identifier
    org_unit_name: Annotated[str, Field(min_length=1, max_length=200)]
    superior_id: UUID | None = None
    email: Annotated[str, Field(max_length=254)] | None = None
    active_from: date
    active_to: Annotated[date | None, Field(description="Inclusive; null while employed.")] = None
