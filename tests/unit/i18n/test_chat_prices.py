"""What a conversation says that its next answer costs."""

from dataclasses import replace

import pytest

from i18n.chat_prices import coming_facts
from i18n.translator import Catalogues
from services.chats.costs import TokenPrices
from services.chats.next_cost import NextCost
from services.chats.service import AssistantView, PlanShare

COMING = NextCost(most=5_00, dear=False, tokens=1_000)
ASSISTANT = AssistantView(
    slug="sage",
    model_slug="sage",
    preset_id=None,
    title={"ru": "Мудрец", "en": "Sage"},
    icon="🦉",
    description=None,
    greeting=None,
    examples=(),
    takes_pictures=False,
    most_pictures=0,
    voice_seconds=None,
    voice_price=0,
    prices=TokenPrices(fixed=0, input=10, output=30),
    free_answers=0,
    max_answer=500,
    resting=False,
    facts=frozenset(),
)


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        (None, True),
        (PlanShare(requests=1), False),
        (PlanShare(tokens=1_000, for_one=1_000), False),
        (PlanShare(tokens=999, for_one=999), True),
        (PlanShare(tokens=1_800, for_one=900), True),
    ],
    ids=["no plan", "an answer", "enough tokens", "too few tokens", "too few in each allowance"],
)
def test_the_price_is_told_where_the_plan_cannot_pay(plan: PlanShare | None, told: bool) -> None:
    tr = Catalogues()["en"]
    said = coming_facts(replace(ASSISTANT, plan=plan), COMING, tr, balance=10_00)
    assert ("The next answer costs 5.00 credits at most" in said) is told
