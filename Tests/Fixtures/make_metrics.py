"""Makes metrics/: numbers of scikit-learn and NumPy that ours are held to.

    python make_metrics.py          # needs towers/ and training/images

`scores.json`: right and given classes of made-up answers with rare classes, and answers that are no
right class, with what scikit-learn makes of them. The macro F1 is that of WILDS' iWildCam
(`labels=unique(y_true)`). `interval` is a percentile bootstrap of 20,000 resamples.

`projection.safetensors` and `projection.json`: a head of 160 classes, of which 113 take 125 columns
as ObjectNet takes ImageNet's, on the tiny CLIP's features of the training images; for every image
the class with the highest of its columns, whether the right class is among the first five, and
whether the first of all 160 columns is one of its own.
"""

import pathlib

import numpy
import sklearn
import torch
from safetensors.torch import save_file
from sklearn.metrics import f1_score, recall_score, top_k_accuracy_score
from transformers import CLIPModel

from make_towers import TOWERS, write_json
from make_training import TRAINING, read_images, CLIPImageProcessorPil

HERE = pathlib.Path(__file__).parent
FOLDER = HERE / "metrics"
torch.set_num_threads(1)


def metrics(labels, predicted):
    present = numpy.unique(labels)
    shared = {"average": "macro", "labels": present, "zero_division": 0}
    return {"macro-f1": float(f1_score(labels, predicted, **shared)),
            "mean-per-class": float(recall_score(labels, predicted, **shared))}


def plain_metrics(labels, predicted, classes):
    """The same by counting, quick enough for a bootstrap."""
    hits = numpy.bincount(labels[labels == predicted], minlength=classes)
    support = numpy.bincount(labels, minlength=classes)
    given = numpy.bincount(predicted, minlength=classes)
    there = support > 0
    return {"macro-f1": (2 * hits[there] / (support + given)[there]).mean(),
            "mean-per-class": (hits[there] / support[there]).mean()}


def answers(random, count, classes, spare, right):
    """Labels of Zipf-like classes; of the answers about `right` are right, and `spare` further
    classes are never the right one."""
    weights = 1 / numpy.arange(1, classes + 1)
    labels = random.choice(classes, count, p=weights / weights.sum())
    predicted = numpy.where(random.random(count) < right, labels,
                            random.integers(0, classes + spare, count))
    return labels, predicted


def scores():
    random = numpy.random.default_rng(3)
    cases = []
    for count, classes, spare, right in [(12, 3, 0, 0.5), (400, 20, 3, 0.6), (700, 60, 0, 0.3)]:
        labels, predicted = answers(random, count, classes, spare, right)
        golden = metrics(labels, predicted)
        counted = plain_metrics(labels, predicted, classes + spare)
        assert all(abs(golden[name] - counted[name]) < 1e-12 for name in golden)
        drawn = [plain_metrics(labels[rows], predicted[rows], classes + spare)
                 for rows in (random.integers(0, count, count) for _ in range(20_000))]
        interval = {name: numpy.percentile([draw[name] for draw in drawn], [2.5, 97.5]).tolist()
                    for name in golden}
        cases.append({"labels": labels.tolist(), "predicted": predicted.tolist(), **golden,
                      "interval": interval})
    write_json(FOLDER / "scores.json", {
        "made_with": {"numpy": numpy.__version__, "scikit-learn": sklearn.__version__},
        "cases": cases})


def object_columns(random, columns, classes, several):
    """Classes with one column each, but for `several`, and no column twice."""
    sizes = numpy.ones(classes, dtype=int)
    sizes[random.choice(classes, len(several), replace=False)] = several
    order = random.permutation(columns)[: sizes.sum()]
    return [sorted(part.tolist()) for part in numpy.split(order, sizes.cumsum()[:-1])]


def projection():
    random = numpy.random.default_rng(5)
    model = CLIPModel.from_pretrained(TOWERS / "tiny-quickgelu").eval()
    processor = CLIPImageProcessorPil.from_pretrained(TOWERS / "tiny-quickgelu")
    pixels = torch.cat([read_images(split, processor)[0] for split in ("test", "train")])
    with torch.no_grad():
        features = model.visual_projection(model.vision_model(pixels).pooler_output)
    features = features / features.norm(dim=-1, keepdim=True)
    # The head sees what sets the images apart, for else all of them get one answer.
    weight = random.normal(size=(160, features.shape[1])).astype(numpy.float32) * 20
    bias = -weight @ features.mean(0).numpy()
    weight, bias = weight * 10, bias * 10
    logits = features.numpy() @ weight.T + bias
    # The sizes of ObjectNet's classes: six of two columns, three of three.
    columns = object_columns(random, 160, 113, [2] * 6 + [3] * 3)
    restricted = numpy.stack([logits[:, own].max(axis=1) for own in columns], axis=1)
    ranking = numpy.argsort(-restricted, axis=1)
    # A right class of every rank: the first, the fourth, the tenth, ….
    labels = numpy.array([ranking[row, [0, 3, 0, 9, 1][row % 5]] for row in range(len(logits))])
    in_top5 = [label in order[:5] for label, order in zip(labels.tolist(), ranking)]
    everyone = numpy.arange(113)
    assert numpy.isclose(numpy.mean(in_top5),
                         top_k_accuracy_score(labels, restricted, k=5, labels=everyone))
    of_all = [int(best) in columns[label]
              for best, label in zip(logits.argmax(axis=1), labels.tolist())]
    top = numpy.sort(restricted, axis=1)
    gaps = [(top[:, -1] - top[:, -2]).min(), (top[:, -5] - top[:, -6]).min()]
    assert min(gaps) > 1e-3, gaps  # a tie would be decided by rounding
    save_file({"weight": torch.from_numpy(weight), "bias": torch.from_numpy(bias)},
              FOLDER / "projection.safetensors")
    write_json(FOLDER / "projection.json", {
        "made_with": {"numpy": numpy.__version__, "torch": torch.__version__},
        "columns": columns, "labels": labels.tolist(),
        "predicted": restricted.argmax(axis=1).tolist(), "in_top5": in_top5, "of_all": of_all})


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    scores()
    projection()
