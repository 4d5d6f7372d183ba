#!/usr/bin/env python3
"""Goal: each rule of proto/SPEC.md is named by a test, and no rule is named that is not there.
usage: spec_ids.py SOURCE

A test names a rule by its id (GOV-4; GOV_4, GOV_04 and doc4 in names of tests), within a range (SES-2 to SES-9), or by its row of
docs/rules.md (GOV_R12); the vectors of section 1 name theirs. The lines of the
agreement's algorithm (BFT-L, BFT-A) are named by docs/consensus-map.md, which check-consensus-map looks after. docs/rules.md has the
rules of governance by number: each id and test that it names is there, and each "(rule n)" of the specification is a row."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
spec = (root / "proto/SPEC.md").read_text()
ids = set(re.findall(r"^- \*\*([A-Z]+-[A-Z]?\d+)\*\*", spec, re.M))
families = {i.split("-")[0] for i in ids}
MENTION = re.compile(r"(?<![A-Za-z0-9])([A-Z]{2,4})[-_]([A-Z]?)0*(\d+)(?![0-9])")
LOWER = re.compile(r"Test\(\w+, ([a-z]{2,4})()(\d+)_")
RANGE = re.compile(r"([A-Z]{2,4})-([A-Z]?)(\d+) to (?:\1-)?\2(\d+)")


def files(*folders):
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in (".c", ".h", ".py", ".sh", ".json") and path != pathlib.Path(__file__).resolve():
                yield path, path.read_text(errors="replace")


def mentions(text):
    for m in (*MENTION.finditer(text), *LOWER.finditer(text)):
        yield "%s-%s%s" % (m[1].upper(), m[2], m[3])
    for m in RANGE.finditer(text):
        for n in range(int(m[3]), int(m[4]) + 1):
            yield "%s-%s%d" % (m[1], m[2], n)


rows = re.findall(r"^\| (\d+) \|[^|]*\|([^|]*)\|([^|]*)\|$", (root / "docs/rules.md").read_text(), re.M)
tested = {i for _, text in files("tests", "proto/vectors") for i in mentions(text)} | {i for _, has, _ in rows for i in has.split()}
wrong = ["%s: no test names it" % i for i in sorted(ids - tested) if not re.match(r"BFT-[LA]", i)]
for path, text in files("src", "tests"):
    for m in re.finditer(r"\b([A-Z]{2,4})-([A-Z]?\d+)\b", text):
        if m[1] in families and m[0] not in ids:
            wrong.append("%s: %s is no rule of proto/SPEC.md" % (path.relative_to(root), m[0]))
if [n for n, _, _ in rows] != [str(n) for n in range(1, 35)]:
    wrong.append("docs/rules.md: the rows are not 1 to 34")
units = {"%s/%s" % m for path, text in files("tests") for m in re.findall(r"\bTest\((\w+), (\w+)", text)}
for n, has, tests in rows:
    named = re.findall(r"`([^`]+)`", tests)
    wrong += ["docs/rules.md, rule %s: %s is no rule of proto/SPEC.md" % (n, i) for i in has.split() if i not in ids]
    wrong += ["docs/rules.md, rule %s: there is no test %s" % (n, t) for t in named if t not in units]
    if not named or not has.split():
        wrong.append("docs/rules.md, rule %s: without a rule or a test" % n)
numbers = {int(n) for m in re.findall(r"\(rules? ([\d, ]+)", spec) for n in re.findall(r"\d+", m)}
wrong += ["proto/SPEC.md: (rule %d) is no row of docs/rules.md" % n for n in sorted(numbers) if not 1 <= n <= 34]
print("\n".join(wrong) or "%d rules, each named by a test" % len(ids))
sys.exit(1 if wrong or len(ids) < 300 else 0)
