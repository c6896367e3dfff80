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

from i18n.plans import way_title
from i18n.top_up import credit_price_words, term_words
from services.errors import N_, ShopError
from services.payments.context import ProviderAccount
from services.payments.packages import PackageView
from services.payments.pricing import CreditPrice, PaymentsOff
from services.payments.providers.base import ResultUnknown
from services.payments.service import Payments
from services.payments.topup import TopUpRequest
from web.cabinet.paying import form_key, keep_email, way_back, ways_of
from web.kit.pages import page
from web.kit.places import TOP_UP, own_place
from web.kit.refusals import refusal_of
from web.kit.viewer import Customer, Me

log = structlog.get_logger()
router = APIRouter(prefix=TOP_UP)
DECISIONS: Final = UUID("0b1fd0c4-52a5-4a36-9c7e-1d7a5b0a9c51")
OWN: Final = "own"
_CHOICE: Final = re.compile(r"(sum|package):([0-9]{1,9})")


class NothingChosen(ShopError):
    message = N_("Choose how much it shall be.")


class TypedTopUp(BaseModel):
    """A form as it was sent. `choice`: `sum:<minor units>`, `package:<id>`, or `own` for the `amount` that was typed.
    `way`: who takes the money. `key`: of the form. `next`: where to go on with the credits."""

    way: str = ""
    choice: str = ""
    amount: str = ""
    email: str = ""
    next: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopUpForm:
    """`account`: that of the way which was chosen, or the first."""

    me: Customer
    payments: Payments
    account: ProviderAccount
    typed: TypedTopUp = field(default_factory=TypedTopUp)

    @classmethod
    def of(cls, me: Customer, typed: TypedTopUp) -> Self:
        """Raises `PaymentsOff`, `WayNotOffered`."""
        payments = me.site.services.payments
        if payments is None:
            raise PaymentsOff()
        account = payments.accounts.offered(typed.way) if typed.way else ways_of(me, payments)[0]
        own = typed.model_copy(update={"next": own_place(typed.next, otherwise=""), "way": account.merchant.provider})
        return cls(me=me, payments=payments, account=account, typed=own)

    async def show(self, *, errors: Mapping[str, str] | None = None, refused: ShopError | None = None) -> Response:
        """`errors` by field; `refused`: why there is no payment."""
        price, tr = self._price, self.me.tr
        return page(
            self.me,
            "cabinet/top_up.html",
            status=422 if errors else 200 if refused is None else refusal_of(refused).status,
            typed=self.typed,
            key=await form_key(self.me),
            ways=[(each.merchant.provider, way_title(each.merchant.provider, tr)) for each in self._ways],
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
            if wrong := await keep_email(self.me, self.typed.email):
                return await self.show(errors={"email": wrong})
            wish = replace(wish, email=self.typed.email.strip())
        place = f"/payments/{wish.id}"
        shown = f"{place}?{urlencode({'next': self.typed.next})}" if self.typed.next else place
        try:
            await self.payments.topup.start(replace(wish, return_url=way_back(self.me, here, shown, place)))
        except ResultUnknown as error:
            log.warning("payment_waits_for_provider", payment_id=str(wish.id), code=error.code)
        except ShopError as error:
            log.info("payment_not_begun", payment_id=str(wish.id), error=str(error))
            return await self.show(refused=error)
        return RedirectResponse(shown, status_code=303)

    def _wish(self) -> TopUpRequest:
        """Raises `NothingChosen`, `AmountOutOfBounds`."""
        price, found = self._price, _CHOICE.fullmatch(self.typed.choice)
        if self.typed.choice != OWN and found is None:
            raise NothingChosen()
        amount = price.parse(self.typed.amount) if found is None else price.low.of(int(found[2]))
        package_id = int(found[2]) if found is not None and found[1] == "package" else None
        chosen = f"package:{package_id}" if package_id is not None else f"sum:{amount.minor}"
        return TopUpRequest(
            id=uuid5(DECISIONS, f"{self.me.user.id}:{self.typed.key[:64]}:{self.typed.way}:{chosen}"),
            user_id=self.me.user.id,
            email=self.me.user.email,
            return_url="",
            amount=None if package_id is not None else amount,
            package_id=package_id,
            provider=self.typed.way,
        )

    async def _packages(self) -> list[PackageView]:
        return self.payments.priced(await self.me.site.services.packages.on_sale(self.me.user.id), self.typed.way)

    @property
    def _ways(self) -> list[ProviderAccount]:
        return ways_of(self.me, self.payments)

    @property
    def _price(self) -> CreditPrice:
        return self.payments.pricing[self.account.merchant.currency]

    @property
    def _ask_email(self) -> bool:
        return self.account.merchant.receipts and self.me.user.email is None


@router.get("")
async def show_top_up(me: Me, place: Annotated[str, Query(alias="next")] = "", way: str = "") -> Response:
    return await TopUpForm.of(me, TypedTopUp(next=place, way=way)).show()


@router.post("")
async def top_up(request: Request, me: Me, typed: Annotated[TypedTopUp, Form()]) -> Response:
    return await TopUpForm.of(me, typed).begin(me.site.public_url or str(request.base_url).rstrip("/"))
