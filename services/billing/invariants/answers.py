"""Answers of assistants against the ledger."""

from services.billing.invariants.rule import Rule

ANSWERS = Rule(
    invariant="I4",
    name="answers and charges",
    states=(
        "an answer has one charge of its hold and gets back what it did not cost, all of it where nothing came; what"
        " was for nothing has no lines, and what succeeded is refunded only where a part of it did not arrive"
    ),
    examined="messages WHERE sender = 'assistant'",
    offenders="""
        SELECT m.id AS message_id, m.user_id, m.status, m.hold, m.price,
               count(CASE WHEN t.kind = 'charge' THEN 1 END) AS charges,
               coalesce(sum(t.amount), 0) AS lines
        FROM messages m
        LEFT JOIN transactions t ON t.message_id = m.id
        LEFT JOIN account_merges a ON a.from_user_id = t.user_id AND a.into_user_id = m.user_id
        WHERE m.sender = 'assistant'
        GROUP BY m.id, m.user_id, m.status, m.hold, m.price, m.free, m.error_code
        HAVING count(CASE WHEN t.kind = 'charge' THEN 1 END) <> CASE WHEN m.hold > 0 THEN 1 ELSE 0 END
            OR coalesce(-sum(t.amount), 0) <> CASE
                WHEN m.status IN ('queued', 'running') THEN m.hold
                WHEN m.status = 'succeeded' THEN coalesce(m.price, -1) ELSE 0 END
            OR count(CASE WHEN t.kind = 'charge' AND -t.amount <> m.hold
                       OR t.user_id <> m.user_id AND a.id IS NULL THEN 1 END) > 0
            OR count(CASE WHEN t.kind = 'charge_refund' THEN 1 END) > 0 AND m.status NOT IN ('failed', 'canceled')
               AND (m.status <> 'succeeded' OR m.error_code IS NULL)
            OR count(CASE WHEN t.kind = 'charge_return' THEN 1 END) > 0 AND m.status NOT IN ('succeeded', 'failed')
            OR m.status IN ('failed', 'canceled') AND coalesce(m.price, 0) <> 0
            OR m.free AND m.hold > 0
        ORDER BY m.id""",
)

ANSWER_LOTS = Rule(
    invariant="I4",
    name="lots of returned charges",
    states="what came back of an answer's charge went to the lots it was taken from, to none more than that",
    examined="transactions WHERE kind = 'charge_return'",
    offenders="""
        SELECT t.message_id, e.lot_id, sum(e.amount) AS difference
        FROM transactions t
        JOIN lot_entries e ON e.transaction_id = t.id
        WHERE t.message_id IS NOT NULL AND t.kind IN ('charge', 'charge_refund', 'charge_return')
        GROUP BY t.message_id, e.lot_id
        HAVING sum(e.amount) > 0
        ORDER BY t.message_id, e.lot_id""",
)

ANSWER_PRICES = Rule(
    invariant="I4",
    name="prices of answers",
    states=(
        "an answer costs what it was sold for and its tokens come to, rounded up once, of what broke off a share of the"
        " fixed price, rounded down, and never more than its hold"
    ),
    examined="messages WHERE status = 'succeeded'",
    offenders="""
        SELECT id AS message_id, user_id, hold, paid, fixed_price, share, tokens
        FROM (SELECT m.id, m.user_id, m.hold, m.fixed_price, coalesce(m.finish, '') AS finish, m.error_code,
                     m.price + coalesce(r.amount, 0) AS paid,
                     m.fixed_price * CASE WHEN coalesce(m.completion_tokens, 0) < m.answer_limit
                                          THEN coalesce(m.completion_tokens, 0) ELSE m.answer_limit END
                         / CASE WHEN m.answer_limit > 1 THEN m.answer_limit ELSE 1 END AS share,
                     (m.input_price * coalesce(m.prompt_tokens, 0)
                      + m.output_price * coalesce(m.completion_tokens, 0) + 999) / 1000 AS tokens
              FROM messages m
              LEFT JOIN transactions r ON r.message_id = m.id AND r.kind = 'charge_refund'
              WHERE m.status = 'succeeded') answers
        WHERE NOT (paid = CASE WHEN hold < fixed_price + tokens THEN hold ELSE fixed_price + tokens END
                   AND (finish <> 'cut' OR error_code IS NOT NULL))
          AND NOT (paid = CASE WHEN hold < share + tokens THEN hold ELSE share + tokens END AND finish = 'cut')
        ORDER BY id""",
)

ALLOWANCES = Rule(
    invariant="I8",
    name="allowances of a day",
    states="the free answers that a day's count says were taken are those that were given or are under way",
    examined="usage_daily",
    offenders="""
        SELECT u.user_id, u.day, u.model_slug, u.free_answers, count(m.id) AS answers
        FROM usage_daily u
        LEFT JOIN messages m ON m.user_id = u.user_id AND m.day = u.day AND m.model_slug = u.model_slug
             AND m.sender = 'assistant' AND m.free AND m.status IN ('queued', 'running', 'succeeded')
        GROUP BY u.user_id, u.day, u.model_slug, u.free_answers
        HAVING u.free_answers <> count(m.id)
        ORDER BY u.user_id, u.day""",
)

DELIVERED_ANSWERS = Rule(
    invariant="I4",
    name="assistants' answers and their news",
    states="an answer that is paid for whole reached its customer whole, or is on its way",
    examined="messages WHERE status = 'succeeded'",
    offenders="""
        SELECT m.id AS message_id, m.user_id, m.model_slug, m.price FROM messages m
        WHERE m.status = 'succeeded' AND m.price > 0 AND m.error_code IS NULL
          AND replace(CAST(m.id AS VARCHAR), '-', '') IN (
            SELECT payload ->> 'message_id' FROM outbox WHERE kind = 'chat_answer' AND status = 'failed')
        ORDER BY m.id""",
)

ANSWERS_IN_PART = Rule(
    invariant="I4",
    name="answers that came in part",
    states="an answer of which only a part arrived costs that share of its price, rounded down",
    examined="messages WHERE status = 'succeeded' AND error_code IS NOT NULL",
    offenders="""
        SELECT m.id AS message_id, m.user_id, m.price, coalesce(r.amount, 0) AS refunded
        FROM messages m
        LEFT JOIN transactions r ON r.message_id = m.id AND r.kind = 'charge_refund'
        WHERE m.status = 'succeeded' AND m.error_code IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM (
                SELECT payload ->> 'message_id' AS message_id, CAST(payload ->> 'shown' AS BIGINT) AS shown,
                       CAST(payload ->> 'whole' AS BIGINT) AS whole
                FROM outbox WHERE kind = 'chat_answer' AND payload ->> 'returned' IS NOT NULL) p
            WHERE p.message_id = replace(CAST(m.id AS VARCHAR), '-', '') AND p.shown BETWEEN 1 AND p.whole - 1
              AND m.price * p.whole <= (m.price + coalesce(r.amount, 0)) * p.shown
              AND (m.price + coalesce(r.amount, 0)) * p.shown < (m.price + 1) * p.whole)
        ORDER BY m.id""",
)
