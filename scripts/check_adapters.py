#!/usr/bin/env python3
"""Holds LoRA adapters to PEFT, both ways, on a random CLIP of true size.

    python scripts/check_adapters.py bin/holdfast FOLDER

Makes a ViT-B/32 from a seed in FOLDER, then compares features of holdfast with those of PEFT:
adapters that PEFT saved (of transformers' classes and of open_clip's model), and one that holdfast
trained. Nothing is fetched but CLIP's vocabulary, which scripts/fetch-test-vocabulary.sh puts into
.cache. Needs the packages of Tests/Fixtures/requirements.txt and open_clip_torch.
"""

import json
import pathlib
import shutil
import subprocess
import sys

import numpy
import torch
from peft import LoraConfig, get_peft_model
from PIL import Image
from safetensors.numpy import load_file
from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel, CLIPTokenizer
from transformers import CLIPVisionModelWithProjection

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "Tests" / "Fixtures"))
from make_adapters import features, loaded, open_clip_model, randomise  # noqa: E402

TEXTS = ["a photo of a cat.", "an owl in the rain", "The 42 red kites!", "a sketch of my dog"]
TOLERANCE = 1e-4


def make_base(folder):
    """A ViT-B/32 with weights from a seed, in the Hugging Face layout."""
    torch.manual_seed(0)
    model = CLIPModel(CLIPConfig()).eval()
    with torch.no_grad():
        for name, tensor in model.named_parameters():
            if tensor.dim() >= 2:
                tensor.normal_(std=tensor[0].numel() ** -0.5)
    model.config.text_config.eos_token_id = 49407
    model.save_pretrained(folder)
    CLIPImageProcessorPil().save_pretrained(folder)
    for name in ("vocab.json", "merges.txt"):
        shutil.copy(ROOT / ".cache" / "clip-vocabulary" / name, folder / name)


def make_inputs(base, folder):
    """Images on disk and the texts, and the same as the towers see them."""
    folder.mkdir(parents=True, exist_ok=True)
    draw = numpy.random.default_rng(0)
    images = [Image.fromarray(draw.integers(0, 256, (224, 224, 3), dtype=numpy.uint8)) for _ in range(4)]
    for number, image in enumerate(images):
        image.save(folder / f"{number}.png")
    (folder / "texts.txt").write_text("\n".join(TEXTS) + "\n")
    pixels = CLIPImageProcessorPil.from_pretrained(base)(images, return_tensors="np")["pixel_values"]
    tokens = CLIPTokenizer.from_pretrained(base)(TEXTS, padding="max_length", max_length=77)["input_ids"]
    return {"pixel_values": pixels, "input_ids": numpy.array(tokens)}


class Check:
    def __init__(self, program, folder):
        self.program, self.folder, self.failures = str(program), folder, 0

    def run(self, *arguments):
        subprocess.run([self.program, *map(str, arguments), "--quiet"], check=True, stdout=subprocess.DEVNULL)

    def embed(self, model):
        images, out = self.folder / "images", self.folder / "features.safetensors"
        self.run("embed", "--model", model, "--images", *sorted(images.glob("*.png")),
                 "--texts", images / "texts.txt", "--out", out)
        return load_file(out)

    def compare(self, what, ours, theirs):
        for key, expected in theirs.items():
            gap = float(numpy.abs(ours[key] - expected).max() / numpy.abs(expected).max())
            is_same = gap <= TOLERANCE
            self.failures += not is_same
            print(f"{'ok  ' if is_same else 'FAIL'} {what}: {key} differ by {gap:.1e}", flush=True)

    def expect_moved(self, what, ours, plain):
        gap = float(numpy.abs(ours["images"] - plain["images"]).max() / numpy.abs(plain["images"]).max())
        if gap < 100 * TOLERANCE:
            self.failures += 1
            print(f"FAIL {what}: the adapter changes features by {gap:.1e} only")


def numbers(adapted, inputs):
    return {key: value.numpy() for key, value in features(adapted, inputs).items()}


def adapters_of_peft():
    """The adapters to compare: a name, the model's class, and the configuration."""
    maps = ["q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"]
    yield "q-and-v", "CLIPModel", LoraConfig(r=8, lora_alpha=16, target_modules=["q_proj", "v_proj"])
    yield "vision-only", "CLIPVisionModelWithProjection", LoraConfig(r=4, lora_alpha=4, target_modules=maps)
    yield "all-linear", "CLIPModel", LoraConfig(
        r=8, lora_alpha=8, use_rslora=True, target_modules="all-linear",
        rank_pattern={r"vision_model\.encoder\.layers\.[0-5]\.mlp\.fc1": 16, "k_proj": 2},
        alpha_pattern={"text_model.encoder.layers.3.self_attn.q_proj": 32, "^visual_projection": 3})
    yield "open-clip", "open_clip", LoraConfig(
        r=8, lora_alpha=8, target_modules=["attn", "c_fc", "c_proj"],
        rank_pattern={"visual.transformer.resblocks.0.attn": 4})


def model_of(kind, base):
    if kind == "CLIPVisionModelWithProjection":
        return CLIPVisionModelWithProjection.from_pretrained(base)
    model = CLIPModel.from_pretrained(base)
    return open_clip_model(model) if kind == "open_clip" else model


def main(program, folder):
    torch.set_num_threads(2)
    shutil.rmtree(folder, ignore_errors=True)
    base = folder / "base"
    make_base(base)
    inputs = make_inputs(base, folder / "images")
    check = Check(program, folder)
    plain = check.embed(base)
    check.compare("the model itself", plain, numbers(get_peft_model(
        CLIPModel.from_pretrained(base), LoraConfig(target_modules=["q_proj"])), inputs))

    for seed, (name, kind, config) in enumerate(adapters_of_peft(), 1):
        adapted = randomise(get_peft_model(model_of(kind, base), config), seed)
        adapted.peft_config["default"].base_model_name_or_path = "../base"
        adapted.save_pretrained(folder / name)
        theirs = numbers(adapted, inputs)
        ours = check.embed(folder / name)
        check.compare(f"PEFT's adapter {name}", ours, theirs)
        check.expect_moved(name, ours, plain)

    # An adapter of one library, written unmerged for the other, in PEFT on that library's model.
    for name, layout, kind in [("q-and-v", "openclip", "open_clip"), ("open-clip", "hf", "CLIPModel")]:
        out = folder / f"{name}-as-{layout}"
        check.run("convert", "--model", base, "--adapter", folder / name, "--layout", layout, "--out", out)
        title = f"adapter {name}, converted for {kind}"
        check.compare(title, check.embed(out), check.embed(folder / name))
        check.compare(f"{title}, in PEFT", numbers(loaded(model_of(kind, base), out), inputs),
                      check.embed(folder / name))

    name = folder / "merged"
    check.run("merge", "--from", base, "--adapter", folder / "q-and-v", "--out", name)
    check.compare("merge --adapter", check.embed(name), check.embed(folder / "q-and-v"))
    merged = CLIPModel.from_pretrained(name)
    again = numbers(get_peft_model(merged, LoraConfig(target_modules=["q_proj"])), inputs)
    check.compare("merge --adapter, read by transformers", again, check.embed(name))

    run = folder / "run"
    fixtures = ROOT / "Tests" / "Fixtures" / "training"
    check.run("train", "--model", base, "--data", fixtures / "images", "--method", "lora", "--steps", 6,
              "--prompts", fixtures / "prompts.txt", "--set", "lr=0.01", "--set", "warmup-steps=0",
              "--set", "batch-size=8", "--set", 'lora.targets=[q_proj, v_proj, out_proj, fc1]', "--out", run)
    trained = run / "checkpoints" / "lora-seed0"
    ours = check.embed(trained)
    check.expect_moved("training", ours, plain)
    check.compare("our adapter against our merged checkpoint", check.embed(trained / "adapter"), ours)
    for kind in ("CLIPModel", "CLIPVisionModelWithProjection"):
        theirs = numbers(loaded(model_of(kind, base), trained / "adapter"), inputs)
        check.compare(f"our adapter in PEFT's {kind}", ours, theirs)
    saved = json.loads((trained / "adapter" / "adapter_config.json").read_text())
    print(f"target_modules of our adapter: {saved['target_modules']}")
    if check.failures:
        sys.exit(f"{check.failures} comparisons failed")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve())
