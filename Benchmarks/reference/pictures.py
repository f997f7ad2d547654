"""Folders of labelled pictures, and CLIP's preprocessing, as torchvision users write them."""

import environment  # noqa: F401
import torch
from PIL import Image
from torchvision import transforms

MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)


def paths(folder):
    """The files in byte order of their paths, and the index of each one's class folder."""
    found = sorted(folder.glob("*/*.*"), key=lambda path: str(path.relative_to(folder)).encode())
    names = sorted({path.parent.name for path in found})
    return found, [names.index(path.parent.name) for path in found]


def read(path):
    with Image.open(path) as image:
        return image.convert("RGB")


def crop(size):
    """Resize and crop, still as a picture."""
    return transforms.Compose([
        transforms.Resize(size, interpolation=transforms.InterpolationMode.BICUBIC),
        transforms.CenterCrop(size)])


def preprocess(size):
    """CLIP's evaluation transform."""
    return transforms.Compose([
        crop(size), transforms.ToTensor(), transforms.Normalize(MEAN, STD)])


def tensors(folder, size):
    """A whole folder in memory: normalised images and labels."""
    files, labels = paths(folder)
    transform = preprocess(size)
    return torch.stack([transform(read(path)) for path in files]), torch.tensor(labels)
