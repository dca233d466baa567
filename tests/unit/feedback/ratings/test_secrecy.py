"""No column links a vote to its visit, and a seal reveals nothing about its content."""

from __future__ import annotations

import base64
from datetime import date
from uuid import uuid4

import pytest

from services.feedback.ratings.boxes.seal import BLOCK_BYTES, Seal, SealError
from services.feedback.ratings.rules.ballots import Ballot, Batch, Content
from services.feedback.ratings.tables import BallotBox, Feedback
from services.feedback.visits.tables import Visit

OLD, NEW = "an old key of the tests", "a new key of the tests"
BALLOT = Ballot(date(2026, 8, 4), {"completion_time": 4, "product": 3, "officer_competence": 1, "officer_conduct": 2})
FULL = Content(
    (BALLOT,) * 20, (Batch(uuid4(), "BURST", BALLOT.day, (BALLOT, BALLOT)),), {29_764_000: 3, 29_764_001: 17}
)


def test_a_vote_and_its_visit_share_only_the_target() -> None:
    assert set(Visit.model_fields) & set(Feedback.model_fields) == {"employee_id", "org_unit_id"}
    assert set(Visit.model_fields) & set(BallotBox.model_fields) == {"employee_id", "org_unit_id", "weight_class"}


def test_opening_a_sealed_box_returns_its_content() -> None:
    box = uuid4()
    seal = Seal(NEW)
    for content in (Content(), FULL):
        assert seal.open(box, seal.close(box, content)) == (content, True)


def test_a_sealed_box_reveals_neither_number_nor_time_nor_content() -> None:
    box = uuid4()
    seal = Seal(NEW)
    sealed = [seal.close(box, content) for content in (Content(), Content((BALLOT,)), FULL, FULL)]
    assert len({len(one) for one in sealed}) == 1
    assert len(set(sealed)) == len(sealed)
    for one in sealed:
        raw = base64.urlsafe_b64decode(one)
        assert raw[1:9] == bytes(8)  # Fernet's timestamp
        assert len(raw) > BLOCK_BYTES
        assert b"completion_time" not in raw


def test_an_old_key_opens_boxes_until_it_is_removed() -> None:
    box = uuid4()
    sealed = Seal(OLD).close(box, FULL)
    assert Seal(f"{NEW}\n{OLD}\n").open(box, sealed) == (FULL, False)
    with pytest.raises(SealError, match="a ballot_key that is missing"):
        Seal(NEW).open(box, sealed)


def test_a_box_with_another_boxs_content_is_refused() -> None:
    seal = Seal(NEW)
    with pytest.raises(SealError, match="another box"):
        seal.open(uuid4(), seal.close(uuid4(), FULL))


@pytest.mark.parametrize("keys", ["", "short", f"{NEW}\nshort", "\n\n"])
def test_a_short_key_is_refused(keys: str) -> None:
    with pytest.raises(ValueError, match="KINERJA_BALLOT_KEY"):
        Seal(keys)
