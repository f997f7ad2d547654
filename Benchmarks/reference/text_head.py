"""A zero-shot head with open_clip: its own classifier builder, a class at a time."""

import time

import environment  # noqa: F401
import open_clip
import torch
from safetensors.torch import load_file


def repetition(folder, settings):
    model = open_clip.create_model("ViT-B-32", force_quick_gelu=True).eval()
    load_text_tower(model, load_file(folder / "models" / settings["model"] / "model.safetensors"))
    tokenizer = open_clip.get_tokenizer("ViT-B-32")
    classes = (folder / settings["classes"]).read_text().splitlines()
    templates = (folder / settings["prompts"]).read_text().splitlines()

    def run():
        start = time.perf_counter()
        with torch.inference_mode():
            columns = open_clip.build_zero_shot_classifier(
                model, tokenizer, classes, templates, num_classes_per_batch=1)
        seconds = time.perf_counter() - start
        with torch.inference_mode():
            weight = (columns * model.logit_scale.exp()).T
        return seconds, len(classes), weight.flatten().tolist()

    return run


def load_text_tower(model, tensors):
    """Puts the text tower of the Hugging Face layout into open_clip's names."""
    found = {"logit_scale": tensors["logit_scale"],
             "token_embedding.weight": tensors["text_model.embeddings.token_embedding.weight"],
             "positional_embedding": tensors["text_model.embeddings.position_embedding.weight"],
             "text_projection": tensors["text_projection.weight"].T}
    for kind in ("weight", "bias"):
        found[f"ln_final.{kind}"] = tensors[f"text_model.final_layer_norm.{kind}"]
    names = {"ln_1": "layer_norm1", "ln_2": "layer_norm2", "mlp.c_fc": "mlp.fc1",
             "mlp.c_proj": "mlp.fc2", "attn.out_proj": "self_attn.out_proj"}
    for layer in range(len(model.transformer.resblocks)):
        source = f"text_model.encoder.layers.{layer}"
        target = f"transformer.resblocks.{layer}"
        for kind in ("weight", "bias"):
            found[f"{target}.attn.in_proj_{kind}"] = torch.cat(
                [tensors[f"{source}.self_attn.{part}_proj.{kind}"] for part in "qkv"])
            for theirs, ours in names.items():
                found[f"{target}.{theirs}.{kind}"] = tensors[f"{source}.{ours}.{kind}"]
    missing, unexpected = model.load_state_dict(found, strict=False)
    assert not unexpected and all(name.startswith("visual.") for name in missing), missing
