"""After votes, publications, withdrawals and closings in any order, no group is too small or mixed, and no vote is lost.

An observer knows each published group's answers. Comparing them with withdrawn groups shows him only whole groups:
each has at least the minimum of ballots that were never published before.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.feedback.ratings.rules import ballots
from services.feedback.ratings.rules.ballots import Ballot, Content
from services.feedback.ratings.rules.intake import Burst, Delay, IntakeRules
from shared.contracts.semester import Semester

FIRST_DAY = date(2026, 6, 20)  # ten days before a semester's end
RULES = IntakeRules(
    visit_valid_hours=168,
    visit_retention_days=30,
    burst=Burst(ratings=6, minutes=10),
    group_minimum=3,
    publish_after_seconds=Delay(least=1, most=1),
    minimum_respondents=10,
)
ANSWERS = st.dictionaries(st.sampled_from(["product", "officer_conduct"]), st.integers(1, 4), min_size=1)


class OneBox(RuleBasedStateMachine):
    """A box and the box above it, processed as the job does."""

    def __init__(self) -> None:
        super().__init__()
        self.box = Content()
        self.above = Content()
        self.minute = 0
        self.day = FIRST_DAY
        self.cast = 0
        self.gone = 0
        self.groups: list[tuple[Ballot, ...]] = []
        self.published = 0

    @rule(answers=ANSWERS, suspicious=st.booleans(), minutes=st.integers(0, 20))
    def vote(self, answers: dict[str, int], suspicious: bool, minutes: int) -> None:
        self.minute += minutes
        believed = sum(ballots.forget_minutes(self.box.minutes, self.minute, RULES.burst.minutes).values())
        before = len(self.box.waiting)
        self.box = ballots.cast(
            self.box,
            Ballot(self.day, answers),
            RULES,
            minute=self.minute,
            suspicious=suspicious,
            batch_id=uuid4(),
        )
        self.cast += 1
        waits = not suspicious and believed < RULES.burst.ratings
        assert len(self.box.waiting) == before + waits

    @rule(days=st.integers(1, 15))
    def time_passes(self, days: int) -> None:
        self.day += timedelta(days=days)
        self.minute += days * 1440

    @rule()
    def publish(self) -> None:
        groups, self.box = ballots.take_full(self.box, RULES.group_minimum)
        self.groups += groups
        self.published += sum(map(len, groups))

    @rule()
    def close(self) -> None:
        present = Semester.of(self.day)
        self.publish()
        left, self.box = ballots.take_semesters(self.box, ballots.semesters_before(self.box, present))
        self.above = ballots.put_back(self.above, left)
        groups, self.above = ballots.take_full(self.above, RULES.group_minimum)
        self.groups += groups
        self.published += sum(map(len, groups))
        assert ballots.semesters_before(self.box, present) == []

    @rule(pick=st.randoms(use_true_random=False))
    def withdraw(self, pick: object) -> None:
        if self.groups:
            group = self.groups.pop(pick.randrange(len(self.groups)))  # type: ignore[attr-defined]
            others = [replace(ballot, published_before=True) for ballot in group[1:]]
            self.box = ballots.put_back(self.box, others)
            self.published -= len(group)
            self.gone += 1

    @rule(accepted=st.booleans())
    def decide(self, accepted: bool) -> None:
        for batch in self.box.quarantined[:1]:
            change = ballots.accept if accepted else ballots.dismiss
            found, self.box = change(self.box, batch.batch_id)
            assert found == batch
            self.gone += 0 if accepted else len(batch.ballots)

    @invariant()
    def every_group_is_one(self) -> None:
        for group in self.groups:
            assert sum(not ballot.published_before for ballot in group) >= RULES.group_minimum
            assert len({Semester.of(ballot.day) for ballot in group}) == 1

    @invariant()
    def no_vote_is_lost_or_doubled(self) -> None:
        held = sum(len(batch.ballots) for batch in self.box.quarantined)
        waiting = len(self.box.waiting) + len(self.above.waiting)
        assert self.cast == waiting + held + self.published + self.gone

    @invariant()
    def the_order_of_votes_is_not_kept(self) -> None:
        for content in (self.box, self.above):
            assert content == ballots.put_back(replace(content, waiting=()), reversed(content.waiting))


OneBox.TestCase.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
TestOneBox = OneBox.TestCase
