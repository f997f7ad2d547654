"""The α sweep as WiSE-FT's repository runs it: for each α a merged model that is loaded, saved and
evaluated on every set, so that every picture is decoded once an α. Each α costs it the same, so that
one or a few of them will do.

Kinder than the original: loaders and their processes stay, where the original starts 32 anew for
each set and α (which would weigh more on sets as small as these than on true ones), and the
training set is not listed for each evaluation set.
"""

import os
import tempfile
import time

import environment  # noqa: F401
import torch
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder

from models import classifier
from pictures import preprocess


def repetition(folder, settings):
    zero_shot = classifier(folder, settings["model"])
    tuned = classifier(folder, settings["tuned"])
    model = classifier(folder, settings["tuned"]).eval()
    transform = preprocess(model.image_size)
    loaders = [
        DataLoader(ImageFolder(folder / "images" / name, transform), shuffle=False,
                   batch_size=settings["batch"], num_workers=torch.get_num_threads(),
                   persistent_workers=True, multiprocessing_context="fork")
        for name in settings["sets"]]

    def run():
        start = time.perf_counter()
        accuracies = {}
        theta_0 = zero_shot.state_dict()
        theta_1 = tuned.state_dict()
        with tempfile.TemporaryDirectory(dir=folder) as saved:
            for alpha in settings["sample"]:
                theta = {key: (1 - alpha) * theta_0[key] + alpha * theta_1[key] for key in theta_0}
                model.load_state_dict(theta)
                torch.save(model.state_dict(), os.path.join(saved, f"wise_ft_alpha={alpha:.3f}.pt"))
                accuracies[f"{alpha:g}"] = [evaluate(model, loader) for loader in loaders]
        return time.perf_counter() - start, len(accuracies), accuracies

    return run


def evaluate(model, loader):
    """Accuracy on a set, as `eval_single_dataset` of the repository has it."""
    correct = 0
    with torch.no_grad():
        for images, labels in loader:
            _, logits = model(images)
            predicted = logits.argmax(dim=1, keepdim=True)
            correct += predicted.eq(labels.view_as(predicted)).sum().item()
    return correct / len(loader.dataset)
