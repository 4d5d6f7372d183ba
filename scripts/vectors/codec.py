#!/usr/bin/env python3
"""Writes proto/vectors/codec.json: golden and must-reject bytes for SPEC section 1.

Written from the rules, not from the C: an encoder of canonical msgpack, and for each rule what it allows and what it
refuses, at the boundaries. Standard library only; the same bytes every time. Each vector is
  {"id": rule, "hex": bytes, "why": words, "accept": bool}
and, where a rule is about a record's fields, "record": the block of proto/*.def to decode by. Without "record" the
question is whether the bytes are one canonical value of any type (ENC-1, 2, 3, 5, 6, 7).

usage: scripts/vectors/codec.py [OUTPUT]
"""
import json
import pathlib
import sys

DEPTH = 16  # ENC-6
vectors = []


# -- the encoder, from the msgpack specification and ENC-1 to ENC-3 -----------------------------------------------

def number(head, width, value):
    """A head byte and a big-endian number of width bytes, two's complement when negative."""
    return bytes([head]) + value.to_bytes(width, "big", signed=value < 0)


def integer(v):
    if 0 <= v < 1 << 7:
        return bytes([v])
    if -(1 << 5) <= v < 0:
        return bytes([v + 256])
    if v >= 0:
        for head, width in ((0xCC, 1), (0xCD, 2), (0xCE, 4), (0xCF, 8)):
            if v < 1 << 8 * width:
                return number(head, width, v)
    for head, width in ((0xD0, 1), (0xD1, 2), (0xD2, 4), (0xD3, 8)):
        if v >= -(1 << 8 * width - 1) and v < 0:
            return number(head, width, v)
    raise ValueError(v)


def length(n, fix, heads):
    """The shortest head for n: fix is (first head byte, how many lengths fit in it) or None."""
    if fix and n < fix[1]:
        return bytes([fix[0] + n])
    for head, width in heads:
        if n < 1 << 8 * width:
            return number(head, width, n)
    raise ValueError(n)


STR_HEADS = ((0xD9, 1), (0xDA, 2), (0xDB, 4))
BIN_HEADS = ((0xC4, 1), (0xC5, 2), (0xC6, 4))
ARRAY_HEADS = ((0xDC, 2), (0xDD, 4))
MAP_HEADS = ((0xDE, 2), (0xDF, 4))


def encode(v):
    if v is True or v is False:
        return b"\xc3" if v else b"\xc2"
    if isinstance(v, int):
        return integer(v)
    if isinstance(v, str):
        raw = v.encode("utf-8")
        return length(len(raw), (0xA0, 32), STR_HEADS) + raw
    if isinstance(v, bytes):
        return length(len(v), None, BIN_HEADS) + v
    if isinstance(v, list):
        return length(len(v), (0x90, 16), ARRAY_HEADS) + b"".join(map(encode, v))
    if isinstance(v, dict):
        pairs = sorted(v.items())
        return length(len(v), (0x80, 16), MAP_HEADS) + b"".join(encode(k) + encode(w) for k, w in pairs)
    raise TypeError(v)


def add(rule, data, why, accept, record=None):
    vector = {"id": rule, "hex": data.hex(), "why": why, "accept": accept}
    if record:
        vector["record"] = record
    vectors.append(vector)


def yes(rule, data, why, record=None):
    add(rule, data, why, True, record)


def no(rule, data, why, record=None):
    add(rule, data, why, False, record)


# -- any value -----------------------------------------------------------------------------------------------------

def enc_1():
    for v, why in ((0, "zero"), (-1, "minus one"), (True, "true"), (False, "false"), ("", "empty str"),
                   (b"", "empty bin"), ([], "empty array"), ({}, "empty map"),
                   ({0: 1, 1: "a", 2: b"b", 3: [True, -5], 63: {7: {}}}, "every type in one value")):
        yes("ENC-1", encode(v), why)
    no("ENC-1", b"", "no value")
    no("ENC-1", b"\xc0", "nil")
    no("ENC-1", b"\x81\x01\xc0", "nil as a map's value")
    no("ENC-1", b"\x91\xc0", "nil in an array")
    no("ENC-1", b"\xc1", "byte c1 is never used")
    no("ENC-1", b"\xca\x3f\x80\x00\x00", "float 32")
    no("ENC-1", b"\xcb\x3f\xf0" + bytes(6), "float 64")
    for head, size in ((0xD4, 1), (0xD5, 2), (0xD6, 4), (0xD7, 8), (0xD8, 16)):
        no("ENC-1", bytes([head, 1]) + bytes(size), "fixext %d" % size)
    no("ENC-1", b"\xc7\x00\x01", "ext 8, empty")
    no("ENC-1", b"\xc7\x0c\xff" + bytes(12), "ext 8, timestamp")
    no("ENC-1", b"\xc8\x00\x01\x05\x00", "ext 16")
    no("ENC-1", b"\xc9\x00\x00\x00\x01\x05\x00", "ext 32")
    no("ENC-1", b"\xc9\xff\xff\xff\xff\x05", "ext 32 of 4 GiB")


def cut():
    """Every proper prefix of a value is no value; heads that claim more than there is."""
    whole = encode({0: 300, 1: "ab", 2: b"cd", 3: [-200, True]})
    for n in range(len(whole)):
        no("ENC-1", whole[:n], "cut after %d of %d bytes" % (n, len(whole)))
    yes("ENC-1", whole, "not cut")
    for data, why in ((b"\xdd\x10\x00\x00\x00", "array of 2^28 members, none there"),
                      (b"\xdd\xff\xff\xff\xff", "array of 2^32-1 members, none there"),
                      (b"\xdf\x10\x00\x00\x00", "map of 2^28 pairs, none there"),
                      (b"\xdf\xff\xff\xff\xff", "map of 2^32-1 pairs, none there"),
                      (b"\xc6\xff\xff\xff\xff", "bin of 4 GiB, none there"),
                      (b"\xdb\xff\xff\xff\xff", "str of 4 GiB, none there"),
                      (b"\xdc\xff\xff\x01", "array of 65,535 members, one there"),
                      (b"\x92\x01", "array of two, one there"), (b"\x81\x01", "map with a key and no value")):
        no("ENC-1", data, why)


def enc_2():
    widths = ((1, 0xCC, 0xD0), (2, 0xCD, 0xD1), (4, 0xCE, 0xD2), (8, 0xCF, 0xD3))
    edges = (0, 1, 127, 128, 255, 256, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**53, 2**63 - 1,
             -1, -31, -32, -33, -127, -128, -129, -32767, -32768, -32769, -2**31, -2**31 - 1, -2**63)
    for v in edges:
        best = integer(v)
        yes("ENC-2", best, "%d" % v)
        for width, unsigned, signed in widths:
            if 0 <= v < 1 << 8 * width and number(unsigned, width, v) != best:
                no("ENC-2", number(unsigned, width, v), "%d as uint %d" % (v, 8 * width))
            if -(1 << 8 * width - 1) <= v < 1 << 8 * width - 1 and number(signed, width, v) != best:
                no("ENC-2", number(signed, width, v), "%d as int %d" % (v, 8 * width))

    def lengths(name, sizes, make, fix, heads):
        for n in sizes:
            best = length(n, fix, heads)
            yes("ENC-2", best + make(n), "%s of %d" % (name, n))
            for head, width in heads:
                longer = number(head, width, n) if n < 1 << 8 * width else best
                if longer != best:
                    no("ENC-2", longer + make(n), "%s of %d with a %d-byte length" % (name, n, width))

    lengths("str", (0, 1, 31, 32, 255, 256), lambda n: b"x" * n, (0xA0, 32), STR_HEADS)
    lengths("bin", (0, 1, 31, 32, 255, 256), lambda n: b"\xff" * n, None, BIN_HEADS)
    lengths("array", (0, 1, 15, 16, 17), lambda n: b"\x00" * n, (0x90, 16), ARRAY_HEADS)
    lengths("map", (0, 1, 15, 16, 17), lambda n: b"".join(bytes([k, 0]) for k in range(n)), (0x80, 16), MAP_HEADS)
    no("ENC-2", b"\x81\xcc\x01\x00", "key 1 as uint 8")
    no("ENC-2", b"\x91\xd9\x00", "empty str with a length byte, inside an array")


def enc_3():
    yes("ENC-3", encode({k: k for k in range(64)}), "all 64 keys")
    yes("ENC-3", encode({0: 0, 63: 0}), "first and last key")
    no("ENC-3", length(65, (0x80, 16), MAP_HEADS) + b"".join(bytes([k, 0]) for k in range(65)), "65 keys")
    for data, why in ((b"\x81\x40\x00", "key 64"), (b"\x81\x7f\x00", "key 127"), (b"\x81\xcc\x80\x00", "key 128"),
                      (b"\x81\xff\x00", "key -1"), (b"\x81\xa1\x31\x00", "key is a str"),
                      (b"\x81\xc4\x01\x01\x00", "key is a bin"), (b"\x81\xc3\x00", "key is a boolean"),
                      (b"\x81\x90\x00", "key is an array"), (b"\x81\x80\x00", "key is a map"),
                      (b"\x82\x01\x00\x01\x00", "key 1 twice"), (b"\x82\x02\x00\x01\x00", "key 2 before key 1"),
                      (b"\x83\x00\x00\x02\x00\x01\x00", "keys 0, 2, 1"),
                      (b"\x82\x01\x82\x05\x00\x05\x00\x02\x00", "a nested map with a key twice")):
        no("ENC-3", data, why)
    yes("ENC-3", encode({1: {5: 0, 6: 0}, 2: {5: 0}}), "keys ascend in each map by itself")


def enc_5():
    for data in (b"\x00", encode({1: 2}), encode("ab"), encode([])):
        yes("ENC-5", data, "one value")
        no("ENC-5", data + b"\x00", "one byte after the value")
        no("ENC-5", data + data, "the value twice")
    no("ENC-5", b"\x00\xc1", "an invalid byte after the value")


def enc_6():
    for n in (1, DEPTH - 1, DEPTH, DEPTH + 1, 33, 200):
        accept = n <= DEPTH
        add("ENC-6", b"\x91" * (n - 1) + b"\x90", "%d arrays in each other" % n, accept)
        add("ENC-6", b"\x81\x00" * (n - 1) + b"\x80", "%d maps in each other" % n, accept)
        add("ENC-6", b"\x91" * n + b"\x00", "an integer in %d arrays" % n, accept)
        mixed = b"".join(b"\x81\x3f" if k % 2 else b"\x91" for k in range(n))
        add("ENC-6", mixed + b"\xa1x", "a str in %d arrays and maps by turns" % n, accept)
    yes("ENC-6", encode([[[]]] * 15), "15 times depth 2 beside each other")


def enc_7():
    for text in ("\0", "\x7f", "\x80", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\ufdd0", "\uffff", "\U00010000",
                 "\U0010ffff", "a\u00e9\u20ac\U0001f600z", "aaaaaaaa\u00e9", "\u00e9aaaaaaaa"):
        yes("ENC-7", encode(text), "valid: " + " ".join("U+%04X" % ord(c) for c in text))
    bad = (("80", "continuation byte alone"), ("bf", "continuation byte alone"), ("c080", "U+0000 in two bytes"),
           ("c1bf", "U+007F in two bytes"), ("c2", "cut"), ("c241", "second byte no continuation"),
           ("e08080", "U+0000 in three bytes"), ("e09fbf", "U+07FF in three bytes"), ("e282", "cut"),
           ("e28241", "third byte no continuation"), ("eda080", "U+D800, a surrogate"), ("edbfbf", "U+DFFF, a surrogate"),
           ("eda081edb080", "a surrogate pair"), ("f0808080", "U+0000 in four bytes"),
           ("f08fbfbf", "U+FFFF in four bytes"), ("f09f98", "cut"), ("f09f9841", "fourth byte no continuation"),
           ("f4908080", "U+110000"), ("f5808080", "lead byte f5"), ("f888808080", "five bytes"), ("fe", "byte fe"),
           ("ff", "byte ff"), ("6162636465666768ff", "byte ff after eight letters"), ("61c3", "cut after a letter"))
    for code, why in bad:
        raw = bytes.fromhex(code)
        try:
            raw.decode("utf-8")
        except UnicodeDecodeError:
            pass
        else:
            raise AssertionError(code)
        no("ENC-7", bytes([0xA0 + len(raw)]) + raw, why)
    yes("ENC-7", b"\xc4\x01\xff", "bin holds any bytes")


# -- records -------------------------------------------------------------------------------------------------------

ZERO = bytes(32)
REF = {1: 12, 2: ZERO}


def ballot(**change):
    v = {1: REF, 2: 0, 3: 1}
    v.update({int(k[1:]): w for k, w in change.items()})
    return v


def enc_4():
    yes("ENC-4", encode(ballot()), "required fields only", "ballot")
    yes("ENC-4", encode(ballot(k4="term.renewal", k5=ZERO)), "all fields", "ballot")
    for key in (1, 2, 3):
        v = ballot()
        del v[key]
        no("ENC-4", encode(v), "required key %d is missing" % key, "ballot")
    no("ENC-4", encode({}), "all keys are missing", "ballot")
    for key in (0, 6, 63):
        v = ballot()
        v[key] = 0
        no("ENC-4", encode(v), "unknown key %d" % key, "ballot")
    no("ENC-4", encode(ballot(k1={1: 12})), "nested record without its key 2", "ballot")
    no("ENC-4", encode(ballot(k1={1: 12, 2: ZERO, 3: 0})), "nested record with an unknown key", "ballot")
    for v, why in ((0, "an integer"), ([], "an array"), ("", "a str"), (True, "a boolean")):
        no("ENC-4", encode(v), "a record is a map, not %s" % why, "ballot")
    for key, bad in ((1, 12), (1, [12, ZERO]), (2, "0"), (2, -1), (2, True), (3, "approve"), (4, b"term"), (5, "text")):
        no("ENC-4", encode(ballot(**{"k%d" % key: bad})), "key %d holds another type" % key, "ballot")
    no("ENC-4", encode({1: "brand/am", 2: {0: 1}}), "a map where an array belongs", "holder")
    no("ENC-4", encode({1: "brand/am", 2: [1]}), "a list whose member is no record", "holder")


def submission(prose):
    return {1: 1, 2: b"e", 3: b"s", 4: [{1: ZERO, 2: t} for t in prose]}


def enc_8():
    def text(s):
        return encode({1: 1, 2: s})

    def prose(s):
        return encode({1: ZERO, 2: s})

    refused = ((0x7F, 0x9F), (0x61C, 0x61C), (0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x2069), (0xFEFF, 0xFEFF),
               (0xFFF9, 0xFFFB), (0xE0000, 0xE007F))
    for code in (0x00, 0x01, 0x08, 0x09, 0x0A, 0x0B, 0x0D, 0x1B, 0x1F):
        no("ENC-8", text("a" + chr(code)), "U+%04X in TEXT" % code, "hello_refuse")
        add("ENC-8", prose("a" + chr(code)), "U+%04X in MULTILINE" % code, code in (0x09, 0x0A), "prose")
    for first, last in refused:
        for code in sorted({first, last}):
            no("ENC-8", text(chr(code) + "a"), "U+%04X in TEXT" % code, "hello_refuse")
            no("ENC-8", prose(chr(code) + "a"), "U+%04X in MULTILINE" % code, "prose")
        for code in (first - 1, last + 1):
            yes("ENC-8", text(chr(code)), "U+%04X in TEXT" % code, "hello_refuse")
    yes("ENC-8", text("Grüße \U0001f600 €"), "letters, an emoji, a sign", "hello_refuse")


def enc_9():
    def refuse(text):
        return encode({1: 1, 2: text})

    yes("ENC-9", refuse("x"), "text of 1 byte, at least 1", "hello_refuse")
    yes("ENC-9", refuse("x" * 400), "text of 400 bytes, at most 400", "hello_refuse")
    yes("ENC-9", refuse("€" * 133 + "x"), "400 bytes in 134 characters", "hello_refuse")
    no("ENC-9", refuse(""), "text of 0 bytes, at least 1", "hello_refuse")
    no("ENC-9", refuse("x" * 401), "text of 401 bytes, at most 400", "hello_refuse")
    no("ENC-9", refuse("€" * 134), "402 bytes in 134 characters", "hello_refuse")
    for rung, accept in ((0, True), (15, True), (16, False), (2**63 - 1, False)):
        add("ENC-9", encode(ballot(k2=rung)), "rung %d, at most 15" % rung, accept, "ballot")
    for n, accept in ((0, False), (1, True), (2**63 - 1, True)):
        add("ENC-9", encode({1: n, 2: ZERO}), "number %d, at least 1, no upper bound" % n, accept, "ref")
    key = {1: 1, 2: ZERO}
    for n, accept in ((0, True), (8, True), (9, False)):
        add("ENC-9", encode({1: "brand/am", 2: [key] * n}), "%d members, at most 8" % n, accept, "holder")
    for n, accept in ((16, True), (17, False)):
        add("ENC-9", encode(submission(["x"] * n)), "%d members, at most 16" % n, accept, "submission")
    no("ENC-9", encode({1: []}), "0 members, at least 1", "validator_set")
    write = {1: 1, 2: b""}
    yes("ENC-9", encode(write), "bin of 0 bytes, at least 0", "write")
    for n, accept in ((255, True), (256, False)):
        add("ENC-9", encode({1: 1, 2: bytes(n)}), "bin of %d bytes, at most 255" % n, accept, "write")
    yes("ENC-9", encode({1: -2**63, 2: "EUR"}), "an INT with bounds 0 and 0 has none", "money")


def enc_10():
    def org(s):
        return encode({1: s, 2: ZERO, 3: ZERO})

    for s in ("a", "0", "a-", "a--b", "9-z", "a" * 63):
        yes("ENC-10", org(s), "id %s" % s, "validator")
    for s in ("", "-", "-a", "A", "a_b", "a.b", "a/b", "a b", "é", "a" * 64):
        no("ENC-10", org(s), "id '%s'" % s, "validator")
    for s in ("a/b", "brand/alliance-manager", "a" * 63 + "/" + "b" * 63):
        yes("ENC-10", encode({1: s, 2: []}), "seat %s" % s, "holder")
    for s in ("", "a", "/", "a/", "/b", "a/b/c", "a//b", "a/B", "a/-b", "a" * 64 + "/b"):
        no("ENC-10", encode({1: s, 2: []}), "seat '%s'" % s, "holder")
    for s in ("a", "a.b", "term.renewal.notice", "a" * 63 + "." + "b" * 62 + ".c",
              "a" * 63 + "." + "b" * 63 + ".c"):
        add("ENC-10", encode(ballot(k4=s)), "clause of %d bytes" % len(s), len(s) <= 128, "ballot")
    for s in ("", ".", "a.", ".a", "a..b", "a.B", "a/b", "a" * 64, "a" * 63 + "." + "b" * 63 + ".cc"):
        no("ENC-10", encode(ballot(k4=s)), "clause '%s'" % s, "ballot")
    for s, accept in (("EUR", True), ("AAA", True), ("ZZZ", True), ("eur", False), ("EU", False), ("EURO", False),
                      ("E1R", False), ("", False)):
        add("ENC-10", encode({1: 5, 2: s}), "currency '%s'" % s, accept, "money")
    for n, accept in ((31, False), (32, True), (33, False), (0, False)):
        add("ENC-10", encode({1: 1, 2: bytes(n)}), "hash of %d bytes" % n, accept, "ref")
    no("ENC-10", encode({1: 1, 2: "x" * 32}), "hash as a str", "ref")
    for n, accept in ((63, False), (64, True), (65, False)):
        add("ENC-10", encode({1: "a", 2: bytes(n)}), "signature of %d bytes" % n, accept, "commit_sig")
    for t, accept in ((0, True), (2**53 - 1, True), (2**53, False)):
        v = {1: {1: 1, 2: ZERO}, 2: t}
        add("ENC-10", encode(v), "time %d" % t, accept, "key")


def enc_11():
    def number_of(m, s):
        return encode({1: 3, 4: {1: m, 2: s}})

    for m, s in ((0, 0), (10, 0), (1, 9), (-125, 1), (2**63 - 1, 9), (-2**63, 3), (101, 2)):
        yes("ENC-11", number_of(m, s), "%d with scale %d" % (m, s), "charter_term_of")
    for m, s in ((0, 1), (10, 1), (-120, 2), (5, 10), (5, 2**32), (1000000000, 9)):
        no("ENC-11", number_of(m, s), "%d with scale %d" % (m, s), "charter_term_of")
    for v, why in (({1: 5}, "no scale"), ({2: 0}, "no mantissa"), ({1: 5, 2: 0, 3: 0}, "a third key"), (5, "an integer"),
                   ({0: 5, 1: 0}, "keys 0 and 1"), ({1: 5, 2: -1}, "scale -1"), ({1: "5", 2: 0}, "mantissa is a str")):
        no("ENC-11", encode({1: 3, 4: v}), "decimal: " + why, "charter_term_of")


def enc_12():
    yes("ENC-12", number(0xCF, 8, 2**63 - 1), "2^63-1")
    no("ENC-12", number(0xCF, 8, 2**63), "2^63")
    no("ENC-12", number(0xCF, 8, 2**64 - 1), "2^64-1")
    no("ENC-12", b"\x81\x01" + number(0xCF, 8, 2**63), "2^63 in a map")
    for choice, accept in ((0, False), (1, True), (5, True), (6, False), (2**32 + 1, False)):
        add("ENC-12", encode(ballot(k3=choice)), "choice %d" % choice, accept, "ballot")
    raw = {0: 2, 1: 1, 2: 4, 3: {}}
    for leaf, accept in ((0, False), (1, False), (2, True), (3, False), (4, False)):
        add("ENC-9", encode({**raw, 0: leaf}), "leaf %d of a section, always 2" % leaf, accept, "section")


def raw_fields():
    def section(body):
        return b"\x84\x00\x02\x01\x01\x02\x04\x03" + body

    def nested(n):
        return b"\x81\x00" * (n - 1) + b"\x80"

    yes("ENC-6", section(nested(DEPTH - 1)), "RAW of depth %d in a record" % (DEPTH - 1), "section")
    no("ENC-6", section(nested(DEPTH)), "RAW of depth %d in a record" % DEPTH, "section")
    no("ENC-4", section(b"\x90"), "RAW is a map, not an array", "section")
    no("ENC-3", section(b"\x82\x01\x00\x01\x00"), "key twice inside RAW", "section")
    no("ENC-2", section(b"\x81\x01\xcc\x01"), "longer integer inside RAW", "section")
    no("ENC-5", section(b"\x80") + b"\x00", "one byte after a record", "section")


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    output = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else root / "proto" / "vectors" / "codec.json"
    for make in (enc_1, cut, enc_2, enc_3, enc_4, enc_5, enc_6, enc_7, enc_8, enc_9, enc_10, enc_11, enc_12, raw_fields):
        make()
    lines = ",\n".join(json.dumps(v, ensure_ascii=True) for v in vectors)
    output.write_text("[\n" + lines + "\n]\n", encoding="ascii")


if __name__ == "__main__":
    main()
