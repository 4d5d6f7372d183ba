#!/usr/bin/env python3
"""Small rules that a reader should be able to rely on. usage: banned.py SOURCE-DIR"""
import pathlib, re, sys

CLEANED = re.compile(r"^ *struct \w+ (\w+) CLEANUP\(\w+\);", re.M)


def left_unmade(text):
    """Lines of variables that are cleaned up at every way out, and have one before they are made."""
    for m in CLEANED.finditer(text):
        body = text[m.end():text.find("\n}\n", m.end())]
        made = re.search(r"&%s\b" % m[1], body)
        if re.search(r"\breturn\b|\bTRY\(", body[:made.start()] if made else body):
            yield text.count("\n", 0, m.start()) + 1


root = pathlib.Path(sys.argv[1])
bad = []
for path in sorted(root.glob("src/**/*.c")) + sorted(root.glob("tests/**/*.c")):
    for line in left_unmade(path.read_text()):
        bad.append(f"{path}:{line}: a way out before it is made, and its clean-up runs there too")
for path in sorted(list(root.glob("src/**/*.[ch]")) + list(root.glob("proto/*.def"))):
    text = path.read_text()
    if re.search(r"\btypedef\s+struct", text):
        bad.append(f"{path}: typedef struct")
    if path.suffix == ".h" and "#pragma once" in text:
        bad.append(f"{path}: #pragma once; the project uses include guards")
    most = 700
    if len(text.splitlines()) > most:
        bad.append(f"{path}: {len(text.splitlines())} lines; over {most} is a design question")
for folder in sorted(p for p in (root / "src").iterdir() if p.is_dir()):
    if not (folder / "README.md").exists():
        bad.append(f"{folder}: no README.md note")
for line in bad:
    print(line)
print(f"{len(bad)} wrong")
sys.exit(1 if bad else 0)
