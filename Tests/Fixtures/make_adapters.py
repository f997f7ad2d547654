"""Makes adapters/: LoRA adapters as PEFT saves them, and the features that PEFT computes with them.

    python make_adapters.py

All belong to towers/tiny-quickgelu, with factors drawn from a seed, B not zero. Each folder has the
two files of PEFT and outputs.safetensors: what PEFT's model says of the pixels and texts of
towers/tiny-quickgelu.outputs.safetensors, projected and not normalised.

    transformers/   every linear map of CLIPModel, rsLoRA, patterns of ranks and alphas
    half/           q_proj and v_proj of CLIPVisionModelWithProjection, factors in float16
    open-clip/      attention and MLP of both towers of open_clip's CLIP: fused projections
    separate/       q_proj, v_proj, out_proj and fc1 of CLIPModel's vision tower, first layer only
    fused/          the same updates for open_clip: blocks on a diagonal, laid out here and
                    checked by loading them with PEFT
"""

import importlib
import importlib.util
import json
import pathlib
import shutil
import sys
import types
import warnings

import numpy
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.numpy import load_file, save_file
from transformers import CLIPModel, CLIPVisionModelWithProjection

HERE = pathlib.Path(__file__).resolve().parent
ADAPTERS = HERE / "adapters"
MODEL = HERE / "towers" / "tiny-quickgelu"
torch.set_num_threads(1)


# -- open_clip's model, with the weights of a CLIPModel ---------------------------------------------


def open_clip_module(name):
    """A module of open_clip without its package, which would import every model. Of torchvision it
    needs one class that no transformer has."""
    if "open_clip" not in sys.modules:
        package = types.ModuleType("open_clip")
        package.__path__ = list(importlib.util.find_spec("open_clip").submodule_search_locations)
        sys.modules["open_clip"] = package
        for missing in ("torchvision", "torchvision.ops", "torchvision.ops.misc"):
            sys.modules[missing] = types.ModuleType(missing)
        sys.modules["torchvision.ops.misc"].FrozenBatchNorm2d = torch.nn.BatchNorm2d
    return importlib.import_module(f"open_clip.{name}")


def open_clip_weights(state):
    """The tensors of a CLIPModel under the names of the CLIP release."""
    renamed = {
        "visual.class_embedding": state["vision_model.embeddings.class_embedding"],
        "visual.conv1.weight": state["vision_model.embeddings.patch_embedding.weight"],
        "visual.positional_embedding": state["vision_model.embeddings.position_embedding.weight"],
        "visual.proj": state["visual_projection.weight"].T,
        "token_embedding.weight": state["text_model.embeddings.token_embedding.weight"],
        "positional_embedding": state["text_model.embeddings.position_embedding.weight"],
        "text_projection": state["text_projection.weight"].T,
        "logit_scale": state["logit_scale"],
    }
    norms = {"vision_model.pre_layrnorm": "visual.ln_pre", "vision_model.post_layernorm": "visual.ln_post",
             "text_model.final_layer_norm": "ln_final"}
    for old, new in norms.items():
        for part in ("weight", "bias"):
            renamed[f"{new}.{part}"] = state[f"{old}.{part}"]
    maps = {"layer_norm1": "ln_1", "layer_norm2": "ln_2", "self_attn.out_proj": "attn.out_proj",
            "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj"}
    for old, new in (("vision_model", "visual."), ("text_model", "")):
        layer = 0
        while f"{old}.encoder.layers.{layer}.mlp.fc1.weight" in state:
            source, target = f"{old}.encoder.layers.{layer}", f"{new}transformer.resblocks.{layer}"
            for part in ("weight", "bias"):
                for a, b in maps.items():
                    renamed[f"{target}.{b}.{part}"] = state[f"{source}.{a}.{part}"]
                renamed[f"{target}.attn.in_proj_{part}"] = torch.cat(
                    [state[f"{source}.self_attn.{p}_proj.{part}"] for p in "qkv"])
            layer += 1
    return renamed


def open_clip_model(clip):
    """open_clip's CLIP with the weights of a CLIPModel."""
    vision, text = clip.config.vision_config, clip.config.text_config
    model = open_clip_module("model").CLIP(
        clip.config.projection_dim,
        vision_cfg=dict(
            image_size=vision.image_size, patch_size=vision.patch_size, layers=vision.num_hidden_layers,
            width=vision.hidden_size, head_width=vision.hidden_size // vision.num_attention_heads,
            mlp_ratio=vision.intermediate_size / vision.hidden_size),
        text_cfg=dict(
            context_length=text.max_position_embeddings, vocab_size=text.vocab_size,
            width=text.hidden_size, heads=text.num_attention_heads, layers=text.num_hidden_layers,
            mlp_ratio=text.intermediate_size / text.hidden_size),
        quick_gelu=vision.hidden_act == "quick_gelu")
    extra = model.load_state_dict(open_clip_weights(clip.state_dict()), strict=True)
    assert not extra.missing_keys and not extra.unexpected_keys
    return model.eval()


# -- adapters ---------------------------------------------------------------------------------------


def randomise(adapted, seed):
    """Draws every factor, B small."""
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in sorted(adapted.named_parameters()):
        if "lora_" in name:
            spread = 0.1 if "lora_B" in name else tensor.shape[1] ** -0.5
            tensor.data = torch.randn(tensor.shape, generator=generator) * spread
    return adapted.eval()


def loaded(model, folder):
    """The model with an adapter that PEFT reads; a warning about keys, or any other, is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", category=FutureWarning)
        return PeftModel.from_pretrained(model, folder).eval()


def features(adapted, inputs):
    """Projected features of pixels and, where the model has a text tower, of texts."""
    model = adapted.get_base_model()
    pixels = torch.from_numpy(inputs["pixel_values"])
    tokens = torch.from_numpy(inputs["input_ids"])
    with torch.no_grad():
        if isinstance(model, CLIPVisionModelWithProjection):
            return {"images": model(pixels).image_embeds}
        if isinstance(model, CLIPModel):
            return {"images": model.get_image_features(pixels).pooler_output,
                    "texts": model.get_text_features(tokens).pooler_output}
        return {"images": model.encode_image(pixels), "texts": model.encode_text(tokens)}


def save(adapted, name, inputs):
    folder = ADAPTERS / name
    adapted.peft_config["default"].base_model_name_or_path = "../../towers/" + MODEL.name
    adapted.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text())
    if isinstance(config["target_modules"], list):  # a set for PEFT, in another order each time
        config["target_modules"].sort()
    path.write_text(json.dumps(config, indent=2, sort_keys=True))
    outputs = {key: value.numpy() for key, value in features(adapted, inputs).items()}
    save_file(outputs, folder / "outputs.safetensors")
    return outputs


def fused(separate, layer, width, rank):
    """Updates of q_proj, v_proj and out_proj of one rank as one pair for nn.MultiheadAttention.

    Half of the output's, which PEFT 0.21.2 adds twice (huggingface/peft pull request 3774).
    """
    source = f"base_model.model.vision_model.encoder.layers.{layer}."
    target = f"base_model.model.visual.transformer.resblocks.{layer}."

    def factor(module, letter):
        return separate[f"{source}{module}.lora_{letter}.weight"]

    up = numpy.zeros((3 * width, 2 * rank), numpy.float32)
    up[:width, :rank] = factor("self_attn.q_proj", "B")
    up[2 * width:, rank:] = factor("self_attn.v_proj", "B")
    padding = numpy.zeros((rank, width), numpy.float32)
    return {
        f"{target}attn.lora_A.weight": numpy.concatenate(
            [factor("self_attn.q_proj", "A"), factor("self_attn.v_proj", "A")]),
        f"{target}attn.lora_B.weight": up,
        f"{target}attn.base_layer.out_proj.lora_A.weight": numpy.concatenate(
            [factor("self_attn.out_proj", "A"), padding]),
        f"{target}attn.base_layer.out_proj.lora_B.weight": numpy.concatenate(
            [0.5 * factor("self_attn.out_proj", "B"), padding.T], axis=1),
        f"{target}mlp.c_fc.lora_A.weight": factor("mlp.fc1", "A"),
        f"{target}mlp.c_fc.lora_B.weight": factor("mlp.fc1", "B"),
    }


def main():
    shutil.rmtree(ADAPTERS, ignore_errors=True)
    inputs = load_file(HERE / "towers" / f"{MODEL.name}.outputs.safetensors")
    whole = lambda: CLIPModel.from_pretrained(MODEL)

    config = LoraConfig(
        r=3, lora_alpha=6, use_rslora=True, target_modules="all-linear",
        rank_pattern={"q_proj": 2, r"vision_model\.encoder\.layers\.\d\.mlp\.fc1": 4},
        alpha_pattern={"vision_model.encoder.layers.0.self_attn.v_proj": 12, "^text_projection": 1.5})
    save(randomise(get_peft_model(whole(), config), 1), "transformers", inputs)

    vision = CLIPVisionModelWithProjection.from_pretrained(MODEL)
    config = LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"])
    adapted = randomise(get_peft_model(vision, config), 2)
    for name, tensor in adapted.named_parameters():
        if "lora_" in name:
            tensor.data = tensor.data.half().float()
    save(adapted, "half", inputs)
    path = ADAPTERS / "half" / "adapter_model.safetensors"
    halved = {k: v.astype(numpy.float16) for k, v in load_file(path).items()}
    save_file(halved, path, metadata={"format": "pt"})

    open_clip = lambda: open_clip_model(whole())
    config = LoraConfig(
        r=2, lora_alpha=4, target_modules=["attn", "c_fc", "c_proj"],
        rank_pattern={"visual.transformer.resblocks.0.attn": 3},
        alpha_pattern={"^transformer.resblocks.1.attn": 1})
    save(randomise(get_peft_model(open_clip(), config), 3), "open-clip", inputs)

    config = LoraConfig(
        r=2, lora_alpha=3,
        target_modules=r"vision_model\.encoder\.layers\.0\..*\.(q_proj|v_proj|out_proj|fc1)")
    ours = save(randomise(get_peft_model(whole(), config), 4), "separate", inputs)

    folder = ADAPTERS / "fused"
    folder.mkdir()
    separate = load_file(ADAPTERS / "separate" / "adapter_model.safetensors")
    save_file(fused(separate, 0, 32, 2), folder / "adapter_model.safetensors", metadata={"format": "pt"})
    config = json.loads((ADAPTERS / "separate" / "adapter_config.json").read_text())
    config.pop("peft_version")
    config |= {
        "r": 4, "lora_alpha": 6, "auto_mapping": None, "rank_pattern": {"mlp.c_fc": 2},
        "alpha_pattern": {"mlp.c_fc": 3},
        "target_modules": r"visual\.transformer\.resblocks\.(0)\.(attn|mlp\.c_fc)"}
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    theirs = features(loaded(open_clip(), folder), inputs)
    for key, value in theirs.items():
        gap = numpy.abs(value.numpy() - ours[key]).max() / numpy.abs(ours[key]).max()
        assert gap < 1e-5, f"fused {key} differ by {gap}"
    save_file({k: v.numpy() for k, v in theirs.items()}, folder / "outputs.safetensors")

    plain = features(get_peft_model(whole(), LoraConfig(target_modules=["q_proj"])), inputs)
    for folder in sorted(ADAPTERS.iterdir()):
        moved = numpy.abs(load_file(folder / "outputs.safetensors")["images"] - plain["images"].numpy())
        print(f"{folder.name}: features moved by up to {moved.max():.2f}")


if __name__ == "__main__":
    main()
