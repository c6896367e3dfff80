"""The shop's own, on a kernel that confines nobody."""

import ctypes
from typing import Any

from services.authoring.upload_process import main


class OldKernel(ctypes.CDLL):
    def unshare(self, flags: int) -> int:
        return -1

    def syscall(self, *arguments: Any) -> int:
        return -1


if __name__ == "__main__":
    setattr(ctypes, "CDLL", OldKernel)  # noqa: B010 - a class is no variable
    main()
