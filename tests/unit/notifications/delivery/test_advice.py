"""What the advice about a mail that was not accepted names: the setting or the person that can change it."""

from __future__ import annotations

import pytest

from services.notifications.delivery.rules.advice import advice
from services.notifications.delivery.rules.faults import Reply, Stage

TEMPORARY = "The server refuses temporarily"


@pytest.mark.parametrize(
    ("stage", "code", "text", "start"),
    [
        ("connect", None, "no answer in time", "The mail server cannot be reached: check SMTP_HOST"),
        ("tls", None, "the certificate is not trusted", "No trusted TLS connection: SMTP_HOST must"),
        ("ehlo", 504, "5.5.2 need a full host name", "The server rejects the name in EHLO: set SMTP_HELO_NAME"),
        ("auth", 535, "5.7.8 wrong password", "The login failed: check SMTP_USERNAME"),
        ("mail", 550, "5.7.1 not your address", "The server rejects the sender: SMTP_FROM must"),
        ("rcpt", 550, "5.7.1 Relay access denied", "The server accepts mail for this recipient only from known"),
        ("data", 554, "5.7.1 Message contains spam", "The server refuses the message because of its size or content"),
        # the size is the same fault at every stage
        ("mail", 552, "5.3.4 Message size exceeds fixed limit", "The message is too large for this server"),
        ("rcpt", 552, "5.2.3 Message length exceeds the limit", "The message is too large for this server"),
        ("data", 552, "5.3.4 Message too big", "The message is too large for this server"),
        # nothing about the sender helps against a fault of the mailbox
        ("rcpt", 550, "5.1.1 User unknown", "The mail server knows no such mailbox: correct the address"),
        ("rcpt", 552, "5.2.2 mailbox full", "The mailbox accepts no mail at the moment"),
    ],
)
def test_the_advice_is_about_the_stage_or_the_mailbox(stage: Stage, code: int | None, text: str, start: str) -> None:
    assert advice(stage, Reply(code, text)).startswith(start)


@pytest.mark.parametrize(
    ("code", "temporary"), [(None, False), (399, False), (400, True), (451, True), (499, True), (500, False)]
)
def test_only_replies_from_400_to_499_are_called_temporary(code: int | None, temporary: bool) -> None:
    found = advice("mail", Reply(code, "not now"))
    assert found.startswith(TEMPORARY) is temporary
    assert "The server rejects the sender" in found
