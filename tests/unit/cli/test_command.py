"""The `kinerja` command as a whole: which system it calls, its statuses, faults, help and completion."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import typer
from typer.testing import CliRunner

from cli.client import client, request
from cli.connection import read_connection
from cli.doctor import doctor
from cli.kafka import client as kafka
from cli.main import app
from cli.people import officers, units
from cli.stack import compose

ROOT = Path(__file__).resolve().parents[3]
KEY = "not-to-be-printed-by-anything"


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder without connect.env, and an environment that names no system."""
    for name in list(os.environ):
        if name.startswith(("KINERJA_", "KAFKA_")) or name in {"DATA", "COLUMNS"}:
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, url: str = "http://127.0.0.1:9", **more: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    values = {"KINERJA_URL": url, "KINERJA_OPERATOR_KEY": KEY} | more
    (folder / "connect.env").write_text("".join(f"{name}={value}\n" for name, value in values.items()))


def test_the_system_is_that_of_the_environment_then_data_then_var_then_the_stack(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found() -> tuple[str, str]:
        connection = read_connection()
        return connection.values["KINERJA_URL"], connection.source("KINERJA_URL")

    write(elsewhere / "var/compose", "http://stack")
    assert found() == ("http://stack", "var/compose/connect.env")
    write(elsewhere / "var", "http://up")
    assert found() == ("http://up", "var/connect.env")
    write(elsewhere / "mine", "http://mine")
    monkeypatch.setenv("DATA", "mine")
    assert found() == ("http://mine", "mine/connect.env")
    monkeypatch.setenv("KINERJA_URL", "http://named")
    assert found() == ("http://named", "the environment")
    shown = CliRunner().invoke(app, ["where"])
    assert "http://named   (from the environment)" in shown.stdout
    assert "is set   (from mine/connect.env)" in shown.stdout
    assert KEY not in shown.output


def test_a_system_that_is_not_named_is_said_so_with_where_it_was_looked_for() -> None:
    done = CliRunner().invoke(app, ["units", "list"])
    assert (done.exit_code, done.stdout) == (1, "")
    assert "not in var/connect.env or var/compose/connect.env" in done.stderr


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://a", "http://a:b:c", "http://"])
def test_an_address_that_is_none_is_named_with_its_place(elsewhere: Path, url: str) -> None:
    write(elsewhere / "var", url)
    done = CliRunner().invoke(app, ["units", "list"])
    assert done.exit_code == 1
    assert f"KINERJA_URL (from var/connect.env) is not http://HOST:PORT or https://HOST: {url}" in done.stderr


def test_a_password_in_the_address_is_refused_and_not_printed(elsewhere: Path) -> None:
    write(elsewhere / "var", f"http://user:{KEY}@127.0.0.1:9")
    done = CliRunner().invoke(app, ["units", "list"])
    assert (done.exit_code, "http://***@127.0.0.1:9" in done.stderr) == (1, True)
    assert KEY not in done.output


@pytest.mark.parametrize(
    "line",
    ["KINERJA_URL=http://a", " KINERJA_URL = http://a ", 'KINERJA_URL="http://a"', "export KINERJA_URL='http://a'  # ours",
     "KINERJA_URL=http://a # ours", "\ufeffKINERJA_URL=http://a", "# ours\n\nKINERJA_URL=http://a\r"],
)  # fmt: skip
def test_connect_env_is_read_as_a_shell_reads_it(elsewhere: Path, line: str) -> None:
    (elsewhere / "var").mkdir()
    (elsewhere / "var/connect.env").write_text(f"{line}\nKINERJA_OPERATOR_KEY=a#b=c\nKINERJA_COMPOSE_FILE=\n", "utf-8")
    assert read_connection().values == {
        "KINERJA_URL": "http://a",
        "KINERJA_OPERATOR_KEY": "a#b=c",
        "KINERJA_COMPOSE_FILE": "",
    }


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"KINERJA_URL=http://\xff\n", "var/connect.env is not UTF-8"),
        (b"# ours\nKINERJA_URL http://a\n", "var/connect.env, line 2, is not NAME=value"),
        (b'KINERJA_OPERATOR_KEY="not-to-be-printed-by-anything\n', "var/connect.env, line 1, is not NAME=value"),
        ("KINERJA_URL=http://a\nKINERJA_OPERATOR_KEY=ké-not-to-be-printed-by-anything".encode(),
         "KINERJA_OPERATOR_KEY (from var/connect.env) has a blank, a line end or a letter that no key has"),
        ("KINERJA_OPERATOR_KEY=k\nKINERJA_URL=http://a\u3000b".encode(), "KINERJA_URL (from var/connect.env) is not http://"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_connect_env_is_named(elsewhere: Path, content: bytes, words: str) -> None:
    (elsewhere / "var").mkdir()
    (elsewhere / "var/connect.env").write_bytes(content)
    done = CliRunner().invoke(app, ["units", "list"])
    assert (done.exit_code, done.stdout) == (1, "")
    assert words in done.stderr
    assert KEY not in done.stderr
    assert len(done.stderr.splitlines()) == 1


def _refused(asked: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("[Errno 111] Connection refused", request=asked)


def _unknown_key(_: httpx.Request) -> httpx.Response:
    return httpx.Response(401, json={})


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (_refused, "http://127.0.0.1:9 (from var/connect.env) does not answer: Connection refused."),
        (_unknown_key, "does not accept the operator's key (from var/connect.env)"),
    ],
)
@pytest.mark.parametrize("command", [("doctor",), ("units", "list")])
def test_a_system_that_is_away_or_another_is_said_once(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, answer: object, words: str, command: tuple[str, ...]
) -> None:
    write(elsewhere / "var")
    http = httpx.Client(transport=httpx.MockTransport(answer), base_url="http://127.0.0.1:9")  # type: ignore[arg-type]
    for module in (doctor, units):
        monkeypatch.setattr(module, "client", lambda: http)
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 1
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "FAIL" not in done.output
    if command == ("doctor",):
        assert done.stdout == "looking at http://127.0.0.1:9 (from var/connect.env)\n"


def test_a_real_port_where_nobody_listens(elsewhere: Path) -> None:
    write(elsewhere / "var")
    with client() as http, pytest.raises(typer.Exit):
        request(http, "GET", "/attendance/v1/units")


@pytest.mark.parametrize("command", [("access", "verify"), ("subscribers", "list")])
def test_a_broker_without_users_is_said_in_one_line(elsewhere: Path, command: tuple[str, ...]) -> None:
    write(elsewhere / "var", KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:27092")
    done = CliRunner().invoke(app, command)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("The broker 127.0.0.1:27092 (from var/connect.env) has no users")
    assert len(done.stderr.splitlines()) == 1


def test_the_broker_is_that_of_connect_env(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(
        elsewhere / "var",
        KAFKA_BOOTSTRAP_SERVERS="kafka.example.go.id:9094",
        KAFKA_SECURITY_PROTOCOL="SASL_SSL",
        KAFKA_SASL_USERNAME="sandbox",
        KAFKA_SASL_PASSWORD="x",
    )
    settings = kafka.kafka_settings()
    assert (settings.kafka_bootstrap_servers, settings.kafka_sasl_username) == ("kafka.example.go.id:9094", "sandbox")
    assert kafka.kafka_settings("127.0.0.1:1").kafka_bootstrap_servers == "127.0.0.1:1"
    monkeypatch.setenv("KINERJA_KAFKA_BOOTSTRAP_SERVERS", "kafka:9092")  # as inside the stack
    assert kafka.kafka_settings().kafka_sasl_username is None
    monkeypatch.delenv("KINERJA_KAFKA_BOOTSTRAP_SERVERS")
    (elsewhere / "var/connect.env").unlink()
    done = CliRunner().invoke(app, ["topics", "verify"])
    assert (done.exit_code, "No broker is named" in done.stderr) == (1, True)


@pytest.mark.parametrize(("status", "expected"), [(0, 0), (1, 1), (2, 2), (125, 1)])
@pytest.mark.parametrize("arguments", [("topics", "verify"), ("access", "verify"), ("subscribers", "list")])
def test_on_a_stack_s_host_the_broker_is_asked_from_its_inside(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], status: int, expected: int
) -> None:
    orders: list[list[str]] = []

    def run(order: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        orders.append(order)
        return subprocess.CompletedProcess(order, status)

    write(elsewhere / "var", KINERJA_COMPOSE_PROJECT="city", KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:9094")
    monkeypatch.delenv("KINERJA_KAFKA_SASL_USERNAME", raising=False)
    monkeypatch.setattr(compose.subprocess, "run", run)
    monkeypatch.setattr(sys, "argv", ["kinerja", *arguments])
    assert CliRunner().invoke(app, arguments).exit_code == expected
    [order] = orders
    assert order[-3:] == ["admin", *arguments]
    assert "city" in order


@pytest.mark.parametrize(
    "arguments",
    [("nosuch",), ("units", "nosuch"), ("units", "list", "--nosuch"), ("keys", "show", "no-uuid"), ("links", "revoke"),
     ("outbox", "drop", "payroll", "01a22c63-4c10-7183-aff1-ed8658452900", "--reason", "x"), ("officers", "show"),
     ("republish", "asn.employee.v1"), ("scores", "verify", "--since", "autumn"), ("dead-letters", "show", "scoring", "x")],
)  # fmt: skip
def test_a_wrong_command_line_ends_with_2(arguments: tuple[str, ...]) -> None:
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2, done.output
    assert "Error: " in done.stderr
    assert "╭" not in done.output


def test_the_version() -> None:
    done = CliRunner().invoke(app, ["--version"])
    assert (done.exit_code, done.stdout) == (0, "kinerja 0.1.0\n")


def test_a_fault_that_nobody_expected_is_one_line_without_its_message(monkeypatch: pytest.MonkeyPatch) -> None:
    def fault() -> httpx.Client:
        raise RuntimeError(KEY)

    monkeypatch.setattr(units, "client", fault)
    done = CliRunner().invoke(app, ["units", "list"])
    assert done.exit_code == 1
    assert done.stderr.startswith("kinerja failed: RuntimeError at test_command.py:")
    assert len(done.stderr.splitlines()) == 1
    assert KEY not in done.output


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<html>It works!</html>"), (200, b"\xff"), (200, b"[]"), (200, b"null"), (200, b'{"a": 1}'),
        (200, b'{"items": null, "next": null}'), (404, b'{"title": 7, "detail": ["x"], "errors": "no"}'), (404, b"[]"),
    ],
)  # fmt: skip
def test_another_programs_answer_says_what_it_may_be(monkeypatch: pytest.MonkeyPatch, status: int, body: bytes) -> None:
    kind = {"content-type": "application/problem+json"}
    web = httpx.MockTransport(lambda _: httpx.Response(status, content=body, headers=kind))
    monkeypatch.setattr(officers, "client", lambda: httpx.Client(transport=web, base_url="http://testserver"))
    done = CliRunner().invoke(app, ["officers", "list"])
    assert (done.exit_code, "is another program at this address?" in done.stderr) == (1, True)


def test_an_interrupted_command_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> httpx.Client:
        raise KeyboardInterrupt

    monkeypatch.setattr(units, "client", interrupted)
    done = CliRunner().invoke(app, ["units", "list"])
    assert (done.exit_code, done.output) == (130, "")


def test_the_list_of_commands_loads_none_of_them() -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from cli.main import app\n"
        "done = CliRunner().invoke(app, ['--help']); assert 'dead-letters' in done.output, done.output\n"
        "print([name for name in ('fastapi', 'sqlalchemy', 'confluent_kafka', 'uvicorn') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "[]\n"


def test_every_command_can_be_loaded_and_says_what_it_does() -> None:
    from cli.main import Kinerja

    for name in Kinerja.entries:
        done = CliRunner().invoke(app, [name, "--help"])
        assert done.exit_code == 0, (name, done.output)
        assert f"Usage: kinerja {name}" in done.output or f"Usage: root {name}" in done.output, done.output


@pytest.mark.parametrize(("line", "expected"), [("kinerja sco", "scores"), ("kinerja machines enr", "enrol")])
def test_bash_completes_commands(line: str, expected: str) -> None:
    """Calls it like the script that `kinerja --install-completion` writes."""
    words = line.split()
    environment = {
        "_KINERJA_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1), "PATH": "/usr/bin:/bin"
    }  # fmt: skip
    program = str(Path(sys.executable).with_name("kinerja"))
    done = subprocess.run([program], capture_output=True, text=True, check=False, env=environment)
    assert expected in done.stdout.split(), done
