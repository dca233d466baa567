"""The texts of the notifications service's OpenAPI document that are not in the code: purpose, ordered tags, examples."""

from __future__ import annotations

from typing import Any

from shared.openapi.common import COMMON_EXAMPLES, COMMON_TAGS, LINK_TAG
from shared.openapi.document import ApiTexts
from shared.openapi.texts import EXAMPLES as IDS
from shared.openapi.texts import OFFICER

__all__ = ["TEXTS"]

_ABOUT = """
Notices to officers and their superiors: rewards, offers of coaching, and alerts about absences.

A reward or an offer of coaching stays a draft until a person releases it. Each change of a notice is published as a record on
the topic `asn.notice.v1`, without the text of the letter.
"""

_TAGS = (
    ("notices", "Notices: read, release, withhold and acknowledge them; the inbox of an officer."),
    ("mail", "The mail server: the queue of waiting mails, and test mails."),
    LINK_TAG,
    *COMMON_TAGS,
)

_NOTICE = {
    "notice_id": IDS["notice_id"],
    "kind": "coaching",
    "employee_id": OFFICER,
    "recipient_id": OFFICER,
    "semester": "2026-S2",
    "indicator": "attendance",
    "period": "2026-08-05",
    "state": "released",
    "reasons": ["BELOW_ENTRY_THRESHOLD"],
    "subject": "Tawaran pendampingan: Kehadiran",
    "created_at": "2026-08-05T02:00:00Z",
}

_SERVER = {
    "server": "mail.example.go.id:587",
    "tls": "starttls",
    "login": True,
    "greets_as": "kinerja.example.go.id",
    "sender": "kinerja@example.go.id",
}

_EXAMPLES: dict[str, Any] = {
    **COMMON_EXAMPLES,
    "NoticeItem": _NOTICE,
    "NoticeWhole": {
        **_NOTICE,
        "revision": 2,
        "body": "Yth. Contoh Pegawai, ...",
        "evidence": {"value": "68.20"},
        "decided_by": "operator",
        "released_at": "2026-08-06T02:00:00Z",
        "delivered_at": None,
        "acknowledged_at": None,
        "object_until": None,
        "withdrawn_at": None,
        "withdrawal": None,
    },
    "Read": {"revision": 1},
    "Reason": {"reason_code": "ALREADY_TALKED"},
    "MailServerInfo": _SERVER,
    "MailQueueState": {
        "mail_server": _SERVER,
        "waiting": 3,
        "held": 1,
        "held_since": "2026-08-06T02:00:00Z",
        "held_by": "rcpt 550 5.7.1",
    },
    "MailTest": {"to": "operator@example.go.id"},
    "MailStep": {"stage": "connect", "code": 220, "said": "mail.example.go.id ESMTP"},
    "MailTestResult": {
        "accepted": True,
        "mail_server": _SERVER,
        "steps": [{"stage": "connect", "code": 220, "said": "mail.example.go.id ESMTP"}],
        "refused": None,
        "advice": None,
    },
    "Republished": {"records": 310, "unreadable": 0},
}

TEXTS = ApiTexts(_ABOUT, _TAGS, _EXAMPLES)
