"""The one check of addresses: what it refuses, and the form of the others in an envelope."""

from __future__ import annotations

import pytest
from aiosmtplib.email import quote_address
from hypothesis import given
from hypothesis import strategies as st

from shared.base.email_address import checked_address


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("budi@contoh,com", "','"),
        ("budi@contoh.go.id, siti@contoh.go.id", "','"),
        ("budi@contoh.go.id;siti@contoh.go.id", "';'"),
        ("Budi <budi@contoh.go.id>", "display name"),
        ("<budi@contoh.go.id>", "angle brackets"),
        ('"budi santoso"@contoh.go.id', "Quoting"),
        ("budi santoso@contoh.go.id", "SPACE"),
        (" budi@contoh.go.id", "SPACE"),
        ("budi@contoh.go.id\r\nBcc: siti@contoh.go.id", "U+000D"),
        ("budi@contoh.go.id\n", "U+000A"),
        ("budi@[192.0.2.1]", "IP address"),
        ("budi@localhost", "period"),
        ("budi@kantor.local", "special-use"),
        ("budí@contoh.go.id", "before the @-sign"),
        ("budi", "@-sign"),
        ("budi@", "after the @-sign"),
        ("@contoh.go.id", "before the @-sign"),
        ("", "@-sign"),
        ("b" * 65 + "@contoh.go.id", "too long"),
        ("budi@" + ".".join(["c" * 60] * 5), "too long"),
        ("budi..s@contoh.go.id", "two periods"),
    ],
)
def test_what_is_not_one_address_is_refused_with_the_reason_and_without_the_address(text: str, words: str) -> None:
    with pytest.raises(ValueError, match="must be one e-mail address, like nama@contoh") as refused:
        checked_address(text)
    assert words in str(refused.value)
    assert text == "" or "budi" not in str(refused.value).replace("like nama", "")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Budi.Santoso@Contoh.GO.id", "Budi.Santoso@contoh.go.id"),
        ("o'brien+surat/x=y@contoh.go.id", "o'brien+surat/x=y@contoh.go.id"),
        ("budi@bücher.id", "budi@xn--bcher-kva.id"),
    ],
)
def test_an_address_comes_in_the_form_for_the_envelope(text: str, address: str) -> None:
    assert checked_address(text) == address


def test_an_address_has_at_most_254_characters() -> None:
    longest = f"{'b' * 64}@{'c' * 63}.{'d' * 63}.{'e' * 58}.id"
    assert (len(longest), checked_address(longest)) == (254, longest)
    with pytest.raises(ValueError, match="must be one e-mail address"):
        checked_address(longest.replace(".id", "e.id"))


@given(st.text(st.sampled_from("abAB09.!#$%&'*+/=?^_`{|}~-\"(),:;<>[]\\ @\r\n\0é"), max_size=40))
def test_what_passes_stays_as_it_is_in_the_command_to_the_server(local: str) -> None:
    try:
        address = checked_address(f"{local}@contoh.go.id")
    except ValueError:
        return
    assert quote_address(address) == f"<{address}>"
    assert checked_address(address) == address
    assert address.isascii()
    assert not set(address) & set("<>,; \r\n\0")
