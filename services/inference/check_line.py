"""A line of `kassandra models check`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckLine:
    """One thing looked at: `detail` is what was seen, `fix` what to do where it is not right. With `ok` and a `fix` it
    is a warning: the model is sold all the same."""

    what: str
    ok: bool
    detail: str
    fix: str = ""

    @property
    def state(self) -> str:
        return "FAIL" if not self.ok else "warn" if self.fix else "ok"
