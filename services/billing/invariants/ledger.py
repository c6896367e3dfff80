"""The ledger in itself: balances, lines, lots."""

from services.billing.invariants.rule import Rule

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
               count(CASE WHEN t.kind NOT LIKE 'charge%' AND t.amount > 0 THEN 1 END) AS grants
        FROM lots l
        LEFT JOIN lot_entries e ON e.lot_id = l.id
        LEFT JOIN transactions t ON t.id = e.transaction_id
        GROUP BY l.id, l.user_id, l.kind, l.amount, l.remaining
        HAVING l.remaining <> coalesce(sum(e.amount), 0)
            OR count(CASE WHEN t.kind NOT LIKE 'charge%' AND t.amount > 0 THEN 1 END) <> 1
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

TOTALS = Rule(
    invariant="I6",
    name="totals",
    states="all that was ever granted is spent, expired, taken back, moved on or still on a balance",
    examined="transactions",
    offenders="""
        SELECT * FROM (
            SELECT (SELECT coalesce(sum(amount), 0) FROM lots) AS granted,
                   coalesce(-sum(CASE WHEN kind LIKE 'charge%' THEN amount END), 0) AS spent,
                   coalesce(-sum(CASE WHEN kind = 'expire' THEN amount END), 0) AS expired,
                   coalesce(-sum(CASE WHEN kind = 'take_back' THEN amount END), 0) AS taken_back,
                   coalesce(-sum(CASE WHEN kind = 'merged_out' THEN amount END), 0) AS moved,
                   (SELECT coalesce(sum(balance), 0) FROM users) AS balances
            FROM transactions) sums
        WHERE granted <> spent + expired + taken_back + moved + balances""",
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

MERGES = Rule(
    invariant="I6",
    name="merged accounts",
    states="what left a merged account came, lot by lot, to the account that it became part of",
    examined="account_merges",
    offenders="""
        SELECT m.id AS merge_id, m.from_user_id, m.into_user_id, m.credits,
               (SELECT coalesce(-sum(amount), 0) FROM transactions
                WHERE user_id = m.from_user_id AND kind = 'merged_out') AS moved_out,
               (SELECT coalesce(sum(i.amount), 0) FROM lots i JOIN lots o ON o.id = i.moved_from_id
                WHERE i.user_id = m.into_user_id AND o.user_id = m.from_user_id) AS moved_in
        FROM account_merges m
        WHERE m.credits <> (SELECT coalesce(-sum(amount), 0) FROM transactions
                            WHERE user_id = m.from_user_id AND kind = 'merged_out')
           OR m.credits <> (SELECT coalesce(sum(i.amount), 0) FROM lots i JOIN lots o ON o.id = i.moved_from_id
                            WHERE i.user_id = m.into_user_id AND o.user_id = m.from_user_id)
        UNION ALL
        SELECT NULL, t.user_id, NULL, 0, -t.amount, 0 FROM transactions t
        WHERE t.kind = 'merged_out' AND t.user_id NOT IN (SELECT from_user_id FROM account_merges)
        UNION ALL
        SELECT NULL, NULL, l.user_id, 0, 0, l.amount FROM lots l
        WHERE (l.kind = 'merged_in') <> (l.moved_from_id IS NOT NULL)""",
)
