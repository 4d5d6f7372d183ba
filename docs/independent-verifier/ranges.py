"""Section 24: a range of a record. Its bytes, signatures, certificates and place are checked; governance is not executed."""
from canonical import Refused
from chain import Chain, KEY, PARTY, SEAT
import leaves
from merkle import consistency, sha256, Tree
from pack import Failed, Unknown, frames
import refounding
import sets

MAGIC = b"record range 1\n"
DAY = 86_400_000
KNOWN_RULES = 1
REGION = {"range_head": "genesis", "certificate_link": "link", "pack_block": "header"}
NOT_CHECKED = ("that what was accepted had to be accepted: whether its authors had the right to it (but for the keys and seats of the "
               "signers), whether a decision passed by the rules, whether deadlines fired when they should; a quorum of nodes signed for it",
               "that the sums, limits and rules in force were kept: the state before the range is not here",
               "what was before the range, and after it",
               "that there is no second history")


class Checker(Chain):
    def __init__(self, codec, sigs, kept=()):
        """kept: checkpoints of another time or from another partner, parsed, with a `path`."""
        super().__init__(codec, sigs)
        self.kept, self.kept_size = list(kept), 0
        self.stage, self.ended = "start", False
        self.frames = self.blocks = self.entries = self.texts = self.absent = self.basis_before = self.rows_shown = 0
        self.refoundings = self.behind = 0
        self.tree, self.ids = Tree(), {}  # id -> time of its block
        self.boundaries = []  # (size, root, time) of the last 31 days, the one before the range among them
        self.ends, self.unchanged = None, False  # the refounding that the newest block ends its epoch with; a link changed nothing

    # -- frames --------------------------------------------------------------------------------------------------------

    def fits(self, name):
        """RNG-1."""
        done = self.stage == "rows" and self.height == self.last
        return {"range_head": self.stage == "start", "certificate_link": self.stage in ("head", "link", "behind") or done,
                "range_before": self.stage in ("head", "link"), "pack_block": self.stage == "before" or self.stage == "rows" and not done,
                "range_rows": self.stage == "block", "range_checkpoint": self.stage == "behind" or done,
                "range_end": self.stage == "checkpoint"}[name]

    def run(self, stream, expect):
        for number, offset, name, body in frames(self.codec, stream, "range", MAGIC):
            self.at = (number, offset)
            self.need(not self.ended, "end", "RNG-1", "something follows the last frame")
            self.need(self.fits(name), "frame", "RNG-1", "%s does not belong here" % name)
            region = name.split("_", 1)[1]
            try:
                if region == "head":
                    self.head(body, expect)
                else:
                    getattr(self, {"rows": "take_rows"}.get(region, region))(body)
            except Refused as e:
                raise Failed(REGION.get(name, region), number, offset, e.rule, e.words) from None
            self.frames += 1
        self.need(self.ended, "end", "RNG-1", "it ends without its last frame")

    def head(self, h, expect):
        self.begin(h, expect)
        self.need(h.first <= h.last, "head", "RNG-2", "first is above last")
        self.first, self.last, self.last_link, self.stage = h.first, h.last, None, "head"
        self.fixed = self.founding.sigs_hash if h.first == 1 else None  # what last_commit of the next block has to be

    def link(self, f):
        """RNG-3."""
        behind = self.stage in ("rows", "behind")
        self.need(not self.unchanged, "link", "RNG-3", "a link after one that changes no set")
        self.certified, changes = self.step(f)
        self.refoundings += not self.certified
        if not behind:
            self.need(self.record.height < self.first, "link", "RNG-3", "a link of a height that is not below the first block's")
            self.need(changes, "link", "RNG-3", "a link before the blocks that changes no set")
            self.last_link = f.header
            if not self.certified and self.record.height + 1 == self.first:
                self.fixed = sha256(f.proof)
        self.unchanged = not changes
        self.behind += behind
        self.stage = "behind" if behind else "link"

    def before(self, f):
        """RNG-4."""
        def need(ok, words):
            self.need(ok, "before", "RNG-4", words)

        h = self.codec.decode("header", f.header)
        r = self.codec.decode("block_record", h.record)
        need(r.height == self.first - 1, "height %d, where %d belongs" % (r.height, self.first - 1))
        need(r.alliance == self.founding.alliance, "a header of another alliance")
        if self.last_link is not None and self.record.height == r.height:
            need(self.last_link == f.header, "the link of that height is another block")
        else:
            need(r.epoch == self.epoch and r.validators == r.next_validators == self.set_hash, "another epoch or set than the links lead to")
            if r.height == 0:
                self.block_zero(h, r)
            else:
                need(h.size > self.place[1] and r.time_ms > self.place[2], "it does not come after the last link")
        need(len(f.subtrees) == bin(h.size).count("1"), "%d subtrees of a tree of %d leaves" % (len(f.subtrees), h.size))
        self.tree.size, self.tree.stack = h.size, list(f.subtrees)
        need(self.tree.root() == h.root, "the subtrees do not give its root")
        self.place, self.previous, self.height = (r.height, h.size, r.time_ms), sha256(f.header), r.height
        self.size_before, self.first_ms = h.size, None
        self.boundary(h, r)
        self.stage = "before"

    def block_zero(self, h, r):
        """GEN-5, but for the state."""
        t = Tree()
        for leaf in [h.record] + self.founding.section_leaves + self.founding.card_leaves:
            t.append(leaf)
        self.need((t.size, t.root(), r.time_ms) == (h.size, h.root, self.place[2]), "before", "RNG-4", "block 0 is not the genesis's")

    # -- blocks --------------------------------------------------------------------------------------------------------

    def block(self, b):
        """RNG-5."""
        need = self.need
        h = self.codec.decode("header", b.header)
        r, block = self.codec.decode("block_record", h.record), sha256(b.header)
        need(r.height == self.height + 1, "header", "RNG-1", "height %d where %d belongs" % (r.height, self.height + 1))
        need(r.epoch == self.epoch, "header", "BLK-2", "epoch %d, where %d belongs" % (r.epoch, self.epoch))
        need(r.validators == self.set_hash, "header", "BLK-6", "a change of set is missing before block %d" % r.height)
        need((r.next_set is not None) == (r.next_validators != r.validators), "header", "BLK-6", "next_set")
        need(b.certificate is not None, "certificate", "CRT-1", "the certificate is missing")
        self.deciders = {m.org for m in self.members}
        self.ends = self.proof(b, r, block)
        if r.rules > KNOWN_RULES:
            raise Unknown("block %d is under rules version %d; this program knows version %d" % (r.height, r.rules, KNOWN_RULES))
        before = self.tree.size
        for leaf in [h.record] + b.leaves:
            self.tree.append(leaf)
        need((self.tree.size, self.tree.root()) == (h.size, h.root), "leaf", "TRE-1", "the size or the root over the leaves is not the header's")
        if self.fixed is not None:
            need(r.last_commit == self.fixed, "header", "PAK-3" if self.fixed_certificate() else "BLK-7", "last_commit is another one")
        need(r.alliance == self.founding.alliance, "header", "BLK-2", "a block of another alliance")
        need(r.time_ms > self.place[2], "header", "BLK-3", "ledger time does not advance")
        need(r.prev == self.previous, "header", "BLK-2", "prev is not the id of the block before")
        need(r.entries == len(b.leaves), "header", "BLK-1", "%d leaves, the block has %d" % (r.entries, len(b.leaves)))
        need(r.proposer in self.deciders, "header", "BLK-10", "the proposer is not in the set")
        self.signers = [self.entry(r, leaf, before + i, i) for i, leaf in enumerate(b.leaves, 1)]
        self.expire(r)
        if r.next_set is not None:
            self.take_next(r, "header")
        bodies = [(name, body) for _, _, _, name, body in self.signers]
        for given, absent in leaves.texts(self.codec, bodies, b.prose, need, r.height).values():
            self.texts, self.absent = self.texts + given, self.absent + absent
        self.header, self.record, self.height = h, r, r.height
        self.place, self.previous, self.fixed = (r.height, h.size, r.time_ms), block, sha256(b.certificate)
        self.first_ms, self.last_ms = self.first_ms or r.time_ms, r.time_ms
        self.blocks += 1
        self.boundary(h, r)
        self.stage = "block"

    def fixed_certificate(self):
        """The block before is in the range, with a certificate."""
        return self.blocks > 0 and self.certified

    def proof(self, b, r, block):
        """CRT-1, or REF-2: then the refounding."""
        try:
            if refounding.is_one(b.certificate):
                return refounding.check(self.codec, self.sigs, b.certificate, (r, block), self.members, self.founding.sigs_hash,
                                        self.founding.alliance)
            c = sets.check_certificate(self.codec, self.sigs, b.certificate, self.members, self.founding.alliance, r.epoch, r.height)
        except Refused as e:
            self.need(False, "certificate", e.rule, e.words)
        self.need(c.value == block, "header", "CRT-1", "the certificate is good, and for another header")
        return None

    def entry(self, r, leaf, index, i):
        """(index, entry, signature record, name, body)."""
        try:
            e, s, name, body, entry_id = leaves.read(self.codec, self.sigs, leaf, self.founding.alliance, self.ids)
            self.basis(r, e)
            if not r.time_ms < e.expires_ms <= r.time_ms + 30 * DAY:
                raise Refused("ENT-6", "it had expired, or would live longer than 30 days")
        except Refused as x:
            self.need(False, "leaf", x.rule, "leaf %d of block %d: %s" % (i, r.height, x.words))
        self.ids[entry_id] = r.time_ms
        self.entries += 1
        return index, e, s, name, body

    def basis(self, r, e):
        """ENT-5, as far as the range goes back."""
        if e.basis.size < self.size_before:
            self.basis_before += 1
            return
        at = [i for i, b in enumerate(self.boundaries) if b[:2] == (e.basis.size, e.basis.root)]
        if not at:
            raise Refused("ENT-5", "its basis is no block boundary of this range")
        after = self.boundaries[at[0] + 1:at[0] + 2]
        if after and after[0][2] < r.time_ms - 30 * DAY:
            raise Refused("ENT-5", "its basis is stale")

    def boundary(self, h, r):
        self.boundaries.append((h.size, h.root, r.time_ms))
        for k in [k for k in self.kept if k.size == h.size]:
            self.compare(k, h)

    def compare(self, k, h):
        """RNG-7, PAK-7."""
        self.need(k.origin == self.origin, "checkpoint", "PAK-7", "the checkpoint in %s is of another log" % k.path)
        self.need(k.root == h.root, "checkpoint", "PAK-7", "the first %d leaves have another root than in the checkpoint in %s: two histories"
                  % (h.size, k.path))
        self.kept.remove(k)
        self.kept_size = max(self.kept_size, k.size)

    def expire(self, r):
        """What no entry can repeat any more, and no basis be, is forgotten: memory does not grow with the range."""
        old = r.time_ms - 31 * DAY
        if self.ids and next(iter(self.ids.values())) < old:
            self.ids = {k: t for k, t in self.ids.items() if t >= old}
        while len(self.boundaries) > 1 and self.boundaries[1][2] < old:
            self.boundaries.pop(0)

    # -- rows ----------------------------------------------------------------------------------------------------------

    def take_rows(self, f):
        """RNG-6, and what the block does to the set."""
        rows, wanted = self.rows("rows", "RNG-6", f.rows, self.record.state_root), set()
        for index, e, s, _, _ in self.signers:
            org, _, name = e.seat.partition("/")
            node = name == "node"
            holder, key = (PARTY, org.encode()) if node else (SEAT, e.seat.encode()), (KEY, s.key)
            for k, what in ((holder, e.seat), (key, "its key")):
                self.need(k in rows, "rows", "RNG-6", "leaf %d: the row of %s is missing" % (index, what))
            wanted |= {holder, key}
            self.holds(index, e, s, rows[holder], node)
            self.key(index, e, s, rows[key], org, node)
        if self.ends:
            wanted |= self.seats(self.ends, rows, "rows")
        self.need(set(rows) == wanted, "rows", "RNG-6", "it holds rows that nothing asks for")
        self.rows_shown += len(rows)
        self.certified = not self.ends
        if self.ends:
            self.new_epoch(self.ends)
            self.refoundings += 1
        self.stage = "rows"

    def holds(self, index, e, s, row, node):
        held = [(1, row.node.node)] if node else [(k.alg, k.key) for k in row.keys]
        if row.changed_leaf >= index:
            self.notes.append("who held %s changed in the block of leaf %d, by it or later: not proven there" % (e.seat, index))
        else:
            self.need((s.alg, s.key) in held, "rows", "RNG-6", "the key of leaf %d does not hold %s" % (index, e.seat))

    def key(self, index, e, s, row, org, node):
        use = self.codec.schema.enums["key_use"]["KEY_NODE" if node else "KEY_PERSON"]
        self.need(row.org == org and row.use == use, "rows", "RNG-6", "the key of leaf %d is not %s's" % (index, org))
        if row.revoked_ms is None:
            return
        self.need(row.changed_leaf >= index, "rows", "RNG-6", "the key of leaf %d was revoked before" % index)
        suspect = row.compromised_since_ms is not None and row.compromised_since_ms <= self.record.time_ms
        self.notes.append("the key of leaf %d was revoked in its block%s" % (index, "; this act is suspect" if suspect else ""))

    # -- the end -------------------------------------------------------------------------------------------------------

    def checkpoint(self, f):
        """RNG-7."""
        need, size, root = self.need, self.tree.size, self.tree.root()
        need(self.certified, "checkpoint", "RNG-3", "the anchor, block %d, has a refounding in place of a certificate" % self.record.height)
        rows = self.rows("checkpoint", "RNG-7", f.rows, self.record.state_root)
        need({t for t, _ in rows} <= {PARTY}, "checkpoint", "RNG-7", "a row that has no place here")
        n, self.cosigned = self.checkpoint_of(f.note, "RNG-7", "RNG-7", list(rows.values()))
        need(consistency(size, root, n.size, n.root, f.proof), "checkpoint", "TRE-1",
             "the proof does not lead from the tree of %d leaves to the checkpoint's" % size)
        self.rows_shown += len(rows)
        for k in [k for k in self.kept if k.size == n.size]:
            self.compare(k, self.header)
        self.stage = "checkpoint"

    def end(self, f):
        self.need(f.frames == self.frames, "end", "RNG-1", "%d frames, %d were read" % (f.frames, self.frames))
        for k in self.kept:
            self.need(False, "checkpoint", "RNG-7", "the checkpoint in %s is of %d leaves, and the range shows no tree of that size: "
                      "it cannot be compared here" % (k.path, k.size))
        self.ended = True
