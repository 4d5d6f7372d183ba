#!/usr/bin/env python3
"""What `entente-audit export` writes for the tools of transparency logs, read by a client that was written from the C2SP
texts alone (tlog-tiles, tlog-proof, tlog-policy, signed-note): it takes nothing from this repository but Ed25519.

ENTENTE_AUDIT names the program."""
import base64
import hashlib
import http.server
import os
import pathlib
import struct
import subprocess
import tarfile
import tempfile
import threading
import unittest
import urllib.error
import urllib.request

import forge
from forge import KINDS, STEP
import signing

AUDIT = os.environ.get("ENTENTE_AUDIT")
CHECK_NOTE = str(pathlib.Path(__file__).resolve().parents[2] / "scripts/check-note")


# -- the client ----------------------------------------------------------------------------------------------------------

def leaf_hash(data):
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def tree_hash(hashes):
    """RFC 6962 section 2.1, of leaf hashes."""
    if len(hashes) == 1:
        return hashes[0]
    k = 1 << (len(hashes) - 1).bit_length() - 1
    return node_hash(tree_hash(hashes[:k]), tree_hash(hashes[k:]))


def path_to_root(index, size, leaf, proof):
    """RFC 9162 section 2.1.3.2: the root that a proof leads to; None: it has another length than it must."""
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    return r if sn == 0 else None


def index_path(n):
    """1234067 -> x001/x234/067"""
    parts = ["%03d" % (n % 1000)]
    while n >= 1000:
        n //= 1000
        parts.insert(0, "x%03d" % (n % 1000))
    return "/".join(parts)


def resources(kind, size):
    """(path, width) of the tiles of one level, or of the entry bundles, of a tree with so many hashes there."""
    for n in range(size // 256):
        yield "tile/%s/%s" % (kind, index_path(n)), 256
    if size % 256:
        yield "tile/%s/%s.p/%d" % (kind, index_path(size // 256), size % 256), size % 256


class Key:
    def __init__(self, vkey):
        self.name, key_id, data = vkey.split("+", 2)
        self.data, self.id = base64.b64decode(data, validate=True), bytes.fromhex(key_id)
        if hashlib.sha256(self.name.encode() + b"\n" + self.data).digest()[:4] != self.id:
            raise ValueError("the key id of " + vkey)

    def signed(self, text, signatures):
        """Is one of the lines by this key?"""
        for name, blob in signatures:
            if name != self.name or blob[:4] != self.id:
                continue
            blob, message = blob[4:], text
            if self.data[0] == 4:  # tlog-cosignature
                message = b"cosignature/v1\ntime %d\n" % struct.unpack(">Q", blob[:8])[0] + text
                blob = blob[8:]
            return signing.verify(self.data[1:], message, blob)
        return False


def parse_note(note):
    text, _, lines = note.rpartition(b"\n\n")
    signatures = []
    for line in lines.decode().splitlines():
        dash, name, blob = line.split(" ")
        if dash != "\u2014":
            raise ValueError(line)
        signatures.append((name, base64.b64decode(blob, validate=True)))
    return text + b"\n", signatures


class Policy:
    def __init__(self, text):
        self.logs, self.names, self.quorum = [], {}, None
        for line in text.splitlines():
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            if words[0] == "log":
                self.logs.append(Key(words[1]))
            elif words[0] == "witness":
                self.add(words[1], Key(words[2]))
            elif words[0] == "group":
                members = words[3:]
                k = {"any": 1, "all": len(members)}.get(words[2]) or int(words[2])
                if not 1 <= k <= len(members) or len(set(members)) != len(members) or "none" in members:
                    raise ValueError(line)
                self.add(words[1], (k, [self.names[m] for m in members]))
            elif words[0] == "quorum" and self.quorum is None:
                self.quorum = self.names[words[1]]
            else:
                raise ValueError(line)
        keys = [k.data for k in self.logs + [w for w in self.names.values() if isinstance(w, Key)]]
        if len(set(keys)) != len(keys) or self.quorum is None:
            raise ValueError("a key twice, or no quorum")

    def add(self, name, what):
        if name in self.names or name == "none":
            raise ValueError(name)
        self.names[name] = what

    def check(self, note):
        """The checkpoint's (origin, size, root), if it is one by this policy."""
        text, signatures = parse_note(note)
        origin, size, root = text.decode().splitlines()[:3]
        if not any(k.name == origin and k.signed(text, signatures) for k in self.logs):
            raise ValueError("no log has signed it")
        if not self.witnessed(self.quorum, text, signatures):
            raise ValueError("the quorum has not cosigned it")
        return origin, int(size), base64.b64decode(root)

    def witnessed(self, what, text, signatures):
        if isinstance(what, Key):
            return what.signed(text, signatures)
        k, members = what
        return sum(self.witnessed(m, text, signatures) for m in members) >= k


def check_proof(data, leaf, policy):
    """tlog-proof: the index, when the leaf is in a tree that the policy accepts."""
    head, _, note = data.partition(b"\n\n")
    lines = head.decode().split("\n")
    if lines[0] != "c2sp.org/tlog-proof@v1" or not lines[1].startswith("index "):
        raise ValueError("no proof")
    index, proof = int(lines[1][6:]), [base64.b64decode(x, validate=True) for x in lines[2:]]
    _, size, root = policy.check(note)
    if index >= size or path_to_root(index, size, leaf_hash(leaf), proof) != root:
        raise ValueError("the proof does not lead to the root")
    return index


class Log:
    """Served files."""

    def __init__(self, prefix):
        self.prefix = prefix

    def get(self, path):
        with urllib.request.urlopen("%s/%s" % (self.prefix, path), timeout=10) as f:
            return f.read()

    def level(self, level, size):
        data = b""
        for path, width in resources(level, size):
            tile = self.get(path)
            if len(tile) != 32 * width:
                raise ValueError("%s has %d bytes" % (path, len(tile)))
            data += tile
        return [data[i:i + 32] for i in range(0, len(data), 32)]

    def entries(self, size):
        out = []
        for path, width in resources("entries", size):
            bundle, at, n = self.get(path), 0, 0
            while at < len(bundle):
                length = struct.unpack(">H", bundle[at:at + 2])[0]
                out.append(bundle[at + 2:at + 2 + length])
                at, n = at + 2 + length, n + 1
            if n != width or at != len(bundle):
                raise ValueError("%s has %d entries" % (path, n))
        return out

    def whole(self, policy):
        """The entries of the log, after all of it was checked."""
        _, size, root = policy.check(self.get("checkpoint"))
        hashes, entries = self.level(0, size), self.entries(size)
        if [leaf_hash(e) for e in entries] != hashes:
            raise ValueError("an entry that is not in its tile")
        if tree_hash(hashes) != root:
            raise ValueError("the leaf hashes do not give the checkpoint's root")
        level = 1
        while size >> 8 * level:
            below = hashes
            hashes = self.level(level, size >> 8 * level)
            if hashes != [tree_hash(below[i:i + 256]) for i in range(0, len(below) - 255, 256)]:
                raise ValueError("level %d is not made of the level below" % level)
            level += 1
        return entries


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


# -- the tests -----------------------------------------------------------------------------------------------------------

SMALL = 50
ORGS = sorted(forge.LARGE)


def record(leaves):
    """An alliance whose tree has so many leaves: notes, as many as go into a block."""
    a = forge.Alliance(orgs=forge.LARGE, charter=forge.large_charter())
    text = {"type": 1, "text": bytes(32)}
    while a.tree.size < leaves:
        t, n = a.now + STEP, min(100, leaves - a.tree.size - 1)
        a.block([a.entry("maker/quality", KINDS["note"], text, t + i) for i in range(max(n, 1))], t)
    return a


def checkpoint(a, orgs=ORGS):
    return a.checkpoint(orgs, log="log maker")


@unittest.skipUnless(AUDIT, "ENTENTE_AUDIT names no program")
class Exported(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)

    def pack(self, a, checkpoints=None):
        path = self.path / "a.pack"
        path.write_bytes(forge.pack(a.frames([checkpoint(a)] if checkpoints is None else checkpoints)))
        return path

    def export(self, pack, *options, code=0):
        done = subprocess.run([AUDIT, "export", pack, *options], capture_output=True, check=False)
        self.assertEqual(done.returncode, code, done.stderr.decode())
        return done

    def serve(self, a):
        """The pack's log, unpacked and served on loopback."""
        site = self.path / "site"
        self.export(self.pack(a), "--tlog-tiles", self.path / "t.tar", "--tlog-policy", self.path / "policy")
        with tarfile.open(self.path / "t.tar") as tar:
            tar.extractall(site)
            self.assertEqual({m.type for m in tar.getmembers()}, {tarfile.REGTYPE})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), lambda *args: Quiet(*args, directory=str(site)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return Log("http://127.0.0.1:%d" % server.server_address[1]), Policy((self.path / "policy").read_text()), site

    def test_a_small_log(self):
        a = record(SMALL)
        log, policy, site = self.serve(a)
        entries = log.whole(policy)
        self.assertEqual(len(entries), a.tree.size)
        self.assertEqual(policy.check(log.get("checkpoint")), ("ledger.example/test/" + a.id.hex(), a.tree.size, a.tree.root()))
        self.assertEqual(entries[-1], a.blocks[-1]["leaves"][-1])
        self.assertEqual(policy.quorum[0], 3)
        self.assertEqual(sorted(str(p.relative_to(site)) for p in site.rglob("*") if p.is_file()),
                         ["checkpoint", "tile/0/000.p/%d" % a.tree.size, "tile/entries/000.p/%d" % a.tree.size])

    def test_full_tiles_and_partial_ones(self):
        for leaves, files in ((256, ["tile/0/000", "tile/1/000.p/1", "tile/entries/000"]),
                              (600, ["tile/0/000", "tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/000",
                                     "tile/entries/001", "tile/entries/002.p/88"])):
            with self.subTest(leaves):
                a = record(leaves)
                self.assertEqual(a.tree.size, leaves)
                log, policy, site = self.serve(a)
                self.assertEqual(len(log.whole(policy)), leaves)
                self.assertEqual(sorted(str(p.relative_to(site)) for p in site.rglob("*") if p.is_file()), ["checkpoint"] + files)
                with self.assertRaises(urllib.error.HTTPError):
                    log.get("tile/1/001")
                self.doCleanups()
                self.setUp()

    def test_what_was_changed_is_found(self):
        log, policy, site = self.serve(record(300))
        for name, at in (("tile/0/000", 77), ("tile/0/001.p/44", 5), ("tile/1/000.p/1", 3), ("tile/entries/000", 9000),
                         ("tile/entries/001.p/44", 200), ("checkpoint", 90)):
            data = (site / name).read_bytes()
            changed = bytearray(data)
            changed[at] ^= 1
            (site / name).write_bytes(changed)
            with self.subTest(name), self.assertRaises(ValueError):
                log.whole(policy)
            (site / name).write_bytes(data)
        log.whole(policy)

    def test_proofs(self):
        a = record(300)
        pack = self.pack(a)
        for leaf in (0, 1, 255, 256, 299):
            self.export(pack, "--leaf", str(leaf), "--tlog-proof", self.path / "p", "--leaf-bytes", self.path / "l",
                        "--tlog-policy", self.path / "policy")
            policy, proof = Policy((self.path / "policy").read_text()), (self.path / "p").read_bytes()
            data = (self.path / "l").read_bytes()
            self.assertEqual(check_proof(proof, data, policy), leaf)
            other = b"B" if proof[60:61] == b"A" else b"A"
            for wrong in (proof.replace(b"index %d\n" % leaf, b"index %d\n" % (leaf ^ 1)), proof[:60] + other + proof[61:]):
                with self.assertRaises(ValueError):
                    check_proof(wrong, data, policy)
            with self.assertRaises(ValueError):
                check_proof(proof, data + b"\0", policy)

    def test_the_policy_wants_a_quorum(self):
        a = record(SMALL)
        log, policy, _ = self.serve(a)
        note = log.get("checkpoint")
        lines = note.split(b"\n")
        self.assertEqual(len(lines), 4 + 1 + 4 + 1)  # text, the log's signature, four cosignatures, and nothing after a newline
        policy.check(b"\n".join(lines[:8] + lines[9:]))  # three of four
        with self.assertRaises(ValueError):
            policy.check(b"\n".join(lines[:7] + lines[9:]))
        with self.assertRaises(ValueError):
            policy.check(b"\n".join(lines[:4] + lines[5:]))
        policy.check(note)

    def test_go_reads_the_checkpoint(self):
        """golang.org/x/mod/sumdb/note, where Go is installed: nothing here depends on it."""
        a = record(SMALL)
        pack, tar, policy = self.pack(a), self.path / "log.tar", self.path / "policy"
        self.export(pack, "--tlog-tiles", tar, "--tlog-policy", policy)
        with tarfile.open(tar) as t:
            note = t.extractfile("checkpoint").read()
        changed = note.replace(b"\n%d\n" % a.tree.size, b"\n%d\n" % (a.tree.size + 1))
        self.assertNotEqual(note, changed)
        for text, want in ((note, 0), (changed, 1)):
            (self.path / "checkpoint").write_bytes(text)
            done = subprocess.run([CHECK_NOTE, self.path / "checkpoint", policy], capture_output=True, text=True, check=False)
            if done.returncode == 3:
                print("skipped: no go (%s)" % done.stderr.strip(), flush=True)
                self.skipTest("no go")
            self.assertEqual(done.returncode, want, done.stdout + done.stderr)
            if want == 0:
                self.assertRegex(done.stdout, "^verified by log key [0-9]+ of [0-9]+, [0-9a-f]{8}; 4 other lines\n")
                self.assertTrue(done.stdout.encode().endswith(note[:note.index(b"\n\n") + 1]))

    def test_of_an_older_checkpoint(self):
        """What came after it is left out, and that is said."""
        a = record(SMALL)
        size, note = a.tree.size, checkpoint(a)
        t = a.now + STEP
        a.block([a.entry("maker/quality", KINDS["note"], {"type": 1, "text": bytes(32)}, t)], t)
        pack = self.pack(a, [note])
        done = self.export(pack, "--tlog-tiles", self.path / "t.tar")
        self.assertIn("of the newest checkpoint, which has %d of the %d leaves" % (size, a.tree.size), done.stderr.decode())
        done = self.export(pack, "--leaf", str(size), "--tlog-proof", self.path / "p", code=1)
        self.assertIn("leaf %d is not in the tree of the newest checkpoint, which has %d leaves" % (size, size), done.stderr.decode())

    def test_refused(self):
        a = record(SMALL)
        pack, out = self.pack(a, []), self.path / "out"
        out.write_text("as it was")
        for option in ("--tlog-tiles", "--tlog-policy"):
            done = self.export(pack, option, out, code=1)
            self.assertIn("no checkpoint that a quorum cosigned is in the pack", done.stderr.decode())
        pack.write_bytes(pack.read_bytes()[:-1])
        self.export(pack, "--tlog-tiles", out, code=6)
        self.assertEqual(out.read_text(), "as it was")
        for options in (["--tlog-proof", out], ["--leaf", "3"], ["--leaf", "x", "--tlog-proof", out], ["--leaf", "3", "--entry", out]):
            self.export(pack, *options, code=2)


if __name__ == "__main__":
    unittest.main()
