#!/usr/bin/env python3
"""Goal: nodes that sleep (SIGSTOP) for long, and over and over, hold nobody up beyond f of them, lose nothing and lie about
nothing when they wake; also when all slept at once, as on a closed laptop's virtual machines.

usage: 51-stop.py BIN [--seconds N] [--seed S] [--sleep S]: longest sleep, in seconds; the short form sleeps for seconds."""
import time

import cluster


def nap(c, rng, say, clients, longest):
    """One node sleeps long; the others decide meanwhile."""
    n = c.nodes[rng.choice(cluster.ORGS)]
    sleep = longest * (0.5 + rng.random() / 2)
    before = clients.finals()
    n.pause()
    time.sleep(sleep)
    c.wait("something to be final while only %s sleeps" % n.org, 60, lambda: clients.finals() > before)
    during = clients.finals() - before
    n.resume()
    c.wait("%s to catch up" % n.org, 60, lambda: n.answers() and n.status()[1] + 20 > max(x.status()[1] for x in c.nodes.values()))
    return "%s slept %.1f s; %d seen final meanwhile" % (n.org, sleep, during)


def doze(c, rng, say, clients, longest):
    """One node sleeps and wakes over and over, each time for so long that others may give it up or not."""
    n = c.nodes[rng.choice(cluster.ORGS)]
    naps = rng.randrange(3, 8)
    for _ in range(naps):
        n.pause()
        time.sleep(rng.random() * 0.8)
        n.resume()
        time.sleep(rng.random() * 0.4)
    return "%s dozed %d times" % (n.org, naps)


def night(c, rng, say, clients, longest):
    """Everybody sleeps at once and wakes one by one."""
    for o in rng.sample(cluster.ORGS, 4):
        c.nodes[o].pause()
    time.sleep(longest * rng.random() / 2)
    for o in rng.sample(cluster.ORGS, 4):
        c.nodes[o].resume()
        time.sleep(rng.random() * 0.5)
    before = clients.finals()
    c.wait("something to be final after all slept", 90, lambda: clients.finals() > before)
    return "all slept"


def body(c, args, rng, say):
    c.start()
    clients = cluster.Clients(c, rng.random())
    end, counts, todo = time.monotonic() + args.seconds, {}, [nap, doze, night]
    while time.monotonic() < end or todo:
        act = todo.pop() if todo else rng.choice([nap, nap, doze, doze, night])
        what = act(c, rng, say, clients, args.sleep)
        counts[act.__name__] = counts.get(act.__name__, 0) + 1
        if args.seconds < 60 or act is not doze:
            say(what)
        if clients.faults:
            break
    say(", ".join("%d %s" % (n, k) for k, n in counts.items()))
    return clients


cluster.trial("stop", 12, body, lambda p: p.add_argument("--sleep", type=float, default=4))
