"""Makes training/: twenty steps of each method in plain PyTorch, for ours to retrace.

    python make_training.py          # every case, in float32 and float64 (about a minute)

The start is towers/tiny-quickgelu, so run make_towers.py first.
"""

import copy
import math
import pathlib
import shutil

import numpy
import torch
import torch.nn.functional as F
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
from PIL import Image
from safetensors.torch import save_file
from torch import nn
from transformers import CLIPImageProcessorPil, CLIPModel, CLIPTokenizer

from golden import write_json
from make_towers import TOWERS, contiguous, write_versions

HERE = pathlib.Path(__file__).parent
TRAINING = HERE / "training"
START = TOWERS / "tiny-quickgelu"
torch.set_num_threads(1)

SHARED = {"steps": 20, "batch-size": 8, "warmup-steps": 5, "lr": 1e-3, "head-lr": 1e-2,
          "weight-decay": 0.1, "betas": [0.9, 0.999], "eps": 1e-8, "clip-norm": 1.0,
          "label-smoothing": 0.0}
CASES = {
    "full": {"method": "full"},
    "full-smoothing": {"method": "full", "label-smoothing": 0.1, "head-lr": 1e-3},
    "l1": {"method": "l1", "l1.strength": 1e-3},
    "l2": {"method": "l2", "l2.strength": 0.3},
    "kd-probabilities": {"method": "kd", "kd.on": "probabilities", "kd.strength": 1.0,
                         "kd.temperature": 2.0},
    "kd-logits": {"method": "kd", "kd.on": "logits", "kd.strength": 0.1},
    "kd-features": {"method": "kd", "kd.on": "features", "kd.strength": 5.0},
    "linear-probe": {"method": "linear-probe", "lr": 1e-2},
    "lora": {"method": "lora", "lr": 3e-3, "lora.rank": 4, "lora.alpha": 8},
}


# -- Data -----------------------------------------------------------------------------------------

CLASSES = ["maple_leaf", "owl", "red_kite"]
COUNTS = {"train": [9, 10, 7], "test": [3, 3, 3]}
PROMPTS = ["a photo of a {}.", "a drawing of the {}.", "{} in the wild"]


def draw_images():
    """Noise over a pattern of the class: learnable within 20 steps, yet not at once."""
    shutil.rmtree(TRAINING / "images", ignore_errors=True)
    random = numpy.random.default_rng(1)
    patterns = random.uniform(0, 255, (len(CLASSES), 8, 8, 3))
    for split, counts in COUNTS.items():
        for name, pattern, count in zip(CLASSES, patterns, counts):
            folder = TRAINING / "images" / split / name
            folder.mkdir(parents=True)
            for n in range(count):
                noise = random.uniform(0, 255, (8, 8, 3))
                coarse = (0.35 * pattern + 0.65 * noise).repeat(4, axis=0).repeat(4, axis=1)
                pixels = coarse + random.normal(0, 12, coarse.shape)
                pixels = pixels.clip(0, 255).round().astype(numpy.uint8)
                Image.fromarray(pixels).save(folder / f"{n:02}.png", optimize=True)


def read_images(split, processor):
    """Pixels and labels, files in byte order of their paths."""
    paths = sorted((TRAINING / "images" / split).glob("*/*.png"), key=lambda p: str(p).encode())
    mean = torch.tensor(processor.image_mean).view(3, 1, 1)
    std = torch.tensor(processor.image_std).view(3, 1, 1)
    images = []
    for path in paths:
        pixels = numpy.asarray(Image.open(path).convert("RGB"))  # 32 x 32: nothing to resize
        image = torch.from_numpy(pixels.copy()).permute(2, 0, 1).float() / 255
        images.append((image - mean) / std)
    labels = [CLASSES.index(path.parent.name) for path in paths]
    return torch.stack(images), torch.tensor(labels)


# -- Model ----------------------------------------------------------------------------------------


class Classifier(nn.Module):
    """CLIP's image features, of length one, and a linear head; names as in the checkpoint."""

    def __init__(self, clip, head):
        super().__init__()
        self.vision_model = clip.vision_model
        self.visual_projection = clip.visual_projection
        self.classification_head = nn.Linear(head.shape[1], head.shape[0])
        self.classification_head.weight.data.copy_(head)
        self.classification_head.bias.data.zero_()

    def features(self, images):
        return F.normalize(self.visual_projection(self.vision_model(images).pooler_output), dim=-1)

    def forward(self, images):
        features = self.features(images)
        return features, self.classification_head(features)


@torch.no_grad()
def zero_shot_head(clip, tokenizer):
    rows = []
    for name in CLASSES:
        texts = [prompt.format(name.replace("_", " ")) for prompt in PROMPTS]
        tokens = tokenizer(texts, padding="max_length", return_tensors="pt")["input_ids"]
        assert tokens.shape[1] == 16
        embeddings = F.normalize(clip.get_text_features(tokens).pooler_output, dim=-1)
        rows.append(F.normalize(embeddings.mean(dim=0), dim=-1))
    return torch.stack(rows) * clip.logit_scale.exp()


def add_lora(clip, case):
    """PEFT's LoRA on every linear layer of the vision tower, B random so that it counts at once."""
    layers = "q_proj|k_proj|v_proj|out_proj|fc1|fc2"
    config = LoraConfig(
        r=case["lora.rank"], lora_alpha=case["lora.alpha"], lora_dropout=0.0, bias="none",
        target_modules=rf"vision_model\..*\.({layers})", base_model_name_or_path=START.name)
    adapted = get_peft_model(clip, config)
    generator = torch.Generator().manual_seed(3)
    for name, tensor in adapted.named_parameters():
        if "lora_" in name:
            spread = 0.05 if "lora_B" in name else tensor.shape[1] ** -0.5
            tensor.data.copy_(spread * torch.randn(tensor.shape, generator=generator))
    adapted.peft_config["default"].base_model_name_or_path = START.name
    return adapted


# -- Training -------------------------------------------------------------------------------------


def learning_rate(step, peak, case):
    warmup, steps = case["warmup-steps"], case["steps"]
    if step < warmup:
        return peak * (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup))) * peak


def protection(case, model, start, teacher, images, features, logits):
    """What the method adds to the cross-entropy."""
    trained = [(p, start[n]) for n, p in model.named_parameters() if p.requires_grad]
    if case["method"] == "l1":
        return case["l1.strength"] * sum((p - p0).abs().sum() for p, p0 in trained)
    if case["method"] == "l2":
        return case["l2.strength"] / 2 * sum((p - p0).square().sum() for p, p0 in trained)
    if case["method"] != "kd":
        return logits.new_zeros(())
    with torch.no_grad():
        teacher_features, teacher_logits = teacher(images)
    if case["kd.on"] == "probabilities":
        t = case["kd.temperature"]
        divergence = F.kl_div(F.log_softmax(logits / t, dim=1),
                              F.softmax(teacher_logits / t, dim=1), reduction="batchmean")
        return case["kd.strength"] * t * t * divergence
    ours, theirs = {"logits": (logits, teacher_logits),
                    "features": (features, teacher_features)}[case["kd.on"]]
    return case["kd.strength"] * (ours - theirs).square().sum(dim=1).mean()


def train(case, dtype):
    """Runs one case; returns its history, its trained tensors and where these started."""
    clip = CLIPModel.from_pretrained(START, attn_implementation="eager").eval()
    tokenizer = CLIPTokenizer.from_pretrained(START)
    processor = CLIPImageProcessorPil.from_pretrained(START)
    images, labels = read_images("train", processor)
    test_images, test_labels = read_images("test", processor)
    head = zero_shot_head(clip, tokenizer)
    teacher = Classifier(copy.deepcopy(clip), head).to(dtype)
    adapted = add_lora(clip, case) if case["method"] == "lora" else None
    model = Classifier(clip, head).to(dtype)
    if case["method"] == "linear-probe":
        for tensor in [*model.vision_model.parameters(), *model.visual_projection.parameters()]:
            tensor.requires_grad = False

    def trained_tensors():
        named = {n: p.detach() for n, p in model.named_parameters() if p.requires_grad}
        if adapted is not None:  # the names PEFT saves
            named = {n: p for n, p in named.items() if "lora_" not in n}
            named |= get_peft_model_state_dict(adapted)
        return {n: p.clone() for n, p in named.items()}

    tower = [p for n, p in model.named_parameters() if p.requires_grad and "head" not in n]
    groups = [{"params": tower, "peak": case["lr"]},
              {"params": [*model.classification_head.parameters()], "peak": case["head-lr"]}]
    optimizer = torch.optim.AdamW(
        [g for g in groups if g["params"]], lr=0.0, betas=tuple(case["betas"]), eps=case["eps"],
        weight_decay=case["weight-decay"])
    parameters = [p for g in groups for p in g["params"]]
    start = {n: p.detach().clone() for n, p in model.named_parameters()}
    first = trained_tensors()
    history = {"losses": [], "cross_entropies": [], "gradient_norms": [], "test_correct": []}

    def test():
        with torch.no_grad():
            _, logits = model(test_images.to(dtype))
        history["test_correct"].append((logits.argmax(dim=1) == test_labels).sum().item())
        history["test_logits"] = logits.tolist()

    test()
    batches = list(torch.arange(len(images)).split(case["batch-size"]))
    for step in range(case["steps"]):
        batch = batches[step % len(batches)]
        view = images[batch].to(dtype)
        features, logits = model(view)
        cross_entropy = F.cross_entropy(
            logits, labels[batch], label_smoothing=case["label-smoothing"])
        loss = cross_entropy + protection(case, model, start, teacher, view, features, logits)
        optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(parameters, case["clip-norm"])
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, group["peak"], case)
        optimizer.step()
        history["losses"].append(loss.item())
        history["cross_entropies"].append(cross_entropy.item())
        history["gradient_norms"].append(norm.item())
    test()
    return history, trained_tensors(), first


def distance(ours, theirs):
    """Of all tensors together, without the key biases: softmax cannot see them, so their gradient
    is nothing but rounding."""
    names = [n for n in ours if not n.endswith("k_proj.bias")]
    return math.sqrt(sum((ours[n] - theirs[n]).double().square().sum().item() for n in names))


def make_case(name):
    case = SHARED | CASES[name]
    history, trained, first = train(case, torch.float32)
    exact_history, exact, _ = train(case, torch.float64)
    rounding = {
        "loss": max(abs(a - b) / abs(b)
                    for a, b in zip(history["losses"], exact_history["losses"])),
        "weights": distance(trained, exact) / distance(trained, first),
    }
    save_file(contiguous(trained), str(TRAINING / f"{name}.safetensors"))
    write_json(TRAINING / f"{name}.json",
               {"settings": case} | history
               | {"moved": distance(trained, first), "rounding": rounding})
    print(f"{name:17} loss {history['losses'][0]:.4f} -> {history['losses'][-1]:.4f}"
          f"  test {history['test_correct']}  rounding {rounding}")


def make_start():
    """What all cases share: data, prompts, the zero-shot head and LoRA's first adapter."""
    TRAINING.mkdir(exist_ok=True)
    draw_images()
    (TRAINING / "prompts.txt").write_text("\n".join(PROMPTS) + "\n")
    clip = CLIPModel.from_pretrained(START, attn_implementation="eager").eval()
    head = zero_shot_head(clip, CLIPTokenizer.from_pretrained(START))
    names = "\n".join(name.replace("_", " ") for name in CLASSES)
    save_file({"weight": head, "bias": torch.zeros(len(head))},
              str(TRAINING / "head.safetensors"), metadata={"classes": names})
    folder = TRAINING / "lora-start"
    add_lora(clip, SHARED | CASES["lora"]).save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)


if __name__ == "__main__":
    make_start()
    for name in CASES:
        make_case(name)
    write_versions(HERE / "versions.json")
