#!/usr/bin/env python3
"""Writes proto/vectors/tree.json: roots and proofs of RFC 6962 trees by the RFC's recursive definitions
(section 2.1: MTH, PATH, SUBPROOF), TRE-1. Leaf i is the ASCII text "leaf <i>". Standard library only."""
import base64
import functools
import hashlib
import json
import pathlib


def sha256(data):
    return hashlib.sha256(data).digest()


def split(n):  # k: the largest power of two smaller than n
    return 1 << (n - 1).bit_length() - 1


@functools.cache
def mth(lo, hi):
    if hi == lo:
        return sha256(b"")
    if hi == lo + 1:
        return sha256(b"\x00" + b"leaf %d" % lo)
    k = split(hi - lo)
    return sha256(b"\x01" + mth(lo, lo + k) + mth(lo + k, hi))


def path(m, lo, hi):
    if hi - lo == 1:
        return []
    k = split(hi - lo)
    if m < k:
        return path(m, lo, lo + k) + [mth(lo + k, hi)]
    return path(m - k, lo + k, hi) + [mth(lo, lo + k)]


def subproof(m, lo, hi, b):
    if m == hi - lo:
        return [] if b else [mth(lo, hi)]
    k = split(hi - lo)
    if m <= k:
        return subproof(m, lo, lo + k, b) + [mth(lo + k, hi)]
    return subproof(m - k, lo + k, hi, False) + [mth(lo, lo + k)]


def b64(hashes):
    return [base64.b64encode(h).decode() for h in hashes]


if __name__ == "__main__":
    small = list(range(0, 18))
    large = [255, 256, 257, 511, 512, 513, 1000, 65535, 65536, 65537, 65793, 70000]
    pick = [0, 1, 254, 255, 256, 257, 511, 512, 999, 65535, 65536, 65791, 69999]
    inclusion = [(i, n) for n in small for i in range(n)] + [(i, n) for n in large for i in pick if i < n]
    consistency = [(m, n) for n in small for m in range(n + 1)]
    consistency += [(m, n) for n in large for m in [1, 2, 3, 128] + large if m <= n]
    out = pathlib.Path(__file__).resolve().parents[2] / "proto" / "vectors" / "tree.json"
    out.write_text(json.dumps({
        "source": "scripts/vectors/tree.py", "rules": ["TRE-1"],
        "roots": {str(n): b64([mth(0, n)])[0] for n in small + large},
        "inclusion": [{"index": i, "size": n, "proof": b64(path(i, 0, n))} for i, n in inclusion],
        "consistency": [{"size1": m, "size2": n, "proof": b64(subproof(m, 0, n, True) if m else [])}
                        for m, n in consistency]}, indent=0) + "\n")
