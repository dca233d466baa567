"""How `kinerja` prints data and arguments: no control characters, and common words."""

from __future__ import annotations

import importlib
import itertools
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel
from typer.testing import CliRunner, Result

from cli.main import app
from cli.reasons import NOTICE_REASONS, PROOFS, SCORE_REASONS
from cli.terminal import visible
from services.attendance.machines.rules.proof import ProofKind
from services.scoring.policy.rules.score import score
from shared.base.email_address import EmailAddress
from shared.errors.errors import InvalidError
from shared.http.problems import install_problem_handlers
from tests.unit.cli.lists import KEY, NIP, NOTICE, OFFICER, System
from tests.unit.cli.test_lists import IDS, LISTS, MODULES
from tests.unit.scoring.policy.rule_data import shipped_policy, totals

HOSTILE = "\x1b]0;x\x07\x9b31m\u202efdp\u2066\u200b\u2028end"
FREE_TEXT = ("name", "org_unit_name", "reference", "reason", "dismissed_reason", "error")
DIRECTIONS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
Use = Callable[[Callable[[], httpx.Client]], None]


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Use:
    """Makes every command use this client."""

    def set_client(client: Callable[[], httpx.Client]) -> None:
        for name in (*MODULES, "stack.mail"):
            monkeypatch.setattr(importlib.import_module(f"cli.{name}"), "client", client)

    return set_client


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def hidden(printed: str) -> list[str]:
    """Characters that change what a terminal shows around them."""
    return [
        char
        for char in printed
        if char not in "\t\n"
        and (unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or unicodedata.bidirectional(char) in DIRECTIONS)
    ]


def hostile(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: hostile(content, key) for key, content in value.items()}
    if isinstance(value, list):
        return [hostile(item) for item in value]
    return value + HOSTILE if isinstance(value, str) and name in FREE_TEXT else value


class Hostile(System):
    """Its free texts hold control characters."""

    def answer(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=hostile(super().answer(request).json()))


def test_every_character_that_hides_or_moves_others_is_escaped_and_no_letter() -> None:
    for char in map(chr, range(sys.maxunicode + 1)):
        if hidden(char):
            assert visible(char).isascii(), hex(ord(char))
    for words in ("Ni Luh Putu é ñ", "ꦗꦮ", "جاوي", "… — ½ 😀", "a\tb\nc"):
        assert visible(words) == words


@pytest.mark.parametrize("form", ["terminal", "pipe", "json"])
@pytest.mark.parametrize(("arguments", "item", "words"), LISTS, ids=IDS)
def test_control_characters_of_data_do_not_reach_the_terminal(
    use: Use, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], item: Any, words: object, form: str
) -> None:
    use(Hostile().client)
    monkeypatch.setenv("COLUMNS", "80" if form == "terminal" else "")
    done = run(*arguments, *(["--json"] if form == "json" else []))
    assert done.exit_code == 0, done.output
    assert hidden(done.stdout + done.stderr) == []
    if form == "json":
        assert orjson.loads(done.stdout) == [hostile(item)]


def test_control_characters_of_a_refusal_or_an_argument_do_not_either(use: Use) -> None:
    problem = {
        "title": "Not found",
        "detail": HOSTILE,
        "errors": [{"line": 1, "column": HOSTILE, "value": "", "message": ""}],
    }
    answer = httpx.Response(404, json=problem, headers={"content-type": "application/problem+json"})
    use(lambda: httpx.Client(transport=httpx.MockTransport(lambda _: answer), base_url="http://testserver"))
    for arguments in (("officers", "list"), ("keys", "revoke", HOSTILE), ("keys", "make", "a", "--scope", HOSTILE)):
        done = run(*arguments)
        assert done.exit_code != 0
        assert hidden(done.stdout + done.stderr) == []


def test_only_one_module_writes_to_the_terminal() -> None:
    for file in Path(importlib.import_module("cli").__path__[0]).rglob("*.py"):
        assert file.name == "terminal.py" or "typer.echo(" not in file.read_text(), file


@pytest.mark.parametrize("arguments", [("officers", "find", "\udcff"), ("machines", "pins", "\udcff")])
def test_an_argument_that_is_not_utf_8_is_wrong_usage(use: Use, arguments: tuple[str, ...]) -> None:
    use(System().client)
    done = run(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "is not UTF-8" in done.stderr
    assert len(done.stderr.splitlines()) == 1


class Address(BaseModel):
    to: EmailAddress
    days: int = 1


def api() -> TestClient:
    """Refuses as the services do."""
    service = FastAPI()
    install_problem_handlers(service)

    @service.post("/notices/v1/mail-tests")
    def send_mail_test(body: Address) -> None: ...

    @service.put("/attendance/v1/machines/{serial}/enrolments/{pin}")
    def enrol(serial: str, pin: str) -> None:
        raise InvalidError("`valid_to` is before `valid_from`. `other` stays.")

    @service.get("/attendance/v1/employees/{employee_id}")
    def officer(employee_id: str) -> dict[str, str]:
        return {"employee_id": employee_id, "name": "", "nip": ""}

    return TestClient(service)


def test_a_refused_field_is_named_as_it_was_typed_and_once(use: Use) -> None:
    use(api)
    done = run("mail", "test", "budi@contoh,com")
    assert done.exit_code == 1
    assert done.stderr.startswith(
        "The request is not valid:\n  ADDRESS: must be one e-mail address, like nama@contoh.go.id: "
    )
    assert "Value error" not in done.stderr
    assert ".." not in done.stderr
    assert len(done.stderr.splitlines()) == 2


def test_fields_in_a_sentence_are_named_as_they_were_typed(use: Use) -> None:
    use(api)
    done = run("machines", "enrol", "M1", "1", OFFICER, "--from", "2026-08-04")
    assert done.stderr == "The content is not valid: --to is before --from. `other` stays.\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("keys", "revoke", "hris"), "'hris' is not an id; kinerja keys list shows the ids"),
        (("notices", "show", "zzz"), "'zzz' is not an id; kinerja notices list shows the ids"),
        (("links", "revoke", "x"), "kinerja links list shows the ids"),
        (("leave", "approve", NIP, "x"), "kinerja leave list OFFICER shows the ids"),
        (("outbox", "drop", "scoring", "x", "--reason", "x"), "kinerja outbox list shows the ids"),
        (("roster", "template", "--format", "ods"), "'ods' is not one of 'csv', 'xlsx'"),
        (("links", "issue", NIP, "--days", "0"), "must be greater than or equal to 1"),
        (("leave", "add", NIP, "CUTI_TAHUNAN", "--from", "2026-08-04", "--to", "2026-08-01"), "--from 2026-08-04 is after --to"),
        (("machines", "enrol", "M1", "1", NIP, "--from", "2026-08-04", "--to", "2026-08-01"), "--from 2026-08-04 is after --to"),
    ],
)  # fmt: skip
def test_a_wrong_argument_is_explained_in_the_words_of_the_command(arguments: tuple[str, ...], words: str) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert words in done.stderr
    assert not any(word in done.stderr for word in ("Value error", "Input should", ".."))


class Nobody(System):
    """Has one unit without officers."""

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/attendance/v1/units":
            return super().answer(request)
        return httpx.Response(200, json={"items": [], "next": None})


@pytest.mark.parametrize("command", [("scores", "list"), ("officers", "list"), ("officers", "find", "siti")])
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_unit_that_does_not_exist_is_not_an_empty_one(
    use: Use, command: tuple[str, ...], form: tuple[str, ...]
) -> None:
    use(Nobody().client)
    unknown = run(*command, "--unit", "nope", *form)
    assert (unknown.exit_code, unknown.stdout) == (1, "")
    assert "no such unit: nope" in unknown.stderr
    empty = run(*command, "--unit", "dinas-kependudukan-dan-pencatatan-sipil", *form)
    assert empty.exit_code == 0


def test_every_reason_for_a_score_has_words() -> None:
    found: set[str] = set()
    policies = [
        shipped_policy(**changes) for changes in ({}, {"reweight_missing": False}, {"minimum_assessed_weight": "0.90"})
    ]
    for policy, minutes, supervisors, forms in itertools.product(policies, (0, 450), (0, 1), (0, 1, 12)):
        rated = {
            f"{unsur}{part}": forms * factor
            for unsur in ("completion_time", "product", "officer_competence", "officer_conduct")
            for part, factor in (("_n", 1), ("_sum", 4))
        }
        given = {"work_quality_n": supervisors, "communication_n": supervisors}
        found |= set(score(totals(scheduled_minutes=minutes, **given, **rated), policy).reasons)
    assert found == set(SCORE_REASONS)


def test_every_proof_of_a_machine_has_words(use: Use) -> None:
    assert set(PROOFS) == set(ProofKind)
    use(System().client)
    assert "  one address  " in run("machines", "list").stdout


def test_a_notice_s_reasons_are_words_and_an_operator_s_own_code_stays(use: Use) -> None:
    notice = {
        **NOTICE, "revision": 2, "reasons": ["BELOW_ENTRY_THRESHOLD", "ALREADY_TALKED"], "subject": "Pembinaan", "body": "",
        "withdrawal": None, **dict.fromkeys(("released_at", "delivered_at", "acknowledged_at", "object_until", "withdrawn_at")),
    }  # fmt: skip
    system = System()

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=notice) if request.url.path.endswith(KEY) else system.answer(request)

    use(lambda: httpx.Client(transport=httpx.MockTransport(answer), base_url="http://testserver"))
    printed = run("notices", "show", KEY).stdout
    assert f"revision 2: {NOTICE_REASONS['BELOW_ENTRY_THRESHOLD']}; ALREADY_TALKED\n" in printed
