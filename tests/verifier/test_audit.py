#!/usr/bin/env python3
"""What entente-audit says of a pack that fails, of checkpoints that were kept, and while it is at work.

ENTENTE_AUDIT names the program."""
import json
import os
import pathlib
import pty
import re
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import forge
from forge import CODEC, KINDS, STEP
import pack as packs
from tamper_ask import same_up_to
from tamper_places import Walk, with_frame

AUDIT = os.environ.get("ENTENTE_AUDIT")
VERIFY = str(pathlib.Path(__file__).resolve().parents[2] / "docs/independent-verifier/entente_verify.py")
ORGS = sorted(forge.LARGE)
SIG = ("signature", 3)


def record(blocks=3):
    a = forge.Alliance(orgs=forge.LARGE, charter=forge.large_charter())
    for i in range(blocks):
        t = a.now + STEP
        a.block([a.entry(seat, KINDS["note"], {"type": 1, "text": bytes([i]) * 32}, t) for seat in ("maker/quality", "clinics/quality")], t)
    return a


class Rules(unittest.TestCase):
    """src/audit/rule.c against proto/SPEC.md, and against what the auditor can say."""
    ROOT = pathlib.Path(__file__).resolve().parents[2]
    ID = r"[A-Z]{3}-(?:T?[0-9]+)"

    def test_each_rule_has_a_meaning_and_is_in_SPEC(self):
        known = re.findall(r'\{"(%s)", "[^"]{10,}"\}' % self.ID, (self.ROOT / "src/audit/rule.c").read_text())
        self.assertEqual(len(known), len(set(known)))
        spec = (self.ROOT / "proto/SPEC.md").read_text()
        self.assertEqual([r for r in known if "**%s**" % r not in spec], [])
        said = set()
        for name in ("audit/verify", "audit/verify_checkpoint", "audit/certificate", "audit/certificate_block", "audit/certificate_event",
                     "audit/chain", "audit/range", "audit/range_block", "audit/texts", "audit/fault",
                     "ledger/block", "ledger/genesis", "cert/certificate", "cert/refounding", "cert/card", "gov/refound", "codec/reader",
                     "codec/decode", "codec/bounds", "codec/text", "pack/pack"):
            text = (self.ROOT / "src" / (name + ".c")).read_text()
            said |= set(re.findall(r'"(%s)[:"]' % self.ID, text))
        self.assertGreater(len(said), 50)
        self.assertEqual(sorted(said - set(known)), [])


@unittest.skipUnless(AUDIT, "ENTENTE_AUDIT names no program")
class Audit(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.a = record()
        cls.note = cls.a.checkpoint(ORGS, log="log maker")
        cls.frames = cls.a.frames([cls.note])
        cls.whole = forge.pack(cls.frames)

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)

    def file(self, name, data):
        (self.path / name).write_bytes(data)
        return self.path / name

    def verify(self, data, *options, code):
        done = subprocess.run([AUDIT, "verify", self.file("a.pack", data), *options], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def told(self, data, *options):
        """Its lines, by their first word; the first line is the verdict."""
        lines = self.verify(data, *options, code=6).stderr.splitlines()
        self.assertEqual(lines[0], "NOT VERIFIED")
        return dict(line.split(None, 1) for line in lines[1:])

    def place(self, name, frame):
        return next(p for p in Walk(CODEC, packs.MAGIC, self.frames).places if p.name == name and p.frame == frame)

    # -- faults ------------------------------------------------------------------------------------------------------

    def test_a_fault_proof_names_the_guilty_and_its_evidence(self):
        """GOV-35: as text, as JSON and as a page; the other implementation says the same."""
        a = record(1)
        vote = {"alliance": a.id, "epoch": 0, "type": 3, "height": 5, "round": 3, "value": bytes(32), "valid_round": None}
        pair = sorted((vote, {**vote, "value": b"\1" * 32}), key=lambda v: CODEC.encode("vote", v))
        first, second = (forge.signed("vote maker", "vote@entente", CODEC.encode("vote", v)) for v in pair)
        key = forge.public("vote maker")
        proof = {"org": "maker", "key": key, "first": pair[0], "first_sig": first, "second": pair[1], "second_sig": second}
        without = forge.pack(a.frames())
        a.say("clinics/node", "fault", proof)
        data, leaf = forge.pack(a.frames()), a.tree.size - 1
        words = "its node signed two proposals at height 5, round 3; shown by clinics"
        text = self.verify(data, code=0).stdout
        self.assertIn("fault proof 1", text)
        self.assertRegex(text, r"(?m)^Fault proofs.*\n.*\nfault proof +%d +\S+ +maker +clinics/node +%s" % (leaf, re.escape(words)))
        told = json.loads(self.verify(data, "--json", code=0).stdout)
        self.assertEqual([x for x in told["exceptions"] if x["exception"] == "fault proof"],
                         [{"exception": "fault proof", "leaf": leaf, "time_ms": a.now, "id": "maker", "seat": "clinics/node", "what": words}])
        page = self.verify(data, "--html", "-", code=0).stdout
        self.assertIn("<td>fault proof</td>", page)
        self.assertIn(words, page)
        done = subprocess.run([sys.executable, "-B", VERIFY, "verify", self.file("b.pack", data), "--json"], capture_output=True, text=True, check=True)
        self.assertEqual(json.loads(done.stdout)["faults"], [{"leaf": leaf, "org": "maker", "type": 3, "height": 5, "round": 3, "key": key.hex(),
                                                              "shown_by": "clinics"}])
        said = subprocess.run([sys.executable, "-B", VERIFY, "verify", self.file("b.pack", data)], capture_output=True, text=True, check=True).stdout
        self.assertIn("fault: the node of maker signed two votes of type 3 at height 5, round 3: leaf %d, shown by clinics" % leaf, said)
        innocent = self.verify(without, code=0).stdout
        self.assertNotIn("fault proof", innocent)
        self.assertNotIn("Fault proofs", innocent)
        a.say("trustee/node", "fault", {**proof, "org": "clinics"}, ok=False)  # the key is not that node's
        self.assertIn("the key was never one of the node of clinics", self.told(forge.pack(a.frames()))["why"])

    # -- what fails --------------------------------------------------------------------------------------------------

    def test_an_entry_is_named_with_its_bytes_and_its_rule(self):
        a = forge.branch(self.a)
        t = a.now + STEP
        a.block([a.entry("maker/quality", KINDS["note"], {"type": 1, "text": bytes(32)}, t),
                 a.entry("clinics/quality", KINDS["note"], {"type": 1, "text": bytes(32)}, t, by="clinics/sponsor")], t)
        frames = a.frames()
        data = forge.pack(frames)
        said = self.told(data)
        leaf = a.blocks[-1]["leaves"][1]
        at, frame = data.index(leaf), sum(4 + len(f) for f in frames[:5]) + len(packs.MAGIC)
        self.assertEqual(said["region"], "leaf, frame 6 (bytes %d to %d of the file)" % (frame, frame + 4 + len(frames[5])))
        self.assertEqual(said["record"], "entry 2 of block 4, leaf %d: note by clinics/quality (bytes %d to %d)" % (
            a.tree.size - 1, at, at + len(leaf)))
        self.assertEqual(said["rule"], "ENT-4: the key that signs holds the seat at that moment, and is not revoked")
        self.assertEqual(said["why"], "ENT-4: entry 2: the key does not hold the seat: the key does not hold clinics/quality; "
                         "clinics/registrar sets who does")

    def test_a_changed_entry_is_the_one_that_is_named(self):
        frames = with_frame(self.frames, 4, (2, 2, ("member", 1)) + SIG, lambda sig: sig[:-1] + b"\x01")
        said = self.told(forge.pack(frames))
        self.assertRegex(said["record"], r"^entry 2 of block 2, leaf \d+: note by clinics/quality \(bytes \d+ to \d+\)$")
        self.assertRegex(said["why"], "^TRE-1: the 3 leaves of block 2 give root [0-9a-f]{64}; its certified header says [0-9a-f]{64}$")

    def test_header_certificate_founding_end(self):
        for frame, name, record_, rule in ((4, "block.header.record.time_ms", "header of block 2", "CRT-1"),
                                           (4, "block.certificate.sigs.sig", "certificate of block 2", "CRT-1"),
                                           (1, "head.genesis.cards.node", "the founding", "GEN-1"),
                                           (6, "checkpoint.note.root", "checkpoint, in frame 6", "PAK-6"),
                                           (7, "end.root", "frame 7", "PAK-4")):
            p, data = self.place(name, frame), bytearray(self.whole)
            at = (p.start + p.end) // 2
            data[at] = data[at] ^ 1 if name != "checkpoint.note.root" else ord("B" if data[at] == ord("A") else "A")  # still base64
            with self.subTest(name):
                said = self.told(bytes(data))
                self.assertEqual(said["record"].split(" (")[0], record_)
                first, last = map(int, re.search(r"bytes (\d+) to (\d+)", said["record"]).groups())
                self.assertTrue(first <= at < last, (said, p.start, p.end))
                self.assertTrue(said["rule"].startswith(rule + ": ") and said["why"].startswith(rule + ": "), said)

    def test_encoding_is_named_by_its_own_rule(self):
        p = self.place("block.header.record.time_ms", 4)
        data = bytearray(self.whole)
        self.assertEqual(data[p.start], 0xCF)
        data[p.start + 1:p.end] = bytes(7) + b"\1"  # eight bytes for what fits in one
        said = self.told(bytes(data))
        self.assertEqual(said["rule"], "ENC-2: integers and lengths are written in their shortest form")

    def test_nothing_else_is_told_of_it(self):
        for command in ("verify", "exceptions", "access", "log", "sample --seed 1 --n 3", "replay --at 2026-12-31"):
            words = command.split()
            done = subprocess.run([AUDIT, words[0], self.file("a.pack", self.whole[:-1]), *words[1:]], capture_output=True, text=True, check=False)
            with self.subTest(command):
                self.assertEqual((done.returncode, done.stdout), (6, ""), done.stderr)
                self.assertIn("rule    PAK-1: a pack is frames, each whole and in its one form", done.stderr)

    # -- checkpoints that were kept ------------------------------------------------------------------------------------

    def test_kept_checkpoints(self):
        kept = self.file("kept", self.note)
        done = self.verify(self.whole, "--checkpoint", kept, code=0)
        self.assertIn("kept         the checkpoint you gave, of %d leaves, is of this history" % self.a.tree.size, done.stdout)
        self.assertNotIn("the only history", done.stdout)
        self.assertIn("That this is the only history: keys that the nodes had once", self.verify(self.whole, code=0).stdout)
        a = forge.branch(self.a)
        a.say("maker/quality", "note", {"type": 1, "text": bytes(32)})
        done = self.verify(forge.pack(a.frames()), "--checkpoint", kept, code=0)
        self.assertIn("no other history of the last 2 leaves: the newest checkpoint that you gave is of %d" % self.a.tree.size, done.stdout)

    def test_another_history(self):
        kept = self.file("kept", self.note)
        other = record(2)
        t = other.now + STEP
        other.block([other.entry("maker/sponsor", KINDS["note"], {"type": 1, "text": bytes(32)}, t)], t)
        said = self.told(forge.pack(other.frames()), "--checkpoint", kept)
        self.assertEqual(said["why"], "PAK-7: the checkpoint in %s is of %d leaves, and this record ends after %d: it is older, or cut off, "
                         "or of another history. Get a newer pack" % (kept, self.a.tree.size, other.tree.size))
        other.say("maker/sponsor", "note", {"type": 1, "text": bytes(32)})
        said = self.told(forge.pack(other.frames()), "--checkpoint", kept)
        self.assertIn("and no block of this record ends there: it is of another history. Keep both files", said["why"])
        other = record(2)
        other.block([other.entry(s, KINDS["note"], {"type": 1, "text": bytes(32)}, t) for s in ("maker/sponsor", "maker/quality")], t)
        self.assertEqual(other.tree.size, self.a.tree.size)
        said = self.told(forge.pack(other.frames()), "--checkpoint", kept)
        self.assertIn("PAK-7: the first %d leaves have root %s here, and %s in the checkpoint in %s: two histories. Keep both files" % (
            self.a.tree.size, other.tree.root().hex(), self.a.tree.root().hex(), kept), said["why"])
        self.assertEqual(said["rule"], "PAK-7: a checkpoint that was kept from another time is of this history")

    def test_what_is_no_checkpoint(self):
        done = self.verify(self.whole, "--checkpoint", self.file("kept", b"nothing\n"), code=1)
        self.assertIn("kept: it is no checkpoint, as entente checkpoint -o writes one: ", done.stderr)
        self.assertIn("none", self.verify(self.whole, "--checkpoint", self.path / "none", code=1).stderr)

    # -- at work -------------------------------------------------------------------------------------------------------

    def fed_slowly(self, stderr):
        """The pack through a pipe, with a rest in the middle."""
        p = subprocess.Popen([AUDIT, "verify", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr)
        half = same_up_to(self.whole, forge.pack(self.frames[:4]))

        def feed():
            p.stdin.write(self.whole[:half])
            p.stdin.flush()
            time.sleep(0.8)
            p.stdin.write(self.whole[half:])
            p.stdin.close()

        threading.Thread(target=feed).start()
        return p

    def test_progress_is_for_terminals(self):
        ours, theirs = pty.openpty()
        p = self.fed_slowly(theirs)
        os.close(theirs)
        said = b""
        try:
            while piece := os.read(ours, 4096):
                said += piece
        except OSError:  # the other end is closed
            pass
        self.assertTrue(p.stdout.read().startswith(b"VERIFIED 6 entries"))
        self.assertEqual(p.wait(), 0)
        p.stdout.close()
        self.assertRegex(said, rb"\r\d blocks, 0\.0 MB ")
        self.assertTrue(said.endswith(b"\r\x1b[K"), said)
        p = self.fed_slowly(subprocess.PIPE)
        self.assertEqual(p.stderr.read(), b"")
        self.assertTrue(p.stdout.read().startswith(b"VERIFIED 6 entries"))
        self.assertEqual(p.wait(), 0)
        p.stdout.close()
        p.stderr.close()


if __name__ == "__main__":
    unittest.main()
