"""Subscriptions, which Telegram charges by itself for as long as nobody stops it."""

from typing import Literal

from sandbox.telegram.acts import Impossible
from sandbox.telegram.people import Person
from sandbox.telegram.stars.charges import take
from sandbox.telegram.stars.delivery import tell
from sandbox.telegram.stars.state import Charge, Invoice, Subscription
from sandbox.telegram.world import World


def begin(world: World, payer: Person, invoice: Invoice) -> Charge:
    assert invoice.period is not None
    now = world.clock.now()
    until = now + invoice.period
    charge = take(world, payer, invoice, at=now, until=until)
    subscription = Subscription(id=charge.id, user_id=payer.id, invoice=invoice, until=until)
    world.stars.subscriptions[charge.id] = subscription
    _arm(world, subscription)
    return charge


def _arm(world: World, subscription: Subscription) -> None:
    left = subscription.until - world.clock.now()
    subscription.timer = world.clock.call_later(left, lambda: _due(world, subscription))


def _due(world: World, subscription: Subscription) -> None:
    payer = world.people[subscription.user_id]
    if subscription.by_user or subscription.by_bot:
        subscription.over = True
    elif payer.stars < subscription.invoice.amount:
        subscription.failed = True
        _tell(world, subscription, "failed")
    else:
        _renew(world, subscription, at=subscription.until)


def _renew(world: World, subscription: Subscription, *, at: float) -> None:
    assert subscription.invoice.period is not None
    payer = world.people[subscription.user_id]
    subscription.until = at + subscription.invoice.period
    take(world, payer, subscription.invoice, at=at, until=subscription.until, subscription=subscription.id)
    _arm(world, subscription)


def cancels(world: World, subscription: Subscription) -> None:
    """In Telegram's own settings."""
    if subscription.state != "active":
        raise Impossible("only an active subscription can be canceled")
    subscription.by_user = True
    _tell(world, subscription, "canceled")


def resumes(world: World, subscription: Subscription) -> None:
    """Takes the cancellation back; a failed one is paid for again, from now on."""
    if subscription.by_bot:
        raise Impossible("the bot has ended this subscription")
    if subscription.failed:
        if world.people[subscription.user_id].stars < subscription.invoice.amount:
            raise Impossible("there are not enough Stars")
        subscription.failed = False
        _renew(world, subscription, at=world.clock.now())
        return
    if subscription.state != "canceled":
        raise Impossible("only a canceled or a failed subscription can be resumed")
    subscription.by_user = False
    _tell(world, subscription, "active")


def _tell(world: World, subscription: Subscription, state: Literal["canceled", "active", "failed"]) -> None:
    user = world.people[subscription.user_id].user()
    told = {"user": user, "invoice_payload": subscription.invoice.payload, "state": state}
    tell(world, "subscription", {"subscription": told}, key=subscription.user_id)
