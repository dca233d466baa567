"""The values that a rule file may have: the limits of each kind, and the whole text of each refusal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, BeforeValidator, TypeAdapter, create_model
from pydantic.dataclasses import dataclass

from shared.base.rule_documents import read_document
from shared.base.rule_models import (
    ClockTime,
    CodeText,
    Day,
    Flag,
    RuleError,
    RulePart,
    Share,
    checked,
    every,
    exact,
    fault,
    only,
    text,
    whole,
)


def read(kind: Any, value: object) -> Any:
    """The value of a field `value` of that kind."""
    model: type[BaseModel] = create_model("Rules", value=(kind, ...))
    return dict(checked(TypeAdapter(model), {"value": value}, "rules"))["value"]


def refusal(kind: Any, value: object) -> str:
    with pytest.raises(RuleError) as refused:
        read(kind, value)
    return str(refused.value).removeprefix("rules: value").strip()


@pytest.mark.parametrize("value", [3, 5])
def test_a_whole_number_at_its_limits_is_accepted(value: int) -> None:
    assert read(Annotated[int, whole(3, 5)], value) == value


@pytest.mark.parametrize(
    ("limits", "value", "message"),
    [
        ((3, 5), 2, "must be a whole number from 3 to 5, not 2"),
        ((3, 5), 6, "must be a whole number from 3 to 5, not 6"),
        ((3, 5), True, "must be a whole number from 3 to 5, not True"),
        ((3, 5), 4.0, "must be a whole number from 3 to 5, not 4.0"),
        ((3, 5), "4", "must be a whole number from 3 to 5, not '4'"),
        # without an upper limit, that of a column is named only where it matters
        ((3,), 2, "must be a whole number above 2, not 2"),
        ((3,), "4", "must be a whole number above 2, not '4'"),
        ((3,), float(2**31 - 1), "must be a whole number above 2, not 2147483647.0"),
        ((3,), 2**31, "must be a whole number from 3 to 2147483647, not 2147483648"),
    ],
)
def test_other_whole_numbers_are_refused(limits: tuple[int, ...], value: object, message: str) -> None:
    assert refusal(Annotated[int, whole(*limits)], value) == message


def test_the_largest_whole_number_is_that_of_a_column() -> None:
    assert read(Annotated[int, whole(1)], 2**31 - 1) == 2**31 - 1


@pytest.mark.parametrize(
    ("value", "number"),
    [("0", "0"), ("100", "100"), (7, "7"), (Decimal("1.5"), "1.5"), ("0.25", "0.25"), ("1E+1", "1E+1")],
)
def test_an_exact_number_is_quoted_or_whole(value: object, number: str) -> None:
    assert read(Annotated[Decimal, exact(0, 100, places=2)], value) == Decimal(number)


@pytest.mark.parametrize(
    ("limits", "value", "message"),
    [
        ({}, 0.35, 'must be a number in quotes to keep it exact: "0.35"'),
        ({}, "x", "must be a number in quotes, not 'x'"),
        ({}, None, "must be a number in quotes, not None"),
        ({}, True, "must be a number in quotes, not True"),
        ({}, "Infinity", "must be a number in quotes, not 'Infinity'"),
        ({"quoted": True}, 7, "must be a number in quotes, not 7"),
        ({}, "-0.1", "must be a number from 0 to 100, not '-0.1'"),
        ({}, "100.1", "must be a number from 0 to 100, not '100.1'"),
        ({"places": 2}, "1.234", "must be a number from 0 to 100 with at most 2 decimals, not '1.234'"),
        ({"places": 2}, "101", "must be a number from 0 to 100 with at most 2 decimals, not '101'"),
        ({"what": "a percent"}, "101", "must be a percent from 0 to 100, not '101'"),
    ],
)
def test_other_numbers_are_refused(limits: dict[str, Any], value: object, message: str) -> None:
    assert refusal(Annotated[Decimal, exact(0, 100, **limits)], value) == message


def test_a_number_has_as_many_decimals_as_it_is_written_with() -> None:
    assert read(Annotated[Decimal, exact(0, 100)], "1.23456") == Decimal("1.23456")
    assert read(Annotated[Decimal, exact(0, 100, quoted=True)], "7") == 7


def test_text_has_its_length_and_no_blanks_around_it() -> None:
    assert read(Annotated[str, text(5)], " a\nb ") == "a\nb"
    assert read(Annotated[str, text(5, one_line=True)], "\nabc\n") == "abc"
    for wrong in ("", "   ", "abcdef", 7):
        assert refusal(Annotated[str, text(5)], wrong) == "must be text of 1 to 5 characters"
    for control in ("a\nb", "a\x7fb"):
        assert refusal(Annotated[str, text(5, one_line=True)], control) == (
            "must be text in one line, without control characters"
        )


@pytest.mark.parametrize(
    ("kind", "value", "found"),
    [
        (Flag, True, True),
        (CodeText, " A_1 ", "A_1"),
        (CodeText, "A" * 64, "A" * 64),
        (Day, date(2026, 8, 3), date(2026, 8, 3)),
        (Day, "2026-08-03", date(2026, 8, 3)),
        (Share, 1, Fraction(1)),
        (Share, 0, Fraction(0)),
        (Share, " 1/3 ", Fraction(1, 3)),
        (Share, "1E-1", Fraction(1, 10)),
        (Share, "+1", Fraction(1)),
        (Share, "0.25", Fraction(1, 4)),
        (Share, Fraction(1, 7), Fraction(1, 7)),
        (Annotated[time, ClockTime], "07:30", time(7, 30)),
        (Annotated[time, ClockTime], time(7, 30), time(7, 30)),
        (Annotated[time | None, ClockTime], None, None),
    ],
)
def test_values_of_a_kind(kind: Any, value: object, found: object) -> None:
    assert read(kind, value) == found


CODE = "must be a code of capitals, digits and underscores, not "
DATE = "must be a date like 2026-01-01, not "
SHARE = 'must be a fraction from 0 to 1 in quotes, like "1/2", not '
CLOCK = 'must be a time like "07:30", not '


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (Flag, 1, "must be true or false"),
        (CodeText, "a", f"{CODE}'a'"),
        (CodeText, "A" * 65, f"{CODE}'{'A' * 49}..."),
        (CodeText, 7, f"{CODE}7"),
        (Day, "soon", f"{DATE}'soon'"),
        (Day, 7, f"{DATE}7"),
        (Day, datetime(2026, 8, 3), f"{DATE}datetime.datetime(2026, 8, 3, 0, 0)"),  # noqa: DTZ001 - as YAML reads it
        (Share, "3/2", f"{SHARE}'3/2'"),
        (Share, "1/0", f"{SHARE}'1/0'"),
        (Share, -1, f"{SHARE}-1"),
        (Share, "1e-300", f"{SHARE}'1e-300'"),
        (Share, 0.5, f"{SHARE}0.5"),
        (Share, True, f"{SHARE}True"),
        (Annotated[time, ClockTime], "7:30", f"{CLOCK}'7:30'"),
        (Annotated[time, ClockTime], "07:60", f"{CLOCK}'07:60'"),
        (Annotated[time, ClockTime], 730, f"{CLOCK}730"),
    ],
)
def test_other_values_of_a_kind_are_refused(kind: Any, value: object, message: str) -> None:
    assert refusal(kind, value) == message


@pytest.mark.parametrize(("length", "shown"), [(48, "'" + "x" * 48 + "'"), (49, "'" + "x" * 49 + "...")])
def test_a_value_is_shown_with_at_most_50_characters(length: int, shown: str) -> None:
    assert refusal(Day, "x" * length) == f"{DATE}{shown}"


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Part(RulePart):
    first: int
    second: int


def not_even(_value: object) -> object:
    raise ValueError("must be even")


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (Annotated[time, ClockTime], None, "is missing"),
        (Part, {"first": 1}, ".second is missing"),
        (Part, [], ": expected a mapping, not list"),
        (Part, {"first": 1, "second": 2, "third": 3}, ": unknown third; known are first, second"),
        (Mapping[str, int], [], ": expected a mapping, not list"),
        (dict[str, int], 7, ": expected a mapping, not int"),
        (dict[CodeText, int], {"a": 1}, f".a {CODE}'a'"),
        (tuple[Flag, ...], 7, "must be a list"),
        (tuple[Flag, ...], [True, 7], "[1] must be true or false"),
        (tuple[Part, ...], [{"first": 1}], "[0].second is missing"),
        (Literal["a", "b"], "c", "must be one of a, b"),
        (Literal["a", "b", "c"], "d", "must be one of a, b, c"),
        (Colour, "green", "must be one of red, blue"),
        (Annotated[int, BeforeValidator(not_even)], 1, "must be even"),
        (str, 7, ": Input should be a valid string"),
    ],
)
def test_what_is_wrong_with_a_part_is_told_at_its_place(kind: Any, value: object, message: str) -> None:
    assert refusal(kind, value) == message


def test_an_error_of_the_whole_file_has_no_place() -> None:
    with pytest.raises(RuleError, match=r"^rules: must be true or false$"):
        checked(TypeAdapter(Flag), 7, "rules")


def test_a_mapping_has_known_names() -> None:
    kind = Annotated[dict[str, int], only("a", "b")]
    assert read(kind, {"a": 1}) == {"a": 1}
    assert refusal(kind, {"d": 1, "c": 1, "a": 1}) == ": unknown c; known are a, b; value: unknown d; known are a, b"
    assert refusal(kind, []) == ": expected a mapping, not list"


def test_a_mapping_has_every_name_in_its_order() -> None:
    kind = Annotated[dict[str, int], every("b", "a")]
    assert list(read(kind, {"a": 1, "b": 2}).items()) == [("b", 2), ("a", 1)]
    assert refusal(kind, {"b": 1}) == ".a is missing: b, a are all required"
    assert refusal(kind, {"a": 1, "b": 2, "c": 3}).endswith("unknown c; known are a, b")
    assert refusal(kind, 7).endswith("expected a mapping, not int")


def test_errors_are_told_with_their_lines_in_the_order_of_the_file() -> None:
    model = create_model("Rules", **{name: (Annotated[int, whole(1, 9)], ...) for name in "abcdefg"})  # type: ignore[call-overload]
    document = read_document("g: 0\nf: 0\ne: 0\nd: 0\nc: 0\nb: 0\n")
    with pytest.raises(RuleError) as refused:
        checked(TypeAdapter(model), document, "rules")
    wrong = "must be a whole number from 1 to 9, not 0"
    assert str(refused.value) == (
        f"rules: line 1, a is missing; line 1, g {wrong}; line 2, f {wrong}; line 3, e {wrong}; line 4, d {wrong};"
        " 2 more errors"
    )
    assert (refused.value.errors or [])[-1] == {"line": 6, "at": "b", "message": wrong}


def test_as_many_errors_as_fit_are_told_without_a_rest() -> None:
    for count, rest in ((5, ""), (7, "; 2 more errors")):
        with pytest.raises(RuleError) as refused:
            checked(TypeAdapter(list[Flag]), [0] * count, "rules")
        told = "; ".join(f"[{place}] must be true or false" for place in range(5))
        assert str(refused.value) == f"rules: {told}{rest}"
        assert (refused.value.errors or [])[0] == {"at": "[0]", "message": "must be true or false"}


def test_at_most_100_errors_are_listed() -> None:
    with pytest.raises(RuleError) as refused:
        checked(TypeAdapter(list[Flag]), [0] * 101, "rules")
    assert len(refused.value.errors or []) == 100


def test_an_error_about_several_values_names_the_field_to_correct() -> None:
    def check(_value: object) -> object:
        raise fault("must not be above most", "least")

    assert refusal(Annotated[dict[str, int], BeforeValidator(check)], {}) == ".least must not be above most"
