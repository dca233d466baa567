"""Problem documents can be sent, whatever text they quote."""

from __future__ import annotations

import orjson
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel

from shared.base.email_address import EmailAddress
from shared.errors.problem_types import INVALID_CONTENT
from shared.http.problems import install_problem_handlers, problem


def test_words_that_quote_half_a_surrogate_pair_can_be_sent() -> None:
    answer = problem(INVALID_CONTENT, "no such field: \ud800 é", errors=[{"at": "body/\udfff", "message": 10**30}])
    assert orjson.loads(answer.body)["detail"] == "no such field: ? é"
    assert b'"at":"body/?"' in bytes(answer.body)


class Body(BaseModel):
    to: EmailAddress


def test_a_validators_message_is_a_sentence_without_the_prefix_of_its_library() -> None:
    app = FastAPI()
    install_problem_handlers(app)

    @app.post("/")
    def take(body: Body) -> None: ...

    found = TestClient(app).post("/", json={"to": "budi"}).json()
    [fault] = found["errors"]
    assert fault["message"].startswith("must be one e-mail address")
    assert found["detail"] == f"Correct the field `to`: {fault['message']}."
    assert ".." not in found["detail"]
