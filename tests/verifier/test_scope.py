#!/usr/bin/env python3
"""Every kind of records.def is executed: one that is added there and to nothing else does not pass unseen."""
import unittest

from forge import KINDS
from governance import Governance


class Scope(unittest.TestCase):
    def test_every_kind_is_executed(self):
        for kind in KINDS:
            self.assertTrue(hasattr(Governance, "do_" + kind), kind)


if __name__ == "__main__":
    unittest.main()
