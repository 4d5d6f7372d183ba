#!/usr/bin/env python3
"""docs/audit.md, followed from top to bottom on the pack in packs/audit: each command is run, and what it prints is compared
with what the page shows. Up to the section of the same verdict nothing of ours can be found but the Python verifier.

usage: test_walkthrough.py [--show]
--show: what the commands print now, instead of comparing. ENTENTE_AUDIT names entente-audit.

The page: indented lines, `$ ` before a command, below it what it prints; or a fenced block of sh, and what it prints in the
indented lines behind it. A line `...` is any lines, `...` within a line any text. Blocks behind `<!-- not run: FILES -->`
need nodes or other programs; FILES run their commands."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/audit.md"
GIVEN = ROOT / "tests/verifier/packs/audit"  # made by tests/system/82-decisions.sh; last-year.checkpoint in its middle
SAME_VERDICT = "6. The same verdict by another program"


class Step:
    """Commands of a script, or one command; what the page says that it prints; line: of the page."""

    def __init__(self, section, line, command):
        self.section, self.line, self.command, self.shown, self.elsewhere = section, line, command, [], ()


def steps(text):
    out, section, elsewhere, script = [], "", (), None
    step = None  # the one that indented lines belong to
    for n, line in enumerate(text.splitlines(), 1):
        if script is not None:
            if line == "```":
                script.command, script = "\n".join(script.command), None
            else:
                script.command.append(line)
        elif line == "```sh":
            step = script = Step(section, n, [])
            out.append(step)
        elif line.startswith("    $ "):
            step = Step(section, n, line[6:])
            step.elsewhere = elsewhere
            out.append(step)
        elif line.startswith("    ") and step is not None:
            step.shown.append(line[4:])
        elif line == "":
            if step is not None and step.shown:
                step.shown.append("")
        else:
            if line.startswith("#"):
                section = line.lstrip("# ")
            found = re.match(r"<!-- not run: (.*) -->$", line)
            elsewhere, step = tuple(found.group(1).split()) if found else (), None
    for s in out:
        while s.shown and s.shown[-1] == "":
            s.shown.pop()
    return out


def pattern(shown):
    """Of what is shown, each line without blanks at its end."""
    out = ""
    for line in shown:
        out += r"(?:.*\n)*?" if line == "..." else r".*?".join(map(re.escape, line.split("..."))) + r"\n"
    return out


class Walk:
    def __init__(self, audit, folder):
        self.folder, self.failures = pathlib.Path(folder), []
        for f in GIVEN.iterdir():
            shutil.copy(f, self.folder)
        for name in ("docs", "proto", "scripts", "src"):
            (self.folder / name).symlink_to(ROOT / name)
        programs = self.folder / "programs"
        programs.mkdir()
        (programs / "entente-audit").symlink_to(pathlib.Path(audit).resolve())
        bare = "/usr/bin:/bin"
        self.paths = bare, "%s:%s" % (programs, bare)
        if shutil.which("entente-audit", path=bare):
            raise SystemExit("entente-audit is in %s: whether the page needs it cannot be told" % bare)

    def run(self, step, everything):
        env = {"PATH": self.paths[everything], "PYTHONDONTWRITEBYTECODE": "1", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"}
        done = subprocess.run(["bash", "-ec", step.command], cwd=self.folder, env=env, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        lines = [line.rstrip() for line in done.stdout.splitlines()]
        return done.returncode, lines

    def fail(self, step, words):
        self.failures.append(step)
        print("FAILED  %s:%d: %s\n%s" % (PAGE.name, step.line, step.command, words))

    def check(self, step, everything):
        code, lines = self.run(step, everything)
        refused = any(line.startswith(("NOT VERIFIED", "Could not verify")) for line in step.shown)
        want = ({6} if refused and step.shown[0].startswith("NOT") else {255}) if refused else {0}
        if code not in want:
            return self.fail(step, "  exit status %d, expected %d; it prints\n%s" % (code, min(want), "\n".join(lines)))
        if not re.fullmatch(pattern(step.shown), "".join(line + "\n" for line in lines)):
            return self.fail(step, "  it prints\n%s\n  the page shows\n%s" % ("\n".join(lines), "\n".join(step.shown)))
        return None

    def elsewhere(self, step):
        """What is not run here is run by the files that are named."""
        words = step.command.split()
        verb = " ".join(w for w in words[:3] if re.match(r"[a-z/-]+$", w)) if words[0] == "entente" else words[0]
        texts = [(ROOT / f).read_text() for f in step.elsewhere]
        if not any(verb in t for t in texts):
            self.fail(step, "  none of %s runs '%s'" % (", ".join(step.elsewhere), verb))


def verdicts_agree(walk):
    """The last step: both programs say the same of the pack, and of the changed one."""
    told = [json.loads((walk.folder / f).read_text()) for f in ("python.json", "audit.json")]
    for mine, theirs in (("verified",) * 2, ("alliance",) * 2, ("root",) * 2, ("blocks",) * 2, ("entries",) * 2, ("leaves", "size"),
                         ("texts",) * 2, ("texts_absent",) * 2, ("checkpoints",) * 2):
        if told[0][mine] != told[1][theirs]:
            raise SystemExit("%s: the Python verifier says %s, entente-audit %s" % (mine, told[0][mine], told[1][theirs]))
    if sum(told[0]["signatures"].values()) != told[1]["signatures"]:
        raise SystemExit("not the same number of signatures was checked: %s" % told)
    for command in ("python3 docs/independent-verifier/entente_verify.py verify changed.pack --json",
                    "entente-audit verify changed.pack --json 2>/dev/null"):
        code, lines = walk.run(Step("", 0, command), True)
        told.append(json.loads("\n".join(lines)))
        if code != 6:
            raise SystemExit("changed.pack: exit status %d of %s" % (code, command))
    for key in ("verified", "region", "frame", "offset", "rule"):
        if told[2][key] != told[3][key]:
            raise SystemExit("changed.pack: %s: the Python verifier says %s, entente-audit %s" % (key, told[2][key], told[3][key]))


def main():
    audit = os.environ.get("ENTENTE_AUDIT")
    if not audit:
        raise SystemExit("ENTENTE_AUDIT names no program")
    page = steps(PAGE.read_text())
    sections = [s.section for s in page]
    if SAME_VERDICT not in sections or sum(not s.elsewhere for s in page) < 25:
        raise SystemExit("%s is not read right: %d commands, sections %s" % (PAGE, len(page), sorted(set(sections))))
    everything = False
    with tempfile.TemporaryDirectory() as folder:
        walk = Walk(audit, folder)
        for s in page:
            everything = everything or s.section == SAME_VERDICT
            if s.elsewhere:
                walk.elsewhere(s)
            elif "--show" in sys.argv:
                print("$ " + s.command, *walk.run(s, everything)[1], sep="\n")
            else:
                walk.check(s, everything)
        verdicts_agree(walk)
    print("%d commands of docs/audit.md, %d failures" % (len(page), len(walk.failures)))
    return 1 if walk.failures else 0


if __name__ == "__main__":
    sys.exit(main())
