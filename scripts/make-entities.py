#!/usr/bin/env python3
"""Writes Sources/CLIP/Tokenizer/HTMLReferences+Names.swift from Python's html.entities.html5."""

import html.entities
import pathlib
import textwrap

table = html.entities.html5
words = []
for name in sorted(name[:-1] for name in table if name.endswith(";")):
    # A star marks the names of old, which count without a semicolon too.
    star = "*" if name in table else ""
    words.append(f"{name}{star}=" + "+".join(f"{ord(c):X}" for c in table[name + ";"]))
assert all(name.endswith(";") or table[name] == table[name + ";"] for name in table)
lines = textwrap.wrap(" ".join(words), 96, break_long_words=False, break_on_hyphens=False)
text = '''// Made by scripts/make-entities.py from Python's html.entities.html5, which holds the named character
// references of the HTML standard (https://html.spec.whatwg.org/multipage/named-characters.html).

extension HTMLReferences {
  /// `name=value` in hexadecimal, `+` between two characters; `*` where no semicolon is needed.
  static let names = """
'''
text += "".join(f"    {line}\n" for line in lines) + '    """\n}\n'
root = pathlib.Path(__file__).resolve().parent.parent
(root / "Sources/CLIP/Tokenizer/HTMLReferences+Names.swift").write_text(text, encoding="utf-8")
