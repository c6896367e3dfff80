"""Figures of an assistant, and its latest requests."""

import json
from collections.abc import Sequence
from typing import Final

from db.tables.users import Role
from handlers.admin import buttons as names
from handlers.admin.widgets import panel_button
from handlers.kit import buttons as keyboards
from handlers.telegram.limits import BUTTON
from handlers.telegram.screen import Button, Document, Screen
from i18n.people import calm
from i18n.problems import problem_words
from i18n.text import cut_plain
from i18n.titles import title_of
from i18n.translator import Html, Translator
from services.chats.journal import STOPPED
from services.chats.statistics import AssistantFigures, RequestLine
from services.models.manage import ModelLine

MOST_OF_NAME: Final = 16  # characters
PROBLEM: Final = 600  # of what went wrong


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
        tr.html(
            "Answers: {answers}, without one: {failed}",
            answers=tr.number(figures.answers, 0),
            failed=tr.number(figures.failed, 0),
        ),
        tr.html(
            "Tokens: {read} read, {written} written",
            read=tr.number(figures.prompt_tokens, 0),
            written=tr.number(figures.completion_tokens, 0),
        ),
        tr.html("Spent by customers: {credits}", credits=tr.credits(figures.earned)),
    ]
    if model.provider_prices is not None:
        cost = figures.reckoned(model.provider_prices)
        told = {"cost": tr.credits(cost), "left": tr.credits(figures.earned - cost)}
        lines.append(tr.html("By the provider's prices in the manifest it cost {cost}; left: {left}", **told))
    if figures.cost is not None:
        lines.append(tr.html("The provider asked for: {cost}, in its own money", cost=f"{figures.cost:.4f}"))
    if figures.half_ms is not None and figures.most_ms is not None:
        half, most = _time(figures.half_ms, tr), _time(figures.most_ms, tr)
        lines.append(tr.html("First word: half within {half}, 95 % within {most}", half=half, most=most))
    return Html("\n".join(lines))


def opened_screen(request: RequestLine, tr: Translator) -> Screen:
    """What was said is in a file, for it may be long."""
    lines = [tr.html("Sent {moment}", moment=tr.short_moment(request.created_at))]
    if request.status_code is not None:
        lines.append(tr.html("The server's code: {code}", code=request.status_code))
    if request.first_token_ms is not None:
        lines.append(tr.html("First word after {time}", time=_time(request.first_token_ms, tr)))
    if request.response_time_ms is not None:
        lines.append(tr.html("The whole answer took {time}", time=_time(request.response_time_ms, tr)))
    if request.error == STOPPED:
        lines.append(tr.html("⏹ Stopped by the customer"))
    elif request.error:
        lines.append(tr.html("⚠️ {problem}", problem=cut_plain(problem_words(request.error, tr), PROBLEM)))
    if request.request is None:
        lines.append(tr.html("What was said is not kept any more."))
        return Screen(text=Html("\n".join(lines)))
    content = json.dumps({"request": request.request, "response": request.response}, ensure_ascii=False, indent=2)
    file = Document(name=f"request-{request.id.hex[:8]}.json", content=content.encode())
    return Screen(text=Html("\n".join(lines)), document=file)


def _time(ms: int, tr: Translator) -> str:
    return tr.gettext("{n} s", n=f"{ms / 1000:.1f}" if ms >= 1000 else f"{max(10, ms) / 1000:.2f}")


def _line(request: RequestLine, tr: Translator) -> str:
    """When, whose, and how it went."""
    mark = "⚠️" if request.error else "✅"
    what = problem_words(request.error, tr) if request.error else "…"
    if request.error == STOPPED:
        mark, what = "⏹", tr.gettext("stopped by the customer")
    elif not request.error and request.response_time_ms:
        what = _time(request.response_time_ms, tr)
    who = f"#{request.user_id} {calm(cut_plain(request.first_name, MOST_OF_NAME))}".rstrip()
    return cut_plain(f"{mark} {tr.short_moment(request.created_at)} · {who} · {what}", BUTTON)
