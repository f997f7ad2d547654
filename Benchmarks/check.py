"""Whether medians, noise, ratios and comparisons are what they should be: `make bench-check`."""

import json
import pathlib
import tempfile

import agreement
import measure
import parts
import report
import run
import settings
import table
from measure import Sample


def answers(*seconds, count=1, check=0, peak=0):
    return [{"seconds": s, "count": count, "check": check, "peak": peak} for s in seconds]


def check_samples():
    assert Sample([3, 1, 2]).median == 2
    assert Sample([1, 2, 3, 4, 5]).spread == 2 / 3  # quartiles 2 and 4 about a median of 3
    assert Sample([7]).spread == 0


def check_ratios():
    sides = {"ours": answers(2, 4, 6, count=2), "theirs": answers(9, 9, 9, count=3)}
    faster = table.Row("x", "", "ours", "theirs", table.at_least(1.5))
    assert faster.sample("ours", sides).median == 2
    assert faster.ratio(2, 3) == 1.5 and faster.is_met(1.5) and not faster.is_met(1.49)
    cheaper = table.Row("x", "", "ours", "theirs", table.at_most(1.02))
    assert cheaper.ratio(2, 4) == 0.5 and cheaper.is_met(1.02) and not cheaper.is_met(1.03)
    rate = table.Row("x", "", "ours", "theirs", table.at_least(0.9), quantity="rate")
    assert rate.sample("theirs", sides).median == 1 / 3
    assert rate.ratio(9, 10) == 0.9
    product = table.Row(
        "x", "", "ours", table.MACHINE, table.at_least(0.85), quantity="product", work=10)
    sides[table.MACHINE] = answers(1, check={"product": 8, "copy": 3})
    assert product.sample("ours", sides).median == 5
    assert product.sample(table.MACHINE, sides).median == 8
    assert product.ratio(4, 8) == 0.5
    told = table.Row("x", "", "ours", "theirs")
    assert told.ratio(2, 4) == 2 and told.is_met(2) is None


def check_derived():
    """What a penalty adds to an optimiser's step is added once for each step."""
    sides = {"full": answers(20, 30, count=2), "optimiser": answers(3, 6, count=3),
             "optimiser, l2": answers(6, 4.5, count=3)}
    assert [a["seconds"] for a in parts.penalised(sides)["full, l2"]] == [22, 29]


class Fixed:
    """A worker that gives one answer."""

    def __init__(self, seconds, check):
        self.answer, = answers(seconds, count=4, check=check, peak=5)

    def go(self):
        pass

    def read(self):
        return self.answer


def check_together():
    """Workers at the same time have done both works when the slower one is ready."""
    both = measure.Together(Fixed(2, "a"), Fixed(3, "a")).repeat()
    assert both == {"seconds": 3, "count": 8, "check": "a", "peak": 10}
    try:
        measure.Together(Fixed(2, "a"), Fixed(3, "b")).repeat()
        raise AssertionError("different results went unnoticed")
    except measure.Failure:
        pass


def echo(pipe, text):
    """A side that answers each call with what it was given, until told to stop."""
    pipe.send({"ready": True})
    while text != "stop":
        try:
            pipe.recv()
        except EOFError:
            return
        pipe.send({"check": text})


def check_processes():
    """A side in Python answers from a process of its own, forked or fresh; one that ends is a failure."""
    for is_fresh in (False, True):
        side = measure.Forked(echo, "same", is_fresh=is_fresh)
        side.wait()
        assert [side.repeat(), side.repeat()] == [{"check": "same"}] * 2
        side.close()
        side = measure.Forked(echo, "stop", is_fresh=is_fresh)
        side.wait()
        try:
            side.repeat()
            raise AssertionError("the end of a process went unnoticed")
        except measure.Failure as error:
            assert "stop in Python" in str(error)
        side.close()


def check_turns():
    """Sides take turns; warm-ups are left out, and a side may take part in fewer rounds."""
    notes = []
    sides = {name: measure.Given(seconds) for name, seconds in (("a", 1), ("b", 2))}
    found = measure.in_turn(sides, 3, 1, notes.append, {"b": 2})
    assert [len(found[name]) for name in "ab"] == [3, 2]
    assert [note.split(":")[0][-1] for note in notes] == list("abababa")
    assert "warm-up" in notes[1] and "round 1" in notes[2]


def check_points():
    """The loop's points are looked up among ours, and none may be missing."""
    ours = {"0": [0.5, 0.5], "0.5": [0.6, 0.7], "1": [0.4, 0.4]}
    assert agreement.same_points(ours, {"0.5": [0.6, 0.72]}) is None
    assert agreement.same_points(ours, {"0.5": [0.6, 0.75]})
    assert agreement.same_points(ours, {"0.25": [0.6, 0.7]})


def check_comparisons():
    assert agreement.same_exactly("a", "a") is None and agreement.same_exactly("a", "b")
    assert agreement.within_relative(1e-3)([1, 2], [1, 2.001]) is None
    assert agreement.within_relative(1e-3)([1, 2], [1, 2.01])
    assert agreement.within_relative(1e-3)([1], [1, 2])
    assert agreement.within_scale(1e-4)([0.0, 100.0], [0.009, 100.0]) is None
    assert agreement.within_scale(1e-4)([0.0, 100.0], [0.011, 100.0])
    assert agreement.within_absolute(0.1)({"a": 1}, {"a": 1.05}) is None
    assert agreement.within_absolute(0.1)({"a": 1}, {"b": 1})
    # What is not a number agrees with nothing.
    nan = float("nan")
    for compare in (agreement.within_relative, agreement.within_scale, agreement.within_absolute):
        assert compare(0.1)([nan, 1.0], [1.0, 1.0])
        assert compare(0.1)([1.0, nan], [1.0, nan])


def check_demo():
    """The demo's check sees a wrong accuracy, a wrong loss, and a method that is missing."""
    def run(accuracy=0.9, loss=0.5, method="full"):
        return {"accuracies": {method: {"real": accuracy}}, "losses": {method: [1.0, loss]}}

    assert agreement.same_comparison(run(), run(accuracy=0.901, loss=0.5002)) is None
    assert agreement.same_comparison(run(), run(accuracy=0.903))
    assert agreement.same_comparison(run(), run(loss=0.501))
    assert agreement.same_comparison(run(), run(method="l2"))
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "metrics.jsonl").write_text(
            '{"event": "stage", "text": "x"}\n'
            '{"event": "step", "method": "full", "loss": 1.0}\n'
            '{"event": "step", "method": "full", "loss": 0.5}\n')
        row = {"metric": "top1", "selected_on": None, "method": "full", "setting": {},
               "set": "real", "value": 0.9}
        rows = [row, row | {"metric": "top5"}, row | {"selected_on": "val"}]
        (folder / "results.jsonl").write_text("\n".join(map(json.dumps, rows)))
        assert agreement.comparison_of(folder)(None) == run()


def check_parts():
    known = parts.all_parts(settings.workers())
    ids = [row.id for part in known for row in part.rows]
    assert len(set(ids)) == len(ids)
    assert [part.id for part in table.chosen("1,4b", known)] == ["1a", "1b", "6"]
    assert [part.id for part in table.chosen("1a", known)] == ["1a"]
    assert [part.id for part in table.chosen("14,2-compiled,10", known)] == ["2", "10"]
    assert table.chosen("", known) == known


def check_instructions():
    """A run that is kept from newer instructions says so beside the processor's name."""
    assert run.machine(2, "avx2")["cpu"] == run.machine(2, None)["cpu"] + ", limited to avx2"


def check_report():
    part = table.Part("x", "", None, [table.Row("x", "row", "ours", "eager", table.at_least(2))])
    limits = {"product": 1e9, "copy": 1e9}
    line, = report.rows_of(part, {"ours": answers(1), "eager": answers(3)}, None, limits)
    assert (line["ratio"], line["met"], line["target"]) == (3, True, "≥ 2")
    failed, = report.rows_of(part, None, "it broke", limits)
    assert failed["met"] is False and failed["ratio"] is None and report.cells(failed)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "bench" / "results.json"
        report.write({"rows": [line | {"id": "b"}]}, path, ["a", "b"])
        results = {"rows": [line | {"id": "a"}]}
        report.write(results, path, ["a", "b"])
        assert [row["id"] for row in results["rows"]] == ["a", "b"]
        page = pathlib.Path(folder) / "performance.md"
        page.write_text(f"by hand\n{report.BEGIN}\nstale\n{report.END}\nafter\n")
        results |= {"machine": {"cpu": "a", "threads": 2, "commit": "c"}, "date": "d",
                    "versions": {"torch": "1"}, "limits": limits}
        for _ in range(2):  # the second time must change nothing
            report.document(results, page)
            text = page.read_text()
            assert text.startswith("by hand\n") and text.endswith("\nafter\n")
            assert "stale" not in text and text.count("| a | row |") == 1


if __name__ == "__main__":
    for check in (check_samples, check_ratios, check_derived, check_together, check_processes,
                  check_turns, check_points, check_comparisons, check_demo, check_parts,
                  check_instructions, check_report):
        check()
