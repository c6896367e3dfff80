"""Classes that are too many for the manifest itself are named by a file beside it."""

from collections.abc import Sequence
from typing import Final

from services.authoring.notes import REMARKS, Entry
from services.manifests.labels import write_labels
from services.manifests.outputs import FEWEST_CLASSES

LABELS: Final = "labels"
FEW: Final = 50


def label_files(outputs: Sequence[Entry], *, told: bool) -> dict[str, str]:
    """Texts by name; the outputs then name the files for their classes. Classes that were `told` or have several
    languages go to a file, too; such that no file can tell stay where they are."""
    files: dict[str, str] = {}
    for output in outputs:
        classes = output.get("classes", ())
        plain = all(isinstance(each["label"], str) for each in classes)
        if (
            len(classes) < FEWEST_CLASSES
            or (len(classes) <= FEW and plain and not told)
            or (text := write_labels(classes)) is None
        ):
            continue
        known = (name for name, written in files.items() if written == text)
        ending = "json" if text.startswith(("{", "[")) else "txt"
        name = next(known, f"{LABELS}.{ending}" if not files else f"{LABELS}-{len(files) + 1}.{ending}")
        files[name] = text
        del output["classes"]
        output["labels"] = name
        remarks = output.get(REMARKS, {})
        if "classes" in remarks:
            remarks["labels"] = remarks.pop("classes")
    return files
