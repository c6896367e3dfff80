"""Tables that customers have answered, against the ledger."""

from services.billing.invariants.rule import Rule

SCORINGS = Rule(
    invariant="I4",
    name="tables and charges",
    states=(
        "a table that was sold has one charge of the price of all its good rows; once it has ended its customer has"
        " paid for the answered rows alone, and for none where nothing was delivered; a draft has no lines"
    ),
    examined="scorings",
    offenders="""
        SELECT s.id AS scoring_id, s.user_id, s.status, s.price, s.all_rows, s.bad_rows, s.done_rows, s.failed_rows,
               count(CASE WHEN t.kind = 'charge' THEN 1 END) AS charges, coalesce(sum(t.amount), 0) AS lines
        FROM scorings s
        LEFT JOIN transactions t ON t.scoring_id = s.id
        LEFT JOIN account_merges a ON a.from_user_id = t.user_id AND a.into_user_id = s.user_id
        GROUP BY s.id, s.user_id, s.status, s.price, s.all_rows, s.bad_rows, s.done_rows, s.failed_rows
        HAVING count(CASE WHEN t.kind = 'charge' THEN 1 END)
               <> CASE WHEN s.price > 0 AND s.status <> 'draft' THEN 1 ELSE 0 END
            OR coalesce(-sum(t.amount), 0) <> CASE
                WHEN s.status IN ('queued', 'running') THEN s.price * (s.all_rows - s.bad_rows)
                WHEN s.status = 'succeeded' THEN s.price * (s.done_rows - s.failed_rows) ELSE 0 END
            OR count(CASE WHEN t.kind = 'charge' AND -t.amount <> s.price * (s.all_rows - s.bad_rows)
                       OR t.user_id <> s.user_id AND a.id IS NULL THEN 1 END) > 0
            OR count(CASE WHEN t.kind = 'charge_refund' THEN 1 END) > 0 AND s.status NOT IN ('failed', 'canceled')
            OR s.status = 'succeeded' AND s.done_rows = s.failed_rows
        ORDER BY s.id""",
)

SCORING_LOTS = Rule(
    invariant="I4",
    name="lots of tables' charges",
    states="what came back of a table's charge went to the lots it was taken from, to none more than that",
    examined="transactions WHERE scoring_id IS NOT NULL",
    offenders="""
        SELECT t.scoring_id, e.lot_id, sum(e.amount) AS difference
        FROM transactions t
        JOIN lot_entries e ON e.transaction_id = t.id
        WHERE t.scoring_id IS NOT NULL
        GROUP BY t.scoring_id, e.lot_id
        HAVING sum(e.amount) > 0
        ORDER BY t.scoring_id, e.lot_id""",
)

SCORING_PARTS = Rule(
    invariant="I4",
    name="parts of tables",
    states="of a table under way the rows that count as done are those whose answers are kept, each once",
    examined="scorings WHERE status IN ('queued', 'running')",
    offenders="""
        SELECT s.id AS scoring_id, s.user_id, s.done_rows, coalesce(sum(p.rows), 0) AS kept
        FROM scorings s LEFT JOIN scoring_parts p ON p.scoring_id = s.id
        WHERE s.status IN ('queued', 'running')
        GROUP BY s.id, s.user_id, s.done_rows
        HAVING s.done_rows <> coalesce(sum(p.rows), 0) OR s.done_rows <> coalesce(max(p.start + p.rows), 0)
        ORDER BY s.id""",
)

DELIVERED_TABLES = Rule(
    invariant="I4",
    name="tables and their news",
    states="an answered table that is paid for reached its customer, or is on its way",
    examined="scorings WHERE status = 'succeeded'",
    offenders="""
        SELECT s.id AS scoring_id, s.user_id, s.model_slug, s.price FROM scorings s
        WHERE s.status = 'succeeded' AND s.price > 0 AND replace(CAST(s.id AS VARCHAR), '-', '') IN (
            SELECT payload ->> 'scoring_id' FROM outbox
            WHERE kind = 'scoring' AND status = 'failed' AND key NOT LIKE '%look')
        ORDER BY s.id""",
)
