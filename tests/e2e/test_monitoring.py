"""Monitoring: the alerts fire when they should, and alerts and dashboard use metrics that the services have."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from typing import Any, cast
from zoneinfo import ZoneInfo

import httpx
import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest

from cli.stack.canary import Canary
from embedded.children import free_port
from shared.contracts.events.canary import CanaryMachine
from shared.db.migrations import SERVICES
from shared.service.context import Context
from tests.e2e.stack import ROOT, until
from tests.fixtures.services import settings_for
from tests.fixtures.stores.engine import needs_engine
from tests.fixtures.stores.images import PROMETHEUS

pytestmark = [pytest.mark.containers, pytest.mark.timeout(180)]

MOUNT = f"{ROOT}/deploy/prometheus:/etc/prometheus:ro"
NOT_NAMES = {"and", "or", "unless", "offset", "bool"}
# Prometheus' own labels, for the scrape and the alerts
BUILT_IN = {"up": {"instance", "job"}, "ALERTS": {"alertname", "alertstate", "severity", "service", "topic"}}


def read(name: str) -> Any:
    return yaml.safe_load((ROOT / "deploy" / name).read_text())


ALERTS = {rule["alert"]: rule for group in read("prometheus/alerts.yml")["groups"] for rule in group["rules"]}
PANELS = [
    panel for panel in json.loads((ROOT / "deploy/grafana/dashboard.json").read_text())["panels"] if "targets" in panel
]
QUERIES = [target["expr"] for panel in PANELS for target in panel["targets"]]


def names_of(query: str) -> tuple[set[str], set[str]]:
    """The metrics and labels that a PromQL expression names; Prometheus itself checks functions."""
    query = re.sub(r'"(?:[^"\\]|\\.)*"', '""', query)
    labels: set[str] = set()
    for grouped in re.findall(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)", query):
        labels |= set(re.findall(r"\w+", grouped))
    for matchers in re.findall(r"\{([^}]*)\}", query):
        labels |= set(re.findall(r"(\w+)\s*[=!]", matchers))
    query = re.sub(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)|\{[^}]*\}|\[[^\]]*\]", " ", query)
    names = set(re.findall(r"\b[a-zA-Z_:][\w:]*\b(?!\s*\()", query))
    return names - NOT_NAMES, labels


def registry_of(service: str) -> CollectorRegistry:
    """The registry of the whole service, as its composition root builds it; nothing connects yet."""
    settings = settings_for(service, "postgresql+asyncpg://nobody@127.0.0.1:1/none")
    context: Context = importlib.import_module(f"services.{service}.app").create(settings).context
    return context.metrics.registry


@cache
def exposed() -> dict[str, set[str]]:
    """Every metric that a service can expose, with its labels, as the code defines them."""
    registries = [
        Canary(cast(httpx.AsyncClient, None), cast(ZoneInfo, None), CanaryMachine.of("key")).registry,
        *map(registry_of, SERVICES),
    ]
    words = b"".join(map(generate_latest, registries)).decode()
    families = dict(re.findall(r"^# TYPE (\S+) (\S+)$", words, re.MULTILINE))
    labels = {
        name: set(collector._labelnames)  # type: ignore[attr-defined]  # noqa: SLF001 - samples name only labels in use
        for registry in registries
        for collector, names in registry._collector_to_names.items()  # noqa: SLF001 - no public list
        for name in names
    }
    known = {}
    for name, kind in families.items():
        for suffix in ("_bucket", "_sum", "_count") if kind == "histogram" else ("",):
            known[name + suffix] = labels[name] | ({"le"} if suffix == "_bucket" else set())
    return {name: labels | {"service", "instance", "job"} for name, labels in (known | BUILT_IN).items()}


@pytest.mark.parametrize("query", QUERIES + [rule["expr"] for rule in ALERTS.values()])
def test_a_query_names_what_the_code_exposes(query: str) -> None:
    known = exposed()
    names, labels = names_of(query)
    assert names
    assert names <= known.keys()
    assert labels <= set().union(*(known[name] for name in names))


def test_the_dashboard_shows_every_metric() -> None:
    shown = set().union(*(names_of(query)[0] for query in QUERIES))
    assert set().union(*(names_of(rule["expr"])[0] for rule in ALERTS.values())) <= shown
    families = {re.sub("_(bucket|sum|count|created)$", "", name) for name in exposed()}
    unseen = {family for family in families if not shown & {family, f"{family}_total", f"{family}_bucket"}}
    assert unseen - {"ALERTS"} == set(), "of each metric somebody should see a rise"
    ids = [panel["id"] for panel in PANELS]
    assert len(ids) == len(set(ids))
    sources = {part["datasource"]["uid"] for panel in PANELS for part in (panel, *panel["targets"])}
    [provisioned] = read("grafana/provisioning/datasources/prometheus.yaml")["datasources"]
    assert sources == {provisioned["uid"]}


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_what_to_do_and_is_tested(name: str) -> None:
    rule = ALERTS[name]
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert rule["annotations"].keys() == {"summary", "description", "runbook"}
    runbook = ROOT / rule["annotations"]["runbook"]
    assert runbook.parent == ROOT / "docs" / "runbooks"
    assert runbook.is_file()
    fires = silent = False
    for case in read("prometheus/alerts_test.yml")["tests"]:
        for asked in case.get("promql_expr_test", ()):
            if f'alertname="{name}"' in asked["expr"]:
                fires |= bool(asked.get("exp_samples"))
                silent |= not asked.get("exp_samples")
    assert fires
    assert silent


def test_every_service_is_scraped_where_it_serves_its_metrics() -> None:
    paths = {}
    for scrape in read("prometheus/prometheus.yml")["scrape_configs"]:
        [discovery], [label] = scrape["dns_sd_configs"], scrape["relabel_configs"]
        assert (discovery["type"], discovery["port"]) == ("A", 8000)
        assert discovery["names"] == [scrape["job_name"]] == [label["replacement"]]
        assert label["target_label"] == "service"
        paths[scrape["job_name"]] = scrape["metrics_path"]
    # the prefix that Compose adds to each service's health check
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"].items()
    lasting = {name: service for name, service in services if "healthcheck" in service}
    health = {name: service.get("environment", {}).get("KINERJA_HEALTH_PATH") for name, service in lasting.items()}
    assert paths == {name: path.replace("/health/ready", "/metrics") for name, path in health.items() if path}


def docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=120, check=False)


@needs_engine
@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "config", "/etc/prometheus/prometheus.yml"),
        ("check", "rules", "/etc/prometheus/alerts.yml"),
        ("test", "rules", "/etc/prometheus/alerts_test.yml"),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_promtool_accepts(arguments: tuple[str, ...]) -> None:
    done = docker("run", "--rm", "--network", "none", "--entrypoint", "promtool", "-v", MOUNT, PROMETHEUS, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def prometheus() -> Iterator[httpx.Client]:
    port = free_port()
    started = docker("run", "--detach", "--rm", "--publish", f"127.0.0.1:{port}:9090", "-v", MOUNT, PROMETHEUS)
    assert started.returncode == 0, started.stderr
    container = started.stdout.strip()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:

            def ready() -> bool:
                try:
                    return client.get("/-/ready").status_code == 200
                except httpx.TransportError:
                    return False

            until("a Prometheus that is ready", ready, 60)
            yield client
    finally:
        docker("rm", "--force", container)


@needs_engine
@pytest.mark.parametrize("query", QUERIES)
def test_prometheus_accepts_a_query_of_the_dashboard(prometheus: httpx.Client, query: str) -> None:
    answer = prometheus.get("/api/v1/query", params={"query": query})
    assert answer.json()["status"] == "success", answer.text


@needs_engine
def test_prometheus_runs_every_alert(prometheus: httpx.Client) -> None:
    groups = prometheus.get("/api/v1/rules").json()["data"]["groups"]
    assert {rule["name"] for group in groups for rule in group["rules"]} == set(ALERTS)
