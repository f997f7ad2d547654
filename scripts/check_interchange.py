#!/usr/bin/env python3
"""Holds layouts of checkpoints to transformers and open_clip, both ways, on models of true size.

    python scripts/check_interchange.py bin/holdfast FOLDER [NAME…]

NAMEs are further models of open_clip to look at, ViT-L-14-336 or RN50x4 say. Makes random models in FOLDER with transformers and open_clip, converts them with holdfast, loads what
it wrote with either library, and compares features and logits: what Python wrote and holdfast reads,
and what holdfast wrote and Python reads. Nothing is fetched but CLIP's vocabulary, which
scripts/fetch-test-vocabulary.sh puts into .cache. Needs the packages of
Tests/Fixtures/requirements.txt and open_clip_torch.
"""

import json
import pathlib
import shutil
import subprocess
import sys
import unittest.mock

import numpy
import torch
from PIL import Image
from safetensors.numpy import load_file
from safetensors.torch import save_file

# Beside a torch for CPUs it is often one for another torch; open_clip's models need none of it.
sys.modules["torchvision"] = None
from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel, CLIPTokenizer  # noqa: E402

for name in ["", ".ops", ".ops.misc", ".transforms", ".transforms.functional"]:
    sys.modules[f"torchvision{name}"] = unittest.mock.MagicMock()
sys.modules["timm"] = None
import open_clip  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent
VOCABULARY = ROOT / ".cache" / "clip-vocabulary"
TOLERANCE = 1e-4
CLASSES = ["owl", "maple leaf", "red kite", "dog"]
TEXTS = [f"a photo of a {name}." for name in CLASSES]


class Check:
    """The program under test, its inputs, and what was compared."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.failures = 0
        self.images = folder / "images"
        self.images.mkdir(parents=True)
        draw = numpy.random.default_rng(0)
        pictures = [Image.fromarray(draw.integers(0, 256, (256, 256, 3), dtype=numpy.uint8))
                    for _ in range(4)]
        for number, picture in enumerate(pictures):
            picture.save(self.images / f"{number}.png")
        self.pictures = pictures
        (folder / "texts.txt").write_text("\n".join(TEXTS) + "\n")
        (folder / "classes.txt").write_text("\n".join(CLASSES) + "\n")
        (folder / "prompts.txt").write_text("a photo of a {}.\n")

    def run(self, *arguments):
        result = subprocess.run([self.program, *map(str, arguments)], text=True,
                                capture_output=True)
        if result.returncode:
            raise SystemExit(f"holdfast {' '.join(map(str, arguments))}\n{result.stderr}")
        return result.stdout

    def convert(self, model, layout, name, *options):
        out = self.folder / name
        answer = json.loads(self.run("convert", "--model", model, "--layout", layout, "--out", out,
                                     "--format", "json", *options))
        assert answer["round_trip"], answer
        return out

    def pixels(self, size=224):
        processor = CLIPImageProcessorPil(size={"shortest_edge": size},
                                          crop_size={"height": size, "width": size})
        return torch.from_numpy(numpy.array(
            processor(self.pictures, return_tensors="np")["pixel_values"]))

    def holdfast(self, model):
        """Features of images and texts, and the logits of predict, as holdfast computes them."""
        out = self.folder / "features.safetensors"
        self.run("embed", "--model", model, "--images", self.images, "--texts",
                 self.folder / "texts.txt", "--out", out)
        features = load_file(out)
        rows = json.loads(self.run(
            "predict", "--model", model, "--classes", self.folder / "classes.txt", "--prompts",
            self.folder / "prompts.txt", "--logits", "--format", "json", self.images))
        return {"images": features["images"], "texts": features["texts"],
                "logits": numpy.array([row["logits"] for row in rows])}

    def compare(self, what, ours, theirs):
        """Each number within the tolerance of the greatest."""
        for name, expected in theirs.items():
            expected = numpy.asarray(expected)
            error = numpy.abs(ours[name] - expected).max() / numpy.abs(expected).max()
            ok = error <= TOLERANCE
            self.failures += not ok
            print(f"{'ok  ' if ok else 'FAIL'} {what}: {name} within {error:.1e}", flush=True)


@torch.no_grad()
def by_transformers(model, pixels):
    tokenizer = CLIPTokenizer(vocab=str(VOCABULARY / "vocab.json"),
                              merges=str(VOCABULARY / "merges.txt"))
    tokens = torch.tensor(tokenizer(TEXTS, padding="max_length", max_length=77)["input_ids"])
    output = model(input_ids=tokens, pixel_values=pixels)
    images = model.get_image_features(pixel_values=pixels)
    texts = model.get_text_features(input_ids=tokens)
    images, texts = (getattr(x, "pooler_output", x) for x in (images, texts))
    return {"images": images, "texts": texts, "logits": output.logits_per_image}


@torch.no_grad()
def by_open_clip(model, pixels):
    model.eval()
    tokens = open_clip.SimpleTokenizer()(TEXTS)
    logits, _ = model.get_logits(pixels, tokens)
    return {"images": model.encode_image(pixels), "texts": model.encode_text(tokens),
            "logits": logits}


def randomise(model):
    """Weights under which activations are of order one, also where a layer is made of zeros."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, tensor in model.named_parameters():
            if name.endswith("logit_scale"):
                tensor.fill_(2.6592)
            elif tensor.dim() >= 2:
                noise = torch.randn(tensor.shape, generator=generator)
                tensor.copy_(noise * tensor[0].numel() ** -0.5)
            elif "norm" in name or "ln_" in name or "bn" in name or "downsample" in name:
                noise = torch.randn(tensor.shape, generator=generator)
                tensor.copy_(0.1 * noise + (1 if name.endswith("weight") else 0))
            else:
                tensor.copy_(0.1 * torch.randn(tensor.shape, generator=generator))


def copy_vocabulary(folder):
    for name in ["vocab.json", "merges.txt"]:
        shutil.copy(VOCABULARY / name, folder / name)


def check_transformers(check, activation):
    """A folder of transformers, to open_clip and back."""
    source = check.folder / "hf"
    model = CLIPModel(CLIPConfig(text_config={"hidden_act": activation},
                                 vision_config={"hidden_act": activation})).eval()
    randomise(model)
    model.save_pretrained(source)
    CLIPImageProcessorPil().save_pretrained(source)
    copy_vocabulary(source)
    expected = by_transformers(model, check.pixels())
    del model
    title = f"ViT-B/32 of transformers, {activation}"
    check.compare(f"{title}, read", check.holdfast(source), expected)
    there = check.convert(source, "openclip", "there")
    check.compare(f"{title}, converted to open_clip, read by open_clip",
                  by_open_clip(open_clip.create_model(f"local-dir:{there}"), check.pixels()),
                  expected)
    back = check.convert(there, "hf", "back")
    check.compare(f"{title}, converted back, read by transformers",
                  by_transformers(CLIPModel.from_pretrained(back).eval(), check.pixels()), expected)
    for folder in [source, back]:
        shutil.rmtree(folder)
    # The table of positions for another size of images, as open_clip resizes it.
    larger = check.convert(there, "openclip", "larger", "--image-size", "288")
    for name, folder, options in [("open_clip", there, {"force_image_size": 288}),
                                  ("holdfast", larger, {})]:
        model = open_clip.create_model(f"local-dir:{folder}", **options)
        numbers = by_open_clip(model, check.pixels(288))
        if name == "open_clip":
            expected = numbers
        else:
            check.compare(f"{title}, for images of 288 pixels", numbers, expected)
    for folder in [there, larger]:
        shutil.rmtree(folder)


def check_open_clip(check, name):
    """A model of open_clip in the ways it is stored, to the layout that can hold it."""
    model = open_clip.create_model(name)
    randomise(model)
    size = numpy.max(model.visual.image_size).item()
    expected = by_open_clip(model, check.pixels(size))
    state = model.state_dict()
    configuration = {"model_cfg": open_clip.get_model_config(name), "preprocess_cfg": {}}
    del model
    folder = check.folder / "openclip"
    folder.mkdir()
    copy_vocabulary(folder)
    (folder / "open_clip_config.json").write_text(json.dumps(configuration))
    save_file({k: v.contiguous() for k, v in state.items()}, folder / "open_clip_model.safetensors")
    check.compare(f"{name} of open_clip, a folder", check.holdfast(folder), expected)
    training = folder / "epoch_1.pt"
    torch.save({"epoch": 1, "state_dict": {f"module.{k}": v for k, v in state.items()}}, training)
    check.compare(f"{name} of open_clip, a training checkpoint", check.holdfast(training), expected)
    if "RN" in name:
        out = check.convert(training, "openclip", "out")
        theirs = by_open_clip(open_clip.create_model(f"local-dir:{out}"), check.pixels(size))
    else:
        out = check.convert(training, "hf", "out")
        theirs = by_transformers(CLIPModel.from_pretrained(out).eval(), check.pixels(size))
    check.compare(f"{name} of open_clip, converted", theirs, expected)
    for place in [folder, out]:
        shutil.rmtree(place)


def check_openai(check):
    """An archive as OpenAI publishes them, in float16, which open_clip reads too."""
    name = "ViT-B-32-quickgelu"
    configuration = open_clip.get_model_config(name)
    model = open_clip.create_model(name)
    randomise(model)
    folder = check.folder / "openai"
    folder.mkdir()
    copy_vocabulary(folder)
    path = folder / "ViT-B-32.pt"
    sys.path.insert(0, str(ROOT / "Tests" / "Fixtures"))
    from make_checkpoints import write_openai
    state = {k: v.half().float() for k, v in model.state_dict().items()}
    write_openai(path, state, configuration)
    del model
    expected = by_open_clip(
        open_clip.load_openai_model(str(path), precision="fp32", device="cpu"), check.pixels())
    check.compare("ViT-B/32 as OpenAI's archives, read", check.holdfast(path), expected)
    out = check.convert(path, "hf", "out")
    check.compare("ViT-B/32 as OpenAI's archives, converted for transformers",
                  by_transformers(CLIPModel.from_pretrained(out).eval(), check.pixels()), expected)
    for place in [folder, out]:
        shutil.rmtree(place)


def main():
    program, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    check = Check(program, folder)
    for activation in ["quick_gelu", "gelu"]:
        check_transformers(check, activation)
    for name in ["ViT-B-32", "RN50-quickgelu", *sys.argv[3:]]:
        check_open_clip(check, name)
    check_openai(check)
    if check.failures:
        raise SystemExit(f"{check.failures} comparisons failed")
    print("every comparison holds")


main()
