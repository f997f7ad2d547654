"""Golden values for the statistics of the reports. Needs scipy.

    python3 Tests/Fixtures/reporting/make_statistics.py
"""
import json
import platform
from pathlib import Path

import scipy
from scipy.stats import binomtest, t

degrees = [1, 2, 3, 4, 9, 29, 1000]
quantiles = [(0.975, d) for d in degrees] + [(0.95, 5), (0.995, 2), (0.6, 7), (0.025, 4), (0.5, 3)]
wilson = [(50, 100), (20, 20), (0, 7), (631, 1000)]


def interval(successes, count):
    ci = binomtest(successes, count).proportion_ci(method="wilson")
    return [float(ci.low), float(ci.high)]


golden = {
    "made_with": {"python": platform.python_version(), "scipy": scipy.__version__},
    "student": [{"p": p, "df": d, "t": float(t.ppf(p, d))} for p, d in quantiles],
    "wilson": [{"k": k, "n": n, "ci": interval(k, n)} for k, n in wilson],
}
path = Path(__file__).with_name("statistics.json")
path.write_text(json.dumps(golden, indent=1) + "\n")
