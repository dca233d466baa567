"""Which scopes and limits an API key may have."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest

from shared.access.scopes import SCOPES, check_rights, scopes_of
from shared.errors.errors import InvalidError

OFFICER = UUID(int=1)


def check(service: str, *scopes: str, **limits: Any) -> None:
    check_rights(service, scopes, **({"employee_id": None, "org_unit_ids": None, "machines": None} | limits))


def test_a_service_knows_its_own_scopes() -> None:
    assert [scope.name for scope in scopes_of("scoring")] == ["scores:read"]
    assert [scope.name for scope in scopes_of("notifications")] == ["notices:read", "notices:release"]
    assert scopes_of("nobody") == ()
    services = ("attendance", "feedback", "scoring", "notifications")
    assert tuple(scope for service in services for scope in scopes_of(service)) == SCOPES


@pytest.mark.parametrize(
    ("service", "scopes", "limits"),
    [
        ("attendance", ("roster:write", "excuses:write"), {}),
        ("attendance", ("days:read",), {"org_unit_ids": ["u1"]}),
        ("attendance", ("days:read", "employees:read"), {"org_unit_ids": []}),  # no unit at all is a limit too
        ("attendance", ("punches:write",), {"machines": ["M1"]}),
        ("attendance", ("punches:write", "days:read"), {"machines": ["M1"]}),
        ("attendance", ("days:read",), {"machines": []}),
        ("feedback", ("assessments:write",), {"employee_id": OFFICER}),
        ("notifications", ("notices:release", "notices:read"), {"employee_id": OFFICER}),
    ],
)
def test_rights_that_fit_together_are_accepted(service: str, scopes: tuple[str, ...], limits: dict[str, Any]) -> None:
    check(service, *scopes, **limits)


@pytest.mark.parametrize(
    ("service", "scopes", "limits", "message"),
    [
        ("notifications", (), {}, "`scopes`: one or more of: notices:read, notices:release."),
        ("notifications", ("notices:read", "scores:read"), {}, "`scopes`: one or more of: notices:read, notices:release."),
        (
            "attendance",
            ("punches:write", "days:read"),
            {},
            "`machines`: a key with punches:write must name the machines that it acts for.",
        ),
        ("attendance", ("days:read",), {"machines": ["M1"]}, "`machines`: none of these scopes uses it. Leave it out."),
        (
            "feedback",
            ("assessments:write",),
            {},
            "`employee_id`: a key with assessments:write must name the officer that it acts for.",
        ),
        (
            "feedback",
            ("visits:write",),
            {"employee_id": OFFICER},
            "`employee_id`: none of these scopes uses it. Leave it out.",
        ),
        (
            "attendance",
            ("roster:write", "days:read", "excuses:write"),
            {"org_unit_ids": ["u1"]},
            "`org_unit_ids`: excuses:write, roster:write cannot be limited to units. Create a separate key for that.",
        ),
    ],
)  # fmt: skip
def test_rights_that_do_not_fit_are_refused_with_the_field(
    service: str, scopes: tuple[str, ...], limits: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidError, match=f"^{re.escape(message)}$"):
        check(service, *scopes, **limits)
