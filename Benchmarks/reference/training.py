"""Training steps in plain PyTorch, eager or compiled, on tensors that are in memory."""

import copy
import itertools
import math
import time

import environment  # noqa: F401
import torch
import torch.nn.functional as F
from peft import PeftModel

from models import classifier
from pictures import tensors


def repetition(folder, settings):
    model = classifier(folder, settings["model"])
    images, labels = tensors(folder / "images" / settings["images"], model.image_size)
    step = stepper(folder, settings, model, images, labels)
    counts = itertools.chain([settings["warm"]], itertools.repeat(settings["steps"]))

    def run():
        count = next(counts)
        start = time.perf_counter()
        losses = [step() for _ in range(count)]
        return time.perf_counter() - start, count, losses

    return run


def stepper(folder, settings, model, images, labels):
    """A function that takes the next step and returns its loss."""
    method = settings["method"]
    teacher = copy.deepcopy(model).requires_grad_(False) if method == "kd" else None
    if method == "lora":
        adapter = folder / "adapters" / settings["model"]
        model.tower = PeftModel.from_pretrained(model.tower, adapter, is_trainable=True)
    parameters = [p for p in model.parameters() if p.requires_grad]
    start = [p.detach().clone() for p in parameters] if method == "l1" else None
    # On a CPU the fused kernel has to be asked for; with torch.compile, people ask.
    optimizer = torch.optim.AdamW(
        parameters, lr=settings["rate"], weight_decay=0.1, fused=settings["compiled"] or None)
    forward = torch.compile(model) if settings["compiled"] else model
    batches = torch.arange(len(images)).split(settings["batch"])
    done = 0

    def step():
        nonlocal done
        batch = batches[done % len(batches)]
        view = images[batch]
        features, logits = forward(view)
        loss = F.cross_entropy(logits, labels[batch])
        if method == "l1":
            moved = sum((p - p0).abs().sum() for p, p0 in zip(parameters, start))
            loss = loss + settings["strength"] * moved
        elif method == "kd":
            with torch.no_grad():
                target = teacher(view)[0]
            distance = (features - target).square().sum(dim=1).mean()
            loss = loss + settings["strength"] * distance
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        for group in optimizer.param_groups:
            factor = 0.5 * (1 + math.cos(math.pi * done / settings["schedule"]))
            group["lr"] = settings["rate"] * factor
        optimizer.step()
        done += 1
        return loss.item()

    return step
