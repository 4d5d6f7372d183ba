#!/usr/bin/env python3
"""Writes proto/vectors/sparse.json: the sparse tree of SPEC section 6, modelled from its rules alone.

The model has no nodes and no updates: it computes the root of a set of (keyhash, valuehash) pairs directly by SMT-2,
and a proof by walking the same definition. Standard library only; the output is the same each time."""
import hashlib
import json
import pathlib

EMPTY = bytes(32)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def key_hash(table, key):  # SMT-1
    return sha256(bytes([table]), key)


def bit(key, depth):  # SMT-2: most significant bit of byte 0 first
    return key[depth // 8] >> (7 - depth % 8) & 1


def leaf(key, value):
    return sha256(b"\x00", key, value)


def root(pairs, depth=0):  # SMT-2; pairs: {keyhash: valuehash}
    if not pairs:
        return EMPTY
    if len(pairs) == 1:
        return leaf(*next(iter(pairs.items())))
    half = [{k: v for k, v in pairs.items() if bit(k, depth) == side} for side in (0, 1)]
    return sha256(b"\x01", root(half[0], depth + 1), root(half[1], depth + 1))


def prove(pairs, key):  # SMT-3
    siblings = []
    while len(pairs) > 1:
        depth = len(siblings)
        half = [{k: v for k, v in pairs.items() if bit(k, depth) == side} for side in (0, 1)]
        siblings.append(root(half[1 - bit(key, depth)], depth + 1))
        pairs = half[bit(key, depth)]
    end = next(iter(pairs.items())) if pairs else None
    return {"siblings": [s.hex() for s in siblings],
            "leaf": {"key": end[0].hex(), "value": end[1].hex()} if end else None}


def rnd(label, n):  # deterministic choices
    return int.from_bytes(sha256(label.encode())[:8], "big") % n


def script():
    """Batches of changes: [table, key, value or None]. Keys come from a small pool, so that many are replaced and
    removed; the last batches remove everything."""
    batches = [[[2, b"brand", b"one"]], [[2, b"brand", b"two"]], [[2, b"brand", None]], []]
    for i in range(60):
        batch = {}
        for j in range(rnd(f"size {i}", 40)):
            table = 2 + rnd(f"table {i} {j}", 4)
            key = b"key-%d" % rnd(f"key {i} {j}", 150)
            gone = rnd(f"gone {i} {j}", 100) < (30 if i < 40 else 70)
            batch[table, key] = None if gone else b"value %d %d" % (i, rnd(f"value {i} {j}", 3))
        batches.append([[t, k, v] for (t, k), v in batch.items()])
    batches.append([[t, b"key-%d" % k, None] for t in range(2, 6) for k in range(150)])
    return batches


def run(batches):
    """Root after each batch, and for some a proof of a key that was just changed and of one that never was."""
    state, steps = {}, []
    for i, batch in enumerate(batches):
        for table, key, value in batch:
            state.pop(key_hash(table, key), None)
            if value is not None:
                state[key_hash(table, key)] = sha256(value)
        proofs = []
        for table, key in [(t, k) for t, k, _ in batch[:2]] + [(9, b"never")] * (i % 3 == 0):
            k = key_hash(table, key)
            proofs.append({"table": table, "key": key.hex(), "present": k in state, **prove(state, k)})
        steps.append({"changes": [{"table": t, "key": k.hex(), "value": None if v is None else v.hex()}
                                  for t, k, v in batch],
                      "root": root(state).hex(), "keys": len(state), "proofs": proofs})
    return steps


def raw():
    """Keyhashes chosen by hand, so that they part late: at the last bit, and at bit 255 and 8 beside others."""
    def flip(key, depth):
        k = bytearray(key)
        k[depth // 8] ^= 0x80 >> depth % 8
        return bytes(k)
    base, value = sha256(b"base"), sha256(b"value")
    sets = [[base, flip(base, 255)], [base, flip(base, 255), flip(base, 254)], [base, flip(base, 0)],
            [base, flip(base, 7), flip(base, 8)], [EMPTY, b"\xff" * 32], [EMPTY]]
    return [{"pairs": [{"key": k.hex(), "value": value.hex()} for k in s], "root": root({k: value for k in s}).hex()}
            for s in sets]


if __name__ == "__main__":
    out = pathlib.Path(__file__).resolve().parents[2] / "proto" / "vectors" / "sparse.json"
    out.write_text(json.dumps({"source": "scripts/vectors/sparse.py", "rules": ["SMT-1", "SMT-2", "SMT-3"],
                               "steps": run(script()), "raw": raw()}, indent=1) + "\n")
