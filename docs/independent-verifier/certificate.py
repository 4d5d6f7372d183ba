"""Section 21: a decision certificate, checked by itself."""
import hashlib

from canonical import Refused, prefix, text_ok
from chain import Chain, KEY, PARTY, SEAT
from merkle import inclusion, leaf_hash, sha256
from pack import Failed, frames

MAGIC = b"decision certificate 1\n"
DECISION, PINNED, EVENT = 7, 11, 12  # tables.def
KINDS = {"opened": "propose", "acted first": "propose", "counter": "propose", "ballot": "ballot", "vetoed": "ballot",
         "revised": "revise", "withdrawn": "withdraw", "note": "note", "input": "decision_input",
         "recommended": "decision_input", "receipt": "receipt", "pause asked": "move_decision", "paused": "move_decision"}
ABOUT = ("revise", "ballot", "withdraw", "move_decision", "note", "decision_input", "receipt")
PHASES = {"opened": "open", "resumed": "open", "beyond its budget": "open", "revised": "open", "escalated": "open",
          **{p: p for p in ("passed", "effective", "rejected", "vetoed", "withdrawn", "default applied", "stale", "lapsed",
                            "countered", "paused", "expired", "superseded")}}
BY_RUNG = ("revised", "escalated")
NOT_PROVEN = ("that the ballots were counted by the rules: a quorum of nodes signed for the outcome",
              "anything after the block named", "that there is no second history")


class Checker(Chain):
    def __init__(self, codec, sigs):
        super().__init__(codec, sigs)
        self.stage = "head"
        self.frames = self.blocks = self.entries = self.absent = self.texts = 0
        self.events, self.last_block = [], 0
        self.pinned = self.title = self.recommended = self.digest = None
        self.used, self.ended = set(), False

    def run(self, stream, expect):
        order = {"certificate_head": ("head",), "certificate_link": ("genesis", "link"), "certificate_state": ("link",),
                 "certificate_checkpoint": ("state",), "certificate_block": ("checkpoint", "block"), "certificate_end": ("block",)}
        for number, offset, name, body in frames(self.codec, stream, "certificate", MAGIC):
            self.at = (number, offset)
            self.need(not self.ended, "end", "CER-1", "something follows the last frame")
            self.need(self.stage in order[name], "frame", "CER-1", "%s does not belong here" % name)
            region = name[12:]
            self.stage = {"head": "genesis"}.get(region, region)
            try:
                getattr(self, region)(body, expect) if region == "head" else getattr(self, region)(body)
            except Refused as e:
                raise Failed(self.stage, number, offset, e.rule, e.words) from None
            self.frames += 1
        self.need(self.ended, "end", "CER-1", "it ends without its last frame")

    def head(self, h, expect):
        self.begin(h, expect)
        self.number, self.anchor = h.decision, None

    def link(self, f):
        """CER-3."""
        self.need(self.anchor is None, "link", "CER-3", "a link after one that changes no set")
        self.certified, changes = self.step(f)
        if self.certified and not changes:
            self.anchor = self.record

    def state(self, f):
        self.need(self.certified, "link", "CER-3", "the last link has no certificate")
        self.anchor = self.record
        key = self.number.to_bytes(8, "big")
        self.shown = self.rows("state", "CER-5", f.rows, self.record.state_root)
        self.need({k for t, k in self.shown if t == DECISION} == {key}, "state", "CER-5", "not the row of the decision alone")
        self.need({t for t, _ in self.shown} <= {DECISION, KEY, PARTY}, "state", "CER-5", "a row that has no place here")
        self.decision = self.shown[DECISION, key]

    def checkpoint(self, f):
        """CER-6."""
        self.cosigned = self.checkpoint_of(f.note, "CER-6", "CER-5", [p for (t, _), p in sorted(self.shown.items()) if t == PARTY])[1]

    # -- blocks ----------------------------------------------------------------------------------------------------

    def included(self, data, leaf, path):
        self.need(inclusion(leaf_hash(data), leaf, self.header.size, path, self.header.root), "block", "CER-7",
                  "leaf %d is not in the anchor's tree" % leaf)

    def block(self, b):
        need = self.need
        r = self.codec.decode("block_record", b.record)
        need(b.leaf > self.last_block, "block", "CER-7", "block %d is out of order" % r.height)
        self.last_block = b.leaf + r.entries
        self.included(b.record, b.leaf, b.path)
        self.writes_root(b, r)
        shown = {}
        for i, e in enumerate(b.entries):
            need(b.leaf < e.leaf <= b.leaf + r.entries and (i == 0 or e.leaf > b.entries[i - 1].leaf), "block", "CER-10",
                 "leaf %d is out of order" % e.leaf)
            shown[e.leaf] = self.entry(e, r)
        prefix_, mine = self.number.to_bytes(8, "big"), []
        pinned = [i for i, w in enumerate(b.writes) if (w.write.table, w.write.key) == (PINNED, prefix_)]
        extra = set(pinned)
        if pinned:
            self.pinned = self.codec.decode("state_pinned", b.writes[pinned[0]].write.value or b"")
        else:
            extra = self.neighbours(b, prefix_)
        first = [w.write.key[8:] for w in b.writes if w.write.table == EVENT and w.write.key[:8] == prefix_][:1]
        number = len(self.events) + 1
        need(not first or first[0] == number.to_bytes(4, "big"), "block", "CER-9", "event %d is missing or out of order" % number)
        need(self.pinned is not None, "block", "CER-8", "the row in force when it opened is missing")
        for i, s in enumerate(b.writes):
            if s.write.table == EVENT and s.write.key[:8] == prefix_:
                mine.append(s.write)
            else:
                need(i in extra, "block", "CER-8", "a write of table %d is shown" % s.write.table)
        need(mine, "block", "CER-8", "nothing happened in block %d" % r.height)
        behind = [self.event(w, b, r, shown) for w in mine]
        need(set(behind) - {None} == set(shown), "block", "CER-10", "an entry is shown that no event is by")
        self.blocks += 1

    def writes_root(self, b, r):
        """CER-7."""
        at = {s.at: s.write for s in b.writes}
        keys = [(s.at, s.write.table, s.write.key) for s in b.writes]
        n, hidden, leaves = len(b.writes) + len(b.hashes), iter(b.hashes), []
        self.need([k[0] for k in keys] == sorted(set(k[0] for k in keys)) and [k[1:] for k in keys] == sorted(set(k[1:] for k in keys))
                  and keys[-1][0] < n, "block", "CER-7", "its writes do not ascend")
        for i in range(n):
            leaves.append(leaf_hash(self.codec.encode("write", at[i])) if i in at else next(hidden))
        self.need(tree_root(leaves) == r.writes_root, "block", "BLK-4", "the writes do not give block %d's writes root" % r.height)

    def neighbours(self, b, key):
        """CER-8: PINNED of the decision would be between these two."""
        below = [i for i, s in enumerate(b.writes) if (s.write.table, s.write.key) < (PINNED, key)]
        above = [i for i, s in enumerate(b.writes) if (s.write.table, s.write.key) > (PINNED, key)]
        low = b.writes[below[-1]].at + 1 if below else 0
        high = b.writes[above[0]].at if above else len(b.writes) + len(b.hashes)
        self.need(low == high, "block", "CER-8", "a change of what was pinned may be hidden")
        return set(below[-1:] + above[:1])

    def entry(self, e, r):
        """CER-10 (form, signature), CER-11. The entry, its body and id."""
        v, n = prefix(e.bytes)
        x = self.codec.record("entry", v)
        s = self.codec.decode("signature", e.bytes[n:])
        self.need(x.alliance == self.founding.alliance, "block", "ENT-3", "leaf %d is of another alliance" % e.leaf)
        name = self.codec.schema.numbers.get(("records", x.kind))
        self.need(name is not None, "block", "ENT-3", "no kind %d" % x.kind)
        body = self.codec.decode(name, x.body)
        self.included(e.bytes, e.leaf, e.path)
        self.sigs.person("entry@entente", e.bytes[:n], s, self.codec.schema.enums["sig_alg"])
        seats = [x.seat] + ([body.principal] if name == "ballot" and body.principal is not None else [])
        self.need(len(e.rows) == len(seats), "block", "CER-11", "leaf %d comes with %d rows" % (e.leaf, len(e.rows)))
        for i, seat in enumerate(seats):
            self.holder(e, e.rows[i], seat, s, r, i == 0)
        self.key(e, x, s, r)
        self.prose(e, name, body)
        self.entries += 1
        return x, name, body, sha256(e.bytes[:n])

    def holder(self, e, p, seat, s, r, signs):
        org, _, name = seat.partition("/")
        node = name == "node"
        self.need((p.table, p.key) == ((PARTY, org.encode()) if node else (SEAT, seat.encode())), "block", "CER-11",
                  "leaf %d comes with another row than that of %s" % (e.leaf, seat))
        row = self.row("block", "CER-5", p, r.state_root)
        held = [(1, row.node.node)] if node else [(k.alg, k.key) for k in row.keys]
        if row.changed_leaf > e.leaf:
            self.notes.append("who held %s changed later in the block of leaf %d: not proven there" % (seat, e.leaf))
        elif signs and row.changed_leaf < e.leaf:
            self.need((s.alg, s.key) in held, "block", "CER-11", "the key of leaf %d does not hold %s" % (e.leaf, seat))

    def key(self, e, x, s, r):
        row = self.shown.get((KEY, s.key))
        self.need(row is not None, "block", "CER-5", "the row of the key of leaf %d is missing" % e.leaf)
        self.used.add(s.key)
        org, _, name = x.seat.partition("/")
        uses = self.codec.schema.enums["key_use"]
        self.need(row.org == org and row.use == uses["KEY_NODE" if name == "node" else "KEY_PERSON"], "block", "CER-11",
                  "the key of leaf %d is not %s's" % (e.leaf, org))
        if row.revoked_ms is None:
            return
        self.need(row.changed_leaf > e.leaf, "block", "CER-11", "the key of leaf %d was revoked before" % e.leaf)
        suspect = row.compromised_since_ms is not None and row.compromised_since_ms <= r.time_ms
        self.notes.append("the key of leaf %d was revoked later%s" % (e.leaf, "; this act is suspect" if suspect else ""))

    def prose(self, e, name, body):
        fields = {}
        for path, field, digest in self.codec.prose_fields(name, body):
            fields.setdefault(digest, []).append((path, field))
        given = [hashlib.sha256(p.salt + p.text.encode()).digest() for p in e.prose]
        self.need(len(set(given)) == len(given), "block", "CER-10", "leaf %d comes with one text twice" % e.leaf)
        for p, digest in zip(e.prose, given):
            size = len(p.text.encode())
            self.need(any(f.low <= size <= (f.high or size) and text_ok(p.text, path.split(".")[-1] != "title")
                          for path, f in fields.get(digest, ())), "block", "ENT-8", "a text of leaf %d fits nothing in it" % e.leaf)
        self.texts += len(given)
        self.absent += max(0, sum(map(len, fields.values())) - len(given))

    def event(self, w, b, r, shown):
        """CER-9, CER-10. The leaf of the entry behind it, or None."""
        need, number = self.need, len(self.events) + 1
        need(w.key[8:] == number.to_bytes(4, "big"), "block", "CER-9", "event %d is missing or out of order" % number)
        ev = self.codec.decode("state_event", w.value or b"")
        what = self.codec.schema.names["event_type", ev.type]
        need(ev.at_ms == r.time_ms and b.leaf <= ev.leaf <= b.leaf + r.entries, "block", "CER-9", "event %d is not of its block" % number)
        need((number == 1) == (what == "opened"), "block", "CER-9", "event %d is %s" % (number, what))
        need((ev.id is None) == (ev.seat is None), "block", "CER-10", "event %d has a seat or an id, not both" % number)
        need(ev.id is not None or what not in KINDS, "block", "CER-10", "event %d, %s, is by no entry" % (number, what))
        if ev.id is not None:
            need(ev.leaf in shown, "block", "CER-10", "the entry behind event %d is missing" % number)
            self.cause(ev, what, number, *shown[ev.leaf])
        if what == "settled":
            self.digest, self.recommended = self.recommended, None
        self.events.append((what, ev))
        return ev.leaf if ev.id is not None else None

    def cause(self, ev, what, number, x, name, body, entry_id):
        need = self.need
        need(ev.id == entry_id and ev.seat == x.seat, "block", "CER-10", "event %d is by another entry" % number)
        need(name == KINDS[what] if what in KINDS else name in ABOUT + ("propose",), "block", "CER-10",
             "event %d, %s, is by a %s" % (number, what, name))
        if name != "propose":
            ref = body.decision
            need(ref is not None and ref.number == self.number, "block", "CER-10", "leaf %d is about another decision" % ev.leaf)
            again = bool(self.events) and self.events[-1][1].id == ev.id
            need(again or name == "note" or ref.digest in (self.digest, self.recommended), "block", "CER-10",
                 "leaf %d names another revision: one is missing" % ev.leaf)
        if name == "ballot" and what in ("ballot", "vetoed"):
            need((ev.reason, ev.clause) == (body.reason, body.clause), "block", "CER-10", "leaf %d: another reason" % ev.leaf)
            veto = self.codec.schema.enums["choice"]["CHOICE_VETO"]
            need(body.choice == veto if what == "vetoed" else
                 (ev.choice, ev.principal, ev.rung) == (body.choice, body.principal, body.rung),
                 "block", "CER-10", "leaf %d says otherwise than its event" % ev.leaf)
        if what == "opened":
            need(body.type == self.decision.type, "block", "CER-9", "opened as a %s" % body.type)
        if what in ("opened", "revised"):
            self.digest, self.recommended = entry_id, None
        if what == "recommended":
            need(body.settled is not None, "block", "CER-10", "leaf %d recommends nothing" % ev.leaf)
            self.recommended = entry_id

    def end(self, f):
        need, d = self.need, self.decision
        need(f.frames == self.frames, "end", "CER-12", "%d frames, %d were read" % (f.frames, self.frames))
        need(len(self.events) == d.events, "end", "CER-9", "%d events of %d are shown" % (len(self.events), d.events))
        first, last = self.events[0][1], self.events[-1][1]
        need((d.opened_leaf, d.opened_ms, d.mover) == (first.leaf, first.at_ms, first.seat), "end", "CER-9", "another opening")
        need((d.digest, d.revision) == (self.digest, last.revision), "end", "CER-9", "another revision than the events lead to")
        self.phase = self.codec.schema.names["phase", d.phase]
        what = [w for w, _ in self.events if w in PHASES][-1]
        need(self.phase == PHASES[what] or (what in BY_RUNG and self.phase == "mediation"), "end", "CER-9",
             "the row says %s; the events lead to %s" % (self.phase, PHASES[what]))
        need(self.used == {k for t, k in self.shown if t == KEY}, "state", "CER-5", "the row of a key that signed nothing here")
        self.ended = True


def tree_root(hashes):
    """RFC 6962 section 2.1, over leaf hashes."""
    if len(hashes) == 1:
        return hashes[0]
    k = 1 << (len(hashes) - 1).bit_length() - 1
    return sha256(b"\1", tree_root(hashes[:k]), tree_root(hashes[k:]))
