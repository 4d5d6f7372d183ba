"""Section 9, as far as it is re-executed here: the founding's writes, and holder, key and note entries.

Once an entry or a timer comes that this module does not execute, what follows is not known, and is said so:
writes_known and state_known turn false and stay false."""
from merkle import Sparse, root_of


class Entry:
    def __init__(self, name, entry, signature, body, id_, leaf):
        self.name, self.entry, self.signature, self.body, self.id, self.leaf = name, entry, signature, body, id_, leaf


class Governance:
    EXECUTED = ("holder", "key")

    def __init__(self, codec, founding):
        self.codec, self.founding = codec, founding
        self.writes_known = self.state_known = False
        self.rows, self.changed, self.sparse = {}, {}, Sparse()

    def clock(self):
        return self.founding.sections[3]

    def found(self, record):
        pass

    def block(self, record, first_leaf, entries):
        pass

    def writes_root(self):
        """BLK-4."""
        leaves = []
        for (table, key), old in sorted(self.changed.items()):
            new = self.rows.get((table, key))
            if new != old:
                leaves.append(self.codec.encode("write", {"table": table, "key": key, "value": new}))
        return root_of(leaves)

    def state_root(self):
        return self.sparse.root()
