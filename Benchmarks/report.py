"""What a run leaves behind: the table on the screen, results.json, and docs/performance.md."""

import json
import pathlib

BEGIN = "<!-- make bench writes from here -->"
END = "<!-- to here -->"


def rows_of(part, answers, failure, limits):
    """The lines of a part, as results.json has them."""
    found = []
    for row in part.rows:
        line = {"id": row.id, "name": row.name, "ours": None, "reference": None, "unit": row.unit,
                "ratio": None, "target": None, "met": None, "roofline": None,
                "against": row.reference, "part": part.id}
        if row.target is not None:
            line["target"] = f"{row.target[0]} {row.target[1]:g}"
        if failure is None:
            ours = row.sample(row.ours, answers)
            reference = row.sample(row.reference, answers)
            ratio = row.ratio(ours.median, reference.median)
            line |= {
                "ours": ours.median, "reference": reference.median, "ratio": ratio,
                "met": row.is_met(ratio), "rounds": len(ours.values),
                "noise": {"ours": ours.spread, "reference": reference.spread}}
            if row.roofline is not None:
                line["roofline"] = row.roofline(ours.median / row.scale, limits)
        else:
            line |= {"met": None if row.target is None else False, "failure": failure}
        found.append(line)
    return found


def number(value):
    """Three digits that count."""
    if value is None:
        return "–"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f"{value:.{digits}f}"


def cells(line):
    noise = line.get("noise", {})

    def with_noise(side):
        spread = noise.get(side)
        return number(line[side]) + (f" ± {50 * spread:.1f} %" if spread else "")

    met = {True: "yes", False: "no", None: ""}[line["met"]]
    if "failure" in line:
        met = "failed"
    roofline = "" if line["roofline"] is None else f"{100 * line['roofline']:.0f} %"
    return [line["id"], line["name"], with_noise("ours"), with_noise("reference"), line["unit"],
            number(line["ratio"]), line["target"] or "", met, roofline]


HEADER = ["id", "what", "ours", "reference", "unit", "ratio", "target", "met", "of the roofline"]


def markdown(results):
    """The table with the machine above it."""
    machine, limits = results["machine"], results["limits"]
    text = [
        f"{machine['cpu']}, {machine['threads']} threads; {results['date']}; "
        f"holdfast {machine['commit']}; "
        + ", ".join(f"{name} {version}" for name, version in results["versions"].items()) + ".",
        "",
        f"Rooflines in this run: {limits['product'] / 1e9:.0f} GFLOP/s in single-precision matrix "
        f"products, {limits['copy'] / 1e9:.1f} GB/s in copies (read and written).",
        "",
        "| " + " | ".join(HEADER) + " |",
        "| " + " | ".join(["---"] * 2 + ["--:"] * 2 + ["---"] + ["--:"] * 4) + " |"]
    text += ["| " + " | ".join(cells(line)) + " |" for line in results["rows"]]
    return "\n".join(text) + "\n"


def plain(results):
    """The same table for a terminal."""
    table = [HEADER, *(cells(line) for line in results["rows"])]
    widths = [max(len(row[column]) for row in table) for column in range(len(HEADER))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
        for row in table) + "\n"


def write(results, path, order):
    """Writes results.json; lines of parts that were not run this time stay as they were."""
    if path.exists():
        fresh = {line["id"] for line in results["rows"]}
        old = json.loads(path.read_text()).get("rows", [])
        results["rows"] += [line for line in old if line["id"] not in fresh]
    places = {id: place for place, id in enumerate(order)}
    results["rows"] = sorted(
        (line for line in results["rows"] if line["id"] in places),
        key=lambda line: places[line["id"]])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")


def document(results, path: pathlib.Path):
    """Puts the table between the marks of docs/performance.md; what people wrote stays."""
    text = path.read_text()
    start, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    path.write_text(f"{text[:start]}\n\n{markdown(results)}\n{text[end:]}")
