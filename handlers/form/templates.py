"""The file to fill in for a question that wants a table."""

import asyncio

from aiogram.types import CallbackQuery

from handlers.form.session import FormSession
from handlers.telegram import sender
from handlers.telegram.screen import Document, Screen
from i18n.tables import table_template
from services.manifests.manifest import TableInput


async def send_template(query: CallbackQuery, session: FormSession) -> None:
    """Below; the question stays where it is."""
    field = next(each for each in session.form.fields if each.name == session.state.asked)
    assert isinstance(field, TableInput)
    ctx = session.ctx
    folder = ctx.services.models.folder(session.offer.manifest.slug)
    content = await asyncio.to_thread(table_template, field, folder, ctx.tr)
    text = ctx.tr.html("📄 Fill in this file and send it back.")
    file = Document(name=f"{field.name}.xlsx", content=content)
    await sender.send(ctx.bot, query.from_user.id, Screen(text=text, document=file))
    await sender.acknowledge(query)
