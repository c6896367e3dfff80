"""Stars: who pays and has how many, subscriptions, what befalls the bot's account and the updates about it."""

from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field

from sandbox.control.deps import OneClock, OnePerson, OneWorld
from sandbox.telegram.acts import Impossible
from sandbox.telegram.stars import charges, checkout, subscriptions
from sandbox.telegram.stars.faults import FaultKind, StarFault, StarsUpdate
from sandbox.telegram.stars.state import Charge, Subscription
from sandbox.telegram.wire import JsonObject
from sandbox.telegram.world import World

router = APIRouter(prefix="/sandbox/api/{bot}")

LAST = "last"
MAX_WAIT_SECONDS = 60.0
SHOWN = 50


class Paying(BaseModel):
    """One of a link's invoice and a message; `of`: whose chat a forwarded one stood in."""

    model_config = ConfigDict(extra="forbid")

    slug: str | None = None
    message_id: int | None = None
    of: int | None = None


class Wealth(BaseModel):
    balance: int = Field(ge=0)


class NewStarFault(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: FaultKind
    on: StarsUpdate
    times: int = Field(default=1, ge=0)
    copies: int = Field(default=1, ge=1, le=20)
    seconds: float = Field(default=60.0, ge=0)


class OtherTransaction(BaseModel):
    kind: Literal["withdrawal", "paid_messages", "other"]
    amount: int = Field(ge=1)


def _view(world: World) -> JsonObject:
    stars = world.stars
    return {
        "balance": stars.balance,
        "transactions": stars.transactions[-SHOWN:],
        "charges": [each.view() for each in list(stars.charges.values())[-SHOWN:]],
        "subscriptions": [each.view() for each in stars.subscriptions.values()],
        "faults": [asdict(each) for each in stars.faults.armed],
    }


@router.get("/stars")
async def stars_view(world: OneWorld) -> JsonObject:
    return _view(world)


@router.get("/stars/invoices/{slug}")
async def stars_invoice(slug: str, world: OneWorld) -> JsonObject:
    invoice = world.stars.links.get(slug)
    if invoice is None:
        raise HTTPException(404, "there is no such invoice")
    return invoice.view()


@router.get("/people/{person_id}/stars")
async def wallet(world: OneWorld, person: OnePerson) -> JsonObject:
    own = [each.view() for each in world.stars.subscriptions.values() if each.user_id == person.id]
    return {"balance": person.stars, "subscriptions": own}


@router.patch("/people/{person_id}/stars")
async def wallet_change(body: Wealth, world: OneWorld, person: OnePerson) -> JsonObject:
    person.stars = body.balance
    return await wallet(world, person)


@router.post("/people/{person_id}/stars/pay")
async def stars_pay(body: Paying, world: OneWorld, person: OnePerson) -> JsonObject:
    """`event`: the latest one of the payer's screen before."""
    if (body.slug is None) == (body.message_id is None):
        raise HTTPException(422, "either slug or message_id is wanted")
    event = person.chat.events.last_id
    owner = person if body.of is None else world.people.get(body.of)
    if owner is None:
        raise HTTPException(404, f"there is no person {body.of}")
    try:
        if body.slug is not None:
            begun = checkout.by_link(world, person, body.slug)
        else:
            begun = checkout.by_message(world, person, body.message_id or 0, owner=owner)
    except Impossible as error:
        raise HTTPException(400, str(error)) from error
    return {**begun.view(), "event": event}


@router.get("/stars/checkouts/{checkout_id}")
async def stars_checkout(
    checkout_id: str, world: OneWorld, clock: OneClock, wait: Annotated[float, Query(ge=0, le=MAX_WAIT_SECONDS)] = 0.0
) -> JsonObject:
    """At once, or as soon as it is no longer `asked` within `wait` seconds."""
    found = world.stars.checkouts.get(checkout_id)
    if found is None:
        raise HTTPException(404, f"there is no checkout {checkout_id}")
    deadline = clock.now() + wait
    while found.state == "asked" and (left := deadline - clock.now()) > 0:
        if not await world.stars.settled.wait(clock, left):
            break
    return found.view()


def get_subscription(subscription_id: str, world: OneWorld) -> Subscription:
    found = world.stars.subscriptions
    known = next(reversed(found.values()), None) if subscription_id == LAST else found.get(subscription_id)
    if known is None:
        raise HTTPException(404, f"there is no subscription {subscription_id}")
    return known


OneSubscription = Annotated[Subscription, Depends(get_subscription)]


@router.post("/stars/subscriptions/{subscription_id}/{act}")
async def stars_subscription(
    act: Literal["cancel", "resume"], world: OneWorld, subscription: OneSubscription
) -> JsonObject:
    try:
        (subscriptions.cancels if act == "cancel" else subscriptions.resumes)(world, subscription)
    except Impossible as error:
        raise HTTPException(400, str(error)) from error
    return subscription.view()


def get_charge(charge_id: str, world: OneWorld) -> Charge:
    found = world.stars.charges
    known = next(reversed(found.values()), None) if charge_id == LAST else found.get(charge_id)
    if known is None:
        raise HTTPException(404, f"there is no charge {charge_id}")
    return known


OneCharge = Annotated[Charge, Depends(get_charge)]


@router.post("/stars/charges/{charge_id}/{act}")
async def stars_return(act: Literal["refund", "chargeback"], world: OneWorld, charge: OneCharge) -> JsonObject:
    """By Telegram's support, or by whoever sold the Stars: nobody asks the bot."""
    if charge.returned:
        raise HTTPException(400, "it was given back")
    (charges.give_back if act == "refund" else charges.charge_back)(world, charge)
    return charge.view()


@router.post("/stars/transactions", status_code=201)
async def stars_transaction(body: OtherTransaction, world: OneWorld) -> JsonObject:
    """What else stands in the bot's list, and is no payment."""
    partners: dict[str, JsonObject] = {
        "withdrawal": {"type": "fragment", "withdrawal_state": {"type": "pending"}},
        "paid_messages": {"type": "telegram_api", "request_count": body.amount * 10},
        "other": {"type": "other"},
    }
    return charges.other(world, body.amount, partners[body.kind])


@router.post("/stars/faults", status_code=201)
async def stars_fault(body: NewStarFault, world: OneWorld) -> JsonObject:
    world.stars.faults.armed.append(StarFault(**body.model_dump()))
    return body.model_dump()


@router.delete("/stars/faults")
async def stars_faults_clear(world: OneWorld) -> JsonObject:
    world.stars.faults.armed.clear()
    return {}
