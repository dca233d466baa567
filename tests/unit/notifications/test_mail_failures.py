"""Which refusals of a mail server end the attempts."""

from __future__ import annotations

import aiosmtplib
import pytest

from services.notifications.delivery import is_final


def refused(*codes: int) -> aiosmtplib.SMTPRecipientsRefused:
    return aiosmtplib.SMTPRecipientsRefused([aiosmtplib.SMTPRecipientRefused(code, "no", "a@b") for code in codes])


@pytest.mark.parametrize(
    ("error", "final"),
    [
        (refused(550), True),
        (refused(450), False),
        (refused(550, 450), False),
        (aiosmtplib.SMTPDataError(554, "refused"), True),
        (aiosmtplib.SMTPDataError(451, "later"), False),
        (ValueError("a line feed in an address"), True),
        (aiosmtplib.SMTPAuthenticationError(535, "password"), False),
        (aiosmtplib.SMTPSenderRefused(550, "sender", "k@localhost"), False),
        (aiosmtplib.SMTPConnectError("away"), False),
        (TimeoutError(), False),
    ],
)
def test_only_a_refused_address_or_message_is_final(error: Exception, final: bool) -> None:
    assert is_final(error) is final
