"""Writes what both sides read into the work folder: models of true size, heads, pictures, texts.

    python prepare.py FOLDER MINI [--quick]      MINI is the folder of the embedded model

Weights are random, which costs the same time as trained ones. What is there already stays.
"""

import argparse
import json
import math
import pathlib
import shutil
import sys

import environment  # noqa: F401
import numpy
import torch
from open_clip.tokenizer import SimpleTokenizer
from open_clip.zero_shot_metadata import IMAGENET_CLASSNAMES, OPENAI_IMAGENET_TEMPLATES
from peft import LoraConfig, get_peft_model
from PIL import Image, ImageDraw
from safetensors.torch import save_file
from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
import settings as bench_settings  # noqa: E402

CLASSES = 20
LORA_RANK = 8

# -- Models ---------------------------------------------------------------------------------------


def configuration(name):
    if name == "b32":
        return CLIPConfig(
            text_config={"eos_token_id": 49407, "bos_token_id": 49406, "pad_token_id": 49407},
            vision_config={"patch_size": 32}, projection_dim=512)
    # 37 tokens of width 128 in 6 layers.
    return CLIPConfig(
        text_config={"hidden_size": 64, "intermediate_size": 256, "num_hidden_layers": 1,
                     "num_attention_heads": 2, "vocab_size": 49408, "eos_token_id": 49407,
                     "bos_token_id": 49406, "pad_token_id": 49407, "projection_dim": 64},
        vision_config={"hidden_size": 128, "intermediate_size": 512, "num_hidden_layers": 6,
                       "num_attention_heads": 4, "image_size": 48, "patch_size": 8,
                       "projection_dim": 64},
        projection_dim=64)


def draw(model, seed):
    """Weights under which no activation vanishes, so that an error would be seen in the loss."""
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in model.named_parameters():
        noise = torch.randn(tensor.shape, generator=generator)
        if name == "logit_scale":
            value = torch.tensor(math.log(20))
        elif "norm" in name and name.endswith("weight"):
            value = 1 + 0.1 * noise
        elif name.endswith("bias"):
            value = 0.02 * noise
        elif "embeddings." in name and "patch" not in name:
            value = 0.1 * noise
        else:
            value = noise / math.sqrt(tensor[0].numel())
        tensor.data.copy_(value)


def write_tokenizer(folder):
    """CLIP's vocabulary as open_clip carries it, in the two files of the Hugging Face layout."""
    release = SimpleTokenizer()
    pairs = sorted(release.bpe_ranks, key=release.bpe_ranks.get)
    names = {"<start_of_text>": "<|startoftext|>", "<end_of_text>": "<|endoftext|>"}
    vocabulary = {names.get(token, token): number for token, number in release.encoder.items()}
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False))
    lines = ["#version: 0.2", *(" ".join(pair) for pair in pairs)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n")
    (folder / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "CLIPTokenizer", "model_max_length": 77, "do_lower_case": True,
        "bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>",
        "pad_token": "<|endoftext|>", "unk_token": "<|endoftext|>"}))


def write_model(folder, name, seed):
    torch.manual_seed(seed)
    model = CLIPModel(configuration(name.removesuffix("-tuned"))).eval()
    draw(model, seed)
    folder.mkdir(parents=True)
    model.config.architectures = ["CLIPModel"]
    model.config.save_pretrained(folder)
    tensors = {n: t.contiguous() for n, t in model.state_dict().items() if "position_ids" not in n}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    size = model.config.vision_config.image_size
    CLIPImageProcessorPil(size={"shortest_edge": size},
                          crop_size={"height": size, "width": size}).save_pretrained(folder)
    write_tokenizer(folder)
    return model


def move(source, target, seed):
    """A second end for an interpolation: the first with a little of other weights added."""
    shutil.copytree(source, target)
    from safetensors.torch import load_file
    tensors = load_file(source / "model.safetensors")
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in tensors.items():
        if tensor.numel() > 1:
            tensor += 0.2 * tensor.std() * torch.randn(tensor.shape, generator=generator)
    save_file(tensors, target / "model.safetensors", metadata={"format": "pt"})


def write_head(path, width, seed):
    """A head of unit rows times a scale, as a zero-shot head is."""
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randn(CLASSES, width, generator=generator)
    weight = 20 * torch.nn.functional.normalize(rows, dim=-1)
    path.parent.mkdir(exist_ok=True)
    names = json.dumps([f"class{n:02}" for n in range(CLASSES)])
    save_file({"weight": weight, "bias": torch.zeros(CLASSES)}, path, metadata={"classes": names})


def write_adapter(folder, model, seed):
    """LoRA factors for both sides to start from, the second one not zero, in PEFT's layout."""
    layers = "q_proj|k_proj|v_proj|out_proj|fc1|fc2"
    adapted = get_peft_model(model, LoraConfig(
        r=LORA_RANK, lora_alpha=16, lora_dropout=0.0, bias="none",
        target_modules=rf"vision_model\..*\.({layers})", base_model_name_or_path="b32"))
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in adapted.named_parameters():
        if "lora_" in name:
            spread = 0.01 if "lora_B" in name else tensor.shape[1] ** -0.5
            tensor.data.copy_(spread * torch.randn(tensor.shape, generator=generator))
    adapted.save_pretrained(folder)


# -- Pictures -------------------------------------------------------------------------------------


def photograph(width, height, random):
    """Smooth noise of every scale, edges, and a little grain: what codecs see in photographs."""
    picture = numpy.zeros((height, width, 3))
    for octave in range(6):
        rows, columns = 2 + 2**octave * 3 // 4, 2 + 2**octave
        noise = random.uniform(0, 255, (rows, columns, 3)).astype(numpy.uint8)
        layer = Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC)
        picture += numpy.asarray(layer, dtype=float) / 2 ** (octave * 0.8)
    picture *= 255 / picture.max()
    canvas = Image.fromarray(picture.astype(numpy.uint8))
    pen = ImageDraw.Draw(canvas)
    for _ in range(12):
        middle = random.uniform(0, 1, 2) * (width, height)
        reach = random.uniform(0.03, 0.2) * width
        angles = numpy.sort(random.uniform(0, 2 * math.pi, random.integers(3, 9)))
        corners = [tuple(middle + reach * numpy.array([math.cos(a), math.sin(a)])) for a in angles]
        colour = tuple(int(c) for c in random.integers(0, 256, 3))
        pen.polygon(corners, fill=colour)
    grain = random.normal(0, 4, (height, width, 1)) + random.normal(0, 1.5, (height, width, 3))
    pixels = numpy.asarray(canvas, dtype=float) + grain
    return Image.fromarray(pixels.clip(0, 255).astype(numpy.uint8))


def write_pictures(folder, kind, width, height, count, seed):
    random = numpy.random.default_rng(seed)
    for number in range(count):
        path = folder / f"class{number % CLASSES:02}" / f"{number:04}.{kind}"
        path.parent.mkdir(parents=True, exist_ok=True)
        options = {"quality": 90} if kind == "jpg" else {"compress_level": 6}
        photograph(width, height, random).save(path, **options)


def write_tree(folder, each):
    """Empty files in 1000 class folders, as ImageNet's train split has them; nothing decodes them."""
    for label in range(1000):
        place = folder / f"n{1440764 + 7919 * label:08d}"
        place.mkdir(parents=True)
        for number in range(each):
            (place / f"{place.name}_{number}.JPEG").touch()


# -- All of it ------------------------------------------------------------------------------------


def once(path, make):
    """Makes a folder or file under another name first, so that half of one is never used."""
    if path.exists():
        return
    print(f"Making {path} …", file=sys.stderr)
    part = path.with_name(path.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.parent.mkdir(parents=True, exist_ok=True)
    make(part)
    part.rename(path)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("mini", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    folder = options.folder
    models, heads = folder / "models", folder / "heads"

    def b32(part):
        write_adapter(folder / "adapters" / "b32", write_model(part, "b32", 2), 5)

    once(models / "mini", lambda part: shutil.copytree(options.mini, part))
    once(models / "small", lambda part: write_model(part, "small", 1))
    once(models / "small-tuned", lambda part: move(models / "small", part, 3))
    once(models / "b32", b32)
    for number, (name, width) in enumerate(
            {"mini": 64, "small": 64, "small-tuned": 64, "b32": 512}.items()):
        # The tuned model's head answers for the same classes and has moved a little.
        once(heads / f"{name}.safetensors", lambda part: write_head(part, width, 10 + number))
    for number, (name, what) in enumerate(bench_settings.pictures(options.quick).items()):
        once(folder / "images" / name, lambda part: write_pictures(part, *what, 100 + number))

    # 1.3 million of them take a minute, once.
    once(folder / "tree", lambda part: write_tree(part, 13 if options.quick else 1300))

    (folder / "classes.txt").write_text(IMAGENET_CLASSNAMES[0] + "\n")
    templates = [template("{}") for template in OPENAI_IMAGENET_TEMPLATES]
    (folder / "prompts.txt").write_text("\n".join(templates) + "\n")
    (folder / "simple.txt").write_text("a photo of a {}.\n")
    (folder / "few.txt").write_text("\n".join(IMAGENET_CLASSNAMES[:500:50]) + "\n")


if __name__ == "__main__":
    main()
