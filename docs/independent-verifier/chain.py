"""What decision certificates and ranges share (CER-2 to CER-6, RNG-3, RNG-7): the founding, the chain of the sets that
decide, rows of the state, a checkpoint."""
from canonical import Refused
from merkle import key_hash, sha256, sparse_proof
from pack import Failed
import genesis
import note
import refounding
import sets

# Tables by number (tables.def), those of the state root that such a file shows.
PARTY, SEAT, KEY, SECTION, DECISION = 2, 3, 4, 5, 7
IN_ROOT = {PARTY: "state_party", SEAT: "state_seat", KEY: "state_key", SECTION: "state_section", DECISION: "state_decision"}


class Member:
    def __init__(self, org, vote, cosign):
        self.org, self.vote, self.cosign = org, vote, cosign


class Chain:
    """members, set_hash, epoch: in force now. place: height, size and time of the block that the next one comes after.
    header, record: of the newest block that was certified here."""

    def __init__(self, codec, sigs):
        self.codec, self.sigs = codec, sigs
        self.at, self.links, self.epoch, self.notes = (0, 0), 0, 0, []
        self.header = self.record = None
        self.certified = False

    def need(self, ok, region, rule, words):
        if not ok:
            raise Failed(region, self.at[0], self.at[1], rule, words)

    def begin(self, h, expect):
        """CER-2."""
        self.founding = f = genesis.check(self.codec, self.sigs, h.genesis)
        self.need(f.alliance == h.alliance, "head", "GEN-3", "the alliance id is not that of the charter within")
        self.need(expect in (None, f.alliance), "head", "GEN-3", "this is alliance %s, another one was expected" % f.alliance.hex())
        self.origin = "%s/%s" % (f.sections[1].origin, f.alliance.hex())
        self.take([Member(m["org"], m["vote"], m["cosign"]) for m in f.members])
        self.place = (0, 1, f.sections[1].founded_ms)

    def take(self, members):
        sets.check_set(members)
        self.members = members
        self.set_hash = sets.set_hash(self.codec, [{"org": m.org, "vote": m.vote, "cosign": m.cosign} for m in members])

    def take_next(self, r, region):
        """BLK-6."""
        self.take(r.next_set)
        self.need(self.set_hash == r.next_validators, region, "BLK-6", "next_set is not the one that is named")

    def step(self, f):
        """CER-3, CER-4: one link. (it has a certificate, another set decides after it)."""
        need = self.need
        h = self.codec.decode("header", f.header)
        r, block = self.codec.decode("block_record", h.record), sha256(f.header)
        need(r.alliance == self.founding.alliance and r.epoch == self.epoch, "link", "CER-3", "another alliance or epoch")
        place = (r.height, h.size, r.time_ms)
        need(all(x > y for x, y in zip(place, self.place)), "link", "CER-3", "it does not come after the block before")
        need(r.validators == self.set_hash, "link", "CER-3", "a change of set is missing before block %d" % r.height)
        need((r.next_set is not None) == (r.next_validators != r.validators), "link", "BLK-6", "next_set")
        self.place, self.header, self.record = place, h, r
        self.links += 1
        if refounding.is_one(f.proof):
            x = refounding.check(self.codec, self.sigs, f.proof, (r, block), self.members, self.founding.sigs_hash)
            rows = self.rows("link", "CER-5", f.rows, r.state_root)
            need(set(rows) == self.seats(x, rows, "link"), "link", "CER-4", "it holds rows that nothing asks for")
            self.new_epoch(x)
            return False, True
        sets.check_certificate(self.codec, self.sigs, f.proof, self.members, r.alliance, r.epoch, r.height, block)
        need(not f.rows, "link", "CER-4", "rows beside a certificate")
        if r.next_set is not None:
            self.take_next(r, "link")
        return True, r.next_set is not None

    def new_epoch(self, x):
        self.take(x.statement.set)
        self.epoch += 1

    # -- rows ----------------------------------------------------------------------------------------------------------

    def rows(self, region, rule, rows, root):
        """Proven, ascending. {(table, key): decoded}."""
        keys = [(p.table, p.key) for p in rows]
        self.need(keys == sorted(set(keys)), region, rule, "its rows do not ascend")
        return {(p.table, p.key): self.row(region, rule, p, root) for p in rows}

    def row(self, region, rule, p, root):
        in_root = {number for number, rooted in self.codec.schema.tables.values() if rooted}
        self.need(p.table in in_root, region, rule, "a row of table %d, which is not in the state root" % p.table)
        leaf = (key_hash(p.table, p.key), sha256(p.value))
        self.need(sparse_proof(p.table, p.key, p.siblings, leaf, root) == "present", region, "SMT-3",
                  "a row of table %d is not proven" % p.table)
        self.need(p.table in IN_ROOT, region, rule, "a row of table %d, which has no place here" % p.table)
        return self.codec.decode(IN_ROOT[p.table], p.value)

    def seats(self, x, rows, region):
        """CER-4, REF-3. The keys of the rows that this asks for."""
        section = rows.get((SECTION, b"\7"))
        self.need(section is not None, region, "CER-4", "the row of the charter's parties is missing")
        orgs = [p.org for p in self.codec.decode("charter_parties", section.body).list]
        order = [(s.seat, s.signature.key) for s in x.sigs]
        enums = self.codec.schema.enums
        for o in orgs:
            p = rows.get((PARTY, o.encode()))
            self.need(p is not None, region, "CER-4", "the row of %s is missing" % o)
            if p.role != enums["role"]["ROLE_PARTNER"] or p.standing == enums["standing"]["STANDING_LEFT"]:
                continue
            by = [(seat, key) for seat, key in order if seat.split("/")[0] == o]
            own = [k for seat, k in by if seat == o + "/registrar"]
            self.need(any(seat != o + "/registrar" and k != r for seat, k in by for r in own), region, "REF-3",
                      "the registrar and another seat of %s have not signed" % o)
        for s in x.sigs:
            k = s.signature
            row = rows.get((SEAT, s.seat.encode()))
            self.need(row is not None, region, "CER-4", "the row of %s is missing" % s.seat)
            self.need((k.alg, k.key) in [(h.alg, h.key) for h in row.keys], region, "REF-3", "a key that signed does not hold %s" % s.seat)
            try:
                self.sigs.person("refound@entente", x.bytes, k, enums["sig_alg"])
            except Refused as e:
                raise Refused("REF-3", "the signature of %s: %s (%s)" % (s.seat, e.words, e.rule)) from None
        return {(SECTION, b"\7")} | {(PARTY, o.encode()) for o in orgs} | {(SEAT, s.seat.encode()) for s in x.sigs}

    # -- the checkpoint ------------------------------------------------------------------------------------------------

    def checkpoint_of(self, data, rule, of_rows, parties):
        """The tree of the newest block certified here, cosigned. parties: whose log key may have signed, and must have.
        rule: of the format's own demands; of_rows: for a row too many. (the note, how many members cosigned)."""
        n = note.parse(data)
        cosigners = [note.Key("%s/%s" % (self.origin, m.org), note.COSIGN, m.cosign) for m in self.members]
        logs = [note.Key(self.origin, note.LOG, p.node.log) for p in parties]
        need = self.need
        need(n.origin == self.origin and not n.extensions, "checkpoint", "CKP-1", "another log's checkpoint")
        need((n.size, n.root) == (self.header.size, self.header.root), "checkpoint", rule, "it is not of the anchor's tree")
        try:
            signed = note.check(n, cosigners + logs, True, self.sigs.counts)
        except Refused as e:
            raise Refused(rule if e.rule == "PAK-6" else e.rule, e.words) from None
        need(all(i in signed for i in range(len(cosigners), len(cosigners) + len(logs))), "checkpoint", of_rows,
             "the row of an organisation whose log key did not sign")
        cosigned = sum(i < len(cosigners) for i in signed)
        need(cosigned >= sets.quorum(len(self.members)), "checkpoint", "CKP-3", "%d members cosigned it" % cosigned)
        return n, cosigned
