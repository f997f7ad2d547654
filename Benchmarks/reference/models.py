"""The classifier that both sides train and score: transformers' CLIP tower under a linear head."""

import environment  # noqa: F401
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn
from transformers import CLIPVisionModelWithProjection


class Classifier(nn.Module):
    """Image features of length one, and a linear head over them."""

    def __init__(self, tower, head):
        super().__init__()
        self.tower = tower
        self.head = nn.Linear(head["weight"].shape[1], head["weight"].shape[0])
        self.head.load_state_dict(head)

    def forward(self, images):
        features = F.normalize(self.tower(pixel_values=images).image_embeds, dim=-1)
        return features, self.head(features)

    @property
    def image_size(self):
        return self.tower.config.image_size


def classifier(folder, name):
    """The model and head of a name in the work folder."""
    tower = CLIPVisionModelWithProjection.from_pretrained(folder / "models" / name)
    return Classifier(tower.train(), load_file(folder / "heads" / f"{name}.safetensors"))


def no_grad_logits(model, images):
    with torch.inference_mode():
        return model(images)[1]
