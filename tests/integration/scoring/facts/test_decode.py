"""The fast decoders follow the contract: they accept what the schema and the model accept, and refuse what the model
refuses. Only a number sent as a string is undefined: the model accepts it, the schema does not.
No producer may rely on it.
"""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import jsonschema_rs
import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.scoring.facts.decode import (
    day_evidence,
    day_of,
    decode_day,
    decode_feedback,
    feedback_evidence,
    feedback_of,
)
from shared.contracts.envelope import UnreadableRecordError
from shared.contracts.topics import ATTENDANCE_DAY, FEEDBACK, Topic
from shared.messaging.consuming.incoming import Incoming
from tests.fixtures.records import assessment, day, incoming, rating

OFFICER = UUID("0199a2b4-0000-7000-8000-000000000001")
WHOLE_DAY = day(
    OFFICER,
    date(2026, 8, 3),
    excuse="CT",
    late_minutes=3,
    early_leave_minutes=0,
    missing_punches=["out"],
    first_in="2026-08-03T07:33:00+07:00",
    last_out=None,
    deductions=[{"code": "TL1", "percent": "0.5"}],
    reasons=["LATE"],
)
RATING = rating(OFFICER) | {"feedback_id": "0199a2b4-0000-7000-8000-000000000002", "weight_class": "counter"}
ASSESSMENT = assessment(OFFICER) | {"feedback_id": "0199a2b4-0000-7000-8000-000000000003"}

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3000),
    st.sampled_from(
        [2**31 - 1, 2**31, 0.5, "", " ", "x" * 101, "final", "present", "absent", "off", "withdrawn", "in"]
    ),
    st.sampled_from(
        ["TL1", "tl1", "A" * 65, "TL1\n", "a\u0000b", "100", "100.00", "100.01", "99.999", "-1", "1e2", "80.5"]
    ),
    st.sampled_from(["2026-08-03", "2026-02-30", "2026-08-03T07:33:00", "2026-08-03T07:33:00Z", "0199a2b4"]),
    st.sampled_from([[], {}, ["in"], ["x"], {"product": 4}, {"product": 5}, {"taste": 4}, {"work_quality": "80.25"}]),
    st.sampled_from([[{"code": "TL1", "percent": "100.5"}], {"work_quality": 80}, {"id": "a", "version": 0}, {}]),
)


def schema_accepts(topic: Topic[Any], record: dict[str, Any]) -> bool:
    schema = topic.model.model_json_schema(mode="validation")
    return bool(jsonschema_rs.is_valid(schema, record, validate_formats=True))


def model_accepts(topic: Topic[Any], value: bytes) -> bool:
    try:
        topic.model.model_validate_json(value)
    except ValidationError:
        return False
    return True


def fast_accepts(record: Incoming) -> bool:
    try:
        day_of(record) if record.topic == ATTENDANCE_DAY.name else feedback_of(record)
    except UnreadableRecordError:
        return False
    return True


@pytest.mark.parametrize(("topic", "whole"), [(ATTENDANCE_DAY, WHOLE_DAY), (FEEDBACK, RATING), (FEEDBACK, ASSESSMENT)])
def test_fast_decoder_agrees_with_the_contract(topic: Topic[Any], whole: dict[str, Any]) -> None:
    names = st.sampled_from(sorted([*topic.model.model_fields, "unknown_field"]))

    @settings(max_examples=600, deadline=None)
    @given(changes=st.dictionaries(names, VALUES, max_size=2), without=st.sets(names, max_size=1))
    @example(changes={}, without=set())
    @example(changes={"org_unit_id": "a\u0000b"}, without=set())
    @example(changes={"reasons": ["late"]}, without=set())
    def agrees(changes: dict[str, Any], without: set[str]) -> None:
        record = {name: value for name, value in (whole | changes).items() if name not in without}
        value = orjson.dumps(record)
        fast = fast_accepts(incoming(topic, value))
        if not model_accepts(topic, value):
            assert not fast, record
        elif schema_accepts(topic, record):
            assert fast, record

    agrees()


def test_evidence_keeps_what_the_record_says() -> None:
    record = day_of(incoming(ATTENDANCE_DAY, WHOLE_DAY))
    kept = decode_day(day_evidence(record))
    assert {name: getattr(kept, name) for name in kept.__struct_fields__} == {
        name: getattr(record, name) for name in kept.__struct_fields__
    }
    for content in (RATING, ASSESSMENT):
        feedback = feedback_of(incoming(FEEDBACK, content))
        found = decode_feedback(feedback_evidence(feedback))
        assert {name: getattr(found, name) for name in found.__struct_fields__} == {
            name: getattr(feedback, name) for name in found.__struct_fields__
        }


def test_structured_mode_is_read_too() -> None:
    event = {"specversion": "1.0", "type": ATTENDANCE_DAY.name, "id": "1", "source": "/x", "data": WHOLE_DAY}
    headers = [("content-type", b"application/cloudevents+json; charset=UTF-8")]
    record = Incoming(ATTENDANCE_DAY.name, 0, 0, None, orjson.dumps(event), headers)
    assert day_of(record).employee_id == OFFICER
    other = Incoming(ATTENDANCE_DAY.name, 0, 0, None, orjson.dumps(event | {"type": FEEDBACK.name}), headers)
    with pytest.raises(UnreadableRecordError) as caught:
        day_of(other)
    assert caught.value.reason == "OTHER_TYPE"
