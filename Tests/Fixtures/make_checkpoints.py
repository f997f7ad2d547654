"""Makes checkpoints/: small CLIPs in every layout that Python's tools write, and what they compute.

    python make_checkpoints.py

Two models: `wide`, whose heads are 64 wide as OpenAI's, as a TorchScript archive with OpenAI's
attributes; and `small` as everything else. Every weight is a multiple of 1/64 below 4, which float16
and bfloat16 hold exactly, so that all files of one model hold the same numbers. open_clip computes the
outputs; transformers must agree.
"""

import importlib
import importlib.util
import io
import json
import pathlib
import platform
import shutil
import sys
import types
import zipfile
from importlib.metadata import version

import numpy
import torch
from safetensors.torch import save_file

# Beside a torch for CPUs it is often one for another torch; nothing of it is needed.
sys.modules["torchvision"] = None
from transformers import CLIPConfig, CLIPModel  # noqa: E402

FOLDER = pathlib.Path(__file__).parent / "checkpoints"
torch.set_num_threads(1)

SMALL = {
    "embed_dim": 12,
    "vision_cfg": {"image_size": 12, "patch_size": 4, "layers": 2, "width": 16, "head_width": 8,
                   "mlp_ratio": 2.0},
    "text_cfg": {"context_length": 8, "vocab_size": 40, "width": 16, "heads": 2, "layers": 1,
                 "mlp_ratio": 2.0},
}
WIDE = {
    "embed_dim": 16,
    "quick_gelu": True,
    "vision_cfg": {"image_size": 8, "patch_size": 4, "layers": 1, "width": 64, "mlp_ratio": 1.0},
    "text_cfg": {"context_length": 8, "vocab_size": 40, "width": 64, "heads": 1, "layers": 1,
                 "mlp_ratio": 1.0},
}
PREPROCESSING = {"mean": [0.5, 0.4, 0.3], "std": [0.25, 0.5, 0.75], "interpolation": "bicubic",
                 "resize_mode": "shortest"}


def load_open_clip():
    """open_clip's module of models, without its package, torchvision and timm."""

    class Unused:
        pass

    package = types.ModuleType("open_clip")
    package.__path__ = list(importlib.util.find_spec("open_clip").submodule_search_locations)
    misc = types.ModuleType("torchvision.ops.misc")
    misc.FrozenBatchNorm2d = Unused
    for name, module in {"open_clip": package, "timm": None, "torchvision.ops.misc": misc,
                         "torchvision": types.ModuleType("torchvision"),
                         "torchvision.ops": types.ModuleType("torchvision.ops")}.items():
        sys.modules[name] = module
    return importlib.import_module("open_clip.model")


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n")


def draw(model, seed):
    """Multiples of 1/64 of a size that keeps activations of order one."""
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in model.named_parameters():
        noise = torch.randn(tensor.shape, generator=generator)
        if name == "logit_scale":
            value = torch.tensor(1.9375)
        elif "ln_" in name and name.endswith("weight"):
            value = 1 + 0.2 * noise
        elif "embedding" in name or name.endswith("bias"):
            value = 0.3 * noise
        else:
            value = noise / 5
        tensor.data.copy_((value * 64).round().clamp(-200, 200) / 64)


def make_inputs(configuration, seed):
    generator = torch.Generator().manual_seed(seed)
    size = configuration["vision_cfg"]["image_size"]
    pixels = torch.randn(3, 3, size, size, generator=generator)
    end = configuration["text_cfg"]["vocab_size"] - 1
    rows = [[end - 1, 5, 17, 2, end], [end - 1, 30, end], [end - 1, 9, 9, 1, 22, 14, 3, end]]
    return pixels, torch.tensor([row + [0] * (8 - len(row)) for row in rows])


def write_outputs(name, model, inputs):
    pixels, tokens = inputs
    with torch.no_grad():
        images, texts = model.encode_image(pixels), model.encode_text(tokens)
        logits, _ = model.get_logits(pixels, tokens)
    outputs = {"pixel_values": pixels, "input_ids": tokens, "image_features": images,
               "text_features": texts, "logits": logits}
    save_file({k: v.contiguous() for k, v in outputs.items()},
              FOLDER / f"{name}.outputs.safetensors")
    return logits


def save_legacy(value, path):
    """torch.save without an archive, with storages named by their order and not their address."""

    class Names:
        known = {}

        def __new__(cls, address):
            return cls.known.setdefault(address, f"{len(cls.known):08d}")

    buffer = io.BytesIO()
    torch.serialization.str = Names
    torch.save(value, buffer, _use_new_zipfile_serialization=False)
    del torch.serialization.str
    path.write_bytes(buffer.getvalue())


def half(state, dtype=torch.float16):
    return {name: tensor.to(dtype) for name, tensor in state.items()}


# -- OpenAI ---------------------------------------------------------------------------------------


class Node(torch.nn.Module):
    """A module that only holds what OpenAI's hold under the same names."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


def write_openai(path, state, configuration):
    """A TorchScript archive as OpenAI published: float16 but for norms and embeddings, and three
    sizes as tensors. What TorchScript notes of this machine's files is left out."""
    root = Node()
    for name, tensor in state.items():
        *parents, last = name.split(".")
        node = root
        for parent in parents:
            if parent not in node._modules:
                node.add_module(parent, Node())
            node = node._modules[parent]
        keeps = "ln_" in name or "embedding" in name or name == "logit_scale"
        value = tensor if keeps else tensor.half()
        node.register_parameter(last, torch.nn.Parameter(value, requires_grad=False))
    sizes = {"input_resolution": configuration["vision_cfg"]["image_size"],
             "context_length": configuration["text_cfg"]["context_length"],
             "vocab_size": configuration["text_cfg"]["vocab_size"]}
    for name, value in sizes.items():
        root.register_buffer(name, torch.tensor(value))
    torch.jit.script(root).save(path)
    with zipfile.ZipFile(path) as archive:
        entries = [(i.filename, i.compress_type, archive.read(i)) for i in archive.infolist()]
    with zipfile.ZipFile(path, "w") as archive:
        for name, compression, content in entries:
            if not name.endswith(".debug_pkl"):
                archive.writestr(zipfile.ZipInfo(name), content, compression)
    loaded = torch.jit.load(path).state_dict()
    assert all(torch.equal(loaded[name].float(), tensor) for name, tensor in state.items())


# -- transformers ---------------------------------------------------------------------------------


def to_transformers(state):
    """As transformers' convert_clip_original_pytorch_to_hf.py does it."""
    result = {"logit_scale": state["logit_scale"]}
    for ours, theirs in [("visual.", "vision_model."), ("", "text_model.")]:
        prefix = f"{ours}transformer.resblocks."
        for name, tensor in state.items():
            if not name.startswith(prefix):
                continue
            number, part = name[len(prefix):].split(".", 1)
            layer = f"{theirs}encoder.layers.{number}."
            if part.startswith("attn.in_proj_"):
                kind = part.removeprefix("attn.in_proj_")
                for letter, third in zip("qkv", tensor.chunk(3)):
                    result[f"{layer}self_attn.{letter}_proj.{kind}"] = third.clone()
                continue
            for old, new in [("attn.out_proj", "self_attn.out_proj"), ("ln_1", "layer_norm1"),
                             ("ln_2", "layer_norm2"), ("mlp.c_fc", "mlp.fc1"),
                             ("mlp.c_proj", "mlp.fc2")]:
                part = part.replace(old, new)
            result[layer + part] = tensor
    vision, text = "vision_model.embeddings.", "text_model.embeddings."
    result |= {
        vision + "class_embedding": state["visual.class_embedding"],
        vision + "patch_embedding.weight": state["visual.conv1.weight"],
        vision + "position_embedding.weight": state["visual.positional_embedding"],
        text + "token_embedding.weight": state["token_embedding.weight"],
        text + "position_embedding.weight": state["positional_embedding"],
        "visual_projection.weight": state["visual.proj"].T.contiguous(),
        "text_projection.weight": state["text_projection"].T.contiguous(),
    }
    for old, new in [("visual.ln_pre", "vision_model.pre_layrnorm"),
                     ("visual.ln_post", "vision_model.post_layernorm"),
                     ("ln_final", "text_model.final_layer_norm")]:
        for end in [".weight", ".bias"]:
            result[new + end] = state[old + end]
    return result


def write_transformers(state, inputs, logits):
    pixels, tokens = inputs
    names = to_transformers(state)
    differences = {
        "model_type": "clip", "projection_dim": 12,
        "vision_config_dict": {"hidden_size": 16, "intermediate_size": 32, "hidden_act": "gelu",
                               "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 12,
                               "patch_size": 4},
        "text_config_dict": {"hidden_size": 16, "intermediate_size": 32, "hidden_act": "gelu",
                             "num_hidden_layers": 1, "num_attention_heads": 2, "vocab_size": 40,
                             "max_position_embeddings": 8, "eos_token_id": 39,
                             "bos_token_id": 38, "pad_token_id": 0},
    }
    settings = {name.removesuffix("_dict"): value for name, value in differences.items()}
    model = CLIPModel(CLIPConfig(**settings, attn_implementation="eager")).eval()
    model.load_state_dict(names)
    with torch.no_grad():
        ours = model(input_ids=tokens, pixel_values=pixels).logits_per_image
    assert torch.allclose(ours, logits, atol=1e-5), (ours - logits).abs().max()

    sharded = FOLDER / "hf-sharded"
    model.to(torch.bfloat16).save_pretrained(sharded, max_shard_size="8KB")
    assert len(list(sharded.glob("model-*.safetensors"))) > 2
    # Early files name only what differs, in members with another name, and hold numbers of positions.
    early = half(names) | {"text_model.embeddings.position_ids": torch.arange(8).expand((1, -1)),
                           "vision_model.embeddings.position_ids": torch.arange(10).expand((1, -1))}
    for name, save in [("hf-bin", torch.save), ("hf-legacy", save_legacy)]:
        (FOLDER / name).mkdir()
        save(early, FOLDER / name / "pytorch_model.bin")
        write_json(FOLDER / name / "config.json", differences)


# -- open_clip ------------------------------------------------------------------------------------


def make_folder(name, configuration=None, preprocessing=None):
    folder = FOLDER / name
    folder.mkdir()
    if configuration:
        write_json(folder / "open_clip_config.json",
                   {"model_cfg": configuration, "preprocess_cfg": preprocessing or {}})
    return folder


def write_open_clip(model, state):
    folder = make_folder("openclip", SMALL, PREPROCESSING)
    save_file({name: tensor.contiguous() for name, tensor in half(state, torch.bfloat16).items()},
              folder / "open_clip_model.safetensors")

    folder = make_folder("training", SMALL)
    wrapped = {f"module.{name}": tensor for name, tensor in half(state).items()}
    optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.ones(2, 2))], lr=1e-3)
    optimizer.param_groups[0]["params"][0].sum().backward()
    optimizer.step()
    torch.save({"epoch": 3, "name": "tiny", "state_dict": wrapped,
                "optimizer": optimizer.state_dict(), "loss": numpy.float64(1.5),
                "scaler": {"scale": 65536.0, "growth_interval": 2000}}, folder / "epoch_3.pt")

    # CustomTextCLIP; its scale is a list of one number.
    folder = make_folder("custom-text", SMALL | {"custom_text": True})
    custom = open_clip.convert_to_custom_text_state_dict(half(state))
    custom["logit_scale"] = custom["logit_scale"].reshape(1)
    torch.save(custom, folder / "open_clip_pytorch_model.bin")

    # model-soups: the text transformer is deleted, a classifier added.
    folder = make_folder("soup", SMALL)
    generator = torch.Generator().manual_seed(5)
    head = {"weight": torch.randn(3, 12, generator=generator),
            "bias": torch.randn(3, generator=generator)}
    soup = {f"model.{name}": tensor for name, tensor in half(state).items()
            if not name.startswith("transformer.")}
    torch.save(soup | {f"classification_head.{name}": (tensor * 64).round() / 64
                       for name, tensor in head.items()}, folder / "model_0.pt")
    (folder / "classes.txt").write_text("owl\nmaple leaf\nred kite\n")


# -- Files of torch.save --------------------------------------------------------------------------


def write_tensors():
    """Every type and kind of view in each form of torch.save, and the same as safetensors."""
    generator = torch.Generator().manual_seed(7)
    base = (torch.randn(6, 8, generator=generator) * 64).round() / 64
    views = {
        "float32": base.clone(), "float16": base.half(), "bfloat16": base.bfloat16(),
        "float64": base.double() / 3, "int64": torch.tensor([-(2**40), 7]),
        "int32": torch.tensor([[-5], [6]], dtype=torch.int32),
        "uint8": torch.arange(250, 256, dtype=torch.uint8), "bool": torch.tensor([True, False]),
        "scalar": torch.tensor(2.5), "empty": torch.zeros(0, 3),
        "transposed": base.t(), "rows": base[2:5], "columns": base[:, 3:5], "steps": base[::2, 1::3],
        "permuted": base.reshape(2, 3, 8).permute(2, 0, 1), "one": base[4:5, 2:3],
        "parameter": torch.nn.Parameter(base[0].clone()),
    }
    module = torch.nn.Linear(2, 1)
    module.weight.data = torch.tensor([[1.0, 2.0]])
    module.bias.data = torch.tensor([3.0])
    everything = views | {f"linear.{k}": v for k, v in module.state_dict().items()}
    save_file({k: v.detach().contiguous().clone() for k, v in everything.items()},
              FOLDER / "tensors.safetensors")
    facts = {"epoch": 4, "note": "naïve", "rate": 0.5, "done": True, "nothing": None,
             "big": 2**80, "negative": -3, "list": [1, (2, 3), {"a": {4, 5}}], "bytes": b"\0\1",
             "size": torch.Size([2, 3]), "type": torch.float16, "device": torch.device("cpu"),
             "numpy": numpy.float32(2)}
    # state_dict() is an OrderedDict with the versions of modules hung on it.
    state = module.state_dict(prefix="linear.")
    state.update(views)
    value = {"state_dict": state} | facts
    for protocol in [2, 4, 5]:
        torch.save(value, FOLDER / f"tensors-{protocol}.pt", pickle_protocol=protocol)
    save_legacy(value, FOLDER / "tensors-legacy.pt")


open_clip = load_open_clip()

if __name__ == "__main__":
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    write_tensors()
    wide = open_clip.CLIP(**WIDE).eval()
    draw(wide, seed=1)
    write_outputs("wide", wide, make_inputs(WIDE, seed=2))
    (FOLDER / "openai").mkdir()
    write_openai(FOLDER / "openai" / "ViT.pt", wide.state_dict(), WIDE)
    small = open_clip.CLIP(**SMALL).eval()
    draw(small, seed=3)
    inputs = make_inputs(SMALL, seed=4)
    logits = write_outputs("small", small, inputs)
    write_open_clip(small, small.state_dict())
    write_transformers(small.state_dict(), inputs, logits)
    packages = ["torch", "transformers", "open_clip_torch", "safetensors", "numpy"]
    write_json(FOLDER / "versions.json",
               {"python": platform.python_version()} | {name: version(name) for name in packages})
