"""What an assistant costs, in words."""

from i18n.prices import plan_used_up
from i18n.translator import Html, Translator
from services.chats.costs import TokenPrices
from services.chats.next_cost import NextCost
from services.chats.service import AssistantView, PlanShare
from services.errors import N_


def price_in_short(prices: TokenPrices, tr: Translator) -> str:
    """A thousand tokens are told as a page."""
    if prices.free:
        return tr.gettext("free")
    told = [
        (prices.fixed, N_("{price} an answer")),
        (prices.output, N_("{price} for a page of the answer")),
        (prices.input, N_("{price} for a page that is read")),
    ]
    return ", ".join(tr.gettext(words, price=tr.credits(price)) for price, words in told if price)


def price_facts(
    assistant: AssistantView, coming: NextCost | None, tr: Translator, *, balance: int, aloud: bool = True
) -> Html:
    """`balance`: of whoever asks, in hundredths; `aloud`: something can be said there, too."""
    lines = [*_free(assistant, coming, tr), *plan_lines(assistant.plan, tr)]
    lines += _prices(assistant.prices, tr)
    lines += _voice(assistant, tr) if aloud else []
    if not assistant.prices.free or (aloud and assistant.voice_price):
        lines.append(tr.html("Your balance: {balance}", balance=tr.credits(balance)))
    return Html("\n".join(lines))


def coming_facts(assistant: AssistantView, coming: NextCost | None, tr: Translator, *, balance: int) -> Html:
    """What going on with a conversation costs. `coming`: its next answer, where that is known."""
    if coming is None or assistant.prices.free:
        return Html("\n".join(_free(assistant, coming, tr)))
    lines = [*_free(assistant, coming, tr), *plan_lines(assistant.plan, tr)]
    if not coming.free_left and not _pays_for(assistant.plan, coming):
        most = tr.credits(coming.most)
        lines.append(tr.html("The next answer costs {most} at most, besides the length of your message.", most=most))
    if coming.dear:
        lines.append(tr.html("What was said before is read again each time: a new conversation is cheaper."))
    lines.append(tr.html("Your balance: {balance}", balance=tr.credits(balance)))
    return Html("\n".join(lines))


def plan_lines(plan: PlanShare | None, tr: Translator) -> list[Html]:
    """What the customer's plan covers and what of it is left, or when there will be more."""
    if plan is None:
        return []
    if plan.limit is not None:
        return [plan_used_up(plan.limit, tr)]
    return [tr.html("🎟 Your plan pays while it lasts: <b>{left}</b> left in this period.", left=_left(plan, tr))]


def from_plan(plan: PlanShare | None, tr: Translator) -> str:
    """In short, after the price; nothing where it pays for nothing."""
    return tr.gettext(" · from your plan: {left}", left=_left(plan, tr)) if plan is not None and _pays(plan) else ""


def _pays(plan: PlanShare | None) -> bool:
    return plan is not None and plan.limit is None


def _pays_for(plan: PlanShare | None, coming: NextCost) -> bool:
    """Credits are taken as soon as no allowance has enough for an answer."""
    return plan is not None and (plan.requests > 0 or plan.for_one >= coming.tokens)


def _left(plan: PlanShare, tr: Translator) -> str:
    parts = []
    if plan.requests:
        words = tr.number(plan.requests, 0)
        parts.append(tr.ngettext("{amount} answer", "{amount} answers", plan.requests, amount=words))
    if plan.tokens:
        words = tr.number(plan.tokens, 0)
        parts.append(tr.ngettext("{amount} token", "{amount} tokens", plan.tokens, amount=words))
    return ", ".join(parts)


def _free(assistant: AssistantView, coming: NextCost | None, tr: Translator) -> list[Html]:
    if not assistant.free_answers:
        return []
    if coming is None:
        return [tr.nhtml("🎁 {n} answer a day is free.", "🎁 {n} answers a day are free.", assistant.free_answers)]
    if not coming.free_left:
        return [tr.html("🎁 Today's free answers are used up. There will be new ones tomorrow, from midnight.")]
    return [tr.nhtml("🎁 {n} free answer is left today.", "🎁 {n} free answers are left today.", coming.free_left)]


def _prices(prices: TokenPrices, tr: Translator) -> list[Html]:
    if prices.free:
        return []
    if not prices.by_length:
        return [tr.html("An answer costs {price}.", price=tr.credits(prices.fixed))]
    length = tr.html(
        "You pay for length: {read} for 1,000 tokens that are read, {written} for 1,000 that are written. A thousand "
        "tokens are about a page.",
        read=tr.credits(prices.input),
        written=tr.credits(prices.output),
    )
    if not prices.fixed:
        return [length]
    return [length, tr.html("Each answer costs {price} on top.", price=tr.credits(prices.fixed))]


def _voice(assistant: AssistantView, tr: Translator) -> list[Html]:
    if assistant.voice_seconds is None:
        return []
    if not assistant.voice_price:
        return [tr.html("🎙 You may also say it: up to {seconds} s.", seconds=assistant.voice_seconds)]
    price = tr.credits(assistant.voice_price)
    return [
        tr.html(
            "🎙 You may also say it: up to {seconds} s, {price} on top for each minute that was begun.",
            seconds=assistant.voice_seconds,
            price=price,
        )
    ]
