"""Ranges of a record that leave out, change or take from elsewhere what matters (RNG-1 to RNG-7). The range spans changes of
nodes, revocations, a key declared compromised and a re-founding; its checkpoint is of a later block."""
import struct
import subprocess
import tempfile

from canonical import encode, value
import forge
from forge import CODEC, KINDS, STEP, ZERO, public
from merkle import bit, key_hash
from pack import MAGIC as PACK_MAGIC
from ranges import MAGIC
from tamper_certificate import split as split_after
from tamper_keys import Forged, STRANGER, note

KIND = {name: n for (file, n), name in CODEC.schema.numbers.items() if file == "range"}
PARTY, SEAT, KEY = (CODEC.schema.tables[n][0] for n in ("PARTY", "SEAT", "KEY"))
MAGIC_BYTES = len(MAGIC)


def join(frames, magic=MAGIC):
    return magic + b"".join(struct.pack(">I", len(f)) + f for f in frames)


def split(data):
    return split_after(data, MAGIC_BYTES)


def made_by(entente, pack, first, last):
    """Blocks first to last, as `entente pack --from --to` cuts them out of a pack."""
    with tempfile.TemporaryDirectory() as folder:
        source, out = folder + "/a.pack", folder + "/a.range"
        with open(source, "wb") as f:
            f.write(pack)
        subprocess.run([entente, "pack", out, "--from", str(first), "--to", str(last), "--pack", source], check=True, capture_output=True)
        with open(out, "rb") as f:
            return f.read()


def frame(name, fields):
    return encode({1: KIND[name], 2: CODEC.plain(name, fields)})


class Frames:
    """A range's frames, decoded as far as a change needs. A block is a pack_block and the range_rows behind it."""

    def __init__(self, frames):
        self.frames = list(frames)

    def name(self, i):
        return CODEC.schema.numbers["range", value(self.frames[i])[1]]

    def of(self, name):
        return [i for i in range(len(self.frames)) if self.name(i) == name]

    def decoded(self, i):
        return CODEC.record(self.name(i), value(self.frames[i])[2])

    def block(self, height):
        """Index of its pack_block."""
        return next(i for i in self.of("pack_block") if self.record(i).height == height)

    def record(self, i):
        return CODEC.decode("block_record", CODEC.decode("header", self.decoded(i).header).record)

    def changed(self, i, **fields):
        """The frames, frame i with other fields."""
        rec = self.decoded(i)
        return self.frames[:i] + [frame(rec._name, {**rec._fields, **fields})] + self.frames[i + 1:]

    def with_(self, i, **fields):
        return join(self.changed(i, **fields))

    def replaced(self, i, other):
        return join(self.frames[:i] + [other] + self.frames[i + 1:])

    def counted(self, frames, **head):
        """The frames with a head of other heights and the right count at the end."""
        h = CODEC.record("range_head", value(frames[0])[2])
        return join([frame("range_head", {**h._fields, **head})] + frames[1:-1] + [frame("range_end", {"frames": len(frames) - 1})])

    def without(self, *gone, **head):
        return self.counted([f for i, f in enumerate(self.frames) if i not in gone], **head)


def row(gov, table, key):
    """A state_proof of what is there."""
    k, node, siblings = key_hash(table, key), gov.sparse.top, []
    while node[0] == "node":
        b = bit(k, len(siblings))
        siblings.append(node[3 - b][1] if node[3 - b] else ZERO)
        node = node[2 + b]
    return {"table": table, "key": key, "value": gov.rows[table, key], "siblings": siblings}


def holder(seat):
    org, _, name = seat.partition("/")
    return (PARTY, org.encode()) if name == "node" else (SEAT, seat.encode())


def rows_of(a):
    """What RNG-6 asks of the newest block, by this engine and not by the maker's. A key that is on no row has none."""
    wanted = set()
    for leaf in a.blocks[-1]["leaves"]:
        e, n = CODEC.decode_prefix("entry", leaf)
        wanted |= {holder(e.seat), (KEY, CODEC.decode("signature", leaf[n:]).key)}
    return [row(a.gov, *w) for w in sorted(wanted) if w in a.gov.rows]


def with_last(template, r, a):
    """A range of one block, the last of the record, with the newest block of `a` in its place; certified and cosigned."""
    f = Frames(template)
    i = f.of("pack_block")[0]
    keys = {o: forge.node_label("cosign", o, n) for o, n in r.node.items()}
    log = forge.node_label("log", "maker", r.node["maker"])
    cosigned = a.checkpoint(sorted(m["org"] for m in a.members), keys=keys, log=log)
    block = {k: v for k, v in a.blocks[-1].items() if k != "id"}
    last = [frame("pack_block", block), frame("range_rows", {"rows": rows_of(a)}),
            frame("range_checkpoint", {"note": cosigned, "proof": [], "rows": [row(a.gov, PARTY, b"maker")]}), f.frames[-1]]
    return f.counted(f.frames[:i] + last)


def entry_forgeries(r, template):
    """The last block otherwise, by all nodes: what a range can still tell of its entries."""
    def put(klass, what, expect, seat="maker/sponsor", by=None, prepare=None, **more):
        a = r.until("last")
        if prepare:
            prepare(a)
        a.say(seat, "note", note("the end"), by=by, ok=False, **more)
        return Forged(klass, "entry", what, "all nodes", with_last(template, r, a), expect)

    yield put("none", "as it was", "verified")
    yield put("re-sign", "an entry by a key of another seat of the same partner", "rows RNG-6", by="maker/quality")
    yield put("re-sign", "an entry by a key of another partner", "rows RNG-6", by="clinics/sponsor")
    yield put("re-sign", "an entry by a key that was revoked", "rows RNG-6", seat="distributor/quality", by="distributor/quality")
    yield put("re-sign", "an entry by a key that is on no row", "rows RNG-6", by=STRANGER)
    yield put("re-sign", "a node's entry by its retired key", "rows RNG-6", seat="maker/node", by=forge.node_label("node", "maker"))
    yield put("backdate", "an entry that had expired", "leaf ENT-6", expires=0)
    yield put("backdate", "an entry that would live for 31 days", "leaf ENT-6", expires=31 * 24 * forge.HOUR)

    def elsewhere(a):
        a.boundaries.append((a.tree.size, forge.sha256(b"elsewhere")))

    yield put("backdate", "an entry on a basis that is not on this history", "leaf ENT-5", prepare=elsewhere)
    a = r.until("last")
    t = a.now + STEP
    leaf = a.entry("maker/sponsor", KINDS["note"], note("the end"), t)
    a.block([leaf, leaf], t)
    yield Forged("duplicate", "entry", "an entry twice", "all nodes", with_last(template, r, a), "leaf ENT-2")
    a = r.until("last")
    leaf = a.entry("maker/sponsor", KINDS["note"], note("the end"), t)
    a.block([leaf[:-1] + bytes([leaf[-1] ^ 1])], t)
    yield Forged("re-sign", "entry", "a signature that is none", "all nodes", with_last(template, r, a), "leaf SIG-1")
    for what, fields, expect in (("the time of before", {"time_ms": r.until("last").now}, "header BLK-3"),
                                 ("another predecessor", {"prev": bytes(32)}, "header BLK-2"),
                                 ("more entries than there are", {"entries": 2}, "header BLK-1"),
                                 ("a proposer that decides nothing", {"proposer": "stranger"}, "header BLK-10"),
                                 ("another epoch", {"epoch": 0}, "header BLK-2"),
                                 ("another set", {"validators": bytes(32), "next_validators": bytes(32)}, "header BLK-6"),
                                 ("another alliance", {"alliance": bytes(32)}, "header BLK-2")):
        a = r.until("last")
        t = a.now + STEP
        a.block([a.entry("maker/sponsor", KINDS["note"], note("the end"), t)], fields.pop("time_ms", t), **fields)
        yield Forged("rewrite", "block", what, "all nodes", with_last(template, r, a), expect)


def frame_forgeries(r, data, others):
    f = Frames(split(data))
    head = f.decoded(0)
    first, last = head.first, head.last
    blocks, links = f.of("pack_block"), f.of("certificate_link")
    before, point = f.of("range_before")[0], f.of("range_checkpoint")[0]
    middle, refounded = f.block(r.at["revoke"]), f.block(r.at["refounded"])
    leading = [i for i in links if i < before]

    def put(klass, place, what, changed, expect):
        return Forged(klass, place, what, "nobody", changed, expect)

    # What is left out
    yield put("omit", "block", "one of the middle, and the heights renumbered", f.without(middle, middle + 1, last=last - 1), "header RNG-1")
    yield put("omit", "block", "the last one, and the range ends before", f.without(blocks[-1], blocks[-1] + 1, last=last - 1), "checkpoint TRE-1")
    yield put("omit", "block", "the first one, under what was before it", f.without(blocks[0], blocks[0] + 1, first=first + 1), "before RNG-4")
    header = f.decoded(blocks[0]).header
    begun = Frames(f.changed(before, header=header))
    yield put("omit", "block", "the first one, with its header and the subtrees of before", begun.without(blocks[0], blocks[0] + 1, first=first + 1),
              "before RNG-4")
    yield put("omit", "link", "a change of the nodes before the range", f.without(leading[0]), "link CER-3")
    yield put("omit", "link", "the last change before the range", f.without(leading[-1]), "before RNG-4")
    yield put("omit", "link", "all changes before the range", f.without(*leading), "before RNG-4")
    yield put("omit", "link", "the block that the checkpoint is of", f.without(links[-1]), "checkpoint SMT-3")
    yield put("omit", "state", "the rows of a block", f.with_(middle + 1, rows=[]), "rows RNG-6")
    yield put("omit", "state", "who had to sign the re-founding", f.with_(refounded + 1, rows=[
        p for p in f.decoded(refounded + 1).rows if p.table != CODEC.schema.tables["SECTION"][0]]), "rows CER-4")
    yield put("omit", "state", "one seat that signed the re-founding", f.with_(refounded + 1, rows=[
        p for p in f.decoded(refounded + 1).rows if p.key != b"clinics/registrar"]), "rows CER-4")
    yield put("omit", "state", "whose log key signed the checkpoint", f.with_(point, rows=[]), "checkpoint RNG-7")

    # What is from elsewhere
    yield put("splice", "state", "the rows of another block", f.replaced(middle + 1, f.frames[middle + 3]), "rows SMT-3")
    revoked = f.block(r.at["suspect"]) + 1
    for what, name in (("a row of before a revocation that is in the range", "suspect"), ("rows of after it", "wait")):
        old = r.until(name).gov
        stale = [dict(row(old, p.table, p.key)) for p in f.decoded(revoked).rows]
        yield put("splice", "state", what, f.with_(revoked, rows=stale), "rows SMT-3")
    yield put("splice", "state", "a row that nothing asks for", f.with_(middle + 1, rows=with_one_more(r, f, middle)), "rows RNG-6")
    subtrees = f.decoded(before).subtrees
    yield put("splice", "block", "subtrees of another tree of that size", f.with_(before, subtrees=others.decoded(
        others.of("range_before")[0]).subtrees), "before RNG-4")
    yield put("splice", "block", "subtrees in another order", f.with_(before, subtrees=subtrees[::-1]), "before RNG-4")
    yield put("splice", "checkpoint", "one of another alliance", f.with_(point, note=others.decoded(others.of("range_checkpoint")[0]).note),
              "checkpoint CKP-1")
    yield put("backdate", "checkpoint", "one of before the last block", f.with_(point, note=r.kept["middle"][1]), "checkpoint RNG-7")
    proof = f.decoded(point).proof
    yield put("splice", "checkpoint", "a consistency proof that is empty", f.with_(point, proof=[]), "checkpoint TRE-1")
    yield put("splice", "checkpoint", "a consistency proof of other sizes", f.with_(point, proof=proof[1:]), "checkpoint TRE-1")
    for place in ("range_head", "certificate_link", "range_before", "pack_block", "range_rows"):
        i, k = f.of(place)[0], others.of(place)[0]
        yield put("splice", place.split("_")[1], "the same frame of another alliance's range", f.replaced(i, others.frames[k]),
                  {"range_head": "link CER-3", "certificate_link": "link CER-3", "range_before": "before RNG-4",
                   "pack_block": "certificate CRT-1", "range_rows": "rows SMT-3"}[place])
    cert = CODEC.decode("certificate", f.decoded(middle).certificate)
    yield put("forge a certificate", "block", "q - 1 signatures under a block", f.with_(middle, certificate=CODEC.encode(
        "certificate", {**cert._fields, "sigs": cert.sigs[:2]})), "certificate CRT-1")
    yield put("forge a certificate", "block", "another block's certificate", f.with_(middle, certificate=f.decoded(middle + 2).certificate),
              "certificate CRT-1")
    keys = {o: forge.node_label("cosign", o, n) for o, n in r.node.items()}
    log = forge.node_label("log", "maker", r.node["maker"])
    yield put("forge a certificate", "checkpoint", "q - 1 cosignatures", f.with_(point, note=r.a.checkpoint(sorted(keys)[:2], keys=keys, log=log)),
              "checkpoint CKP-3")

    # One kind of file as another
    whole = r.frames()
    part = [whole[0]] + whole[1 + first:2 + last] + [whole[-1]]
    yield put("splice", "frame", "a pack cut to the range's frames, as a range", join(part), "frame PAK-1")
    yield put("splice", "frame", "a whole pack as a range", join(whole), "frame PAK-1")
    yield put("splice", "frame", "a pack cut to the range's frames", join(part, PACK_MAGIC), "header PAK-2")
    yield put("splice", "frame", "a range as a pack", join(f.frames, PACK_MAGIC), "frame PAK-1")


def with_one_more(r, f, middle):
    """The rows behind a block, and one that is true and that nothing asks for."""
    gov = forge.branch(r.before[r.at["revoke"] + 1]).gov
    have = {(p.table, p.key) for p in f.decoded(middle + 1).rows}
    more = next(k for k in sorted(gov.rows) if k[0] == SEAT and k not in have)
    return [row(gov, *k) for k in sorted(have | {more})]
