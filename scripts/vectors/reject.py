#!/usr/bin/env python3
"""Writes proto/vectors/reject.json: bytes that must be refused, each with the rule that refuses them.

Made from SPEC and the blocks of proto/*.def by the encoders of codec.py and ed25519.py. Standard library only; the
same bytes every time. A vector is {"rule", "record", "hex", "why"}: decode "hex" by the block "record", or, where it is
null, as any canonical value. Vectors that need more than one value say so in "check", and hold what it needs:
  key          is "hex" a public key?
  signature    the signature record "hex" over "message" in "namespace"
  leaf         "hex" as an entry's leaf: entry, then signature record; form and signature only
  set          the validator_set "hex"
  certificate  "hex" by the members of "set" for "alliance", "epoch", "height"
  sparse       the proof "siblings", "leaf" of "table" and "key" against the root "hex"
  inclusion    leaf hash "hex", "index", "size", "proof", "root"
  consistency  "size1", root "hex", "size2", "root2", "proof"
  note         the signed note "hex" by the verifier keys "keys"
  pack         the pack "hex"

usage: scripts/vectors/reject.py [OUTPUT]"""
import base64
import functools
import hashlib
import json
import pathlib
import struct
import sys

import codec
import ed25519
from codec import encode

ZERO = bytes(32)
ALLIANCE = hashlib.sha256(b"alliance").digest()
vectors = []


def no(rule, data, why, record=None, **more):
    vectors.append({"rule": rule, "record": record, "hex": data.hex(), "why": why, **more})


@functools.lru_cache(maxsize=None)
def seed(label):
    return hashlib.sha256(b"seed " + label.encode()).digest()


@functools.lru_cache(maxsize=None)
def public(label):
    return ed25519.public(seed(label))


def string(b):
    return struct.pack(">I", len(b)) + b


def sign(label, namespace, message):
    return ed25519.sign(seed(label), b"SSHSIG" + string(namespace.encode()) + string(b"") + string(b"sha512") + string(
        hashlib.sha512(message).digest()))


# -- entries: the ENC rules at the place where they matter most --------------------------------------------------------

def entry(**change):
    v = {0: 1, 1: 1, 2: ALLIANCE, 3: 21, 4: {1: 1}, 5: "brand/quality", 6: 1_795_425_600_000,
         7: {1: 41, 2: hashlib.sha256(b"root").digest()}, 8: 1_795_512_000_000}
    for k, w in change.items():
        if w is None:
            del v[int(k[1:])]
        else:
            v[int(k[1:])] = w
    return v


def entries():
    good = encode(entry())
    no("ENC-1", good.replace(b"\x04\x81\x01\x01", b"\x04\x81\x01\xc0"), "nil in an entry's body", "entry")
    no("ENC-1", good[:-1], "an entry that lacks its last byte", "entry")
    no("ENC-1", b"\xca\x3f\x80\x00\x00", "a float")
    no("ENC-2", good.replace(b"\x01\x01\x02", b"\x01\xcc\x01\x02", 1), "version 1 in two bytes", "entry")
    no("ENC-2", b"\xd9\x01a", "text of one byte with a length byte")
    no("ENC-2", b"\xd0\x05", "5 as a signed integer")
    no("ENC-3", b"\x82\x02\x00\x01\x00", "keys 2, 1")
    no("ENC-3", b"\x82\x01\x00\x01\x00", "key 1 twice")
    no("ENC-3", good.replace(b"\x04\x81\x01\x01", b"\x04\x82\x01\x01\x01\x01"), "a key twice in an entry's body", "entry")
    no("ENC-4", encode(entry(k8=None)), "no expiry", "entry")
    no("ENC-4", encode(entry(k9=1)), "an unknown key", "entry")
    no("ENC-4", encode(entry(k7=41)), "a basis that is no record", "entry")
    no("ENC-5", good + b"\0", "a byte after the entry", "entry")
    no("ENC-5", good + good, "the entry twice", "entry")
    deep = {1: 0}
    for _ in range(15):
        deep = {1: deep}
    no("ENC-6", encode(entry(k4=deep)), "a body 16 deep in an entry, 17 in all", "entry")
    no("ENC-6", b"\x91" * 16 + b"\x90", "17 arrays in each other")
    no("ENC-7", b"\xa2\xc0\x80", "U+0000 in two bytes")
    no("ENC-7", good.replace(b"brand/quality", b"brand/qualit\xff"), "a seat that is not UTF-8", "entry")
    for text, why in (("a\u202eb", "U+202E turns the line"), ("a\x1b[2J", "an escape for the terminal"),
                      ("\u200b", "zero width")):
        no("ENC-8", encode({1: ZERO, 2: text}), why, "prose")
    no("ENC-9", encode(entry(k0=0)), "leaf type block", "entry")
    no("ENC-9", encode(entry(k1=2)), "version 2", "entry")
    no("ENC-9", encode(entry(k3=256)), "kind 256", "entry")
    no("ENC-9", encode({1: ZERO, 2: ""}), "an empty text", "prose")
    no("ENC-9", encode({1: ZERO, 2: "x" * 16385}), "a text of 16,385 bytes", "prose")
    no("ENC-10", encode(entry(k5="Brand/quality")), "a capital in a seat", "entry")
    no("ENC-10", encode(entry(k5="brand")), "a seat without its seat", "entry")
    no("ENC-10", encode(entry(k2=ALLIANCE[:31])), "an alliance id of 31 bytes", "entry")
    no("ENC-10", encode(entry(k8=1 << 53)), "a time of 2^53", "entry")
    no("ENC-11", encode({1: 3, 4: {1: 10, 2: 1}}), "1.0", "charter_term_of")
    no("ENC-11", encode({1: 3, 4: {1: 1, 2: 10}}), "scale 10", "charter_term_of")
    no("ENC-12", b"\xcf\x80" + bytes(7), "2^63")
    no("ENC-12", encode({1: {1: 1, 2: ZERO}, 2: 0, 3: 9}), "choice 9", "ballot")
    member = {1: "brand", 2: ZERO, 3: ZERO}
    no("ENC-13", encode({1: [{**member, 1: "copacker"}, member]}), "copacker before brand", "validator_set")
    no("ENC-13", encode({1: [member, member]}), "brand twice", "validator_set")
    no("ENC-13", encode({1: ZERO, 9: {1: 1}, 5: ["b", "a"]}), "affected partners b, a", "proposal")
    no("ENC-13", encode({1: 0, 2: 0, 3: 7, 4: ZERO, 5: [{1: "b", 2: b"\0" * 64}, {1: "a", 2: b"\0" * 64}]}
                        | {2: 1}), "precommits of b, a", "certificate")


def leaves():
    raw = encode(entry())
    record = {1: 1, 2: public("quality"), 3: sign("quality", "entry@entente", raw)}
    no("ENC-1", raw, "an entry without its signature", check="leaf")
    no("ENC-5", raw + encode(record) + b"\0", "a byte after the signature record", check="leaf")
    no("ENT-2", encode(entry(k4={3: bytes(65400)})) + encode(record), "over 65,535 bytes", check="leaf")
    no("ENT-2", encode(entry(k4={3: bytes(70000)})) + encode(record), "over 70,000 bytes", check="leaf")
    no("SIG-1", encode(entry(k5="brand/finance")) + encode(record), "the seat was changed after signing", check="leaf")
    no("SIG-1", raw + encode({**record, 2: public("finance")}), "another key", check="leaf")
    no("ENT-3", encode(entry(k3=99)) + encode({**record, 3: sign("quality", "entry@entente", encode(entry(k3=99)))}),
       "kind 99", check="leaf")


# -- signatures and keys -----------------------------------------------------------------------------------------------

def signatures():
    message = b"a message"
    good = sign("quality", "entry@entente", message)
    record = {1: 1, 2: public("quality"), 3: good}

    def bad(rule, why, namespace="entry@entente", said=message, **change):
        v = dict(record)
        v.update({int(k[1:]): w for k, w in change.items()})
        no(rule, encode(v), why, check="signature", namespace=namespace, message=said.hex())

    s = int.from_bytes(good[32:], "little")
    bad("SIG-1", "another message", said=b"another message")
    bad("SIG-1", "another namespace", namespace="vote@entente")
    bad("SIG-1", "one bit of R", k3=bytes([good[0] ^ 1]) + good[1:])
    bad("SIG-4", "S + L", k3=good[:32] + (s + ed25519.L).to_bytes(32, "little"))
    bad("SIG-4", "R of small order", k3=b"\1" + bytes(31) + good[32:])
    bad("SIG-5", "a plain signature with flags", k4=1)
    bad("SIG-5", "a plain signature with a counter", k5=1)
    bad("SIG-5", "a hardware signature without counter", k1=2, k4=1)
    digest = hashlib.sha256(b"ssh:").digest()
    inner = b"SSHSIG" + string(b"entry@entente") + string(b"") + string(b"sha512") + string(hashlib.sha512(message).digest())
    for flags, rule, why in ((4, "SIG-5", "hardware key, user not present"), (2, "SIG-5", "flags 2, bit 0 is not set")):
        signed = digest + struct.pack(">BI", flags, 7) + hashlib.sha256(inner).digest()
        bad(rule, why, k1=2, k3=ed25519.sign(seed("quality"), signed), k4=flags, k5=7)
    p = ed25519.P
    order8 = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
    mixed = ed25519.encode(ed25519.add(ed25519.decode(public("quality")), ed25519.decode(order8)))
    for key, why in ((b"\1" + bytes(31), "the neutral element"), (bytes(32), "order 4"), (order8, "order 8"),
                     ((p - 1).to_bytes(32, "little"), "order 2"), ((p + 1).to_bytes(32, "little"), "y = p + 1"),
                     (b"\2" + bytes(31), "no point"), (mixed, "a good key plus a point of order 8"),
                     (b"\1" + bytes(30) + b"\x80", "x = 0 with the sign bit")):
        no("SIG-4", key, "a key: " + why, check="key")


# -- sets, certificates ------------------------------------------------------------------------------------------------

ORGS = ("brand", "copacker", "distributor", "trustee")


def members(orgs=ORGS):
    return [{1: o, 2: public("vote " + o), 3: public("cosign " + o)} for o in orgs]


def certificates():
    value = hashlib.sha256(b"block").digest()

    def vote(**change):
        v = {1: ALLIANCE, 2: 0, 3: 2, 4: 5, 5: 0, 6: value}
        v.update({int(k[1:]): w for k, w in change.items()})
        return encode(v)

    def sigs(orgs, **change):
        return [{1: o, 2: sign("vote " + o, "vote@entente", vote(**change))} for o in orgs]

    def bad(why, list_, rule="CRT-1", **change):
        v = {1: 0, 2: 5, 3: 0, 4: value, 5: list_}
        v.update({int(k[1:]): w for k, w in change.items()})
        no(rule, encode(v), why, check="certificate", set=encode({1: members()}).hex(), alliance=ALLIANCE.hex(),
           epoch=0, height=5)

    bad("two of four", sigs(ORGS[:2]))
    bad("prevotes", sigs(ORGS[:3], k3=1))
    bad("another round", sigs(ORGS[:3], k5=1))
    bad("another epoch", sigs(ORGS[:3], k2=1), k1=1)
    bad("another height", sigs(ORGS[:3], k4=6), k2=6)
    bad("a stranger", sigs(ORGS[:2]) + sigs(("zoo",)))
    bad("the fourth signature does not verify", sigs(ORGS[:3]) + [{1: "trustee", 2: sigs(("brand",))[0][2]}])
    bad("out of order", sigs(("copacker", "brand", "trustee")), "ENC-13")
    bad("one twice", sigs(("brand", "brand", "trustee")), "ENC-13")
    bad("no signature", [], "ENC-9")
    one = members(("brand", "copacker"))
    no("BLK-6", encode({1: [one[0], {**one[1], 2: one[0][2]}]}), "a vote key twice", check="set")
    no("BLK-6", encode({1: [{**one[0], 3: one[0][2]}]}), "one key for votes and cosignatures", check="set")
    no("BLK-6", encode({1: [{**one[0], 3: b"\1" + bytes(31)}]}), "a key of small order", check="set")


# -- trees -------------------------------------------------------------------------------------------------------------

def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def trees():
    b64 = lambda x: base64.b64encode(x).decode()  # noqa: E731
    leaf = [sha256(b"\0leaf %d" % i) for i in range(3)]
    left = sha256(b"\1", leaf[0], leaf[1])
    root = sha256(b"\1", left, leaf[2])
    for index, size, proof, why in ((0, 3, [leaf[1]], "a hash is missing"), (1, 3, [leaf[1], leaf[2]], "another index"),
                                    (0, 3, [leaf[1], leaf[2], leaf[2]], "a hash too many"),
                                    (3, 3, [leaf[1], leaf[2]], "index is not below the size"),
                                    (0, 4, [leaf[2], leaf[1]], "hashes swapped")):
        no("TRE-1", leaf[0], why, check="inclusion", index=index, size=size, proof=[b64(p) for p in proof], root=b64(root))
    for size1, root1, size2, root2, proof, why in (
            (2, left, 3, root, [], "no proof"), (2, leaf[0], 3, root, [leaf[2]], "another first root"),
            (3, root, 2, left, [leaf[2]], "the first is the larger"), (3, root, 3, left, [], "equal sizes, two roots"),
            (0, sha256(b""), 3, root, [leaf[0]], "from nothing, with a proof"), (0, ZERO, 3, root, [], "from no root")):
        no("TRE-1", root1, why, check="consistency", size1=size1, size2=size2, root2=b64(root2), proof=[b64(p) for p in proof])
    key = sha256(b"\2brand")
    other = bytes([key[0] ^ 0x80]) + key[1:]
    value = sha256(b"one")
    mine, theirs = sha256(b"\0", key, value), sha256(b"\0", other, value)
    pair = (mine, theirs) if key[0] < 128 else (theirs, mine)
    top = sha256(b"\1", *pair)

    def sparse(why, siblings, leaf_, root_=top):
        no("SMT-3", root_, why, check="sparse", table=2, key=b"brand".hex(), siblings=[s.hex() for s in siblings],
           leaf=leaf_ and {"key": leaf_[0].hex(), "value": leaf_[1].hex()})

    sparse("another value", [theirs], (key, sha256(b"two")))
    sparse("no sibling", [], (key, value))
    sparse("absence by a leaf of the other side", [mine], (other, value))
    sparse("absence by nothing", [theirs], None)
    sparse("257 siblings", [ZERO] * 257, (key, value))
    sparse("leaf and node hashes mixed up", [theirs], (key, value), sha256(b"\0", *pair))


# -- notes and packs ---------------------------------------------------------------------------------------------------

def notes():
    b64 = lambda x: base64.b64encode(x).decode()  # noqa: E731
    origin = "ledger.example/" + ALLIANCE.hex()

    def key_id(name, kind, label):
        return sha256(name.encode() + b"\n" + bytes([kind]) + public(label))[:4]

    name = origin + "/brand"
    vkey = "%s+%s+%s" % (name, key_id(name, 4, "cosign brand").hex(), b64(b"\4" + public("cosign brand")))

    def note(why, size="7", root=b64(sha256(b"root")), rule="CKP-4", end="\n", at=9, claimed=9):
        text = "%s\n%s\n%s\n" % (origin, size, root)
        sig = ed25519.sign(seed("cosign brand"), ("cosignature/v1\ntime %d\n" % at + text).encode())
        blob = key_id(name, 4, "cosign brand") + struct.pack(">Q", claimed) + sig
        no(rule, ("%s\n\u2014 %s %s%s" % (text, name, b64(blob), end)).encode(), why, check="note", keys=[vkey])

    note("leading zero", size="07")
    note("size of 2^64", size=str(1 << 64))
    note("root of 31 bytes", root=b64(ZERO[:31]))
    note("no newline at the end", end="")
    note("carriage return", end="\r\n")
    note("its time was changed", claimed=10)
    note("time of 2^63", at=1 << 63, claimed=1 << 63, rule="CKP-5")


def packs():
    magic = b"entente pack 1\n"

    def frame(v):
        return struct.pack(">I", len(encode(v))) + encode(v)

    end = frame({1: 4, 2: {1: 1, 2: 1, 3: ZERO}})
    no("PAK-1", b"", "nothing", check="pack")
    no("PAK-1", magic[:-1] + b"\r\n", "another line end", check="pack")
    no("PAK-1", magic + b"\0\0", "cut inside a length", check="pack")
    no("PAK-1", magic + end[:-1], "cut inside a frame", check="pack")
    no("PAK-1", magic + struct.pack(">I", 6291457) + b"\x80", "a frame of 6,291,457 bytes", check="pack")
    no("PAK-1", magic + frame({1: 9, 2: {}}), "an unknown kind of frame", check="pack")
    no("PAK-2", magic + end, "no pack_head", check="pack")
    no("PAK-2", magic, "no frame", check="pack")


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    output = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else root / "proto" / "vectors" / "reject.json"
    for make in (entries, leaves, signatures, certificates, trees, notes, packs):
        make()
    assert codec.DEPTH == 16
    output.write_text("[\n" + ",\n".join(json.dumps(v) for v in vectors) + "\n]\n", encoding="ascii")


if __name__ == "__main__":
    main()
