#!/usr/bin/env python3
"""Tests of docs/independent-verifier: the vectors by rule id, a forged alliance that verifies, and what must not."""
import base64
import io
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

import forge
from forge import CODEC

from canonical import Rec, Refused, prefix, value
import merkle
import note
from pack import Failed
import sets
import signing
from verify import Verifier
import x509

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "docs" / "independent-verifier" / "entente_verify.py"
ENUM = CODEC.schema.enums["sig_alg"]


def vectors(name):
    return json.loads((ROOT / "proto" / "vectors" / (name + ".json")).read_text(encoding="utf-8"))


def unhex(v):
    return bytes.fromhex(v)


def run(data, expect=None):
    v = Verifier(CODEC)
    v.run(io.BytesIO(data), expect)
    return v


def rule_of(f, *args):
    try:
        f(*args)
    except (Refused, Failed) as e:
        return e.rule
    return None


def false_is(rule, ok):
    if not ok:
        raise Refused(rule, "the proof fails")


def members(data):
    return [Rec("validator", {"org": m.org, "vote": m.vote, "cosign": m.cosign})
            for m in CODEC.decode("validator_set", data).members]


def leaf(v, data):
    if len(data) > 65535:
        raise Refused("ENT-2", "too large")
    _, n = prefix(data)
    e = CODEC.decode("entry", data[:n])
    s = CODEC.decode("signature", data[n:])
    if ("records", e.kind) not in CODEC.schema.numbers:
        raise Refused("ENT-3", "unknown kind")
    signing.Signatures().person("entry@entente", data[:n], s, ENUM)


def b64s(list_):
    return [base64.b64decode(p) for p in list_]


CHECKS = {
    "key": lambda v, d: false_is("SIG-4", signing.key_ok(d)),
    "signature": lambda v, d: signing.Signatures().person(v["namespace"], unhex(v["message"]),
                                                          CODEC.decode("signature", d), ENUM),
    "leaf": leaf,
    "set": lambda v, d: sets.check_set(members(d)),
    "certificate": lambda v, d: sets.check_certificate(CODEC, signing.Signatures(), d, members(unhex(v["set"])),
                                                       unhex(v["alliance"]), v["epoch"], v["height"]),
    "sparse": lambda v, d: false_is("SMT-3", merkle.sparse_proof(
        v["table"], unhex(v["key"]), [unhex(s) for s in v["siblings"]],
        v["leaf"] and (unhex(v["leaf"]["key"]), unhex(v["leaf"]["value"])), d)),
    "inclusion": lambda v, d: false_is("TRE-1", merkle.inclusion(d, v["index"], v["size"], b64s(v["proof"]),
                                                                 base64.b64decode(v["root"]))),
    "consistency": lambda v, d: false_is("TRE-1", merkle.consistency(
        v["size1"], d, v["size2"], base64.b64decode(v["root2"]), b64s(v["proof"]))),
    "note": lambda v, d: note.check(note.parse(d), [note.parse_vkey(k) for k in v["keys"]]),
    "pack": lambda v, d: run(d),
}


class Vectors(unittest.TestCase):
    def test_reject(self):
        found = vectors("reject")
        for v in found:
            data = unhex(v["hex"])
            if "check" in v:
                rule = rule_of(CHECKS[v["check"]], v, data)
            elif v["record"]:
                rule = rule_of(CODEC.decode, v["record"], data)
            else:
                rule = rule_of(value, data)
            self.assertEqual(rule, v["rule"], v["why"])
        for n in range(1, 14):
            self.assertGreaterEqual(sum(v["rule"] == "ENC-%d" % n for v in found), 2, "ENC-%d" % n)

    def test_reject_is_what_the_script_makes(self):
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder) / "reject.json"
            subprocess.run([sys.executable, ROOT / "scripts" / "vectors" / "reject.py", out], check=True)
            self.assertEqual(out.read_text(encoding="ascii"),
                             (ROOT / "proto/vectors/reject.json").read_text(encoding="ascii"))

    def test_codec(self):
        for v in vectors("codec"):
            f, args = (CODEC.decode, (v["record"], unhex(v["hex"]))) if "record" in v else (value, (unhex(v["hex"]),))
            self.assertEqual(rule_of(f, *args), None if v["accept"] else v["id"], v["why"])
            if v["accept"] and "record" not in v:
                self.assertEqual(forge.encode(value(unhex(v["hex"]))), unhex(v["hex"]))

    def test_signatures(self):
        for v in vectors("signatures"):
            rec = Rec("signature", {"alg": 2 if v["alg"].startswith("sk") else 1, "key": unhex(v["key"]),
                                    "sig": unhex(v["sig"]), "flags": v.get("flags"), "counter": v.get("counter")})
            rule = rule_of(signing.Signatures().person, v["namespace"], unhex(v["message"]), rec, ENUM)
            self.assertEqual(rule is None, v["accept"], v["why"])

    def test_trees(self):
        v = vectors("tree")
        given = {int(n): base64.b64decode(r) for n, r in v["roots"].items()}
        tree, roots = merkle.Tree(), [merkle.EMPTY]
        for n in range(max(given)):
            tree.append(b"leaf %d" % n)
            roots.append(tree.root() if n < 300 or n + 1 in given else None)
        for n, root in given.items():
            self.assertEqual(roots[n], root, n)
        for p in v["inclusion"]:
            args = (merkle.leaf_hash(b"leaf %d" % p["index"]), p["index"], p["size"])
            self.assertTrue(merkle.inclusion(*args, b64s(p["proof"]), roots[p["size"]]))
            self.assertFalse(merkle.inclusion(*args, b64s(p["proof"]) + [bytes(32)], roots[p["size"]]))
        for p in v["consistency"]:
            args = (p["size1"], roots[p["size1"]], p["size2"], roots[p["size2"]])
            self.assertTrue(merkle.consistency(*args, b64s(p["proof"])))
            self.assertFalse(merkle.consistency(*args, b64s(p["proof"]) + [bytes(32)]))

    def test_sparse(self):
        tree = merkle.Sparse()
        for step in vectors("sparse")["steps"]:
            for c in step["changes"]:
                tree.put(c["table"], unhex(c["key"]), c.get("value") and unhex(c["value"]))
            self.assertEqual(tree.root().hex(), step["root"])
            for p in step["proofs"]:
                found = merkle.sparse_proof(p["table"], unhex(p["key"]), [unhex(s) for s in p["siblings"]],
                                            p["leaf"] and (unhex(p["leaf"]["key"]), unhex(p["leaf"]["value"])),
                                            tree.root())
                self.assertEqual(found, "present" if p["present"] else "absent")

    def test_certificates(self):
        v = vectors("cert")
        for c in v["certificates"]:
            rule = rule_of(sets.check_certificate, CODEC, signing.Signatures(), unhex(c["certificate"]),
                           members(unhex(c["set"])), unhex(v["alliance"]), v["epoch"], v["height"], unhex(v["block"]))
            self.assertEqual(rule is None, c.get("status") is None, c["why"])

    def test_checkpoints(self):
        v = vectors("checkpoint")
        keys = [note.parse_vkey(k["vkey"]) for k in v["keys"]]
        for n in v["accept"]:
            signed = note.check(note.parse(n["note"].encode()), keys)
            self.assertEqual([signed.get(i, -1) for i in range(len(keys))], n["times"], n["why"])
        for n in v["reject"]:
            data = n["note"].encode() if "note" in n else unhex(n["hex"])
            try:
                self.assertEqual(note.check(note.parse(data), keys), {}, n["why"])  # nobody known signed
            except Refused:
                pass


class StockTools(unittest.TestCase):
    def test_openssl_agrees_on_signatures(self):
        sig = forge.sign("quality", b"message")
        self.assertTrue(signing.verify_openssl(forge.public("quality"), b"message", sig))
        self.assertFalse(signing.verify_openssl(forge.public("quality"), b"another", sig))

    def test_openssl_reads_the_template(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "c.der"
            path.write_bytes(forge.tls("brand"))
            text = subprocess.run(["openssl", "x509", "-inform", "DER", "-in", path, "-noout", "-text"], check=True,
                                  capture_output=True, text=True).stdout
            pem = pathlib.Path(folder) / "c.pem"
            subprocess.run(["openssl", "x509", "-inform", "DER", "-in", path, "-out", pem], check=True)
            done = subprocess.run(["openssl", "verify", "-check_ss_sig", "-CAfile", pem, "-partial_chain", pem],
                                  capture_output=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
        for words in ("CN = brand", "Dec 31 23:59:59 9999", "DNS:brand", "Digital Signature", "CA:FALSE"):
            self.assertIn(words, text)

    def test_every_byte_of_the_template(self):
        good = forge.tls("brand")
        x509.check(good, "brand")
        with self.assertRaises(Refused):
            x509.check(good, "brant")
        for i in range(0, len(good), 3):
            with self.assertRaises(Refused):
                x509.check(good[:i] + bytes([good[i] ^ 1]) + good[i + 1:], "brand")

    def test_ssh_keygen_verifies_an_entry(self):
        a = forge.Alliance()
        data = a.entry("brand/quality", 21, {"type": 1, "text": bytes(32)}, forge.FOUNDED)
        _, n = prefix(data)
        s = CODEC.decode("signature", data[n:])
        string = signing.string
        key = string(b"ssh-ed25519") + string(s.key)
        blob = (b"SSHSIG\0\0\0\1" + string(key) + string(b"entry@entente") + string(b"") + string(b"sha512")
                + string(string(b"ssh-ed25519") + string(s.sig)))
        with tempfile.TemporaryDirectory() as folder:
            f = pathlib.Path(folder)
            body = base64.encodebytes(blob).decode()
            (f / "sig").write_text("-----BEGIN SSH SIGNATURE-----\n%s-----END SSH SIGNATURE-----\n" % body)
            (f / "allowed").write_text("brand/quality ssh-ed25519 %s\n" % base64.b64encode(key).decode())
            done = subprocess.run(["ssh-keygen", "-Y", "verify", "-f", f / "allowed", "-I", "brand/quality", "-n",
                                   "entry@entente", "-s", f / "sig"], input=data[:n], capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class Packs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.alliance = forge.sample()
        cls.frames = cls.alliance.frames([cls.alliance.checkpoint()])
        cls.good = forge.pack(cls.frames)

    def fails(self, data, region=None, rule=None):
        with self.assertRaises(Failed) as caught:
            run(data)
        if region:
            self.assertEqual((caught.exception.region, caught.exception.rule), (region, rule), caught.exception)
        return caught.exception

    def test_good(self):
        v = run(self.good, self.alliance.id)
        self.assertEqual((v.counts["blocks"], v.counts["entries"], v.counts["texts"], v.counts["texts_absent"]),
                         (3, 3, 1, 1))
        self.assertEqual(v.counts["checkpoints"], 1)
        self.assertEqual((v.counts["writes_roots"], v.counts["writes_roots_not_derived"]), (3, 0))
        self.assertEqual(v.counts["state_roots"], 3)
        self.assertEqual(v.sigs.counts["vote@entente"], 6)

    def test_another_alliance(self):
        with self.assertRaises(Failed) as caught:
            run(self.good, bytes(32))
        self.assertEqual(caught.exception.rule, "GEN-3")

    def test_every_flip_is_found(self):
        rng = random.Random(1)
        at, seen = 15, set()
        for number, frame in enumerate(self.frames, 1):
            places = set(rng.sample(range(len(frame)), min(10, len(frame)))) | {0, 2, len(frame) - 1}
            for i in sorted(places):
                data = bytearray(self.good)
                data[at + 4 + i] ^= 1 << rng.randrange(8)
                e = self.fails(bytes(data))
                self.assertLessEqual(e.offset, len(data))
                seen.add(e.region)
            for i in (0, 3):
                data = bytearray(self.good)
                data[at + i] ^= 1 << rng.randrange(8)
                self.fails(bytes(data))
            at += 4 + len(frame)
        self.assertLessEqual({"genesis", "header", "leaf", "certificate", "prose", "checkpoint", "end"}, seen)

    def test_cut_dropped_doubled_swapped(self):
        f = self.frames
        for n in range(len(f)):
            self.fails(forge.pack(f[:n]))
            self.fails(forge.pack(f[:n] + [f[n], f[n]] + f[n + 1:]) if n != len(f) - 2 else forge.pack(f[:n]))
            if n != len(f) - 2:  # a pack may hold any number of checkpoints
                self.fails(forge.pack(f[:n] + f[n + 1:]))
        for n in range(len(f) - 1):
            self.fails(forge.pack(f[:n] + [f[n + 1], f[n]] + f[n + 2:]))
        for cut in (0, 7, 15, 17, 40, len(self.good) - 1):
            self.fails(self.good[:cut])
        self.fails(self.good + b"\0")

    def changed(self, what, **fields):
        def change(name, v):
            return {**v, **fields} if name == what and v.get("height", 2) == 2 else v
        a = forge.sample(change)
        return forge.pack(a.frames())

    def test_block_rules(self):
        for rule, region, fields in (
                ("BLK-3", "header", {"time_ms": forge.FOUNDED}), ("BLK-2", "header", {"prev": bytes(32)}),
                ("BLK-2", "header", {"epoch": 1}), ("BLK-10", "header", {"proposer": "zoo"}),
                ("BLK-10", "header", {"proposer": None}), ("BLK-6", "header", {"validators": bytes(32)}),
                ("BLK-6", "header", {"next_validators": bytes(32)}), ("BLK-9", "header", {"rules": 2}),
                ("PAK-3", "header", {"last_commit": bytes(32)}), ("BLK-1", "header", {"entries": 2}),
                ("BLK-4", "header", {"writes_root": bytes(32)}), ("BLK-5", "header", {"state_root": bytes(32)}),
                ("BLK-2", "header", {"alliance": bytes(32)})):
            self.fails(self.changed("block_record", **fields), region, rule)

    def test_entry_rules(self):
        day = 24 * forge.HOUR
        for rule, change in (
                ("ENT-3", {"alliance": bytes(32)}), ("ENT-4", {"by": "brand/sponsor"}),
                ("ENT-4", {"seat": "copacker/nobody"}), ("ENT-4", {"seat": "zoo/sponsor"}),
                ("ENT-6", {"expires": 0}), ("ENT-6", {"expires": 30 * day + 1})):
            self.fails(forge.pack(forge.sample(entry=change).frames()), "leaf", rule)

    def test_unknown_basis(self):
        a = forge.sample()
        size, root = a.boundaries[1]
        t = forge.FOUNDED + 3 * forge.HOUR
        for bad in ((size, bytes(32)), (size - 1, root)):
            a = forge.sample()
            a.boundaries.append(bad)
            a.block([a.entry("brand/quality", 21, {"type": 1, "text": bytes(32)}, t)], t)
            self.fails(forge.pack(a.frames()), "leaf", "ENT-5")

    def test_stale_basis(self):
        day = 24 * forge.HOUR
        for offset, ok in ((0, True), (1, False)):
            a = forge.sample()
            first_after = forge.FOUNDED + forge.HOUR  # the time of block 1, which follows boundary 0
            t = first_after + 30 * day + offset
            a.block([a.entry("brand/quality", 21, {"type": 1, "text": bytes(32)}, t, basis=0)], t)
            if ok:
                run(forge.pack(a.frames()))
            else:
                self.fails(forge.pack(a.frames()), "leaf", "ENT-5")

    def test_same_entry_twice(self):
        a = forge.sample()
        t = forge.FOUNDED + 3 * forge.HOUR
        leaf_ = a.entry("brand/quality", 21, {"type": 1, "text": bytes(32)}, t)
        a.block([leaf_, leaf_], t)
        self.fails(forge.pack(a.frames()), "leaf", "ENT-2")

    def test_authority_follows_holder_and_key(self):
        t = forge.FOUNDED + 3 * forge.HOUR
        old, new = ({"alg": 1, "key": forge.public(k)} for k in ("brand/sponsor", "brand/new sponsor"))
        note_ = {"type": 1, "text": bytes(32)}

        def after(*entries):
            a = forge.sample()
            for i, e in enumerate(entries):
                a.block([a.entry(time_ms=t + i, **e)], t + i)
            return forge.pack(a.frames())

        replace = {"seat": "brand/registrar", "kind": 1, "body": {"seat": "brand/sponsor", "keys": [new]}}
        revoke = {"seat": "brand/registrar", "kind": 2, "body": {"key": old}}
        speak = {"seat": "brand/sponsor", "kind": 21, "body": note_}
        by_new = {**speak, "by": "brand/new sponsor"}
        for good in ((speak,), (replace, by_new), (revoke, replace, by_new), (replace, revoke)):
            v = run(after(*good))
            self.assertEqual(v.counts["writes_roots"], 3 + len(good))
        for bad, rule in (((replace, speak), "ENT-4"), ((revoke, speak), "ENT-4"), ((by_new,), "ENT-4"),
                          (({**replace, "seat": "copacker/registrar"},), "ENT-7"),
                          (({**revoke, "seat": "brand/sponsor"},), "ENT-7"), ((revoke, revoke), "ENT-7"),
                          (({**revoke, "body": {"key": {"alg": 1, "key": forge.public("brand/registrar")}}},), "ENT-7"),
                          (({**replace, "body": {"seat": "brand/registrar", "keys": [new]}},), "ENT-7")):
            self.fails(after(*bad), "leaf", rule)

    def test_certificate_rules(self):
        def change(name, v):
            return {**v, "sigs": v["sigs"][:2]} if name == "certificate" else v
        self.fails(forge.pack(forge.sample(change).frames()), "certificate", "CRT-1")

    def test_founding_rules(self):
        def without_a_seat(name, v):
            return {"list": v["list"][1:]} if name == "genesis_sigs" else v

        def another_signature(name, v):
            return {**v, "log": v["vote"]} if name == "signed_card" else v

        def another_certificate(name, v):
            return {**v, "node": {**v["node"], "tls": forge.tls("brand")}} if name == "card" else v

        def shared_key(name, v):
            return {**v, "recovery": {"alg": 1, "key": forge.public("shared")}} if name == "card" else v

        def another_card(name, v):
            if name == "charter_parties":
                v = {"list": [{**p, "card": bytes(32)} for p in v["list"]]}
            return v

        for change, rule in ((without_a_seat, "GEN-4"), (another_signature, "GEN-1"), (another_certificate, "GEN-2"),
                             (shared_key, "GEN-1"), (another_card, "GEN-3")):
            self.fails(forge.pack(forge.Alliance(change).frames()), "genesis", rule)

    def test_checkpoint_rules(self):
        a = self.alliance
        self.fails(forge.pack(a.frames([a.checkpoint(("brand", "copacker"))])), "checkpoint", "CKP-3")
        stranger = "\u2014 zoo " + base64.b64encode(bytes(68)).decode() + "\n"
        self.fails(forge.pack(a.frames([a.checkpoint(extra=stranger)])), "checkpoint", "PAK-6")


class Program(unittest.TestCase):
    def run_it(self, *args):
        return subprocess.run([sys.executable, PROGRAM, *args], capture_output=True, text=True, check=False)

    def test_exit_codes(self):
        a = forge.sample()
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "a.pack"
            path.write_bytes(forge.pack(a.frames()))
            done = self.run_it("verify", path, "--expect-alliance", a.id.hex())
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertIn("3 blocks, 3 entries", done.stdout)
            self.assertIn("writes roots: 3 re-derived, 0 NOT re-derived", done.stdout)
            done = self.run_it("verify", path, "--json")
            self.assertEqual(json.loads(done.stdout)["alliance"], a.id.hex())
            path.write_bytes(path.read_bytes()[:-1])
            done = self.run_it("verify", path)
            self.assertEqual((done.returncode, done.stdout[:26]), (6, "NOT VERIFIED: region frame"))
            self.assertEqual(self.run_it("verify", path, "--json").returncode, 6)
            self.assertEqual(self.run_it("verify", path.with_name("none")).returncode, 1)
        self.assertEqual(self.run_it("verify").returncode, 1)
        self.assertEqual(self.run_it("nonsense").returncode, 1)

    def test_proofs(self):
        v = vectors("tree")
        p = next(p for p in v["inclusion"] if len(p["proof"]) == 3)
        leaf_ = base64.b64encode(merkle.leaf_hash(b"leaf %d" % p["index"])).decode()
        args = ["inclusion", "--leaf-hash", leaf_, "--index", str(p["index"]), "--size", str(p["size"]), "--root",
                v["roots"][str(p["size"])], "--proof"]
        self.assertEqual(self.run_it(*args, ",".join(p["proof"])).returncode, 0)
        self.assertEqual(self.run_it(*args, ",".join(p["proof"][:2])).returncode, 6)
        self.assertEqual(self.run_it(*args, "zzz").returncode, 1)
        same = ["--root1", v["roots"]["3"], "--root2", v["roots"]["3"], "--size1", "3", "--size2", "3", "--proof", ""]
        self.assertEqual(self.run_it("consistency", *same).returncode, 0)

    def test_checkpoint(self):
        v = vectors("checkpoint")
        keys = [k["vkey"] for k in v["keys"]]
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "note"
            path.write_text(v["accept"][1]["note"], encoding="utf-8")
            done = self.run_it("checkpoint", path, "--key", *keys)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("at 1795425600", done.stdout)
            self.assertEqual(self.run_it("checkpoint", path, "--key", keys[0] + "x").returncode, 1)
            path.write_text(v["accept"][1]["note"].replace("20852163", "20852164"), encoding="utf-8")
            self.assertEqual(self.run_it("checkpoint", path, "--key", *keys).returncode, 6)


class NodePacks(unittest.TestCase):
    """Packs that `entente pack` wrote from running nodes: system tests 80 to 82 and 84 with KEEP_PACK=FILE. Each is verified whole."""

    def test_kept_packs(self):
        for path in [forge.HERE / "packs" / (name + ".pack") for name in ("decisions", "items", "readings", "sharing")]:
            with self.subTest(path.stem):
                counts = run(path.read_bytes()).counts
                self.assertEqual(counts["writes_roots_not_derived"], 0)
                self.assertEqual(counts["writes_roots"], counts["blocks"])

    @unittest.skipUnless(os.environ.get("ENTENTE_PACK"), "ENTENTE_PACK names no pack of running nodes")
    def test_every_root_is_rederived(self):
        v = run(pathlib.Path(os.environ["ENTENTE_PACK"]).read_bytes())
        blocks = v.counts["blocks"]
        self.assertGreater(blocks, 1)
        self.assertEqual((v.counts["writes_roots"], v.counts["state_roots"]), (blocks, blocks))


if __name__ == "__main__":
    unittest.main()
