"""The texts of the feedback service's OpenAPI document that are not in the code: purpose, ordered tags, examples."""

from __future__ import annotations

from typing import Any

from services.feedback.index.rules.satisfaction import UNSUR
from shared.contracts.examples import EXAMPLES
from shared.openapi.common import COMMON_EXAMPLES, COMMON_TAGS
from shared.openapi.document import ApiTexts
from shared.openapi.texts import EXAMPLES as IDS
from shared.openapi.texts import OFFICER, SUPERIOR, UNIT

__all__ = ["TEXTS"]

_ABOUT = """
Citizens' ratings of visits, supervisors' assessments, and the satisfaction index.

A system at the counter creates a visit and hands its one-use link to the citizen, who rates on a web page. Ratings are shown
and published in groups only, so that nobody can identify a citizen's rating. Feedback is published as records on the topic
`asn.feedback.v1`.
"""

_TAGS = (
    ("feedback", "Visits, assessments, and all published feedback."),
    ("quarantine", "Votes that a rule quarantined: a person accepts or dismisses them without seeing their answers."),
    ("satisfaction", "The satisfaction index (SKM, IKM) of a unit or of the city."),
    *COMMON_TAGS,
)

_ASSESSED: dict[str, Any] = next(item for item in EXAMPLES["asn.feedback.v1"] if item["assessment"] is not None)
_BATCH = {
    "batch_id": IDS["batch_id"],
    "employee_id": OFFICER,
    "org_unit_id": UNIT,
    "weight_class": "visit",
    "cause": "BURST",
    "day": "2026-08-04",
    "ballots": 14,
}
_MEANS = {"completion_time": "3.2000", "product": "3.4000", "officer_competence": "3.5000", "officer_conduct": "3.6000"}

_EXAMPLES: dict[str, Any] = {
    **COMMON_EXAMPLES,
    "NewVisit": {"employee_id": OFFICER, "service": "KTP-el", "weight_class": "visit", "valid_hours": 72},
    "VisitMade": {
        "visit_id": "0198f7d4-5a6b-7c8d-9e0f-102132435465",
        "url": "https://kinerja.example.go.id/f/EXAMPLE-LINK",
        "expires_at": "2026-08-07T02:00:00Z",
    },
    "NewAssessment": {
        "assessment_id": IDS["feedback_id"],
        "employee_id": OFFICER,
        "assessor_id": SUPERIOR,
        "given_at": "2026-08-05T08:00:00+07:00",
        "work_quality": "86.50",
        "public_communication": "90",
    },
    "FeedbackRecord": _ASSESSED,
    "GroupItem": {
        "kind": "citizen_rating",
        "group_id": IDS["group_id"],
        "employee_id": OFFICER,
        "org_unit_id": UNIT,
        "weight_class": "visit",
        "state": "accepted",
        "given_on": "2026-08-04",
        "ratings": 5,
        "answers": {"completion_time": {"n": 5, "sum": 16}, "officer_conduct": {"n": 5, "sum": 18}},
        "reason": None,
    },
    "Reason": {"reason_code": "WRONG_OFFICER"},
    "Republished": {"records": 1204, "unreadable": 0},
    "BatchItem": _BATCH,
    "DecisionItem": {
        **_BATCH,
        "decision": "accepted",
        "reason": "BUSY_DAY",
        "decided_at": "2026-08-05T02:00:00Z",
    },
    "SatisfactionAnswer": {
        "org_unit_id": UNIT,
        "semester": "2026-S2",
        "respondents": 40,
        "n": {name: 40 if name in _MEANS else 0 for name in UNSUR},
        "means": {name: _MEANS.get(name) for name in UNSUR},
        "skm": "3.4250",
        "ikm": "85.63",
        "grade": "B",
    },
}

TEXTS = ApiTexts(_ABOUT, _TAGS, _EXAMPLES)
