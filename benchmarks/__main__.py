"""`python -m benchmarks` measures everything and writes RESULTS.md; with names of parts it only prints those."""

import argparse
import gc
import os
import platform
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks import (
    batches,
    bonus,
    chat,
    forecasts,
    hanging,
    paintings,
    prices,
    process,
    sales,
    tables,
    talks,
    web,
    webhooks,
)
from benchmarks.finding import ROUNDS, Finding

RESULTS = Path(__file__).parent / "RESULTS.md"
PARTS: dict[str, Callable[[], list[Finding]]] = {
    "chat": chat.measure,
    "sales": sales.measure,
    "talks": talks.measure,
    "hanging": hanging.measure,
    "batches": batches.measure,
    "tables": tables.measure,
    "paintings": paintings.measure,
    "prices": prices.measure,
    "forecasts": forecasts.measure,
    "webhooks": webhooks.measure,
    "web": web.measure,
    "bonus": bonus.measure,
    "process": process.measure,
}
PACKAGES = ("aiogram", "pydantic", "sqlalchemy", "onnxruntime", "uvloop", "numpy")
VERDICTS = {True: "met", False: "**missed**", None: "—"}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"only these: {', '.join(PARTS)}")
    chosen = parser.parse_args().parts or list(PARTS)
    if unknown := set(chosen) - set(PARTS):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    gc.collect()
    gc.freeze()  # as `kassandra run` does
    findings: list[Finding] = []
    started = time.monotonic()
    for name in chosen:
        print(f"Measuring: {name}", flush=True)
        findings += PARTS[name]()
    lines = table(findings)
    print("\n".join(lines))
    print(f"{time.monotonic() - started:.0f} s")
    if set(chosen) == set(PARTS):
        RESULTS.write_text("\n".join([*head(), *lines, ""]), encoding="utf-8")
        print(f"Written: {RESULTS}")


def head() -> list[str]:
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return [
        "# What was measured",
        "",
        f"`make bench`, {datetime.now(UTC):%d %B %Y}. Ratios are medians of {ROUNDS} rounds in which both sides take"
        " turns; absolute figures move with the machine and with what else it does. docs/performance.md says where the"
        " time goes.",
        "",
        f"- Machine: {machine()}, {os.cpu_count()} cores; load when it began: {os.getloadavg()[0]:.1f}",
        f"- Python {platform.python_version()}, {packages}",
        "",
    ]


def machine() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def table(findings: Sequence[Finding]) -> list[str]:
    rows = [("what", "ours", "limit", "result", "target", "")]
    rows += [(f.name, f.ours, f.limit, f.result, f.target, VERDICTS[f.met]) for f in findings]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return [lines[0], "|---|---|---|---|---|---|", *lines[1:]]


if __name__ == "__main__":
    main()
