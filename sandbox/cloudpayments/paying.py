"""What becomes of a try to pay: the shop is asked, the payer's bank may ask for a code, the bank says yes or no."""

from sandbox.cloudpayments import notices
from sandbox.cloudpayments.cards import (
    CHECKED,
    NEVER_AGAIN,
    NOT_ANSWERED,
    NOT_SECURED,
    NOT_UNDERSTOOD,
    OTHER_TERMINAL,
    REST_SECONDS,
    TRIES,
    Card,
)
from sandbox.cloudpayments.operations import Order, Token, Transaction
from sandbox.cloudpayments.site import Site


async def pay(site: Site, order: Order, card: Card, *, code: int | None = None) -> Transaction:
    """A card is typed in. The transaction awaits authentication where the bank wants a code. `code`: what the bank says
    in place of what that card's says."""
    card = card if code is None else Card(number=card.number, declines=code, later=card.later)
    made = site.begin(
        amount=order.amount,
        currency=order.currency,
        invoice=order.invoice,
        account=order.account,
        email=order.email,
        description=order.description,
        data=order.data,
        card=card,
        culture=order.culture,
        order=order,
        two_stage=order.two_stage,
    )
    if (refused := await _checked(site, made)) != 0:
        decline(site, made, refused)
    elif not card.asks_code:
        answer(site, made)
    return made


def secure(site: Site, transaction: Transaction, *, is_passed: bool) -> None:
    """The payer typed the code of their bank, or could not."""
    if is_passed:
        answer(site, transaction)
    else:
        decline(site, transaction, NOT_SECURED)


def answer(site: Site, transaction: Transaction) -> None:
    """The bank's."""
    if transaction.card.declines:
        decline(site, transaction, transaction.card.declines)
    else:
        take(site, transaction)


def take(site: Site, transaction: Transaction) -> None:
    """Money is taken, or held."""
    now = site.clock.now()
    transaction.authorized_at = now
    transaction.token = transaction.token or site.token_of(transaction.account, transaction.card)
    if transaction.two_stage:
        transaction.status = "Authorized"
    else:
        transaction.status, transaction.confirmed_at = "Completed", now
    if transaction.order is not None:
        transaction.order.status, transaction.order.paid_at = "Paid", now
    site.notifier.notify("pay", notices.pay(transaction, now))


def decline(site: Site, transaction: Transaction, code: int, *, retry_after: float | None = None) -> None:
    """An order can still be paid."""
    transaction.status, transaction.code = "Declined", code
    if transaction.order is not None:
        transaction.order.last_code = code
    site.notifier.notify("fail", notices.fail(transaction, site.clock.now(), retry_after))


async def charge(site: Site, transaction: Transaction, token: Token) -> None:
    """Without its owner."""
    transaction.token = token
    if (refused := await _checked(site, transaction)) != 0:
        decline(site, transaction, refused)
        return
    code, rests_until = _said_to(token, site.clock.now())
    if code == 0:
        token.tries.clear()
        take(site, transaction)
    else:
        decline(site, transaction, code, retry_after=rests_until)


def _said_to(token: Token, now: float) -> tuple[int, float | None]:
    """The bank's code, and until when it says the same whatever comes."""
    if token.refused_for_good:
        return token.refused_for_good, None
    if len(token.tries) >= TRIES:
        rests_until = token.tries[-1] + REST_SECONDS
        if now < rests_until:
            return token.last_code, rests_until
        token.tries.clear()
    if token.declines in NEVER_AGAIN:
        token.refused_for_good = token.declines
    elif token.declines not in (0, OTHER_TERMINAL):
        token.last_code = token.declines
        token.tries.append(now)
        return token.declines, now + REST_SECONDS if len(token.tries) >= TRIES else None
    return token.declines, None


async def _checked(site: Site, transaction: Transaction) -> int:
    """What the shop says to it: 0 or the code that it is declined with."""
    asked = await site.notifier.ask(notices.check(transaction, site.clock.now()))
    if asked == 0:
        return 0
    return NOT_ANSWERED if asked is None else CHECKED.get(asked, NOT_UNDERSTOOD)
