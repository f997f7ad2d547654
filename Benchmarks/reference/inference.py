"""Logits of one batch with transformers' tower."""

import time

from models import classifier, no_grad_logits
from pictures import tensors


def repetition(folder, settings):
    model = classifier(folder, settings["model"]).eval()
    images, _ = tensors(folder / "images" / settings["images"], model.image_size)

    def run():
        start = time.perf_counter()
        logits = no_grad_logits(model, images)
        return time.perf_counter() - start, len(images), logits.flatten().tolist()

    return run
