#!/usr/bin/env python3
"""Ranges of a record (SPEC section 24): made here by the test's own engine and checked by both verifiers; what only all nodes together
could sign; the range that is kept; what is printed, and exit codes. Changes without keys, and re-foundings: tamper.py.

ENTENTE_AUDIT names entente-audit; without it the Python verifier alone is asked."""
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import forge
from forge import CODEC, HOUR, KINDS, sha256
import note
from pack import Failed, MAGIC as PACK_MAGIC, frames as frames_of
from ranges import Checker, MAGIC
from signing import Signatures
from tamper_range import frame, join, row, rows_of

AUDIT = os.environ.get("ENTENTE_AUDIT")
ROOT = pathlib.Path(__file__).resolve().parents[2]
VERIFY = str(ROOT / "docs/independent-verifier/entente_verify.py")
KEPT = ROOT / "tests/verifier/packs/audit"
PARTY = CODEC.schema.tables["PARTY"][0]
DAY = 24 * HOUR


class Made:
    """A range made block by block, from `first` on; every block but the altered ones is one that a node would make."""

    def __init__(self, first=1):
        self.a, self.first, self.blocks = forge.Alliance(), first, []
        while len(self.a.blocks) < first:
            self.say()
        self.blocks = []
        self.before = {"header": self.a.blocks[-1]["header"], "subtrees": list(self.a.tree.stack)}

    def say(self, seat="brand/quality", after=HOUR, basis=-1, expires=HOUR, **fields):
        t = self.a.now + after
        self.a.block([self.a.entry(seat, KINDS["note"], {"type": 1, "text": sha256(str(t).encode())}, t, basis=basis, expires=expires)], t, **fields)
        self.took()

    def took(self):
        block = {k: v for k, v in self.a.blocks[-1].items() if k != "id"}
        self.blocks.append([frame("pack_block", block), frame("range_rows", {"rows": rows_of(self.a)})])

    def range(self):
        a = self.a
        out = [frame("range_head", {"version": 1, "alliance": a.id, "genesis": a.genesis, "first": self.first,
                                    "last": self.first + len(self.blocks) - 1}), frame("range_before", self.before)]
        out += [f for b in self.blocks for f in b]
        out.append(frame("range_checkpoint", {"note": a.checkpoint(), "proof": [], "rows": [row(a.gov, PARTY, b"brand")]}))
        return join(out + [frame("range_end", {"frames": len(out)})])


def verdict(data, kept=()):
    c = Checker(CODEC, Signatures(), kept)
    try:
        c.run(io.BytesIO(data), None)
    except Failed as e:
        return "%s %s" % (e.region, e.rule), c
    return "verified", c


class Ranges(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)

    def file(self, data, name="a.range"):
        (self.path / name).write_bytes(data)
        return self.path / name

    def both(self, data, expect, *options):
        """Both say the same; the Python checker, and what entente-audit printed as JSON."""
        said, checker = verdict(data)
        self.assertEqual(said, expect)
        if not AUDIT:
            return checker, None
        done = subprocess.run([AUDIT, "verify", self.file(data), "--json", *options], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0 if expect == "verified" else 6, done.stderr)
        told = json.loads(done.stdout)
        self.assertEqual("verified" if told["verified"] else "%s %s" % (told["region"], told["rule"]), expect, told)
        return checker, told

    # -- made here -------------------------------------------------------------------------------------------------------

    def test_made_without_the_other_maker(self):
        for first, n in ((1, 1), (1, 3), (3, 2)):
            m = Made(first)
            for _ in range(n):
                m.say()
            with self.subTest(first=first, n=n):
                c, told = self.both(m.range(), "verified")
                self.assertEqual((c.first, c.last, c.blocks, c.entries, c.absent, c.links), (first, first + n - 1, n, n, n, 0))
                if told:
                    self.assertIs(told["re_executed"], False)
                    for key, value in (("first", c.first), ("last", c.last), ("entries", n), ("texts_absent", n), ("rows", c.rows_shown),
                                       ("basis_before", 0), ("size", c.header.size), ("signatures", sum(c.sigs.counts.values()))):
                        self.assertEqual(told[key], value, key)

    def test_RNG_5_last_commit(self):
        m = Made(1)
        m.say(last_commit=bytes(32))  # the founding signatures are in the range's head
        self.both(m.range(), "header BLK-7")
        m = Made(2)
        m.say(last_commit=bytes(32))  # of a block that is not shown: not checked
        self.both(m.range(), "verified")
        m.say(last_commit=bytes(32))
        self.both(m.range(), "header PAK-3")

    def test_RNG_5_basis(self):
        """ENT-5: what is below the range is told, not compared; within it, it is."""
        m = Made(3)
        m.say(basis=1)
        c, told = self.both(m.range(), "verified")
        self.assertEqual(c.basis_before, 1)
        self.assertEqual(told is None or told["basis_before"] == 1, True)
        m.a.boundaries[-1] = (m.a.tree.size, sha256(b"elsewhere"))
        m.say()
        self.both(m.range(), "leaf ENT-5")

    def test_RNG_5_a_basis_older_than_30_days(self):
        """Also where the verifier has forgotten it."""
        for days, expect in ((29, "verified"), (31, "leaf ENT-5"), (70, "leaf ENT-5")):
            m = Made(1)
            for _ in range(3):
                m.say()
            m.say(basis=1, after=days * DAY)
            with self.subTest(days=days):
                self.both(m.range(), expect)

    def test_RNG_5_an_entry_that_repeats(self):
        m = Made(1)
        m.say()
        leaf, t = m.a.blocks[-1]["leaves"][0], m.a.now + HOUR // 2
        m.a.block([leaf], t)
        m.took()
        self.both(m.range(), "leaf ENT-2")

    def test_RNG_5_rules_that_are_not_known(self):
        """Neither verified nor refused: exit 1, and words; but a block that is not certified is refused first."""
        m = Made(1)
        m.say(rules=9)
        data = m.range()
        programs = [[sys.executable, "-B", VERIFY]] + ([[AUDIT]] if AUDIT else [])
        for program in programs:
            done = subprocess.run([*program, "verify", self.file(data)], capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
            self.assertRegex(done.stderr, "block 1 is under rules version 9")
        changed = bytearray(data)
        i = data.index(b"\x08\x09\x09\x01\x0a")  # rules: 9, entries: 1
        changed[i + 1] = 8
        self.both(bytes(changed), "header CRT-1")

    def test_RNG_1_a_map_where_a_number_belongs(self):
        """What is no canonical value is refused wherever it is."""
        m = Made(1)
        m.say()
        block = m.blocks[0][0]
        self.assertEqual(block[:6], b"\x82\x01\x02\x02\x84\x01")
        m.blocks[0][0] = block[:5] + b"\x81\x01\x01" + block[6:]
        self.both(m.range(), "frame ENC-3")

    # -- checkpoints that were kept ------------------------------------------------------------------------------------

    def test_RNG_7_kept(self):
        m = Made(2)
        small = m.a.checkpoint()
        m.say()
        data, kept = m.range(), m.a.checkpoint()
        for given, expect in ((small, "verified"), (kept, "verified"), (kept.replace(b"ledger.example", b"other.example"), "checkpoint PAK-7"),
                              (forge.Alliance().checkpoint(), "checkpoint RNG-7")):
            n = note.parse(given)
            n.path = "kept"
            self.assertEqual(verdict(data, [n])[0], expect)
        if AUDIT:
            done = subprocess.run([AUDIT, "verify", self.file(data), "--checkpoint", self.file(kept, "kept")], capture_output=True, text=True, check=False)
            self.assertIn("kept         the checkpoint you gave, of %d leaves, is of this history" % m.a.tree.size, done.stdout)

    # -- the range that is kept, and what is printed ---------------------------------------------------------------------

    def test_the_kept_range_still_verifies(self):
        """Its bytes are what the format is: a change of the format would be seen here."""
        data = (KEPT / "part.range").read_bytes()
        self.assertEqual(data[:len(MAGIC)], MAGIC)
        c, told = self.both(data, "verified")
        self.assertEqual((c.first, c.last, c.entries, c.texts, c.absent, c.rows_shown, c.basis_before), (15, 25, 10, 5, 0, 21, 0))
        if told:
            self.assertEqual([told[k] for k in ("first", "last", "entries", "texts", "rows", "root")], [15, 25, 10, 5, 21, c.header.root.hex()])

    def test_its_blocks_are_those_of_the_pack(self):
        with open(KEPT / "alliance.pack", "rb") as f:
            blocks = [b for _, _, name, b in frames_of(CODEC, f) if name == "pack_block"]
        with open(KEPT / "part.range", "rb") as f:
            shown = [b for _, _, name, b in frames_of(CODEC, f, "range", MAGIC) if name == "pack_block"]
        self.assertEqual([CODEC.encode("pack_block", b) for b in shown], [CODEC.encode("pack_block", b) for b in blocks[15:26]])

    def test_what_is_printed(self):
        done = subprocess.run([sys.executable, "-B", VERIFY, "verify", KEPT / "part.range"], capture_output=True, text=True, check=True)
        self.assertRegex(done.stdout, r"^RANGE VERIFIED, not re-executed: blocks 15 to 25 of alliance [0-9a-f]{64}\n")
        self.assertIn("\n  Not checked: that what was accepted had to be accepted", done.stdout)
        told = json.loads(subprocess.run([sys.executable, "-B", VERIFY, "verify", KEPT / "part.range", "--json"], capture_output=True, text=True,
                                         check=True).stdout)
        self.assertEqual((told["verified"], told["re_executed"], len(told["not_checked"])), (True, False, 4))
        self.assertLess(told["first_ms"], told["last_ms"])

    def test_other_commands_say_what_to_do(self):
        done = subprocess.run([sys.executable, "-B", VERIFY, "entries", KEPT / "part.range"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 6)
        self.assertIn("a pack begins with the line", done.stdout)
        for command in (["log"], ["exceptions"], ["access"], ["sample", "--seed", "1", "--n", "1"], ["export", "--tlog-policy", "-"],
                        ["replay", "--at", "2026-12-31"]) if AUDIT else ():
            done = subprocess.run([AUDIT, command[0], KEPT / "part.range", *command[1:]], capture_output=True, text=True, check=False)
            with self.subTest(command):
                self.assertEqual((done.returncode, done.stdout), (6, ""), done.stderr)
                self.assertIn("PAK-1: it does not begin with \"entente pack 1\": this is no pack; it is a range of a record, which only entente-audit "
                              "verify reads: it checks it without executing it; for all else get the whole pack (entente pack FILE)", done.stderr)

    def test_a_range_is_no_pack_and_a_pack_is_none(self):
        part, whole = ((KEPT / n).read_bytes() for n in ("part.range", "alliance.pack"))
        self.both(MAGIC + whole[len(PACK_MAGIC):], "frame PAK-1")
        for program in [[sys.executable, "-B", VERIFY]] + ([[AUDIT]] if AUDIT else []):
            done = subprocess.run([*program, "verify", self.file(PACK_MAGIC + part[len(MAGIC):])], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 6)
            self.assertIn("PAK-1", done.stdout + done.stderr)

    @unittest.skipUnless(AUDIT, "ENTENTE_AUDIT names no program")
    def test_a_page(self):
        page = subprocess.run([AUDIT, "verify", KEPT / "part.range", "--html", "-"], capture_output=True, text=True, check=True).stdout
        self.assertIn("<h1>Range verified, not re-executed: blocks 15 to 25 of decisions-test</h1>", page)
        self.assertIn("<dt>checkpoint</dt><dd>block 43 of ", page)
        self.assertIn("<h2>Not checked</h2>", page)
        self.assertNotIn("<script", page)
        done = subprocess.run([AUDIT, "verify", KEPT / "part.range", "--html", "-", "--json"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 2)


if __name__ == "__main__":
    unittest.main()
