"""Section 9, as far as it is re-executed here: the founding's writes, and holder, key and note entries.

Once an entry or a timer comes that this module does not execute, what follows is not known, and is said so:
writes_known and state_known turn false and stay false."""
from merkle import Sparse, root_of


class Entry:
    def __init__(self, name, entry, signature, body, id_, leaf):
        self.name, self.entry, self.signature, self.body, self.id, self.leaf = name, entry, signature, body, id_, leaf


class Governance:
    def __init__(self, codec, founding):
        self.codec, self.founding = codec, founding
        self.writes_known = self.state_known = False
        self.rows, self.changed, self.sparse = {}, {}, Sparse()

    def clock(self):
        return self.founding.sections[3]

    def put(self, table, key, name, fields):
        """name None: the row is deleted; fields bytes: the value itself."""
        number, in_root = self.codec.schema.tables[table]
        row = number, key.encode() if isinstance(key, str) else key
        new = None if name is None else fields if isinstance(fields, bytes) else self.codec.encode(name, fields)
        self.changed.setdefault(row, self.rows.get(row))
        if new is None:
            self.rows.pop(row, None)
        else:
            self.rows[row] = new
        if in_root:
            self.sparse.put(number, row[1], new)

    def found(self, record):
        """GOV-1. A row's changed_leaf is the leaf of the card or section that made it."""
        f, use = self.founding, self.codec.schema.enums["key_use"]
        for leaf, number in enumerate(sorted(f.bodies), 1):
            self.put("SECTION", bytes([number]), "state_section",
                     {"version": 1, "body": f.bodies[number], "changed_leaf": leaf})
        for leaf, org in enumerate(sorted(f.cards), 1 + len(f.bodies)):
            card = f.cards[org]
            self.put("PARTY", org, "state_party", {"role": f.roles[org], "card": f.digests[org], "node": card.node,
                                                   "recovery": card.recovery, "changed_leaf": leaf})
            people = set()
            for s in card.seats:
                keys = sorted(s.keys, key=lambda k: (k.key, k.alg))
                self.put("SEAT", "%s/%s" % (org, s.seat), "state_seat", {"keys": keys, "changed_leaf": leaf})
                people |= {k.key for k in keys}
            if card.recovery:
                people.add(card.recovery.key)
            for key in people:
                self.put("KEY", key, "state_key", {"org": org, "use": use["KEY_PERSON"], "changed_leaf": leaf})
            for name in ("vote", "cosign", "log", "node"):
                self.put("KEY", card.node[name], "state_key",
                         {"org": org, "use": use["KEY_NODE"], "changed_leaf": leaf})
        self.writes_known = self.state_known = True

    def block(self, record, first_leaf, entries):
        self.changed = {}
        self.writes_known = self.state_known = False

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
