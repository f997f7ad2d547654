"""How run.py talks with a side in Python: by the calls of a pipe; the Swift side's lines are those of
Speed/Conversation.swift."""

import os


def peak_memory():
    """`VmHWM` of this process in bytes, where the system tells it."""
    try:
        with open("/proc/self/status") as file:
            line = next(line for line in file if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    except (OSError, StopIteration):
        return 0


def serve(pipe, make):
    """Says ready once a repetition is made, then answers every "go" until the other end is closed.

    A repetition gives seconds, count and check.
    """
    # Libraries print what they like.
    os.dup2(2, 1)
    repetition = make()
    pipe.send({"ready": True})
    while True:
        try:
            pipe.recv()
        except EOFError:
            return
        seconds, count, check = repetition()
        pipe.send({"seconds": seconds, "count": count, "check": check, "peak": peak_memory()})
