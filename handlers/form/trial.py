"""The tap that ends the form of a version that is tried: nothing is sold."""

from aiogram.types import CallbackQuery

from db.tables.users import Edge
from handlers.form.questions import heading
from handlers.form.session import PAID, FormSession
from handlers.kit.dialog import show_in_place
from handlers.telegram.reply_target import reply_target
from handlers.telegram.screen import Screen
from services.models.uploads.trials import TrialOrder
from services.notifications.message_ref import MessageRef
from services.users.actor import Actor


async def try_out(session: FormSession, query: CallbackQuery) -> None:
    """The answer comes into the message of the form."""
    ctx = session.ctx
    assert session.offer.draft is not None
    working = "\n\n".join([heading(session.form, ctx.tr), ctx.tr.html("⏳ Working on it…")])
    message_id = await show_in_place(query, Screen(text=working))
    order = TrialOrder(
        version_id=session.offer.draft,
        inputs={**session.form.preset, **session.state.answers},
        request_key=session.state.nonce,
        shown_in=MessageRef(chat_id=query.from_user.id, thread_id=reply_target().thread_id, message_id=message_id),
    )
    await ctx.fsm.set_state(None)
    await ctx.fsm.set_data({PAID: session.state.nonce})
    await ctx.services.trials.ask(order, actor=Actor(ctx.user.id, Edge.CHAT))
