"""Which connections are accepted as the machine whose serial number they give."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.attendance.machines.rules.proof import (
    PresentedProof,
    Proof,
    ProofKind,
    Refusal,
    RequiredProof,
    digest,
    in_networks,
    parse_networks,
    prove,
)

OFFICE, ELSEWHERE = "10.20.3.4", "192.0.2.7"
NETWORKS = ("10.20.0.0/16",)
LABEL, KEY = digest("mesin-7a"), digest("k3y")

WITH_LABEL = RequiredProof(host_label_sha256=LABEL)
WITH_KEY = RequiredProof(comm_key_sha256=KEY)
WITH_BOTH = RequiredProof(host_label_sha256=LABEL, comm_key_sha256=KEY)
IN_OFFICE = RequiredProof(networks=NETWORKS)
PINNED = RequiredProof(pinned_address=OFFICE)


def from_address(address: str, host: str = "adms.example", comm_key: str = "") -> PresentedProof:
    return PresentedProof(address, host, comm_key)


@pytest.mark.parametrize(
    ("required", "kind"),
    [
        (RequiredProof(), ProofKind.NOTHING_YET),
        (PINNED, ProofKind.PINNED_ADDRESS),
        (IN_OFFICE, ProofKind.NETWORK),
        (replace(IN_OFFICE, pinned_address=OFFICE), ProofKind.NETWORK),
        (WITH_LABEL, ProofKind.HOST_LABEL),
        (WITH_KEY, ProofKind.COMM_KEY),
        (WITH_BOTH, ProofKind.HOST_LABEL),
        (replace(WITH_BOTH, networks=NETWORKS), ProofKind.HOST_LABEL),
        (replace(WITH_KEY, secret_pending=True), ProofKind.NOTHING_YET),
        (replace(WITH_KEY, secret_pending=True, networks=NETWORKS), ProofKind.NETWORK),
    ],
)
def test_the_strongest_proof_in_force_is_shown(required: RequiredProof, kind: ProofKind) -> None:
    assert required.kind is kind


@pytest.mark.parametrize(
    ("required", "presented", "expected"),
    [
        # nothing is known of the machine: its first post is accepted, but nothing is proved
        (RequiredProof(), from_address(ELSEWHERE), ProofKind.NOTHING_YET),
        # the address of its first post
        (PINNED, from_address(OFFICE), ProofKind.PINNED_ADDRESS),
        (PINNED, from_address(ELSEWHERE), Refusal.OTHER_ADDRESS),
        # its site's address ranges, or an address that an operator accepted
        (IN_OFFICE, from_address(OFFICE), ProofKind.NETWORK),
        (IN_OFFICE, from_address(ELSEWHERE), Refusal.OTHER_ADDRESS),
        (replace(IN_OFFICE, pinned_address=ELSEWHERE), from_address(ELSEWHERE), ProofKind.NETWORK),
        (replace(IN_OFFICE, pinned_address=ELSEWHERE), from_address(OFFICE), ProofKind.NETWORK),
        (replace(IN_OFFICE, pinned_address=ELSEWHERE), from_address("192.0.2.8"), Refusal.OTHER_ADDRESS),
        # a secret, from anywhere
        (WITH_LABEL, from_address(ELSEWHERE, "mesin-7a.adms.example"), ProofKind.HOST_LABEL),
        (WITH_LABEL, from_address(ELSEWHERE, "MESIN-7A.adms.example:8080"), ProofKind.HOST_LABEL),
        (WITH_LABEL, from_address(ELSEWHERE, "mesin-7a:8080"), ProofKind.HOST_LABEL),
        (WITH_LABEL, from_address(ELSEWHERE), Refusal.WRONG_SECRET),
        (WITH_LABEL, from_address(ELSEWHERE, "x.mesin-7a.adms.example"), Refusal.WRONG_SECRET),
        (WITH_KEY, from_address(ELSEWHERE, comm_key="k3y"), ProofKind.COMM_KEY),
        (WITH_KEY, from_address(ELSEWHERE, comm_key="K3Y"), Refusal.WRONG_SECRET),
        (WITH_KEY, from_address(ELSEWHERE), Refusal.WRONG_SECRET),
        (replace(WITH_KEY, pinned_address=OFFICE), from_address(ELSEWHERE, comm_key="k3y"), ProofKind.COMM_KEY),
        # every secret must match
        (WITH_BOTH, from_address(ELSEWHERE, "mesin-7a.adms", "k3y"), ProofKind.HOST_LABEL),
        (WITH_BOTH, from_address(ELSEWHERE, "mesin-7a.adms", "wrong"), Refusal.WRONG_SECRET),
        (WITH_BOTH, from_address(ELSEWHERE, "wrong.adms", "k3y"), Refusal.WRONG_SECRET),
        # a secret and address ranges: both
        (replace(WITH_KEY, networks=NETWORKS), from_address(OFFICE, comm_key="k3y"), ProofKind.COMM_KEY),
        (replace(WITH_KEY, networks=NETWORKS), from_address(ELSEWHERE, comm_key="k3y"), Refusal.OTHER_ADDRESS),
        (replace(WITH_KEY, networks=NETWORKS), from_address(OFFICE, comm_key="wrong"), Refusal.WRONG_SECRET),
    ],
)
def test_a_connection_needs_every_proof_that_its_machine_requires(
    required: RequiredProof, presented: PresentedProof, expected: ProofKind | Refusal
) -> None:
    found = prove(required, presented)
    if isinstance(expected, Refusal):
        assert (found.refusal, found.proved, found.secret_used) == (expected, False, False)
        return
    by_secret = expected in (ProofKind.HOST_LABEL, ProofKind.COMM_KEY)
    assert (found.refusal, found.kind, found.secret_used) == (None, expected, by_secret)
    assert found.proved is (expected is not ProofKind.NOTHING_YET)


def test_until_a_new_secret_is_first_used_the_former_proof_is_enough() -> None:
    waiting = replace(WITH_KEY, pinned_address=OFFICE, secret_pending=True)
    assert prove(waiting, from_address(OFFICE)) == Proof(None, ProofKind.PINNED_ADDRESS)
    assert prove(waiting, from_address(ELSEWHERE)) == Proof(Refusal.OTHER_ADDRESS)
    assert prove(waiting, from_address(ELSEWHERE, comm_key="k3y")) == Proof(None, ProofKind.COMM_KEY, secret_used=True)


@pytest.mark.parametrize(
    ("presented", "used"),
    [("mesin-7a", True), ("mésin-7a", False), ("mesin\udcff", False), ("", False)],
)
def test_a_secret_may_hold_any_bytes(presented: str, used: bool) -> None:
    """A header that is not UTF-8 arrives with surrogates; it is wrong, but no error."""
    assert prove(WITH_LABEL, from_address(ELSEWHERE, presented)).secret_used is used


def test_secrets_are_compared_by_their_sha_256() -> None:
    assert digest("abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert digest("é").hex() == "4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c"
    assert digest("\udcff").hex() == "a8100ae6aa1940d0b663bb31cd466142ebbdbd5187131b92d93818987832eb89"


@pytest.mark.parametrize(
    ("address", "networks", "expected"),
    [
        ("10.20.255.255", ("10.20.0.0/16",), True),
        ("10.21.0.0", ("10.20.0.0/16",), False),
        ("10.21.0.0", ("10.20.0.0/16", "10.21.0.0/32"), True),
        ("::ffff:10.20.3.4", ("10.20.0.0/16",), True),  # IPv4 on a socket of both families
        ("2001:db8::7", ("10.20.0.0/16", "2001:db8::/32"), True),
        ("2001:db9::7", ("2001:db8::/32",), False),
        ("10.20.3.4", ("2001:db8::/32",), False),
        ("10.20.3.4", (), False),
        ("", ("0.0.0.0/0",), False),
        ("testclient", ("0.0.0.0/0", "::/0"), False),
    ],
)
def test_an_address_is_in_a_range_of_its_family(address: str, networks: tuple[str, ...], expected: bool) -> None:
    assert in_networks(address, networks) is expected


def test_address_ranges_are_kept_in_one_form_and_once() -> None:
    given = [" 10.20.3.4/16 ", "10.20.0.0/16", "192.0.2.7", "2001:DB8::1/32"]
    assert parse_networks(given) == ("10.20.0.0/16", "192.0.2.7/32", "2001:db8::/32")
    assert parse_networks([]) == ()
    with pytest.raises(ValueError, match=r"^'10\.20\.0\.0/33' is not an address range; write it like 10\.20\.0\.0/16$"):
        parse_networks(["10.20.0.0/16", "10.20.0.0/33"])
