"""The only check of e-mail addresses, used wherever an address is received and again before a mail is sent.

It uses email-validator, without DNS, and is stricter than pydantic's `EmailStr`: no display name, and no comment or quoted
part, because programs read these differently. The part before the @ is ASCII, because few relays accept SMTPUTF8 (RFC
6531). A domain in another script becomes its ASCII form (xn--...), which is the same domain.
"""

from __future__ import annotations

from typing import Annotated

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, Field

__all__ = ["ADDRESS_CHARS_MAX", "EmailAddress", "checked_address"]

ADDRESS_CHARS_MAX = 254
"""RFC 5321: a path has 256 characters with its angle brackets."""


def checked_address(text: str) -> str:
    """The address for an SMTP envelope: ASCII, the domain in lower case.

    Raises ValueError with an explanation for a person, without the address itself.
    """
    try:
        found = validate_email(text, check_deliverability=False, allow_smtputf8=False, strict=True).ascii_email
    except EmailNotValidError as error:
        raise ValueError(f"must be one e-mail address, like nama@contoh.go.id: {error}") from None
    if found is None or len(found) > ADDRESS_CHARS_MAX:
        raise ValueError(f"must be one e-mail address of at most {ADDRESS_CHARS_MAX} characters")
    return found


EmailAddress = Annotated[str, Field(max_length=ADDRESS_CHARS_MAX), AfterValidator(checked_address)]
"""For models that receive an address."""
