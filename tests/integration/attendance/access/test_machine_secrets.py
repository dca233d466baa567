"""A machine's secret that was replaced or removed, and one of two, open nothing."""

from __future__ import annotations

import pytest

from tests.integration.attendance.access.device import LINE, Device, register, secret
from tests.integration.attendance.city import City

pytestmark = pytest.mark.embedded

KEY = "314159265"


async def accepted(device: Device) -> bool:
    """Whether the server takes its punches, polls and handshakes; it never takes only some of them."""
    answers = [await device.punch(LINE), await device.ask("getrequest"), await device.ask("cdata", options="all")]
    [found] = {answer.status_code == 200 for answer in answers}
    return found


async def label(town: City) -> str:
    """The host name with a new secret label."""
    return f"{(await secret(town, kind='host_label'))['host_label']}.adms"


async def test_a_replaced_secret_ends_at_once_although_it_was_just_used(town: City) -> None:
    old = Device(town, host=await label(town))
    assert await accepted(old)
    new = Device(town, host=await label(town))
    assert [await accepted(device) for device in (old, new)] == [False, True]
    await secret(town, kind="comm_key", value=KEY)
    await secret(town, kind="comm_key", value="271828182")
    host = new.host
    assert not await accepted(Device(town, host=host, ComKey=KEY))
    assert await accepted(Device(town, host=host, ComKey="271828182"))


async def test_of_two_secrets_both_are_needed_and_one_that_is_removed_leaves_the_other(town: City) -> None:
    host = await label(town)
    await secret(town, kind="comm_key", value=KEY)
    both, only_label = Device(town, host=host, ComKey=KEY), Device(town, host=host)
    only_key, neither = Device(town, ComKey=KEY), Device(town)
    assert [await accepted(each) for each in (both, only_label, only_key, neither)] == [True, False, False, False]
    assert (await town.http.delete("/attendance/v1/machines/S1/secrets/comm_key")).status_code == 204
    assert [await accepted(each) for each in (both, only_label, only_key, neither)] == [True, True, False, False]


async def test_a_narrower_range_ends_the_addresses_outside_it_at_once(town: City) -> None:
    await register(town, networks=["10.0.0.0/16"])
    inside, outside = Device(town, "10.0.9.9"), Device(town, "10.0.7.5")
    assert [await accepted(each) for each in (inside, outside)] == [True, True]
    await register(town, networks=["10.0.9.0/24"])
    assert [await accepted(each) for each in (inside, outside)] == [True, False]
