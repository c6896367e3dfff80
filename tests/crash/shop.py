"""`kassandra run`, to be killed: the real process, only its pauses are short. `python -m tests.crash.shop`; with the
arguments of `bot.demo.shop` it lives by the sandbox's time."""

import sys
from datetime import timedelta
from functools import partial

from bot.cli.main import main
from bot.demo import shop as demo_shop
from bot.errors import leave
from bot.startup import import_aiogram
from services.chats import worker as answers
from services.models.uploads import checks, comparison_worker
from services.models.uploads.inspection import Inspection
from services.notifications import claims as outbox
from services.payments import claims, payment_row, provider_list
from services.predictions import worker
from services.scoring import chunks
from services.scoring import worker as tables

SECOND = timedelta(seconds=1)


def hurry() -> None:
    outbox.LEASE = 10 * SECOND  # before the delivery is imported and takes it over
    import_aiogram()
    from bot import jobs
    from bot.parts import worker as part

    vars(part)["Worker"] = partial(worker.Worker, lease=SECOND)
    vars(part)["ScoringWorker"] = partial(tables.ScoringWorker, lease=2 * SECOND)
    vars(chunks)["MOST_ROWS"] = 500
    vars(part)["UploadChecks"] = partial(checks.UploadChecks, lease=2 * SECOND)
    vars(part)["Inspection"] = partial(Inspection, seconds=15)
    vars(part)["ComparisonWorker"] = partial(comparison_worker.ComparisonWorker, lease=2 * SECOND)
    vars(part)["AnswerWorker"] = partial(answers.AnswerWorker, lease=2 * SECOND)
    jobs.CATCH_UP_SECONDS = jobs.RECONCILE_SECONDS = jobs.RENEW_SECONDS = 1
    claims.EVENT_LEASE = 2 * SECOND
    payment_row.FIRST_CHECK = 2 * SECOND
    claims.PAUSES = (SECOND,) * 9
    provider_list.EVERY = 2 * SECOND


if __name__ == "__main__":
    hurry()
    if sys.argv[1:]:
        leave(demo_shop.main)
    main(["run"])
