#!/usr/bin/env python3
"""Goal: kill -9 at random moments, over many rounds, loses nothing that was acknowledged, doubles nothing and changes no order.

Rounds of two kinds: one node (f) is killed and comes back while the others go on; all four are killed and come back. A kill
may hit a node that is starting. usage: 50-kill-history.py BIN [--seconds N] [--seed S]"""
import time

import cluster


def one(c, rng, say, clients):
    n = c.nodes[rng.choice(cluster.ORGS)]
    before = clients.finals()
    n.kill()
    time.sleep(rng.random() * rng.choice([0.1, 1.5]))
    n.start()
    if rng.random() < 0.3:  # again, while it starts
        time.sleep(rng.random() * 0.3)
        n.kill()
        n.start()
    c.wait("the killed node to answer", 60, n.answers)
    time.sleep(rng.random() * 0.5)
    return "%s, %d seen final meanwhile" % (n.org, clients.finals() - before)


def everyone(c, rng, say, clients):
    order = rng.sample(cluster.ORGS, 4)
    for o in order:
        c.nodes[o].kill()
        time.sleep(rng.choice([0, rng.random() * 0.2]))
    for o in rng.sample(cluster.ORGS, 4):
        c.nodes[o].start()
        time.sleep(rng.choice([0, rng.random() * 0.3]))
    c.wait("all to answer", 60, lambda: all(n.answers() for n in c.nodes.values()))
    before = clients.finals()
    c.wait("something to be final after all were killed", 60, lambda: clients.finals() > before)
    return "all"


def body(c, args, rng, say):
    c.start()
    clients = cluster.Clients(c, rng.random())
    end, rounds, all_rounds = time.monotonic() + args.seconds, 0, 0
    while time.monotonic() < end or not rounds or not all_rounds:
        all_of_them = rng.random() < 0.25 or (rounds > 2 and not all_rounds)
        what = (everyone if all_of_them else one)(c, rng, say, clients)
        rounds, all_rounds = rounds + (not all_of_them), all_rounds + all_of_them
        if args.seconds < 60:
            say("killed %s" % what)
        if clients.faults:
            break
    say("%d kills of one node, %d of all" % (rounds, all_rounds))
    return clients


cluster.trial("kill", 12, body)
