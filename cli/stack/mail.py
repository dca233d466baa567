"""`kinerja mail`: whether the mail server accepts mails of this system."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli.client import client, request
from cli.group import subject
from cli.output import folded
from cli.progress import doing
from cli.terminal import echo, fail

__all__ = ["app"]

app = subject("The mail server: test.")

RUNBOOK = "docs/runbooks/mail.md"
_STAGES = {
    "connect": "connect", "ehlo": "EHLO", "tls": "TLS", "auth": "login", "mail": "sender", "rcpt": "recipient",
    "data": "message",
}  # fmt: skip
_TLS = {"none": "without TLS", "starttls": "with STARTTLS", "implicit": "with TLS from the first byte"}


@app.callback()
def mail() -> None:
    """Keeps `test` a sub-command while it is the only one."""


@app.command()
def test(address: Annotated[str, typer.Argument(help="Where the test mail goes.")]) -> None:
    """Sends a test mail through the notifications service; prints the mail server's response at each stage.

    Status 1 if the server does not accept it, with what to change. After an accepted mail, held mails are sent.
    """
    with client() as http, doing("sending a test mail"):
        result = request(http, "POST", "/notices/v1/mail-tests", typed={"to": "ADDRESS"}, json={"to": address}).json()
    info = result["mail_server"]
    login = "with a login" if info["login"] else "without a login"
    echo(f"{info['server']} {_TLS[info['tls']]}, {login}")
    echo(f"greets as {info['greets_as']}, sends as {info['sender']}")
    if info["login"] and info["tls"] == "none":
        echo("the password is sent unencrypted: set SMTP_TLS=starttls or implicit")
    for step in result["steps"]:
        _print(step, "ok")
    if result["refused"] is not None:
        _print(result["refused"], "NO")
        raise fail(f"the mail was not accepted\n{folded(result['advice'])}\n  {RUNBOOK}")
    echo("the mail server accepted the mail: check that it arrives, and not as spam")


def _print(step: dict[str, Any], mark: str) -> None:
    code = "" if step["code"] is None else f"{step['code']} "
    first, *others = step["said"].splitlines() or [""]
    echo(f"  {mark}  {_STAGES[step['stage']]:9}  {code}{first}")
    for line in others:
        echo(f"                 {line}")
