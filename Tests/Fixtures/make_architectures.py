"""Makes architectures/: what open_clip says its vision transformers and modified ResNets compute.

    python make_architectures.py     # about a minute

No weights are stored: `golden.formula` makes them, with the rules of each model. The names in
the files are those of `transformers` for a transformer and OpenAI's for a ResNet, as in holdfast;
the tables of shapes alone have open_clip's.
"""

import importlib
import importlib.util
import json
import math
import pathlib
import sys
import types
from importlib.metadata import version

import torch
from safetensors.torch import save_file

from golden import formula, write_json

HERE = pathlib.Path(__file__).parent
FOLDER = HERE / "architectures"
torch.set_num_threads(1)


def load_open_clip():
    """open_clip's module of models without its package and what other models would need: timm,
    torchvision and transformers."""

    class Unused:
        pass

    package = types.ModuleType("open_clip")
    package.__path__ = list(importlib.util.find_spec("open_clip").submodule_search_locations)
    misc = types.ModuleType("torchvision.ops.misc")
    misc.FrozenBatchNorm2d = Unused
    for name, module in {"open_clip": package, "timm": None, "transformers": None,
                         "torchvision.ops.misc": misc,
                         "torchvision": types.ModuleType("torchvision"),
                         "torchvision.ops": types.ModuleType("torchvision.ops")}.items():
        sys.modules[name] = module
    return importlib.import_module("open_clip.model"), pathlib.Path(package.__path__[0])


open_clip, package_folder = load_open_clip()

# -- Weights --------------------------------------------------------------------------------------

# As in make_towers.py, the first rule whose ending the name has gives its scale and offset. Where the
# third number is true the scale is also divided by 2 to the power of half the bit length, rounded up,
# of how many inputs an output has: sums are then of like size in wide and narrow layers.
RULES = [
    ("logit_scale", 0, 2.65625, False),
    ("running_mean", 65521 / 2**18, 0, False),
    ("running_var", 65521 / 2**16, 1, False),
    ("bn1.weight", 65521 / 2**17, 1, False),
    ("bn2.weight", 65521 / 2**17, 1, False),
    ("bn3.weight", 65521 / 2**17, 0.5, False),
    ("downsample.1.weight", 65521 / 2**17, 1, False),
    ("norm.weight", 65521 / 2**17, 1, False),
    ("norm1.weight", 65521 / 2**17, 1, False),
    ("norm2.weight", 65521 / 2**17, 1, False),
    ("embedding", 65521 / 2**16, 0, False),
    ("position_embedding.weight", 65521 / 2**16, 0, False),
    ("token_embedding.weight", 65521 / 2**15, 0, False),
    ("bias", 65521 / 2**18, 0, False),
    ("weight", 65521 / 2**13, 0, True),
]


def rule_for(name, shape):
    scale, offset, is_divided = next(rule for ending, *rule in RULES if name.endswith(ending))
    inputs = math.prod(shape[1:])
    return scale / 2 ** ((inputs.bit_length() + 1) // 2) if is_divided else scale, offset


BLOCK = {"ln_1": "layer_norm1", "ln_2": "layer_norm2", "mlp.c_fc": "mlp.fc1",
         "mlp.c_proj": "mlp.fc2", "attn.out_proj": "self_attn.out_proj"}
OTHERS = {
    "visual.class_embedding": "vision_model.embeddings.class_embedding",
    "visual.conv1.weight": "vision_model.embeddings.patch_embedding.weight",
    "visual.positional_embedding": "vision_model.embeddings.position_embedding.weight",
    "visual.ln_pre.weight": "vision_model.pre_layrnorm.weight",
    "visual.ln_pre.bias": "vision_model.pre_layrnorm.bias",
    "visual.ln_post.weight": "vision_model.post_layernorm.weight",
    "visual.ln_post.bias": "vision_model.post_layernorm.bias",
    "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
    "positional_embedding": "text_model.embeddings.position_embedding.weight",
    "ln_final.weight": "text_model.final_layer_norm.weight",
    "ln_final.bias": "text_model.final_layer_norm.bias",
    "logit_scale": "logit_scale",
}


def views(state):
    """Each tensor under holdfast's name, as a view of open_clip's memory."""
    has_resnet = "visual.layer1.0.conv1.weight" in state
    result = {}
    for name, tensor in state.items():
        if name.endswith("num_batches_tracked"):
            continue
        if has_resnet and name.startswith("visual."):
            result[name] = tensor
        elif "resblocks" in name:
            before, after = name.split("transformer.resblocks.")
            number, part = after.split(".", 1)
            layer = ("vision" if before else "text") + f"_model.encoder.layers.{number}"
            if "in_proj" in part:
                kind = part.rsplit("_", 1)[1]
                for letter, rows in zip("qkv", tensor.chunk(3)):
                    result[f"{layer}.self_attn.{letter}_proj.{kind}"] = rows
            else:
                stem, kind = part.rsplit(".", 1)
                result[f"{layer}.{BLOCK[stem]}.{kind}"] = tensor
        elif name in ("visual.proj", "text_projection"):
            title = "visual_projection" if name == "visual.proj" else "text_projection"
            result[f"{title}.weight"] = tensor.T
        else:
            result[OTHERS[name]] = tensor
    return result


def fill(state):
    """Sets the weights; returns how many there are."""
    tensors = views(state)
    for k, name in enumerate(sorted(tensors)):
        shape = tensors[name].shape
        tensors[name].copy_(formula(k, shape, *rule_for(name, shape)))
    return len(tensors)


# -- Models ---------------------------------------------------------------------------------------

TEXT = {"context_length": 12, "vocab_size": 60, "width": 32, "heads": 4, "layers": 2}
TINY = {
    "vit": {
        "embed_dim": 24,
        "vision_cfg": {"image_size": 32, "layers": 2, "width": 48, "head_width": 12,
                       "patch_size": 8, "mlp_ratio": 2.5},
        "text_cfg": TEXT | {"mlp_ratio": 3.0}},
    "resnet": {
        "embed_dim": 20, "quick_gelu": True,
        "vision_cfg": {"image_size": 64, "layers": [1, 1, 1, 1], "width": 8, "head_width": 32,
                       "patch_size": None},
        "text_cfg": TEXT},
    "deeper-resnet": {
        "embed_dim": 20,
        "vision_cfg": {"image_size": 96, "layers": [1, 2, 1, 1], "width": 6, "patch_size": None},
        "text_cfg": TEXT | {"width": 64, "heads": 1}},
    # Heads of 64, as OpenAI's are: its sizes can be read off the shapes.
    "openai-vit": {
        "embed_dim": 16, "quick_gelu": True,
        "vision_cfg": {"image_size": 48, "layers": 3, "width": 128, "patch_size": 16},
        "text_cfg": TEXT | {"width": 64, "heads": 1}},
}
# The end of a text is token 59; what stands behind it is padding.
TEXTS = [[58, 4, 17, 59] + [0] * 8, [58, 59] + [0] * 10, [58, *range(20, 30), 59]]
# Images of unlike contrast and brightness, as noise of one kind would have one mean feature.
PIXELS = [{"k": 1000, "scale": 65521 / 2**14, "offset": 0},
          {"k": 1001, "scale": 65521 / 2**15, "offset": 1},
          {"k": 1002, "scale": 65521 / 2**16, "offset": -0.75}]


def pixels(size):
    return torch.stack([formula(shape=(3, size, size), **image) for image in PIXELS])


def compare(run):
    """Outputs in float32, and how far they lie from float64, relative to their greatest."""
    outputs, exact = run(torch.float32), run(torch.float64)
    rounding = {name: ((outputs[name] - exact[name]).abs().max() / exact[name].abs().max()).item()
                for name in outputs}
    return outputs, rounding


def make_tiny(name, configuration):
    model = open_clip.CLIP(**configuration).eval()
    fill(model.state_dict())
    images = pixels(configuration["vision_cfg"]["image_size"])

    def run(dtype):
        model.to(dtype)
        outputs = {"image_features": model.encode_image(images.to(dtype)),
                   "text_features": model.encode_text(torch.tensor(TEXTS))}
        if "layer1" in dict(model.visual.named_children()):
            maps = model.visual.forward_intermediates(images.to(dtype), indices=1)
            outputs["last_map"] = maps["image_intermediates"][-1]
        return outputs

    outputs, rounding = compare(run)
    save_file({n: t.contiguous() for n, t in outputs.items()},
              str(FOLDER / f"tiny-{name}.outputs.safetensors"))
    shapes = {n: list(t.shape) for n, t in model.state_dict().items()}
    write_json(FOLDER / f"tiny-{name}.json", {
        "model_cfg": configuration, "texts": TEXTS, "rounding": rounding, "shapes": shapes})


def make_true_size(name):
    configuration = published(name)
    tower = open_clip._build_vision_tower(
        configuration["embed_dim"], configuration["vision_cfg"],
        configuration.get("quick_gelu", False)).eval()
    state = {f"visual.{n}": t for n, t in tower.state_dict().items()}
    count = fill(state)
    images = pixels(configuration["vision_cfg"]["image_size"])
    outputs, rounding = compare(
        lambda dtype: {"image_features": tower.to(dtype)(images.to(dtype))})
    save_file(outputs, str(FOLDER / f"{name.lower()}.outputs.safetensors"))
    return {"tensors": count, **rounding}


def published(name):
    return json.loads((package_folder / "model_configs" / f"{name}.json").read_text())


def count_parameters(name):
    configuration = published(name)
    with torch.device("meta"):
        model = open_clip.CLIP(**configuration)
    statistics = [t for n, t in model.named_buffers() if "running_" in n]
    return {"model_cfg": configuration, "parameters": sum(p.numel() for p in model.parameters()),
            "statistics": sum(t.numel() for t in statistics)}


# -- Position embeddings --------------------------------------------------------------------------


def make_positions():
    """A grid of 5 by 5 positions, resized by open_clip to others."""
    start = formula(7, (26, 6), 65521 / 2**16, 0)
    outputs = {"5": start}
    for side in (2, 4, 7, 12):
        state = {"visual.positional_embedding": start}
        model = types.SimpleNamespace(visual=types.SimpleNamespace(grid_size=(side, side)))
        open_clip.resize_pos_embed(state, model)
        outputs[str(side)] = state["visual.positional_embedding"].contiguous()
    save_file(outputs, str(FOLDER / "positions.safetensors"))


@torch.no_grad()
def main():
    FOLDER.mkdir(exist_ok=True)
    for name, configuration in TINY.items():
        make_tiny(name, configuration)
    make_positions()
    write_json(FOLDER / "published.json", {
        name: count_parameters(name)
        for name in ["ViT-B-32", "ViT-B-16", "ViT-L-14", "ViT-L-14-336", "ViT-H-14", "ViT-g-14",
                     "RN50", "RN101", "RN50x4"]})
    write_json(FOLDER / "formula.json", {
        "versions": {name: version(name) for name in ["torch", "open_clip_torch"]},
        "rules": [dict(zip(["ending", "scale", "offset", "divided"], rule)) for rule in RULES],
        "pixel_values": PIXELS,
        "true_size": {name: make_true_size(name) for name in ["ViT-B-16", "RN50"]},
    })


if __name__ == "__main__":
    main()
