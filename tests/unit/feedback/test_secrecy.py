"""No column joins a vote to its visit."""

from __future__ import annotations

from services.feedback.models import Feedback, Visit


def test_a_vote_shares_with_its_visit_only_whom_it_was_about() -> None:
    assert set(Visit.model_fields) & set(Feedback.model_fields) == {"employee_id", "org_unit_id"}
