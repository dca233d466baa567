"""Queries of visits."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from shared.db.queries import query

__all__ = ["DELETE_OLD_VISITS", "INSERT_VISIT", "USE_VISIT", "VISIT_OF_LINK", "VisitOfLink"]


class VisitId(NamedTuple):
    visit_id: UUID


class VisitOfLink(NamedTuple):
    """A visit with what the form shows."""

    visit_id: UUID
    employee_id: UUID | None
    org_unit_id: str
    service: str
    weight_class: str
    expires_at: datetime
    used: bool
    name: str | None
    unit_name: str


INSERT_VISIT = query(
    """
    insert into visit (visit_id, token_hmac, employee_id, org_unit_id, service, weight_class, created_at, expires_at, used,
                       idempotency_sha256, request_sha256)
    values (:visit_id, :token_hmac, :employee_id, :org_unit_id, :service, :weight_class, :now, :expires_at, false,
            :idempotency_sha256, :request_sha256)
    on conflict (idempotency_sha256) do nothing
    returning visit_id
    """,
    VisitId,
)
VISIT_OF_LINK = query(
    """
    select v.visit_id, v.employee_id, v.org_unit_id, v.service, v.weight_class, v.expires_at, v.used, e.name,
           coalesce(e.org_unit_name, v.org_unit_id) as unit_name
    from visit v left join employee e using (employee_id) where v.token_hmac = :token
    """,
    VisitOfLink,
)
# Atomic: of two concurrent votes, only one updates the row.
USE_VISIT = query("update visit set used = true where visit_id = :visit_id and not used returning visit_id", VisitId)
DELETE_OLD_VISITS = query(
    """
    delete from visit where visit_id in
      (select visit_id from visit where expires_at < :until limit :most for update skip locked)
    returning visit_id
    """,
    VisitId,
)
