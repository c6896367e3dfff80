"""What `kassandra models` takes. Its work is imported when it is done: `--help` is quick."""

import argparse
from pathlib import Path


def add_models(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="What is in MODELS_DIR, and what is wrong with it.")
    listing.set_defaults(command=list_shelf)
    check = actions.add_parser("check", help="Check a model's folder and run its example.")
    check.add_argument("folder", type=Path, metavar="DIR")
    forecasts = "judge past forecasts instead: what they said and what came (see docs/manifest.md)"
    check.add_argument("--forecasts", type=Path, metavar="FILE.csv", help=forecasts)
    check.set_defaults(command=_check)
    init = actions.add_parser("init", help="Write a first manifest for an ONNX file, or for a model at a server.")
    init.add_argument("file", type=Path, nargs="?", metavar="FILE.onnx")
    init.add_argument("--from", nargs=2, dest="source", metavar=("URL", "MODEL"), help="ask this server of its model")
    kind = "what the server speaks: of a model with a form (the default), or chat, of an assistant"
    init.add_argument("--kind", choices=["open-inference", "chat"], help=kind)
    init.add_argument("--key", metavar="env:VARIABLE", help="where an assistant's key is, as OpenAI and others give it")
    init.add_argument("--model-version", metavar="VERSION", help="of the server's model (default: its own choice)")
    header = "what the server is to be sent: Authorization=env:TRITON_KEY takes it from that variable"
    init.add_argument("--header", action="append", default=[], metavar="NAME=env:VARIABLE", help=header)
    init.add_argument("--to", type=Path, help="folder to make (default: a folder of the model's name in MODELS_DIR)")
    init.add_argument("--labels", type=Path, metavar="FILE", help="the names of the classes: one a line, or JSON")
    init.add_argument("--features", metavar="A,B,C", help="the names of the columns that go in, in their order")
    tokenizer = "the tokenizer.json of a model that reads tokens: it makes them of a text"
    init.add_argument("--tokenizer", type=Path, metavar="FILE", help=tokenizer)
    init.add_argument("--range", metavar="LOW,HIGH", help="what black and white of a picture become (default 0,1)")
    init.add_argument("--mean", metavar="R,G,B", help="of each channel of a picture, after the range")
    init.add_argument("--std", metavar="R,G,B", help="of each channel of a picture, after the range")
    init.set_defaults(command=lambda arguments: _init(init, arguments))

    add = actions.add_parser(
        "add", help="Check an ONNX file and keep it as a model, as the bot does with one it is sent."
    )
    add.add_argument("file", type=Path, metavar="FILE.onnx")
    add.add_argument("--slug", help="what the model is called in the shop (default: by the file's name)")
    add.add_argument("--title-ru", metavar="TITLE", help="its name in Russian")
    add.add_argument("--title-en", metavar="TITLE", help="its name in English")
    add.add_argument("--price", metavar="CREDITS", help="of one prediction, such as 2.50; 0 is free")
    add.add_argument("--publish", action="store_true", help="put it on sale at once")
    add.set_defaults(command=_add)
    remove = actions.add_parser("remove", help="Take a model that was sent to the shop out of it, with all versions.")
    remove.add_argument("slug", metavar="SLUG")
    remove.set_defaults(command=_remove)


def list_shelf(_: argparse.Namespace) -> int:
    from bot.cli.models import list_models

    return list_models()


def _check(arguments: argparse.Namespace) -> int:
    if arguments.forecasts is not None:
        from bot.cli.models_forecasts import check_forecasts

        return check_forecasts(arguments.folder, arguments.forecasts)
    from bot.cli.models import check_model

    return check_model(arguments.folder)


def _add(arguments: argparse.Namespace) -> int:
    from bot.cli.models_add import add_model

    return add_model(arguments)


def _remove(arguments: argparse.Namespace) -> int:
    from bot.cli.models_add import remove_model

    return remove_model(arguments.slug)


def _init(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> int:
    if (arguments.file is None) == (arguments.source is None):
        parser.error("name a file, or a server and its model: --from URL MODEL")
    from bot.cli.models_init import init_model

    return init_model(arguments)
