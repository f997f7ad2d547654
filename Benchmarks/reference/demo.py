"""The comparison of `make demo` in plain PyTorch, one seed: the same table from the same files.

    python demo.py MINI PICTURES ADAPTER [--seed N] [--epochs N]

MINI is the embedded model's folder, PICTURES the rendered MiniDomains, ADAPTER the factors that LoRA
starts from. The 32 x 32 pictures are read once and stay in memory as tensors, which is kinder than a
loader that decodes them each epoch. Batches come in holdfast's order: with another, accuracies would
differ by as much as those of two seeds do. Prints as JSON the accuracy of every method on every set,
and each step's loss.
"""

import argparse
import copy
import json
import math
import pathlib

import environment  # noqa: F401
import torch
import torch.nn.functional as F
from peft import PeftModel
from torch import nn
from transformers import CLIPModel, CLIPTokenizer

from counter_random import batches
from pictures import preprocess, read

BATCH, EPOCHS, WARMUP, DECAY = 64, 8, 13, 1e-2
RATE, HEAD_RATE, LORA_RATE = 1e-3, 1e-2, 6e-3
L1, L2, KD = 1e-4, 0.03, 3.0
ALPHAS = [n / 10 for n in range(11)]
DOMAINS = ["clipart", "infograph", "painting", "quickdraw", "sketch"]


class Classifier(nn.Module):
    """CLIP's image features, of length one, and a linear head."""

    def __init__(self, clip, head):
        super().__init__()
        self.vision_model = clip.vision_model
        self.visual_projection = clip.visual_projection
        self.head = nn.Linear(head.shape[1], head.shape[0])
        self.head.weight.data.copy_(head)
        self.head.bias.data.zero_()

    def features(self, images):
        return F.normalize(self.visual_projection(self.vision_model(images).pooler_output), dim=-1)

    def forward(self, images):
        features = self.features(images)
        return features, self.head(features)


def read_set(root, domain, split, size):
    """All pictures of a list as one tensor, and their labels."""
    transform = preprocess(size)
    lines = (root / f"{domain}_{split}.txt").read_text().splitlines()
    rows = [line.rsplit(" ", 1) for line in lines]
    images = torch.stack([transform(read(root / path)) for path, _ in rows])
    names = {int(label): path.split("/")[1].replace("_", " ") for path, label in rows}
    return images, torch.tensor([int(label) for _, label in rows]), names


@torch.no_grad()
def zero_shot_head(clip, folder, names):
    tokenizer = CLIPTokenizer.from_pretrained(folder)
    prompts = (folder / "prompts.txt").read_text().splitlines()
    rows = []
    for label in sorted(names):
        texts = [prompt.replace("{}", names[label]) for prompt in prompts]
        tokens = tokenizer(texts, padding="max_length", max_length=16, return_tensors="pt")
        embeddings = F.normalize(clip.get_text_features(tokens["input_ids"]).pooler_output, dim=-1)
        rows.append(F.normalize(embeddings.mean(dim=0), dim=-1))
    return torch.stack(rows) * clip.logit_scale.exp()


@torch.no_grad()
def accuracy(model, images, labels):
    hits = 0
    for batch, target in zip(images.split(250), labels.split(250)):
        hits += (model(batch)[1].argmax(dim=1) == target).sum().item()
    return hits / len(labels)


def train(method, reference, images, labels, adapter, seed, epochs):
    """Fine-tunes a copy of the reference; with it, the loss of each step."""
    model, rate = copy.deepcopy(reference), RATE
    if method == "linear-probe":
        for p in [*model.vision_model.parameters(), *model.visual_projection.parameters()]:
            p.requires_grad = False
        with torch.no_grad():
            images = model.features(images)
    if method == "lora":
        rate = LORA_RATE
        model = PeftModel.from_pretrained(model, adapter, is_trainable=True)
        model.base_model.model.head.requires_grad_(True)
    named = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    groups = [{"params": [p for n, p in named if "head" not in n], "peak": rate},
              {"params": [p for n, p in named if "head" in n], "peak": HEAD_RATE}]
    optimizer = torch.optim.AdamW(
        [g for g in groups if g["params"]], lr=0.0, weight_decay=DECAY)
    parameters = [p for _, p in named]
    start = [p.detach().clone() for p in parameters]
    steps = epochs * math.ceil(len(images) / BATCH)
    losses = []
    for epoch in range(epochs):
        for batch in batches(len(images), BATCH, seed, epoch):
            view = images[batch]
            features, logits = (
                (view, model.head(view)) if method == "linear-probe" else model(view))
            loss = F.cross_entropy(logits, labels[batch])
            if method == "l1":
                loss = loss + L1 * sum((p - q).abs().sum() for p, q in zip(parameters, start))
            if method == "l2":
                loss = loss + L2 / 2 * sum(
                    (p - q).square().sum() for p, q in zip(parameters, start))
            if method == "kd":
                with torch.no_grad():
                    target = reference.features(view)
                loss = loss + KD * (features - target).square().sum(dim=1).mean()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, 1.0)
            step = len(losses)
            factor = ((step + 1) / WARMUP if step < WARMUP else
                      0.5 * (1 + math.cos(math.pi * (step - WARMUP) / (steps - WARMUP))))
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * factor
            optimizer.step()
            losses.append(loss.item())
    return model, losses


def interpolate(model, reference, tuned, alpha):
    start, end = reference.state_dict(), tuned.state_dict()
    model.load_state_dict({n: (1 - alpha) * start[n] + alpha * end[n] for n in start})
    return model


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mini", type=pathlib.Path)
    parser.add_argument("pictures", type=pathlib.Path)
    parser.add_argument("adapter", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    options = parser.parse_args()
    torch.manual_seed(options.seed)

    clip = CLIPModel.from_pretrained(options.mini).eval()
    size = clip.config.vision_config.image_size
    images, labels, names = read_set(options.pictures, "real", "train", size)
    sets = {"minidomains/real#val": read_set(options.pictures, "real", "val", size)}
    for domain in ["real", *DOMAINS]:
        sets[f"minidomains/{domain}"] = read_set(options.pictures, domain, "test", size)
    reference = Classifier(clip, zero_shot_head(clip, options.mini, names)).requires_grad_(True)

    table, losses = {}, {}

    def score(name, model):
        table[name] = {key: accuracy(model, *data[:2]) for key, data in sets.items()}

    score("zero-shot", reference)
    for method in ("linear-probe", "full", "l1", "l2", "kd", "lora"):
        tuned, losses[method] = train(
            method, reference, images, labels, options.adapter, options.seed, options.epochs)
        score(method, tuned)
        if method == "full":
            full = tuned
    point = copy.deepcopy(reference)
    for alpha in ALPHAS:
        score(f"wise-ft {alpha:g}", interpolate(point, reference, full, alpha))
    print(json.dumps({"accuracies": table, "losses": losses}))


if __name__ == "__main__":
    main()
