"""A system with long names that answers every list of the command line."""

from __future__ import annotations

from typing import Any

import httpx

OFFICER = "01a22c62-cd87-7487-9f8a-8be7fda11e3b"
NAME = "Dra. Hj. Siti Nurhaliza Binti Abdul Rahman Tanjung Pariaman, S.Kom., M.Kom."
NIP = "197405052009011005"
UNIT = "dinas-kependudukan-dan-pencatatan-sipil"
MOMENT = "2026-08-04T01:21:09.123456Z"
KEY = "01a22c63-4c10-7183-aff1-ed8658452900"

OFFICER_ITEM = {
    "employee_id": OFFICER, "nip": NIP, "name": NAME, "org_unit_id": UNIT,
    "org_unit_name": "Dinas Kependudukan dan Pencatatan Sipil Kota Pariaman Utara", "superior_id": None, "email": None,
    "unit_from": "2024-01-01", "employment_type": "PPPK_PART_TIME", "employment_type_from": "2024-01-01",
    "active_from": "2024-01-01", "active_to": None, "revision": 1,
}  # fmt: skip
MACHINE = {
    "serial": "KNJ2026001-WITH-A-LONG-NAME-OF-ITS-MAKER", "name": "Pintu", "org_unit_id": UNIT, "last_contact_at": MOMENT,
    "proof": "pinned_address", "in_service_to": None, "clock_wrong_since": MOMENT, "in_declared_outage": True,
    "has_secret": False, "secret_pending": False, "unknown_pins": 12, "quarantined": 3, "refused": 2,
    "signals": [{"kind": "COUNT_CONTRADICTS"}, {"kind": "TWO_ADDRESSES"}],
}  # fmt: skip
REFUSED = {
    "serial": "KNJ2026001", "address": "2001:db8:85a3:8d3:1319:8a2e:370:7348", "reason": "UNREGISTERED_SERIAL",
    "last_seen_at": MOMENT, "requests": 123_456, "kept_lines": 1_000,
}  # fmt: skip
SCORE = {
    "employee_id": OFFICER, "org_unit_id": UNIT, "score": "75.95", "band": "BUTUH_PERBAIKAN", "complete": False,
    "unexcused_days": 1, "revision": 7,
}  # fmt: skip
DAY = {
    "work_date": "2026-08-04", "status": "official_duty", "state": "provisional", "first_in": "2026-08-04T07:21:09+07:00",
    "last_out": None, "late_minutes": 29, "early_leave_minutes": 0, "excuse": "DINAS_LUAR",
    "deductions": [{"code": "TL1", "percent": "0.50"}],
    "reasons": ["DUTY", "LATE", "OUT_MISSING", "AWAITING_MACHINES", "PUNCH_NOT_COUNTED", "RAMADAN"],
}  # fmt: skip
API_KEY = {
    "id": KEY, "name": "hris-of-the-agency-for-the-management-of-human-resources", "scopes": ["scores:read", "days:read"],
    "state": "active", "org_unit_ids": [UNIT, "puskesmas-kota"], "machines": None, "employee_id": OFFICER,
    "created_at": MOMENT, "expires_at": MOMENT, "last_used_at": None, "revoked_at": None, "replaced_by": None,
}  # fmt: skip
LINK = {
    "id": KEY, "employee_id": OFFICER, "source": "operator", "state": "active", "expires_at": MOMENT, "last_used_at": MOMENT
}  # fmt: skip
NOTICE = {
    "notice_id": KEY, "kind": "discipline_information", "employee_id": OFFICER, "recipient_id": OFFICER, "state": "draft",
    "indicator": "public_communication", "period": "2026-S2", "created_at": MOMENT,
}  # fmt: skip
EXCUSE = {
    "excuse_id": KEY, "employee_id": OFFICER, "state": "approved", "code": "CUTI_ALASAN_PENTING", "kind": "leave",
    "first_date": "2026-08-04", "last_date": "2026-08-14", "half": "none", "decided_by": OFFICER, "decided_at": MOMENT,
    "reference": "800/1234/BKPSDM/VIII/2026", "reason": None,
}  # fmt: skip
PARKED = {
    "topic": "asn.attendance-day.v1", "partition": 11, "offset": 123_456_789_012, "generation": 0, "reason": "NOT_JSON",
    "value_bytes": 12, "parked_at": MOMENT, "dismissed_at": MOMENT, "dismissed_by": "operator",
    "dismissed_reason": "made by the former release of the gateway, and corrected since", "released_at": None,
}  # fmt: skip
HELD = {
    "event_id": KEY, "topic": "asn.attendance-day.v1", "key": OFFICER, "value_bytes": 2_000_000, "held_since": MOMENT,
    "attempts": 12, "behind": 3, "error": "MessageSizeTooLargeError: the broker takes at most 1048588 bytes of one record",
}  # fmt: skip
UNIT_ITEM = {"org_unit_id": UNIT, "name": OFFICER_ITEM["org_unit_name"], "officers": 1_234, "machines": 12}
ENROLMENT = {"pin": "0001", "valid_from": "2026-08-01", "valid_to": None, "employee_id": OFFICER}

PAGES: dict[str, dict[str, Any]] = {
    "/attendance/v1/employees": OFFICER_ITEM,
    "/attendance/v1/employees/search": OFFICER_ITEM,
    "/attendance/v1/units": UNIT_ITEM,
    "/scores/v1/employees": SCORE,
    "/attendance/v1/api-keys": API_KEY,
    "/scores/v1/links": LINK,
    "/notices/v1/notices": NOTICE,
    "/scores/v1/dead-letters": PARKED,
    "/scores/v1/outbox/held": HELD,
}
WHOLE: dict[str, list[dict[str, Any]]] = {
    "/attendance/v1/machines": [MACHINE],
    "/attendance/v1/machines/refused": [REFUSED],
    "/attendance/v1/machines/M1/enrolments": [ENROLMENT],
    "/attendance/v1/excuses": [EXCUSE],
    f"/attendance/v1/employees/{OFFICER}/days": [DAY],
}


class System:
    """Answers each list with its one item, or with none."""

    def __init__(self, *, empty: bool = False) -> None:
        self.empty = empty
        self.asked: list[httpx.Request] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        path = request.url.path
        if path in WHOLE:
            return httpx.Response(200, json=[] if self.empty else WHOLE[path])
        # an officer is found even if all lists are empty
        there = path in PAGES and (not self.empty or path.endswith("/search"))
        return httpx.Response(200, json={"items": [PAGES[path]] if there else [], "next": None})

    def client(self) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(self.answer), base_url="http://testserver")
