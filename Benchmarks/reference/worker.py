"""One side of `make bench` in Python: a process that stays."""

import json

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
        raise ValueError(f"there is no reference for {kind}")
    return repetition


def work(pipe, name, folder, is_compiled):
    """Serves the side of a name in the folder's settings.json at the other end of a pipe."""
    settings = json.loads((folder / "settings.json").read_text())[name]
    settings["compiled"] = is_compiled
    serve(pipe, lambda: part(settings["kind"])(folder, settings))
