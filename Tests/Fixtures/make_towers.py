"""Makes towers/: what `transformers` says CLIP's two towers compute.

    python make_towers.py            # tiny folders, then the true-size ViT-B/32 (about a minute)

The tiny models are whole Hugging Face folders with random weights. The true-size weights are not
stored: `formula` makes them from whole numbers, and a test in any language can do the same.
"""

import collections
import math
import pathlib
import platform
from importlib.metadata import version

import torch
from safetensors.torch import save_file
from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel, CLIPTokenizer

from golden import formula, write_json

HERE = pathlib.Path(__file__).parent
TOWERS = HERE / "towers"
torch.set_num_threads(1)

TEXTS = [
    "an owl",
    "a photo of a maple leaf.",
    "The CAT's  drawing, 42 times!",
    "naïve café",
    "red kites in the wild",
]


def write_versions(path):
    packages = ["torch", "transformers", "tokenizers", "peft", "numpy", "pillow", "safetensors"]
    write_json(path, {"python": platform.python_version(), **{p: version(p) for p in packages}})


# -- Tiny models ----------------------------------------------------------------------------------


def byte_symbols():
    """CLIP's printable stand-in for each byte, in the order of its vocabulary."""
    visible = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [b for b in range(256) if b not in visible]
    return {b: chr(b) for b in visible} | {b: chr(256 + n) for n, b in enumerate(hidden)}


def train_bpe(text, merge_count):
    """Byte-pair encoding from scratch: merges the most frequent neighbours, ties by spelling."""
    symbols = byte_symbols()
    words = collections.Counter(text.split())
    split = {}
    for word in words:
        letters = [symbols[b] for b in word.encode()]
        split[word] = [*letters[:-1], letters[-1] + "</w>"]
    merges = []
    for _ in range(merge_count):
        pairs = collections.Counter()
        for word, parts in split.items():
            for pair in zip(parts, parts[1:]):
                pairs[pair] += words[word]
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        for word, parts in split.items():
            joined = []
            for part in parts:
                if joined and (joined[-1], part) == best:
                    joined[-1] += part
                else:
                    joined.append(part)
            split[word] = joined
    return merges


def write_tokenizer(folder):
    text = "a photo of a drawing of the in the wild owl maple leaf red kite cat photo of the leaf"
    merges = train_bpe(text, 24)
    tokens = [*byte_symbols().values()]
    tokens += [token + "</w>" for token in tokens] + ["".join(pair) for pair in merges]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    assert len(vocabulary) == len(tokens)
    tokenizer = CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=16)
    tokenizer.save_pretrained(folder)
    # transformers 5 writes tokenizer.json only; published CLIP folders also hold these two.
    write_json(folder / "vocab.json", vocabulary)
    lines = ["#version: 0.2", *(" ".join(pair) for pair in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n")
    return tokenizer


def draw_weights(model, generator):
    """Weights under which every activation is of order one and no tensor is at a special value."""
    for name, tensor in model.named_parameters():
        noise = torch.randn(tensor.shape, generator=generator)
        if name == "logit_scale":
            value = torch.tensor(math.log(7))
        elif "norm" in name and name.endswith("weight"):
            value = 1 + 0.2 * noise
        elif name.endswith("bias"):
            value = 0.1 * noise
        elif "embeddings." in name and "patch" not in name:
            value = 0.5 * noise
        else:  # linear layers and the patch convolution
            value = noise / math.sqrt(tensor[0].numel())
        tensor.data.copy_(value)


def run(model, pixel_values, input_ids):
    """Everything the tests compare, by name."""
    with torch.no_grad():
        output = model(input_ids=input_ids, pixel_values=pixel_values)
        vision, text = output.vision_model_output, output.text_model_output
        return {
            "vision_last_hidden_state": vision.last_hidden_state,
            "image_embeds_raw": vision.pooler_output,
            "image_embeds": output.image_embeds,
            "text_last_hidden_state": text.last_hidden_state,
            "text_embeds_raw": text.pooler_output,
            "text_embeds": output.text_embeds,
            "logits_per_image": output.logits_per_image,
        }


def contiguous(tensors):
    return {name: tensor.contiguous() for name, tensor in tensors.items()}


def rounding(model, outputs, pixel_values, input_ids):
    """How far float32 lies from float64: the largest difference of each output."""
    exact = run(model.double(), pixel_values.double(), input_ids)
    return {name: (outputs[name] - exact[name]).abs().max().item() for name in outputs}


def make_tiny(activation, seed):
    folder = TOWERS / ("tiny-" + activation.replace("_", ""))
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = write_tokenizer(folder)
    special = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id,
               "pad_token_id": tokenizer.pad_token_id}
    shared = {"num_hidden_layers": 2, "num_attention_heads": 2, "hidden_act": activation,
              "projection_dim": 24}
    model = CLIPModel(CLIPConfig(
        text_config=shared | special | {"hidden_size": 24, "intermediate_size": 48,
                                        "vocab_size": len(tokenizer),
                                        "max_position_embeddings": 16},
        vision_config=shared | {"hidden_size": 32, "intermediate_size": 64, "image_size": 32,
                                "patch_size": 8},
        projection_dim=24, logit_scale_init_value=math.log(7),
        attn_implementation="eager")).eval()
    generator = torch.Generator().manual_seed(seed)
    draw_weights(model, generator)
    model.save_pretrained(folder)
    CLIPImageProcessorPil(
        size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}).save_pretrained(folder)

    pixel_values = torch.randn(3, 3, 32, 32, generator=generator)
    input_ids = torch.tensor(tokenizer(TEXTS, padding="max_length")["input_ids"])
    outputs = run(model, pixel_values, input_ids)
    inputs = {"pixel_values": pixel_values, "input_ids": input_ids}
    save_file(contiguous(inputs | outputs), f"{folder}.outputs.safetensors")
    write_json(TOWERS / f"{folder.name}.json", {
        "texts": TEXTS,
        "tokens": [tokenizer.convert_ids_to_tokens(row) for row in input_ids.tolist()],
        "rounding": rounding(model, outputs, **inputs)})


# -- True size ------------------------------------------------------------------------------------

# The first rule whose ending the name has gives its scale and offset. Every scale is 65521 / 2^n:
# all values are then small whole multiples of a power of two, exact in float32 on any device.
RULES = [
    ("logit_scale", 0, 2.65625),
    ("norm.weight", 65521 / 2**17, 1),
    ("norm1.weight", 65521 / 2**17, 1),
    ("norm2.weight", 65521 / 2**17, 1),
    ("class_embedding", 65521 / 2**16, 0),
    ("position_embedding.weight", 65521 / 2**16, 0),
    ("token_embedding.weight", 65521 / 2**15, 0),
    ("patch_embedding.weight", 65521 / 2**20, 0),
    ("fc2.weight", 65521 / 2**20, 0),
    ("bias", 65521 / 2**18, 0),
    ("weight", 65521 / 2**19, 0),
]
PIXELS = {"k": 1000, "scale": 65521 / 2**14, "offset": 0}


def make_true_size(activations):
    start, end = 49406, 49407
    texts = [
        [start, 320, 1125, 539, 320, 2368, 269, end],
        [start, 3306, 1002, end],
        [start, *((7 + 641 * n) % 49406 for n in range(75)), end],
    ]
    input_ids = torch.tensor([row + [end] * (77 - len(row)) for row in texts])
    pixel_values = formula(shape=(2, 3, 224, 224), **PIXELS)
    facts = {
        "rules": [{"ending": e, "scale": s, "offset": o} for e, s, o in RULES],
        "pixel_values": {"shape": list(pixel_values.shape), **PIXELS},
        "tensors": [],
        "rounding": {},
    }
    for activation in activations:
        # The defaults of CLIPConfig are ViT-B/32, with 49407 as the end of a text.
        model = CLIPModel(CLIPConfig(
            text_config={"hidden_act": activation}, vision_config={"hidden_act": activation},
            attn_implementation="eager")).eval()
        state = model.state_dict()
        facts["tensors"] = []
        for k, name in enumerate(sorted(state)):
            scale, offset = next((s, o) for ending, s, o in RULES if name.endswith(ending))
            value = formula(k, state[name].shape, scale, offset)
            state[name].copy_(value)
            facts["tensors"].append({
                "k": k, "name": name, "shape": list(value.shape),
                "first": value.flatten()[0].item(), "sum": value.double().sum().item()})
        outputs = run(model, pixel_values, input_ids)
        outputs = {n: t for n, t in outputs.items() if not n.endswith("hidden_state")}
        name = "vit-b-32-" + activation.replace("_", "")
        save_file(contiguous({"input_ids": input_ids} | outputs),
                  str(TOWERS / f"{name}.outputs.safetensors"))
        facts["rounding"][name] = rounding(model, outputs, pixel_values, input_ids)
    write_json(TOWERS / "vit-b-32.json", facts)


if __name__ == "__main__":
    make_tiny("quick_gelu", seed=1)
    make_tiny("gelu", seed=2)
    make_true_size(["quick_gelu", "gelu"])
    write_versions(HERE / "versions.json")
