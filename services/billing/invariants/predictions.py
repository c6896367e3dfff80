"""Predictions against the ledger."""

from services.billing.invariants.rule import Rule

CHARGES = Rule(
    invariant="I4",
    name="predictions and charges",
    states="a prediction with a price has one charge of it and, failed or canceled, one equal refund; no other lines",
    examined="predictions",
    offenders="""
        SELECT p.id AS prediction_id, p.user_id, p.status, p.price,
               count(CASE WHEN t.kind = 'charge' THEN 1 END) AS charges,
               count(CASE WHEN t.kind = 'charge_refund' THEN 1 END) AS refunds, coalesce(sum(t.amount), 0) AS lines
        FROM predictions p
        LEFT JOIN transactions t ON t.prediction_id = p.id
        LEFT JOIN account_merges a ON a.from_user_id = t.user_id AND a.into_user_id = p.user_id
        GROUP BY p.id, p.user_id, p.status, p.price
        HAVING count(CASE WHEN t.kind = 'charge' THEN 1 END) <> CASE WHEN p.price > 0 THEN 1 ELSE 0 END
            OR count(CASE WHEN t.kind = 'charge_refund' THEN 1 END)
               <> CASE WHEN p.price > 0 AND p.status IN ('failed', 'canceled') THEN 1 ELSE 0 END
            OR count(CASE WHEN abs(t.amount) <> p.price OR t.user_id <> p.user_id AND a.id IS NULL THEN 1 END) > 0
        ORDER BY p.id""",
)

REFUND_LOTS = Rule(
    invariant="I4",
    name="lots of charge refunds",
    states="a refunded charge went back to the lots it was taken from, part for part",
    examined="transactions WHERE kind = 'charge_refund'",
    offenders="""
        SELECT t.prediction_id, e.lot_id, sum(e.amount) AS difference
        FROM transactions r
        JOIN transactions t ON t.prediction_id = r.prediction_id AND t.kind IN ('charge', 'charge_refund')
        JOIN lot_entries e ON e.transaction_id = t.id
        WHERE r.kind = 'charge_refund'
        GROUP BY t.prediction_id, e.lot_id
        HAVING sum(e.amount) <> 0
        ORDER BY t.prediction_id, e.lot_id""",
)

LATE_REFUNDS = Rule(
    invariant="I4",
    name="refunds to ended lots",
    states="what came back to a lot past its end was written off at once, in a line of its own",
    examined="transactions WHERE kind IN ('charge_refund', 'charge_return')",
    offenders="""
        SELECT t.prediction_id, t.message_id, t.scoring_id, t.id AS transaction_id, e.lot_id, e.amount
        FROM transactions t
        JOIN lot_entries e ON e.transaction_id = t.id
        JOIN lots l ON l.id = e.lot_id
        WHERE t.kind IN ('charge_refund', 'charge_return') AND l.expires_at <= t.created_at AND NOT EXISTS (
            SELECT 1 FROM lot_entries x JOIN transactions w ON w.id = x.transaction_id
            WHERE x.lot_id = e.lot_id AND x.amount = -e.amount
              AND w.kind = 'expire' AND w.id > t.id AND w.created_at = t.created_at)
        ORDER BY t.id""",
)

DELIVERED = Rule(
    invariant="I4",
    name="answers and their news",
    states="a succeeded prediction with a price reached its customer with all that belongs to it, or is on its way",
    examined="predictions WHERE status = 'succeeded'",
    offenders="""
        SELECT p.id AS prediction_id, p.user_id, p.model_slug, p.price FROM predictions p
        WHERE p.status = 'succeeded' AND p.price > 0 AND replace(CAST(p.id AS VARCHAR), '-', '') IN (
            SELECT payload ->> 'prediction_id' FROM outbox
            WHERE kind IN ('prediction', 'enclosure') AND status = 'failed' AND key NOT LIKE '%look')
        ORDER BY p.id""",
)
