"""The form on the customer's screen: which one it is, where its message is, how its next screen gets there."""

from collections.abc import Mapping
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any, Self

from aiogram.fsm.state import State, StatesGroup

from handlers.form.flow import start
from handlers.form.screens import render
from handlers.form.state import Form, Turn
from handlers.kit.context import Context
from handlers.kit.form_state import FormState
from handlers.telegram.screen import Screen
from services.models.offers import Offer

PAID = "paid"  # the nonce of the form that was sold last


class FormDialog(StatesGroup):
    answering = State("answering", "FormDialog")


@dataclass(frozen=True, slots=True, kw_only=True)
class FormSession:
    """One customer's form under way, with what the chat keeps of it. `price`: on the screen now, in hundredths;
    `message_id`: of that screen, None before the first; `album`: the last album that a picture was taken from."""

    ctx: Context
    offer: Offer
    form: Form
    state: FormState
    price: int
    message_id: int | None = None
    album: str | None = None

    @classmethod
    async def find(cls, ctx: Context) -> Self | None:
        """The form under way or paused. Raises `ModelNotOnSale`."""
        data = await ctx.fsm.get_data()
        state = FormState.load(data)
        if state is None:
            return None
        offer = await ctx.services.models.offer(state.slug)
        return cls(
            ctx=ctx,
            offer=offer,
            form=form_of(offer),
            state=state,
            price=data.get("price", offer.price),
            message_id=data.get("message_id"),
            album=data.get("album"),
        )

    @classmethod
    def begin(cls, ctx: Context, offer: Offer, answers: Mapping[str, Any] | None = None) -> tuple[Self, Turn]:
        """A fresh form and its first turn; it is under way once that is kept. `answers`: JSON of a prediction that is
        repeated."""
        form = form_of(offer)
        turn = start(form, nonce=token_urlsafe(6), answers=answers)
        return cls(ctx=ctx, offer=offer, form=form, state=turn.state, price=form.price), turn

    def screen(self, turn: Turn) -> Screen:
        return render(self.form, turn, self.ctx.viewer)

    async def keep(self, turn: Turn, message_id: int | None, *, album: str | None = None) -> None:
        """The form stands at `turn`, shown in this message; what is typed from now on answers it."""
        where = {"message_id": message_id, "price": self.form.price, "album": album or self.album}
        await self.ctx.fsm.set_data(turn.state.dump() | where)
        await self.ctx.fsm.set_state(FormDialog.answering)


def form_of(offer: Offer) -> Form:
    return Form.of(
        offer.manifest,
        price=offer.price,
        slug=offer.slug,
        title=offer.title,
        icon=offer.icon,
        preset=offer.preset_inputs,
    )
