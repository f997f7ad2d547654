"""The table of parts: what is measured against what, and the ratio that is hoped for."""

import dataclasses
import json
import pathlib
import sys
from typing import Callable, Optional

import measure
import settings
from measure import Command, Forked, Sample, Together, Worker

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "reference"))

from worker import work  # noqa: E402

# The side that measures the roofline, in turn with the others.
MACHINE = "the machine"


@dataclasses.dataclass
class Context:
    """Where things are, and what holds for all parts."""

    python: str
    folder: pathlib.Path
    speed: pathlib.Path
    holdfast: pathlib.Path
    is_quick: bool
    environment: dict

    def ours(self, name):
        return lambda: Worker([self.speed, name, self.folder], self.environment)

    def twice(self, name):
        return lambda: Together(self.ours(name)(), self.ours(name)())

    def reference(self, name, is_compiled=False, is_fresh=False):
        return lambda: Forked(work, name, self.folder, is_compiled, is_fresh=is_fresh)

    def command(self, check, *words):
        return lambda: Command(list(map(str, words)), self.environment, check)


@dataclasses.dataclass
class Row:
    """A line of the table: one side's quantity over another's."""

    id: str
    name: str
    ours: str
    reference: str
    target: Optional[tuple] = None
    quantity: str = "seconds"
    unit: str = "s"
    scale: float = 1.0
    # Of the machine's limit, from the seconds of one unit and the roofline's rates.
    roofline: Optional[Callable] = None
    # Operations of one unit, for the quantity "product".
    work: int = 0

    def sample(self, side, answers):
        """What a side's repetitions gave of the row's quantity, in its unit."""
        if side == MACHINE:
            return Sample([answer["check"][self.quantity] * self.scale for answer in answers[side]])
        return Sample([self.value(answer) * self.scale for answer in answers[side]])

    def value(self, answer):
        if self.quantity == "seconds":
            return answer["seconds"] / answer["count"]
        if self.quantity == "rate":
            return answer["count"] / answer["seconds"]
        if self.quantity == "product":
            return self.work * answer["count"] / answer["seconds"]
        return answer[self.quantity]

    def ratio(self, ours, reference):
        """How many times better for a target of at least so much, else the part that ours needs."""
        is_less_better = self.quantity in ("seconds", "peak")
        wants_more = self.target is None or self.target[0] == "≥"
        return reference / ours if wants_more and is_less_better else ours / reference

    def is_met(self, ratio):
        if self.target is None:
            return None
        kind, bound = self.target
        return ratio >= bound if kind == "≥" else ratio <= bound


@dataclasses.dataclass
class Part:
    """Sides that take turns, pairs of them that must agree, and the rows that come of it."""

    id: str
    title: str
    sides: Callable[[Context], dict]
    rows: list
    checks: list = dataclasses.field(default_factory=list)
    # Whatever is asked for; more of two times that should be equal.
    rounds: Optional[int] = None
    # Sides that take fewer, since the rows where they stand need no more.
    fewer: dict = dataclasses.field(default_factory=dict)
    # None where a repetition takes seconds and a cold one would be one of five.
    warm_ups: int = 1
    # Sides that are made of the answers of others.
    derived: Callable[[dict], dict] = lambda answers: {}


def at_least(bound):
    return ("≥", bound)


def at_most(bound):
    return ("≤", bound)


# -- Rooflines ------------------------------------------------------------------------------------


def tower_operations(tokens, width, layers, mlp, patch, projection):
    """Operations of the matrix products in one image's forward pass: 2 for a multiply and add.

    Of the last block no more than the class token's output needs: keys and values of all tokens, and
    everything else of one.
    """
    def block(outputs):
        maps = 2 * tokens * width**2 + 2 * outputs * width**2 + 2 * outputs * width * mlp
        return maps + 2 * outputs * tokens * width

    blocks = (layers - 1) * block(tokens) + block(1)
    return 2 * ((tokens - 1) * patch * width + blocks + width * projection)


MINI = tower_operations(17, 96, 3, 384, 3 * 8 * 8, 64)
SMALL = tower_operations(37, 128, 6, 512, 3 * 8 * 8, 64)
B32 = tower_operations(**settings.B32)
B32_TRAINED = 87_849_216 + 20 * 512 + 20


def step_operations(images, forward):
    """Backward is twice the forward pass (a little less: pixels need no gradient)."""
    return 3 * images * forward


def of_products(operations):
    """The part of the measured matrix product rate that so many operations a unit need."""
    return lambda seconds, limits: operations / seconds / limits["product"]


def of_copies(size):
    return lambda seconds, limits: size / seconds / limits["copy"]


# -- Checks ---------------------------------------------------------------------------------------

MEMORY = {"quantity": "peak", "unit": "MiB", "scale": 1 / (1 << 20)}
LOSSES = measure.within_relative(1e-3)
LOGITS = measure.within_scale(1e-4)


def probabilities(text):
    """What `predict --format json` or first_prediction.py says, by class."""
    found = json.loads(text)
    if isinstance(found, list):
        found = {p["class"]: p["probability"] for p in found[0]["predictions"]}
    return found


# Both sides train on the same batches from the same start, so that only rounding tells them apart.
# An image whose two best logits are equal to rounding may fall either way.
DEMO_ACCURACIES, DEMO_LOSSES = measure.within_absolute(0.002), measure.within_relative(1e-3)


def same_comparison(ours, theirs):
    """That accuracies are the same to two images in a thousand, and every step's loss to 1e-3."""
    return (DEMO_ACCURACIES(ours["accuracies"], theirs["accuracies"])
            or DEMO_LOSSES(ours["losses"], theirs["losses"]))


def comparison_of(folder):
    """A run folder's accuracies by method and set, and losses, as reference/demo.py prints them."""
    def check(_):
        table, losses = {}, {}
        for line in (folder / "metrics.jsonl").read_text().splitlines():
            event = json.loads(line)
            if event["event"] == "step":
                losses.setdefault(event["method"], []).append(event["loss"])
        for line in (folder / "results.jsonl").read_text().splitlines():
            row = json.loads(line)
            if row["metric"] != "top1" or row["selected_on"] is not None:
                continue
            alpha = row["setting"].get("alpha")
            name = row["method"] if alpha is None else f"{row['method']} {alpha:g}"
            table.setdefault(name, {})[row["set"]] = row["value"]
        return {"accuracies": table, "losses": losses}
    return check


def same_points(ours, theirs):
    """That the points which the loop scored are among ours, by α.

    An image whose two best logits are equal to rounding may fall either way.
    """
    same = {alpha: ours[alpha] for alpha in theirs if alpha in ours}
    return measure.within_absolute(0.032)(same, theirs)


def nothing_read(ours, _):
    """That the store opened no picture: only this process' own counters were read."""
    size = ours["file bytes"]
    return None if size < 1 << 16 else f"{size} bytes of files were read"


# -- Parts ----------------------------------------------------------------------------------------


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
    operations = step_operations(found["train-b32"]["batch"], B32)
    part.rows += [
        Row("2-bound", "the same: its matrix products alone, by libtorch, beside eager's step",
            "products", "eager", unit="ms a step", scale=1e3, roofline=of_products(operations)),
        Row("2-roofline", "the same: rate of matrix products, beside the measured one", "ours",
            MACHINE, at_least(0.85), quantity="product", unit="GFLOP/s", scale=1e-9,
            work=operations),
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
             [("ours", "Pillow", measure.same_exactly), ("two", "Pillow", measure.same_exactly)],
             rounds=25, fewer={"Pillow": 5}),
        Part("9", "PNG",
             lambda c: {"ours": c.ours("load-png"), "Pillow": c.reference("load-png")},
             [Row("9", "PNG 640 × 480 to a crop of 224, one core", "ours", "Pillow", at_least(1.5),
                  unit="ms an image", scale=1e3)],
             [("ours", "Pillow", measure.same_exactly)]),
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
             [("ours", "transformers", measure.within_absolute(1e-4))], warm_ups=0),
        Part("15", "optimiser",
             lambda c: {"ours": c.ours("optimizer"), "arrays": c.ours("arrays"),
                        "eager": c.reference("optimizer")},
             [Row("15", "optimiser step with clipping, L2 and average, beside its arrays once",
                  "ours",
                  "arrays", at_most(1.3), unit="ms a step", scale=1e3,
                  roofline=of_copies(11 * 4 * B32_TRAINED)),
              Row("15-eager", "the same, beside PyTorch's AdamW", "ours", "eager", unit="ms a step",
                  scale=1e3)],
             [("ours", "eager", measure.within_relative(1e-4))]),
        # The warm-up writes the index.
        Part("16", "start-up with an index", index_words,
             [Row("16", "opening 1.3 million indexed files, process and all, beside one second",
                  "ours", "one second", at_most(1)),
              Row("16-image-folder", "the same, beside torchvision's ImageFolder", "ours",
                  "ImageFolder")],
             [("ours", "ImageFolder", measure.same_exactly)], rounds=5),
    ]


def chosen(text, known):
    """Parts by their ids or those of their rows, `2,14`; a number stands for all that begin with it."""
    if not text:
        return known
    found = []
    for word in text.replace(",", " ").split():
        members = [p for p in known
                   if p.id.rstrip("ab") == word or word in (p.id, *(row.id for row in p.rows))]
        if not members:
            raise SystemExit(f"there is no part {word}; known: {' '.join(p.id for p in known)}")
        found += [p for p in members if p not in found]
    return found
