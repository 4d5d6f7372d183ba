#!/usr/bin/env python3
"""What the program does not repeat: it says so in words, and calls the pack neither verified nor failed."""
import io
import pathlib
import subprocess
import sys
import tempfile
import unittest

import forge
from forge import CODEC, KINDS, STEP, ZERO, sha256
from pack import Unknown
from test_members import founded
from verify import Verifier

PROGRAM = forge.HERE.parents[1] / "docs" / "independent-verifier" / "entente_verify.py"
TITLE = sha256(b"title")
BODIES = {"item": {"type": 3, "title": TITLE}, "item_move": {"item": {"type": 3, "number": 1}, "step": 1}}


def with_entry(seat, kind, body, a=None):
    """A pack whose newest block holds an entry that is not executed here: its roots are never looked at."""
    a = forge.branch(a or founded())
    t = a.now + STEP
    a.block([a.entry(seat, KINDS[kind], body, t)], t, roots=(ZERO, ZERO))
    return forge.pack(a.frames())


class Scope(unittest.TestCase):
    def unknown(self, data, words):
        v = Verifier(CODEC)
        with self.assertRaises(Unknown) as caught:
            v.run(io.BytesIO(data))
        self.assertIn(words, str(caught.exception))
        self.assertIn("block %d" % v.counts["blocks"], str(caught.exception))
        self.assertFalse(v.ended)

    def test_kinds(self):
        for kind, body in BODIES.items():
            with self.subTest(kind):
                self.unknown(with_entry("maker/quality", kind, body), "does not repeat")

    def test_every_kind_is_executed_or_named(self):
        """A kind that is added to records.def and to nothing else does not pass unseen."""
        from governance import Governance, NOT_REPEATED
        for kind in KINDS:
            self.assertNotEqual(hasattr(Governance, "do_" + kind), kind in NOT_REPEATED, kind)
        self.assertEqual(set(BODIES), set(NOT_REPEATED))

    def test_the_program_says_so(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "a.pack"
            path.write_bytes(with_entry("maker/quality", "item", BODIES["item"]))
            for more in ([], ["--json"]):
                done = subprocess.run([sys.executable, "-B", PROGRAM, "verify", path, *more], capture_output=True,
                                      text=True, check=False)
                self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
                self.assertIn("block 1: this program does not repeat items (SPEC 17)", done.stderr)
                self.assertIn("neither verified nor failed. Before it: blocks verified: 1, entries: 0", done.stderr)


if __name__ == "__main__":
    unittest.main()
