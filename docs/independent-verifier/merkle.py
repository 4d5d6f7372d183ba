"""Section 5 and 6: the RFC 6962 tree, its proofs, and the sparse tree."""
import hashlib

EMPTY = hashlib.sha256(b"").digest()


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def leaf_hash(leaf):
    return sha256(b"\0", leaf)


def node_hash(left, right):
    return sha256(b"\1", left, right)


class Tree:
    """Grows by leaves; keeps one hash per full subtree, as many as the size has bits."""

    def __init__(self):
        self.size, self.stack = 0, []  # stack: (hashes of full subtrees, widest first)

    def append(self, leaf):
        h, n = leaf_hash(leaf), self.size
        while n & 1:
            h = node_hash(self.stack.pop(), h)
            n >>= 1
        self.stack.append(h)
        self.size += 1

    def root(self):
        if not self.stack:
            return EMPTY
        h = self.stack[-1]
        for left in reversed(self.stack[:-1]):
            h = node_hash(left, h)
        return h


def root_of(leaves):
    t = Tree()
    for leaf in leaves:
        t.append(leaf)
    return t.root()


def inclusion(leaf, index, size, proof, root):
    """RFC 9162 section 2.1.3.2."""
    if index >= size:
        return False
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root


def consistency(size1, root1, size2, root2, proof):
    """RFC 9162 section 2.1.4.2, and the two cases of TRE-1."""
    if size1 > size2:
        return False
    if size1 == size2:
        return not proof and root1 == root2
    if size1 == 0:
        return not proof and root1 == EMPTY
    proof = list(proof)
    if not proof:
        return False
    if size1 & size1 - 1 == 0:
        proof.insert(0, root1)
    fn, sn = size1 - 1, size2 - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = proof[0]
    for c in proof[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == root1 and sr == root2


def key_hash(table, key):
    return sha256(bytes([table]), key)


class Sparse:
    """SMT-1, SMT-2: a nested tuple per node; changes touch one path."""

    def __init__(self):
        self.top = None  # None, ("leaf", hash, keyhash, valuehash) or ("node", hash, left, right)

    def root(self):
        return self.top[1] if self.top else bytes(32)

    def put(self, table, key, value):
        k = key_hash(table, key)
        self.top = change(self.top, k, None if value is None else make_leaf(k, sha256(value)), 0)


def bit(k, depth):
    return k[depth >> 3] >> (7 - (depth & 7)) & 1


def make_leaf(k, v):
    return ("leaf", sha256(b"\0", k, v), k, v)


def join(left, right):
    """A subtree that holds one key is that key's leaf, at whatever depth."""
    for a, b in ((left, right), (right, left)):
        if a is None and (b is None or b[0] == "leaf"):
            return b
    return ("node", sha256(b"\1", left[1] if left else bytes(32), right[1] if right else bytes(32)), left, right)


def change(node, k, leaf, depth):
    if node is None:
        return leaf
    if node[0] == "leaf":
        if node[2] == k:
            return leaf
        if leaf is None:
            return node
        pair = [None, None]
        if bit(k, depth) == bit(node[2], depth):
            pair[bit(k, depth)] = change(node, k, leaf, depth + 1)
        else:
            pair[bit(k, depth)], pair[1 - bit(k, depth)] = leaf, node
        return join(*pair)
    pair = [node[2], node[3]]
    pair[bit(k, depth)] = change(pair[bit(k, depth)], k, leaf, depth + 1)
    return join(*pair)


def sparse_proof(table, key, siblings, leaf, root):
    """SMT-3. leaf: None or (keyhash, valuehash). Returns "present", "absent" or None when the proof fails."""
    k = key_hash(table, key)
    if len(siblings) > 256:
        return None
    depth = len(siblings)
    if leaf and any(bit(leaf[0], d) != bit(k, d) for d in range(depth)):
        return None
    h = sha256(b"\0", *leaf) if leaf else bytes(32)
    for d in range(depth - 1, -1, -1):
        pair = (siblings[d], h) if bit(k, d) else (h, siblings[d])
        h = sha256(b"\1", *pair)
    if h != root:
        return None
    return "present" if leaf and leaf[0] == k else "absent"
