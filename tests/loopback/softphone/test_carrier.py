"""A carrier on loopback: an account logs in, is refused, is ignored; and its numbers ring."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from softphone import Phone
from softphone.call import CallFailed, RegistrationFailed
from softphone.carrier import Carrier, Customer

CUSTOMER = Customer("miempresa", "cl4ve")


@pytest_asyncio.fixture
async def carrier() -> AsyncIterator[Carrier]:
    async with await Carrier.open(("127.0.0.1", 9), "sbc") as carrier:
        carrier.customer = CUSTOMER
        yield carrier


async def account(carrier: Carrier, password: str = CUSTOMER.password) -> Phone:
    phone = await Phone.open(("127.0.0.1", carrier.port), CUSTOMER.user, password)
    carrier.server = ("127.0.0.1", phone.port)
    return phone


async def test_the_right_password_is_taken_after_a_challenge(carrier: Carrier) -> None:
    async with await account(carrier) as phone:
        await phone.register()
        assert [status for _, status in carrier.seen] == [401, 200]
        assert f"127.0.0.1:{phone.port}" in carrier.contact_of_customer


async def test_the_wrong_password_is_refused(carrier: Carrier) -> None:
    async with await account(carrier, "otra") as phone:
        with pytest.raises(RegistrationFailed, match="403"):
            await phone.register()
    assert carrier.contact_of_customer == ""


@pytest.mark.parametrize("mood", [403, 503])
async def test_a_mood_passes(carrier: Carrier, mood: int) -> None:
    carrier.moods.append(mood)
    async with await account(carrier) as phone:
        with pytest.raises(RegistrationFailed, match=str(mood)):
            await phone.register()
        await phone.register()
    assert [status for _, status in carrier.seen][:2] == [mood, 401]


async def test_silence_is_answered_by_asking_again(carrier: Carrier) -> None:
    carrier.moods.append(None)
    async with await account(carrier) as phone:
        await phone.register()
    assert [status for _, status in carrier.seen][:3] == [None, 401, 200]


async def test_a_number_of_the_customer_rings_at_its_contact(carrier: Carrier) -> None:
    async with await account(carrier) as phone:
        registered = asyncio.create_task(carrier.wait_registered())
        await phone.register()
        await registered
        ringing = await carrier.ring("+525555123401", "+34600100200")
        call = await phone.incoming()
        assert call.dialled_user == "+525555123401"
        assert call.asserted_user == "+34600100200"
        await call.answer()
        await ringing.wait_answered()
        await ringing.hang_up()


async def test_calls_to_the_carrier_must_prove_who_they_are(carrier: Carrier) -> None:
    carrier.asks_callers = True
    async with await account(carrier, "otra") as phone:
        with pytest.raises(CallFailed, match="407"):
            await phone.call("+525512345678")
    async with await account(carrier) as phone:
        placed = await phone.dial("+525512345678")
        call = await carrier.incoming()
        await call.answer()
        await placed.wait_answered()
        await placed.hang_up()
