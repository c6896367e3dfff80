"""Files that come with an installed package."""

from importlib.metadata import Distribution, PackageNotFoundError
from pathlib import Path


class PackagedFileMissing(Exception):
    """`problem` and `fix` as a manifest's author reads them."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.problem, self.fix = problem, fix


def packaged_file(package: str, name: str) -> Path:
    """Where it lies. `name` as the package's own list has it: `folder/file.onnx`; what is not on that list is not
    found. Raises PackagedFileMissing."""
    try:
        found = Distribution.from_name(package)
    except PackageNotFoundError:
        problem = f'the package "{package}" is not installed'
        raise PackagedFileMissing(problem, f"Install it: pip install {package}") from None
    listed = found.files or ()
    if (file := next((each for each in listed if each.as_posix() == name), None)) is None:
        near = [each.as_posix() for each in listed if each.name == Path(name).name or each.suffix == Path(name).suffix]
        problem = f'the package "{package}" {found.version} has no file "{name}"'
        raise PackagedFileMissing(problem, f"Name one of: {', '.join(near[:10]) or 'its files'}")
    path = Path(str(found.locate_file(file)))
    if not path.is_file():
        problem = f'"{name}" of the package "{package}" is not there'
        raise PackagedFileMissing(problem, f"Install the package anew: pip install --force-reinstall {package}")
    return path
