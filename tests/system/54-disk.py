#!/usr/bin/env python3
"""Goal: a disk of a few MiB that fills while people work. The node says so, refuses with words what it cannot keep, loses
nothing that it took; the others go on. When there is room again it goes on by itself if it had stopped in time, and after a
restart if a write had failed.

The node's whole directory is on a small file system (tmpfs), so the right to mount is needed; else it is skipped with the
reason (exit 77).  usage: 54-disk.py BIN [--seconds N] [--seed S]"""
import os
import subprocess
import sys
import tempfile
import time

import cluster

VICTIM = "clinics"


def why_not():
    with tempfile.TemporaryDirectory() as d:
        try:
            r = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", d], capture_output=True, text=True)
            if r.returncode:
                return "no file system may be mounted here: " + r.stderr.strip()
            subprocess.run(["umount", d], check=True)
        except FileNotFoundError:
            return "there is no `mount` program"
    return None


def small_disk(c):
    disk = c.work / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", disk], check=True)
    return disk / "node"


def make(args):
    c = cluster.Cluster(args.bin, "disk", dirs={VICTIM: small_disk})
    c.nodes[VICTIM].setting("low-water", "1")
    return c


def fill(c, leave):
    """Fills the disk but for some bytes; the filler's path."""
    filler = c.work / "disk/filler"
    with open(filler, "ab", buffering=0) as f:
        while True:
            s = os.statvfs(c.work / "disk")
            room = s.f_bavail * s.f_frsize - leave
            if room <= 0:
                return filler
            try:
                f.write(b"\0" * min(room, 65536))
            except OSError:
                return filler


def stopped(n):
    try:
        return n.status().get(16)
    except (cluster.Away, cluster.Said):
        return None


def refuses(c, say):
    """A person's attempt at the full node: words, and exit 7."""
    (c.work / "full.entry").unlink(missing_ok=True)
    c.entente(VICTIM, "finance", "comment", "--text", "on a full disk", "--save", c.work / "full.entry", node="maker")
    r = c.run("entente", "submit", c.work / "full.entry", "--node", c.nodes[VICTIM].dir, check=False)
    text = r.stdout + r.stderr
    assert r.returncode != 0 and ("disk" in text or "space" in text or "stored" in text or "store" in text), text
    say("refused: %s" % text.strip().split(". ")[0][:140])


def moves(c, clients, what):
    before = clients.finals()
    c.wait(what, 60, lambda: clients.finals() > before)


def low_water(c, clients, say):
    """The mark: it stops before a write fails, and goes on by itself."""
    n = c.nodes[VICTIM]
    filler = fill(c, 700 << 10)
    c.wait("the node to say that its disk is nearly full", 30, lambda: "disk nearly full" in (stopped(n) or ""))
    refuses(c, say)
    moves(c, clients, "the others to go on")
    filler.unlink()
    c.wait("the node to go on when there is room again", 30, lambda: n.answers() and not stopped(n))
    top = max(c.nodes[o].status()[1] for o in cluster.ORGS)
    c.wait("it to catch up", 60, lambda: n.status()[1] >= top)
    say("the mark: stopped in time, went on by itself")


def to_the_brim(c, clients, rng, say):
    """Full within a moment, in the middle of the work: a write fails. Then killed, and room made."""
    n = c.nodes[VICTIM]
    time.sleep(rng.random())
    filler = fill(c, 0)
    c.wait("the node to stop", 60, lambda: stopped(n) is not None or not n.up)
    say("full: %s" % (stopped(n) or "it ended")[:140])
    moves(c, clients, "the others to go on")
    if n.up and rng.random() < 0.5:
        n.end()
    else:
        n.kill()
    if rng.random() < 0.5:  # an attempt to start on the full disk changes nothing for the worse
        n.start()
        time.sleep(0.5)
        n.kill()
    filler.unlink()
    n.start()
    c.wait("the node to answer", 60, n.answers)
    top = max(c.nodes[o].status()[1] for o in cluster.ORGS)
    c.wait("it to catch up", 60, lambda: n.status()[1] >= top and not stopped(n))


def body(c, args, rng, say):
    c.start()
    clients = cluster.Clients(c, rng.random(), pause=0.05)
    end, rounds = time.monotonic() + args.seconds, 0
    while time.monotonic() < end or not rounds:
        low_water(c, clients, say)
        to_the_brim(c, clients, rng, say)
        rounds += 1
        used = os.statvfs(c.work / "disk")
        if clients.faults or used.f_bavail * used.f_frsize < 4 << 20:
            break  # the ledger itself has grown too large for this disk
    say("%d rounds" % rounds)
    return clients


reason = why_not()
if reason:
    print("skipped: " + reason)
    sys.exit(cluster.SKIPPED)
cluster.trial("disk", 8, body, None, make)
