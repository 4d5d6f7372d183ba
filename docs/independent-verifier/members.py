"""GOV-30 to GOV-41: members that join and leave, keys that are replaced, recovery, fault proofs, the rules' version.

Methods of Governance: what it keeps and how it writes is in governance.py."""
import struct

from canonical import Refused
from decisions import LIVE, UNDECIDED
import genesis
from merkle import sha256
import rights
from rights import Verdict, need, org_of, u64
import sets

DAY = 86_400_000
RECOVERY_DAYS, SETTLED_DAYS, ASK_DAYS, READY_BEHIND, MAX_VALIDATORS = 7, 14, 30, 16, 64


def refound_need(ok, words):
    if not ok:
        raise Refused("REF-4", words)


class Members:
    # -- rows --------------------------------------------------------------------------------------------------------

    def party_row(self, org, **fields):
        self.parties[org] = {**self.parties.get(org, {}), **fields}
        self.put("PARTY", org, "state_party", self.parties[org])

    def key_row(self, key, row):
        self.keys[key] = row
        self.put("KEY", key, "state_key", row)

    def seat_row(self, seat, keys, leaf, alternates=None):
        """alternates None: as they are (GOV-46)."""
        keys = sorted(keys, key=lambda k: (k.key, k.alg))
        if alternates is None:
            alternates = self.seats.get(seat, {}).get("alternates")
        self.seats[seat] = {"keys": keys, "changed_leaf": leaf, "alternates": alternates or None}
        self.put("SEAT", seat, "state_seat", self.seats[seat])

    def know(self, org, keys, use, leaf):
        """KEY for each of keys (32 bytes) that is not there."""
        for k in sorted(keys):
            if k not in self.keys:
                self.key_row(k, {"org": org, "use": self.enums["key_use"][use], "changed_leaf": leaf})

    def standing(self, org, name):
        return self.parties[org].get("standing") == self.enums["standing"][name]

    def has_left(self, org):
        return self.standing(org, "STANDING_LEFT")

    def join(self, party, card, digest, leaf, standing=None):
        """GOV-2, for one card; GOV-36."""
        org = party.org
        self.party_row(org, role=party.role, card=digest, node=card.node, recovery=card.recovery, changed_leaf=leaf,
                       standing=standing)
        seats = {s: [] for s in self.given_seats(party)}
        seats.update({s.seat: s.keys for s in card.seats})
        for s, keys in seats.items():
            self.seat_row("%s/%s" % (org, s), keys, leaf)
            self.know(org, [k.key for k in keys], "KEY_PERSON", leaf)
        self.know(org, [card.node[n] for n in genesis.NODE_KEYS], "KEY_NODE", leaf)

    def new_to_record(self, key):
        """GOV-31. The recovery keys of the founding are in PARTY alone."""
        return key not in self.keys and all(p["recovery"] is None or p["recovery"].key != key
                                            for p in self.parties.values())

    def given_seats(self, party):
        """The seats that the charter gives an organisation."""
        partner = party.role == self.enums["role"]["ROLE_PARTNER"]
        return list(self.section(6).seats if partner and 6 in self.sections else []) + list(party.seats or [])

    def revoke(self, key, leaf, **fields):
        """GOV-6: the key, and every seat of its organisation that lists it."""
        row = self.keys[key]
        self.key_row(key, {**row, "revoked_ms": self.now, "changed_leaf": leaf, **fields})
        for seat, held in sorted(self.seats.items()):
            if org_of(seat) == row["org"] and key in [k.key for k in held["keys"]]:
                self.seat_row(seat, [k for k in held["keys"] if k.key != key], leaf)

    # -- GOV-30 ------------------------------------------------------------------------------------------------------

    def validators(self):
        observer = self.enums["role"]["ROLE_OBSERVER"]
        return [{"org": o, "vote": p["node"]["vote"], "cosign": p["node"]["cosign"]}
                for o, p in sorted(self.parties.items()) if p["role"] != observer and p.get("standing") is None]

    def spare(self, org):
        need([m for m in self.validators() if m["org"] != org], "no validator would be left", "NOT_NOW")

    # -- keys and seats ----------------------------------------------------------------------------------------------

    def keys_usable(self, org, keys):
        """GOV-5: as holders of a seat of org. Which key is looked at first decides the verdict: the lowest."""
        need(len({k.key for k in keys}) == len(keys), "a key twice", "MALFORMED")
        for k in sorted(keys, key=lambda k: k.key):
            known = self.keys.get(k.key)
            if known:
                need(known.get("revoked_ms") is None, "a key is revoked", "REVOKED_KEY")
                need(known["use"] == self.enums["key_use"]["KEY_PERSON"] and known["org"] == org,
                     "a key is no person's, or another organisation's", "NOT_PERMITTED")
            else:
                need(self.new_to_record(k.key), "a key is a recovery key", "NOT_PERMITTED")

    def do_holder(self, e, b):
        """GOV-5."""
        org = org_of(b.seat)
        need(e.seat == org + "/registrar", "holders are set by the registrar of the seat's organisation",
             "NOT_PERMITTED")
        need(b.seat != e.seat, "a registrar's keys are not replaced so", "NOT_PERMITTED")
        need(b.seat in self.seats, "no such seat", "NO_SUCH_OBJECT")
        self.fresh(self.seats[b.seat]["changed_leaf"])
        self.keys_usable(org, b.keys)
        self.alternates_ok(b.seat, b.alternates or [])
        self.know(org, [k.key for k in b.keys], "KEY_PERSON", e.leaf)
        self.seat_row(b.seat, b.keys, e.leaf, b.alternates)

    def do_key(self, e, b):
        """GOV-6."""
        known = self.keys.get(b.key.key)
        need(known, "no such key", "NO_SUCH_OBJECT")
        org = known["org"]
        need(e.seat == org + "/registrar", "not by the registrar of its organisation", "NOT_PERMITTED")
        need(known["use"] != self.enums["key_use"]["KEY_RECOVERY"], "a recovery key", "NOT_PERMITTED")
        self.fresh(known["changed_leaf"])
        need(known.get("revoked_ms") is None, "revoked before", "REVOKED_KEY")
        held = [k.key for k in self.seats[e.seat]["keys"]]
        need(b.key.key not in held or (b.key.key == e.signature.key and len(held) > 1), "a registrar's key",
             "NOT_PERMITTED")
        need(all(r["org"] != org or b.key.key not in [k.key for k in r["keys"]] for r in self.recoveries.values()),
             "a key of a recovery that is announced", "NOT_PERMITTED")
        node = self.parties[org]["node"]
        named = b.key.key in [node[n] for n in genesis.NODE_KEYS]
        if named:
            self.spare(org)
        self.revoke(b.key.key, e.leaf, compromised_since_ms=b.compromised_since_ms, reason=b.reason)
        if named:
            self.party_row(org, standing=self.enums["standing"]["STANDING_SUSPENDED"], changed_leaf=e.leaf)
            self.count_support()

    # -- nodes -------------------------------------------------------------------------------------------------------

    def node_card(self, data, org, bare):
        """GOV-31: the card and its digest. bare: it names no seat and no recovery key."""
        try:
            card, digest = genesis.read_card(self.codec, self.sigs, data)
        except Refused as e:
            raise Verdict("MALFORMED", "the card: %s (%s)" % (e.words, e.rule)) from None
        need(card.org == org, "another organisation's card", "MALFORMED")
        need(not bare or (not card.seats and card.recovery is None), "the card names seats or a recovery key",
             "MALFORMED")
        keys = {n: card.node[n] for n in genesis.NODE_KEYS}
        need(len(set(keys.values())) == 4, "a node key stands twice on the card", "NOT_PERMITTED")
        mine = self.parties.get(org)
        for n, k in keys.items():
            same = mine and mine["node"][n] == k and self.keys[k].get("revoked_ms") is None
            need(same or self.new_to_record(k), "the %s key is not new, or revoked" % n, "NOT_PERMITTED")
        return card, digest

    def take_card(self, org, card, digest, leaf):
        """GOV-31. The fields of PARTY that change."""
        self.know(org, [card.node[n] for n in genesis.NODE_KEYS], "KEY_NODE", leaf)
        out = {"card": digest, "node": card.node}
        if self.standing(org, "STANDING_SUSPENDED"):
            out["standing"] = self.enums["standing"]["STANDING_JOINING"]
        return out

    def do_replace_node(self, e, b):
        """GOV-32."""
        org, _, name = e.seat.partition("/")
        need(name == "registrar", "a node is replaced by the registrar", "NOT_PERMITTED")
        card, digest = self.node_card(b.card, org, True)
        self.fresh(self.parties[org]["changed_leaf"])
        self.party_row(org, changed_leaf=e.leaf, **self.take_card(org, card, digest, e.leaf))

    def do_ready(self, e, b):
        """GOV-40."""
        org = org_of(e.seat)
        need(self.standing(org, "STANDING_JOINING"), "its node is not joining", "NOT_NOW")
        need(b.height < self.height <= b.height + READY_BEHIND, "more than 16 blocks behind, or ahead", "NOT_NOW")
        self.party_row(org, standing=None, changed_leaf=e.leaf)
        self.count_support()

    def do_fault(self, e, b):
        """GOV-35."""
        known = self.keys.get(b.key)
        need(known and known["org"] == b.org and known["use"] == self.enums["key_use"]["KEY_NODE"],
             "not a key of that organisation's node", "NO_SUCH_OBJECT")
        encoded = [self.codec.encode("vote", v) for v in (b.first, b.second)]
        slots = [(v.epoch, v.height, v.round, v.type) for v in (b.first, b.second)]
        need(slots[0] == slots[1] and encoded[0] < encoded[1], "not two votes in one slot, in order", "MALFORMED")
        types = self.enums["vote_type"]
        for v in (b.first, b.second):
            need(v.alliance == self.founding.alliance, "a vote of another alliance", "MALFORMED")
            need(v.value is not None or v.type != types["VOTE_PROPOSAL"], "a proposal without a value", "MALFORMED")
            need(v.valid_round is None or (v.valid_round < v.round and v.value is not None
                                           and v.type != types["VOTE_PRECOMMIT"]), "a valid round", "MALFORMED")
        for data, sig in zip(encoded, (b.first_sig, b.second_sig)):
            try:
                self.sigs.plain("vote@entente", b.key, data, sig)
            except Refused as x:
                raise Verdict("BAD_SIGNATURE", "%s (%s)" % (x.words, x.rule)) from None
        key = struct.pack(">QIB", b.first.height, b.first.round, b.first.type) + b.org.encode()
        need(key not in self.faults, "it is on the record", "DUPLICATE")
        self.faults.add(key)
        self.put("FAULT", key, "state_fault", {"leaf": e.leaf, "at_ms": self.now, "key": b.key,
                                               "shown_by": org_of(e.seat)})

    def refound(self, statement, cards, leaf):
        """REF-4: the first writes of the block whose record is this leaf; block() goes on from them."""
        self.changed, replaced = {}, set()
        for data in cards:
            org = self.codec.decode("card", self.codec.decode("signed_card", data).card).org
            refound_need(org in self.parties and not self.has_left(org), "a card of %s, which takes no part" % org)
            try:
                card, digest = self.node_card(data, org, True)
            except Refused as e:
                raise Refused("REF-4", "%s's card: %s (%s)" % (org, e.words, e.rule)) from None
            self.party_row(org, **{**self.take_card(org, card, digest, leaf), "standing": None, "changed_leaf": leaf})
            replaced.add(org)
        for org in statement.suspended:
            refound_need(org in self.parties and not self.has_left(org) and org not in replaced
                         and self.parties[org]["role"] != self.enums["role"]["ROLE_OBSERVER"],
                         "%s is suspended, and has a card here or no node that could vote" % org)
            self.party_row(org, standing=self.enums["standing"]["STANDING_SUSPENDED"], changed_leaf=leaf)
        refound_need([{"org": m.org, "vote": m.vote, "cosign": m.cosign} for m in statement.set] == self.validators(),
                     "the set is not the one that the state leads to")

    # -- recovery ----------------------------------------------------------------------------------------------------

    def do_recover(self, e, b):
        """GOV-33."""
        p = self.parties.get(b.org)
        need(p and not self.has_left(b.org) and b.org + "/registrar" in self.seats,
             "no such organisation, it has left, or it has no registrar", "NO_SUCH_OBJECT")
        need(p["recovery"], "it has no recovery key", "NOT_PERMITTED")
        statement = self.codec.encode("recovery_statement", {
            "alliance": self.founding.alliance, "epoch": self.epoch, "org": b.org, "after": p.get("recoveries") or 0,
            "keys": b.keys, "card": b.card and sha256(b.card)})
        s = b.signature
        need((s.alg, s.key) == (p["recovery"].alg, p["recovery"].key), "not by its recovery key", "BAD_SIGNATURE")
        try:
            self.sigs.person("recovery@entente", statement, s, self.enums["sig_alg"])
        except Refused as x:
            raise Verdict("BAD_SIGNATURE", "%s (%s)" % (x.words, x.rule)) from None
        need(all(r["org"] != b.org for r in self.recoveries.values()), "one is announced already", "NOT_NOW")
        self.keys_usable(b.org, b.keys)
        given = {k.key for k in b.keys}
        need(not given & {k.key for k in self.registrar_keys(b.org)}, "a key is the registrar's now", "NOT_PERMITTED")
        if b.card:
            card, _ = self.node_card(b.card, b.org, True)
            need(not given & {card.node[n] for n in genesis.NODE_KEYS}, "a key is on the card too", "NOT_PERMITTED")
        self.know(b.org, given, "KEY_PERSON", e.leaf)
        self.recovery_row(e.leaf, {"org": b.org, "due_ms": self.now + RECOVERY_DAYS * DAY, "by": e.seat,
                                   "keys": sorted(b.keys, key=lambda k: (k.key, k.alg)), "card": b.card,
                                   "settled": self.settled()})

    def settled(self):
        """GOV-33: the size of the tree after the newest block that is 14 days old."""
        old = [size for time, size in self.blocks if time <= self.now - SETTLED_DAYS * DAY]
        return old[-1] if old else self.blocks[0][1]

    def registrar_keys(self, org):
        return self.seats.get(org + "/registrar", {"keys": []})["keys"]

    def recovery_timer(self, leaf):
        return u64(self.recoveries[leaf]["due_ms"], leaf) + bytes([self.enums["timer_kind"]["TIMER_RECOVERY"]])

    def recovery_row(self, leaf, row):
        """The row and its timer; row None: they go."""
        if leaf in self.recoveries:
            self.put("TIMER", self.recovery_timer(leaf), None, None)
        if row is None:
            del self.recoveries[leaf]
            return self.put("RECOVERY", u64(leaf), None, None)
        self.recoveries[leaf] = row
        self.put("TIMER", self.recovery_timer(leaf), "", b"")
        return self.put("RECOVERY", u64(leaf), "state_recovery", row)

    def ask_row(self, org, row):
        if row is None:
            self.asks.pop(org, None)
        else:
            self.asks[org] = row
        self.put("ASK", org, row and "state_ask", row)

    def recovered(self, leaf):
        """GOV-33, when the timer fires."""
        row, at = self.recoveries[leaf], self.record_leaf
        org = row["org"]
        for k in self.registrar_keys(org):
            if k.key not in [n.key for n in row["keys"]]:
                self.revoke(k.key, at)
        self.seat_row(org + "/registrar", row["keys"], at)
        fields = {}
        if row["card"]:
            try:
                fields = self.take_card(org, *self.node_card(row["card"], org, True), at)
            except Refused:
                pass  # it no longer can be taken
        self.party_row(org, recoveries=(self.parties[org].get("recoveries") or 0) + 1, changed_leaf=at, **fields)
        self.recovery_row(leaf, None)
        self.ask_row(org, None)

    def do_registrar(self, e, b):
        """GOV-34."""
        org, _, name = e.seat.partition("/")
        acts = self.enums["registrar_act"]
        replace = b.act == acts["REGISTRAR_REPLACE"]
        need(name != "registrar", "two seats that are not the registrar", "NOT_PERMITTED")
        need((b.keys is not None) == replace and (b.recovery is None) == replace,
             "keys to replace, a recovery to cancel", "MALFORMED")
        if replace:
            self.keys_usable(org, b.keys)
        else:
            need(self.recoveries.get(b.recovery, {}).get("org") == org, "no such recovery", "NO_SUCH_OBJECT")
        settled = self.settled() if replace else self.recoveries[b.recovery]["settled"]
        need(self.seats[e.seat]["changed_leaf"] < settled, "the seat's holders have just changed", "NOT_NOW")
        digest, ask = sha256(e.entry.body), self.asks.get(org)
        if not (ask and ask["digest"] == digest and ask["seat"] != e.seat and ask["key"] != e.signature.key
                and self.now - ask["at_ms"] <= ASK_DAYS * DAY
                and self.seats[ask["seat"]]["changed_leaf"] < ask["leaf"]):
            return self.ask_row(org, {"seat": e.seat, "key": e.signature.key, "digest": digest, "leaf": e.leaf,
                                      "at_ms": self.now})
        if replace:
            self.know(org, [k.key for k in b.keys], "KEY_PERSON", e.leaf)
            self.seat_row(org + "/registrar", b.keys, e.leaf)
        else:
            self.recovery_row(b.recovery, None)
            self.party_row(org, recoveries=(self.parties[org].get("recoveries") or 0) + 1)
        return self.ask_row(org, None)

    def reseat_ok(self, effect, partner):
        """GOV-41."""
        need(effect.keys and effect.instead_of is not None and partner, "no keys, no present keys or no partner", "BAD_EFFECT")
        partners = self.charter().partners
        need(partner in partners and partner + "/registrar" in self.seats, "it has left, or has no registrar",
             "NO_SUCH_OBJECT")
        need(len(partners) > 2, "fewer than two other partners", "NOT_PERMITTED")
        named = {k.key for k in effect.instead_of}
        need(all(k.key in named for k in self.registrar_keys(partner)), "the registrar was replaced since", "CHANGED_SINCE")
        self.keys_usable(partner, effect.keys)

    def reseat(self, org, keys):
        """GOV-41, taking effect."""
        leaf, given = self.leaf(), [k.key for k in keys]
        for k in list(self.registrar_keys(org)):
            if k.key not in given:
                self.revoke(k.key, leaf)
        self.know(org, given, "KEY_PERSON", leaf)
        self.seat_row(org + "/registrar", keys, leaf)
        for at in [at for at, r in self.recoveries.items() if r["org"] == org]:
            self.recovery_row(at, None)
            self.party_row(org, recoveries=(self.parties[org].get("recoveries") or 0) + 1)
        self.ask_row(org, None)

    # -- joining and leaving -----------------------------------------------------------------------------------------

    def admit_ok(self, effect):
        """GOV-36, but for the charter check. Returns the card and its digest."""
        party, observer = effect.party, self.enums["role"]["ROLE_OBSERVER"]
        need(party is not None and effect.card is not None, "no party or no card", "BAD_EFFECT")
        need(party.org not in self.parties, "the organisation is on the record", "NOT_PERMITTED")
        voting = [o for o, p in self.parties.items() if p["role"] != observer and not self.has_left(o)]
        need(party.role == observer or len(voting) < MAX_VALIDATORS, "64 partners and witnesses", "TOO_MANY")
        card, digest = self.node_card(effect.card, party.org, False)
        need(party.card == digest, "the party names another card", "BAD_EFFECT")
        try:
            self.codec.decode("charter_parties", self.parties_with(party))
        except Refused as e:
            raise Verdict("CHARTER_INVALID", "%s (%s)" % (e.words, e.rule)) from None
        given, named = self.given_seats(party), [s.seat for s in card.seats]
        need(all(s in given and s != "node" for s in named) and "registrar" in named,
             "a seat that the charter does not give, or no registrar", "BAD_EFFECT")
        people = [k.key for s in card.seats for k in s.keys] + ([card.recovery.key] if card.recovery else [])
        need(all(self.new_to_record(k) for k in people), "a key on the card is not new", "BAD_EFFECT")
        try:
            genesis.distinct_keys({party.org: card})
        except Refused as e:
            raise Verdict("BAD_EFFECT", "%s (%s)" % (e.words, e.rule)) from None
        return card, digest

    def parties_with(self, party):
        return self.codec.encode("charter_parties", {
            "list": sorted(self.section(7).list + [party], key=lambda p: p.org)})

    def admit(self, d, effect):
        """GOV-36, taking effect."""
        party, (card, digest) = effect.party, self.admit_ok(effect)
        self.new_section(d, 7, self.parties_with(party))
        observer = party.role == self.enums["role"]["ROLE_OBSERVER"]
        self.join(party, card, digest, self.leaf(), None if observer else self.enums["standing"]["STANDING_JOINING"])
        if card.recovery:
            self.know(party.org, [card.recovery.key], "KEY_RECOVERY", self.leaf())

    def ask_anew(self, org):
        """GOV-36, rule 28."""
        row = next((r for r in self.section(14).rows if r.name == "charter-core"), None)
        for n in sorted(self.decisions):
            d = self.decisions[n]
            if d["type"] == "charter-core" and self.is_phase(d, *UNDECIDED):
                try:
                    pinned = self.pin(row, self.proposal(d)) if row else None
                except Refused:
                    pinned = None
                if pinned and self.fits(pinned):
                    self.pinned[n] = pinned
                    self.put("PINNED", u64(n), "state_pinned", pinned)
                self.set(d, rung=0, level=0, rung_revisions=0)
                self.stale(d, "%s joined: it is asked anew" % org)

    def leaver_ok(self, org):
        """GOV-37."""
        need(org in self.parties and not self.has_left(org), "it is not on the record, or has left", "NO_SUCH_OBJECT")
        self.spare(org)

    def leave(self, org):
        """GOV-38."""
        self.party_row(org, standing=self.enums["standing"]["STANDING_LEFT"], left_ms=self.now,
                       changed_leaf=self.leaf())
        for seat in sorted(self.seats):
            if org_of(seat) == org and self.seats[seat]["keys"]:
                self.seat_row(seat, [], self.leaf())
        for leaf in [n for n, r in self.recoveries.items() if r["org"] == org]:
            self.recovery_row(leaf, None)
        self.ask_row(org, None)
        self.drop_of(org)
        self.nobody = True
        for n in sorted(self.decisions):
            if self.is_phase(self.decisions[n], *LIVE):
                self.ask_no_more(self.decisions[n], org)
        self.items_left(org)
        self.nobody = False
        self.grants_left(org)
        self.count_support()

    def ask_no_more(self, d, org):
        """GOV-38, for one live decision."""
        p = self.pinned[d["number"]]
        lists = p["terms"] + [t for r in p["raises"] or [] for t in r["terms"]] + p["rungs"]
        listed = [x for x in lists if any(q["org"] == org for q in x["partners"])]
        consulted = any(n.seat and org_of(n.seat) == org for n in p["needs"] or [])
        if not listed and not consulted and org not in d["affected"]:
            return
        for x in listed:
            x["partners"] = [q for q in x["partners"] if q["org"] != org]
        if listed:
            self.put("PINNED", u64(d["number"]), "state_pinned", p)
        self.set(d, affected=[o for o in d["affected"] if o != org])
        self.event(d, "EVENT_LEFT", name=org)
        if not self.is_phase(d, *UNDECIDED):
            return
        mediation = self.is_phase(d, "PHASE_MEDIATION")
        terms = self.terms(d, 0 if mediation else None)
        if (d["joint"] and all(len(t["partners"]) < 2 for t in terms)) or not all(rights.asked(t, d, self.who)
                                                                                  for t in terms):
            self.end(d, "PHASE_LAPSED", "EVENT_LAPSED", words="too few partners are left")
        elif not self.is_phase(d, "PHASE_PAUSED") and (not mediation or self.recommended(d)) and self.passes(d):
            self.passing(d, leaving=True)

    # -- the rules' version ------------------------------------------------------------------------------------------

    def upgrade_ok(self, effect):
        """GOV-39."""
        decided = self.last.get("rules-next") or self.last.get("rules") or 1
        need(effect.rules == decided + 1, "not the version after the one in force or decided", "BAD_EFFECT")

    def number_row(self, name, value):
        """META. value None: it goes."""
        if value is None:
            self.last.pop(name, None)
        else:
            self.last[name] = value
        self.put("META", name, None if value is None else "state_counter", {"value": value})

    def do_support(self, e, b):
        """GOV-39."""
        org = org_of(e.seat)
        need(b.rules > self.rules, "these rules are in force", "NOT_NOW")
        need(b.rules > self.supports.get(org, 0), "it said so before", "DUPLICATE")
        self.supports[org] = b.rules
        self.put("SUPPORT", org, "state_support", {"rules": b.rules, "leaf": e.leaf})
        self.count_support()

    def count_support(self):
        decided, set_ = self.last.get("rules-next"), self.validators()
        if decided and sum(self.supports.get(m["org"], 0) >= decided for m in set_) >= sets.quorum(len(set_)):
            self.number_row("rules", decided)
            self.number_row("rules-next", None)
