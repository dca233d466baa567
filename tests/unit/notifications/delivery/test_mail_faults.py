"""Whose fault a refusal is, by stage, code and enhanced status; the texts are those of real servers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.delivery.rules.advice import advice
from services.notifications.delivery.rules.faults import STAGES, Reply, Stage, blame, broken_off, holds_all

NO_SUCH_USER = "5.1.1 <x@example.go.id>: Recipient address rejected: User unknown in local recipient table"


@pytest.mark.parametrize(
    ("stage", "code", "text", "whose", "all_wait"),
    [
        ("connect", None, "no answer in time", "operator", True),
        ("connect", 554, "5.7.1 Access denied, your address is on a list", "operator", True),
        ("ehlo", 504, "5.5.2 <3f1c>: Helo command rejected: need fully-qualified hostname", "operator", True),
        ("ehlo", 550, "Access denied - Invalid HELO name", "operator", True),
        ("ehlo", 502, "5.5.1 not implemented", "operator", True),
        ("tls", None, "the certificate is not trusted", "operator", True),
        ("tls", 454, "TLS not available", "operator", True),
        ("auth", 535, "5.7.8 Authentication credentials invalid", "operator", True),
        ("auth", 530, "5.7.0 Must issue a STARTTLS command first", "operator", True),
        ("mail", 550, "5.7.1 not allowed to send as this sender", "operator", True),
        ("mail", 553, "5.1.8 sender domain does not exist", "operator", True),
        ("mail", 552, "5.2.2 your mailbox is over quota", "operator", True),
        ("mail", 452, "4.3.1 Insufficient system storage", "operator", True),
        ("mail", 552, "5.3.4 Message size exceeds fixed limit", "operator", False),
        ("mail", 552, "message too big", "operator", False),
        # Postfix checks client, greeting and sender at RCPT: these are not the recipient's faults
        ("rcpt", 504, "5.5.2 <3f1c>: Helo command rejected: need fully-qualified hostname", "operator", False),
        ("rcpt", 554, "5.7.1 <x@example.com>: Relay access denied", "operator", False),
        ("rcpt", 550, "5.7.1 Client host rejected", "operator", False),
        ("rcpt", 550, "5.1.8 <k@nowhere.invalid>: Sender address rejected: Domain not found", "operator", False),
        ("rcpt", 550, "5.1.0 <k@example.go.id>: Sender address rejected: User unknown", "operator", False),
        ("rcpt", 550, "relay not permitted", "operator", False),
        # without an enhanced status, 550 may mean anything
        ("rcpt", 550, "Access denied - Invalid HELO name (See RFC2821 4.1.1.1)", "operator", False),
        ("rcpt", 550, "Sender verify failed", "operator", False),
        ("rcpt", 550, "Verification failed for <k@a.id>\nUser unknown\nSender verify failed", "operator", False),
        ("rcpt", 550, "<k@a.id>: Sender address rejected: User unknown in local table", "operator", False),
        ("rcpt", 550, "Please turn on SMTP Authentication in your mail client", "operator", False),
        ("rcpt", 550, "authentication failed: unknown user", "operator", False),
        ("rcpt", 550, "rejected because 192.0.2.1 is in a black list at zen.spamhaus.org", "operator", False),
        ("rcpt", 550, "SPF: 192.0.2.1 is not allowed to send mail from a.id", "operator", False),
        ("rcpt", 550, "Domain a.id has exceeded the max emails per hour (50/50)", "operator", False),
        ("rcpt", 550, "authentication required", "operator", False),
        ("rcpt", 550, "your IP address was not found in reverse DNS", "operator", False),
        ("rcpt", 550, "You must check for new mail first (POP before SMTP)", "operator", False),
        ("rcpt", 550, "mailbox unavailable: reject due to policy restrictions", "operator", False),
        ("rcpt", 550, "", "operator", False),
        ("rcpt", 551, "we do not relay", "operator", False),
        ("rcpt", 554, "Transaction failed", "operator", False),
        ("rcpt", 451, "Requested action aborted: error in processing", "operator", False),
        ("data", 550, "no such user", "operator", False),
        ("rcpt", 553, "sorry, that domain isn't in my list of allowed rcpthosts", "operator", False),
        ("rcpt", 553, "sorry, your envelope sender is in my badmailfrom list", "operator", False),
        ("rcpt", 552, "too many mails of this sender today", "operator", False),
        ("rcpt", 452, "sending rate exceeded", "operator", False),
        ("rcpt", 550, "Mail from address does not exist", "operator", False),
        ("rcpt", 550, "From address not found", "operator", False),
        ("rcpt", 550, "return path address unknown", "operator", False),
        ("rcpt", 550, "Your account is disabled", "operator", False),
        ("rcpt", 550, "Invalid user or password", "operator", False),
        # a text about the sender overrules a status of the mailbox
        ("rcpt", 550, "5.1.2 Sender domain not found", "operator", False),
        ("rcpt", 550, "5.2.1 Sender account disabled", "operator", False),
        ("rcpt", 550, "5.1.1 <k@a.id>: Sender address rejected: not owned by user", "operator", False),
        ("rcpt", 550, "5.1.1 SPF fail", "operator", False),
        ("rcpt", 550, "5.1.1 <k@a.id>SPF fail", "operator", False),
        ("data", 550, "5.1.1 return path does not exist", "operator", False),
        ("rcpt", 552, "5.2.2 you have exceeded your sending quota", "operator", False),
        ("rcpt", 552, "5.2.2 you have exceeded your daily quota", "operator", False),
        ("rcpt", 450, "4.2.1 your account is suspended", "operator", False),
        # words in quoted addresses, names and links, and phrases about the recipient, overrule nothing
        ("rcpt", 550, "5.1.1 <spam@relay.example.id>: Recipient address rejected: User unknown", "recipient", False),
        ("rcpt", 550, "5.1.1 unknown, see https://example.id/policy?sender=x", "recipient", False),
        ("rcpt", 550, "5.1.1 undeliverable: host relay.a.id[192.0.2.1] said: 550 User unknown", "recipient", False),
        ("rcpt", 550, "5.1.2 recipient domain has no DNS record", "recipient", False),
        ("rcpt", 552, "5.2.2 The email account that you tried to reach is over quota", "recipient_for_now", False),
        # a relay whose DNS or routing fails, and a status without a specific cause
        ("rcpt", 550, "5.4.4 relay DNS failure", "operator", False),
        ("rcpt", 450, "4.4.4 relay DNS failure", "operator", False),
        ("rcpt", 550, "5.4.1 no answer from host", "operator", False),
        ("rcpt", 451, "4.4.1 read error from the next server", "operator", False),
        ("rcpt", 550, "5.2.0 message blocked as spam", "operator", False),
        ("rcpt", 550, "5.2.0 not accepted", "operator", False),
        ("rcpt", 553, "sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", "operator", False),
        ("rcpt", 530, "5.7.0 Authentication required", "operator", False),
        ("rcpt", 550, "5.4.5 Daily sending quota exceeded", "operator", False),
        ("rcpt", 552, "5.2.3 Message length exceeds administrative limit", "operator", False),
        ("rcpt", 450, "4.7.1 Greylisted", "operator", False),
        ("rcpt", 451, "4.3.0 Temporary lookup failure", "operator", False),
        ("rcpt", 421, "4.3.2 Service shutting down", "operator", False),
        ("rcpt", 421, "4.2.1 mailbox busy", "recipient_for_now", False),
        ("rcpt", None, "the server closed the connection", "operator", False),
        ("rcpt", 550, NO_SUCH_USER, "recipient", False),
        ("rcpt", 550, "5.1.1 <x@example.go.id>: User unknown in relay recipient table", "recipient", False),
        ("rcpt", 553, "5.1.3 bad address", "recipient", False),
        ("rcpt", 550, "5.4.1 Recipient address rejected: Access denied", "recipient", False),
        ("rcpt", 550, "5.2.1 The email account is disabled", "recipient", False),
        ("rcpt", 550, "sorry, no mailbox here by that name (#5.1.1)", "recipient", False),
        ("rcpt", 550, "no such user", "recipient", False),
        ("rcpt", 550, "<relay@example.go.id>: User unknown", "recipient", False),
        ("rcpt", 550, "Unknown user: budi@example.go.id", "recipient", False),
        ("rcpt", 550, "No such recipient here", "recipient", False),
        ("rcpt", 550, "<b@a.id>... User not found", "recipient", False),
        ("rcpt", 550, "<b@a.id>User not found", "recipient", False),
        ("rcpt", 550, "The email account that you tried to reach does not exist", "recipient", False),
        ("rcpt", 550, "Unrouteable address", "recipient", False),
        ("rcpt", 550, "Invalid recipient b@a.id", "recipient", False),
        ("rcpt", 550, "sorry, no mailbox here by that name", "recipient", False),
        ("rcpt", 550, "5.2.0 no such mailbox", "recipient", False),
        ("rcpt", 551, "User not local; please try <b@b.id>", "recipient", False),
        ("rcpt", 553, "Requested action not taken: mailbox name not allowed", "recipient", False),
        ("rcpt", 556, "no mail here", "recipient", False),
        ("rcpt", 550, "Requested action not taken: mailbox unavailable", "recipient_for_now", False),
        ("rcpt", 450, "4.2.0 <x@a.id>: Recipient address rejected: Greylisted", "recipient_for_now", False),
        ("rcpt", 556, "5.1.10 domain takes no mail", "recipient", False),
        ("rcpt", 452, "4.2.2 mailbox full", "recipient_for_now", False),
        ("rcpt", 552, "5.2.2 mailbox full", "recipient_for_now", False),
        ("rcpt", 552, "mailbox full", "recipient_for_now", False),
        ("rcpt", 452, "mailbox full", "recipient_for_now", False),
        ("rcpt", 400, "4.2.2 mailbox full", "recipient_for_now", False),
        ("rcpt", 450, "busy", "recipient_for_now", False),
        ("rcpt", 450, "4.1.1 unverified address", "recipient_for_now", False),
        ("data", 550, NO_SUCH_USER, "recipient", False),
        ("data", 554, "5.7.1 Message contains spam", "operator", False),
        ("data", 552, "5.3.4 Message too big", "operator", False),
        ("data", 451, "4.3.0 try again", "operator", False),
        ("data", None, "no answer in time", "operator", False),
    ],
)
def test_a_refusal_is_blamed_on_the_recipient_or_the_operator(
    stage: Stage, code: int | None, text: str, whose: str, all_wait: bool
) -> None:
    reply = Reply(code, text)
    assert (blame(stage, reply), holds_all(stage, reply)) == (whose, all_wait)
    assert len(advice(stage, reply)) > 40


@pytest.mark.parametrize(
    ("stage", "code", "text", "broken"),
    [
        ("rcpt", 421, "4.3.0 temporary lookup failure", True),
        ("rcpt", None, "the server closed the connection", True),
        ("data", 421, "4.3.2 Service shutting down", True),
        ("data", None, "no answer in time", True),
        ("rcpt", 421, "4.2.1 mailbox busy", False),
        ("rcpt", 451, "4.3.0 temporary lookup failure", False),
        ("data", 554, "5.7.1 spam", False),
        ("mail", None, "the server closed the connection", False),
    ],
)
def test_a_dialogue_that_the_server_breaks_off(stage: Stage, code: int | None, text: str, broken: bool) -> None:
    assert broken_off(stage, Reply(code, text)) is broken


CODES = st.one_of(st.none(), st.integers(100, 999))
TEXTS = st.one_of(
    st.text(max_size=30),
    st.tuples(st.sampled_from("245"), st.integers(0, 9), st.integers(0, 30)).map(lambda p: f"{p[0]}.{p[1]}.{p[2]} x@y"),
)


@given(st.sampled_from(STAGES), CODES, TEXTS)
def test_no_fault_before_rcpt_is_blamed_on_the_recipient(stage: Stage, code: int | None, text: str) -> None:
    reply = Reply(code, text)
    whose = blame(stage, reply)
    if stage not in ("rcpt", "data") or code is None:
        assert whose == "operator"
    if whose == "recipient":
        assert 500 <= (code or 0) < 600
    if holds_all(stage, reply) or broken_off(stage, reply):
        assert whose == "operator"
    assert not (holds_all(stage, reply) and stage in ("rcpt", "data"))
    assert advice(stage, reply)


@given(st.sampled_from(STAGES), CODES, st.text(max_size=60))
def test_the_logged_status_contains_no_text_of_the_server(stage: Stage, code: int | None, text: str) -> None:
    assert set(Reply(code, text).status) <= set("0123456789. ")


def test_an_enhanced_status_that_contradicts_the_code_is_ignored() -> None:
    assert Reply(450, "5.1.1 unknown").enhanced is None
    assert Reply(550, "5.1.1 unknown").status == "550 5.1.1"
