"""Problem documents can be sent, whatever their words quote."""

from __future__ import annotations

import orjson

from shared.problem_types import INVALID_CONTENT
from shared.problems import problem


def test_words_that_quote_half_a_surrogate_pair_can_be_sent() -> None:
    answer = problem(INVALID_CONTENT, "no such field: \ud800 é", errors=[{"at": "body/\udfff", "message": 10**30}])
    assert orjson.loads(answer.body)["detail"] == "no such field: ? é"
    assert b'"at":"body/?"' in bytes(answer.body)
