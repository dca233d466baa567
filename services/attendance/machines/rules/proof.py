"""Whether a connection with a machine's serial number really comes from that machine.

A serial number is printed on the box, so it proves nothing. Possible proofs: an address range of the site; a secret host
label (the only thing that every device menu accepts); the comm key, if the firmware sends it. A machine without any of
these must keep the address of its first post.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

__all__ = [
    "PresentedProof",
    "Proof",
    "ProofKind",
    "Refusal",
    "RequiredProof",
    "digest",
    "in_networks",
    "parse_networks",
    "prove",
]

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Refusal(StrEnum):
    """Why a connection is not accepted as the machine. Shown to operators only, never to the connection."""

    UNREGISTERED_SERIAL = "UNREGISTERED_SERIAL"
    OTHER_ADDRESS = "OTHER_ADDRESS"
    WRONG_SECRET = "WRONG_SECRET"  # noqa: S105 - a reason code


class ProofKind(StrEnum):
    """What proves a machine. NOTHING_YET: registered, but no post has come yet whose address could be pinned."""

    HOST_LABEL = "host_label"
    COMM_KEY = "comm_key"
    NETWORK = "network"
    PINNED_ADDRESS = "pinned_address"
    NOTHING_YET = "nothing_yet"


@dataclass(frozen=True, slots=True)
class RequiredProof:
    """What a machine has to prove. `networks` are CIDRs, the digests are SHA-256.

    `pinned_address` is the address of its first post, or one that an operator accepted. `secret_pending`: the secret exists
    but is required only from its first use on, so that a technician has time to enter it in the machine's menu.
    """

    networks: tuple[str, ...] = ()
    pinned_address: str | None = None
    host_label_sha256: bytes | None = None
    comm_key_sha256: bytes | None = None
    secret_pending: bool = False

    @property
    def has_secret(self) -> bool:
        return self.host_label_sha256 is not None or self.comm_key_sha256 is not None

    @property
    def kind(self) -> ProofKind:
        """The strongest proof that a connection needs at present."""
        if self.has_secret and not self.secret_pending:
            return ProofKind.COMM_KEY if self.host_label_sha256 is None else ProofKind.HOST_LABEL
        if self.networks:
            return ProofKind.NETWORK
        return ProofKind.NOTHING_YET if self.pinned_address is None else ProofKind.PINNED_ADDRESS


@dataclass(frozen=True, slots=True)
class PresentedProof:
    """What a connection presents: the client's real address, the requested host name, and its comm key."""

    address: str
    host: str = ""
    comm_key: str = ""

    @property
    def host_label(self) -> str:
        """The first label of the host name, in lower case."""
        return self.host.partition(":")[0].partition(".")[0].lower()


@dataclass(frozen=True, slots=True)
class Proof:
    """The outcome: a refusal, or the kind of proof."""

    refusal: Refusal | None
    kind: ProofKind = ProofKind.NOTHING_YET
    secret_used: bool = False
    """The connection presented the machine's correct secret."""

    @property
    def proved(self) -> bool:
        """Only a proved connection moves the machine's watermark, gets its commands and reports their results."""
        return self.refusal is None and self.kind is not ProofKind.NOTHING_YET


def prove(required: RequiredProof, presented: PresentedProof) -> Proof:
    """Compares what a connection presents with what its machine requires.

    Every configured secret must match. With address ranges, the address must be in one of them or be the accepted one. A
    machine with a secret and without ranges may connect from anywhere.
    """
    secret_used = required.has_secret and _secrets_right(required, presented)
    if required.has_secret and not secret_used and not required.secret_pending:
        return Proof(Refusal.WRONG_SECRET)
    accepted = required.pinned_address is not None and presented.address == required.pinned_address
    if required.networks and not (accepted or in_networks(presented.address, required.networks)):
        return Proof(Refusal.OTHER_ADDRESS)
    if secret_used:
        kind = ProofKind.COMM_KEY if required.host_label_sha256 is None else ProofKind.HOST_LABEL
        return Proof(None, kind, secret_used=True)
    if required.networks:
        return Proof(None, ProofKind.NETWORK)
    if required.pinned_address is None:
        return Proof(None, ProofKind.NOTHING_YET)
    return Proof(None, ProofKind.PINNED_ADDRESS) if accepted else Proof(Refusal.OTHER_ADDRESS)


def _secrets_right(required: RequiredProof, presented: PresentedProof) -> bool:
    label = required.host_label_sha256 is None or hmac.compare_digest(
        digest(presented.host_label), required.host_label_sha256
    )
    key = required.comm_key_sha256 is None or hmac.compare_digest(digest(presented.comm_key), required.comm_key_sha256)
    return label and key


def digest(secret: str) -> bytes:
    """The stored form of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()


def parse_networks(values: Iterable[str]) -> tuple[str, ...]:
    """CIDRs and single addresses in canonical form. Raises ValueError that names the first invalid one."""
    found: dict[str, None] = {}
    for value in values:
        try:
            found[str(ipaddress.ip_network(value.strip(), strict=False))] = None
        except ValueError as error:
            raise ValueError(f"{value!r} is not an address range; write it like 10.20.0.0/16") from error
    return tuple(found)


def in_networks(address: str, networks: Iterable[str]) -> bool:
    """Whether an address is in one of these ranges; False for an invalid address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return any(found in network for network in _compiled(tuple(networks)))


@lru_cache(maxsize=5_000)
def _compiled(networks: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(network) for network in networks)
