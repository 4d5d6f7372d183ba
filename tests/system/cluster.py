"""An alliance of four real nodes under a test's hands, clients that write down all that they saw, and a checker that reads
the four ledgers afterwards the way a Jepsen test would. Standard library only; it shares no code with the programs.

A history is a list of submissions: when the call began, when and how it ended, what became of it. The checker demands:
  - each acknowledged submission is on the ledger, once, in the same place at every node;
  - what was said to be final at leaf n is at leaf n;
  - if one was final before another was handed in, it stands before it;
  - nothing that was refused, and nothing that nobody handed in, is there;
  - at every size that any node was ever seen at, all nodes had the same root;
  - a pack of a random node verifies.
"""
import argparse
import base64
import hashlib
import os
import pathlib
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(HERE / "docs/independent-verifier")]
import canonical  # noqa: E402

encode, value = canonical.encode, canonical.value

ORGS = ["maker", "clinics", "distributor", "trustee"]
PARTNER_SEATS = "sponsor alliance-manager business-lead delivery-lead finance quality security-legal registrar".split()
COMMENT = 21  # record kind; checked against a comment that `entente` made
STATUS, PEERS, SUBMIT, ENTRY, BOUNDARY, LOG = 2, 3, 5, 6, 7, 17  # src/api/methods.def
WAITING, FINAL, REFUSED = 1, 2, 3  # rpc_state
ST_CLOSED = -16
DUPLICATE = 14  # verdicts.def
DAY_MS = 86400000
CLOCK = "clock: {precision: 500 ms, late-after: 2 h}"
SHORT = ", propose-timeout: 800 ms, vote-timeout: 400 ms, timeout-step: 200 ms"  # so that a fault costs a second, not four
SKIPPED = 77
# Bounds of waits are what a quick machine needs with room to spare; a slow or busy one gets so many times as long. They only say
# when to give up: a fault is a fault of the ledger, never of the clock.
PATIENCE = 5
ANSWER = 30  # seconds for one answer of a node that is well


def seats_of(org):
    if org == "trustee":
        return ["mediator", "registrar"]
    return PARTNER_SEATS + (["medical-lead"] if org == "clinics" else [])


# --- Ed25519 (RFC 8032, section 5.1; extended coordinates and a table of the base point's multiples: a millisecond each) ---

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
BY = 4 * pow(5, P - 2, P) % P
BX = 15112221349535400772501151409588531511454012693041857206046113283949847762202


def _add(a, b):
    x = (a[1] - a[0]) * (b[1] - b[0]) % P
    y = (a[1] + a[0]) * (b[1] + b[0]) % P
    t = 2 * a[3] * b[3] * D % P
    z = 2 * a[2] * b[2] % P
    e, f, g, h = y - x, z - t, z + t, y + x
    return e * f % P, g * h % P, f * g % P, e * h % P


def _table():
    rows, base = [], (BX, BY, 1, BX * BY % P)
    for _ in range(64):
        row = [(0, 1, 1, 0)]
        for _ in range(15):
            row.append(_add(row[-1], base))
        rows.append(row)
        base = _add(row[-1], base)
    return rows


_ROWS = _table()


def _base_times(n):
    total = (0, 1, 1, 0)
    for row in _ROWS:
        total = _add(total, row[n & 15])
        n >>= 4
    z = pow(total[2], P - 2, P)
    x, y = total[0] * z % P, total[1] * z % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


class Key:
    """An Ed25519 key from its 32-byte seed."""

    def __init__(self, seed):
        h = hashlib.sha512(seed).digest()
        self.a = int.from_bytes(h[:32], "little") & (1 << 254) - 8 | 1 << 254
        self.prefix = h[32:]
        self.public = _base_times(self.a)

    def sign(self, message):
        r = int.from_bytes(hashlib.sha512(self.prefix + message).digest(), "little") % L
        big_r = _base_times(r)
        k = int.from_bytes(hashlib.sha512(big_r + self.public + message).digest(), "little")
        return big_r + ((r + k * self.a) % L).to_bytes(32, "little")

    def sshsig(self, namespace, message):
        def s(b):
            return struct.pack(">I", len(b)) + b
        return self.sign(b"SSHSIG" + s(namespace) + s(b"") + s(b"sha512") + s(hashlib.sha512(message).digest()))


def read_key(path):
    """The key in an unsealed key file of `entente`."""
    for line in open(path):
        if line.startswith("seed "):
            return Key(base64.b64decode(line.split()[1]))
    raise SystemExit("%s: no unsealed key file" % path)


# --- The local socket ---

class Away(Exception):
    """No answer: the node is gone, stopped, or too slow. What was asked may or may not have been done."""


class Said(Exception):
    """The node answered with a status."""

    def __init__(self, status, text):
        super().__init__("status %d: %s" % (status, text))
        self.status = status


class Rpc:
    """One connection to a node's local socket."""

    def __init__(self, path, timeout=5):
        self.timeout = timeout
        self.s = socket.socket(socket.AF_UNIX)
        self.s.settimeout(timeout)
        try:
            self.s.connect(str(path))
        except OSError as e:
            self.s.close()
            raise Away(str(e)) from None

    def close(self):
        self.s.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _receive(self, n):
        out = bytearray()
        while len(out) < n:
            part = self.s.recv(n - len(out))
            if not part:
                raise Away("closed")
            out += part
        return bytes(out)

    def ask(self, method, body=None, wait=0):
        self.s.settimeout(self.timeout + wait)
        payload = encode({1: 1, 2: method, 3: body or {}})
        try:
            self.s.sendall(struct.pack(">I", len(payload)) + payload)
            n = 0
            while n == 0:
                n = struct.unpack(">I", self._receive(4))[0]
            r = value(self._receive(n))
        except OSError as e:
            raise Away(str(e)) from None
        if 3 not in r:
            raise Said(r[2], r.get(4, ""))
        return r[3]


# --- Nodes ---

def free_port():
    """Below the range that outgoing connections take; asked for again if it is in use."""
    while True:
        port = random.randrange(11000, 32000)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


class Node:
    def __init__(self, cluster, org):
        self.cluster, self.org = cluster, org
        self.dir = cluster.work / org
        self.socket = self.dir / "node.sock"
        self.listen = None
        self.process = None
        self.prefix = []  # put before the command: ip netns exec ..., faketime
        self.env = {}
        self.stopped = False

    @property
    def up(self):
        return self.process is not None and self.process.poll() is None

    def start(self):
        assert not self.up
        with open(self.cluster.work / (self.org + ".log"), "ab") as log:
            self.process = subprocess.Popen(self.prefix + [str(self.cluster.bin / "ententd"), "run", str(self.dir)], stdout=log,
                                            stderr=log, env={**os.environ, **self.env}, start_new_session=True)

    def signal(self, number):
        if self.up:
            self.process.send_signal(number)

    def kill(self):
        """kill -9, also of one that is stopped."""
        self.signal(signal.SIGKILL)
        if self.process:
            self.process.wait()
        self.stopped = False

    def end(self):
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        if self.process:
            try:
                return self.process.wait(30 * PATIENCE)
            except subprocess.TimeoutExpired:
                self.kill()
                raise SystemExit("%s does not stop" % self.org) from None

    def pause(self):
        self.signal(signal.SIGSTOP)
        self.stopped = True

    def resume(self):
        self.signal(signal.SIGCONT)
        self.stopped = False

    def rpc(self, timeout=ANSWER):
        return Rpc(self.socket, timeout)

    def ask(self, method, body=None, timeout=ANSWER):
        with self.rpc(timeout) as r:
            return r.ask(method, body)

    def status(self, timeout=ANSWER):
        return self.ask(STATUS, timeout=timeout)

    def peers(self):
        return {p[1]: p for p in self.ask(PEERS)[1]}

    def answers(self):
        try:
            self.status(5)
            return True
        except (Away, Said):
            return False

    def rss_kib(self):
        for line in open("/proc/%d/status" % self.process.pid):
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        return 0

    def log(self):
        p = self.cluster.work / (self.org + ".log")
        return p.read_text(errors="replace") if p.exists() else ""

    def setting(self, key, text):
        """Replaces a line of node.yaml, or adds it."""
        path = self.dir / "node.yaml"
        lines = [x for x in path.read_text().splitlines() if not x.startswith(key + ":")]
        path.write_text("\n".join(lines + ["%s: %s" % (key, text)]) + "\n")


class Cluster:
    """Founds an alliance in a directory of its own. With `peer_address`, a function of two organisations, the first dials the
    second at another address than the card's (a proxy, say)."""

    def __init__(self, bin_dir, name, hosts=None, peer_address=None, sla=None, dirs=None, clock=SHORT):
        self.bin = pathlib.Path(bin_dir).resolve()
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="entente-%s." % name, dir="/tmp"))
        self.nodes = {o: Node(self, o) for o in ORGS}
        self.keys = {}
        self.alliance = None
        self.env = {**os.environ, "XDG_STATE_HOME": str(self.work / "state"), "NO_COLOR": "1"}
        for o, make in (dirs or {}).items():
            self.nodes[o].dir = make(self)
            self.nodes[o].socket = self.nodes[o].dir / "node.sock"
        self._found(hosts or {}, sla, clock)
        for o in ORGS:
            self.nodes[o].setting("low-water", "16")
            if peer_address:
                with open(self.nodes[o].dir / "node.yaml", "a") as f:
                    f.write("peers:\n" + "".join("  %s: %s\n" % (x, peer_address(o, x)) for x in ORGS if x != o))

    def run(self, *words, check=True, env=None):
        words = [str(self.bin / words[0])] + [str(w) for w in words[1:]] if "/" not in str(words[0]) else [str(w) for w in words]
        r = subprocess.run(words, env=env or self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if check and r.returncode != 0:
            raise SystemExit("%s: exit %d\n%s%s" % (" ".join(words), r.returncode, r.stdout, r.stderr))
        return r

    def entente(self, org, seat, *words, node=None, check=True):
        """entente VERB... by a seat, at a node."""
        return self.run("entente", *words, "--node", self.nodes[node or org].dir, "--key", self.key_path(org, seat), "--as",
                        "%s/%s" % (org, seat), check=check)

    def key_path(self, org, seat):
        return self.work / "keys" / ("%s-%s.key" % (org, seat))

    def key(self, org, seat):
        if (org, seat) not in self.keys:
            self.keys[org, seat] = read_key(self.key_path(org, seat))
        return self.keys[org, seat]

    def _found(self, hosts, sla, clock):
        w = self.work
        (w / "keys").mkdir()
        (w / "charter/cards").mkdir(parents=True)
        for org in ORGS:
            node = self.nodes[org]
            node.listen = "%s:%d" % (hosts.get(org, "127.0.0.1"), free_port())
            self.run("ententd", "init", node.dir, "--partner", org, "--listen", node.listen)
            words = []
            for seat in seats_of(org):
                self.run("entente", "key", "new", self.key_path(org, seat), "--unsealed")
                words += ["--seat", "%s=%s" % (seat, self.key_path(org, seat))]
            self.run("ententd", "card", node.dir, *words, "-o", w / ("charter/cards/%s.card" % org))
        examples = HERE / "docs/examples"
        for part in ("agreements", "procedures"):
            shutil.copytree(examples / part, w / "charter" / part)
        text = (examples / "heart-monitoring.charter.yaml").read_text()
        if sla:
            text, n = text.replace("sla: 10 bd", "sla: " + sla), text.count("sla: 10 bd")
            assert n > 0
        assert CLOCK in text
        (w / "charter/charter.yaml").write_text(text.replace(CLOCK, CLOCK[:-1] + clock + "}"))
        self.run("entente", "alliance", "draft", w / "charter/charter.yaml", "-o", w / "alliance.genesis")
        for org in ORGS:
            for seat in seats_of(org):
                if org != "trustee" or seat == "registrar":
                    self.run("entente", "alliance", "sign", w / "alliance.genesis", "--as", "%s/%s" % (org, seat), "--key",
                             self.key_path(org, seat), "--yes")
        for org in ORGS:
            self.run("entente", "alliance", "found", w / "alliance.genesis", "--node", self.nodes[org].dir)

    def start(self):
        for n in self.nodes.values():
            if not n.up:
                n.start()
        self.wait("all nodes to answer", 60, lambda: all(n.answers() for n in self.nodes.values()))
        if self.alliance is None:
            # Until a node has signed its first vote it must hear of q - 1 others (REP-1): nothing is cut before.
            self.wait("all nodes to have heard of each other's votes", 60, lambda: not any("vote journal is empty" in n.ask(4)[10]
                      for n in self.nodes.values()))
            self.alliance = self.nodes["maker"].ask(1)[2]
            self._check_comment()

    def _check_comment(self):
        """Our idea of an entry is that of the programs: one that `entente` saved reads as ours would."""
        path = self.work / "probe.entry"
        self.entente("maker", "finance", "comment", "--text", "probe", "--save", path)
        sub = value(path.read_bytes())
        ours = value(Author(self, "maker", "finance").comment("probe")[1])
        a, b = value(sub[2]), value(ours[2])
        assert a[3] == b[3] == COMMENT and a.keys() == b.keys() and a[4].keys() == b[4].keys() and a[2] == b[2], (a, b)

    def wait(self, what, seconds, check):
        """Until check() holds; no answer of a node is none yet. A check that began in time is heard to its end."""
        began = time.monotonic()
        while True:
            late = time.monotonic() > began + seconds * PATIENCE
            try:
                if check():
                    return
            except (Away, Said):
                pass
            if late:
                raise SystemExit("gave up after %d s, waiting for: %s\n%s" % (time.monotonic() - began, what, self.why()))
            time.sleep(0.05)

    def why(self):
        """What each node says of itself, for a report."""
        lines = []
        for o, n in self.nodes.items():
            try:
                lines.append("%s: %s" % (o, n.ask(4, timeout=5)[10]))
            except (Away, Said) as e:
                lines.append("%s: no answer (%s)" % (o, e))
        return "\n".join(lines)

    def level(self, orgs=ORGS):
        """Are these nodes at one root, with nothing under way?"""
        try:
            s = [self.nodes[o].status(5) for o in orgs]
        except (Away, Said):
            return False
        return len({(x[4], x[5]) for x in s}) == 1 and not any(x[12] for x in s)

    def close(self, failed):
        for n in self.nodes.values():
            n.kill()
        if (self.work / "disk").is_dir():  # 54-disk
            subprocess.run(["umount", self.work / "disk"], check=False)
        if failed:
            print("logs and directories are kept in %s" % self.work)
            for o in ORGS:
                print("--- %s\n%s" % (o, "\n".join(self.nodes[o].log().splitlines()[-12:])))
        else:
            shutil.rmtree(self.work, ignore_errors=True)


# --- Clients ---

class Author:
    """Makes signed comments of one seat, on a basis that is renewed now and then."""

    def __init__(self, cluster, org, seat, seed=None):
        self.cluster, self.org, self.seat = cluster, org, seat
        self.key = cluster.key(org, seat)
        self.rng = random.Random(seed)
        self.basis, self.basis_at = None, 0

    def refresh(self, nodes):
        if self.basis and time.monotonic() < self.basis_at + 2:
            return
        for n in nodes:
            try:
                b = n.ask(BOUNDARY, timeout=1)
                self.basis, self.basis_at = {1: b[1], 2: b[2]}, time.monotonic()
                return
            except (Away, Said):
                pass

    def comment(self, text, expires_ms=None, spoil=False):
        """(id, bytes of the submission)."""
        if not self.basis:
            self.refresh(self.cluster.nodes.values())
        salt, text = self.rng.randbytes(32), text.encode()
        now = int(time.time() * 1000)
        entry = encode({0: 1, 1: 1, 2: self.cluster.alliance, 3: COMMENT, 4: {1: 1, 3: hashlib.sha256(salt + text).digest()},
                        5: "%s/%s" % (self.org, self.seat), 6: now, 7: self.basis,
                        8: now + 20 * DAY_MS if expires_ms is None else expires_ms})
        sig = self.key.sshsig(b"entry@entente", entry)
        if spoil:
            sig = sig[:40] + bytes([sig[40] ^ 1]) + sig[41:]
        record = encode({1: 1, 2: self.key.public, 3: sig})
        return hashlib.sha256(entry).digest(), encode({1: 1, 2: entry, 3: record, 4: [{1: salt, 2: text.decode()}]})


class Op:
    """A submission: one entry, handed in once or more."""
    __slots__ = ("id", "nodes", "began", "acked", "final", "leaf", "refused", "unknown", "words")

    def __init__(self, id_, began):
        self.id, self.began = id_, began
        self.nodes, self.words = [], []
        self.acked = self.final = self.leaf = None
        self.refused = self.unknown = 0


def hand_in(op, node, submission, wait=0, timeout=10):
    """One attempt; what came of it is noted in op. True if the entry is known to be kept."""
    op.nodes.append(node.org)
    try:
        with node.rpc(timeout) as r:
            reply = r.ask(SUBMIT, {1: submission})
            if reply[2] not in (0, DUPLICATE):
                op.refused += 1
                op.words.append(reply[3])
                return False
            assert reply[1] == op.id
            op.acked = op.acked or time.monotonic()
            if wait:
                state = r.ask(ENTRY, {1: op.id, 2: int(wait * 1000)}, wait)
                if state[1] == FINAL:
                    op.leaf, op.final = state[2], op.final or time.monotonic()
                elif state[1] == REFUSED:
                    op.words.append("refused after the acknowledgement: %s" % state[6])
            return True
    except Away as e:
        op.unknown += 1
        op.words.append(str(e))
    except Said as e:
        op.words.append(str(e))
        if e.status == ST_CLOSED:
            op.unknown += 1
        else:
            op.refused += 1
    return False


class Clients:
    """Several people at once, each with a seat and a habit of her own. Everything that they did is in self.ops."""

    def __init__(self, cluster, seed, n=4, pause=0.03, only=None):
        self.cluster, self.pause, self.only = cluster, pause, only
        self.ops, self.lock, self.halt = [], threading.Lock(), threading.Event()
        self.roots, self.faults, self.samples = {}, [], 0
        self.expected = lambda seat: False  # whose entries come on the record by other ways than ours
        self.seats = [(o, s) for o in ORGS[:3] for s in ("finance", "quality", "business-lead")]
        rng = random.Random(seed)
        self.threads = [threading.Thread(target=self._guard, args=(self._client, i, rng.random()), daemon=True) for i in range(n)]
        for function in (self._sample, self._follow):
            self.threads.append(threading.Thread(target=self._guard, args=(function,), daemon=True))
        for t in self.threads:
            t.start()

    def _guard(self, function, *args):
        try:
            function(*args)
        except Exception as e:  # noqa: BLE001: a fault of the test itself must not pass for a good run
            self.faults.append("%s: %r" % (function.__name__, e))

    def _client(self, number, seed):
        rng = random.Random(seed)
        author = Author(self.cluster, *self.seats[number % len(self.seats)], seed=rng.random())
        all_nodes = [self.cluster.nodes[o] for o in self.only or ORGS]
        n = 0
        while not self.halt.is_set():
            n += 1
            self.halt.wait(rng.random() * 2 * self.pause)
            nodes = rng.sample(all_nodes, len(all_nodes))
            author.refresh(nodes)
            if not author.basis:
                continue
            habit = rng.random()
            kind = "spoiled" if habit < 0.03 else "expired" if habit < 0.06 else "twice" if habit < 0.2 else "once"
            id_, sub = author.comment("%d-%d" % (number, n), expires_ms=1700000000000 if kind == "expired" else None,
                                      spoil=kind == "spoiled")
            op = Op(id_, time.monotonic())
            with self.lock:
                self.ops.append(op)
            wait = 0 if rng.random() < 0.4 else 4
            kept = hand_in(op, nodes[0], sub, wait)
            if kind == "twice" or (not kept and op.unknown and rng.random() < 0.5):  # the same, at another partner's
                hand_in(op, nodes[1], sub, wait)

    def _sample(self):
        while not self.halt.is_set():
            for o in ORGS:
                try:
                    self.note(o, self.cluster.nodes[o].status(0.5))
                except (Away, Said):
                    pass
            self.halt.wait(0.1)

    def _follow(self):
        """Asks what became of entries that were acknowledged and that nobody waits for: a client's patience ends, and on a slow
        machine before anything is final."""
        while not self.halt.is_set():
            with self.lock:
                some = [op for op in self.ops[-400:] if op.acked and op.final is None][-20:]
            for op in some:
                try:
                    state = self.cluster.nodes[random.choice(self.only or ORGS)].ask(ENTRY, {1: op.id, 2: 0}, timeout=2)
                except (Away, Said):
                    continue
                if state[1] == FINAL and op.final is None:
                    op.leaf, op.final = state[2], time.monotonic()
            self.halt.wait(0.2)

    def note(self, org, s):
        self.samples += 1
        seen = self.roots.setdefault(s[4], (s[5], org))
        if seen[0] != s[5]:
            self.faults.append("at size %d the root of %s is %s, that of %s %s" % (s[4], seen[1], seen[0].hex(), org, s[5].hex()))

    def stop(self):
        self.halt.set()
        for t in self.threads:
            t.join()

    def finals(self):
        with self.lock:
            return sum(op.final is not None for op in self.ops)


# --- The checker ---

def read_log(node):
    """All leaves of a node: [(leaf bytes)], by index."""
    leaves = []
    with node.rpc(20 * PATIENCE) as r:
        while True:
            lines = r.ask(LOG, {1: len(leaves), 2: 1000})[1]
            if not lines:
                return leaves
            for line in lines:
                assert line[1] == len(leaves), "leaf %d where %d was asked" % (line[1], len(leaves))
                leaves.append(line[4])


def entry_of(leaf):
    """A leaf of an entry is the entry's bytes, then its signature record (ENT-2). None for other leaves."""
    r = canonical.Reader(leaf)
    v = r.value()
    return None if r.at == len(leaf) or not isinstance(v, dict) or v.get(0) != 1 else leaf[:r.at]


def entry_id(leaf):
    entry = entry_of(leaf)
    return entry and hashlib.sha256(entry).digest()


def entries_of(leaves):
    """id -> [indices], of the leaves that are entries."""
    found = {}
    for i, leaf in enumerate(leaves):
        id_ = entry_id(leaf)
        if id_:
            found.setdefault(id_, []).append(i)
    return found


def check(clients, logs):
    """What is wrong, in words. logs: org -> leaves."""
    wrong = list(clients.faults)
    longest = max(logs.values(), key=len)
    for org, leaves in logs.items():
        if leaves != longest[:len(leaves)]:
            at = next(i for i, (x, y) in enumerate(zip(leaves, longest)) if x != y)
            wrong.append("%s has another leaf at %d than the others" % (org, at))
        if len(leaves) != len(longest):
            wrong.append("%s has %d leaves, another %d" % (org, len(leaves), len(longest)))
    where = entries_of(longest)
    known = {op.id for op in clients.ops}
    for id_, at in where.items():
        if len(at) > 1:
            wrong.append("entry %s is on the record %d times: %s" % (id_.hex(), len(at), at))
    for op in clients.ops:
        at = where.get(op.id, [None])[0]
        name = "entry %s (%s; %s)" % (op.id.hex()[:16], ", ".join(op.nodes), "; ".join(op.words))
        if op.acked and at is None:
            wrong.append("%s was acknowledged and is not on the record" % name)
        if op.leaf is not None and at != op.leaf:
            wrong.append("%s was said to be final at leaf %d and is at %s" % (name, op.leaf, at))
        if op.refused and not op.acked and not op.unknown and at is not None:
            wrong.append("%s was refused and is on the record" % name)
    strangers = [i for id_, at in where.items() if id_ not in known for i in at
                 if not clients.expected(value(entry_of(longest[i]))[5])]
    if strangers:
        wrong.append("entries that nobody handed in: leaves %s" % strangers[:10])
    wrong += check_order([op for op in clients.ops if op.id in where], where)
    return wrong


def check_order(ops, where):
    """Was one final before another was handed in, it stands before it."""
    ended = sorted((op for op in ops if op.final is not None), key=lambda op: op.final)
    wrong, k, best = [], 0, None
    for op in sorted(ops, key=lambda op: op.began):
        while k < len(ended) and ended[k].final < op.began:
            if best is None or ended[k].leaf > best.leaf:
                best = ended[k]
            k += 1
        if best is not None and where[op.id][0] <= best.leaf:
            wrong.append("entry %s was handed in after entry %s was final at leaf %d, and stands at leaf %d" %
                         (op.id.hex()[:16], best.id.hex()[:16], best.leaf, where[op.id][0]))
    return wrong


# --- One run of a test ---

def arguments(seconds, more=None):
    """BIN [--seconds N] [--seed S]: `seconds` is the short form's length, for CI."""
    p = argparse.ArgumentParser()
    p.add_argument("bin")
    p.add_argument("--seconds", type=float, default=seconds)
    p.add_argument("--seed", type=int, default=None)
    if more:
        more(p)
    a = p.parse_args()
    a.seed = random.randrange(1 << 32) if a.seed is None else a.seed
    return a


def verify_pack(cluster, rng):
    """An auditor takes the record from one of them."""
    org = rng.choice(ORGS)
    pack = cluster.work / "alliance.pack"

    def packed():
        pack.unlink(missing_ok=True)
        return cluster.run("entente", "pack", pack, "--node", cluster.nodes[org].dir, check=False).returncode == 0
    cluster.wait("a pack of %s" % org, 20, packed)  # the newest checkpoint's cosignatures take a second
    r = cluster.run("entente-audit", "verify", pack, "--expect-alliance", cluster.alliance.hex(), check=False)
    return [] if r.returncode == 0 else ["the pack of %s does not verify: %s%s" % (org, r.stdout, r.stderr)]


def finish(cluster, clients, rng, seconds=60):
    """All is well again: waits until all nodes are level, then checks the history. Gives what is wrong, and figures."""
    clients.stop()
    wrong = []
    try:
        cluster.wait("all nodes at one root", seconds, cluster.level)
    except SystemExit as e:
        wrong.append(str(e))
    logs = {}
    for o, n in cluster.nodes.items():
        try:
            logs[o] = read_log(n)
            clients.note(o, n.status())
        except (Away, Said) as x:
            wrong.append("the log of %s cannot be read: %s" % (o, x))
    if logs:
        wrong += check(clients, logs)
        wrong += verify_pack(cluster, rng)
    for o, n in cluster.nodes.items():
        try:
            if 16 in n.status():
                wrong.append("%s stopped: %s" % (o, n.status()[16]))
        except (Away, Said) as x:
            wrong.append("%s does not answer at the end: %s" % (o, x))
    ops = clients.ops
    figures = "%d submissions: %d acknowledged, %d seen final, %d refused, %d without an answer; %d leaves, %d roots compared" % (
        len(ops), sum(op.acked is not None for op in ops), sum(op.final is not None for op in ops),
        sum(bool(op.refused and not op.acked) for op in ops), sum(bool(op.unknown) for op in ops),
        max((len(x) for x in logs.values()), default=0), clients.samples)
    return wrong, figures


def trial(name, seconds, body, more=None, make=None):
    """Founds, lets body(cluster, args, rng, say) do its worst, which gives its clients back, and checks. Exits with 0, 1 or 77."""
    args = arguments(seconds, more)
    rng = random.Random(args.seed)
    random.seed()  # ports and directories differ also for one seed
    print("%s: seed %d, %g s" % (name, args.seed, args.seconds), flush=True)
    cluster = None
    failed = True
    began = time.monotonic()

    def say(text):
        print("  %6.1f  %s" % (time.monotonic() - began, text), flush=True)
    try:
        cluster = (make or (lambda a: Cluster(a.bin, name)))(args)
        clients = body(cluster, args, rng, say)
        wrong, figures = finish(cluster, clients, rng)
        say(figures)
        for w in wrong[:20]:
            print("WRONG: " + w)
        failed = bool(wrong) or not any(op.final for op in clients.ops)
        print("%s (seed %d)" % ("FAILED" if failed else "ok", args.seed))
    finally:
        if cluster:
            cluster.close(failed)
    sys.exit(1 if failed else 0)
