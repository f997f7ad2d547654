"""What torchvision's ImageFolder does with a folder whenever it is opened: finds classes and files.

    python scan.py FOLDER     prints the number of images as JSON
"""

import json
import os
import sys

ENDINGS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")

root = sys.argv[1]
classes = sorted(entry.name for entry in os.scandir(root) if entry.is_dir())
samples = []
for label, name in enumerate(classes):
    for folder, _, files in sorted(os.walk(os.path.join(root, name), followlinks=True)):
        for file in sorted(files):
            path = os.path.join(folder, file)
            if path.lower().endswith(ENDINGS):
                samples.append((path, label))
print(json.dumps({"images": len(samples), "classes": len(classes)}))
