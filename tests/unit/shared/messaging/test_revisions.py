"""How far a revision may jump, and how an owner always brings its readers above a wrong one."""

from __future__ import annotations

from uuid import uuid4

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.contracts.base import REVISION_MAX
from shared.contracts.events.employee import EmployeeRecord
from shared.contracts.revisions import STEP_MAX, AboveError, revision_above, too_far, with_rungs
from tests.fixtures.records import employee

REVISIONS = st.integers(1, 5 * STEP_MAX)


def record(revision: int) -> EmployeeRecord:
    return EmployeeRecord.model_validate(employee(uuid4(), revision))


@pytest.mark.parametrize(
    ("known", "given_", "far"),
    [(0, STEP_MAX, False), (0, STEP_MAX + 1, True), (7, STEP_MAX + 7, False), (7, REVISION_MAX, True), (9, 2, False)],
)
def test_a_leap_is_more_than_a_million_above_what_is_known(known: int, given_: int, far: bool) -> None:
    assert too_far(known, given_) is far


@given(known=st.integers(0, 5 * STEP_MAX), owner=REVISIONS)
@example(known=0, owner=2 * STEP_MAX + 1)
@example(known=STEP_MAX - 1, owner=3 * STEP_MAX)
def test_a_reader_that_stands_anywhere_is_led_up_to_its_owner(known: int, owner: int) -> None:
    truth = record(owner)
    kept = known
    for step in with_rungs([truth]):
        assert step.model_copy(update={"revision": owner}) == truth
        if not too_far(kept, step.revision):
            kept = max(kept, step.revision)
    assert kept == max(known, owner)


def test_below_a_million_a_record_comes_alone_and_a_group_climbs_together() -> None:
    assert with_rungs([record(STEP_MAX)])[0].revision == STEP_MAX
    assert len(with_rungs([record(STEP_MAX)])) == 1
    group = [record(STEP_MAX + 5), record(STEP_MAX + 5), record(3)]
    assert [r.revision for r in with_rungs(group)] == [STEP_MAX, STEP_MAX, STEP_MAX + 5, STEP_MAX + 5, 3]


def test_no_copy_has_the_revision_of_its_record() -> None:
    assert with_rungs([]) == []
    group = [record(STEP_MAX), record(STEP_MAX + 5)]
    assert [r.revision for r in with_rungs(group)] == [STEP_MAX, STEP_MAX, STEP_MAX + 5]
    assert with_rungs(group)[0].employee_id == group[1].employee_id


@given(present=REVISIONS, wrong=st.integers(1, REVISION_MAX - STEP_MAX - 1))
def test_an_owner_overtakes_every_revision_that_a_writer_climbed_to(present: int, wrong: int) -> None:
    if wrong < present:
        with pytest.raises(AboveError):
            revision_above(present, wrong)
    else:
        assert revision_above(present, wrong) == wrong + 1


@pytest.mark.parametrize("wrong", [REVISION_MAX - STEP_MAX, REVISION_MAX - 1, REVISION_MAX])
def test_an_owner_keeps_room_to_count_on(wrong: int) -> None:
    with pytest.raises(AboveError, match="the owner could not count on from there"):
        revision_above(7, wrong)
    assert revision_above(7, REVISION_MAX - STEP_MAX - 1) == REVISION_MAX - STEP_MAX
