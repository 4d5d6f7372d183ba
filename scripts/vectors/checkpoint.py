#!/usr/bin/env python3
"""Writes proto/vectors/checkpoint.json: signed notes as c2sp.org/signed-note, tlog-checkpoint and tlog-cosignature
say, good and bad, made from those pages (CKP-1, CKP-2). Standard library only."""
import base64
import hashlib
import json
import pathlib

import ed25519

ALLIANCE = hashlib.sha256(b"alliance").hexdigest()
ORIGIN = "ledger.example/entente/" + ALLIANCE
ROOT = hashlib.sha256(b"root").digest()
DASH = "\u2014 "


def seed(label):
    return hashlib.sha256(b"seed " + label.encode()).digest()


def b64(data):
    return base64.b64encode(data).decode()


def key_id(name, kind, public):
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def vkey(name, kind, label):
    public = ed25519.public(seed(label))
    return f"{name}+{key_id(name, kind, public).hex()}+{b64(bytes([kind]) + public)}"


def text(size, root=ROOT, origin=ORIGIN, extension=""):
    return f"{origin}\n{size}\n{b64(root)}\n{extension}"


def line(name, kind, label, blob):
    return f"{DASH}{name} {b64(key_id(name, kind, ed25519.public(seed(label))) + blob)}\n"


def log_line(body, label="log brand", name=ORIGIN):
    return line(name, 1, label, ed25519.sign(seed(label), body.encode()))


def cosign_line(body, org, at, claimed=None):
    message = f"cosignature/v1\ntime {at}\n{body}".encode()
    label = "cosign " + org
    return line(f"{ORIGIN}/{org}", 4, label, (claimed or at).to_bytes(8, "big") + ed25519.sign(seed(label), message))


KEYS = [{"vkey": vkey(ORIGIN, 1, "log brand"), "seed": seed("log brand").hex()}] + [
    {"vkey": vkey(f"{ORIGIN}/{org}", 4, "cosign " + org), "seed": seed("cosign " + org).hex()}
    for org in ("brand", "copacker")]


def good():
    t = text(20852163)
    stranger = log_line(t, "stranger")
    yield "log signature alone", t + "\n" + log_line(t), [None, -1, -1]
    yield ("log signature and two cosignatures, between lines of a stranger under the same name",
           t + "\n" + stranger + log_line(t) + cosign_line(t, "brand", 1795425600) + stranger
           + cosign_line(t, "copacker", 1795425601), [None, 1795425600, 1795425601])
    yield ("cosignature without log signature; the older one of two does not lower the time",
           t + "\n" + cosign_line(t, "brand", 9) + cosign_line(t, "brand", 8), [-1, 9, -1])
    empty = text(0, hashlib.sha256(b"").digest())
    yield "the empty tree", empty + "\n" + log_line(empty), [None, -1, -1]
    ext = text(7, extension="one extension\nand another\n")
    yield "extension lines are signed", ext + "\n" + log_line(ext) + cosign_line(ext, "copacker", 1), [None, -1, 1]
    big = text(2**64 - 1)
    yield "the largest size", big + "\n" + log_line(big), [None, -1, -1]


def bad():
    t = text(5)
    ok = log_line(t)
    yield "signature of a known key over another text", text(6) + "\n" + ok, "BADSIG", "line 5"
    yield ("one cosignature with its time changed",
           t + "\n" + ok + cosign_line(t, "brand", 1, claimed=2), "BADSIG", "line 6")
    yield ("a time above 2^63 - 1", t + "\n" + ok + cosign_line(t, "brand", 2**63), "BADSIG", "line 6")
    blob = ed25519.sign(seed("cosign brand"), t.encode())
    yield ("a plain signature by a cosignature key", t + "\n" + line(ORIGIN + "/brand", 4, "cosign brand", blob), "BADSIG",
           "line 5")
    yield "only strangers", t + "\n" + log_line(t, "stranger"), "NOTFOUND", "none of the 1"
    yield "the same key under another name", t + "\n" + log_line(t, name="other.example"), "NOTFOUND", "none of the 1"
    yield "no signature", t + "\n", "FORMAT", "line 5"
    yield "no empty line", t + ok, "FORMAT", "no empty line"
    yield "last line without newline", t + "\n" + ok[:-1], "FORMAT", "line 5"
    yield "hyphen in place of the dash", t + "\n" + ok.replace(DASH, "- "), "FORMAT", "line 5"
    yield "unpadded base64", t + "\n" + ok.replace("=", ""), "FORMAT", "line 5"
    yield "a word behind the signature", t + "\n" + ok[:-1] + " x\n", "FORMAT", "line 5"
    yield "two spaces", t + "\n" + ok.replace(DASH, DASH + " "), "FORMAT", "line 5"
    yield "plus in a name", t + "\n" + ok + DASH + "a+b " + b64(bytes(9)) + "\n", "FORMAT", "line 6"
    yield "a no-break space in a name", t + "\n" + ok + DASH + "a\u00a0b " + b64(bytes(9)) + "\n", "FORMAT", "line 6"
    yield "a signature of no bytes", t + "\n" + ok + DASH + "a " + b64(bytes(4)) + "\n", "FORMAT", "line 6"
    yield "carriage returns", (t + "\n" + ok).replace("\n", "\r\n"), "FORMAT", "line 1"
    yield "a tab in the text", text(5, extension="a\tb\n") + "\n" + ok, "FORMAT", "line 4"
    for name, body, where in [
            ("leading zero in the size", text("05"), "line 2"), ("sign in the size", text("+5"), "line 2"),
            ("negative size", text("-5"), "line 2"), ("no size", text(""), "line 2"),
            ("size of 2^64", text(2**64), "line 2"), ("short root", text(5, ROOT[:31]), "line 3"),
            ("long root", text(5, ROOT + b"x"), "line 3"), ("empty origin", text(5, origin=""), "line 1"),
            ("two lines only", f"{ORIGIN}\n5\n", "line 3"),
            ("empty extension line", text(5, extension="\nx\n"), "line 4")]:
        yield name, body + "\n" + log_line(body), "FORMAT", where
    # The last bits of the root's last digit are not zero: the same bytes, written otherwise.
    loose = t.replace(b64(ROOT), b64(ROOT)[:-2] + chr(ord(b64(ROOT)[-2]) + 1) + "=")
    assert base64.b64decode(loose.split("\n")[2]) == ROOT
    yield "root in base64 that is not canonical", loose + "\n" + log_line(loose), "FORMAT", "line 3"


def bad_vkeys():
    name, ident, body = KEYS[0]["vkey"].split("+", 2)
    yield f"{name}+{ident}", "FORMAT"
    yield f"+{ident}+{body}", "FORMAT"
    yield f"a b+{ident}+{body}", "FORMAT"
    yield f"{name}+{ident.upper()}x+{body}", "FORMAT"
    yield f"{name}+{ident[:6]}+{body}", "FORMAT"
    yield f"{name}+{ident}+{body[:-4]}", "FORMAT"
    yield f"{name}x+{ident}+{body}", "MISMATCH"
    yield f"{name}+00000000+{body}", "MISMATCH"
    for kind in (2, 6):
        yield f"{name}+{ident}+{b64(bytes([kind]) + bytes(32))}", "UNSUPPORTED"
    zero = bytes(32)  # a point of order 4
    yield f"{name}+{key_id(name, 1, zero).hex()}+{b64(bytes([1]) + zero)}", "BADKEY"


if __name__ == "__main__":
    out = pathlib.Path(__file__).resolve().parents[2] / "proto" / "vectors" / "checkpoint.json"
    out.write_text(json.dumps({
        "source": "scripts/vectors/checkpoint.py", "rules": ["CKP-1", "CKP-2"], "keys": KEYS,
        "accept": [{"why": w, "note": n, "times": t} for w, n, t in good()],
        "reject": [{"why": w, "note": n, "status": s, "message": m} for w, n, s, m in bad()],
        "reject_vkeys": [{"vkey": v, "status": s} for v, s in bad_vkeys()]}, indent=1) + "\n")
