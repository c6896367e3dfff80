"""Stars that change hands."""

from sandbox.telegram.people import Person
from sandbox.telegram.stars.delivery import service_message
from sandbox.telegram.stars.state import CURRENCY, Charge, Invoice
from sandbox.telegram.wire import JsonObject
from sandbox.telegram.world import World


def take(
    world: World,
    payer: Person,
    invoice: Invoice,
    *,
    at: float,
    until: float | None = None,
    subscription: str | None = None,
) -> Charge:
    """`until`: the end of the period that is paid; `subscription`: the one that this continues."""
    stars = world.stars
    charge = Charge(id=stars.new_charge_id(), payer_id=payer.id, invoice=invoice, at=at, subscription=subscription)
    if until is not None and subscription is None:
        charge.subscription = charge.id
    payer.stars -= invoice.amount
    stars.balance += invoice.amount
    stars.charges[charge.id] = charge
    stars.transactions.append(_transaction(world, charge, at, "source"))
    paid: JsonObject = {"currency": CURRENCY, "total_amount": invoice.amount, "invoice_payload": invoice.payload}
    if until is not None:
        paid |= {"subscription_expiration_date": int(until), "is_recurring": True}
        if subscription is None:
            paid["is_first_recurring"] = True
    paid |= {"telegram_payment_charge_id": charge.id, "provider_payment_charge_id": f"{payer.id}_{int(at)}"}
    service_message(world, payer, "payment", {"successful_payment": paid}, at=at, signed=True)
    return charge


def give_back(world: World, charge: Charge) -> None:
    """All of it, and both sides are told."""
    payer = world.people[charge.payer_id]
    _return(world, charge)
    payer.stars += charge.invoice.amount
    refunded = {
        "currency": CURRENCY,
        "total_amount": charge.invoice.amount,
        "invoice_payload": charge.invoice.payload,
        "telegram_payment_charge_id": charge.id,
    }
    service_message(world, payer, "refund", {"refunded_payment": refunded}, at=world.clock.now(), signed=False)


def charge_back(world: World, charge: Charge) -> None:
    """Whoever sold the Stars took them from the bot; nobody tells it but its list of transactions."""
    _return(world, charge)


def _return(world: World, charge: Charge) -> None:
    charge.returned = True
    world.stars.balance -= charge.invoice.amount
    world.stars.transactions.append(_transaction(world, charge, world.clock.now(), "receiver"))


def _transaction(world: World, charge: Charge, at: float, side: str) -> JsonObject:
    partner: JsonObject = {
        "type": "user",
        "transaction_type": "invoice_payment",
        "user": world.people[charge.payer_id].user(),
        "invoice_payload": charge.invoice.payload,
    }
    if charge.invoice.period is not None:
        partner["subscription_period"] = charge.invoice.period
    return {"id": charge.id, "amount": charge.invoice.amount, "date": int(at), side: partner}


def other(world: World, amount: int, receiver: JsonObject) -> JsonObject:
    """Stars that leave the bot for something that is no payment of a user."""
    number = world.stars.new_charge_id()
    transaction = {"id": number, "amount": amount, "date": world.timestamp(), "receiver": receiver}
    world.stars.balance -= amount
    world.stars.transactions.append(transaction)
    return transaction
