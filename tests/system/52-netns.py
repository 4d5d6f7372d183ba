#!/usr/bin/env python3
"""Goal: real networks between the nodes, each in a network namespace of its own: cuts in one direction only (blackhole routes:
it hears and cannot answer), cuts in both, links that vanish (interface down), and a rate limit (tbf). Whoever has a quorum goes
on; who was cut off catches up.

Needs the right to make namespaces; else it is skipped with the reason (exit 77). What the kernel has no queue for is named and
left out.  usage: 52-netns.py BIN [--seconds N] [--seed S] [--hold S]: how long one fault lasts at most"""
import os
import subprocess
import sys
import time

import cluster

TAG = "ent%d" % os.getpid()
ADDRESS = {o: "10.77.0.%d" % (i + 1) for i, o in enumerate(cluster.ORGS)}


def sh(*words, check=True):
    r = subprocess.run(words, capture_output=True, text=True)
    if check and r.returncode != 0:
        raise SystemExit("%s: %s" % (" ".join(words), r.stderr))
    return r


def space(org):
    return "%s-%s" % (TAG, org)


def inside(org, *words, check=True):
    return sh("ip", "netns", "exec", space(org), *words, check=check)


def rights():
    """Why this cannot be done here, or None."""
    try:
        r = sh("ip", "netns", "add", space("hub"), check=False)
        if r.returncode:
            return "no network namespace can be made here: " + r.stderr.strip()
        r = inside("hub", "ip", "link", "set", "lo", "up", check=False)
        if r.returncode:
            return "nothing can be run in a network namespace here: " + r.stderr.strip()
        r = inside("hub", "ip", "link", "add", "br0", "type", "bridge", check=False)
        if r.returncode:
            return "no bridge can be made here: " + r.stderr.strip()
        inside("hub", "ip", "link", "set", "br0", "up")
    except FileNotFoundError:
        return "there is no `ip` program (iproute2)"
    return None


def wire():
    """A bridge in a namespace of its own, and a veth pair to each node's. Nothing of this machine's own network is touched."""
    for i, o in enumerate(cluster.ORGS):
        sh("ip", "netns", "add", space(o))
        inside("hub", "ip", "link", "add", "p%d" % i, "type", "veth", "peer", "name", "eth0", "netns", space(o))
        inside("hub", "ip", "link", "set", "p%d" % i, "master", "br0", "up")
        inside(o, "ip", "address", "add", ADDRESS[o] + "/24", "dev", "eth0")
        inside(o, "ip", "link", "set", "lo", "up")
        inside(o, "ip", "link", "set", "eth0", "up")


def unwire():
    for o in cluster.ORGS + ["hub"]:
        sh("ip", "netns", "del", space(o), check=False)


def blackhole(source, target, on):
    """Nothing of source's reaches target any more; what target says still arrives."""
    inside(source, "ip", "route", "add" if on else "del", "blackhole", ADDRESS[target] + "/32")


def make(args):
    wire()
    c = cluster.Cluster(args.bin, "netns", hosts=ADDRESS)
    for o, n in c.nodes.items():
        n.prefix = ["ip", "netns", "exec", space(o)]
    return c


def one_way(c, rng, hold):
    """One node is heard by none, and hears all; or it hears none and is heard; or one pair in one direction."""
    org = rng.choice(cluster.ORGS)
    others = [o for o in cluster.ORGS if o != org]
    cuts = rng.choice([[(org, o) for o in others], [(o, org) for o in others], [(org, rng.choice(others))]])
    for cut in cuts:
        blackhole(*cut, True)
    time.sleep(hold)
    return "one-way: " + ", ".join("%s to %s" % cut for cut in cuts), True, lambda: [blackhole(*cut, False) for cut in cuts]


def halves(c, rng, hold):
    left = rng.sample(cluster.ORGS, 2)
    cuts = [(a, b) for a in left for b in cluster.ORGS if b not in left]
    for cut in cuts:
        blackhole(*cut, True)
    time.sleep(hold)
    return "two halves, cut in one direction", False, lambda: [blackhole(*cut, False) for cut in cuts]


def unplugged(c, rng, hold):
    i = rng.randrange(4)
    inside("hub", "ip", "link", "set", "p%d" % i, "down")
    time.sleep(hold)
    return "unplugged: " + cluster.ORGS[i], True, lambda: inside("hub", "ip", "link", "set", "p%d" % i, "up")


def limited(c, rng, hold):
    org = rng.choice(cluster.ORGS)
    inside(org, "tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", "128kbit", "burst", "16kb", "latency", "500ms")
    time.sleep(hold)
    return "128 kbit/s: " + org, True, lambda: inside(org, "tc", "qdisc", "del", "dev", "eth0", "root")


def body(c, args, rng, say):
    acts = [one_way, halves, unplugged, limited]
    r = inside("hub", "tc", "qdisc", "add", "dev", "lo", "root", "tbf", "rate", "1mbit", "burst", "16kb", "latency", "400ms", check=False)
    if r.returncode:
        say("skipped, the rate limit: this kernel has no tbf (%s)" % r.stderr.strip())
        acts.remove(limited)
    c.start()
    clients = cluster.Clients(c, rng.random(), n=5)
    todo, end, counts = acts + [one_way], time.monotonic() + args.seconds, {}
    rng.shuffle(todo)
    while time.monotonic() < end or todo:
        act = todo.pop() if todo else rng.choice(acts)
        before = clients.finals()
        what, lives, heal = act(c, rng, args.hold * (0.5 + rng.random() / 2))
        if lives:
            c.wait("something to be final in spite of: %s" % what, 120, lambda: clients.finals() > before)
        seen = clients.finals() - before
        heal()
        before = clients.finals()
        c.wait("something to be final after: %s" % what, 120, lambda: clients.finals() > before)
        counts[act.__name__] = counts.get(act.__name__, 0) + 1
        say("%s; %d seen final meanwhile" % (what, seen))
        if clients.faults:
            break
    say(", ".join("%d %s" % (n, k) for k, n in counts.items()))
    return clients


try:
    why = rights()
    if why:
        print("skipped: " + why)
        sys.exit(cluster.SKIPPED)
    cluster.trial("netns", 14, body, lambda p: p.add_argument("--hold", type=float, default=3), make)
finally:
    unwire()
