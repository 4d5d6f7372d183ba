"""Asks both verifiers about many changed copies of a file.

The Python one is asked in this process: it reads the good file, and before each frame a child is forked for every copy
that is the same up to there; the child reads on in the copy. So nothing is checked twice, and a child that dies is seen."""
import bisect
import json
import os
import resource
import subprocess

from pack import Failed, Unknown


class Verdict:
    """ok: verified. region, rule, words: why not. crash: it did not come to a verdict. told: all that it said."""

    def __init__(self, ok=False, region=None, rule=None, words="", crash=None, told=None):
        self.ok, self.region, self.rule, self.words, self.crash, self.told = ok, region, rule, words, crash, told or {}

    def __str__(self):
        if self.crash:
            return "CRASH " + self.crash
        return "verified" if self.ok else "%s %s" % (self.region, self.rule)


def same_up_to(a, b):
    low, high = 0, min(len(a), len(b))
    while low < high:
        mid = (low + high + 1) // 2
        low, high = (mid, high) if a[low:mid] == b[low:mid] else (low, mid - 1)
    return low


class Stream:
    """Reads data; at the offset of a frame it calls `at_frame`, which may put other data in its place."""

    def __init__(self, data, offsets, at_frame):
        self.data, self.at, self.offsets, self.at_frame = data, 0, offsets, at_frame

    def read(self, n):
        if self.at in self.offsets:
            self.at_frame(self, self.at)
        piece = self.data[self.at:self.at + n]
        self.at += len(piece)
        return piece

    def seek(self, at):
        self.at = at


def verdict_of(run, stream):
    try:
        told = run(stream)
    except Failed as e:
        return Verdict(False, e.region, e.rule, e.words, told={"frame": e.frame, "offset": e.offset})
    except Unknown as e:
        return Verdict(crash="unknown: %s" % e)
    except Exception as e:  # whatever it is, it is none of its verdicts
        return Verdict(crash="%s: %s" % (type(e).__name__, e))
    return Verdict(True, told=told)


def ask_python(run, good, offsets, copies):
    """run(stream): verifies, and returns what it tells. Verdicts of the copies, in order."""
    waiting, answers = {}, [None] * len(copies)
    marks = [0] + sorted(offsets)
    for i, data in enumerate(copies):
        first = same_up_to(good, data)
        waiting.setdefault(marks[bisect.bisect_right(marks, first) - 1], []).append(i)
    pipe = []

    def at_frame(stream, at):
        for i in waiting.pop(at, []) if not pipe else []:
            r, w = os.pipe()
            child = os.fork()
            if child == 0:
                stream.data, stream.offsets = copies[i], ()
                pipe.append(w)
                return
            os.close(w)
            with os.fdopen(r, "rb") as f:
                said = f.read()
            status = os.waitpid(child, 0)[1]
            answers[i] = Verdict(**json.loads(said)) if said else Verdict(crash="it ended with status %d" % status)

    v = verdict_of(run, Stream(good, set(marks), at_frame))
    if pipe:  # a child: nothing of the parent's goes on here
        os.write(pipe[0], json.dumps(v.__dict__).encode())
        os._exit(0)
    return v, answers


def ask_audit(program, data, *options):
    """entente-audit verify, the file on its standard input."""
    done = subprocess.run([program, "verify", "-", "--json", *options], input=data, capture_output=True, check=False,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)))
    out = done.stdout.decode()
    if done.returncode == 0:
        return Verdict(True, told=json.loads(out))
    if done.returncode != 6:
        return Verdict(crash="exit status %d: %s%s" % (done.returncode, out, done.stderr.decode()))
    told = json.loads(out)
    rule, _, words = told["why"].partition(": ")
    return Verdict(False, told["region"], told.get("rule", rule), words, told={**told, "said": done.stderr.decode()})
