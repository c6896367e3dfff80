"""The weekly bonus against the ledger."""

from services.billing.invariants.rule import Rule

BONUS_WEEKS = Rule(
    invariant="I5",
    name="one bonus a week",
    states="a user has at most one bonus for a week",
    examined="bonus_grants",
    offenders="""
        SELECT user_id, week, count(*) AS bonuses FROM bonus_grants
        GROUP BY user_id, week HAVING count(*) > 1 ORDER BY user_id, week""",
)

BONUS_LINES = Rule(
    invariant="I5",
    name="bonuses and lines",
    states="a week's bonus and a bonus line of the same user and amount belong together, one to one",
    examined="bonus_grants",
    offenders="""
        SELECT b.id AS bonus_id, b.user_id, b.week, b.amount, t.id AS transaction_id, t.amount AS line
        FROM bonus_grants b LEFT JOIN transactions t ON t.id = b.transaction_id
        WHERE t.id IS NULL OR t.kind <> 'bonus' OR t.user_id <> b.user_id OR t.amount <> b.amount
        UNION ALL
        SELECT min(b.id), t.user_id, min(b.week), min(b.amount), t.id, t.amount
        FROM transactions t LEFT JOIN bonus_grants b ON b.transaction_id = t.id
        WHERE t.kind = 'bonus' GROUP BY t.id, t.user_id, t.amount HAVING count(b.id) <> 1""",
)
