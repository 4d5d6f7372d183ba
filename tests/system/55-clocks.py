#!/usr/bin/env python3
"""Goal: clocks that disagree, drift and jump stop nobody while no more than f of them are off by more than the precision, and
never make two truths. Ledger time only ascends.

Each node's wall clock is set by libfaketime, from a file that the test writes; its monotonic clock is left alone, as on a
machine whose time is set. At most one clock is far off at any time (more, and the ledger must wait by its rules: BFT-T1); all
may be off by less than the precision.  usage: 55-clocks.py BIN [--seconds N] [--seed S]"""
import glob
import sys
import time

import cluster

LIBRARY = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
FAR = [-86400, -3600, -120, -7, -2, 2, 7, 120, 3600, 86400]


def set_clock(c, org, seconds):
    path = c.work / (org + ".clock")
    new = c.work / (org + ".clock.new")
    new.write_text("%+.3f\n" % seconds)
    new.rename(path)


def make(args):
    c = cluster.Cluster(args.bin, "clocks")
    for o, n in c.nodes.items():
        set_clock(c, o, 0)
        n.env = {"LD_PRELOAD": LIBRARY[0], "FAKETIME_TIMESTAMP_FILE": str(c.work / (o + ".clock")), "FAKETIME_NO_CACHE": "1",
                 "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}
    return c


def really(c, org, seconds):
    """The fake works: the node says the time that it was given."""
    def near():
        try:
            return abs(c.nodes[org].status()[15] / 1000 - time.time() - seconds) < 60
        except (cluster.Away, cluster.Said):
            return False
    c.wait("the clock of %s to show %+d s" % (org, seconds), 20, near)


def body(c, args, rng, say):
    c.start()
    set_clock(c, "trustee", 7200)
    really(c, "trustee", 7200)
    set_clock(c, "trustee", 0)
    clients = cluster.Clients(c, rng.random())
    end, rounds = time.monotonic() + args.seconds, 0
    while time.monotonic() < end or rounds < 4:
        odd = rng.choice(cluster.ORGS)
        for o in cluster.ORGS:
            set_clock(c, o, rng.uniform(-0.2, 0.2))
        jumps = [rng.choice(FAR) for _ in range(rng.randrange(1, 4))]
        for j in jumps:
            set_clock(c, odd, j + rng.uniform(-0.5, 0.5))
            if rng.random() < 0.3:  # its machine was off meanwhile
                c.nodes[odd].kill()
                c.nodes[odd].start()
            time.sleep(rng.random() * 1.5)
        before = clients.finals()
        c.wait("something to be final while only the clock of %s is off (%s s)" % (odd, jumps), 90, lambda: clients.finals() > before)
        rounds += 1
        say("%s: %s s" % (odd, ", ".join("%+d" % j for j in jumps)))
        if clients.faults:
            break
    for o in cluster.ORGS:
        set_clock(c, o, 0)
    before = clients.finals()
    c.wait("something to be final with all clocks right", 90, lambda: clients.finals() > before)
    lines = c.nodes["maker"].ask(cluster.LOG, {1: 0, 2: 1000})[1]
    times = [t for _, t in sorted({(x[2], x[3]) for x in lines})]
    if times != sorted(set(times)):
        clients.faults.append("ledger time does not ascend")
    return clients


if not LIBRARY:
    print("skipped: libfaketime is not installed (scripts/deps installs it)")
    sys.exit(cluster.SKIPPED)
cluster.trial("clocks", 12, body, None, make)
