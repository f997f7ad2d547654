"""The settings of every worker, which both sides read from the work folder's settings.json."""

import json

ALPHAS = "0:1:0.1"
# Of these, what WiSE-FT's loop scores: to it each is the same work.
SAMPLE = [0.5]
SETS = [f"sets/{name}" for name in ("val", "v2", "renditions", "adversarial", "sketch", "objects")]

# The pictures that `prepare.py` draws: folder, file type, width, height, how many.
PICTURES = {
    "32": ("png", 32, 32, 128),
    "48": ("png", 48, 48, 256),
    "224": ("png", 224, 224, 64),
    "224-batch": ("png", 224, 224, 32),
    "jpeg": ("jpg", 500, 375, 128),
    "png": ("png", 640, 480, 32),
    **{name: ("jpg", 500, 375, 64) for name in SETS},
}


# The shape of ViT-B/32's vision tower, for rows that count its products or repeat them.
B32 = {"tokens": 50, "width": 768, "layers": 12, "mlp": 3072, "patch": 3 * 32 * 32,
       "projection": 512}


def training(model, images, batch, steps, warm, method="full", **own):
    return {"kind": "train", "model": model, "images": images, "batch": batch, "steps": steps,
            "warm": warm, "schedule": 1_000_000, "rate": 1e-5, "method": method, **own}


def workers():
    """Name -> settings. `kind` chooses the code on either side."""
    # Short repetitions, many of them: turns then follow each other sooner than the machine changes.
    def small(method, **own):
        return training("small", "48", 128, 1, 2, method, **own)

    def large(method, **own):
        return training("b32", "224-batch", 32, 1, 1, method, **own)

    sweep = {"model": "small", "tuned": "small-tuned", "alphas": ALPHAS, "sample": SAMPLE,
             "sets": SETS, "batch": 64}
    store = {"sets": SETS, "rounds": 40}
    optimizer = {"model": "b32", "steps": 3, "rate": 1e-5, "strength": 0.01, "average": 0.999,
                 "gradient": 1e-3}
    # What row 2's step has of it, and what a penalty adds.
    plain = optimizer | {"average": 0.0, "strength": 0.0}
    return {
        "train-mini": training("mini", "32", 64, 10, 4),
        "train-small": small("full"),
        "train-small-l1": small("l1", strength=1e-4),
        "train-small-l2": small("l2", strength=0.03),
        "train-small-kd": small("kd", strength=3.0),
        "train-b32": large("full"),
        "train-b32-lora": large("lora", rank=8),
        "infer-b32": {"kind": "infer", "model": "b32", "images": "224"},
        "text-head": {"kind": "text-head", "model": "b32", "classes": "classes.txt",
                      "prompts": "prompts.txt"},
        "load-jpeg": {"kind": "load", "images": "jpeg", "threads": 1},
        "load-jpeg-2": {"kind": "load", "images": "jpeg", "threads": 2},
        "load-png": {"kind": "load", "images": "png", "threads": 1},
        "sweep": {"kind": "sweep", **sweep},
        "sweep-ideal": {"kind": "sweep-ideal", **sweep},
        "store": {"kind": "store", **store},
        "store-ideal": {"kind": "store-ideal", **store},
        "optimizer": {"kind": "optimizer", **optimizer},
        "optimizer-plain": {"kind": "optimizer", **plain},
        "optimizer-l2": {"kind": "optimizer", **plain, "strength": 0.03},
        "arrays": {"kind": "arrays", **optimizer},
        # A third of those of train-b32; its other layers are the same again.
        "products-b32": {"kind": "products", "batch": 32, **B32, "layers": 4},
        "roofline": {"kind": "roofline", "side": 2048, "elements": 1 << 26},
    }


def quick(settings):
    """The same with little to do: it shows that all parts work, and its numbers mean nothing."""
    smaller = {"steps": 1, "rounds": 1, "side": 512, "elements": 1 << 22, "layers": 2}
    result = {key: smaller.get(key, value) for key, value in settings.items()}
    if settings.get("model") == "b32" and settings["kind"] == "train":
        # Warm-up is still an epoch, so that everything is decoded.
        result |= {"batch": 4, "warm": 2}
    return result


def pictures(is_quick):
    """`PICTURES`, fewer of them for a quick run; a multiple of every batch size in any case."""
    if not is_quick:
        return PICTURES
    few = {"224": 8, "224-batch": 8, "jpeg": 16, "png": 8, **{name: 16 for name in SETS}}
    return {name: (*what[:3], few.get(name, what[3])) for name, what in PICTURES.items()}


def write(folder, is_quick):
    """Writes settings.json and returns what is in it."""
    found = {name: quick(s) if is_quick else s for name, s in workers().items()}
    (folder / "settings.json").write_text(json.dumps(found, indent=1) + "\n")
    return found
