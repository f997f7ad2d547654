"""A first prediction with transformers, from a cold process.

    python first_prediction.py MODEL CLASSES IMAGE     prints each class's probability as JSON
"""

import json
import sys

import environment  # noqa: F401
import torch
from PIL import Image
from transformers import CLIPImageProcessorPil, CLIPModel, CLIPTokenizer

folder, classes, picture = sys.argv[1:]
names = open(classes).read().splitlines()
model = CLIPModel.from_pretrained(folder)
texts = CLIPTokenizer.from_pretrained(folder)(
    [f"a photo of a {name}." for name in names], padding=True, return_tensors="pt")
pixels = CLIPImageProcessorPil.from_pretrained(folder)(
    Image.open(picture).convert("RGB"), return_tensors="pt")
with torch.inference_mode():
    probabilities = model(**texts, **pixels).logits_per_image.softmax(dim=1)[0]
print(json.dumps(dict(zip(names, probabilities.tolist()))))
