"""Plans: what was paid was served, once, and nothing beyond it."""

from services.billing.invariants.rule import Rule

_SERVED = "(closed_at IS NULL OR closed_at > starts_at)"  # one that was closed before it began counts for nothing

PLAN_PAYMENTS = Rule(
    invariant="I3",
    name="payments for plans",
    states="a succeeded payment for a plan has one period, or its money went back, goes, or is tried again; "
    "any other has no period",
    examined="payments WHERE plan_id IS NOT NULL",
    offenders="""
        SELECT p.id AS payment_id, p.user_id, p.status, p.amount_kopecks, count(s.id) AS periods,
               (SELECT coalesce(sum(r.amount_kopecks), 0) FROM refunds r
                WHERE r.payment_id = p.id AND r.status <> 'canceled') AS sent_back
        FROM payments p LEFT JOIN subscription_periods s ON s.payment_id = p.id
        WHERE p.plan_id IS NOT NULL
        GROUP BY p.id, p.user_id, p.status, p.amount_kopecks
        HAVING (p.status <> 'succeeded' AND count(s.id) > 0)
            OR (p.status = 'succeeded' AND count(s.id) <> 1 AND (count(s.id) > 1 OR p.amount_kopecks <
                (SELECT coalesce(sum(r.amount_kopecks), 0) FROM refunds r
                 WHERE r.payment_id = p.id AND r.status = 'succeeded')
                OR p.amount_kopecks >
                (SELECT coalesce(sum(r.amount_kopecks), 0) FROM refunds r
                 WHERE r.payment_id = p.id AND r.status <> 'canceled')
                AND NOT EXISTS (SELECT 1 FROM refunds c WHERE c.payment_id = p.id AND c.status = 'canceled'
                                AND c.actor_user_id IS NULL)))
        ORDER BY p.id""",
)

PERIOD_CREDITS = Rule(
    invariant="I3",
    name="credits of periods",
    states="a period brought its credits once, as a lot that ends with it; what came back of one had been paid",
    examined="subscription_periods",
    offenders="""
        SELECT s.id AS period_id, s.user_id, s.credits, count(t.id) AS lines, coalesce(sum(t.amount), 0) AS brought
        FROM subscription_periods s LEFT JOIN transactions t ON t.period_id = s.id AND t.kind = 'period'
        GROUP BY s.id, s.user_id, s.credits
        HAVING coalesce(sum(t.amount), 0) <> s.credits OR count(t.id) > 1
        UNION ALL
        SELECT s.id, s.user_id, s.credits, count(t.id), sum(t.amount)
        FROM subscription_periods s JOIN transactions t ON t.period_id = s.id AND t.kind = 'period_return'
        WHERE s.closed_at IS NULL OR s.payment_id IS NULL
        GROUP BY s.id, s.user_id, s.credits""",
)

PERIODS = Rule(
    invariant="I8",
    name="periods in their order",
    states="no two periods of a user overlap, and each begins where the one before ends, or when it was paid if later",
    examined="subscription_periods",
    offenders=f"""
        SELECT a.subscription_id, a.user_id, a.number, b.number AS other, a.starts_at, a.ends_at, b.starts_at AS begins
        FROM (SELECT * FROM subscription_periods WHERE {_SERVED}) a
        JOIN (SELECT * FROM subscription_periods WHERE {_SERVED}) b ON b.user_id = a.user_id AND b.id <> a.id
        WHERE b.starts_at >= a.starts_at AND (b.starts_at > a.starts_at OR b.id > a.id) AND b.starts_at < a.ends_at
          AND (b.subscription_id = a.subscription_id OR a.user_id NOT IN (SELECT into_user_id FROM account_merges))
        UNION ALL
        SELECT a.subscription_id, a.user_id, a.number, b.number, a.starts_at, a.ends_at, b.starts_at
        FROM subscription_periods a
        JOIN (SELECT * FROM subscription_periods WHERE {_SERVED}) b
          ON b.subscription_id = a.subscription_id AND b.number = a.number + 1
        JOIN payments p ON p.id = b.payment_id
        WHERE a.closed_at IS NULL AND b.starts_at > a.ends_at AND b.starts_at > p.paid_at""",  # noqa: S608 - our own constant
)

SUBSCRIPTIONS = Rule(
    invariant="I8",
    name="subscriptions and periods",
    states="a live subscription ends when its last period does; it has its number, and all the numbers before it",
    examined="subscriptions",
    offenders=f"""
        SELECT u.id AS subscription_id, u.user_id, u.status, u.number, u.ends_at, count(s.id) AS periods,
               max(s.number) AS last
        FROM subscriptions u LEFT JOIN subscription_periods s ON s.subscription_id = u.id
        GROUP BY u.id, u.user_id, u.status, u.number, u.ends_at
        HAVING count(s.id) <> u.number OR max(s.number) <> u.number
            OR (u.status IN ('active', 'trialing', 'past_due') AND u.ends_at <>
                (SELECT max(x.ends_at) FROM subscription_periods x WHERE x.subscription_id = u.id AND {_SERVED}))""",  # noqa: S608 - our own constant
)

USES = Rule(
    invariant="I8",
    name="allowances and uses",
    states="what is used of an allowance is what predictions and answers took of it and did not give back",
    examined="period_allowances",
    offenders="""
        SELECT a.id AS allowance_id, a.period_id, a.amount, a.used, coalesce(sum(u.amount - u.returned), 0) AS taken
        FROM period_allowances a LEFT JOIN allowance_uses u ON u.allowance_id = a.id
        GROUP BY a.id, a.period_id, a.amount, a.used
        HAVING a.used <> coalesce(sum(u.amount - u.returned), 0) OR a.used > a.amount OR a.used < 0""",
)

FREE_OF_CHARGE = Rule(
    invariant="I8",
    name="either plan or credits",
    states="what an allowance paid for was not paid for with credits too",
    examined="allowance_uses",
    offenders="""
        SELECT u.id AS use_id, u.prediction_id, u.message_id, t.id AS transaction_id, t.amount
        FROM allowance_uses u JOIN transactions t ON t.kind = 'charge' AND t.prediction_id = u.prediction_id
        UNION ALL
        SELECT u.id, u.prediction_id, u.message_id, t.id, t.amount
        FROM allowance_uses u JOIN transactions t ON t.kind = 'charge' AND t.message_id = u.message_id
        UNION ALL
        SELECT u.id, u.scoring_id, NULL, t.id, t.amount
        FROM allowance_uses u JOIN transactions t ON t.kind = 'charge' AND t.scoring_id = u.scoring_id""",
)
