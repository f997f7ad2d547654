"""The α sweep as WiSE-FT's repository runs it: for each α a merged model that is loaded, saved and
evaluated on every set with fresh loaders, so that every picture is decoded once an α.

Kinder than the original: the training set is not listed for each evaluation set, and there are as
many loader processes as cores instead of 32.
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
    first, last, step = (float(text) for text in settings["alphas"].split(":"))
    alphas = [first + n * step for n in range(round((last - first) / step) + 1)]
    zero_shot = classifier(folder, settings["model"])
    tuned = classifier(folder, settings["tuned"])
    model = classifier(folder, settings["tuned"]).eval()

    def run():
        start = time.perf_counter()
        accuracies = []
        theta_0 = zero_shot.state_dict()
        theta_1 = tuned.state_dict()
        with tempfile.TemporaryDirectory(dir=folder) as saved:
            for alpha in alphas:
                theta = {key: (1 - alpha) * theta_0[key] + alpha * theta_1[key] for key in theta_0}
                model.load_state_dict(theta)
                torch.save(model.state_dict(), os.path.join(saved, f"wise_ft_alpha={alpha:.3f}.pt"))
                for name in settings["sets"]:
                    accuracies.append(evaluate(model, folder / "images" / name, settings["batch"]))
        return time.perf_counter() - start, 1, accuracies

    return run


def evaluate(model, root, batch_size):
    """Accuracy on a folder, as `evaluate.py` and `eval_single_dataset` of the repository have it."""
    dataset = ImageFolder(root, preprocess(model.image_size))
    loader = DataLoader(dataset, batch_size=batch_size, shuffle=False,
                        num_workers=torch.get_num_threads())
    correct = 0
    with torch.no_grad():
        for images, labels in loader:
            _, logits = model(images)
            predicted = logits.argmax(dim=1, keepdim=True)
            correct += predicted.eq(labels.view_as(predicted)).sum().item()
    return correct / len(dataset)
