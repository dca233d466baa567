"""The texts of the scoring service's OpenAPI document that are not in the code: purpose, ordered tags, examples."""

from __future__ import annotations

from typing import Any

from shared.contracts.examples import EXAMPLES
from shared.openapi.common import COMMON_EXAMPLES, COMMON_TAGS, LINK_TAG
from shared.openapi.document import ApiTexts
from shared.openapi.texts import OFFICER, UNIT

__all__ = ["TEXTS"]

_ABOUT = """
Each officer's score of a semester, with the rule, the numbers and every fact behind it.

A score is evidence for the appraiser, never the rating itself (PermenPANRB 6/2022). It changes within seconds after a punch or a
vote, and is published as a record on the topics `asn.score.v1` and `asn.discipline.v1`.
"""

_TAGS = (
    ("scores", "Scores and their explanation; recomputing and publishing them again."),
    ("policies", "The rules of the score: dated versions with their decree."),
    ("contract", "The contract of the events on Kafka."),
    LINK_TAG,
    *COMMON_TAGS,
)

_DISCIPLINE: dict[str, Any] = EXAMPLES["asn.discipline.v1"][0]
_POLICY = (
    'id: default\nversion: 2\neffective_from: 2027-01-01\ndecree: "Perwali 8/2026"\n# the other rules as in version 1\n'
)
_EXPLANATION: dict[str, Any] = {
    "employee_id": OFFICER,
    "org_unit_id": UNIT,
    "semester": "2026-S2",
    "revision": 41,
    "as_of": "2026-08-05T01:00:01Z",
    "score": "91.80",
    "band": "SANGAT_BAIK",
    "complete": False,
    "unexcused_days": 0,
    "reasons": [],
    "indicators": [
        {
            "name": "attendance",
            "state": "assessed",
            "value": "99.29",
            "weight": "0.40",
            "effective_weight": "0.5333",
            "n": 25,
            "numerator": 11170,
            "denominator": 11250,
            "interval": None,
            "parts": [],
        },
        {
            "name": "work_quality",
            "state": "assessed",
            "value": "83.24",
            "weight": "0.35",
            "effective_weight": "0.4667",
            "n": 1,
            "numerator": None,
            "denominator": None,
            "interval": None,
            "parts": [
                {
                    "name": "supervisors",
                    "weight": "0.60",
                    "state": "assessed",
                    "n": 1,
                    "value": "83.24",
                    "sum": "83.24",
                    "count": "1",
                    "prior": None,
                    "prior_strength": None,
                }
            ],
        },
    ],
    "policy": {"id": "default", "version": 1, "decree": "Contoh: belum ditetapkan"},
    "note": "Nilai ini adalah bukti bagi pejabat penilai kinerja, bukan predikat kinerja.",
    "discipline": _DISCIPLINE,
    "facts": {
        "days": [
            {
                "work_date": "2026-08-04",
                "revision": 3,
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
                "reasons": ["LATE"],
                "rule": "default 1",
                "counted": True,
                "contribution": {
                    "scheduled_minutes": 450,
                    "credited_minutes": 442,
                    "final_days": 1,
                    "unexcused_days": 0,
                    "provisional_days": 0,
                },
            }
        ],
        "feedback": [
            {
                "feedback_id": "8f2b1c77-6a0e-4f0b-9f41-5e2d7c8a1b02",
                "revision": 2,
                "kind": "supervisor_assessment",
                "state": "accepted",
                "given_on": "2026-08-05",
                "assessment": {"work_quality": "83.24"},
                "counted": True,
            }
        ],
        "rating_groups": [
            {
                "given_on": "2026-08-04",
                "n": 5,
                "means": {"completion_time": "3.20", "officer_conduct": "3.60"},
                "counted": True,
            }
        ],
        "citizen_ratings_withheld": 0,
    },
}

_EXAMPLES: dict[str, Any] = {
    **COMMON_EXAMPLES,
    "Explanation": _EXPLANATION,
    "ScoreItem": {
        "employee_id": OFFICER,
        "org_unit_id": UNIT,
        "score": "91.80",
        "band": "SANGAT_BAIK",
        "complete": False,
        "unexcused_days": 0,
        "revision": 41,
    },
    "VerificationAnswer": {
        "ok": True,
        "days": 42000,
        "feedback": 1204,
        "totals": 1000,
        "difference_count": 0,
        "differences": [],
    },
    "Republished": {"records": 2000, "unreadable": 0},
    "show_contract.answer": {"asyncapi": "3.0.0", "id": "urn:kinerja:events:v1"},
    "read_contract.answer": {"asyncapi": "3.0.0", "id": "urn:kinerja:events:v1"},
    "add_policy.request": _POLICY,
    "PolicyItem": {
        "id": "default",
        "version": 1,
        "effective_from": "2020-01-01",
        "decree": "Contoh: belum ditetapkan",
        "content": {"id": "default", "version": 1},
    },
    "PolicyLoaded": {"id": "default", "version": 2, "rescored": 0},
    "CanaryAnswer": {
        "work_date": "2026-08-04",
        "first_in": "2026-08-04T00:00:10+07:00",
        "last_out": "2026-08-04T16:02:10+07:00",
        "revision": 962,
        "as_of": "2026-08-04T09:02:11Z",
        "published": True,
    },
}

TEXTS = ApiTexts(_ABOUT, _TAGS, _EXAMPLES)
