#!/usr/bin/env python3
"""Goal: a member that floods, and strangers at the door, cannot stall the others: what people hand in at honest nodes becomes
final all the time, the memory of the nodes stays within a bound that follows from proto/limits.def, and `entente node peers`
names the flooder for what it does (BLAME). Latencies with and without the flood are printed, not judged.

The distributor is the hostile one: its keys are real, its node does not run. With it gone, every honest node is needed, and one
height in four waits for a proposer who is away: an entry that finds the ledger at rest meets that height one time in four, one
that finds it at work nearly always waits for a part of it. Good entries of anybody keep it at work. So the floods are compared
with a ledger that other people keep at work too; how long an entry takes that finds it at rest is printed besides.
usage: 56-abuse.py BIN [--seconds N] [--seed S] [--long] [--only KIND]"""
import json
import os
import random
import re
import statistics
import sys
import threading
import time

import cluster
import hostile_member as hostile

BAD = "distributor"
GOOD = ["maker", "clinics", "trustee"]
LIMITS = {m[1]: int(m[2]) for m in re.finditer(r"^LIMIT\((\w+), (\d+)", (cluster.HERE / "proto/limits.def").read_text(), re.M)}
MIB = 1 << 20
# One hostile member may make a node hold: what waits to be sent to it, frames of it that wait (and one that arrives), entries
# that wait, and proposals of its (a few of the largest); strangers: their unfinished hellos. Besides, what executing the largest
# block takes, and what the allocator keeps back.
BOUND = (LIMITS["PEER_QUEUE_BYTES"] + LIMITS.get("PEER_INBOX_BYTES", 128 * MIB) + 2 * LIMITS["FRAME_BYTES"] +
         LIMITS.get("MEMPOOL_BYTES", 5 << 30) + 8 * LIMITS["FRAME_BYTES"] + LIMITS["CALLERS"] * 128 * 1024)


class Floods:
    """What the hostile member may say, each a function of a random source that gives bytes."""

    def __init__(self, c, rng):
        self.c = c
        self.authors = [cluster.Author(c, BAD, s, rng.random()) for s in cluster.PARTNER_SEATS]
        self.n = 0
        self.junk = os.urandom(1 << 16)
        for a in self.authors:
            a.refresh([c.nodes["maker"]])
        # The size of a proposal, and of the shape of one until far inside.
        vote = {1: BAD, 2: {1: c.alliance, 2: 0, 3: 1, 4: 1, 5: 0}, 3: b"\0" * 64}
        self.huge = hostile.envelope(hostile.PROPOSAL, {1: vote, 2: b"h" * 1000, 3: [b"l" * 60000] * 90, 4: b"c", 5: [], 6: []})
        self.signed = [self.entry(rng) for _ in range(600)]

    def entry(self, rng):
        """A good entry, with a long text."""
        a = rng.choice(self.authors)
        return hostile.envelope(hostile.ENTRY, {1: a.comment("%032x" % rng.getrandbits(128) + "x" * 8000)[1]})

    def entries(self, rng):
        return rng.choice(self.signed)

    def more_entries(self, rng):
        return self.entry(rng)

    def forged(self, rng):
        """Entries of others' seats, with a signature that is none."""
        self.n += 1
        a = self.authors[0]
        body = {0: 1, 1: 1, 2: self.c.alliance, 3: cluster.COMMENT, 4: {1: 1}, 5: "maker/finance", 6: self.n, 7: a.basis,
                8: int(time.time() * 1000) + cluster.DAY_MS}
        sig = {1: 1, 2: self.c.key("maker", "finance").public, 3: b"\1" * 64}
        return hostile.envelope(hostile.ENTRY, {1: cluster.encode({1: 1, 2: cluster.encode(body), 3: cluster.encode(sig), 4: []})})

    def garbage(self, rng):
        n = rng.choice([1, 5, 100, 2000])
        at = rng.randrange(len(self.junk) - n)
        return hostile.frame(self.junk[at:at + n])

    def huge_frames(self, rng):
        return self.huge

    def too_long(self, rng):
        return None if rng.random() < 0.5 else b"\xff\xff\xff\xff"

    def questions(self, rng):
        """Small questions with large answers: where do you stand, and give me every block; and what comes is not read."""
        self.n += 1
        if self.n % 2:
            return hostile.envelope(hostile.WANT, {1: 1, 2: 256})
        height = self.c.nodes["maker"].top + 1
        return hostile.envelope(hostile.STATUS, {1: height, 2: b"\0" * 32, 3: rng.choice([-1, 0]), 4: False, 5: b"\0" * 8, 6: b"\0" * 8})


def strangers(c, halt):
    """From outside: connections that say nothing, that begin TLS and stop, and TLS without a hello."""
    hello = bytes.fromhex("16030100310100002d0303") + os.urandom(32) + bytes.fromhex("00000600ff c02b c02c 0100".replace(" ", ""))
    kept = []
    while not halt.is_set():
        for o in GOOD:
            try:
                s = hostile.dial(c.nodes[o].listen, 1)
                if random.random() < 0.5:
                    s.sendall(hello)
                kept.append(s)
            except OSError:
                pass
            if random.random() < 0.1:
                try:
                    kept.append(hostile.Link(c, BAD, o, hello=False).s)
                except cluster.Away:
                    pass
        while len(kept) > 600:
            kept.pop(0).close()
        halt.wait(0.01)
    for s in kept:
        s.close()


class Meter:
    """One person after the other hands something in at an honest node and waits until it is final."""

    def __init__(self, c, rng, clients):
        self.c, self.rng, self.clients = c, rng, clients
        self.author = cluster.Author(c, "maker", "quality", rng.random())
        self.rss = dict.fromkeys(GOOD, 0)

    def latencies(self, n, seconds):
        took, end = [], time.monotonic() + seconds
        while len(took) < n and (time.monotonic() < end or len(took) < 3):
            node = self.c.nodes[self.rng.choice(GOOD)]
            self.author.refresh([node])
            id_, sub = self.author.comment("metered")
            op = cluster.Op(id_, time.monotonic())
            with self.clients.lock:
                self.clients.ops.append(op)

            def final():  # handed in again and again, it is still one entry
                cluster.hand_in(op, node, sub, 60)
                return op.final is not None
            self.c.wait("what was handed in at %s to be final (%s)" % (node.org, op.id.hex()[:16]), 60, final)
            took.append((op.final - op.began) * 1000)
            for o in GOOD:
                self.rss[o] = max(self.rss[o], self.c.nodes[o].rss_kib() * 1024)
                self.c.nodes[o].top = self.c.nodes[o].status(30 * cluster.PATIENCE)[1]
        return took


# What `entente node peers` says of the flooder: a count that grew during the flood, and words (a key of --json: a pattern);
# or bytes, or entries of its seats, whoever sent them, or questions beyond its share: more than any other peer in that time.
BLAME = {
    "garbage": ("faults", {"fault": r"envelope: at byte \d|the input ends"}),
    "forged": ("faults", {"fault": r"the signature over entry [0-9a-f]{64} does not verify \(SIG-4\)"}),
    "entries": ("entries", {}),
    "more_entries": ("entries", {}),
    "huge_frames": ("faults", {"fault": r"msg_proposal\."}),
    "too_long": (None, {"error": r"announced a frame of 4294967295 bytes; at most %d are accepted" % LIMITS["FRAME_BYTES"]}),
    "questions": ("unanswered", {}),
}


def peers(c, org):
    said = c.run("entente", "node", "peers", "--json", "--node", c.nodes[org].dir).stdout
    return {p["org"]: p for p in json.loads(said)["list"]}


def blamed(kind, before, now):
    count, words = BLAME[kind]
    if not all(re.search(pattern, now[BAD].get(key, "")) for key, pattern in words.items()):
        return False
    if count is None:
        return True
    grew = {o: now[o].get(count, 0) - before[o].get(count, 0) for o in now}
    return grew[BAD] > (0 if count == "faults" else max(n for o, n in grew.items() if o != BAD))


def body(c, args, rng, say):
    for n in c.nodes.values():  # what the address sanitizer keeps back is not the node's
        n.env["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=8"
    c.start()
    time.sleep(0.5)
    c.nodes[BAD].end()
    clients = cluster.Clients(c, rng.random(), n=8, pause=2, only=GOOD)
    # What the hostile member hands in and is good comes on the record like anybody's, in its time.
    clients.expected = lambda seat: seat.startswith(BAD + "/")
    meter = Meter(c, rng, clients)
    meter.latencies(5, 5)
    n, seconds = (100, args.seconds / 10) if args.long else (12, 2)
    rest = meter.latencies(n, seconds)
    say("at rest: mean %.0f ms, longest %.0f ms" % (statistics.mean(rest), max(rest)))
    clients.pause = 0  # from here on people work all the time: the ledger does not rest, with the flood or without it
    c.wait("eight people to be at work", 30, lambda: len(clients.ops) > 40)
    base = meter.latencies(n, seconds)
    say("no flood: mean %.0f ms, longest %.0f ms, %d MiB" % (statistics.mean(base), max(base), max(meter.rss.values()) // MIB))
    start = max(meter.rss.values())
    floods = Floods(c, rng)
    kinds = ["garbage", "forged", "entries", "more_entries", "huge_frames", "too_long", "questions"]
    kinds = [k for k in kinds if args.only in k]
    ratios = {}
    for kind in kinds:
        before = {o: peers(c, o) for o in GOOD}
        flood = hostile.Flood(c, BAD, GOOD, getattr(floods, kind))
        c.wait("the flood to begin", 30, lambda: sum(flood.frames.values()) > 0 or sum(flood.cut.values()) > 3)
        took = meter.latencies(n, seconds)
        for o in GOOD:
            c.wait("`node peers` at %s to name the flooder (%s)" % (o, kind), 60, lambda: blamed(kind, before[o], peers(c, o)))
        flood.stop()
        ratios[kind] = statistics.mean(took) / statistics.mean(base)
        say("%s: mean %.0f ms (%.1f times), longest %.0f ms; %d frames, %d MiB sent, %d links cut; memory %s MiB" % (
            kind, statistics.mean(took), ratios[kind], max(took), sum(flood.frames.values()), sum(flood.sent.values()) // MIB,
            sum(flood.cut.values()), "/".join(str(meter.rss[o] // MIB) for o in GOOD)))
    halt = threading.Event()
    threads = [threading.Thread(target=strangers, args=(c, halt), daemon=True) for _ in range(2)]
    for t in threads:
        t.start()
    took = meter.latencies(n, seconds)
    # Somebody who was away comes back through the crowd.
    c.nodes["clinics"].kill()
    c.nodes["clinics"].start()
    c.wait("clinics to answer", 60, c.nodes["clinics"].answers)
    meter.latencies(3, 1)
    halt.set()
    for t in threads:
        t.join()
    say("strangers: mean %.0f ms (%.1f times), longest %.0f ms" % (statistics.mean(took), statistics.mean(took) / statistics.mean(base), max(took)))
    most = max(meter.rss.values())
    say("memory: %d MiB before, at most %d MiB; bound %d MiB more than before" % (start // MIB, most // MIB, BOUND // MIB))
    if most > start + BOUND:
        clients.faults.append("a node took %d MiB, more than %d + %d" % (most // MIB, start // MIB, BOUND // MIB))
    c.nodes[BAD].start()
    return clients


def options(p):
    p.add_argument("--long", action="store_true")
    p.add_argument("--only", default="", metavar="KIND")


# The hostile member's node does not propose in its turn: short timeouts, so that this is not what is measured.
CLOCK = ", propose-timeout: 200 ms, vote-timeout: 150 ms, timeout-step: 100 ms"
cluster.trial("abuse", 20, body, options, lambda a: cluster.Cluster(a.bin, "abuse", clock=CLOCK))
