"""Citizens' ratings are shown as groups, whose means reveal no single citizen's answer."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.scoring.facts.rules.rating_groups import Rating, rating_groups
from shared.contracts.events.feedback import GROUP_FLOOR

DAY = date(2026, 8, 4)
ONE, TWO = UUID(int=1), UUID(int=2)


def ratings(count: int, group: UUID | None, product: int = 4, *, counted: bool = True, **more: int) -> list[Rating]:
    return [Rating(group, DAY, counted, {"product": product} | more) for _ in range(count)]


def test_groups_are_shown_with_their_means() -> None:
    shown, withheld = rating_groups([*ratings(5, ONE, 4), *ratings(5, TWO, 3), *ratings(1, TWO, 2)], 10)
    assert [(group.n, dict(group.means)) for group in shown] == [
        (5, {"product": Decimal("4.00")}),
        (6, {"product": Decimal("2.83")}),
    ]
    assert withheld == 0


def test_nothing_is_shown_below_the_policys_minimum() -> None:
    assert rating_groups(ratings(9, ONE), 10) == ([], 9)


def test_withdrawn_ratings_do_not_help_to_reach_the_minimum() -> None:
    assert rating_groups([*ratings(9, ONE), *ratings(5, TWO, counted=False)], 10) == ([], 14)


def test_an_element_that_one_of_a_group_did_not_answer_is_left_out() -> None:
    group = [*ratings(4, ONE, officer_conduct=1), *ratings(1, ONE)]
    [shown, _] = rating_groups([*group, *ratings(5, TWO)], 10)[0]
    assert set(shown.means) == {"product"}


def test_of_a_large_group_as_many_as_the_minimum_are_enough() -> None:
    [shown] = rating_groups([*ratings(10, ONE, officer_conduct=1), *ratings(5, ONE)], 10)[0]
    assert set(shown.means) == {"product", "officer_conduct"}


def test_ratings_without_a_group_are_shown_as_one_group_or_not_at_all() -> None:
    shown, withheld = rating_groups([*ratings(10, ONE), *ratings(GROUP_FLOOR - 1, None)], 10)
    assert ([group.n for group in shown], withheld) == ([10], GROUP_FLOOR - 1)
    shown, withheld = rating_groups([*ratings(10, ONE), *ratings(2, TWO), *ratings(1, None)], 10)
    assert (sorted(group.n for group in shown), withheld) == ([3, 10], 0)


def test_ratings_without_a_group_are_shown_together_with_those_of_small_groups_and_once() -> None:
    many_without, few = ratings(GROUP_FLOOR, None, 1), ratings(GROUP_FLOOR - 1, TWO, 4)
    [shown], withheld = rating_groups([*many_without, *few], 1)
    assert (shown.n, shown.means["product"], withheld) == (5, Decimal("2.20"), 0)  # (3 x 1 + 2 x 4) / 5


def test_withdrawn_ratings_are_a_separate_group_that_is_not_counted() -> None:
    counted, withdrawn = ratings(GROUP_FLOOR, ONE, 4), ratings(GROUP_FLOOR + 1, ONE, 1, counted=False)
    shown, _ = rating_groups([*counted, *withdrawn], GROUP_FLOOR)
    assert [(group.n, group.counted, group.means["product"]) for group in shown] == [
        (GROUP_FLOOR, True, Decimal("4.00")),
        (GROUP_FLOOR + 1, False, Decimal("1.00")),
    ]
    rest, withheld = rating_groups([*ratings(GROUP_FLOOR, None), *ratings(GROUP_FLOOR - 1, None, counted=False)], 1)
    assert ([(group.n, group.counted) for group in rest], withheld) == ([(GROUP_FLOOR, True)], GROUP_FLOOR - 1)


def test_a_group_has_the_date_of_its_latest_rating() -> None:
    later = [Rating(ONE, date(2026, 8, 9), True, {"product": 4})]
    [shown], _ = rating_groups([*ratings(5, ONE), *later, *ratings(5, ONE)], 5)
    assert shown.given_on == date(2026, 8, 9)


@given(
    st.lists(st.tuples(st.sampled_from([None, *(UUID(int=n) for n in range(6))]), st.booleans()), max_size=60),
    st.integers(1, 20),
)
def test_no_shown_group_is_below_the_floor_and_no_rating_is_lost(
    drawn: list[tuple[UUID | None, bool]], minimum: int
) -> None:
    every = [Rating(group, DAY, counted, {"product": 3}) for group, counted in drawn]
    shown, withheld = rating_groups(every, minimum)
    assert all(group.n >= GROUP_FLOOR for group in shown)
    assert sum(group.n for group in shown) + withheld == len(every)
    if sum(rating.counted for rating in every) < minimum:
        assert shown == []


def test_the_order_of_groups_does_not_depend_on_their_ids() -> None:
    groups = [ratings(5, uuid4(), product) for product in (1, 2, 3, 4)]
    flat = [rating for group in groups for rating in group]
    assert rating_groups(flat, 10) == rating_groups(flat[::-1], 10)
