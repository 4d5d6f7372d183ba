"""Verifies a pack in one pass: founding, blocks, leaves, certificates, texts, checkpoints."""
from canonical import Refused
import genesis
import governance
import leaves as leaves_
from merkle import Tree, sha256
import note
import pack
import refounding
from pack import Failed, Unknown
import sets
import signing

DAY = 86_400_000
ZEROS = bytes(32)
KNOWN_RULES = 1


class Verifier:
    def __init__(self, codec, cross=False, kept=(), each=None):
        """kept: checkpoints of another time or from another partner (PAK-7), parsed, with a `path`. each: called with
        the block's record, the leaf's bytes and the entry, of every one that was accepted."""
        self.kept, self.each = list(kept), each
        self.codec, self.sigs = codec, signing.Signatures(cross)
        self.founding = None
        self.tree, self.boundaries = Tree(), []  # (size, root, time, set, note keys) per block, of the state there
        self.by_size, self.ids = {}, set()
        self.last, self.last_certificate = None, None  # of the newest block
        self.refounding = None  # what ends the epoch with the newest block
        self.members = None
        self.counts = {"blocks": 0, "entries": 0, "texts": 0, "texts_absent": 0, "texts_erased": 0, "texts_left": 0,
                       "checkpoints": 0, "writes_roots": 0, "writes_roots_not_derived": 0, "state_roots": 0, "certificates": 0,
                       "refoundings": 0, "uncertified_blocks": 0}
        self.kinds, self.ended, self.kept_size = {}, False, 0
        self.texts_of = {}  # leaf of an entry that names texts -> (how many are there, how many absent)
        self.faults = []  # nodes that signed twice in one slot, as the record proves

    # -- frames ----------------------------------------------------------------------------------------------------

    def run(self, stream, expect=None):
        number = offset = 0
        for number, offset, name, body in pack.frames(self.codec, stream):
            self.at = (number, offset)
            self.need(not self.ended, "end", "PAK-2", "something follows pack_end")
            if (self.founding is None) != (name == "pack_head"):
                self.fail("frame", "PAK-2", "one pack_head comes first, and once")
            if self.counts["checkpoints"] and name == "pack_block":
                self.fail("frame", "PAK-2", "a block after a checkpoint")
            getattr(self, name)(body, expect) if name == "pack_head" else getattr(self, name)(body)
        self.at = (number, offset)
        if not self.ended:
            self.fail("end", "PAK-2", "the pack has no pack_end")

    def fail(self, region, rule, words):
        raise Failed(region, self.at[0], self.at[1], rule, words)

    def need(self, ok, region, rule, words):
        if not ok:
            self.fail(region, rule, words)

    def guard(self, region, f, *args):
        try:
            return f(*args)
        except Refused as e:
            raise Failed(region, self.at[0], self.at[1], e.rule, e.words) from None

    def pack_head(self, head, expect):
        self.founding = f = self.guard("genesis", genesis.check, self.codec, self.sigs, head.genesis)
        self.need(f.alliance == head.alliance, "head", "GEN-3", "the alliance id is not that of the charter within")
        self.need(expect is None or f.alliance == expect, "head", "GEN-3",
                  "this is alliance %s, another one was expected" % f.alliance.hex())
        self.origin = "%s/%s" % (f.sections[1].origin, f.alliance.hex())
        self.guard("genesis", sets.check_set, [Rec_of(m) for m in f.members])
        self.governance = governance.Governance(self.codec, f, self.sigs)
        self.note_keys = {}

    def keys_on_record(self):
        """The log and cosignature keys that PARTY names: by name, kind and key."""
        out = {}
        for org, p in self.governance.parties.items():
            for name, kind, key in ((self.origin, note.LOG, p["node"]["log"]),
                                    ("%s/%s" % (self.origin, org), note.COSIGN, p["node"]["cosign"])):
                out[name, kind, key] = self.note_keys.get((name, kind, key)) or note.Key(name, kind, key)
        return out

    def pack_checkpoint(self, body):
        self.need(self.last is not None, "frame", "PAK-2", "a checkpoint before any block")
        n = self.guard("checkpoint", note.parse, body.note)
        self.need(n.origin == self.origin, "checkpoint", "CKP-1", "another log's checkpoint")
        self.need(not n.extensions, "checkpoint", "CKP-4", "extension lines, which ours has none of")
        self.need(n.size in self.by_size, "checkpoint", "PAK-6", "size %d is after no block of this pack" % n.size)
        _, root, _, members, keys = self.boundaries[self.by_size[n.size]]
        self.need(n.root == root, "checkpoint", "PAK-6", "the root of size %d is another one" % n.size)
        signed = self.guard("checkpoint", note.check, n, keys, True, self.sigs.counts)
        cosigned = {(keys[i].name, keys[i].key) for i in signed if keys[i].kind == note.COSIGN}
        of_set = {("%s/%s" % (self.origin, m["org"]), m["cosign"]) for m in members}
        q = sets.quorum(len(members))
        self.need(len(cosigned & of_set) >= q, "checkpoint", "CKP-3",
                  "%d cosignatures of the set in force, %d are needed" % (len(cosigned & of_set), q))
        self.counts["checkpoints"] += 1

    def pack_end(self, body):
        self.need(self.last is not None, "end", "PAK-2", "a pack holds at least one block")
        self.need(body.blocks == self.counts["blocks"] and body.leaves == self.tree.size
                  and body.root == self.tree.root(), "end", "PAK-4",
                  "pack_end says other blocks, leaves or root than were read")
        for k in self.kept:
            self.fail("checkpoint", "PAK-7", "the checkpoint in %s is of %d leaves, this record ends after %d: it is older, "
                      "cut off, or of another history" % (k.path, k.size, self.tree.size))
        self.count_erased()
        self.ended = True

    def count_erased(self):
        """ERA-4, as of the end of the pack."""
        for leaf in self.governance.erased:
            given, absent = self.texts_of.get(leaf, (0, 0))
            self.counts["texts_left"] += given
            self.counts["texts_erased"] += absent

    def compare_kept(self, size, root):
        """PAK-7, at the end of a block; those that are found are done with."""
        for k in [k for k in self.kept if k.size <= size]:
            self.need(k.origin == self.origin, "checkpoint", "PAK-7", "the checkpoint in %s is of another log" % k.path)
            self.need(k.size == size, "checkpoint", "PAK-7", "the checkpoint in %s is of %d leaves, and no block ends there"
                      % (k.path, k.size))
            self.need(k.root == root, "checkpoint", "PAK-7", "the first %d leaves have another root than in the checkpoint in "
                      "%s: two histories" % (size, k.path))
            self.kept.remove(k)
            self.kept_size = size

    # -- blocks ----------------------------------------------------------------------------------------------------

    def pack_block(self, b):
        try:
            self.block(b)
        except Failed as e:
            if self.counts["blocks"] == 0 and e.rule != "PAK-2" and (e.region == "header" or e.rule == "TRE-1"):
                self.fail("header", "GEN-5", "header 0 is not the one that the genesis gives: " + e.words)
            raise

    def block(self, b):
        """In the order of PAK-8."""
        header = self.guard("header", self.codec.decode, "header", b.header)
        record = self.guard("header", self.codec.decode, "block_record", header.record)
        height, need = self.counts["blocks"], self.need
        need(record.height == height, "header", "PAK-2", "height %d where %d belongs" % (record.height, height))
        in_force = self.governance.last.get("rules") or 1
        if in_force != KNOWN_RULES:
            raise Unknown("rules version %d is in force from block %d on; this program knows version %d"
                          % (in_force, height, KNOWN_RULES))
        block_id, members = sha256(b.header), self.members if height else self.founding.members
        begins = self.refounding
        if height:
            epoch = self.last[0].epoch + bool(begins)
            need(record.epoch == epoch, "header", "BLK-2", "epoch %d, where %d belongs" % (record.epoch, epoch))
            need(b.certificate is not None, "certificate", "CRT-1", "the certificate is missing")
        else:
            need(not b.leaves and not b.prose and (b.certificate is None or refounding.is_one(b.certificate)), "frame", "PAK-2",
                 "height 0 carries a header, a refounding if one ends the epoch there, and nothing else")
        self.certificate(b, record, block_id, members)
        leaves = b.leaves if height else self.founding.section_leaves + self.founding.card_leaves
        for leaf in [header.record] + leaves:
            self.tree.append(leaf)
        need((self.tree.size, self.tree.root()) == (header.size, header.root), "leaf" if height else "genesis", "TRE-1",
             "the size or the root over the leaves is not the header's")
        if height:
            self.next_block(b, record, begins, members)
            self.entries(record, leaves)
        else:
            self.first_block(record, leaves)
        need(sum(map(len, b.leaves)) <= self.governance.clock().block_bytes if height else True, "header", "BLK-11",
             "more bytes than the charter allows")
        self.execute(record, height)
        members, next_members = self.validator_sets(record, members)
        need(self.governance.validators() == next_members, "header", "BLK-6",
             "re-executed, block %d leads to another set of validators" % height)
        self.texts(b, leaves)
        for leaf, e in zip(leaves, self.decoded if self.each and height else ()):
            self.each(record, leaf, e)
        self.note_keys = self.keys_on_record()
        self.boundaries.append((header.size, header.root, record.time_ms, next_members, list(self.note_keys.values())))
        self.by_size[header.size] = height
        self.members, self.last = next_members, (record, block_id)
        self.last_certificate = sha256(b.certificate) if b.certificate else self.founding.sigs_hash
        self.counts["blocks"] += 1
        if self.refounding:
            self.new_epoch(self.refounding)
        self.compare_kept(header.size, header.root)

    def first_block(self, r, leaves):
        f = self.founding
        need = self.need
        need(r.alliance == f.alliance, "header", "BLK-2", "a block of another alliance")
        need(r.rules == KNOWN_RULES, "header", "BLK-9", "founded under rules version %d" % r.rules)
        need(r.prev == ZEROS, "header", "BLK-2", "prev at height 0 is zeros")
        need(r.last_commit == ZEROS, "header", "BLK-7", "last_commit at height 0 is zeros")
        need(r.proposer is None, "header", "BLK-10", "height 0 has no proposer")
        need(r.time_ms == f.sections[1].founded_ms, "header", "GEN-5", "the time is not the founding time")
        need(r.entries == len(leaves), "header", "GEN-5", "%d leaves, the genesis has %d" % (r.entries, len(leaves)))
        need(r.validators == f.set_hash and r.next_validators == f.set_hash and r.next_set is not None, "header",
             "BLK-6", "the founding set is that of the partners and witnesses")

    def next_block(self, b, r, begins, members):
        prev, prev_id = self.last
        need = self.need
        what = "refounding" if begins else "certificate" if r.height > 1 else "founding signatures"
        need(r.last_commit == self.last_certificate, "header", "PAK-3" if what == "certificate" else "BLK-7",
             "last_commit is not the hash of the %s before" % what)
        need(r.alliance == self.founding.alliance, "header", "BLK-2", "a block of another alliance")
        need(r.time_ms > prev.time_ms, "header", "BLK-3", "ledger time does not advance")
        need(r.prev == prev_id, "header", "BLK-2", "prev is not the id of the block before")
        need(r.entries == len(b.leaves), "header", "BLK-1", "%d leaves, the block has %d" % (len(b.leaves), r.entries))
        need(r.rules == KNOWN_RULES, "header", "BLK-9", "executed under rules version %d, version %d is in force"
             % (r.rules, KNOWN_RULES))
        need(r.proposer in {m["org"] for m in members}, "header", "BLK-10", "the proposer is not in the set")
        need(r.entries <= self.governance.clock().block_entries, "header", "BLK-11", "more entries than the charter allows")

    def validator_sets(self, r, members):
        """BLK-6, CRT-3: the set that decides this block, and the next one."""
        now = sets.set_hash(self.codec, members)
        self.need(r.validators == now, "header", "BLK-6", "the set that decides this block is another one")
        if r.height:
            self.need((r.next_set is not None) == (r.next_validators != now), "header", "BLK-6",
                      "next_set is there exactly when the set changes")
        if r.next_set is None:
            return members, members
        self.guard("header", sets.check_set, r.next_set)
        following = [{"org": m.org, "vote": m.vote, "cosign": m.cosign} for m in r.next_set]
        self.need(sets.set_hash(self.codec, following) == r.next_validators, "header", "BLK-6",
                  "next_set is not the set that next_validators names")
        return members, following

    def certificate(self, b, r, block_id, members):
        """CRT-1, or REF-2."""
        set_, self.refounding = [Rec_of(m) for m in members], None
        if b.certificate is None:
            return
        if refounding.is_one(b.certificate):
            self.refounding = self.guard("certificate", refounding.check, self.codec, self.sigs, b.certificate,
                                         (r, block_id), set_, self.founding.sigs_hash, self.founding.alliance)
            self.counts["certificates"] += self.refounding.certified and r.height > 0
            return
        args = (self.codec, self.sigs, b.certificate, set_, self.founding.alliance, r.epoch, r.height)
        c = self.guard("certificate", sets.check_certificate, *args)
        self.need(c.value == block_id, "header", "CRT-1", "the certificate is good, and for another header")
        self.counts["certificates"] += 1

    def new_epoch(self, r):
        """REF-3, REF-4: the newest block was the last of its epoch."""
        self.guard("certificate", refounding.signatures, self.governance, self.sigs, r)
        self.guard("certificate", self.governance.refound, r.statement, r.cards, self.tree.size)
        self.members = self.governance.validators()
        self.counts["refoundings"] += 1
        self.counts["uncertified_blocks"] += not r.certified

    # -- leaves ----------------------------------------------------------------------------------------------------

    def entries(self, r, leaves):
        base = self.tree.size - 1 - len(leaves)
        self.decoded = []
        for i, leaf in enumerate(leaves, 1):
            try:
                self.decoded.append(self.entry(r, leaf, base + i))
            except Refused as e:
                self.fail("leaf", e.rule, "leaf %d of block %d: %s" % (i, r.height, e.words))

    def entry(self, r, leaf, index):
        e, s, name, body, entry_id = leaves_.read(self.codec, self.sigs, leaf, self.founding.alliance, self.ids)
        self.basis(r, e)
        if not r.time_ms < e.expires_ms <= r.time_ms + 30 * DAY:
            raise Refused("ENT-6", "it had expired, or would live longer than 30 days")
        if name == "fault":
            self.faults.append({"leaf": index, "org": body.org, "type": body.first.type, "height": body.first.height,
                                "round": body.first.round, "key": body.key.hex(), "shown_by": e.seat.split("/")[0]})
        self.ids.add(entry_id)
        self.kinds[name] = self.kinds.get(name, 0) + 1
        self.counts["entries"] += 1
        return governance.Entry(name, e, s, body, entry_id, index)

    def basis(self, r, e):
        """ENT-5."""
        height = self.by_size.get(e.basis.size)
        if height is None or self.boundaries[height][1] != e.basis.root:
            raise Refused("ENT-5", "its basis is no block boundary of this history")
        if height + 1 < len(self.boundaries) and self.boundaries[height + 1][2] < r.time_ms - 30 * DAY:
            raise Refused("ENT-5", "its basis is stale")

    def texts(self, b, leaves):
        """PAK-4, ENT-8."""
        if not self.counts["blocks"]:
            return
        bodies = [(e.name, e.body) for e in self.decoded]
        found = leaves_.texts(self.codec, bodies, b.prose, self.need, self.counts["blocks"])
        for place, (given, absent) in found.items():
            self.texts_of[self.decoded[place - 1].leaf] = given, absent
            self.counts["texts"] += given
            self.counts["texts_absent"] += absent

    # -- governance ------------------------------------------------------------------------------------------------

    def execute(self, record, height):
        """BLK-4, BLK-5, BLK-6 (GOV-30), BLK-8: what this program does not re-execute is counted, never passed over."""
        g, c = self.governance, self.counts
        try:
            g.found(record) if height == 0 else g.block(record, self.tree.size - 1 - record.entries, self.decoded)
        except Refused as e:
            self.fail("genesis" if height == 0 else "header" if e.rule in ("BLK-8", "GOV-T1") else "leaf", e.rule, "block %d: %s" % (height, e.words))
        except Unknown as e:
            raise Unknown("block %d: %s. Before it: blocks verified: %d, entries: %d"
                          % (height, e, c["blocks"], c["entries"] - record.entries)) from None
        if g.writes_known:
            self.need(g.writes_root() == record.writes_root, "header", "BLK-4",
                      "re-executed, block %d has another writes root" % height)
            c["writes_roots"] += 1
        else:
            c["writes_roots_not_derived"] += 1
        self.need(g.state_root() == record.state_root, "header", "BLK-5",
                  "re-executed, block %d has another state root" % height)
        c["state_roots"] += 1


class Rec_of:
    """A validator given as a dict, read by attributes."""

    def __init__(self, m):
        self.org, self.vote, self.cosign = m["org"], m["vote"], m["cosign"]
