"""The doctor's look at the models: each is checked, and all together must have room in the machine."""

from collections.abc import Sequence
from typing import Final

from bot.doctor.findings import Finding, bad, good, poor
from bot.settings import Settings
from bot.wiring.inference import RUNTIMES
from db.engine import Database
from services.authoring.check import check_folder
from services.inference.memory import about_model, in_words, of_machine
from services.manifests.runtime import FileSpec
from services.models.folders import read_folders
from services.models.uploads.versions import on_sale

SHOP_BYTES: Final = 200_000_000  # without its models


async def uploads_on_sale(settings: Settings) -> list[str]:
    """Their slugs."""
    db = Database(settings.database_url)
    try:
        return [version.slug for version in await db.read(on_sale)]
    finally:
        await db.close()


def models(settings: Settings, uploaded: Sequence[str] = ()) -> list[Finding]:
    """`uploaded`: slugs of models that were sent to the shop and are on sale."""
    found, problems = read_folders(settings.models_dir, RUNTIMES.specs)
    findings = [bad("models", f"{problem.slug}: {problem.text}", "mend it; it is not sold") for problem in problems]
    for slug in found:
        wrong = [line for line in check_folder(settings.models_dir / slug, RUNTIMES) if not line.ok]
        findings += [bad("models", f"{slug}: {line.detail}", line.fix) for line in wrong]
    if not found and not uploaded:
        findings.append(bad("models", f"nothing is on sale in {settings.models_dir}", "see docs/manifest.md"))
    findings = findings or [good("models", ", ".join([*found, *uploaded]))]
    here = [(slug, manifest.runtime) for slug, manifest in found.items()]
    files = [
        file for slug, spec in here if isinstance(spec, FileSpec) for file in spec.paths(settings.models_dir / slug)
    ]
    return [*findings, judge_memory([about_model(file) or 0 for file in files], of_machine())]


def judge_memory(models: Sequence[int], machine: int | None) -> Finding:
    """Bytes. Of the model that is read the weights are there twice: the largest may be the last."""
    text = f"the models take about {in_words(sum(models))}"
    if machine is None:
        return good("memory", text)
    text += f" of {in_words(machine)}"
    if SHOP_BYTES + sum(models) + max(models, default=0) > machine:
        fix = "take a larger machine, or move models out of MODELS_DIR; kassandra models list says what each takes"
        return poor("memory", f"{text}, and the largest twice while it is read", fix)
    return good("memory", text)
