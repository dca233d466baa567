"""One worked record per topic: in the documents, and held against the models by a test. Nobody in them is real."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES"]

_OFFICER = "0198f3a2-5c1e-7b44-9d0a-3f6c1e2b7a90"
_SUPERIOR = "0198f3a2-5c1e-7b44-9d0a-3f6c1e2b7a11"

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "asn.employee.v1": [
        {
            "revision": 2,
            "recorded_at": "2026-08-03T02:10:00Z",
            "employee_id": _OFFICER,
            "nip": "199001012015011001",
            "name": "Contoh Pegawai",
            "employment_type": "PNS",
            "org_unit_id": "disdukcapil",
            "org_unit_name": "Dinas Kependudukan dan Pencatatan Sipil",
            "superior_id": _SUPERIOR,
            "email": "contoh.pegawai@example.go.id",
            "active_from": "2015-01-01",
            "active_to": None,
        }
    ],
    "asn.attendance-day.v1": [
        {
            "revision": 3,
            "recorded_at": "2026-08-04T13:05:10Z",
            "employee_id": _OFFICER,
            "work_date": "2026-08-04",
            "state": "final",
            "status": "present",
            "excuse": None,
            "scheduled_minutes": 450,
            "credited_minutes": 442,
            "late_minutes": 8,
            "early_leave_minutes": 0,
            "missing_punches": [],
            "first_in": "2026-08-04T07:38:00+07:00",
            "last_out": "2026-08-04T16:02:11+07:00",
            "deductions": [{"code": "TL1", "percent": "0.5"}],
            "rule": {"id": "default", "version": 1},
            "reasons": ["LATE"],
            "org_unit_id": "disdukcapil",
        }
    ],
    "asn.feedback.v1": [
        {
            "revision": 1,
            "recorded_at": "2026-08-04T03:17:42Z",
            "feedback_id": "5f0c9a3e-21b7-4c1d-8a57-0d2f6b9e4c33",
            "kind": "citizen_rating",
            "state": "accepted",
            "employee_id": _OFFICER,
            "org_unit_id": "disdukcapil",
            "service": None,
            "given_at": "2026-08-04T00:00:00+07:00",
            "group_id": "c1d7e6b2-0b54-4f6e-9a3c-7d21f0a5e8b4",
            "group_size": 5,
            "ratings": {"completion_time": 3, "product": 4, "officer_competence": 4, "officer_conduct": 4},
            "assessment": None,
            "weight_class": "visit",
        },
        {
            "revision": 2,
            "recorded_at": "2026-08-05T01:00:00Z",
            "feedback_id": "8f2b1c77-6a0e-4f0b-9f41-5e2d7c8a1b02",
            "kind": "supervisor_assessment",
            "state": "accepted",
            "employee_id": _OFFICER,
            "org_unit_id": "disdukcapil",
            "service": None,
            "given_at": "2026-08-05T08:00:00+07:00",
            "group_id": None,
            "group_size": None,
            "ratings": None,
            "assessment": {"work_quality": "86.50", "public_communication": "90"},
            "weight_class": "visit",
        },
        {
            "revision": 1,
            "recorded_at": "2026-12-31T17:10:03Z",
            "feedback_id": "2b9d4c61-58fe-4f0e-8a7d-90c3b1e6d542",
            "kind": "citizen_rating",
            "state": "accepted",
            "employee_id": None,
            "org_unit_id": "disdukcapil",
            "service": None,
            "given_at": "2026-12-29T00:00:00+07:00",
            "group_id": "6f3a9e10-27c5-4b8d-b1f4-5ad0c8e7723f",
            "group_size": 7,
            "ratings": {"completion_time": 2, "officer_conduct": 3},
            "assessment": None,
            "weight_class": "visit",
        },
    ],
    "asn.score.v1": [
        {
            "revision": 41,
            "recorded_at": "2026-08-05T01:00:01Z",
            "employee_id": _OFFICER,
            "org_unit_id": "disdukcapil",
            "semester": "2026-S2",
            "state": "provisional",
            "score": "91.27",
            "band": "SANGAT_BAIK",
            "complete": True,
            "indicators": [
                {
                    "name": "attendance",
                    "value": "99.29",
                    "weight": "0.40",
                    "n": 25,
                    "numerator": 11170,
                    "denominator": 11250,
                    "interval": None,
                    "state": "assessed",
                },
                {
                    "name": "work_quality",
                    "value": "85.20",
                    "weight": "0.35",
                    "n": 31,
                    "numerator": None,
                    "denominator": None,
                    "interval": {"low": "80.11", "high": "90.30"},
                    "state": "assessed",
                },
                {
                    "name": "public_communication",
                    "value": "86.93",
                    "weight": "0.25",
                    "n": 31,
                    "numerator": None,
                    "denominator": None,
                    "interval": {"low": "78.40", "high": "95.47"},
                    "state": "assessed",
                },
            ],
            "unexcused_days": 0,
            "policy": {"id": "default", "version": 1, "decree": "Contoh: belum ditetapkan"},
            "reasons": ["DEFAULT_PRIOR"],
            "correction_of": None,
            "as_of": "2026-08-05T01:00:01Z",
        }
    ],
    "asn.discipline.v1": [
        {
            "revision": 3,
            "recorded_at": "2026-08-05T01:00:01Z",
            "employee_id": _OFFICER,
            "year": 2026,
            "cumulative_days": 3,
            "longest_streak_days": 2,
            "current_streak_days": 0,
            "step": "TEGURAN_LISAN",
            "level": "LIGHT",
            "rule": {"id": "pp94-2021", "version": 1},
            "reasons": ["CUMULATIVE_DAYS"],
        }
    ],
    "asn.notice.v1": [
        {
            "revision": 2,
            "recorded_at": "2026-08-06T02:00:00Z",
            "notice_id": "0198f7b0-9d2c-7e11-8a34-6b5c4d3e2f10",
            "kind": "coaching",
            "employee_id": _OFFICER,
            "semester": "2026-S2",
            "indicator": "attendance",
            "state": "released",
            "reasons": ["BELOW_ENTRY_THRESHOLD"],
            "object_until": None,
        }
    ],
    "asn.dead-letter.v1": [
        {
            "revision": 1,
            "recorded_at": "2026-08-06T02:00:00Z",
            "topic": "asn.feedback.v1",
            "partition": 4,
            "offset": 1207,
            "consumer": "scoring",
            "key": "c29tZS1rZXk=",
            "value": "eyJyYXRpbmciOiA1fQ==",
            "headers": [{"name": "ce_type", "value": "YXNuLmZlZWRiYWNrLnYx"}],
            "reason": "NOT_VALID",
            "detail": "revision: Field required",
            "parked_at": "2026-08-06T02:00:00Z",
        }
    ],
}
