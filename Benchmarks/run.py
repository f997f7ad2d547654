"""Runs holdfast and its references in turn, and prints and saves the ratios: `make bench`.

    python Benchmarks/run.py [--parts 2,6] [--rounds 5] [--instructions avx2] [--quick] [--list]
        [--work FOLDER]

Each side of a part is a process that stays; they take turns, A B A B, so that what else the machine
does meets both. Medians are compared, and what both sides computed must agree. `--quick` shows in
a few minutes that every part works; its numbers mean nothing, and are not saved with the others.
`--instructions avx2` keeps all sides from newer instructions, as a processor without them would: its
numbers are saved apart, and the page is left alone.
"""

import argparse
import datetime
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import time
from importlib.metadata import version

import measure
import report
import settings
import table
from parts import all_parts

ROOT = pathlib.Path(__file__).resolve().parent.parent
PACKAGES = ["torch", "torchvision", "transformers", "peft", "open_clip_torch", "timm", "pillow",
            "numpy"]
# What keeps MKL, oneDNN and libtorch's operators from newer instructions than these. The code that
# torch.compile makes and holdfast's operators follow the last.
LIMITED = {"avx2": {"MKL_ENABLE_INSTRUCTIONS": "AVX2", "ONEDNN_MAX_CPU_ISA": "AVX2",
                    "ATEN_CPU_CAPABILITY": "avx2"}}


def note(text):
    print(text, file=sys.stderr, flush=True)


def origin(script, mini):
    """A digest of all that decides what both sides read."""
    files = [script, table.HERE / "settings.py", *sorted(p for p in mini.rglob("*") if p.is_file())]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def prepare(context):
    """Everything both sides read, once; what is there stays, unless it would be made otherwise."""
    mini = ROOT / "Sources" / "FeatureProtection" / "MiniCLIP"
    script = table.HERE / "reference" / "prepare.py"
    environment = os.environ | context.environment
    stamp, key = context.folder / "prepared", origin(script, mini)
    made = [context.folder / name for name in ("models", "heads", "adapters", "images")]
    is_current = stamp.exists() and stamp.read_text() == key
    if not (is_current and all(path.exists() for path in [*made, context.folder / "tree"])):
        for path in [] if is_current else made:
            shutil.rmtree(path, ignore_errors=True)
        subprocess.run(
            [context.python, script, context.folder, mini,
             *(["--quick"] if context.is_quick else [])],
            env=environment, check=True)
        stamp.write_text(key)
    # The demo's pictures are rendered once for both sides, and LoRA starts from the factors that
    # holdfast draws for seed 0: those of a run without steps.
    subprocess.run(
        [context.holdfast, "train", "--model", "builtin:mini", "--data",
         "builtin:minidomains/real", "--method", "lora", "--set", "lora.rank=4", "--set",
         "lora.alpha=8", "--steps", "0", "--no-check", "--quiet", "--out",
         context.folder / "demo-start"],
        env=environment, stdout=subprocess.DEVNULL, check=True)


def limits(context):
    """The machine's rates: matrix products and copies."""
    worker = context.ours("roofline")()
    try:
        worker.wait()
        return worker.repeat()["check"]
    finally:
        worker.close()


def run(part, context, rounds):
    """Answers of all sides, by side."""
    rounds = 1 if context.is_quick else part.rounds or rounds
    sides = {}
    try:
        for name, make in part.sides(context).items():
            sides[name] = make()
        for side in sides.values():
            side.wait()
        answers = measure.in_turn(sides, rounds, part.warm_ups, note, part.fewer)
        return answers | part.derived(answers)
    finally:
        for side in sides.values():
            side.close()


def disagreement(part, answers):
    """The first pair of sides that computed different things, in words; or None."""
    for ours, theirs, compare in part.checks:
        for number, (a, b) in enumerate(zip(answers[ours], answers[theirs])):
            problem = compare(a["check"], b["check"])
            if problem is not None:
                return f"{ours} and {theirs}, round {number + 1}: {problem}"
    return None


def machine(threads, instructions):
    name = "unknown processor"
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo") as file:
            lines = [line for line in file if line.startswith("model name")]
        names = [line.split(":", 1)[1].strip() for line in lines]
        name = f"{names[0]} × {len(names)}" if names else name
    if instructions is not None:
        name += f", limited to {instructions}"
    commit = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"],
                            capture_output=True, text=True).stdout.strip() or "unknown"
    return {"cpu": name, "threads": threads, "commit": commit,
            "load": [round(load, 2) for load in os.getloadavg()]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parts", default="", help="ids, such as 2,6; all by default")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--instructions", choices=LIMITED, help="none newer, on any side")
    parser.add_argument("--quick", action="store_true", help="little work, to try every part")
    parser.add_argument("--list", action="store_true", help="the parts and their rows")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--work", type=pathlib.Path, help="for inputs (default: .cache/bench)")
    options = parser.parse_args()
    if options.list:
        for part in all_parts(settings.workers()):
            print(f"{part.id:4} {part.title}")
            for row in part.rows:
                target = "" if row.target is None else f"{row.target[0]} {row.target[1]:g}"
                print(f"       {row.id:12} {row.name:75} {target}")
        return 0

    name = "bench-quick" if options.quick else "bench"
    folder = (options.work or ROOT / ".cache" / name).absolute()
    threads = str(options.threads)
    suffix = f"-{options.instructions}" if options.instructions else ""
    context = table.Context(
        python=sys.executable, folder=folder, speed=ROOT / ".build" / "release" / "Speed",
        holdfast=ROOT / "bin" / "holdfast", is_quick=options.quick,
        environment={
            "OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads, "GOMP_SPINCOUNT": "10000",
            "TORCHINDUCTOR_CACHE_DIR": str(folder / f"inductor{suffix}"),
            # No repetition may find the pixels that an earlier one decoded.
            "HOLDFAST_CACHE": str(folder / "pictures"), "HOLDFAST_PIXEL_STORE_LIMIT": "0",
            **LIMITED.get(options.instructions, {})})
    # For sides in Python, whose common ancestor looks for modules here only.
    os.environ.update(context.environment, PYTHONPATH=str(table.HERE / "reference"))
    start = time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    known = all_parts(settings.write(folder, options.quick))
    chosen = table.chosen(options.parts, known)
    prepare(context)
    first = limits(context)
    measured = []
    for part in chosen:
        note(f"{part.id}: {part.title}, after {(time.monotonic() - start) / 60:.1f} minutes")
        answers, failure = None, None
        try:
            answers = run(part, context, options.rounds)
            failure = disagreement(part, answers)
        except measure.Failure as error:
            failure = str(error)
        if failure is not None:
            note(f"  failed: {failure}")
        measured.append((part, answers, failure))
    last = limits(context)
    best = {key: max(first[key], last[key]) for key in first}

    results = {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": machine(options.threads, options.instructions),
        "versions": {p: version(p) for p in PACKAGES},
        "limits": best, "limits at start and end": [first, last],
        "rows": [line for part, answers, failure in measured
                 for line in report.rows_of(part, answers, failure, best)]}
    print(report.plain(results), end="")
    order = [row.id for part in known for row in part.rows]
    place = folder if options.quick else ROOT / "bench"
    report.write(results, place / f"results{suffix}.json", order)
    if not options.quick and not suffix:
        report.document(results, ROOT / "docs" / "performance.md")
    note(f"{(time.monotonic() - start) / 60:.1f} minutes")
    return 1 if any(failure for _, _, failure in measured) else 0


if __name__ == "__main__":
    sys.exit(main())
