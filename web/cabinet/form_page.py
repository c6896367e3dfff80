"""The page of a form, as it stands."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from secrets import token_urlsafe
from typing import Any, Final
from urllib.parse import quote

from starlette.responses import Response

from i18n.papers import judging_promise
from i18n.prices import buy_words, plan_pays, plan_used_up, price_of_all, price_words
from services.billing.ledger import InsufficientBalance
from services.errors import ShopError
from services.manifests.cells import takes_tables
from services.manifests.manifest import Input
from services.market.prices import Instrument
from services.models.offers import Offer
from services.values.samples import gives_examples
from web.cabinet.entries import Entries, query_of, takes_albums
from web.cabinet.fields import FieldView, field_views
from web.kit.pages import page
from web.kit.places import TOP_UP
from web.kit.refusals import refusal_of
from web.kit.viewer import PageViewer

LACKING: Final = 402


def new_key() -> str:
    return token_urlsafe(16)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPage:
    """`key`: one sale, however often the form is sent; `favourites`: papers that the customer took before."""

    who: PageViewer
    offer: Offer
    fields: list[Input]
    entries: Entries
    key: str = field(default_factory=new_key)
    favourites: Sequence[Instrument] = ()

    @property
    def more(self) -> tuple[str, Sequence[str]]:
        """The question that further pictures answer, and their files."""
        return next(((name, entry.more) for name, entry in self.entries.items() if entry.more), ("", ()))

    @property
    def count(self) -> int:
        """How many predictions it is about."""
        return 1 + len(self.more[1])

    @property
    def price(self) -> int:
        """Of all of them."""
        return self.offer.price_of(self.count)

    def require_credits(self) -> None:
        """Raises `InsufficientBalance` where they are not enough for all."""
        assert self.who.signed_in is not None
        balance = self.who.signed_in.user.balance
        if balance < self.price:
            raise InsufficientBalance(needed=self.price, balance=balance)

    @property
    def place(self) -> str:
        """An address that brings the form back as it stands, as far as an address goes."""
        query = query_of(self.entries)
        return f"/models/{quote(self.offer.slug)}" + (f"?{query}" if query else "")

    def show(self, *, status: int = 200, problem: str = "", before: str = "", lacking: int = 0) -> Response:
        """`problem`: why it was not sold; `before`: what it was sold as; `lacking`: so many hundredths."""
        tr, offer = self.who.tr, self.offer
        views = field_views(self.fields, self.entries, offer.manifest.slug, tr, self.favourites)
        return page(
            self.who,
            "cabinet/model.html",
            status=status,
            offer=offer,
            fields=views,
            errors={view.name: view.problem for view in views if view.problem},
            labels={view.name: view.label for view in views},
            next_step=_next_step(views),
            key=self.key,
            problem=problem,
            before=before,
            lacking=lacking,
            top_up=f"{TOP_UP}?next={quote(self.place, safe='')}",
            sample=offer.preset_id is not None,
            has_example=bool(views) and gives_examples(offer.manifest),
            count=self.count,
            album=takes_albums(offer),
            tables=takes_tables(offer.manifest),
            price=price_words(self.price, tr),
            prices=price_of_all(offer.price, self.count, tr) if self.count > 1 and self.price else "",
            price_of_one=self.price // self.count,
            plan=self._plan(),
            promise=self._promise(),
            buy=buy_words(self.price, tr, paints=offer.manifest.paints),
            **self._balance(),
        )

    def lacking(self, hundredths: int) -> Response:
        return self.show(status=LACKING, lacking=max(hundredths, 1))

    def refused(self, error: ShopError, *, offer: Offer | None = None) -> Response:
        """`offer`: as it is now."""
        shown = self if offer is None else replace(self, offer=offer)
        return shown.show(status=refusal_of(error).status, problem=self.who.tr.error(error))

    def afresh(self, error: ShopError, *, before: str) -> Response:
        """A new form, with what the old one held. `before`: the address of what came of that."""
        new = replace(self, key=new_key())
        return new.show(status=refusal_of(error).status, problem=self.who.tr.error(error), before=before)

    def _plan(self) -> str:
        """What the customer's plan has to do with it."""
        offer, tr = self.offer, self.who.tr
        if offer.plan_left and not self.price:
            return plan_pays(offer.plan_left, tr)
        return "" if offer.plan_limit is None else plan_used_up(offer.plan_limit, tr)

    def _promise(self) -> str:
        """When the forecast is judged."""
        answers = {name: entry.value for name, entry in self.entries.items() if entry.value is not None}
        told = self.who.signed_in is not None and not self.who.signed_in.user.outcomes_muted
        return judging_promise(self.offer.manifest, answers, self.who.tr, told=told)

    def _balance(self) -> dict[str, Any]:  # Any: what a template names
        """What is there, and what would be left; None of a stranger, or where it does not suffice."""
        balance = None if self.who.signed_in is None else self.who.signed_in.user.balance
        enough = balance is not None and balance >= self.price
        return {"balance": balance, "left": balance - self.price if enough and balance is not None else None}


def _next_step(views: Sequence[FieldView]) -> str:
    """The question that asks for something, where nothing has to be mended first."""
    return "" if any(view.problem for view in views) else next((view.name for view in views if view.asks), "")
