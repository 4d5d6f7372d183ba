#!/usr/bin/env python3
"""Goal: docs/features.md names nothing that is not there: each test that it names exists, each command has a help text.
usage: features.py SOURCE BIN"""
import pathlib
import re
import subprocess
import sys

source, bin_ = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
text = (source / "docs/features.md").read_text()
rows = re.findall(r"^\| S(\d+) \|.*$", text, re.M)
wrong = [] if rows == [str(n) for n in range(1, 37)] else ["the rows are not S1 to S36"]
tests, commands = set(re.findall(r"`(tests/[^`]+)`", text)), set(re.findall(r"`(entente [^`]+)`", text))
wrong += ["%s: no such test" % t for t in sorted(tests) if not (source / t).exists()]
known = subprocess.run([bin_ / "entente", "help", "--reference"], capture_output=True, text=True, check=True).stdout
for c in sorted(commands):
    words = c.split()[1:]
    if not any(re.search(r"^#* ?`?entente %s\b" % re.escape(" ".join(words[:n])), known, re.M) for n in (2, 1)):
        wrong.append("%s: no such command" % c)
for line in re.findall(r"^\| S\d+ \| (?:[^|]*)\| (?:whole|part)[^\n]*", text, re.M):
    if "`entente " not in line or "`tests/" not in line:
        wrong.append("without a command or a test: " + line)
print("\n".join(wrong) or "%d rows, %d commands, %d tests" % (len(rows), len(commands), len(tests)))
sys.exit(1 if wrong else 0)
