"""What a producer may not write: each case changes one field of a valid record, and that field is refused."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from shared.contracts.examples import EXAMPLES
from shared.contracts.topics import ALL_TOPICS, ATTENDANCE_DAY, DISCIPLINE, EMPLOYEE, FEEDBACK, NOTICE, SCORE, Topic


def _refused(topic: Topic[Any], example: int = 0, **changes: Any) -> set[str]:
    with pytest.raises(ValidationError) as refused:
        topic.model.model_validate(EXAMPLES[topic.name][example] | changes)
    return {str(fault["loc"][0]) if fault["loc"] else "" for fault in refused.value.errors()}


@pytest.mark.parametrize("topic", ALL_TOPICS, ids=lambda topic: topic.name)
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("revision", 0),
        ("revision", -1),
        ("revision", 2**31),
        ("revision", None),
        ("recorded_at", datetime(2026, 8, 4, 10, 0)),  # noqa: DTZ001 - the case is a naive datetime
        ("recorded_at", "2026-08-04T10:00:00"),
    ],
)
def test_of_every_record(topic: Topic[Any], field: str, value: object) -> None:
    assert _refused(topic, **{field: value}) == {field}


@pytest.mark.parametrize(
    ("topic", "field", "value"),
    [
        (EMPLOYEE, "nip", "19900101201501100"),
        (EMPLOYEE, "nip", "1990010120150110011"),
        (EMPLOYEE, "nip", "19900101201501100A"),
        (EMPLOYEE, "nip", "19900101201501100１"),
        (EMPLOYEE, "nip", "199001012015011001\n"),
        (EMPLOYEE, "employment_type", "HONORER"),
        (EMPLOYEE, "employee_id", "199001012015011001"),
        (EMPLOYEE, "org_unit_id", ""),
        (EMPLOYEE, "org_unit_id", "a\x00b"),
        (ATTENDANCE_DAY, "status", "late"),
        (ATTENDANCE_DAY, "credited_minutes", -1),
        (ATTENDANCE_DAY, "scheduled_minutes", 2881),
        (ATTENDANCE_DAY, "first_in", "2026-08-04T07:38:00"),
        (ATTENDANCE_DAY, "missing_punches", ["lunch"]),
        (ATTENDANCE_DAY, "deductions", [{"code": "TL1", "percent": 0.5}]),
        (ATTENDANCE_DAY, "deductions", [{"code": "TL1", "percent": "100.01"}]),
        (FEEDBACK, "ratings", {"officer_conduct": 0}),
        (FEEDBACK, "ratings", {"officer_conduct": 5}),
        (FEEDBACK, "ratings", {"smile": 4}),
        (FEEDBACK, "given_at", "2026-08-04T10:15:00"),
        (SCORE, "score", 91.27),
        (SCORE, "score", Decimal("100.01")),
        (SCORE, "score", "9e1"),
        (SCORE, "score", "NaN"),
        (SCORE, "score", "-1"),
        (SCORE, "semester", "2026-S3"),
        (SCORE, "band", "Sangat baik"),
        (DISCIPLINE, "cumulative_days", 367),
        (NOTICE, "kind", "punishment"),
        (NOTICE, "reasons", ["free text about a person"]),
    ],
)
def test_of_one_field(topic: Topic[Any], field: str, value: object) -> None:
    assert _refused(topic, **{field: value}) == {field}


def test_feedback_is_either_a_rating_or_an_assessment() -> None:
    assert _refused(FEEDBACK, ratings=None) == {""}
    assert _refused(FEEDBACK, assessment={"work_quality": "80"}) == {""}
    assert _refused(FEEDBACK, 1, assessment=None) == {""}
    assert _refused(FEEDBACK, 1, employee_id=None) == {""}
    assert _refused(FEEDBACK, 1, assessment={}) == {"assessment"}
    assert _refused(FEEDBACK, 1, assessment={"work_quality": "80.001"}) == {"assessment"}


def test_a_record_cannot_be_changed_after_it_is_made() -> None:
    record = EMPLOYEE.model.model_validate(EXAMPLES[EMPLOYEE.name][0])
    with pytest.raises(ValidationError, match="frozen"):
        record.revision = 9  # type: ignore[misc]


@pytest.mark.parametrize(("given", "written"), [("1E+2", "100"), ("0E+3", "0"), ("-0", "0"), ("90.50", "90.50")])
def test_decimals_are_written_plainly(given: str, written: str) -> None:
    score = SCORE.model.model_validate(EXAMPLES[SCORE.name][0] | {"score": Decimal(given)})
    assert score.model_dump(mode="json")["score"] == written
