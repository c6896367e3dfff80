"""Someone pays: the bot is asked whether it may be, within ten seconds, and then the Stars are taken."""

from sandbox.telegram.acts import Impossible
from sandbox.telegram.errors import QUERY_TOO_OLD, BadRequest
from sandbox.telegram.people import Person
from sandbox.telegram.stars import subscriptions
from sandbox.telegram.stars.charges import take
from sandbox.telegram.stars.delivery import tell
from sandbox.telegram.stars.state import ANSWER_WITHIN_SECONDS, CURRENCY, Checkout, Invoice
from sandbox.telegram.world import World

TOO_FEW = "BALANCE_TOO_LOW"
TIMEOUT = "BOT_PRECHECKOUT_TIMEOUT"
PAID_ALREADY = "INVOICE_ALREADY_PAID"


def by_link(world: World, payer: Person, slug: str) -> Checkout:
    invoice = world.stars.links.get(slug)
    if invoice is None:
        raise Impossible("there is no such invoice")
    return _ask(world, payer, invoice, None)


def by_message(world: World, payer: Person, message_id: int, *, owner: Person) -> Checkout:
    """Of a forwarded copy, where the payer is not the `owner` of the chat with the invoice."""
    key = (owner.id, message_id)
    invoice = world.stars.sent.get(key)
    if invoice is None or owner.chat.find(message_id) is None:
        raise Impossible(f"message {message_id} is no invoice")
    if payer is not owner:
        if invoice.start_parameter:
            raise Impossible(f"a copy of it leads to t.me/{world.username}?start={invoice.start_parameter}")
        return _ask(world, payer, invoice, None)
    if key in world.stars.paid:
        raise Impossible("it is paid")
    return _ask(world, payer, invoice, key)


def _ask(world: World, payer: Person, invoice: Invoice, message: tuple[int, int] | None) -> Checkout:
    if payer.stars < invoice.amount:
        raise Impossible("there are not enough Stars")
    checkout = world.stars.new_checkout(payer_id=payer.id, invoice=invoice, message=message)
    checkout.timer = world.clock.call_later(ANSWER_WITHIN_SECONDS, lambda: _settle(world, checkout, error=TIMEOUT))
    query = {
        "id": checkout.id,
        "from": payer.user(),
        "currency": CURRENCY,
        "total_amount": invoice.amount,
        "invoice_payload": invoice.payload,
    }
    tell(world, "pre_checkout", {"pre_checkout_query": query}, key=payer.id)
    return checkout


def answer(world: World, checkout_id: str, *, error: str | None) -> None:
    """The first answer stands; one more in time is accepted and changes nothing."""
    checkout = world.stars.checkouts.get(checkout_id)
    if checkout is None or checkout.state == "expired":
        raise BadRequest(QUERY_TOO_OLD)
    if checkout.state == "asked":
        _settle(world, checkout, error=error)


def _settle(world: World, checkout: Checkout, *, error: str | None) -> None:
    payer, invoice = world.people[checkout.payer_id], checkout.invoice
    if checkout.timer is not None:
        checkout.timer.cancel()
    if error is None and payer.stars < invoice.amount:
        error = TOO_FEW
    if error is None and checkout.message in world.stars.paid:
        error = PAID_ALREADY
    checkout.error = error
    if error is not None:
        checkout.state = "expired" if error == TIMEOUT else "refused"
    else:
        _take(world, payer, checkout)
    world.stars.settled.notify()


def _take(world: World, payer: Person, checkout: Checkout) -> None:
    if checkout.message is not None:
        world.stars.paid.add(checkout.message)
        shown = world.people[checkout.message[0]].chat.find(checkout.message[1])
        if shown is not None:
            world.people[checkout.message[0]].chat.shows_receipt(shown)
    if checkout.invoice.period is not None:
        charge = subscriptions.begin(world, payer, checkout.invoice)
    else:
        charge = take(world, payer, checkout.invoice, at=world.clock.now())
    checkout.charge_id, checkout.state = charge.id, "paid"
