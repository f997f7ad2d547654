"""What has to happen before torchvision and transformers are imported.

PyPI's torchvision wheel is built for the CUDA build of torch. Beside the CPU build its extension
does not load, and then importing it stops at operators that were never declared. Nothing here uses
them, so declaring them is enough; transforms, which are what is compared, are torchvision's own.
"""

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import torch  # noqa: E402

_library = None


def declare_operators():
    """Declares the operators that torchvision's import looks for, where its extension is not there."""
    global _library
    if _library is not None:
        return
    _library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        _library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")


def has_own_operators():
    """Whether torchvision's extension loads beside this torch, as with matching wheels."""
    import importlib.util
    import pathlib

    found = importlib.util.find_spec("torchvision")
    if found is None or found.origin is None:
        return False
    for path in pathlib.Path(found.origin).parent.glob("_C*.so"):
        try:
            torch.ops.load_library(str(path))
            return True
        except OSError:
            return False
    return False


if not has_own_operators():
    declare_operators()
