"""The scopes of API keys: one table that routes, keys, the command line and the documentation share."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.errors.errors import InvalidError

__all__ = ["SCOPES", "Scope", "check_rights", "scopes_of"]


@dataclass(frozen=True, slots=True)
class Scope:
    """What a key with this scope may do, in which service, and how the right can or must be limited."""

    name: str
    service: str
    may: str
    by_unit: bool = False
    """The key may be limited to org units."""
    by_machine: bool = False
    """The key has to name the machines."""
    by_officer: bool = False
    """The key acts for one officer, and has to name him or her."""


SCOPES: tuple[Scope, ...] = (
    Scope("punches:write", "attendance", "send punches of the machines that the key names", by_machine=True),
    Scope("days:read", "attendance", "read officers' days with their punches", by_unit=True),
    Scope("employees:read", "attendance", "read officers and units", by_unit=True),
    Scope("roster:write", "attendance", "import the roster"),
    Scope("excuses:write", "attendance", "write and read leave and official duty"),
    Scope("machines:read", "attendance", "read the machines and the last contact of each, for a monitor"),
    Scope("visits:write", "feedback", "create the one-use links of visits"),
    Scope("assessments:write", "feedback", "assess the officer's own subordinates", by_officer=True),
    Scope("satisfaction:read", "feedback", "read units' satisfaction index", by_unit=True),
    Scope("scores:read", "scoring", "read scores with their details, and policies", by_unit=True),
    Scope("notices:read", "notifications", "read notices with their text", by_unit=True),
    Scope(
        "notices:release",
        "notifications",
        "read and decide on notices of the officer's own subordinates",
        by_officer=True,
    ),
)
_BY_NAME = {scope.name: scope for scope in SCOPES}


def scopes_of(service: str) -> tuple[Scope, ...]:
    """The scopes that a service knows."""
    return tuple(scope for scope in SCOPES if scope.service == service)


def check_rights(
    service: str,
    scopes: Collection[str],
    *,
    employee_id: UUID | None,
    org_unit_ids: Sequence[str] | None,
    machines: Sequence[str] | None,
) -> None:
    """Raises InvalidError for a scope of another service, and for limits that are missing or that no scope uses."""
    known = {scope.name for scope in scopes_of(service)}
    if not scopes or not set(scopes) <= known:
        raise InvalidError(f"`scopes`: one or more of: {', '.join(sorted(known))}.")
    chosen = [_BY_NAME[name] for name in sorted(scopes)]
    _check_need("machines", [s.name for s in chosen if s.by_machine], given=bool(machines), what="name the machines")
    _check_need(
        "employee_id", [s.name for s in chosen if s.by_officer], given=employee_id is not None, what="name the officer"
    )
    unlimited = [scope.name for scope in chosen if not scope.by_unit]
    if org_unit_ids is not None and unlimited:
        text = f"`org_unit_ids`: {', '.join(unlimited)} cannot be limited to units. Create a separate key for that."
        raise InvalidError(text)


def _check_need(field: str, needing: Sequence[str], *, given: bool, what: str) -> None:
    if needing and not given:
        raise InvalidError(f"`{field}`: a key with {', '.join(needing)} must {what} that it acts for.")
    if given and not needing:
        raise InvalidError(f"`{field}`: none of these scopes uses it. Leave it out.")
