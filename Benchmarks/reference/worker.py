"""One side of `make bench`: a process that holds one measurement ready and runs it when told to.

    python worker.py NAME FOLDER [--compiled]     NAME is a key of FOLDER/settings.json
"""

import argparse
import json
import pathlib

from conversation import serve


def part(kind):
    """The module of a kind; the others are not imported, which would count as their memory."""
    if kind == "train":
        from training import repetition
    elif kind == "infer":
        from inference import repetition
    elif kind == "text-head":
        from text_head import repetition
    elif kind == "load":
        from loading import repetition
    elif kind == "sweep":
        from wise_ft import repetition
    elif kind == "optimizer":
        from optimizer import repetition
    else:
        raise SystemExit(f"there is no reference for {kind}")
    return repetition


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--compiled", action="store_true")
    options = parser.parse_args()
    settings = json.loads((options.folder / "settings.json").read_text())[options.name]
    settings["compiled"] = options.compiled
    serve(part(settings["kind"])(options.folder, settings))


if __name__ == "__main__":
    main()
