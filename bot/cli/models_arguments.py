"""What `kassandra models` takes. Its work is imported when it is done: `--help` is quick."""

import argparse
from pathlib import Path


def add_models(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="What is in MODELS_DIR, and what is wrong with it.")
    listing.set_defaults(command=list_shelf)
    check = actions.add_parser("check", help="Check a model's folder and run its example.")
    check.add_argument("folder", type=Path, metavar="DIR")
    check.set_defaults(command=_check)
    init = actions.add_parser("init", help="Write a first manifest for an ONNX file.")
    init.add_argument("file", type=Path, metavar="FILE.onnx")
    init.add_argument("--to", type=Path, help="folder to make (default: a folder of the file's name in MODELS_DIR)")
    init.add_argument("--labels", type=Path, metavar="FILE", help="the names of the classes: one a line, or JSON")
    init.add_argument("--features", metavar="A,B,C", help="the names of the columns that go in, in their order")
    init.add_argument("--range", metavar="LOW,HIGH", help="what black and white of a picture become (default 0,1)")
    init.add_argument("--mean", metavar="R,G,B", help="of each channel of a picture, after the range")
    init.add_argument("--std", metavar="R,G,B", help="of each channel of a picture, after the range")
    init.set_defaults(command=_init)


def list_shelf(_: argparse.Namespace) -> int:
    from bot.cli.models import list_models

    return list_models()


def _check(arguments: argparse.Namespace) -> int:
    from bot.cli.models import check_model

    return check_model(arguments.folder)


def _init(arguments: argparse.Namespace) -> int:
    from bot.cli.models import init_model

    return init_model(arguments)
