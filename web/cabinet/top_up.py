"""Buying credits: a sum, or a package, becomes a payment."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Final, Self
from urllib.parse import urlencode
from uuid import UUID, uuid5

import structlog
from fastapi import APIRouter, Form, Query, Request
from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

from db.tables.identities import SessionKind
from i18n.top_up import credit_price_words, term_words
from services.errors import N_, ShopError
from services.payments.packages import PackageView
from services.payments.pricing import PaymentsOff
from services.payments.providers.base import ResultUnknown
from services.payments.service import Payments
from services.payments.topup import TopUpRequest
from web.kit.pages import page
from web.kit.places import TOP_UP, own_place
from web.kit.refusals import refusal_of
from web.kit.viewer import Customer, Me

log = structlog.get_logger()
router = APIRouter(prefix=TOP_UP)
DECISIONS: Final = UUID("0b1fd0c4-52a5-4a36-9c7e-1d7a5b0a9c51")
OWN: Final = "own"
LONGEST_RETURN: Final = 255  # characters of an address that payments keep
_CHOICE: Final = re.compile(r"(sum|package):([0-9]{1,9})")


class NothingChosen(ShopError):
    message = N_("Choose how much it shall be.")


class TypedTopUp(BaseModel):
    """A form as it was sent. `choice`: `sum:<minor units>`, `package:<id>`, or `own` for the `amount` that was typed.
    `key`: of the form. `next`: where to go on with the credits."""

    choice: str = ""
    amount: str = ""
    email: str = ""
    next: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopUpForm:
    me: Customer
    payments: Payments
    typed: TypedTopUp = field(default_factory=TypedTopUp)

    @classmethod
    def of(cls, me: Customer, typed: TypedTopUp) -> Self:
        """Raises `PaymentsOff`."""
        if me.site.services.payments is None:
            raise PaymentsOff()
        own = typed.model_copy(update={"next": own_place(typed.next, otherwise="")})
        return cls(me=me, payments=me.site.services.payments, typed=own)

    async def show(self, *, errors: Mapping[str, str] | None = None, refused: ShopError | None = None) -> Response:
        """`errors` by field; `refused`: why there is no payment."""
        price, tr = self.payments.credit_price, self.me.tr
        return page(
            self.me,
            "cabinet/top_up.html",
            status=422 if errors else 200 if refused is None else refusal_of(refused).status,
            typed=self.typed,
            key=await self._key(),
            sums=[(f"sum:{money.minor}", tr.money(money), price.credits_for(money)) for money in price.suggested],
            packages=await self._packages(),
            term_words=term_words,
            low=price.low,
            high=price.high,
            credit_price=credit_price_words(price, tr),
            ask_email=self._ask_email,
            errors=errors or {},
            problem="" if refused is None else tr.error(refused),
        )

    async def begin(self, here: str) -> Response:
        """`here`: this site's address, as the payer reaches it. Each form makes one payment of each choice."""
        try:
            wish = self._wish()
        except ShopError as error:
            name = "amount" if self.typed.choice == OWN else "choice"
            return await self.show(errors={name: self.me.tr.error(error)})
        if self._ask_email:
            try:
                await self.me.site.services.users.set_email(self.me.user.id, self.typed.email)
            except ShopError as error:
                return await self.show(errors={"email": self.me.tr.error(error)})
            wish = replace(wish, email=self.typed.email.strip())
        place = f"/payments/{wish.id}"
        shown = f"{place}?{urlencode({'next': self.typed.next})}" if self.typed.next else place
        try:
            await self.payments.topup.start(replace(wish, return_url=self._way_back(here, place, shown)))
        except ResultUnknown as error:
            log.warning("payment_waits_for_provider", payment_id=str(wish.id), code=error.code)
        except ShopError as error:
            log.info("payment_not_begun", payment_id=str(wish.id), error=str(error))
            return await self.show(refused=error)
        return RedirectResponse(shown, status_code=303)

    def _wish(self) -> TopUpRequest:
        """Raises `NothingChosen`, `AmountOutOfBounds`."""
        price, found = self.payments.credit_price, _CHOICE.fullmatch(self.typed.choice)
        if self.typed.choice != OWN and found is None:
            raise NothingChosen()
        amount = price.parse(self.typed.amount) if found is None else price.low.of(int(found[2]))
        package_id = int(found[2]) if found is not None and found[1] == "package" else None
        chosen = f"package:{package_id}" if package_id is not None else f"sum:{amount.minor}"
        return TopUpRequest(
            id=uuid5(DECISIONS, f"{self.me.user.id}:{self.typed.key[:64]}:{chosen}"),
            user_id=self.me.user.id,
            email=self.me.user.email,
            return_url="",
            amount=None if package_id is not None else amount,
            package_id=package_id,
        )

    def _way_back(self, here: str, place: str, shown: str) -> str:
        """To the payment's page. Who pays for the Mini App does it in a browser that is not signed in: back to the
        bot."""
        name = self.me.site.bot_username()
        if self.me.signed_in.kind is SessionKind.MINI_APP and name is not None:
            return f"{self.me.site.telegram_links}/{name}"
        return next((way for way in (here + shown, here + place) if len(way) <= LONGEST_RETURN), here)

    async def _key(self) -> str:
        """The same in two tabs, until one of them has made a payment."""
        latest = await self.me.site.services.payment_queries.of_user(self.me.user.id, size=1)
        return latest.items[0].id.hex if latest.items else "first"

    async def _packages(self) -> list[PackageView]:
        currency = self.payments.credit_price.currency
        return [each for each in await self.me.site.services.packages.on_sale() if each.price.currency == currency]

    @property
    def _ask_email(self) -> bool:
        return self.payments.receipts and self.me.user.email is None


@router.get("")
async def show_top_up(me: Me, place: Annotated[str, Query(alias="next")] = "") -> Response:
    return await TopUpForm.of(me, TypedTopUp(next=place)).show()


@router.post("")
async def top_up(request: Request, me: Me, typed: Annotated[TypedTopUp, Form()]) -> Response:
    return await TopUpForm.of(me, typed).begin(me.site.public_url or str(request.base_url).rstrip("/"))
