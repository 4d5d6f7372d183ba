#!/usr/bin/env python3
"""The link graph is the include graph, and has no cycle: a folder includes headers only of folders that its library links.
usage: links.py SOURCE-DIR"""
import pathlib, re, sys

src = pathlib.Path(sys.argv[1]) / "src"
folder_of, links, bad = {}, {}, []
for cm in sorted(src.glob("*/CMakeLists.txt")):
    text = re.sub(r"#.*", "", cm.read_text())
    for name, body in re.findall(r"entente_layer\((\w+)(.*?)\)", text, re.S):
        part = re.search(r"\bLINKS\b(.*)", body, re.S)
        links[name] = set(re.findall(r"\bent_(\w+)", part.group(1) if part else ""))
        for source in re.findall(r"[\w./]+\.c\b", body):
            folder_of[cm.parent / source] = name
    for name, body in re.findall(r"target_link_libraries\(([\w-]+)(.*?)\)", text, re.S):
        sources = re.search(r"add_executable\(" + re.escape(name) + r"(.*?)\)", text, re.S)
        if sources:
            links[name] = set(re.findall(r"\bent_(\w+)", body))
            for source in re.findall(r"[\w./]+\.c\b", sources.group(1)):
                folder_of[cm.parent / source] = name

def closure(name, seen=()):
    if name in seen:
        bad.append("cycle: " + " -> ".join(seen + (name,)))
        return set()
    out = set(links.get(name, ()))
    for other in links.get(name, ()):
        out |= closure(other, seen + (name,))
    return out

libraries = {}  # folder -> its libraries
for path, name in folder_of.items():
    libraries.setdefault(path.parent.name, set()).add(name)
checked = 0
for path, name in sorted(folder_of.items()):
    reach = closure(name) | {name}
    for include in re.findall(r'#include "(\w+)/', path.read_text()):
        if include == path.parent.name or include not in libraries:
            continue
        checked += 1
        if not libraries[include] & reach:
            bad.append(f"{path.relative_to(src)} includes {include}/, which {name} does not link")
for line in sorted(set(bad)):
    print(line)
print(f"{len(links)} libraries and programs, {checked} includes checked, {len(set(bad))} wrong")
sys.exit(1 if bad or checked < 100 else 0)
