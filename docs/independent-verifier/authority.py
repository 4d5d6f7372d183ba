"""ENT-4: which keys hold which seats at a position. Follows holder and key entries; nothing else changes holders."""
from canonical import Refused


class Authority:
    def __init__(self, founding):
        self.holders, self.revoked, self.owner, self.node = {}, set(), {}, {}
        for org, card in founding.cards.items():
            self.node[org] = card.node.node
            for s in card.seats:
                self.holders["%s/%s" % (org, s.seat)] = {(k.alg, k.key) for k in s.keys}
                for k in s.keys:
                    self.owner[k.key] = org
            for name in ("vote", "cosign", "log", "node"):
                self.owner[card.node[name]] = org
            if card.recovery:
                self.owner[card.recovery.key] = org
        declared = founding.sections.get(6)
        for p in founding.sections[7].list:
            common = declared.seats if declared and p.role == 1 else []
            for seat in list(common) + list(p.seats or []):
                self.holders.setdefault("%s/%s" % (p.org, seat), set())

    def check(self, seat, signature):
        org, _, name = seat.partition("/")
        if signature.key in self.revoked:
            raise Refused("ENT-4", "the key that signed for %s is revoked" % seat)
        if name == "node" and org in self.node:
            held = {(1, self.node[org])}
        elif seat in self.holders:
            held = self.holders[seat]
        else:
            raise Refused("ENT-4", "%s is not a seat on the record" % seat)
        if (signature.alg, signature.key) not in held:
            raise Refused("ENT-4", "the key that signed does not hold %s" % seat)

    def apply(self, name, body, seat):
        org, _, role = seat.partition("/")
        if name in ("holder", "key") and role != "registrar":
            raise Refused("ENT-7", "only a registrar sets holders and revokes keys, not %s" % seat)
        if name == "holder":
            if body.seat.split("/")[0] != org or body.seat not in self.holders:
                raise Refused("ENT-7", "%s may not set the holders of %s" % (seat, body.seat))
            for k in body.keys:
                if k.key in self.revoked or self.owner.setdefault(k.key, org) != org:
                    raise Refused("ENT-7", "a key is revoked, or belongs to another organisation")
            self.holders[body.seat] = {(k.alg, k.key) for k in body.keys}
        elif name == "key":
            if self.owner.get(body.key.key) != org:
                raise Refused("ENT-7", "%s may not revoke a key of another organisation" % seat)
            self.revoked.add(body.key.key)
            for held in self.holders.values():
                held -= {k for k in held if k[1] == body.key.key}
