"""An optimiser step with clipping, an L2 penalty to the start and an average, in plain PyTorch."""

import time

import torch

from models import classifier


def repetition(folder, settings):
    model = classifier(folder, settings["model"])
    parameters = list(model.parameters())
    start = [p.detach().clone() for p in parameters]
    average = [p.detach().clone() for p in parameters]
    gradients = [settings["gradient"] * p.detach() for p in parameters]
    optimizer = torch.optim.AdamW(parameters, lr=settings["rate"], weight_decay=0.1)

    def step():
        for p, gradient in zip(parameters, gradients):
            p.grad = gradient.clone()
        begin = time.perf_counter()
        with torch.no_grad():
            penalty = torch.zeros(())
            for p, p0 in zip(parameters, start):
                moved = p - p0
                penalty += settings["strength"] / 2 * moved.square().sum()
                p.grad.add_(moved, alpha=settings["strength"])
            norm = torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            torch._foreach_lerp_(average, parameters, 1 - settings["average"])
        return time.perf_counter() - begin, norm.item(), penalty.item()

    def run():
        seconds, norms = 0.0, []
        for _ in range(settings["steps"]):
            duration, *values = step()
            seconds += duration
            norms += values
        norms += [length(average), length(parameters)]
        return seconds, settings["steps"], norms

    return run


def length(tensors):
    """Of all together, summed in float64; in pieces, so that their copies stay in the cache."""
    pieces = (piece for t in tensors for piece in t.detach().flatten().split(1 << 20))
    return sum(piece.double().square().sum().item() for piece in pieces) ** 0.5
