"""Settings of the mail server: what follows from them, and what is refused before anything starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from services.notifications.settings import Settings
from shared.settings.reader import SettingsError, read_settings

MAIL = {"smtp_host": "mail.example.go.id", "smtp_from": "kinerja@example.go.id"}


def settings(**values: Any) -> Settings:
    base = {"database_url": "postgresql+asyncpg://x/y", "operator_key": "o" * 20, "link_key": "l" * 20}
    return read_settings(Settings, **base | MAIL | values)


@pytest.mark.parametrize(("mode", "port"), [("none", 25), ("starttls", 587), ("implicit", 465)])
def test_each_tls_mode_has_its_port(mode: str, port: int) -> None:
    assert settings(smtp_tls=mode).mail_port == port
    assert settings(smtp_tls=mode, smtp_port=2525).mail_port == 2525
    assert (settings(smtp_tls=mode).tls_context() is None) == (mode == "none")


def test_tls_is_required_by_default() -> None:
    assert settings().smtp_tls == settings(smtp_starttls=True).smtp_tls == "starttls"


@pytest.mark.parametrize(
    ("values", "sender"),
    [
        ({}, ("Kinerja", "kinerja@example.go.id")),
        ({"smtp_from": "BKPSDM Kota <kinerja@Example.go.id>"}, ("BKPSDM Kota", "kinerja@example.go.id")),
        ({"smtp_from": '"Kota, Dinas" <kinerja@example.go.id>'}, ("Kota, Dinas", "kinerja@example.go.id")),
        ({"smtp_from_name": "Pemkot"}, ("Pemkot", "kinerja@example.go.id")),
    ],
)
def test_the_sender_has_a_name_and_an_address(values: dict[str, str], sender: tuple[str, str]) -> None:
    assert settings(**values).sender == sender


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"public_url": "https://kinerja.example.go.id:8443/"}, "kinerja.example.go.id"),
        ({"public_url": "http://localhost:8080"}, "example.go.id"),
        ({"public_url": "http://10.0.0.5:8080"}, "example.go.id"),
        ({"public_url": "http://kinerja"}, "example.go.id"),
        ({"smtp_helo_name": "out.example.go.id"}, "out.example.go.id"),
        ({"smtp_helo_name": "[192.0.2.1]"}, "[192.0.2.1]"),
    ],
)
def test_ehlo_sends_a_full_host_name_and_never_the_machines_own(values: dict[str, str], name: str) -> None:
    assert settings(**values).helo_name == name


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"smtp_starttls": False}, "SMTP_TLS=none"),
        ({"smtp_starttls": True, "smtp_tls": "implicit"}, "contradicts SMTP_TLS=implicit"),
        ({"smtp_tls": "ssl"}, "'none', 'starttls' or 'implicit'"),
        ({"smtp_from": None}, "SMTP_FROM is missing"),
        ({"smtp_from": "kinerja@localhost"}, "SMTP_FROM='kinerja@localhost': must be one e-mail address"),
        ({"smtp_from": "a@b.id, c@d.id"}, "SMTP_FROM="),
        ({"smtp_from_name": "Kota\nBcc: x"}, "SMTP_FROM_NAME"),
        ({"smtp_from_name": "K" * 101}, "SMTP_FROM_NAME"),
        ({"smtp_from_name": "=?utf-8?q?Kota?="}, "SMTP_FROM_NAME"),
        ({"smtp_from": "=?utf-8?q?Kota?= <kinerja@example.go.id>"}, "SMTP_FROM_NAME"),
        ({"smtp_host": "http://mail.example.go.id"}, "SMTP_HOST is 'http://mail.example.go.id': write a host name"),
        ({"smtp_host": "mail.example.go.id:587"}, "SMTP_HOST is 'mail.example.go.id:587': write a host name"),
        ({"smtp_host": "mail x"}, "SMTP_HOST is"),
        ({"smtp_helo_name": "3f1c2b"}, "SMTP_HELO_NAME is '3f1c2b'"),
        ({"smtp_helo_name": "[1.2.3]"}, "SMTP_HELO_NAME is"),
        ({"smtp_helo_name": "a b.id"}, "SMTP_HELO_NAME is"),
        ({"smtp_username": "kinerja"}, "SMTP_USERNAME is set without a password"),
        ({"smtp_username": "kinerja", "smtp_password": ""}, "SMTP_USERNAME is set without a password"),
        ({"smtp_password": "secret"}, "smtp_password is set without SMTP_USERNAME"),
        ({"smtp_ca_file": Path("/nowhere.pem")}, "SMTP_CA_FILE='/nowhere.pem'"),
        ({"smtp_ca_file": Path(__file__)}, "SMTP_CA_FILE="),
    ],
)
def test_an_unusable_setting_is_refused_in_one_line_that_names_it(values: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError) as refused:
        settings(**values)
    [line] = str(refused.value).splitlines()
    assert words in line


def test_a_login_needs_a_user_name_and_a_password() -> None:
    assert settings(smtp_username="kinerja", smtp_password="secret").login == ("kinerja", "secret")
    assert settings(smtp_password="").login is None
