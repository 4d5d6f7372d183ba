#!/usr/bin/env python3
"""Goal: slow links, links that break, links that are dead and do not say so (in one direction or both) and thin links change
nothing but the time that it takes. Every link between nodes runs through a proxy of ours.

usage: 53-proxy.py BIN [--seconds N] [--seed S] [--hold S]: how long one fault lasts at most"""
import time

import cluster
import proxy


def make(args):
    proxies = proxy.Proxies()
    for a in cluster.ORGS:
        for b in cluster.ORGS:
            if a != b:
                proxies.open(a, b)
    c = cluster.Cluster(args.bin, "proxy", peer_address=lambda a, b: "127.0.0.1:%d" % proxies.paths[a, b].port)
    for o, n in c.nodes.items():
        proxies.lead(o, n.listen)
    c.proxies = proxies
    return c


def slow(p, rng, hold):
    """All links take their time; not the same for each."""
    for path in p.paths.values():
        path.delay = rng.random() * 0.12
    time.sleep(hold)
    return "all links slow", True


def breaking(p, rng, hold):
    """Connections break in the middle of what they carry, over and over."""
    end, n = time.monotonic() + hold, 0
    while time.monotonic() < end:
        p.cut(p.between(*rng.sample(cluster.ORGS, 2)))
        n += 1
        time.sleep(rng.random() * 0.3)
    return "%d breaks" % n, True


def half_open(p, rng, hold):
    """One node's links go silent without an end: nothing it says arrives, or nothing that it should hear, or neither."""
    org, ways = rng.choice(cluster.ORGS), rng.choice(["says", "hears", "both"])
    for path in p.touching(org):
        outward = "there" if path.source == org else "back"
        inward = "back" if path.source == org else "there"
        path.deaf = {"says": {outward}, "hears": {inward}, "both": {outward, inward}}[ways]
    time.sleep(hold)
    return "half-open: %s (%s)" % (org, ways), True


def halves(p, rng, hold):
    """Two and two: neither half may decide, and neither knows why."""
    left = rng.sample(cluster.ORGS, 2)
    for (a, b), path in p.paths.items():
        if (a in left) != (b in left):
            path.deaf = {"there", "back"}
    time.sleep(hold)
    return "two halves", False


def chain(p, rng, hold):
    """Each node reaches only its neighbours in a line."""
    line = rng.sample(cluster.ORGS, 4)
    cut = [path for (a, b), path in p.paths.items() if abs(line.index(a) - line.index(b)) > 1]
    for path in cut:
        path.refuse = True
    p.cut(cut)
    time.sleep(hold)
    return "a chain", True


def thin(p, rng, hold):
    """One node hangs on a thin line."""
    org = rng.choice(cluster.ORGS)
    for path in p.touching(org):
        path.rate = 8000
    time.sleep(hold)
    return "thin: %s" % org, True


def body(c, args, rng, say):
    c.start()
    clients = cluster.Clients(c, rng.random(), n=5)
    acts = [slow, breaking, half_open, halves, chain, thin]
    todo, end, counts = list(acts), time.monotonic() + args.seconds, {}
    rng.shuffle(todo)
    while time.monotonic() < end or todo:
        act = todo.pop() if todo else rng.choice(acts)
        before = clients.finals()
        what, lives = act(c.proxies, rng, args.hold * (0.5 + rng.random() / 2))
        if lives:
            c.wait("something to be final in spite of: %s" % what, 90, lambda: clients.finals() > before)
        seen = clients.finals() - before
        c.proxies.heal()
        before = clients.finals()
        c.wait("something to be final after: %s" % what, 90, lambda: clients.finals() > before)
        counts[act.__name__] = counts.get(act.__name__, 0) + 1
        say("%s; %d seen final meanwhile" % (what, seen))
        if clients.faults:
            break
    say(", ".join("%d %s" % (n, k) for k, n in counts.items()))
    return clients


cluster.trial("proxy", 14, body, lambda p: p.add_argument("--hold", type=float, default=3), make)
