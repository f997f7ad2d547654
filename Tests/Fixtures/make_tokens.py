"""Makes the golden files of the tokenizer's tests: Tests/Fixtures/tokenizer/{golden.json,trained,saved,release}.

Run scripts/fetch-test-vocabulary.sh first. Needs transformers, open_clip_torch, ftfy, regex and
torch (their versions are recorded in golden.json):

    python3 Tests/Fixtures/make_tokens.py

imagenet-names.txt is the curated list of class names of the CLIP release (Copyright (c) 2021
OpenAI, MIT License), in the order of the class indices; this script compares it with open_clip's.

The digest of the 80,000 ImageNet prompts is SHA-256 over all prompts, class after class and
within a class template after template: each token, start and end included and without padding,
as a little-endian 32-bit integer, and nothing between prompts.
"""

import collections
import gzip
import hashlib
import importlib.metadata
import importlib.util
import json
import pathlib
import random
import re
import shutil
import struct
import sys
import tempfile
import types

from transformers import CLIPTokenizer

FIXTURES = pathlib.Path(__file__).resolve().parent
ROOT = FIXTURES.parent.parent
FOLDER = FIXTURES / "tokenizer"
VOCABULARY = ROOT / ".cache" / "clip-vocabulary"

TEXTS = [
    "", " ", "\t\n ", "a photo of a cat.", "hello world", "Hello WORLD", "a  photo\tof\na  cat",
    # apostrophes
    "it's a dog's life", "IT'S DON'T WE'LL I'M THEY'VE YOU'RE HE'D", "rock'n'roll", "'s", "''s",
    "'sand", "o'clock 's't", "dog’s", "the teachers' lounge", "x'", "'",
    # digits and numbers
    "1999", "route 66b", "3.14e-10", "½ cup", "x² + y³", "Ⅳ ⅷ ①", "٣٤٥", "१२३", "1st 2nd",
    # accents, composed and not; case mappings that change the length
    "café crème", "cafe\u0301 cre\u0300me", "Ångström \u212b", "naïve façade", "İstanbul ISPARTA ı",
    "Straße STRASSE ẞ", "ΣΊΣΥΦΟΣ ὈΔΥΣΣΕΎΣ", "ſ Kelvin \u212a Ǆ ǅ", "q\u0323\u0307 q\u0307\u0323",
    "\u0301leading mark", "Việt Nam", "ﬁne ﬀ",
    # emoji
    "a photo of a 😀.", "👩‍👩‍👧‍👦 family", "🇫🇷🇩🇪", "❤️ ❤", "👍🏽!", "1️⃣", "🏴\U000e0067\U000e0062\U000e007f",
    # scripts
    "你好，世界", "一只猫的照片", "カタカナ ひらがな ｶﾀｶﾅ", "한국어 고양이", "\u1112\u1161\u11ab\u1100\u1173\u11af",
    "\uac00\u11a8 \uac01\u11a8", "ภาษาไทย", "हिन्दी क़", "العَرَبِيَّة", "עִבְרִית", "Ελληνικά", "Кошка Й й",
    "ｆｕｌｌ　ｗｉｄｔｈ １２！", "𝒜 𝔸 𝟘", "𠮷野家",
    # marks that nobody sees, controls, odd spaces
    "zero\u200bwidth", "soft\u00adhyphen", "\ufeffbom", "a\u200db", "a\u2060b", "nul\x00byte", "esc\x1b[0m",
    "unit\x1fsep", "next\x85line", "no\u00a0break", "em\u2003space\u2028line", "\u180e", "\ue000\uffff\ufffd",
    # symbols, entities, mojibake, markup
    "snake_case kebab-case camelCase", "C++ & C#", "fish &amp; chips", "&lt;p&gt; &#39;x&#39;", "cafÃ© schÃ¶n",
    "“quoted” «text» …", "https://example.com/a?b=c#d", "$5.00 (50% off!)", "!!!???", "a.b,c;d:e", "ab/cd\\ef", "\"",
    # special tokens, written out
    "<|startoftext|>", "a<|endoftext|>b", "<|STARTOFTEXT|>!", "!<|endoftext|>!", "<|end oftext|>", "<|", "<start_of_text>",
    # long words
    "Pneumonoultramicroscopicsilicovolcanoconiosis", "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch",
    "a" * 300, "ha" * 200, "😀" * 40, "word " * 100, "1" * 100,
]

SPECIAL = ["<|startoftext|>", "<|endoftext|>"]

# For the cleaning of the release: repairs, references, case.
ODD = [
    # HTML references: closed or not, numbers, names in capitals, nested, beside "<"
    "fish &amp; chips", "fish &amp chips", "&ampere", "&notit; &notin; &notind", "&lt;b&gt; &LT; &Lt;", "P&EACUTE;REZ &eacute;", "&NTILDE; &nTILDE; &SZLIG; &AMP; &AMPX;",
    "&#65; &#x41; &#X41 &#65", "&#128; &#x99; &#150;", "&#0; &#1; &#11; &#13; &#27; &#127; &#xFDD0; &#xFFFE; &#x1FFFF; &#xD800; &#x110000; &#99999999999999999999;",
    "&amp;amp;amp;lt;", "&amp;#39;", "&#38;eacute;", "a < b &amp; c", "<p>&eacute;&amp;nbsp;\n&amp;lt;", "&eacute; ok\n<p> &eacute;&amp;#39;\n&eacute;",
    "&;", "&#;", "&#x;", "& amp;", "&#59; &#x3b;", "&&amp;&", "&NotEqualTilde; &fjlig; &bne;", "&aacute&aacute", "&AaCuTe;", "&hearts;&clubs", "&CounterClockwiseContourIntegral;",
    "&CounterClockwiseContourIntegralX;", "&quot;quoted&quot;", "&apos;s &#39;s &rsquo;s", "&nbsp;a&nbsp;", "&zwj;&zwnj;&shy;", "&copy2020 &copy;2020 &reg", "&uuml&amp;uuml;", "&ordf;&frac12;", "1&lt2", "&Eacute &EACUTE", "&ETH; &eth; &THORN",
    # quotes, ligatures, widths, breaks, controls, terminal colours
    "“curly” ‘quotes’ it’s ‚low‘ „low“ ‛x‟", "ʼn ŉ ʼtis", "ﬁne ﬀ ﬂ ﬃ ﬄ ﬅ ﬆ", "Ĳ ĳ Ǆ ǅ ǆ Ǉ ǈ ǉ Ǌ ǋ ǌ Ǳ ǲ ǳ", "æ œ Æ Œ", "ｆｕｌｌ　ｗｉｄｔｈ １２！", "ｶﾞｷﾞ ﾊﾟ ﾞ ｯ", "ﾡﾢￂￃ ￠￡￥￦ ￨￪", "＜ｐ＞ ＆ａｍｐ；",
    "line\r\nbreak\rold\u2028sep\u2029par\u0085next", "a\x00b\x01c\x0bd\x0ee\x1ff\x7fg", "\x1b[31mred\x1b[0m \x1b[1;31;40mx\x1b[m \x1b[ \x1b[31 \x1b]0", "\ufeffbom a\u206ab \ufff9x\ufffc", "tab\tform\x0cfeed", "a\u200bb\u200cc\u200dd\u2060e", "\u00a0a\u00a0", "soft\u00adhyphen",
    # case
    "ΣΊΣΥΦΟΣ ὈΔΥΣΣΕΎΣ Σ ΑΣ. ΑΣ' ΑΣ'Α ΑΣ\u0301 Σα", "İstanbul ISPARTA ı", "Straße STRASSE ẞ", "ſ 'ſ Kelvin \u212a's", "ᏣᎳᎩ ꭰ ᲐᲑᲒ აბგ", "Ⅷ ⅷ Ⓐ", "𐐀𐐨 𞤀",
    # NFC
    "cafe\u0301 A\u030a \u212b", "\u1112\u1161\u11ab \uac00\u11a8", "q\u0323\u0307 q\u0307\u0323", "\u0344 \u0958 \ufb1d \u2adc",
    # UTF-8 in the wrong encoding, whole lines
    "cafÃ©", "crÃ¨me brÃ»lÃ©e", "naÃ¯ve faÃ§ade", "SÃ£o Paulo", "itâ€™s", "â€œquotedâ€\x9d", "donâ\x80\x99t", "Ð\x9aÐ¾Ñ\x88ÐºÐ°", "æ\x97¥æ\x9c¬", "ðŸ˜€", "Â£5 Â©2020", "20Â°C", "ÃƒÂ©tÃƒÂ©", "plain\ncafÃ©\ncafé", "â¤ï¸", "ä½\xa0å¥½",
    # which is no wrong encoding
    "café", "über Äpfel", "São Paulo", "10 €", "½ × ²", "naïve façade ©", "Ã", "Spaß…", "Spaß’", "DÉJÀ…", "ÄÖÜ–", "Ø—", "CAFÉ™", "Ã…rhus",
    "É»", "É»x", "café…”", "Â", "â€", "Élan", "ÄÖÜ ß",
    # C1 controls
    "\x93quoted\x94 it\x92s", "a\x85b", "\x80 5 \x99", "\x81\x8d\x90", "é\x85",
    # special tokens, written out
    "!<|startoftext|>", "<|startoftext|>x", "<|EndOfText|>", "&lt;|endoftext|&gt;", "a <|endoftext|> b",
]

# What ftfy repairs and Mojibake does not: parts of a line, lost bytes, other encodings, few signs.
UNREPAIRED = ["café and cafÃ©", "âœ“", "×¢×‘×¨×™×ª", "voilÃ  le travail", "РїСЂРёРІРµС‚", "â€œlostâ€�"]

PIECES = [
    "a", "The", "CAT", "dog's", " ", " ", " ", "  ", "\n", "\t", "é", "É", "e\u0301", "ñ", "ß", "Σ", "σ", "ς", "’", "“", "”", "…", "—", "ﬁ", "Ａ", "１", "！", "　", "ｶ",
    "&amp;", "&lt;", "&eacute;", "&#233;", "&#x27;", "&quot", "&amp;amp;", "&", ";", "#", "<", ">", "1", "42", "½", "€", "ж", "Ж", "猫", "カ", "한", "\u200d", "😀",
    "👍🏽", "❤️", "\x1b[1m", "\x07", "\x7f", "\x92", "\u00a0", "\ufeff", "İ", "ſ", "'", "_", "-", ".", ",", "!?", "<|endoftext|>",
]


def odd_texts():
    """ODD, and strings of pieces drawn from a seed."""
    draw = random.Random(7)
    return ODD + ["".join(draw.choices(PIECES, k=draw.randint(1, 8))) for _ in range(200)]


def release_tokenizer(module, path=None):
    """open_clip's tokenizer with the special tokens as the CLIP release spells them."""
    tokenizer = module.SimpleTokenizer(path) if path else module.SimpleTokenizer()
    old = ("<start_of_text>", "<end_of_text>")
    for name, spelled in zip(old, SPECIAL):
        tokenizer.encoder[spelled] = tokenizer.encoder.pop(name)
        tokenizer.cache[spelled] = spelled
    pattern = tokenizer.pat.pattern.replace("|".join(old), "|".join(map(re.escape, SPECIAL)), 1)
    tokenizer.pat = module.re.compile(pattern, module.re.IGNORECASE)
    return tokenizer


def release_rows(tokenizer, texts):
    start, end = (tokenizer.encoder[s] for s in SPECIAL)
    return [{"text": text, "tokens": [start, *tokenizer.encode(text), end]} for text in texts]


def lines(path):
    return [line for line in path.read_text(encoding="utf-8").split("\n") if line]


def open_clip_module(name):
    """A module of open_clip without its package, which would import every model."""
    if "open_clip" not in sys.modules:
        package = types.ModuleType("open_clip")
        package.__path__ = list(importlib.util.find_spec("open_clip").submodule_search_locations)
        sys.modules["open_clip"] = package
    return importlib.import_module(f"open_clip.{name}")


def symbols():
    """The symbols of the 256 bytes, in the order of the vocabulary, and by byte."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rest = [b for b in range(256) if b not in printable]
    by_byte = {b: chr(b) for b in printable} | {b: chr(256 + i) for i, b in enumerate(rest)}
    return [by_byte[b] for b in printable + rest], by_byte


def train(texts):
    """BytePairTrainer again, independently: strings instead of numbers, regex instead of a scanner."""
    import regex

    order, by_byte = symbols()
    names = order + [s + "</w>" for s in order]
    words = collections.Counter()
    for text in texts:
        for word in regex.findall(r"'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+", text.lower()):
            spelled = [by_byte[b] for b in word.encode("utf-8")]
            words[(*spelled[:-1], spelled[-1] + "</w>")] += 1
    merges = []
    while True:
        pairs = collections.Counter()
        for word, count in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += count
        if not pairs:
            break
        best = min(pairs, key=lambda p: (-pairs[p], names.index(p[0]), names.index(p[1])))
        merges.append(best)
        if "".join(best) not in names:
            names.append("".join(best))
        merged = collections.Counter()
        for word, count in words.items():
            out, i = [], 0
            while i < len(word):
                if word[i : i + 2] == best:
                    out.append("".join(best))
                    i += 2
                else:
                    out.append(word[i])
                    i += 1
            merged[tuple(out)] += count
        words = merged
    return {name: i for i, name in enumerate(names + SPECIAL)}, merges


def write_vocabulary(folder, vocabulary, merges):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *map(" ".join, merges)]) + "\n", encoding="utf-8")


def encoded(tokenizer, texts):
    return [{"text": text, "tokens": tokenizer(text)["input_ids"]} for text in texts]


def imagenet(tokenizer, simple):
    names = lines(FOLDER / "imagenet-names.txt")
    source = (ROOT / "Sources/CLIP/Prompts/PromptSet+OpenAI.swift").read_text(encoding="utf-8")
    templates = re.findall(r'^    "(.*)",$', source.split("openAI7 ")[0], re.MULTILINE)
    metadata = open_clip_module("zero_shot_metadata")
    filled = [template("NAME") for template in metadata.OPENAI_IMAGENET_TEMPLATES]
    assert [t.replace("{}", "NAME") for t in templates] == filled, "not the 80 templates of the release"
    assert names == list(metadata.IMAGENET_CLASSNAMES), "not the class names of the release"

    whole, classes, rows, longest = hashlib.sha256(), [], {}, 0
    for index, name in enumerate(names):
        one = hashlib.sha256()
        prompts = [template.replace("{}", name) for template in templates]
        for number, (prompt, tokens) in enumerate(zip(prompts, tokenizer(prompts)["input_ids"])):
            assert tokens[1:-1] == simple.encode(prompt), f"open_clip differs on {prompt!r}"
            data = struct.pack(f"<{len(tokens)}i", *tokens)
            whole.update(data)
            one.update(data)
            longest = max(longest, len(tokens))
            if number == 0 and index % 50 == 0:
                rows[prompt] = tokens
        classes.append(one.hexdigest()[:12])
    return {
        "prompts": len(names) * len(templates), "longest": longest,
        "digest": "sha256:" + whole.hexdigest(), "classes": classes,
        "rows": [{"text": text, "tokens": tokens} for text, tokens in rows.items()],
    }


def main():
    tokenizer = CLIPTokenizer.from_pretrained(VOCABULARY)
    module = open_clip_module("tokenizer")
    simple = module.SimpleTokenizer()
    release = release_tokenizer(module)
    golden = {
        "versions": {name: importlib.metadata.version(name) for name in
                     ["transformers", "tokenizers", "open_clip_torch", "ftfy", "regex"]},
        "imagenet": imagenet(tokenizer, simple),
        "texts": encoded(tokenizer, TEXTS),
        "shortened": [{"text": text, "tokens": tokenizer(text, truncation=True, max_length=77)["input_ids"]}
                      for text in ["word " * 100, "a" * 300, "a photo of a cat.", "1" * 75, "1" * 76]],
        # For information: where the cleaning of open_clip gives other tokens.
        "open_clip_differs": [text for text in TEXTS if tokenizer(text)["input_ids"][1:-1] != simple.encode(text)],
    }

    vocabulary, merges = train(lines(FOLDER / "words.txt"))
    trained = FOLDER / "trained"
    write_vocabulary(trained, vocabulary, merges)
    small = CLIPTokenizer.from_pretrained(trained)
    golden["trained"] = encoded(small, lines(FOLDER / "words.txt") + TEXTS)
    shutil.rmtree(FOLDER / "saved", ignore_errors=True)
    small.save_pretrained(FOLDER / "saved")  # tokenizer.json and tokenizer_config.json

    # The same merges as the release has its own; no newline at the end, which would be a merge.
    (FOLDER / "release").mkdir(exist_ok=True)
    packed = FOLDER / "release" / "bpe_simple_vocab_16e6.txt.gz"
    lines_ = ["a line of its own", *map(" ".join, merges)]
    packed.write_bytes(gzip.compress("\n".join(lines_).encode("utf-8"), mtime=0))
    golden["release_trained"] = release_rows(release_tokenizer(module, str(packed)), TEXTS[:40])
    golden["release"] = release_rows(release, TEXTS + odd_texts())
    golden["release_unrepaired"] = release_rows(release, UNREPAIRED)
    golden["release_shortened"] = [
        {"text": text, "tokens": row[: row.index(simple.eot_token_id) + 1]}
        for text in ["word " * 100, "1" * 75, "1" * 76, "&amp;" * 80]
        for row in [simple(text)[0].tolist()]]

    # A pad token of its own is cut out of texts like any special token.
    padded = CLIPTokenizer.from_pretrained(trained, pad_token="!")
    golden["padded"] = encoded(padded, ["cat!", "a!!b", "!<|endoftext|>", "no mark"])

    # A vocabulary without all bytes: what it lacks becomes the unknown token, one for each byte.
    pieces = ["l", "o", "w", "e", "r", "s", "t</w>", "r</w>", "w</w>", "lo", "low</w>", "er</w>", "low", "lower</w>"]
    partial = {piece: i for i, piece in enumerate(pieces + SPECIAL)}
    pairs = [("l", "o"), ("lo", "w</w>"), ("e", "r</w>"), ("lo", "w"), ("low", "er</w>")]
    with tempfile.TemporaryDirectory() as folder:
        write_vocabulary(pathlib.Path(folder), partial, pairs)
        texts = ["low lower lowest", "slow", "x", "loxw é", "lowlow rr"]
        golden["partial"] = {"vocabulary": partial, "merges": pairs,
                             "rows": encoded(CLIPTokenizer.from_pretrained(folder), texts)}

    text = json.dumps(golden, ensure_ascii=True, indent=None, separators=(",", ":"))
    for key in golden:
        text = text.replace(f',"{key}":', f',\n"{key}":', 1)
    (FOLDER / "golden.json").write_text(text.replace("]},{", "]},\n{") + "\n", encoding="utf-8")
    print(f"{len(TEXTS)} texts, {golden['imagenet']['prompts']} prompts, {len(merges)} merges trained")


main()
