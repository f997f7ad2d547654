"""Whether two sides computed the same thing: None if so, else what differs, in words."""

import json


def numbers(value):
    """All numbers of a check, in order."""
    if isinstance(value, dict):
        return [n for key in sorted(value) for n in numbers(value[key])]
    if isinstance(value, list):
        return [n for item in value for n in numbers(item)]
    return [float(value)]


def same_exactly(ours, theirs):
    """None where two checks are equal, else what differs."""
    return None if ours == theirs else f"{str(ours)[:80]} is not {str(theirs)[:80]}"


def within(bound, sizes):
    """Compares two checks number by number; `sizes` says what each difference is a part of."""
    def compare(ours, theirs):
        if isinstance(ours, dict) and ours.keys() != theirs.keys():
            return f"{sorted(ours.keys() ^ theirs.keys())} on one side only"
        a, b = numbers(ours), numbers(theirs)
        if len(a) != len(b):
            return f"{len(a)} numbers beside {len(b)}"
        parts = [abs(x - y) / size for x, y, size in zip(a, b, sizes(b))]
        # Asked this way, what is not a number is too far from anything.
        far = [part for part in parts if not part <= bound]
        return f"{len(far)} of {len(a)} differ, one by {far[0]:.2g} of {bound:g}" if far else None
    return compare


def within_relative(bound):
    """Every number within a part of its own size."""
    return within(bound, lambda b: [max(abs(y), 1e-12) for y in b])


def within_scale(bound):
    """Every number within a part of the largest one's size."""
    return within(bound, lambda b: [max(max(map(abs, b)), 1e-12)] * len(b))


def within_absolute(bound):
    """Every number within a bound."""
    return within(bound, lambda b: [1] * len(b))


LOSSES = within_relative(1e-3)
LOGITS = within_scale(1e-4)
# Both sides train on the same batches from the same start, so that only rounding tells them apart.
# An image whose two best logits are equal to rounding may fall either way.
ACCURACIES = within_absolute(0.002)


def probabilities(text):
    """What `predict --format json` or first_prediction.py says, by class."""
    found = json.loads(text)
    if isinstance(found, list):
        found = {p["class"]: p["probability"] for p in found[0]["predictions"]}
    return found


def same_comparison(ours, theirs):
    """That accuracies are the same to two images in a thousand, and every step's loss to 1e-3."""
    return (ACCURACIES(ours["accuracies"], theirs["accuracies"])
            or LOSSES(ours["losses"], theirs["losses"]))


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
    return within_absolute(0.032)(same, theirs)


def nothing_read(ours, _):
    """That the store opened no picture: only this process' own counters were read."""
    size = ours["file bytes"]
    return None if size < 1 << 16 else f"{size} bytes of files were read"
