"""A process that reads a customer's table and ends: `python -m services.scoring.table_process FD… SECONDS`.

What is wanted comes as JSON by stdin, what was found goes to stdout as a line of JSON, or as a refusal that
`intake_answers` packs. Memory and time have bounds here; whatever the file does to this process, the shop's own is not
touched.

- `look` (the file): what kind of table it is, and its first rows.
- `check` (the file, one for the good rows, one for the problems): which rows can be taken.
- `write` (the file, the answers, one for the result): the table with the answers.
"""

import json
import os
import sys
from dataclasses import replace
from itertools import islice
from operator import itemgetter

from services.children import end_with_reader
from services.scoring.source import SAMPLE, Told
from services.values.errors import InvalidValue, TooMuch, TotalsRow
from services.values.intake_answers import pack_refusal, refusal_told
from services.values.intake_process import set_bounds
from services.values.sheets import cell_text, is_blank, open_sheet

MEMORY = 500_000_000  # bytes beyond what the program itself has
CELL = 100  # characters of a cell that are shown
TITLES = 10  # rows that may stand above the headings
MOST = 50_000  # characters of all cells that are told


def main() -> None:
    end_with_reader()
    wanted = json.load(sys.stdin)
    fds, seconds = [int(fd) for fd in sys.argv[1:-1]], float(sys.argv[-1])
    work = {"look": look, "check": check, "write": write}[wanted["job"]]
    if work is not look:
        import services.inference.column_files  # noqa: F401 - libraries are not the file's memory
    set_bounds(seconds, MEMORY)
    try:
        answer = json.dumps({"told": work(wanted, fds)}).encode()
    except InvalidValue as problem:
        answer = pack_refusal(problem)
    except MemoryError:
        answer = pack_refusal(TooMuch())
    sys.stdout.buffer.write(answer)


def look(_wanted: Told, fds: list[int]) -> Told:
    with os.fdopen(fds[0], "rb") as file:
        sheet = open_sheet(file)
    rows = ((number, cells) for number, cells in sheet.rows() if not is_blank(cells))
    first, characters = [], 0
    for number, cells in islice(rows, TITLES + SAMPLE + 1):
        first.append((number, [cell_text(cell)[:CELL] for cell in cells]))
        characters += sum(map(len, first[-1][1]))
        if len(first) > SAMPLE and characters > MOST:
            break
    return {
        "kind": sheet.kind,
        "delimiter": sheet.delimiter,
        "sheet": sheet.title[:CELL],
        "others": sheet.others,
        "first": first,
    }


def check(wanted: Told, fds: list[int]) -> Told:
    from pydantic import TypeAdapter

    from services.inference.column_files import pack
    from services.manifests.manifest import ChoiceInput, Input, TextInput
    from services.scoring.checking import ROWS, Checker, constant_column
    from services.scoring.totals import total_rows

    fields = TypeAdapter(tuple[Input, ...]).validate_python(wanted["fields"])
    asked = [field for field in fields if field.name in wanted["columns"]]
    checker = Checker(asked, wanted["columns"], wanted["header_row"])
    with os.fdopen(fds[0], "rb") as file:
        sheet = open_sheet(file)
    words = {wanted["columns"][field.name] for field in asked if isinstance(field, TextInput | ChoiceInput)}
    totals = set(total_rows(sheet, below=wanted["header_row"], words=words))
    columns = checker.check(replace(sheet, passed_over=totals))
    problems = sorted([*checker.problems, *((row, "", TotalsRow()) for row in totals)], key=itemgetter(0))
    count = len(columns[ROWS])
    for field in fields:
        if field.name in wanted["constants"]:
            columns[field.name] = constant_column(field, wanted["constants"][field.name], count)
    with os.fdopen(fds[1], "wb") as out:
        out.write(pack(columns))
    with os.fdopen(fds[2], "w", encoding="utf-8") as out:
        json.dump([(row, name, _told(problem, wanted["language"])) for row, name, problem in problems], out)
    return {"rows": checker.rows + len(totals), "decimal_comma": checker.decimal_comma}


def _told(problem: InvalidValue, language: str) -> Told:
    from services.manifests.schema import Text

    params = {name: each.pick(language) if isinstance(each, Text) else each for name, each in problem.params.items()}
    problem.params = params
    return refusal_told(problem)


def write(wanted: Told, fds: list[int]) -> Told:
    from services.inference.column_files import unpack_answers
    from services.scoring.checking import ROWS
    from services.scoring.result_table import ResultTable
    from services.scoring.writing import write_table

    with os.fdopen(fds[1], "rb") as file:
        answers = unpack_answers(file.read())
    lines = answers.columns[ROWS]
    table = ResultTable.load(wanted["table"])
    with os.fdopen(fds[0], "rb") as file:
        sheet = open_sheet(file)
    with os.fdopen(fds[2], "wb") as out:
        write_table(table, sheet, answers, lines, out)
    return {}


if __name__ == "__main__":
    main()
