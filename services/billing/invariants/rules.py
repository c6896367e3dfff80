"""All that the audit proves, in the order of docs/data.md."""

from typing import Final

from services.billing.invariants.answers import (
    ALLOWANCES,
    ANSWER_LOTS,
    ANSWER_PRICES,
    ANSWERS,
    ANSWERS_IN_PART,
    DELIVERED_ANSWERS,
)
from services.billing.invariants.bonuses import BONUS_LINES, BONUS_WEEKS
from services.billing.invariants.ledger import BALANCES, CHAIN, LINES, LOT_HISTORY, LOTS, MERGES, TOTALS
from services.billing.invariants.payments import ADOPTED, TAKEN_BACK, TOPUPS, UNCOLLECTED
from services.billing.invariants.plans import (
    FREE_OF_CHARGE,
    PERIOD_CREDITS,
    PERIODS,
    PLAN_PAYMENTS,
    SUBSCRIPTIONS,
    USES,
)
from services.billing.invariants.predictions import CHARGES, DELIVERED, LATE_REFUNDS, REFUND_LOTS
from services.billing.invariants.scorings import DELIVERED_TABLES, SCORING_LOTS, SCORING_PARTS, SCORINGS

RULES: Final = (
    BALANCES,
    LINES,
    LOTS,
    LOT_HISTORY,
    TOPUPS,
    PLAN_PAYMENTS,
    PERIOD_CREDITS,
    ADOPTED,
    CHARGES,
    REFUND_LOTS,
    ANSWERS,
    ANSWER_LOTS,
    ANSWER_PRICES,
    SCORINGS,
    SCORING_LOTS,
    SCORING_PARTS,
    LATE_REFUNDS,
    DELIVERED,
    DELIVERED_ANSWERS,
    ANSWERS_IN_PART,
    DELIVERED_TABLES,
    ALLOWANCES,
    BONUS_WEEKS,
    BONUS_LINES,
    TOTALS,
    MERGES,
    TAKEN_BACK,
    UNCOLLECTED,
    PERIODS,
    SUBSCRIPTIONS,
    USES,
    FREE_OF_CHARGE,
    CHAIN,
)
