"""Decision certificates that leave out or change what matters. The certificate is that of a decision that was vetoed, with
a ballot by a key that was later declared compromised, across several changes of nodes and a re-founding."""
import struct
import subprocess
import tempfile

from canonical import encode, value
from certificate import MAGIC
import forge
from forge import CODEC
from merkle import leaf_hash
from tamper_keys import Forged, STRANGER

KIND = {name: n for (file, n), name in CODEC.schema.numbers.items() if file == "certificate"}
DECISION, KEY, EVENT = (CODEC.schema.tables[n][0] for n in ("DECISION", "KEY", "EVENT"))


def join(frames):
    return MAGIC + b"".join(struct.pack(">I", len(f)) + f for f in frames)


def split(data, magic_bytes=len(MAGIC)):
    out, at = [], magic_bytes
    while at < len(data):
        n = struct.unpack(">I", data[at:at + 4])[0]
        out.append(data[at + 4:at + 4 + n])
        at += 4 + n
    return out


def made_by(entente, pack, number):
    """The certificate of D-number, as `entente certify` makes it from a pack."""
    with tempfile.TemporaryDirectory() as folder:
        source, out = folder + "/a.pack", folder + "/d.certificate"
        with open(source, "wb") as f:
            f.write(pack)
        subprocess.run([entente, "certify", "D-%d" % number, "--pack", source, "-o", out], check=True, capture_output=True)
        with open(out, "rb") as f:
            return f.read()


class Frames:
    """A certificate's frames, decoded as far as a change needs."""

    def __init__(self, frames):
        self.frames = list(frames)

    def of(self, name):
        return [i for i, f in enumerate(self.frames) if value(f)[1] == KIND[name]]

    def decoded(self, i):
        v = value(self.frames[i])
        return CODEC.record(next(n for n, k in KIND.items() if k == v[1]), v[2])

    def with_(self, i, **fields):
        """Frame i with other fields."""
        rec = self.decoded(i)
        frame = encode({1: KIND[rec._name], 2: CODEC.plain(rec._name, {**rec._fields, **fields})})
        return join(self.frames[:i] + [frame] + self.frames[i + 1:])

    def without(self, *gone):
        """Some frames left out, and counted right."""
        kept = [f for i, f in enumerate(self.frames) if i not in gone]
        kept[-1] = encode({1: KIND["certificate_end"], 2: {1: len(kept) - 1}})
        return join(kept)


def forgeries(r, data, others):
    """others: by name, frames of certificates of other decisions and of the same one in another alliance."""
    f = Frames(split(data))
    blocks, links = f.of("certificate_block"), f.of("certificate_link")
    state, point = f.of("certificate_state")[0], f.of("certificate_checkpoint")[0]
    shown = [f.decoded(i) for i in blocks]
    height = [CODEC.decode("block_record", b.record).height for b in shown]
    veto = height.index(r.at["veto"])
    revoked = forge.public("distributor/finance")

    def put(klass, place, what, changed, expect):
        return Forged(klass, place, what, "nobody", changed, expect)

    # What is left out
    b = blocks[veto]
    hidden, keep = hide(shown[veto], lambda w: w.table == EVENT and CODEC.decode("state_event", w.value).type == event("vetoed"))
    yield put("omit", "block", "the block of the veto", f.without(b), "end CER-9")
    yield put("omit", "block", "the veto's event is hidden behind its hash, its entry stays", f.with_(b, writes=keep, hashes=hidden), "end CER-9")
    hidden, keep = hide(shown[veto], lambda w: w.table == EVENT)
    yield put("omit", "block", "both events of the veto's block are hidden, with its entry", f.with_(b, writes=keep, hashes=hidden, entries=[]),
              "block CER-8")
    yield put("omit", "entry", "the veto's entry", f.with_(b, entries=[]), "block CER-10")
    first = blocks[1]
    yield put("omit", "block", "the block of a ballot", f.without(first), "block CER-9")
    yield put("omit", "block", "the last block, and the decision as open", f.without(blocks[-1]), "end CER-9")
    key_row = next(i for i, p in enumerate(f.decoded(state).rows) if (p.table, p.key) == (KEY, revoked))
    rows = f.decoded(state).rows
    yield put("omit", "state", "the row of a key that was revoked", f.with_(state, rows=rows[:key_row] + rows[key_row + 1:]), "block CER-5")
    yield put("omit", "state", "the revocation: the key's row as it was before", f.with_(state, rows=replaced(
        rows, key_row, value=r.until("suspect").gov.rows[KEY, revoked])), "state SMT-3")
    decided = next(i for i, p in enumerate(rows) if p.table == DECISION)
    yield put("omit", "state", "the veto: the decision's row as it was before", f.with_(state, rows=replaced(
        rows, decided, value=r.until("veto").gov.rows[DECISION, rows[decided].key])), "state SMT-3")
    yield put("omit", "link", "a change of the nodes that decide", f.without(links[1]), "link CER-3")
    refounded = next(i for i in links if f.decoded(i).rows)
    yield put("omit", "link", "who had to sign the re-founding", f.with_(refounded, rows=[]), "link CER-4")
    yield put("omit", "link", "one seat that signed the re-founding", f.with_(refounded, rows=f.decoded(refounded).rows[:-1]), "link CER-4")
    yield put("omit", "link", "the re-founding itself", f.without(refounded), "link CER-3")

    # What is changed
    e = shown[veto].entries[0]
    yield put("re-sign", "entry", "the veto's entry by another key", f.with_(b, entries=[{**e._fields, "bytes": resigned(e.bytes)}]), "block CER-7")
    yield put("splice", "text", "a text from another entry", f.with_(b, entries=[{**e._fields, "prose": shown[0].entries[0].prose}]), "block ENT-8")
    yield put("splice", "entry", "an entry of another decision", f.with_(b, entries=[others["claim"].decoded(
        others["claim"].of("certificate_block")[0]).entries[0]]), "block CER-10")
    yield put("splice", "block", "a block of another decision", join(f.frames[:b] + [others["claim"].frames[others["claim"].of(
        "certificate_block")[1]]] + f.frames[b + 1:]), "block CER-5")
    yield put("splice", "head", "the number of another decision", f.with_(0, decision=r.numbers["claim"]), "state CER-5")
    for place in ("head", "link", "state", "checkpoint", "block"):
        i = f.of("certificate_" + place)[-1]
        k = others["alliance"].of("certificate_" + place)[-1]
        yield put("splice", place, "the same frame of another alliance's certificate", join(
            f.frames[:i] + [others["alliance"].frames[k]] + f.frames[i + 1:]),
            {"head": "link CER-3", "link": "link CER-3", "state": "state SMT-3", "checkpoint": "checkpoint CKP-1",
             "block": "block CER-7"}[place])
    proof = CODEC.decode("certificate", f.decoded(links[0]).proof)
    yield put("forge a certificate", "link", "q - 1 signatures under a change of nodes", f.with_(links[0], proof=CODEC.encode(
        "certificate", {**proof._fields, "sigs": proof.sigs[:2]})), "link CRT-1")
    a, keys = r.a, {o: forge.node_label("cosign", o, n) for o, n in r.node.items()}
    log = forge.node_label("log", "maker", r.node["maker"])
    yield put("forge a certificate", "checkpoint", "q - 1 cosignatures", f.with_(point, note=a.checkpoint(
        sorted(keys)[:2], keys=keys, log=log)), "checkpoint CKP-3")
    yield put("backdate", "checkpoint", "one of an older tree, rightly cosigned", f.with_(point, note=r.kept["middle"][1]), "checkpoint CER-6")


def event(name):
    return next(n for (e, n), words in CODEC.schema.names.items() if e == "event_type" and words == name)


def hide(block, which):
    """(hashes, writes) with the writes that which() names among the hidden ones."""
    n = len(block.writes) + len(block.hashes)
    at, hidden, out = {s.at: s for s in block.writes}, iter(block.hashes), []
    for i in range(n):
        if i not in at:
            out.append(next(hidden))
        elif which(at[i].write):
            out.append(leaf_hash(CODEC.encode("write", at[i].write)))
    return out, [s for s in block.writes if not which(s.write)]


def replaced(rows, i, **fields):
    return rows[:i] + [{**rows[i]._fields, **fields}] + rows[i + 1:]


def resigned(leaf):
    e, n = CODEC.decode_prefix("entry", leaf)
    return leaf[:n] + CODEC.encode("signature", forge.signature(STRANGER, "entry@entente", leaf[:n]))
