"""Figures of an assistant, and its latest requests."""

from collections.abc import Sequence
from typing import Final

from db.tables.users import Role
from handlers.admin import buttons as names
from handlers.admin.widgets import calm, panel_button
from handlers.kit import buttons as keyboards
from handlers.kit.titles import title_of
from handlers.telegram.limits import BUTTON
from handlers.telegram.screen import Button, Screen
from i18n.problems import problem_words
from i18n.text import cut_plain
from i18n.translator import Html, Translator
from services.billing.credits import format_credits
from services.chats.journal import STOPPED
from services.chats.statistics import AssistantFigures, RequestLine
from services.models.manage import ModelLine

MOST_OF_NAME: Final = 16  # characters


def assistant_screen(
    model: ModelLine, figures: Sequence[tuple[int, AssistantFigures]], tr: Translator, *, role: Role
) -> Screen:
    """`figures`: of so many days each."""
    parts = [title_of(model, tr).heading, *(_period(days, each, model, tr) for days, each in figures)]
    back = keyboards.back_button(tr, names.action(names.MODEL, model.slug))
    requests = Button(text=tr.gettext("📨 Requests"), action=names.action(names.REQUESTS, model.slug))
    rows = (((requests,),) if role is Role.OWNER else ()) + ((back, panel_button(tr)),)
    return Screen(text="\n\n".join(parts), rows=rows)


def requests_screen(model: ModelLine, latest: Sequence[RequestLine], tr: Translator) -> Screen:
    hint = tr.html("Opening one shows what a customer wrote, and is noted in the journal.")
    text = Html("\n\n".join([title_of(model, tr).heading, hint if latest else tr.html("There are none.")]))
    rows = [(Button(text=_line(each, tr), action=names.action(names.REQUEST, each.id.hex)),) for each in latest]
    back = keyboards.back_button(tr, names.action(names.ASSISTANT, model.slug))
    return Screen(text=text, rows=(*rows, (back, panel_button(tr))))


def _period(days: int, figures: AssistantFigures, model: ModelLine, tr: Translator) -> Html:
    lines = [
        Html(f"<b>{tr.nhtml('{n} day', '{n} days', days)}</b>"),
        tr.html("Answers: {answers}, without one: {failed}", answers=figures.answers, failed=figures.failed),
        tr.html(
            "Tokens: {read} read, {written} written", read=figures.prompt_tokens, written=figures.completion_tokens
        ),
        tr.html("Spent by customers: {credits}", credits=format_credits(figures.earned)),
    ]
    if model.provider_prices is not None:
        cost = figures.reckoned(model.provider_prices)
        told = {"cost": format_credits(cost), "left": format_credits(figures.earned - cost)}
        lines.append(tr.html("By the provider's prices in the manifest it cost {cost}; left: {left}", **told))
    if figures.cost is not None:
        lines.append(tr.html("The provider asked for: {cost}, in its own money", cost=f"{figures.cost:.4f}"))
    if figures.half_ms is not None and figures.most_ms is not None:
        half, most = _seconds(figures.half_ms), _seconds(figures.most_ms)
        lines.append(tr.html("First word: half within {half} s, 95 % within {most} s", half=half, most=most))
    return Html("\n".join(lines))


def _line(request: RequestLine, tr: Translator) -> str:
    """When, whose, and how it went."""
    mark = "⚠️" if request.error else "✅"
    what = problem_words(request.error, tr) if request.error else "…"
    if request.error == STOPPED:
        mark, what = "⏹", tr.gettext("stopped by the customer")
    elif not request.error and request.response_time_ms:
        what = tr.gettext("{n} s", n=_seconds(request.response_time_ms))
    who = f"#{request.user_id} {calm(cut_plain(request.first_name, MOST_OF_NAME))}".rstrip()
    return cut_plain(f"{mark} {tr.short_moment(request.created_at)} · {who} · {what}", BUTTON)


def _seconds(ms: int) -> str:
    return f"{ms / 1000:.1f}" if ms >= 1000 else f"{max(10, ms) / 1000:.2f}"
