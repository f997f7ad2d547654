"""What the table of parts is made of: sides, rows with their ratios, and parts that take turns."""

import dataclasses
import pathlib
import sys
from typing import Callable, Optional

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


def step_operations(images, forward):
    """Backward is twice the forward pass (a little less: pixels need no gradient)."""
    return 3 * images * forward


def of_products(operations):
    """The part of the measured matrix product rate that so many operations a unit need."""
    return lambda seconds, limits: operations / seconds / limits["product"]


def of_copies(size):
    return lambda seconds, limits: size / seconds / limits["copy"]
