"""A shop whose books are older than its payments: a back-up was put back, or the disk was lost."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from db.base import table_of
from db.tables.payments import PaymentStatus, RefundStatus
from db.tables.users import User
from services.money import rub
from services.payments.mark import BUYER, CREDITS, DAYS, PROOF, SHOP, Mark, MarkSigner, Paid
from services.payments.providers.base import RemotePayment
from services.payments.queries import PaymentNotFound, PaymentView
from services.payments.topup import TopUpRequest
from services.users.departures import note_departure
from tests.support.backups import back_up
from tests.support.clock import START
from tests.support.faults import Fault
from tests.support.plans import PEOPLE
from tests.support.tills import MERCHANT, OWNER, RETURN_URL, SIGNER, Cashier, open_cashier
from tests.support.yookassa import SHOP_ID

ANNA = 4711
WELCOME = replace(MERCHANT, welcome_credits=1000, people=PEOPLE)


async def lose(cashier: Cashier, url: str, *, known: bool = True) -> PaymentView:
    """Anna pays 300 roubles, and then the back-up from before is put back. `known`: she was in it."""
    if known:
        await cashier.customer(telegram_id=ANNA)
    put_back = back_up(url)
    anna = await user_id(cashier) if known else await cashier.customer(telegram_id=ANNA)
    payment = await cashier.pays(anna)
    put_back()
    cashier.restart(WELCOME)
    with pytest.raises(PaymentNotFound):
        await cashier.payments.get(payment.id)
    return payment


async def user_id(cashier: Cashier) -> int:
    users = table_of(User)
    query = users.select().where(users.c.telegram_id == ANNA)
    return int(await cashier.db.read(lambda s: s.execute(query).one().id))


async def by_notification(cashier: Cashier, payment: PaymentView) -> None:
    await cashier.delivers("payment.succeeded", payment.provider_payment_id or "")
    await cashier.till.events.handle_due()


async def by_reconciler(cashier: Cashier, payment: PaymentView) -> None:
    await cashier.till.reconciler.round()


async def by_command(cashier: Cashier, payment: PaymentView) -> None:
    await cashier.till.reconciler.round(everything=True, since=START - timedelta(days=1))


async def by_button(cashier: Cashier, payment: PaymentView) -> None:
    shown_at = payment.created_at + timedelta(seconds=3)
    await cashier.till.settlement.ask(payment.id, user_id=await user_id(cashier), begun=shown_at)


Way = Callable[[Cashier, PaymentView], Awaitable[None]]
WAYS: tuple[Way, ...] = (by_notification, by_reconciler, by_command, by_button)


@pytest.mark.parametrize("way", WAYS)
async def test_every_way_finds_a_lost_payment_and_none_twice(cashier: Cashier, database_url: str, way: Way) -> None:
    payment = await lose(cashier, database_url)
    for each in (way, *WAYS):
        await each(cashier, payment)
        cashier.clock.advance(hours=2)
    anna = await user_id(cashier)
    found = await cashier.payments.get(payment.id)
    assert (found.status, found.user_id, found.amount.minor) == (PaymentStatus.SUCCEEDED, anna, 300_00)
    assert (found.adopted_at is not None, found.provider_payment_id) == (True, payment.provider_payment_id)
    assert await cashier.credited(payment.id) == [3000]
    assert await cashier.balance(anna) == 3000
    assert await cashier.facts() == ["succeeded"]
    await cashier.is_sound()


async def test_a_buyer_whom_the_back_up_does_not_know_is_greeted_as_at_a_first_visit(
    cashier: Cashier, database_url: str
) -> None:
    await lose(cashier, database_url, known=False)
    await cashier.till.reconciler.round()
    anna = await user_id(cashier)
    assert await cashier.balance(anna) == 1000 + 3000
    assert await cashier.facts() == ["succeeded"]
    await cashier.is_sound()


async def test_a_buyer_who_had_deleted_their_account_has_no_second_welcome(cashier: Cashier, database_url: str) -> None:
    payment = await lose(cashier, database_url, known=False)
    await cashier.db.write(note_departure, [PEOPLE.telegram(ANNA)], cashier.clock())
    await cashier.till.reconciler.round()
    assert await cashier.credited(payment.id) == [3000]
    assert await cashier.balance(await user_id(cashier)) == 3000


async def test_a_back_up_that_is_put_back_twice(cashier: Cashier, database_url: str) -> None:
    await cashier.customer(telegram_id=ANNA)
    put_back = back_up(database_url)
    payment = await cashier.pays(await user_id(cashier))
    for _ in range(2):
        put_back()
        cashier.restart()
        await cashier.till.reconciler.round()
        assert await cashier.balance(await user_id(cashier)) == 3000
        assert await cashier.credited(payment.id) == [3000]
    await cashier.is_sound()


async def test_two_processes_find_it_at_once(cashier: Cashier, database_url: str) -> None:
    payment = await lose(cashier, database_url, known=False)
    other = open_cashier(cashier.db, cashier.clock, WELCOME)
    other.yookassa = cashier.yookassa
    other.restart(WELCOME)
    tills = [cashier.till, other.till] * 3
    await cashier.delivers("payment.succeeded", payment.provider_payment_id or "")
    await asyncio.gather(
        *(till.reconciler.round(everything=True) for till in tills),
        *(till.settlement.ask(payment.id, begun=payment.created_at) for till in tills),
    )
    assert await cashier.balance(await user_id(cashier)) == 1000 + 3000
    assert await cashier.facts() == ["succeeded"]
    await cashier.is_sound()


async def test_its_row_comes_back_later(cashier: Cashier, database_url: str) -> None:
    """The old screen's button makes the same payment: it is there already."""
    payment = await lose(cashier, database_url)
    await cashier.till.reconciler.round()
    wish = TopUpRequest(
        id=payment.id, user_id=await user_id(cashier), email=None, return_url=RETURN_URL, amount=rub(300_00)
    )
    assert (await cashier.till.topup.start(wish)).status is PaymentStatus.SUCCEEDED
    assert len(cashier.yookassa.payments) == 1
    assert await cashier.balance(await user_id(cashier)) == 3000


async def test_its_row_comes_back_first(cashier: Cashier, database_url: str) -> None:
    """The same button before anybody has read the list: the same key finds the same payment."""
    payment = await lose(cashier, database_url)
    wish = TopUpRequest(
        id=payment.id, user_id=await user_id(cashier), email=None, return_url=RETURN_URL, amount=rub(300_00)
    )
    assert (await cashier.till.topup.start(wish)).status is PaymentStatus.SUCCEEDED
    await cashier.till.reconciler.round()
    assert len(cashier.yookassa.payments) == 1
    assert await cashier.balance(await user_id(cashier)) == 3000
    await cashier.is_sound()


async def test_what_was_refunded_meanwhile_is_booked_with_its_refund(cashier: Cashier, database_url: str) -> None:
    payment = await lose(cashier, database_url)
    cashier.yookassa.refund_in_cabinet(payment.provider_payment_id or "", 100_00)
    await by_notification(cashier, payment)
    [refund] = await cashier.payments.refunds(payment.id)
    assert (refund.status, refund.amount.minor, refund.credits_taken) == (RefundStatus.SUCCEEDED, 100_00, 1000)
    cashier.yookassa.refund_in_cabinet(payment.provider_payment_id or "", 200_00)
    cashier.clock.advance(hours=2)
    await cashier.till.reconciler.round()  # its notification never comes
    assert await cashier.balance(await user_id(cashier)) == 0
    assert len(await cashier.payments.refunds(payment.id)) == 2
    await cashier.is_sound()


async def test_a_refund_of_ours_that_was_lost_comes_back_as_the_same(cashier: Cashier, database_url: str) -> None:
    await cashier.customer(telegram_id=OWNER)
    await cashier.customer(telegram_id=ANNA)
    payment = await cashier.pays(await user_id(cashier))
    put_back = back_up(database_url)
    refund = await cashier.refunds(payment, 100_00)
    put_back()
    cashier.restart()
    assert await cashier.payments.refunds(payment.id) == []
    await cashier.till.reconciler.round()
    [found] = await cashier.payments.refunds(payment.id)
    assert (found.id, found.status, found.credits_taken) == (refund.id, RefundStatus.SUCCEEDED, 1000)
    await cashier.is_sound()


async def test_credits_of_a_package_end_when_they_would_have_ended(quick: Cashier, sqlite_url: str) -> None:
    """However often a back-up is put back, and however late."""
    payment = await lose(quick, sqlite_url)
    remote = quick.yookassa.by_our_id(payment.id)
    mark = Mark(payment_id=payment.id, telegram_id=ANNA, credits=3000, valid_days=30)
    paid = Paid(account=SHOP_ID, amount=rub(300_00), test=True)
    quick.yookassa.payments[remote.id] = replace(remote, mark=SIGNER.sign(mark, paid))
    quick.clock.advance(days=10)
    await quick.till.reconciler.round()
    assert await quick.lots(await user_id(quick)) == [(3000, START + timedelta(days=30))]
    found = await quick.payments.get(payment.id)
    assert (found.paid_at, found.created_at) == (START, START)


async def test_a_pending_one_is_ours_again_and_can_be_paid(quick: Cashier, sqlite_url: str) -> None:
    await quick.customer(telegram_id=ANNA)
    put_back = back_up(sqlite_url)
    payment = await quick.begins(await user_id(quick))
    put_back()
    quick.restart()
    found = await quick.till.settlement.ask(payment.id, user_id=await user_id(quick), begun=quick.clock())
    assert (found.is_open, found.confirmation_url) == (True, payment.confirmation_url)
    quick.yookassa.holds = True
    quick.yookassa.pay(payment.provider_payment_id or "")
    await quick.notified()
    assert await quick.balance(await user_id(quick)) == 3000
    assert await quick.facts() == ["succeeded"]


async def test_another_persons_button_does_not_show_it(quick: Cashier, sqlite_url: str) -> None:
    payment = await lose(quick, sqlite_url)
    john = await quick.customer()
    with pytest.raises(PaymentNotFound):
        await quick.till.settlement.ask(payment.id, user_id=john, begun=payment.created_at)
    with pytest.raises(PaymentNotFound):
        await quick.till.settlement.ask(uuid4(), user_id=john, begun=payment.created_at)


def _mark(remote: RemotePayment, **changed: str) -> RemotePayment:
    return replace(remote, mark={**remote.mark, **changed})


UNPROVEN: tuple[Callable[[RemotePayment], RemotePayment], ...] = (
    lambda remote: replace(remote, amount=rub(remote.amount.minor - 1)),
    lambda remote: replace(remote, test=not remote.test),
    lambda remote: replace(remote, our_id=str(uuid4())),
    lambda remote: _mark(remote, **{CREDITS: "3000.00"}),
    lambda remote: _mark(remote, **{CREDITS: "-1.00"}),
    lambda remote: _mark(remote, **{BUYER: "4712"}),
    lambda remote: _mark(remote, **{BUYER: "Анна"}),
    lambda remote: _mark(remote, **{DAYS: "100000000"}),
    lambda remote: _mark(remote, **{DAYS: "7"}),
    lambda remote: _mark(remote, **{PROOF: "0" * 64}),
    lambda remote: _mark(remote, **{PROOF: "подпись"}),
    lambda remote: _mark(remote, **{PROOF: ""}),
)
NOT_OURS: tuple[Callable[[RemotePayment], RemotePayment], ...] = (
    lambda remote: _mark(remote, **{SHOP: "4243"}),
    lambda remote: replace(remote, shop_id="100501"),
    lambda remote: replace(remote, status="canceled"),
    lambda remote: replace(remote, our_id="17", mark={"payment_id": "17"}),
    lambda remote: replace(remote, our_id=None, mark={}),
)


@pytest.mark.parametrize("change", [*UNPROVEN, *NOT_OURS])
async def test_what_is_not_proved_is_not_credited(
    quick: Cashier, sqlite_url: str, change: Callable[[RemotePayment], RemotePayment]
) -> None:
    """The owners hear once of what is ours in part, and nothing of other programs and bots on the same account."""
    await quick.customer(telegram_id=OWNER)
    payment = await lose(quick, sqlite_url)
    remote = quick.yookassa.by_our_id(payment.id)
    quick.yookassa.payments[remote.id] = change(remote)
    for _ in range(2):
        await by_notification(quick, payment)
        await quick.till.reconciler.round(everything=True)
        quick.clock.advance(days=2)
    assert (await quick.payments.latest()).items == []
    assert await quick.balance(await user_id(quick)) == 0
    assert await quick.problems() == (["unproven"] if change in UNPROVEN else [])
    if change in UNPROVEN:
        [alert] = await quick.notifications("payment_problem")
        assert remote.id in alert["detail"]
        assert "RUB" in alert["detail"]


async def test_either_secret_proves_it_and_neither_does_not(quick: Cashier, sqlite_url: str) -> None:
    """A new token, a new key: a restored shop still knows its payments. With both it asks its owners."""
    await quick.customer(telegram_id=OWNER)
    payment = await lose(quick, sqlite_url)
    for secrets, known in ((("4242:new", "new"), False), (("4242:new", "test_key"), True)):
        quick.restart(replace(MERCHANT, signer=MarkSigner.of("4242", *secrets)))
        await quick.till.reconciler.round(everything=True)
        assert bool((await quick.payments.latest()).items) is known
    assert await quick.problems() == ["unproven"]
    assert await quick.credited(payment.id) == [3000]


async def test_one_without_a_mark_from_before_payments_were_signed(quick: Cashier, sqlite_url: str) -> None:
    """Owners are told once; later ones without a mark are another program's."""
    await quick.customer(telegram_id=OWNER)
    payment = await lose(quick, sqlite_url)
    old = quick.yookassa.by_our_id(payment.id)
    quick.yookassa.payments[old.id] = replace(old, mark={"payment_id": old.our_id or ""})
    quick.clock.advance(minutes=1)
    for _ in range(3):
        await quick.till.reconciler.round(everything=True)
    later = replace(old, id=str(uuid4()), our_id=str(uuid4()), mark={}, created_at=quick.clock.advance(hours=1))
    quick.yookassa.payments[later.id] = later
    await quick.delivers("payment.succeeded", later.id)
    await quick.till.reconciler.round(everything=True)
    assert await quick.problems() == ["unbooked"]
    assert (await quick.notifications("payment_problem"))[0]["detail"].startswith(
        f"300.00 RUB · {old.id} · 2026-11-16 09:00"
    )
    assert await quick.notes() == ["not a payment of ours"]


async def test_very_many_are_told_of_in_one_notification(quick: Cashier, sqlite_url: str) -> None:
    await quick.customer(telegram_id=OWNER)
    payment = await lose(quick, sqlite_url)
    first = quick.yookassa.payments.pop(payment.provider_payment_id or "")
    for _ in range(15):
        foreign = replace(first, id=str(uuid4()), our_id=str(uuid4()), mark={})
        quick.yookassa.payments[foreign.id] = foreign
    quick.clock.advance(minutes=1)
    done = await quick.till.reconciler.round()
    assert len(done.listed.unmatched) == 15
    assert await quick.problems() == ["unbooked"] * 10 + ["many_lost"]


async def test_a_list_that_breaks_off_is_read_again(quick: Cashier, sqlite_url: str) -> None:
    """Whichever call of it fails."""
    await quick.customer(telegram_id=ANNA)
    put_back = back_up(sqlite_url)
    for _ in range(5):
        await quick.pays(await user_id(quick))
    put_back()
    quick.restart()
    for failing in range(4):
        quick.yookassa.faults.extend([*[None] * failing, Fault.LOST])
        assert not (await quick.till.reconciler.round()).listed.complete
        assert not quick.yookassa.faults
        quick.clock.advance(minutes=1)
    done = await quick.till.reconciler.round()
    assert done.listed.complete
    assert await quick.balance(await user_id(quick)) == 15000
    quick.yookassa.calls.clear()
    quick.clock.advance(minutes=1)
    await quick.till.reconciler.round()
    assert "list" not in quick.yookassa.calls
    await quick.is_sound()


async def test_a_copy_from_long_ago_is_read_from_where_it_ended(quick: Cashier, sqlite_url: str) -> None:
    await quick.customer(telegram_id=ANNA)
    await quick.till.reconciler.round()
    put_back = back_up(sqlite_url)
    payments = []
    for _ in range(20):
        quick.clock.advance(days=5)
        payments.append(await quick.pays(await user_id(quick)))
        await quick.till.reconciler.round()
    put_back()
    quick.restart()
    await quick.till.reconciler.round()
    assert await quick.balance(await user_id(quick)) == 20 * 3000


async def test_a_later_beginning_by_hand_leaves_no_gap(quick: Cashier, sqlite_url: str) -> None:
    await quick.customer(telegram_id=ANNA)
    await quick.till.reconciler.round()
    put_back = back_up(sqlite_url)
    quick.clock.advance(days=20)
    await quick.pays(await user_id(quick))
    put_back()
    quick.restart()
    quick.clock.advance(days=20)
    await quick.till.reconciler.round(everything=True, since=quick.clock() - timedelta(days=1))
    assert await quick.balance(await user_id(quick)) == 0
    await quick.till.reconciler.round()
    assert await quick.balance(await user_id(quick)) == 3000
