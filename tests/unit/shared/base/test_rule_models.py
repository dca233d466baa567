"""Every error of a rule file names its line, its field and what is right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.attendance.hours.rules.week_hours import week_file
from services.attendance.regulation.rules.rule_set import rules_from_mapping as attendance_rules
from services.feedback.ratings.rules.intake import intake_rules_from_mapping
from services.notifications.grounds.rules.rule_set import rules_from_mapping as notice_rules
from services.scoring.policy.rules.ladder import discipline_rules_from_mapping
from services.scoring.policy.rules.policy import policy_from_mapping
from shared.base.rule_documents import read_document
from shared.base.rule_models import RuleError

ROOT = Path(__file__).resolve().parents[4] / "rules"
KINDS: dict[str, Callable[[object], object]] = {
    "attendance/default.yaml": attendance_rules,
    "attendance/week-schedule.yaml": week_file,
    "feedback/default.yaml": intake_rules_from_mapping,
    "notices/default.yaml": notice_rules,
    "discipline/pp94-2021.yaml": discipline_rules_from_mapping,
    "scoring/default.yaml": policy_from_mapping,
}


def line_with(source: str, part: str) -> int:
    return next(number for number, line in enumerate(source.splitlines(), 1) if part in line)


def refusal(read: Callable[[object], object], content: object) -> list[dict[str, str]]:
    try:
        read(content)
    except RuleError as error:
        return error.errors or []
    return []


@pytest.mark.parametrize(
    ("file", "right", "wrong", "message"),
    [
        ("attendance/default.yaml", "grace_minutes: 0", "grace_minutes: -1",
         "attendance rules: line {}, grace_minutes must be a whole number from 0 to 1440, not -1"),
        ("attendance/default.yaml", 'from_minute: 31, percent: "1", code: TL2', "from_minute: 31, percent: 1.5, code: TL2",
         'attendance rules: line {}, late_bands[1].percent must be a percent in quotes to keep it exact: "1.5"'),
        ("attendance/week-schedule.yaml", 'friday: {start: "07:30"', "friday: {start: 730",
         'week schedule: line {}, days.friday.start must be a time like "07:30", not 730'),
        ("feedback/default.yaml", "  most: 120", "  most: 9",
         "feedback rules: line 8, publish_after_seconds: least must not exceed most"),
        ("notices/default.yaml", '  attendance: {entry: "90", exit: "93"}', '  attendance: {entry: "90", exit: "90"}',
         "notice rules: line {}, coaching.attendance: exit must be higher than entry"),
        ("notices/default.yaml", "objection_days: 14", "objection_day: 14",
         "notice rules: line {}: unknown objection_day; known are alert_acknowledgement_days"),
        ("discipline/pp94-2021.yaml", "      consecutive_days: 10", "      consecutive_days: 0",
         "discipline: line {}, ladders.PNS[8].consecutive_days must be a whole number from 1 to 366, not 0"),
        ("scoring/default.yaml", '  attendance: "0.40"', '  attendance: "40"',
         "policy: line {}, weights.attendance must be a number from 0 to 1 with at most 4 decimals, not '40'"),
        ("scoring/default.yaml", '  - {code: BAIK, lower: "76.61"}', '  - {code: baik, lower: "76.61"}',
         "policy: line {}, bands[1].code must be a code of capitals, digits and underscores, not 'baik'"),
        ("scoring/default.yaml", "parts_required: any", "parts_required: some",
         "policy: line {}, parts_required must be one of any, all"),
        ("scoring/default.yaml", '    citizens: "0.75"', "",
         "policy: line 23, parts.public_communication.citizens is missing"),
    ],
)  # fmt: skip
def test_an_error_of_a_rule_file_names_its_line_and_its_field(file: str, right: str, wrong: str, message: str) -> None:
    source = (ROOT / file).read_text(encoding="utf-8")
    number = line_with(source, right)
    with pytest.raises(RuleError) as refused:
        KINDS[file](read_document(source.replace(right, wrong)))
    assert str(refused.value).startswith(message.format(number))
    [fault] = refused.value.errors or []
    assert set(fault) == {"line", "at", "message"}


@pytest.mark.parametrize("file", KINDS)
@given(data=st.data())
def test_an_unknown_name_is_refused_in_its_line_wherever_it_stands(file: str, data: st.DataObject) -> None:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    tops = [place for place, line in enumerate(lines) if line[:1].isalpha()]
    place = data.draw(st.sampled_from(tops))
    document = "\n".join([*lines[:place], "misspelt: 1", *lines[place:]])
    with pytest.raises(RuleError, match=f"line {place + 1}: unknown misspelt; known are "):
        KINDS[file](read_document(document))


@pytest.mark.parametrize("file", KINDS)
@given(value=st.one_of(st.none(), st.booleans(), st.floats(), st.text(max_size=5), st.lists(st.integers(), max_size=2)))
def test_any_value_is_accepted_or_refused_as_a_rule(file: str, value: object) -> None:
    content = read_document((ROOT / file).read_bytes())
    for name in content:
        found = refusal(KINDS[file], {**content, name: value})
        assert all(name in fault["at"] + fault["message"] for fault in found)


def test_all_errors_are_listed_and_the_first_ones_told() -> None:
    content = dict.fromkeys(read_document((ROOT / "scoring/default.yaml").read_bytes()))
    with pytest.raises(RuleError, match=r"; 8 more errors$") as refused:
        policy_from_mapping(content)
    assert [fault["at"] for fault in refused.value.errors or []] == list(content)


def test_each_unknown_name_has_its_own_line_and_field() -> None:
    source = (ROOT / "attendance/default.yaml").read_text(encoding="utf-8")
    source = f"zzz: 1\naaa: 1\n{source}".replace("{from_minute: 31,", "{from: 31, minute: 1,", 1)
    with pytest.raises(RuleError) as refused:
        attendance_rules(read_document(source))
    found = [(fault["line"], fault["at"], fault["message"]) for fault in refused.value.errors or []]
    known = "known are absent_half_day_percent"
    assert [(line, at) for line, at, _ in found] == [(1, "zzz"), (2, "aaa")]
    assert [message[: len(f"unknown aaa; {known}")] for *_, message in found] == [
        f"unknown zzz; {known}",
        f"unknown aaa; {known}",
    ]
    with pytest.raises(RuleError) as refused:
        attendance_rules(read_document(source.replace("zzz: 1\naaa: 1\n", "\n\n")))
    line, known = line_with(source, "{from: 31"), "known are code, from_minute, percent"
    assert refused.value.errors == [
        {"line": line, "at": "late_bands[1].from", "message": f"unknown from; {known}"},
        {"line": line, "at": "late_bands[1].minute", "message": f"unknown minute; {known}"},
    ]
    assert f"line {line}, late_bands[1]: unknown from; {known}; line {line}, " in str(refused.value)


def test_a_message_has_as_many_whole_errors_as_fit_and_counts_the_others() -> None:
    names = [letter * 900 for letter in "abcd"]
    with pytest.raises(RuleError) as refused:
        week_file(dict.fromkeys(names, 1))
    known = "known are days, effective_from, kind, name"
    assert str(refused.value) == (
        f"week schedule: unknown {names[0]}; {known}; unknown {names[1]}; {known}; 2 more errors"
    )


def test_a_long_value_is_shortened_in_the_message() -> None:
    with pytest.raises(RuleError) as refused:
        policy_from_mapping({**read_document((ROOT / "scoring/default.yaml").read_bytes()), "version": "9" * 900})
    assert len(str(refused.value)) < 150
