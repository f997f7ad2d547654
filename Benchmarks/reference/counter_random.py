"""Sources/Basics/CounterRandom.swift in Python: the order of batches that both sides take."""

MASK = 2**64 - 1


class CounterRandom:
    def __init__(self, *key):
        self.state = 0x243F6A8885A308D3
        for part in key:
            self.state = self.mixed(((self.state + 0x9E3779B97F4A7C15) & MASK) ^ part)

    @staticmethod
    def mixed(z):
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        return self.mixed(self.state)

    def permutation(self, count):
        order = list(range(count))
        for last in range(count - 1, 0, -1):
            place = (self.next() * (last + 1)) >> 64
            order[last], order[place] = order[place], order[last]
        return order


def batches(count, size, seed, epoch):
    """The positions of each batch of an epoch, as `TrainingSet.order` gives them."""
    order = CounterRandom(1, seed, epoch).permutation(count)
    return [order[start:start + size] for start in range(0, count, size)]
