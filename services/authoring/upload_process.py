"""A process that looks at one file of a stranger and ends:
`python -m services.authoring.upload_process FOLDER SECONDS MEGABYTES`.

`FOLDER` holds `sent.onnx` and an empty folder, which has the model's slug for its name. `SECONDS` of the processor's
time it may take, and `MEGABYTES` of memory beyond the program. What a person told comes as JSON by stdin:
{"title", "labels", "features"}. The network and all other files but its own code are given up before the file is
opened. The mended copy is written into the inner folder; what was found goes to stdout as JSON: {"manifest", "files",
"notes", "changes"}, or {"problem", "fix"}; in both, "network" and "disk" say whether it still has them.
"""

import json
import os
import re
import sys
import sysconfig
from pathlib import Path
from typing import Any, Final

from services.children import end_with_reader
from services.inference.runtimes.isolated.confinement import bound_memory, bound_processor, leave_files, leave_network

SENT, MODEL = "sent.onnx", "model.onnx"
ROOM: Final = 16_000_000  # bytes that a mended copy may be larger by
Json = dict[str, Any]  # Any: JSON holds what it holds


def main() -> None:
    folder, seconds, megabytes = Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    end_with_reader()
    told = json.load(sys.stdin)
    without_network = leave_network()  # before a library starts threads
    answers = os.dup(1)
    os.dup2(2, 1)  # what a library prints garbles no answer
    from services.authoring import copying, scaffold, upload_rules  # noqa: F401 - with all that they bring

    bound_memory(megabytes, largest_file=(folder / SENT).stat().st_size + ROOM)
    bound_processor(seconds)
    without_files = leave_files(readable=_code(), writable=folder)
    with os.fdopen(answers, "w", encoding="utf-8") as stream:
        found = _looked_at(folder, told)
        json.dump(found | {"network": not without_network, "disk": not without_files}, stream)


def _looked_at(folder: Path, told: Json) -> Json:
    from services.authoring.upload_rules import check_upload
    from services.errors import one_line
    from services.inference.errors import ModelBroken

    try:
        complaints = check_upload(folder / SENT)
        return _drafted(folder, told, complaints)
    except ModelBroken as error:
        return {"problem": error.problem, "fix": _doable(error.fix)}
    except MemoryError:
        return {"problem": "it takes more memory than it may", "fix": "Take a smaller model"}
    except Exception as error:  # noqa: BLE001 - whatever it is, it is of the file, and is told
        return {"problem": f"it cannot be read: {one_line(error)[:300]}", "fix": "Export the model again"}


def _doable(fix: str) -> str:
    """Without what only somebody at a command line can do."""
    fix = re.sub(r"[,;] or [^,;]*--.*", "", fix)
    fix = re.sub(r"^[^;]*--[^;]*; or ", "", fix)
    if re.search("--|by hand", fix):
        return "Take a smaller model, or export it again"
    return fix[:1].upper() + fix[1:]


def _drafted(folder: Path, told: Json, complaints: list[str]) -> Json:
    from services.authoring.copying import copy_model
    from services.authoring.hints import AuthorHints
    from services.authoring.scaffold import draft_manifest
    from services.manifests.labels import parse_labels

    model = next(each for each in folder.iterdir() if each.is_dir()) / MODEL
    changes = copy_model(folder / SENT, model)
    labels, features = (parse_labels(told[what]) if what in told else [] for what in ("labels", "features"))
    hints = AuthorHints(labels=labels, features=[each["label"] for each in features])
    draft = draft_manifest(model, hints, title=told["title"])
    return {
        "manifest": draft.toml,
        "files": dict(draft.files),
        "notes": [*complaints, *(str(note) for note in draft.notes if note.guessed)],
        "changes": changes,
    }


def _code() -> list[Path]:
    """Where modules are that are imported only when they are needed."""
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    places = {Path(sysconfig.get_path(name)) for name in names} | {Path(__file__).parents[1]}
    return [place for place in places if place.is_dir()]


if __name__ == "__main__":
    main()
