"""HTTP clients. Requests to local addresses never use a proxy, because a proxy does not know these hosts.

Requests to public names follow the environment (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY), as in other programs: the
operator's computer may have no other route. Certificates: the ones that this computer trusts, and SSL_CERT_FILE.
"""

from __future__ import annotations

import ipaddress
import ssl
from typing import Any

import httpx

__all__ = ["async_client", "client", "is_local", "trust"]


def is_local(host: str) -> bool:
    """Whether a host is this computer, a container or an address of a private network."""
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return "." not in host or host.lower().endswith(".localhost")  # a container's name has one part
    return address.is_private  # loopback and link-local as well


def client(base_url: str, **options: Any) -> httpx.Client:
    """A client for this address. Raises ValueError or ImportError if the environment's proxy cannot be used."""
    return httpx.Client(base_url=base_url, **trust(base_url), **options)


def async_client(base_url: str, **options: Any) -> httpx.AsyncClient:
    """The same for asyncio."""
    return httpx.AsyncClient(base_url=base_url, **trust(base_url), **options)


def trust(base_url: str) -> dict[str, Any]:
    """httpx's options for proxies and certificates: no proxy for a local address."""
    # an explicit context, since httpx reads SSL_CERT_FILE only if it also reads the proxy settings
    return {"trust_env": not is_local(httpx.URL(base_url).host), "verify": ssl.create_default_context()}
