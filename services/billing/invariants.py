"""What must hold of the money at any moment, as questions to the database: each finds the rows that break it.

The words stand in docs/data.md. The SQL is the same for SQLite and PostgreSQL."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`offenders` returns a row for each violation, its columns named for a reader; `examined` is the table, or a
    FROM clause, whose rows it looks at."""

    invariant: str
    name: str
    states: str
    examined: str
    offenders: str


BALANCES = Rule(
    invariant="I1",
    name="balances",
    states="a user's balance is the sum of the lines, is the sum of what the lots hold, and is not negative",
    examined="users",
    offenders="""
        SELECT u.id AS user_id, u.balance, coalesce(t.total, 0) AS lines, coalesce(l.total, 0) AS lots
        FROM users u
        LEFT JOIN (SELECT user_id, sum(amount) AS total FROM transactions GROUP BY user_id) t ON t.user_id = u.id
        LEFT JOIN (SELECT user_id, sum(remaining) AS total FROM lots GROUP BY user_id) l ON l.user_id = u.id
        WHERE u.balance < 0 OR u.balance <> coalesce(t.total, 0) OR u.balance <> coalesce(l.total, 0)
        ORDER BY u.id""",
)

LINES = Rule(
    invariant="I2",
    name="lines and entries",
    states="a line is the sum of its entries, which all have its sign and lots of its user",
    examined="transactions",
    offenders="""
        SELECT t.id AS transaction_id, t.user_id, t.kind, t.amount, coalesce(sum(e.amount), 0) AS entries,
               count(CASE WHEN l.user_id <> t.user_id THEN 1 END) AS strange_lots
        FROM transactions t
        LEFT JOIN lot_entries e ON e.transaction_id = t.id
        LEFT JOIN lots l ON l.id = e.lot_id
        GROUP BY t.id, t.user_id, t.kind, t.amount
        HAVING t.amount <> coalesce(sum(e.amount), 0)
            OR count(CASE WHEN l.user_id <> t.user_id OR (e.amount > 0) <> (t.amount > 0) THEN 1 END) > 0
        ORDER BY t.id""",
)

LOTS = Rule(
    invariant="I2",
    name="lots and entries",
    states="a lot holds the sum of its entries; one line of the lot's kind granted it, whole",
    examined="lots",
    offenders="""
        SELECT l.id AS lot_id, l.user_id, l.kind, l.amount, l.remaining, coalesce(sum(e.amount), 0) AS entries,
               count(CASE WHEN t.kind IN ('welcome', 'bonus', 'grant', 'topup') THEN 1 END) AS grants
        FROM lots l
        LEFT JOIN lot_entries e ON e.lot_id = l.id
        LEFT JOIN transactions t ON t.id = e.transaction_id
        GROUP BY l.id, l.user_id, l.kind, l.amount, l.remaining
        HAVING l.remaining <> coalesce(sum(e.amount), 0)
            OR count(CASE WHEN t.kind IN ('welcome', 'bonus', 'grant', 'topup') THEN 1 END) <> 1
            OR count(CASE WHEN t.kind = l.kind AND e.amount = l.amount THEN 1 END) <> 1
        ORDER BY l.id""",
)

LOT_HISTORY = Rule(
    invariant="I2",
    name="lots over time",
    states="at no line did a lot hold less than nothing or more than came with it",
    examined="lot_entries",
    offenders="""
        SELECT e.transaction_id, e.lot_id, l.amount, e.held
        FROM (SELECT id, transaction_id, lot_id, sum(amount) OVER (PARTITION BY lot_id ORDER BY id) AS held
              FROM lot_entries) e
        JOIN lots l ON l.id = e.lot_id
        WHERE e.held < 0 OR e.held > l.amount
        ORDER BY e.id""",
)

TOPUPS = Rule(
    invariant="I3",
    name="payments and top-ups",
    states="a succeeded payment has one top-up, of its credits and user; any other payment has none",
    examined="payments",
    offenders="""
        SELECT p.id AS payment_id, p.user_id, p.status, p.credits, count(t.id) AS topups,
               coalesce(sum(t.amount), 0) AS topped_up
        FROM payments p
        LEFT JOIN transactions t ON t.payment_id = p.id AND t.kind = 'topup'
        GROUP BY p.id, p.user_id, p.status, p.credits
        HAVING count(t.id) <> CASE WHEN p.status = 'succeeded' THEN 1 ELSE 0 END
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
        GROUP BY p.id, p.user_id, p.status, p.price
        HAVING count(CASE WHEN t.kind = 'charge' THEN 1 END) <> CASE WHEN p.price > 0 THEN 1 ELSE 0 END
            OR count(CASE WHEN t.kind = 'charge_refund' THEN 1 END)
               <> CASE WHEN p.price > 0 AND p.status IN ('failed', 'canceled') THEN 1 ELSE 0 END
            OR count(CASE WHEN abs(t.amount) <> p.price OR t.user_id <> p.user_id THEN 1 END) > 0
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
        WHERE m.sender = 'assistant'
        GROUP BY m.id, m.user_id, m.status, m.hold, m.price, m.free, m.error_code
        HAVING count(CASE WHEN t.kind = 'charge' THEN 1 END) <> CASE WHEN m.hold > 0 THEN 1 ELSE 0 END
            OR coalesce(-sum(t.amount), 0) <> CASE
                WHEN m.status IN ('queued', 'running') THEN m.hold
                WHEN m.status = 'succeeded' THEN coalesce(m.price, -1) ELSE 0 END
            OR count(CASE WHEN t.kind = 'charge' AND -t.amount <> m.hold OR t.user_id <> m.user_id THEN 1 END) > 0
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

LATE_REFUNDS = Rule(
    invariant="I4",
    name="refunds to ended lots",
    states="what came back to a lot past its end was written off at once, in a line of its own",
    examined="transactions WHERE kind IN ('charge_refund', 'charge_return')",
    offenders="""
        SELECT t.prediction_id, t.message_id, t.id AS transaction_id, e.lot_id, e.amount
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

TOTALS = Rule(
    invariant="I6",
    name="totals",
    states="all that was ever granted is spent, expired, taken back or still on a balance",
    examined="transactions",
    offenders="""
        SELECT * FROM (
            SELECT (SELECT coalesce(sum(amount), 0) FROM lots) AS granted,
                   coalesce(-sum(CASE WHEN kind LIKE 'charge%' THEN amount END), 0) AS spent,
                   coalesce(-sum(CASE WHEN kind = 'expire' THEN amount END), 0) AS expired,
                   coalesce(-sum(CASE WHEN kind = 'take_back' THEN amount END), 0) AS taken_back,
                   (SELECT coalesce(sum(balance), 0) FROM users) AS balances
            FROM transactions) sums
        WHERE granted <> spent + expired + taken_back + balances""",
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
    states="a refund of money that found its credits spent has taken all that its payment's lot holds",
    examined="refunds",
    offenders="""
        SELECT r.id AS refund_id, r.payment_id, r.credits_uncollected, l.id AS lot_id, l.remaining
        FROM refunds r
        JOIN transactions t ON t.payment_id = r.payment_id AND t.kind = 'topup'
        JOIN lot_entries e ON e.transaction_id = t.id
        JOIN lots l ON l.id = e.lot_id
        WHERE r.credits_uncollected > 0 AND l.remaining > 0
        ORDER BY r.id""",
)

CHAIN = Rule(
    invariant="I7",
    name="chain of lines",
    states="each line's balance is the one before it plus its amount: none was changed, removed or put between",
    examined="transactions",
    offenders="""
        SELECT id AS transaction_id, user_id, kind, before, amount, balance_after
        FROM (SELECT id, user_id, kind, amount, balance_after,
                     coalesce(lag(balance_after) OVER (PARTITION BY user_id ORDER BY id), 0) AS before
              FROM transactions) lines
        WHERE balance_after <> before + amount OR balance_after < 0
        ORDER BY id""",
)

RULES = (
    BALANCES,
    LINES,
    LOTS,
    LOT_HISTORY,
    TOPUPS,
    ADOPTED,
    CHARGES,
    REFUND_LOTS,
    ANSWERS,
    ANSWER_LOTS,
    ANSWER_PRICES,
    LATE_REFUNDS,
    DELIVERED,
    DELIVERED_ANSWERS,
    ANSWERS_IN_PART,
    ALLOWANCES,
    BONUS_WEEKS,
    BONUS_LINES,
    TOTALS,
    TAKEN_BACK,
    UNCOLLECTED,
    CHAIN,
)
