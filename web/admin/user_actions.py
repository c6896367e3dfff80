"""What is done to a customer: credits, words of the owner, the shop closed to them, their sessions."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Form
from pydantic import BaseModel
from starlette.responses import Response

from i18n.people import name_of, number_of
from i18n.translator import Html
from services.errors import ShopError
from services.users.manage import (
    MAX_CREDITS,
    MAX_REASON,
    MAX_TEXT,
    CannotTake,
    CreditChange,
    check_reason,
    check_text,
    parse_change,
)
from services.users.search import UserCard
from web.admin.kit import Acts, StaffMember, Typed, confirmation, go, is_nonce, panel
from web.admin.users import user_number

router = APIRouter(prefix="/admin/users/{number}")
GIVE, TAKE = "give", "take"


class CreditsForm(BaseModel):
    way: str = GIVE
    amount: str = ""
    reason: str = ""
    nonce: str = ""


@router.get("/credits")
async def ask_credits(who: Acts, number: str, way: str = GIVE) -> Response:
    return _credits_form(who, await _card(who, number), CreditsForm(way=way))


@router.post("/credits")
async def change_credits(who: Acts, number: str, typed: Annotated[CreditsForm, Form()]) -> Response:
    card, give, confirmed = await _card(who, number), typed.way != TAKE, is_nonce(typed.nonce)
    errors = {}
    try:
        amount = parse_change(typed.amount, balance=MAX_CREDITS if confirmed else card.balance, give=give)
    except ShopError as error:
        errors["amount"] = who.tr.error(error)
    try:
        check_reason(typed.reason)
    except ShopError as error:
        errors["reason"] = who.tr.error(error)
    if errors:
        return _credits_form(who, card, typed, errors)
    request = CreditChange(user_id=card.id, amount=amount, reason=typed.reason.strip(), nonce=typed.nonce)
    if not confirmed:
        return _confirm_credits(who, card, request, typed)
    try:
        await who.site.services.user_management.change(request, actor=who.actor)
    except CannotTake as error:  # spent meanwhile
        return _credits_form(who, card, typed, {"amount": who.tr.error(error)})
    return go(f"/admin/users/{card.id}", done="given" if give else "taken")


@router.get("/write")
async def ask_words(who: Acts, number: str) -> Response:
    return _words_form(who, await _card(who, number))


@router.post("/write")
async def write(who: Acts, number: str, text: Typed = "", nonce: Typed = "") -> Response:
    card = await _card(who, number)
    try:
        words = check_text(text.replace("\r\n", "\n"))
        if is_nonce(nonce):
            await who.site.services.user_management.write_to(card.id, words, nonce=nonce, actor=who.actor)
            return go(f"/admin/users/{card.id}", done="sent")
    except ShopError as error:
        return _words_form(who, card, text, {"text": who.tr.error(error)})
    return confirmation(
        who,
        title=who.tr.gettext("Send this?"),
        lines=[*_whom(who, card), who.tr.escape(words)],
        yes=who.tr.gettext("Send"),
        action=f"/admin/users/{card.id}/write",
        back=f"/admin/users/{card.id}",
        fields={"text": words},
    )


@router.post("/disable")
async def disable(who: Acts, number: str, nonce: Typed = "") -> Response:
    card = await _card(who, number)
    if is_nonce(nonce):
        await who.site.services.user_management.disable(card.id, actor=who.actor)
        return go(f"/admin/users/{card.id}", done="closed")
    line = who.tr.html("They keep their credits and cannot do anything until it is opened again.")
    title = who.tr.gettext("Close the shop to them?")
    return _confirm(who, card, "disable", title=title, line=line, yes=who.tr.gettext("Close the shop to them"))


@router.post("/enable")
async def enable(who: Acts, number: str) -> Response:
    card = await _card(who, number)
    await who.site.services.user_management.enable(card.id, actor=who.actor)
    return go(f"/admin/users/{card.id}", done="opened")


@router.post("/sign-out")
async def sign_out(who: Acts, number: str, nonce: Typed = "") -> Response:
    card = await _card(who, number)
    if is_nonce(nonce):
        await who.site.services.user_management.sign_out(card.id, actor=who.actor)
        return go(f"/admin/users/{card.id}", done="signed-out")
    line = who.tr.html("Every browser and program that is signed in as them has to sign in again.")
    title = who.tr.gettext("End all their sessions?")
    return _confirm(who, card, "sign-out", title=title, line=line, yes=who.tr.gettext("End the sessions"))


async def _card(who: StaffMember, number: str) -> UserCard:
    return await who.site.services.user_management.card(user_number(number))


def _whom(who: StaffMember, card: UserCard) -> Sequence[Html]:
    return name_of(card, who.tr), number_of(card, who.tr)


def _confirm(who: StaffMember, card: UserCard, verb: str, *, title: str, line: Html, yes: str) -> Response:
    place = f"/admin/users/{card.id}"
    lines = [*_whom(who, card), line]
    return confirmation(who, title=title, lines=lines, yes=yes, action=f"{place}/{verb}", back=place, danger=True)


def _confirm_credits(who: StaffMember, card: UserCard, request: CreditChange, typed: CreditsForm) -> Response:
    tr, give = who.tr, request.amount > 0
    amount = tr.credits(abs(request.amount))
    what = tr.html("They get <b>{credits}</b>.", credits=amount) if give else None
    what = what or tr.html("They lose <b>{credits}</b>.", credits=amount)
    after = tr.amount(card.balance + request.amount)
    balance = tr.html("Balance: {before} → <b>{after}</b>", before=tr.amount(card.balance), after=after)
    reason = tr.html("Reason, which they read: {reason}", reason=request.reason)
    return confirmation(
        who,
        title=tr.gettext("Give credits?") if give else tr.gettext("Take credits?"),
        lines=[*_whom(who, card), what, balance, reason],
        yes=tr.gettext("Give {credits}", credits=amount) if give else tr.gettext("Take {credits}", credits=amount),
        action=f"/admin/users/{card.id}/credits",
        back=f"/admin/users/{card.id}",
        fields={"way": typed.way, "amount": typed.amount, "reason": typed.reason},
        danger=not give,
    )


def _credits_form(
    who: StaffMember,
    card: UserCard,
    typed: CreditsForm,
    errors: dict[str, str] | None = None,
) -> Response:
    give = typed.way != TAKE
    high = who.tr.amount(MAX_CREDITS if give else card.balance)
    shown = {"card": card, "give": give, "high": high, "most": MAX_REASON, "typed": typed, "errors": errors or {}}
    return panel(who, "users/credits.html", status=422 if errors else 200, **shown)


def _words_form(who: StaffMember, card: UserCard, text: str = "", errors: dict[str, str] | None = None) -> Response:
    status = 422 if errors else 200
    return panel(who, "users/write.html", status=status, card=card, text=text, most=MAX_TEXT, errors=errors or {})
