"""Proves the invariants of docs/data.md on a live database: reads only, one snapshot; nothing is held up."""

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

from db.engine import Database
from services.billing.invariants.rule import Rule
from services.billing.invariants.rules import RULES
from services.forecasts.verify import verify_chain

SHOWN = 20
IMMUTABLE = ("transactions", "lot_entries")
PUBLISHED = ("forecasts", "outcomes", "chain_entries", "listed_instruments")
WRITTEN_LATER = ("listed_instruments", "update")
"""A paper is taken off the list by its row; what else is changed there the chain shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """`examined` and `violations` count rows; `rows` are the first 20 violations in readable form."""

    invariant: str
    name: str
    states: str
    examined: int
    violations: int
    rows: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return self.violations == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)

    @property
    def exit_code(self) -> int:
        return 0 if self.ok else 1

    def __str__(self) -> str:
        return format_report(self.checks)


async def run_audit(db: Database) -> Report:
    """Raises `DatabaseUnavailable`."""
    return Report(checks=tuple(await db.scan(audit)))


def audit(session: Session) -> list[Check]:
    """All checks over what `session` sees; give it one snapshot (`Database.scan` does)."""
    counts = ", ".join(f"(SELECT count(*) FROM {rule.examined})" for rule in RULES)  # noqa: S608 - our own constants
    examined = session.execute(text(f"SELECT {counts}")).one()
    checks = [_check(session, rule, examined=count) for rule, count in zip(RULES, examined, strict=True)]
    refusals = set(_sqlite_triggers(session) if _is_sqlite(session) else _postgresql_triggers(session))
    of_lines = _check_triggers(session, refusals, "I7", IMMUTABLE, "every change of a line and its entries")
    of_published = _check_triggers(session, refusals, "I9", PUBLISHED, "every change of what was published")
    return [*checks, of_lines, _check_chain(session), of_published]


def format_report(checks: Sequence[Check]) -> str:
    """A table of all checks, then the offending rows of those that failed."""
    width = max(len(check.name) for check in checks)
    lines = [f"    {'check':{width}}  {'rows':>9}  {'wrong':>6}  what must hold"]
    for check in checks:
        counts = f"{check.examined:>9}  {check.violations:>6}"
        lines.append(f"{check.invariant:3} {check.name:{width}}  {counts}  {check.states}")
    for check in checks:
        if not check.ok:
            lines += ["", f"{check.invariant} {check.name}: {check.violations} wrong", *(f"  {r}" for r in check.rows)]
            if check.violations > len(check.rows):
                lines.append(f"  and {check.violations - len(check.rows)} more")
    broken = sorted({check.invariant for check in checks if not check.ok})
    lines += ["", f"Broken: {', '.join(broken)}." if broken else "Everything holds."]
    return "\n".join(lines)


def _check(session: Session, rule: Rule, *, examined: int) -> Check:
    found = session.execute(text(f"SELECT * FROM ({rule.offenders}) found LIMIT {SHOWN + 1}")).mappings().all()  # noqa: S608 - our own constant
    violations = len(found)
    if violations > SHOWN:
        violations = session.execute(text(f"SELECT count(*) FROM ({rule.offenders}) found")).scalar_one()  # noqa: S608 - our own constant
    return Check(
        invariant=rule.invariant,
        name=rule.name,
        states=rule.states,
        examined=examined,
        violations=violations,
        rows=tuple(_readable(row) for row in found[:SHOWN]),
    )


def _readable(row: RowMapping) -> str:
    return " ".join(f"{name}={_value(name, value)}" for name, value in row.items())


def _value(name: str, value: Any) -> Any:  # Any: whatever a column holds
    """Ids as they stand in logs: SQLite keeps a UUID as 32 digits."""
    if name in ("prediction_id", "message_id", "scoring_id", "payment_id", "refund_id") and value is not None:
        return UUID(str(value))
    return value


def _check_chain(session: Session) -> Check:
    """The first entry that is wrong: all that follow hang on it."""
    proof = verify_chain(session)
    return Check(
        invariant="I9",
        name="published forecasts",
        states="entries are numbered without gaps, and each one's hash is of its rows and the hash before it",
        examined=proof.entries,
        violations=0 if proof.wrong is None else 1,
        rows=() if proof.wrong is None else (proof.wrong,),
    )


def _check_triggers(
    session: Session, refusals: Set[tuple[str, str]], invariant: str, tables: Sequence[str], what: str
) -> Check:
    """That they are there, on, and refuse. They are not tried out: an audit changes nothing, not even for a moment."""
    changes = ("update", "delete") if _is_sqlite(session) else ("update", "delete", "truncate")
    expected = {(table, change) for table in tables for change in changes} - {WRITTEN_LATER}
    missing = sorted(expected - refusals)
    return Check(
        invariant=invariant,
        name="triggers" if tables == IMMUTABLE else "triggers of forecasts",
        states=f"triggers refuse {what}",
        examined=len(expected),
        violations=len(missing),
        rows=tuple(f"table={table} change={change}: nothing refuses it" for table, change in missing),
    )


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


REFUSAL = re.compile(
    r"BEFORE (UPDATE|DELETE) ON (\w+)(?: WHEN \(OLD\.origin = 'list'\))?"
    r" BEGIN SELECT RAISE\(ABORT, '[^']*'\); END$"
)
"""Customers' forecasts are published by nobody: theirs alone may change."""


def _sqlite_triggers(session: Session) -> Iterator[tuple[str, str]]:
    for sql in session.scalars(text("SELECT sql FROM sqlite_master WHERE type = 'trigger'")):
        if (refusal := REFUSAL.search(sql)) and ("WHEN" not in refusal[0] or refusal[2] == "forecasts"):
            yield refusal[2], refusal[1].lower()


# tgtype's bits: 1 for each row, 2 before, 8 delete, 16 update, 32 truncate. tgenabled: O and A fire in usual sessions.
POSTGRESQL_TRIGGERS = text("""
    SELECT t.tgrelid::regclass::text AS relation, t.tgtype AS bits
    FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND t.tgattr = ''
      AND (t.tgqual IS NULL
           OR t.tgrelid = 'forecasts'::regclass
              AND pg_get_triggerdef(t.oid) LIKE '%WHEN (((old.origin)::text = ''list''::text))%')
      AND t.tgrelid IN ('transactions'::regclass, 'lot_entries'::regclass, 'forecasts'::regclass,
                        'outcomes'::regclass, 'chain_entries'::regclass, 'listed_instruments'::regclass)
      AND p.proname IN ('refuse_change', 'refuse_published_change') AND p.prosrc LIKE '%RAISE EXCEPTION%'""")


def _postgresql_triggers(session: Session) -> Iterator[tuple[str, str]]:
    for relation, bits in session.execute(POSTGRESQL_TRIGGERS):
        if bits & 2:
            for bit, change in ((8, "delete"), (16, "update"), (32, "truncate")):
                if bits & bit:
                    yield relation, change
