"""The form on the customer's screen: which one it is, where its message is, how its next screen gets there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from secrets import token_urlsafe
from typing import Any, Self

from aiogram.fsm.state import State, StatesGroup

from handlers.form.flow import start
from handlers.form.screens import render
from handlers.form.state import Form, Turn
from handlers.kit.context import Context
from handlers.kit.form_state import FormState
from handlers.telegram.screen import Screen
from services.manifests.manifest import ImageInput
from services.models.offers import Offer
from services.models.uploads.trials import tried

PAID = "paid"  # the nonce of the form that was sold last


class FormDialog(StatesGroup):
    answering = State("answering", "FormDialog")


@dataclass(frozen=True, slots=True, kw_only=True)
class FormSession:
    """One customer's form under way, with what the chat keeps of it. `price`: on the screen now, in hundredths;
    `message_id`: of that screen, None before the first; `album`: the last album that a picture was taken from;
    `others`: its further pictures, each of which becomes a prediction of its own with the same answers."""

    ctx: Context
    offer: Offer
    form: Form
    state: FormState
    price: int
    message_id: int | None = None
    album: str | None = None
    others: tuple[str, ...] = ()

    @classmethod
    async def find(cls, ctx: Context) -> Self | None:
        """The form under way or paused. Raises `ModelNotOnSale`."""
        data = await ctx.fsm.get_data()
        state = FormState.load(data)
        if state is None:
            return None
        offer = await offer_of(state.slug, ctx)
        others = tuple(data.get("others", ()))
        return cls(
            ctx=ctx,
            offer=offer,
            form=form_of(offer, count=1 + len(others)),
            state=state,
            price=data.get("price", offer.price_of(1 + len(others))),
            message_id=data.get("message_id"),
            album=data.get("album"),
            others=others,
        )

    @classmethod
    def begin(
        cls, ctx: Context, offer: Offer, answers: Mapping[str, Any] | None = None, others: Sequence[str] = ()
    ) -> tuple[Self, Turn]:
        """A fresh form and its first turn; it is under way once that is kept. `answers`: JSON of a prediction that is
        repeated; `others`: ids of further pictures."""
        form = form_of(offer, count=1 + len(others))
        turn = start(form, nonce=token_urlsafe(6), answers=answers)
        session = cls(ctx=ctx, offer=offer, form=form, state=turn.state, price=form.price, others=tuple(others))
        return session, turn

    @property
    def count(self) -> int:
        """How many predictions it is about."""
        return 1 + len(self.others)

    @property
    def pictures(self) -> list[str]:
        """The inputs that are pictures, whether asked or filled in."""
        return [field.name for field in self.offer.manifest.inputs if isinstance(field, ImageInput)]

    def with_others(self, others: Sequence[str]) -> Self:
        """The same answers for so many further pictures."""
        form = form_of(self.offer, count=1 + len(others))
        return replace(self, others=tuple(others), form=form, price=form.price)

    def screen(self, turn: Turn) -> Screen:
        return render(self.form, turn, self.ctx.viewer)

    async def keep(self, turn: Turn, message_id: int | None, *, album: str | None = None) -> None:
        """The form stands at `turn`, shown in this message; what is typed from now on answers it."""
        where: dict[str, Any] = {"message_id": message_id, "price": self.form.price, "album": album or self.album}
        if self.others:
            where["others"] = list(self.others)
        await self.ctx.fsm.set_data(turn.state.dump() | where)
        await self.ctx.fsm.set_state(FormDialog.answering)


async def offer_of(slug: str, ctx: Context) -> Offer:
    """What this customer's form is of: a model, a style, or a version that is tried. Raises `ModelNotOnSale`."""
    if (version_id := tried(slug)) is not None:
        return await ctx.services.trials.offer(version_id, user_id=ctx.user.id)
    return await ctx.services.plan_cover.of(await ctx.services.models.offer(slug), ctx.user.id)


def form_of(offer: Offer, *, count: int = 1) -> Form:
    """Its price is that of all `count` predictions."""
    return Form.of(
        offer.manifest,
        price=offer.price_of(count),
        plan_left=offer.plan_left,
        plan_limit=offer.plan_limit,
        count=count,
        slug=offer.slug,
        title=offer.title,
        icon=offer.icon,
        preset=offer.preset_inputs,
    )
