"""Workers that answer in turn, and what is made of their answers."""

import json
import multiprocessing
import os
import statistics
import subprocess
import time


class Failure(Exception):
    """A worker stopped, or two sides computed different things."""


class Worker:
    """One side of a measurement: a process that stays, and repeats its work when told to."""

    def __init__(self, command, environment):
        self.command = command
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=os.environ | environment)

    def wait(self):
        """Waits until all that it needs is loaded, which takes Python seconds on one core: the sides
        of a part are all started before one is waited for."""
        self.read()

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            code = self.process.wait()
            raise Failure(f"{' '.join(map(str, self.command))} stopped with code {code}")
        return json.loads(line)

    def go(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def repeat(self):
        """One repetition's answer: seconds, count, check, peak."""
        self.go()
        return self.read()

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


class Forked:
    """The same in Python: a function that talks over a pipe, in a process of its own.

    It is forked from one that has imported what all sides need, which takes seconds, or begins afresh
    where its memory is measured.
    """

    PRELOADED = ["models", "pictures"]

    def __init__(self, work, *arguments, is_fresh=False):
        context = multiprocessing.get_context("spawn" if is_fresh else "forkserver")
        if not is_fresh:
            context.set_forkserver_preload(self.PRELOADED)
        self.name = f"{arguments[0]} in Python"
        self.pipe, end = context.Pipe()
        self.process = context.Process(target=work, args=(end, *arguments))
        self.process.start()
        end.close()

    def wait(self):
        self.read()

    def read(self):
        try:
            return self.pipe.recv()
        except (EOFError, ConnectionError):
            self.process.join()
            raise Failure(f"{self.name} stopped with code {self.process.exitcode}") from None

    def go(self):
        try:
            self.pipe.send("go")
        except ConnectionError:
            pass  # `read` says why.

    def repeat(self):
        self.go()
        return self.read()

    def close(self):
        self.pipe.close()
        self.process.join()


class Together:
    """Workers that do the same work at the same time: what they have done when the last is ready."""

    def __init__(self, *workers):
        self.workers = workers

    def wait(self):
        for worker in self.workers:
            worker.wait()

    def repeat(self):
        for worker in self.workers:
            worker.go()
        answers = [worker.read() for worker in self.workers]
        for answer in answers[1:]:
            if answer["check"] != answers[0]["check"]:
                raise Failure("two workers with the same work computed different things")
        return {"seconds": max(a["seconds"] for a in answers),
                "count": sum(a["count"] for a in answers), "check": answers[0]["check"],
                "peak": sum(a["peak"] for a in answers)}

    def close(self):
        for worker in self.workers:
            worker.close()


class Command:
    """A process that is started anew for every repetition, and timed as a whole."""

    def __init__(self, command, environment, check):
        self.command = command
        self.environment = environment
        self.check = check

    def wait(self):
        pass

    def repeat(self):
        start = time.perf_counter()
        done = subprocess.run(
            self.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=os.environ | self.environment)
        seconds = time.perf_counter() - start
        if done.returncode != 0:
            raise Failure(f"{' '.join(map(str, self.command))}:\n{done.stderr[-2000:]}")
        return {"seconds": seconds, "count": 1, "check": self.check(done.stdout), "peak": 0}

    def close(self):
        pass


class Given:
    """A time to stand beside, and no process."""

    def __init__(self, seconds):
        self.seconds = seconds

    def wait(self):
        pass

    def repeat(self):
        return {"seconds": self.seconds, "count": 1, "check": None, "peak": 0}

    def close(self):
        pass


def in_turn(sides, rounds, warm_ups, note, fewer):
    """Repeats the sides in turn, A B A B, and gives every side's answers, warm-ups left out.

    `fewer` names sides that take part in the first so many rounds only.
    """
    answers = {name: [] for name in sides}
    for number in range(1 - warm_ups, rounds + 1):
        for name, side in sides.items():
            if number > fewer.get(name, rounds):
                continue
            answer = side.repeat()
            kind = f"round {number}" if number > 0 else "warm-up"
            note(f"  {kind:8} {name}: {answer['seconds']:.4f} s")
            if number > 0:
                answers[name].append(answer)
    return answers


class Sample:
    """What one side's repetitions gave of one quantity."""

    def __init__(self, values):
        self.values = list(values)
        self.median = statistics.median(self.values)

    @property
    def spread(self):
        """The distance between quartiles, as a part of the median."""
        if len(self.values) < 2 or self.median == 0:
            return 0.0
        low, _, high = statistics.quantiles(self.values, n=4, method="inclusive")
        return (high - low) / self.median
