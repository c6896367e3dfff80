"""Payments and refunds against the ledger."""

from services.billing.invariants.rule import Rule

TOPUPS = Rule(
    invariant="I3",
    name="payments and top-ups",
    states="a succeeded payment, but for a plan, has one top-up, of its credits and user; any other has none",
    examined="payments",
    offenders="""
        SELECT p.id AS payment_id, p.user_id, p.status, p.credits, count(t.id) AS topups,
               coalesce(sum(t.amount), 0) AS topped_up
        FROM payments p
        LEFT JOIN transactions t ON t.payment_id = p.id AND t.kind = 'topup'
        GROUP BY p.id, p.user_id, p.status, p.credits, p.plan_id
        HAVING count(t.id) <> CASE WHEN p.status = 'succeeded' AND p.plan_id IS NULL THEN 1 ELSE 0 END
            OR count(CASE WHEN t.amount <> p.credits OR t.user_id <> p.user_id THEN 1 END) > 0
        ORDER BY p.id""",
)

ADOPTED = Rule(
    invariant="I3",
    name="adopted payments",
    states="a payment taken over from the provider bears its number and shop there, which tell it from any other",
    examined="payments",
    offenders="""
        SELECT id AS payment_id, user_id, provider_payment_id, provider_shop_id FROM payments
        WHERE adopted_at IS NOT NULL
          AND (provider_payment_id IS NULL OR provider_shop_id IS NULL OR created_at > adopted_at)
        ORDER BY id""",
)

TAKEN_BACK = Rule(
    invariant="I6",
    name="refunds of money",
    states="what a refund of money says it took back is what its lines took",
    examined="refunds",
    offenders="""
        SELECT r.id AS refund_id, r.status, r.credits_taken, coalesce(-sum(t.amount), 0) AS lines
        FROM refunds r LEFT JOIN transactions t ON t.refund_id = r.id
        GROUP BY r.id, r.status, r.credits_taken
        HAVING r.credits_taken <> coalesce(-sum(t.amount), 0)
        ORDER BY r.id""",
)

UNCOLLECTED = Rule(
    invariant="I6",
    name="what refunds could not take",
    states="a refund of money that found its credits spent has taken all that its payment's lots hold",
    examined="refunds",
    offenders="""
        SELECT r.id AS refund_id, r.payment_id, r.credits_uncollected, l.id AS lot_id, l.remaining
        FROM refunds r
        JOIN transactions t ON t.payment_id = r.payment_id AND t.kind = 'topup'
        JOIN lot_entries e ON e.transaction_id = t.id
        JOIN lots l ON l.id = e.lot_id OR l.moved_from_id = e.lot_id
        WHERE r.credits_uncollected > 0 AND l.remaining > 0
        ORDER BY r.id""",
)
