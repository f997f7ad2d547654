"""The parts of the bench: what is measured against what, and the ratio that is hoped for."""

import json

import measure
import settings
from agreement import (LOGITS, LOSSES, comparison_of, nothing_read, probabilities, same_comparison,
                       same_exactly, same_points, within_absolute, within_relative)
from table import (HERE, MACHINE, Part, Row, at_least, at_most, of_copies, of_products,
                   step_operations, tower_operations)

MINI = tower_operations(17, 96, 3, 384, 3 * 8 * 8, 64)
SMALL = tower_operations(37, 128, 6, 512, 3 * 8 * 8, 64)
B32 = tower_operations(**settings.B32)
B32_TRAINED = 87_849_216 + 20 * 512 + 20
MEMORY = {"quantity": "peak", "unit": "MiB", "scale": 1 / (1 << 20)}


def training_part(id, title, worker, operations, eager, compiled, found, rounds=11,
                  is_fresh=False):
    """A training step beside eager and compiled PyTorch; eager's process is fresh where its memory
    counts."""
    batch = found[worker]["batch"]
    title = f"training step, {title}, batch {batch}"
    shared = {"unit": "ms a step", "scale": 1e3,
              "roofline": of_products(step_operations(batch, operations))}
    rows = [
        Row(id, f"{title}, beside eager", "ours", "eager", at_least(eager), **shared),
        Row(f"{id}-compiled", f"{title}, beside torch.compile", "ours", "compiled",
            at_least(compiled), **shared)]
    return Part(
        id, title,
        lambda c: {"ours": c.ours(worker), "eager": c.reference(worker, is_fresh=is_fresh),
                   "compiled": c.reference(worker, is_compiled=True)},
        rows, [("ours", "eager", LOSSES), ("ours", "compiled", LOSSES)], rounds=rounds)


def true_size_part(found):
    """The same at true size, with the rate of its products and its memory."""
    part = training_part("2", "ViT-B/32", "train-b32", B32, 1.2, 1.1, found, rounds=None,
                         is_fresh=True)
    batch, layers = found["train-b32"]["batch"], found["products-b32"]["layers"]
    rate = {"quantity": "product", "unit": "GFLOP/s", "scale": 1e-9}
    part.rows += [
        Row("2-roofline", "the same: rate of matrix products, beside the measured one", "ours",
            MACHINE, at_least(0.85), work=step_operations(batch, B32), **rate),
        Row("2-bound", f"that of {layers} layers' products alone, by libtorch", "products", MACHINE,
            work=step_operations(batch, tower_operations(**settings.B32 | {"layers": layers})),
            **rate),
        Row("14", "peak memory of training ViT-B/32", "ours", "eager", at_most(0.7), **MEMORY)]
    sides = part.sides
    part.sides = lambda c: sides(c) | {
        "products": c.ours("products-b32"), MACHINE: c.ours("roofline")}
    return part


def penalised(answers):
    """Our plain step, and in place of its optimiser's part one with L2, which is all that differs.

    The two whole steps would differ by less than either does from its own repetition.
    """
    def whole(full, l2, plain):
        added = l2["seconds"] / l2["count"] - plain["seconds"] / plain["count"]
        return full | {"seconds": full["seconds"] + added * full["count"]}

    turns = zip(answers["full"], answers["optimiser, l2"], answers["optimiser"])
    return {"full, l2": [whole(*turn) for turn in turns]}


def predict_words(c):
    picture = sorted((c.folder / "images" / "jpeg").glob("*/*.jpg"))[0]
    model, classes = c.folder / "models" / "b32", c.folder / "few.txt"
    return {
        "ours": c.command(
            probabilities, c.holdfast, "predict", "--model", model, "--classes", classes,
            "--prompts", c.folder / "simple.txt", "--format", "json", "--top", 10, picture),
        "transformers": c.command(
            probabilities, c.python, HERE / "reference" / "first_prediction.py", model, classes,
            picture)}


def demo_words(c):
    out, pictures = c.folder / "demo", c.folder / "pictures" / "minidomains-1"
    adapter = c.folder / "demo-start" / "checkpoints" / "lora-seed0" / "adapter"
    epochs = 1 if c.is_quick else 8
    return {
        "ours": c.command(
            comparison_of(out), c.holdfast, "demo", "--seeds", 1, "--out", out, "--quiet",
            "--set", f"epochs={epochs}"),
        "PyTorch": c.command(
            json.loads, c.python, HERE / "reference" / "demo.py", c.folder / "models" / "mini",
            pictures, adapter, "--epochs", epochs)}


def index_words(c):
    def counts(text):
        found = json.loads(text)
        return [found["images"], found["classes"]]
    tree = c.folder / "tree"
    return {
        "ours": c.command(counts, c.holdfast, "data", "inspect", f"folder:{tree}", "--format",
                          "json", "--quiet"),
        "ImageFolder": c.command(counts, c.python, HERE / "reference" / "scan.py", tree),
        "one second": lambda: measure.Given(1.0)}


def all_parts(found):
    """The table, for the workers' settings."""
    return [
        training_part("1a", "MiniCLIP", "train-mini", MINI, 1.5, 1.3, found),
        training_part("1b", "small ViT", "train-small", SMALL, 1.5, 1.3, found),
        true_size_part(found),
        Part("3", "inference",
             lambda c: {"ours": c.ours("infer-b32"), "eager": c.reference("infer-b32")},
             [Row("3", "inference, ViT-B/32, one batch", "ours", "eager", at_least(1.15),
                  unit="ms an image", scale=1e3, roofline=of_products(B32))],
             [("ours", "eager", LOGITS)], warm_ups=0),
        Part("4", "penalties to the reference",
             lambda c: {"plain": c.ours("train-small"), "l1": c.ours("train-small-l1"),
                        "l2": c.ours("train-small-l2"),
                        "eager l1": c.reference("train-small-l1")},
             [Row("4-l1", "step with L1 to the reference, beside our plain step", "l1", "plain",
                  at_most(1.02), unit="ms a step", scale=1e3),
              Row("4-l2", "step with L2 to the reference, beside our plain step", "l2", "plain",
                  at_most(1.02), unit="ms a step", scale=1e3),
              Row("4-l1-eager", "step with L1, beside eager with L1", "l1", "eager l1",
                  unit="ms a step", scale=1e3)],
             [("l1", "eager l1", LOSSES)], rounds=27, fewer={"eager l1": 9}),
        Part("5", "distillation",
             lambda c: {"plain": c.ours("train-small"), "kd": c.ours("train-small-kd"),
                        "eager kd": c.reference("train-small-kd")},
             [Row("5", "KD step from the second epoch on, beside our plain step", "kd", "plain",
                  at_most(1.05), unit="ms a step", scale=1e3),
              Row("5-eager", "KD step, beside eager with KD", "kd", "eager kd", unit="ms a step",
                  scale=1e3)],
             [("kd", "eager kd", LOSSES)], rounds=11, fewer={"eager kd": 5}),
        Part("6", "a penalty and LoRA at true size",
             lambda c: {"full": c.ours("train-b32"), "optimiser": c.ours("optimizer-plain"),
                        "optimiser, l2": c.ours("optimizer-l2"),
                        "lora": c.ours("train-b32-lora"),
                        "peft": c.reference("train-b32-lora")},
             [Row("4b", "plain step and what L2 adds to its optimiser's part, ViT-B/32", "full, l2",
                  "full", at_most(1.02), unit="ms a step", scale=1e3),
              Row("6", "LoRA step, ViT-B/32, beside our full step", "lora", "full", at_most(0.70),
                  unit="ms a step", scale=1e3),
              Row("6-peft", "LoRA step, ViT-B/32, beside PEFT", "lora", "peft", at_least(1.3),
                  unit="ms a step", scale=1e3),
              Row("6-memory", "LoRA's peak memory, beside our full fine-tuning", "lora", "full",
                  at_most(0.5), **MEMORY)],
             [("lora", "peft", LOSSES)], derived=penalised),
        Part("7", "zero-shot head",
             lambda c: {"ours": c.ours("text-head"), "open_clip": c.reference("text-head")},
             [Row("7", "zero-shot head, 80 prompts a class, ViT-B/32", "ours", "open_clip",
                  at_least(5), unit="ms a class", scale=1e3)],
             [("ours", "open_clip", LOGITS)], warm_ups=0),
        Part("8", "JPEG",
             lambda c: {"ours": c.ours("load-jpeg"), "two": c.ours("load-jpeg-2"),
                        "processes": c.twice("load-jpeg"),
                        "Pillow": c.reference("load-jpeg")},
             [Row("8", "JPEG 500 × 375 to a crop of 224, one core", "ours", "Pillow",
                  at_least(2.5),
                  unit="ms an image", scale=1e3),
              Row("8-scaling", "the same with two threads, beside one", "two", "ours",
                  at_least(1.9),
                  unit="ms an image", scale=1e3),
              Row("8-processes", "two processes of one thread, which share nothing, beside one",
                  "processes", "ours", unit="ms an image", scale=1e3)],
             [("ours", "Pillow", same_exactly), ("two", "Pillow", same_exactly)],
             rounds=25, fewer={"Pillow": 5}),
        Part("9", "PNG",
             lambda c: {"ours": c.ours("load-png"), "Pillow": c.reference("load-png")},
             [Row("9", "PNG 640 × 480 to a crop of 224, one core", "ours", "Pillow", at_least(1.5),
                  unit="ms an image", scale=1e3)],
             [("ours", "Pillow", same_exactly)]),
        Part("10", "α sweep",
             lambda c: {"ours": c.ours("sweep"), "ideal": c.ours("sweep-ideal"),
                        "WiSE-FT": c.reference("sweep")},
             [Row("10", "11-point α sweep over six sets, beside one decoding and 11 forwards",
                  "ours",
                  "ideal", at_most(1.1), unit="s a point"),
              Row("10-wise-ft", "each of its points, beside WiSE-FT's loop", "ours", "WiSE-FT",
                  at_least(2), unit="s a point")],
             [("ours", "WiSE-FT", same_points)], warm_ups=0),
        Part("11", "pixel store",
             lambda c: {"store": c.ours("store"), "array": c.ours("store-ideal")},
             [Row("11", "second evaluation's pixels, beside reading a plain array", "store",
                  "array",
                  at_least(0.9), quantity="rate", unit="GB/s", scale=1e-9)],
             [("store", "array", nothing_read)], rounds=9),
        Part("12", "the whole demo", demo_words,
             [Row("12", "the comparison of make demo, one seed", "ours", "PyTorch", at_least(3))],
             [("ours", "PyTorch", same_comparison)], rounds=5, warm_ups=0),
        Part("13", "first prediction", predict_words,
             [Row("13", "first prediction with ViT-B/32, cold process", "ours", "transformers",
                  at_least(5))],
             [("ours", "transformers", within_absolute(1e-4))], warm_ups=0),
        Part("15", "optimiser",
             lambda c: {"ours": c.ours("optimizer"), "arrays": c.ours("arrays"),
                        "eager": c.reference("optimizer")},
             [Row("15", "optimiser step with clipping, L2 and average, beside its arrays once",
                  "ours",
                  "arrays", at_most(1.3), unit="ms a step", scale=1e3,
                  roofline=of_copies(11 * 4 * B32_TRAINED)),
              Row("15-eager", "the same, beside PyTorch's AdamW", "ours", "eager", unit="ms a step",
                  scale=1e3)],
             [("ours", "eager", within_relative(1e-4))]),
        # The warm-up writes the index.
        Part("16", "start-up with an index", index_words,
             [Row("16", "opening 1.3 million indexed files, process and all, beside one second",
                  "ours", "one second", at_most(1)),
              Row("16-image-folder", "the same, beside torchvision's ImageFolder", "ours",
                  "ImageFolder")],
             [("ours", "ImageFolder", same_exactly)], rounds=5),
    ]
