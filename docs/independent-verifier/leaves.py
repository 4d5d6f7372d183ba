"""Section 3 and ENT-8: a leaf by itself, and the texts beside those of a block. For packs and ranges."""
import hashlib

from canonical import Refused, prefix, text_ok
from merkle import sha256


def read(codec, sigs, leaf, alliance, known):
    """Form, ENT-2, ENT-3 and signature. (entry, signature record, name of its kind, body, id). known: ids accepted before."""
    if len(leaf) > codec.schema.limits["ENTRY_BYTES"]:
        raise Refused("ENT-2", "larger than a leaf may be")
    v, n = prefix(leaf)
    e = codec.record("entry", v)
    s = codec.decode("signature", leaf[n:])
    if e.alliance != alliance:
        raise Refused("ENT-3", "made for another alliance")
    name = codec.schema.numbers.get(("records", e.kind))
    if name is None:
        raise Refused("ENT-3", "no record kind has the number %d" % e.kind)
    body = codec.decode(name, e.body)
    entry_id = sha256(leaf[:n])
    if entry_id in known:
        raise Refused("ENT-2", "the same entry is in the log already")
    sigs.person("entry@entente", leaf[:n], s, codec.schema.enums["sig_alg"])
    return e, s, name, body, entry_id


def texts(codec, bodies, given, need, height):
    """PAK-4, ENT-8. bodies: (name, body) of the block's entries, in order. Of each that names texts, by its place
    from 1: [how many match, how many are absent]."""
    open_, counts = {}, {}
    for i, (name, body) in enumerate(bodies, 1):
        for path, field, digest in codec.prose_fields(name, body):
            open_.setdefault((i, digest), []).append((path, field))
            counts.setdefault(i, [0, 0])[1] += 1
    for p in given:
        text = p.prose.text
        key = (p.leaf, hashlib.sha256(p.prose.salt + text.encode()).digest())
        need(key in open_ and open_[key], "prose", "PAK-4", "a text of block %d matches no digest of leaf %d" % (height, p.leaf))
        path, field = open_[key].pop()
        n = len(text.encode())
        fits = field.low <= n <= (field.high or n) and text_ok(text, path.split(".")[-1] != "title")
        need(fits, "prose", "ENT-8", "the text of %s is out of bounds, or has a refused character" % path)
        counts[p.leaf][0] += 1
        counts[p.leaf][1] -= 1
    return counts
