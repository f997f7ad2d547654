"""The lines that a worker and run.py exchange; the Swift side is Speed/Conversation.swift."""

import json
import os
import sys

# Libraries print what they like; only answers go to where run.py reads.
_out = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def peak_memory():
    """`VmHWM` of this process in bytes, where the system tells it."""
    try:
        with open("/proc/self/status") as file:
            line = next(line for line in file if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    except (OSError, StopIteration):
        return 0


def write(members):
    _out.write(json.dumps(members) + "\n")
    _out.flush()


def serve(repetition):
    """Says ready, then answers every line `go`; `repetition` gives seconds, count and check."""
    write({"ready": True})
    for line in sys.stdin:
        if line.strip() == "go":
            seconds, count, check = repetition()
            write({"seconds": seconds, "count": count, "check": check, "peak": peak_memory()})
