"""`kinerja mail test`: through the service to a real mail server, with messages and an exit status."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from cli.stack import mail
from embedded.postgres import EmbeddedPostgres
from tests.fixtures.logs import captured_logs
from tests.fixtures.mail_server import PASSWORD, USER, Scripted, serving
from tests.fixtures.services import Running, running_service
from tests.integration.notifications.mails import MAIL_SETTINGS

pytestmark = pytest.mark.embedded

ADDRESS = "admin@example.go.id"


@pytest.fixture
def script() -> Scripted:
    return Scripted()


async def run(service: Running, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Result:
    """Runs the command in a thread; the service answers its requests in this loop."""
    loop = asyncio.get_running_loop()

    def answer(request: httpx.Request) -> httpx.Response:
        content = {"content": request.content, "headers": {"content-type": "application/json"}}
        asked = service.http.request(request.method, request.url.path, **content)
        found = asyncio.run_coroutine_threadsafe(asked, loop).result(60)
        return httpx.Response(found.status_code, headers=found.headers, content=found.content)

    monkeypatch.setattr(
        mail, "client", lambda: httpx.Client(transport=httpx.MockTransport(answer), base_url="http://testserver")
    )
    return await asyncio.to_thread(CliRunner().invoke, app, ["mail", "test", *arguments])


async def test_an_accepted_mail(
    script: Scripted, monkeypatch: pytest.MonkeyPatch, embedded_postgres: EmbeddedPostgres
) -> None:
    login = {"smtp_username": USER, "smtp_password": PASSWORD}
    with serving(script, mechanisms={"PLAIN"}) as port:
        settings = {**MAIL_SETTINGS, "smtp_port": port, **login}
        async with running_service("notifications", embedded_postgres, **settings) as service:
            with captured_logs() as out:
                done = await run(service, monkeypatch, ADDRESS)
    assert done.exit_code == 0, done.output
    assert "greets as example.go.id, sends as kinerja@example.go.id" in done.output
    assert "the password is sent unencrypted" in done.output
    assert "  ok  login      235" in done.output
    assert "  ok  message    250 2.0.0 queued" in done.output
    assert script.envelopes[0][:2] == ("kinerja@example.go.id", [ADDRESS])
    assert '"event":"mail_test"' in out.getvalue()
    assert ADDRESS not in out.getvalue()
    assert PASSWORD not in done.output + out.getvalue()


async def test_a_refused_one_says_where_and_what_to_change(
    script: Scripted, monkeypatch: pytest.MonkeyPatch, embedded_postgres: EmbeddedPostgres
) -> None:
    script.answers = {"RCPT": "554 5.7.1 <admin@example.go.id>: Relay access denied"}
    with serving(script) as port:
        settings = {**MAIL_SETTINGS, "smtp_port": port}
        async with running_service("notifications", embedded_postgres, **settings) as service:
            done = await run(service, monkeypatch, ADDRESS)
            wrong = await run(service, monkeypatch, "admin@example,com")
            most = [await run(service, monkeypatch, ADDRESS) for _ in range(5)][-1]
    assert done.exit_code == wrong.exit_code == most.exit_code == 1
    assert "  NO  recipient  554 5.7.1 <admin@example.go.id>: Relay access denied" in done.output
    assert "SMTP_USERNAME" in done.output
    assert "docs/runbooks/mail.md" in done.output
    assert "','" in wrong.output
    assert "Value error" not in wrong.output
    assert ".." not in wrong.output
    assert "At most 5 test mails a minute" in most.output
    assert script.envelopes == []


async def test_without_a_mail_server_it_says_what_to_set(
    monkeypatch: pytest.MonkeyPatch, embedded_postgres: EmbeddedPostgres
) -> None:
    async with running_service("notifications", embedded_postgres) as service:
        done = await run(service, monkeypatch, ADDRESS)
        state = (await service.http.get("/notices/v1/mail")).json()
        key = await service.key("notices", "notices:read")
        others = [
            (await service.http.get("/notices/v1/mail", headers=key)).status_code,
            (await service.http.post("/notices/v1/mail-tests", headers=key, json={"to": ADDRESS})).status_code,
        ]
    assert done.exit_code == 1
    assert "set SMTP_HOST and SMTP_FROM" in done.output
    assert state["mail_server"] is None
    assert others == [403, 403]
