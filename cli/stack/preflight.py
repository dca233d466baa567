"""`kinerja preflight`: the stack's first step. It reports each secret, setting and file that would make the start fail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from cli.client import HEADER_WORD
from cli.stack.stack_settings import stack_faults, unreadable_files
from cli.terminal import echo, fail
from shared.observability.certificates import written_certificate_ends_at

__all__ = ["addresses_hidden", "preflight"]

SECRETS = (
    "database_superuser_password",
    "database_migrations_password",
    *(f"database_{service}_password" for service in ("attendance", "feedback", "scoring", "notifications")),
    "kafka_broker_password",
    "kafka_admin_password",
    *(f"kafka_{user}_password" for user in ("attendance", "feedback", "scoring", "notifications")),
    "operator_key",
    "link_key",
    "ballot_key",
    "canary_key",
)
LENGTH_MIN = 16
CERTIFICATE = "kafka_certificate.pem"
CERTIFICATE_TIME_MIN = timedelta(days=14)
MACHINES_RUNBOOK = "docs/runbooks/machine-identity.md"
CERTIFICATE_RUNBOOK = "docs/runbooks/certificate.md"


def preflight(
    folder: Annotated[Path, typer.Option(help="The folder of the secrets, one file each.")] = Path("/run/secrets"),
    mounted: Annotated[Path, typer.Option(help="The parent of the folders that other containers read.")] = Path(
        "/deploy"
    ),
) -> None:
    """Checks secrets, settings and the files that containers read; status 1 and a line for each that cannot be used.

    An expiring certificate is reported too, but does not stop the start: it only affects HR systems, and intake must work.
    """
    secrets = [text for name in SECRETS if (text := _fault(folder / name)) is not None]
    closed = [
        f"{name} cannot be read by the containers' users: run make secrets, which opens these files"
        for name in unreadable_files(mounted)
    ]
    faults = [*secrets, *stack_faults(), *closed]
    certificate = folder / CERTIFICATE
    told = _certificate(certificate) if certificate.exists() else None
    for text in (*faults, *([told] if told else [])):
        echo(text, err=True)
    if faults:
        raise fail(f"the stack cannot start{': see docs/runbooks/secrets.md' if secrets else ''}")
    hidden = addresses_hidden(Path("/proc/self/uid_map"), Path("/proc/sys/kernel/osrelease"))
    if hidden:
        echo(hidden, err=True)
    echo(f"{len(SECRETS)} secrets are there, and the settings can be used")


def addresses_hidden(uid_map: Path, kernel: Path) -> str | None:
    """A warning if this engine forwards connections with its own address, so that every machine seems to have it."""
    try:
        rootless = uid_map.read_text().split()[:3] != ["0", "0", "4294967295"]
        desktop = any(name in kernel.read_text() for name in ("linuxkit", "microsoft"))
    except OSError:
        return None
    if not (rootless or desktop):
        return None
    engine = "a rootless engine" if rootless else "Docker Desktop"
    return (
        f"this is {engine}: it may hide the clients' addresses, so that all machines and citizens seem to share one. Give"
        f" machines a host label or comm key, and raise PAGE_REQUESTS_PER_MINUTE: {MACHINES_RUNBOOK}"
    )


def _certificate(file: Path) -> str | None:
    try:
        ends = written_certificate_ends_at(file.read_text())
    except (OSError, ValueError) as error:
        return (
            f"{file.name} cannot be read ({type(error).__name__}): Kafka will not start with it: {CERTIFICATE_RUNBOOK}"
        )
    if ends - datetime.now(UTC) >= CERTIFICATE_TIME_MIN:
        return None
    verb = "ended" if ends < datetime.now(UTC) else "ends"
    return f"the certificate of Kafka's listener for HR systems {verb} on {ends:%Y-%m-%d}: {CERTIFICATE_RUNBOOK}"


def _fault(file: Path) -> str | None:
    try:
        text = file.read_text()
    except FileNotFoundError:
        return f"secret {file.name} is missing: run make secrets"
    except (OSError, UnicodeDecodeError) as error:
        return f"secret {file.name} cannot be read ({type(error).__name__}): its file must be readable text (mode 444)"
    if not text.strip():
        return f"secret {file.name} is empty: delete its file and run make secrets"
    if text != text.strip():
        return f"secret {file.name} begins or ends with a space or line end: write it without one"
    if file.name == "operator_key" and not HEADER_WORD.fullmatch(text):
        return f"secret {file.name} has a blank or a letter outside ASCII: delete its file and run make secrets"
    if len(text) < LENGTH_MIN:
        return f"secret {file.name} has fewer than {LENGTH_MIN} characters: delete its file and run make secrets"
    return None
