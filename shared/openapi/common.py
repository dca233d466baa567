"""Subjects and examples of the routes that every service has: keys, links and operations."""

from __future__ import annotations

from typing import Any

from shared.openapi.texts import EXAMPLES, OFFICER

__all__ = ["COMMON_EXAMPLES", "COMMON_TAGS", "LINK_TAG"]

LINK_TAG = ("links", "Links that open an officer's own page without a login.")
COMMON_TAGS = (
    ("keys", "API keys of this service: each holder has a key, with scopes, limits and an expiry."),
    ("operations", "For the operator: health, records and events that wait for a person, repair."),
)

_KEY = {
    "id": EXAMPLES["key_id"],
    "name": "hr-system",
    "scopes": ["days:read"],
    "employee_id": None,
    "org_unit_ids": None,
    "machines": None,
    "state": "active",
    "created_at": "2026-08-01T02:00:00Z",
    "expires_at": "2027-08-01T02:00:00Z",
    "last_used_at": "2026-08-04T09:02:00Z",
    "revoked_at": None,
    "replaced_by": None,
}
_MADE = {
    "id": EXAMPLES["key_id"],
    "token": f"{EXAMPLES['key_id']}.EXAMPLE-SECRET",
    "expires_at": "2027-08-01T02:00:00Z",
}
_PARKED = {
    "topic": "asn.feedback.v1",
    "partition": 4,
    "offset": 1207,
    "generation": 0,
    "reason": "NOT_VALID",
    "detail": "revision: Field required",
    "value_bytes": 13,
    "parked_at": "2026-08-06T02:00:00Z",
    "released_at": None,
    "dismissed_at": None,
    "dismissed_by": None,
    "dismissed_reason": None,
}
_THING = f"{OFFICER}/2026-08-04"

COMMON_EXAMPLES: dict[str, Any] = {
    "live.answer": "ok\n",
    "ready.answer": "ok\n",
    "NewKey": {"name": "hr-system", "scopes": ["days:read"], "expires_at": "2027-08-01T02:00:00Z"},
    "KeyItem": _KEY,
    "KeyMade": _MADE,
    "Rotation": {"overlap_hours": 24},
    "NewLink": {"employee_id": OFFICER, "valid_days": 30},
    "LinkMade": {
        "id": EXAMPLES["link_id"],
        "url": "https://kinerja.example.go.id/my/EXAMPLE-LINK",
        "expires_at": "2026-09-03T02:00:00Z",
    },
    "LinkItem": {
        "id": EXAMPLES["link_id"],
        "employee_id": OFFICER,
        "source": "operator",
        "state": "active",
        "created_at": "2026-08-04T02:00:00Z",
        "expires_at": "2026-09-03T02:00:00Z",
        "last_used_at": None,
        "revoked_at": None,
    },
    "HeldEvent": {
        "event_id": EXAMPLES["event_id"],
        "topic": "asn.attendance-day.v1",
        "key": _THING,
        "value_bytes": 1200,
        "created_at": "2026-08-04T02:00:00Z",
        "attempts": 3,
        "held_since": "2026-08-04T02:00:05Z",
        "next_attempt_at": "2026-08-04T02:05:05Z",
        "holds": "key",
        "behind": 2,
        "error": "MessageSizeTooLargeError",
    },
    "Drop": {"reason": "Made by a test; the record is of no officer."},
    "ParkedItem": _PARKED,
    "ParkedWhole": {
        **_PARKED,
        "key_base64": "c29tZS1rZXk=",
        "value_base64": "eyJyYXRpbmciOiA1fQ==",
        "value_text": '{"rating": 5}',
        "headers": [["ce_type", "YXNuLmZlZWRiYWNrLnYx"]],
    },
    "Released": {"released": True, "reason": None, "detail": None},
    "Dismissal": {"reason": "A test record of the HR system."},
    "Above": {
        "topic": "asn.attendance-day.v1",
        "thing": _THING,
        "above": 1000,
        "reason": "A faulty producer wrote revision 1000.",
    },
    "Lifted": {"topic": "asn.attendance-day.v1", "thing": _THING, "revision": 1001, "records": 1},
    "DigestAnswer": {
        "topic": "asn.attendance-day.v1",
        "reader": "scoring",
        "semester": "2026-S2",
        "things": 24,
        "in_flight": False,
        "buckets": ["0000000000000000", "9f86d081884c7d65"],
    },
    "ThingItem": {"thing": _THING, "revision": 3, "hash": "9f86d081884c7d65"},
    "ItemsAnswer": {
        "in_flight": False,
        "more": False,
        "items": [{"thing": _THING, "revision": 3, "hash": "9f86d081884c7d65"}],
    },
}
