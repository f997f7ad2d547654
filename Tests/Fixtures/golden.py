"""What the scripts that make golden files share."""

import json
import math

import torch


def write_json(path, value):
    """A line for each member, and for each entry of a member that is a list or an object."""

    def line(item):
        return json.dumps(item, ensure_ascii=False)

    def member(item):
        if isinstance(item, list):
            return "[\n  " + ",\n  ".join(map(line, item)) + "]"
        if isinstance(item, dict):
            return "{\n  " + ",\n  ".join(f"{line(k)}: {line(v)}" for k, v in item.items()) + "}"
        return line(item)

    members = (f" {line(key)}: {member(item)}" for key, item in value.items())
    path.write_text("{\n" + ",\n".join(members) + "\n}\n")


def formula(k, shape, scale, offset):
    """Tensor number k: int64 arithmetic, then float64, then one rounding to float32."""
    i = torch.arange(math.prod(shape), dtype=torch.int64)
    r = (i * i * 7919 + i * 104729 + k * 15485863 + 12345) % 65521
    return ((r.double() / 65521 - 0.5) * scale + offset).float().reshape(shape)
