"""The four services in one process behind one port."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from embedded.configuration import Configuration
from embedded.gateway import make_gateway
from services.attendance import app as attendance
from services.attendance.context import AttendanceContext
from services.attendance.operations import republish as attendance_publish
from services.attendance.settings import Settings as AttendanceSettings
from services.feedback import app as feedback
from services.feedback.ratings import republish as feedback_publish
from services.feedback.settings import Settings as FeedbackSettings
from services.notifications import app as notifications
from services.notifications.notices import republish as notifications_publish
from services.notifications.settings import Settings as NotificationsSettings
from services.scoring import app as scoring
from services.scoring.operations import republish as scoring_publish
from services.scoring.settings import Settings as ScoringSettings
from shared.http.client import async_client
from shared.http.server_protocol import BoundedProtocol
from shared.service.app import ServiceApp
from shared.service.runtime import end_process
from shared.settings.reader import settings_faults
from shared.settings.url_space import PREFIXES

__all__ = ["make_apps", "republish", "serve", "settings_faults_of_services", "wait_until_ready"]

READY_SECONDS_MAX = 120.0
# The embedded broker takes about half of the session's timeout for a join, and looks for records every few ms.
_BROKER = {
    "kafka_idempotent_producer": False,
    "kafka_fetch_max_wait_ms": 10,
    "kafka_session_timeout_ms": 6_000,
    "kafka_heartbeat_ms": 300,
}

# Everybody here comes from this machine: the sample's citizens, machines and systems share one address and one key.
_ONE_ADDRESS = {"page_requests_per_minute": 100_000, "key_requests_per_minute": 100_000, "requests_at_once": 1_000}


def make_apps(
    configuration: Configuration,
    database_url: Callable[[str], str],
    bootstrap_servers: str,
    smtp_port: int,
    sample_rules: Path | None,
    on_failure: Callable[[str], None] = end_process,
) -> dict[str, ServiceApp]:
    """Each service with its own database; the same code as in every other way of running."""
    common: dict[str, Any] = {
        **_BROKER,
        **_ONE_ADDRESS,
        "operator_key": configuration.secret("operator-key"),
        "link_key": configuration.secret("link-key"),
        "public_url": configuration.url,
        "kafka_bootstrap_servers": bootstrap_servers,
        "database_pool_size": 8,
    }
    mail: dict[str, Any] = {
        "smtp_host": "127.0.0.1",
        "smtp_port": smtp_port,
        "smtp_tls": "none",
        "smtp_from": "Kinerja <kinerja@example.go.id>",
    }
    rules: dict[str, dict[str, Any]] = {"feedback": {}, "notices": {}}
    if sample_rules is not None:
        rules = {
            "feedback": {"feedback_rules_file": sample_rules / "feedback.yaml"},
            "notices": {"notice_rules_file": sample_rules / "notices.yaml"},
        }
    return {
        "attendance": attendance.create(
            AttendanceSettings(database_url=database_url("attendance"), **common), on_failure=on_failure
        ),
        "feedback": feedback.create(
            FeedbackSettings(
                database_url=database_url("feedback"),
                ballot_key=configuration.secret("ballot-key"),
                **common,
                **rules["feedback"],
            ),
            on_failure=on_failure,
        ),
        "scoring": scoring.create(
            ScoringSettings(
                database_url=database_url("scoring"),
                kafka_external_address=bootstrap_servers,
                kafka_external_protocol="PLAINTEXT",
                **common,
            ),
            on_failure=on_failure,
        ),
        "notifications": notifications.create(
            NotificationsSettings(database_url=database_url("notifications"), **common, **mail, **rules["notices"]),
            on_failure=on_failure,
        ),
    }


def settings_faults_of_services() -> list[str]:
    """A line for each KINERJA_ setting of the environment that a service cannot use: they apply to `make up` too."""
    kinds = (AttendanceSettings, FeedbackSettings, ScoringSettings, NotificationsSettings)
    return list(dict.fromkeys(line for kind in kinds for line in settings_faults(kind)))


async def republish(apps: dict[str, ServiceApp]) -> None:
    """Publishes the state of each service, because the embedded broker starts empty. Copies change nothing."""
    await attendance_publish.republish(apps["attendance"].part(AttendanceContext))
    await feedback_publish.republish(apps["feedback"].context)
    await scoring_publish.republish(apps["scoring"].context)
    await notifications_publish.republish(apps["notifications"].context)


def serve(apps: dict[str, ServiceApp], port: int) -> uvicorn.Server:
    """The server of the gateway; `await server.serve()` runs it."""
    return uvicorn.Server(
        uvicorn.Config(
            make_gateway(apps),
            host="127.0.0.1",
            port=port,
            http=BoundedProtocol,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # shared.http.forwarded reads them
            ws="none",
            timeout_graceful_shutdown=5,
        )
    )


async def wait_until_ready(url: str) -> None:
    """Returns when events flow in all services; raises an error with the missing parts if that takes too long."""
    async with async_client(url, timeout=5) as http:
        faults: dict[str, str] = {}
        for _ in range(int(READY_SECONDS_MAX / 0.25)):
            faults = {}
            for service, prefix in PREFIXES.items():
                try:
                    answer = await http.get(f"/{prefix}/health/ready")
                except httpx.TransportError:
                    faults[service] = "does not answer"
                else:
                    if answer.is_error:
                        faults[service] = answer.text.strip().replace("\n", ", ")
            if not faults:
                return
            await asyncio.sleep(0.25)
    raise RuntimeError("not ready: " + "; ".join(f"{service}: {text}" for service, text in faults.items()))
