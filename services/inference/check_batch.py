"""Whether a model gives two rows at once what it gives each alone: the shop collects the rows of several customers."""

from services.errors import ShopError
from services.inference.check_line import CheckLine
from services.inference.closeness import close
from services.inference.runtimes.base import Limit, Runtime
from services.inference.tensors import Row
from services.manifests.manifest import Manifest

_FIX = "Set runtime.max_batch = 1"


def batch_line(runtime: Runtime, manifest: Manifest, row: Row, limit: Limit) -> CheckLine | None:
    """None where the manifest says that rows go one by one."""
    if manifest.runtime.max_batch == 1:
        return None
    outputs = []
    try:
        for answer in (*runtime.run([row], limit), *runtime.run([row, row], limit)):
            if isinstance(answer, ShopError):
                raise answer
            outputs.append(answer.outputs)
    except ShopError as error:
        problem = str(error.params.get("problem", error))
        return CheckLine(what="batch", ok=False, detail=f"two rows at once: {problem}", fix=_FIX)
    if all(close(given, outputs[0]) for given in outputs[1:]):
        return CheckLine(what="batch", ok=True, detail="two rows at once give the same answers")
    return CheckLine(what="batch", ok=False, detail="two rows at once give other answers than one", fix=_FIX)
