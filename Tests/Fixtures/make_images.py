"""Writes Fixtures/images: small image files and what Pillow makes of them.

    python Tests/Fixtures/make_images.py

`pixels.bin` holds RGB bytes one after the other; `cases.json` says what lies where; the versions
that made them are in `versions.json`. torchvision's geometry is written out below from its formulas
(torchvision/transforms/functional.py and transforms.py), so that torchvision is not needed.
"""

import io
import json
import math
import pathlib
import random
import struct
import warnings
import zlib

import numpy
from PIL import Image, features

warnings.simplefilter("ignore")
FOLDER = pathlib.Path(__file__).parent / "images"
pixels = bytearray()
cases = {"decode": [], "prefixes": [], "resize": [], "box": [], "preprocess": [], "parts": []}


def keep(image):
    """Appends the image's RGB bytes and returns where they are."""
    image = image.convert("RGB")
    place = {"offset": len(pixels), "width": image.width, "height": image.height}
    pixels.extend(image.tobytes())
    return place


def picture(width, height, channels=3, seed=0):
    """Waves, an edge and noise."""
    generator = numpy.random.default_rng(seed)
    y, x = numpy.mgrid[0:height, 0:width].astype(numpy.float64)
    planes = []
    for c in range(channels):
        wave = 128 + 90 * numpy.sin(x / (3 + c) + c) * numpy.cos(y / (4 - c / 2))
        wave += 60 * ((x + 2 * y) % 23 > 11)
        planes.append(wave + generator.integers(-30, 30, (height, width)))
    return numpy.stack(planes, -1).clip(0, 255).astype(numpy.uint8)


def image(width, height, mode="RGB", seed=0):
    channels = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4, "CMYK": 4}[mode]
    array = picture(width, height, channels, seed)
    return Image.fromarray(array[..., 0] if channels == 1 else array, mode)


def add(name, content, prefixes=False):
    """Writes a file, and keeps what Pillow decodes from it."""
    (FOLDER / name).write_bytes(content)
    cases["decode"].append({"file": name} | keep(Image.open(io.BytesIO(content))))
    if prefixes:
        good = [n for n in range(len(content)) if decodes(content[:n])]
        cases["prefixes"].append({"file": name, "accepted": good})


def decodes(content):
    try:
        Image.open(io.BytesIO(content)).convert("RGB")
        return True
    except Exception:
        return False


def encoded(image, format, **options):
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


# JPEG


def make_jpeg():
    sizes = {0: (37, 29), 1: (33, 17), 2: (35, 31)}
    for subsampling, name in [(0, "444"), (1, "422"), (2, "420")]:
        for progressive in (False, True):
            kind = "progressive" if progressive else "baseline"
            add(
                f"{kind}-{name}.jpg",
                encoded(
                    image(*sizes[subsampling]), "JPEG", quality=88, subsampling=subsampling,
                    progressive=progressive),
                prefixes=subsampling == 2)
    for width, height in [(1, 1), (1, 9), (18, 1), (3, 2), (16, 16), (17, 15)]:
        add(f"tiny-{width}x{height}.jpg", encoded(image(width, height), "JPEG", subsampling=2))
    add("low-quality.jpg", encoded(image(41, 23), "JPEG", quality=10))
    add("grey.jpg", encoded(image(31, 27, "L"), "JPEG", quality=90), prefixes=True)
    add("grey-progressive.jpg", encoded(image(31, 27, "L"), "JPEG", progressive=True))
    cmyk = encoded(image(29, 31, "CMYK"), "JPEG", quality=92)
    add("cmyk.jpg", cmyk)
    # The colour transform is the last byte of the Adobe marker; 2 declares YCCK.
    end = cmyk.index(b"Adobe") + 11
    add("ycck.jpg", cmyk[:end] + b"\x02" + cmyk[end + 1 :])
    adobe = cmyk.index(b"\xff\xee")
    add("cmyk-without-adobe.jpg", cmyk[:adobe] + cmyk[adobe + 16 :])
    add("rgb.jpg", encoded(image(27, 25), "JPEG", keep_rgb=True))
    add("restart.jpg", encoded(image(50, 19), "JPEG", restart_marker_blocks=2), prefixes=True)
    exif = Image.Exif()
    exif[0x0112] = 6
    add("rotated-by-exif.jpg", encoded(image(30, 20), "JPEG", exif=exif))
    add("jpeg-named.png", encoded(image(21, 22), "JPEG"))


# PNG


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(samples, depth, colour, before=b"", interlaced=False):
    """A PNG file of samples [height, width, channels], with filters that take turns."""
    height, width, channels = samples.shape
    passes = [(0, 0, 1, 1)]
    if interlaced:
        passes = [
            (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
            (0, 1, 1, 2),
        ]
    raw = b""
    for left, top, dx, dy in passes:
        part = samples[top::dy, left::dx]
        if part.shape[0] == 0 or part.shape[1] == 0:
            continue
        step = max(1, depth * channels // 8)
        previous = None
        for y, row in enumerate(part):
            bits = "".join(format(int(v), f"0{depth}b") for v in row.reshape(-1))
            bits += "0" * (-len(bits) % 8)
            line = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
            kind = y % 3
            left_line = bytes(step) + line[:-step] if len(line) > step else bytes(len(line))
            other = {0: bytes(len(line)), 1: left_line, 2: previous or bytes(len(line))}[kind]
            raw += bytes([kind]) + bytes((a - b) % 256 for a, b in zip(line, other))
            previous = line
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before
        + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b""))


def samples(width, height, channels, depth, seed=1):
    """Samples over the whole range of the depth; half of the 16-bit ones below 256."""
    generator = numpy.random.default_rng(seed)
    top = generator.integers(0, 2**depth, (height, width, channels))
    if depth == 16:
        top = numpy.where(generator.random(top.shape) < 0.5, top % 256, top)
    smooth = picture(width, height, channels, seed).astype(numpy.int64) * (2**depth - 1) // 255
    return numpy.where(generator.random(top.shape) < 0.2, top, smooth)


def make_png():
    palette = lambda n: chunk(b"PLTE", bytes(picture(n, 1, 3, 5).reshape(-1)))
    for interlaced in (False, True):
        end = "-interlaced.png" if interlaced else ".png"
        for depth in (1, 2, 4, 8, 16):
            size = (21, 13) if interlaced else (19, 11)
            add(
                f"grey-{depth}{end}", png(samples(*size, 1, depth), depth, 0, b"", interlaced),
                prefixes=depth == 8)
            if depth < 16:
                add(
                    f"palette-{depth}{end}",
                    png(samples(*size, 1, depth), depth, 3, palette(2**depth), interlaced))
            if depth >= 8:
                for colour, channels, name in [(2, 3, "rgb"), (4, 2, "grey-alpha"), (6, 4, "rgba")]:
                    data = png(samples(*size, channels, depth), depth, colour, b"", interlaced)
                    add(f"{name}-{depth}{end}", data, prefixes=(depth, colour) == (8, 2))
    clear = chunk(b"tRNS", bytes([0, 128, 255, 7]))
    add("palette-transparent.png", png(samples(18, 9, 1, 4), 4, 3, palette(16) + clear))
    short = samples(17, 7, 1, 8)
    add("palette-too-short.png", png(short, 8, 3, palette(60)))
    add("palette-too-short-transparent.png", png(short, 8, 3, palette(60) + clear))
    grey = samples(15, 8, 1, 8)
    colour = samples(15, 8, 3, 8)
    value = lambda data: struct.pack(f">{data.shape[2]}H", *map(int, data[0, 0]))
    add("grey-transparent.png", png(grey, 8, 0, chunk(b"tRNS", value(grey))))
    add("rgb-transparent.png", png(colour, 8, 2, chunk(b"tRNS", value(colour))))
    wide = samples(15, 8, 1, 16)
    add("grey-16-transparent.png", png(wide, 16, 0, chunk(b"tRNS", value(wide))))
    dark = chunk(b"gAMA", struct.pack(">I", 100000)) + chunk(b"bKGD", bytes(6))
    add("rgb-gamma.png", png(colour, 8, 2, dark))
    for width, height in [(1, 1), (1, 5), (6, 1), (3, 3)]:
        add(
            f"tiny-{width}x{height}-interlaced.png",
            png(samples(width, height, 3, 8), 8, 2, b"", True))
    frames = [image(16, 12, "RGB", seed) for seed in (3, 4)]
    add("animated.png", encoded(frames[0], "PNG", save_all=True, append_images=frames[1:]))
    add("png-named.jpg", encoded(image(20, 21), "PNG"))
    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    (FOLDER / "bomb.png").write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(64)))
        + chunk(b"IEND", b""))


# WebP


def riff(chunks):
    body = b"WEBP"
    for kind, data in chunks:
        body += kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def make_webp():
    add("lossy.webp", encoded(image(37, 29), "WEBP", quality=85), prefixes=True)
    add("lossless.webp", encoded(image(23, 19), "WEBP", lossless=True), prefixes=True)
    add("lossy-alpha.webp", encoded(image(33, 21, "RGBA"), "WEBP", quality=80), prefixes=True)
    exact = {"lossless": True, "exact": True}
    add("lossless-alpha.webp", encoded(image(19, 17, "RGBA"), "WEBP", **exact))
    exif = Image.Exif()
    exif[0x0112] = 6
    add("extended.webp", encoded(image(25, 18), "WEBP", exif=exif), prefixes=True)
    for width, height in [(1, 1), (1, 6), (7, 1)]:
        add(f"tiny-{width}x{height}.webp", encoded(image(width, height), "WEBP"))
    frames = [image(24, 16, "RGB", seed) for seed in (3, 4)]
    animated = encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:])
    add("animated.webp", animated)
    # A first frame that does not fill its canvas of 30 x 20.
    u24 = lambda value: struct.pack("<I", value)[:3]
    still = encoded(image(13, 11), "WEBP", quality=90)[12:]
    frame = u24(3) + u24(2) + u24(12) + u24(10) + u24(100) + b"\0" + still
    add(
        "animated-offset.webp",
        riff([
            (b"VP8X", b"\x12\0\0\0" + u24(29) + u24(19)), (b"ANIM", bytes(6)), (b"ANMF", frame)]))


# Geometry


def resize_short_side(image, size):
    """torchvision's Resize(size, BICUBIC): _compute_resized_output_size."""
    short, long = sorted(image.size)
    new_long = int(size * long / short)
    width, height = image.size
    new = (size, new_long) if width <= height else (new_long, size)
    return image if new == image.size else image.resize(new, Image.BICUBIC)


def centre_crop(image, size):
    """torchvision's CenterCrop(size)."""
    width, height = image.size
    if size > width or size > height:
        left = (size - width) // 2 if size > width else 0
        top = (size - height) // 2 if size > height else 0
        right = (size - width + 1) // 2 if size > width else 0
        bottom = (size - height + 1) // 2 if size > height else 0
        larger = Image.new("RGB", (width + left + right, height + top + bottom))
        larger.paste(image, (left, top))
        image = larger
        width, height = image.size
    top = int(round((height - size) / 2.0))
    left = int(round((width - size) / 2.0))
    return image.crop((left, top, left + size, top + size))


class CounterRandom:
    """Sources/Basics/CounterRandom.swift."""

    MASK = 2**64 - 1

    def __init__(self, *key):
        self.state = 0x243F6A8885A308D3
        for part in key:
            self.state = self.mixed(((self.state + 0x9E3779B97F4A7C15) & self.MASK) ^ part)

    @classmethod
    def mixed(cls, z):
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & cls.MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & cls.MASK
        return z ^ (z >> 31)

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & self.MASK
        return self.mixed(self.state)

    def uniform(self, low=0.0, high=1.0):
        return low + (high - low) * ((self.next() >> 11) * 2.0**-53)

    def below(self, bound):
        return (self.next() * bound) >> 64


def random_part(width, height, numbers, scale=(0.9, 1.0), ratio=(3 / 4, 4 / 3)):
    """torchvision's RandomResizedCrop.get_params; returns x, y, width, height."""
    area = width * height
    log_ratio = [math.log(r) for r in ratio]
    for _ in range(10):
        target = area * numbers.uniform(*scale)
        aspect = math.exp(numbers.uniform(*log_ratio))
        w = int(round(math.sqrt(target * aspect)))
        h = int(round(math.sqrt(target / aspect)))
        if 0 < w <= width and 0 < h <= height:
            y = numbers.below(height - h + 1)
            x = numbers.below(width - w + 1)
            return x, y, w, h
    in_ratio = width / height
    w, h = width, height
    if in_ratio < min(ratio):
        h = int(round(width / min(ratio)))
    elif in_ratio > max(ratio):
        w = int(round(height * max(ratio)))
    return (width - w) // 2, (height - h) // 2, w, h


def make_geometry():
    base = image(96, 80, "RGB", 11)
    (FOLDER / "base.png").write_bytes(encoded(base, "PNG"))
    part = lambda width, height: base.crop((0, 0, width, height))

    for width, height, new_width, new_height in [
        (96, 80, 32, 27), (96, 80, 31, 80), (96, 80, 96, 13), (40, 30, 61, 47), (40, 30, 40, 33),
        (40, 30, 43, 30), (96, 80, 1, 1), (1, 1, 5, 4), (96, 2, 7, 30), (2, 80, 30, 9),
        (96, 80, 40, 90), (33, 33, 32, 32), (33, 33, 33, 33),
        # Around the bound from which on the vertical pass comes first.
        (30, 60, 22, 43), (30, 60, 22, 44), (30, 60, 40, 59), (30, 60, 40, 61), (20, 60, 13, 19),
    ]:
        result = part(width, height).resize((new_width, new_height), Image.BICUBIC)
        cases["resize"].append({"source": [width, height]} | keep(result))
    for box in [(3, 5, 90, 70), (10.25, 7.5, 60.125, 79.75), (0, 0, 24, 18), (0.5, 0, 96, 80)]:
        result = base.resize((24, 18), Image.BICUBIC, box=box)
        cases["box"].append({"box": box} | keep(result))

    for width, height, short, crop in [
        (96, 80, 32, 32), (80, 96 - 17, 32, 32), (96, 65, 33, 32), (50, 80, 37, 32),
        (80, 50, 34, 31), (37, 80, 32, 30), (96, 61, 35, 32), (61, 73, 36, 37), (40, 77, 24, 32),
        (77, 20, 24, 37), (31, 29, 16, 33), (32, 32, 32, 32), (32, 47, 32, 32), (96, 3, 32, 32),
        (1, 80, 32, 32), (9, 7, 48, 37), (90, 31, 32, 45), (30, 80, 21, 20), (35, 79, 32, 31),
    ]:
        result = centre_crop(resize_short_side(part(width, height), short), crop)
        cases["preprocess"].append(
            {"source": [width, height], "short_side": short, "crop": crop} | keep(result))

    shapes = [(96, 80), (80, 61), (64, 64), (30, 80), (96, 20), (1, 9), (13, 1), (500, 375)]
    for width, height in shapes:
        for index in range(6):
            numbers = CounterRandom(7, 2, index)
            x, y, w, h = random_part(width, height, numbers)
            flips = numbers.uniform() < 0.5
            case = {"source": [width, height], "key": [7, 2, index], "part": [x, y, w, h]}
            case["flips"] = flips
            if width <= 96 and index < 2:
                result = part(width, height).crop((x, y, x + w, y + h))
                result = result.resize((24, 24), Image.BICUBIC)
                if flips:
                    result = result.transpose(Image.FLIP_LEFT_RIGHT)
                case |= keep(result)
            cases["parts"].append(case)


def main():
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    random.seed(0)
    make_jpeg()
    make_png()
    make_webp()
    make_geometry()
    (FOLDER / "pixels.bin").write_bytes(bytes(pixels))
    lines = {kind: "[\n" + ",\n".join(map(json.dumps, all)) + "\n]" for kind, all in cases.items()}
    text = ",\n".join(f'"{kind}": {content}' for kind, content in lines.items())
    (FOLDER / "cases.json").write_text("{\n" + text + "\n}\n")
    versions = {
        "pillow": Image.__version__,
        "numpy": numpy.__version__,
        "libjpeg-turbo": features.version("libjpeg_turbo"),
        "zlib": features.version("zlib"),
        "webp": features.version("webp"),
    }
    (FOLDER / "versions.json").write_text(json.dumps(versions, indent=2) + "\n")


if __name__ == "__main__":
    main()
