"""Ed25519 (RFC 8032, section 5.1) on plain integers, for making test vectors. Slow and not constant in time."""
import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
NEUTRAL = (0, 1)


def add(a, b):
    (x1, y1), (x2, y2) = a, b
    t = D * x1 * x2 * y1 * y2 % P
    return (x1 * y2 + x2 * y1) * pow(1 + t, -1, P) % P, (y1 * y2 + x1 * x2) * pow(1 - t, -1, P) % P


def mul(k, a):
    r = NEUTRAL
    while k:
        if k & 1:
            r = add(r, a)
        a = add(a, a)
        k >>= 1
    return r


def root(y, sign):
    """The x of a point, or None."""
    xx = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if x * x % P != xx:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != xx:
        return None
    return P - x if x % 2 != sign and x else x


BASE = (root(4 * pow(5, -1, P) % P, 0), 4 * pow(5, -1, P) % P)


def encode(a):
    return (a[1] | (a[0] & 1) << 255).to_bytes(32, "little")


def order8():
    """A point of order eight: L times a point outside the main subgroup."""
    y = 2
    while True:
        x = root(y, 0)
        if x is not None:
            t = mul(L, (x, y))
            if mul(4, t) != NEUTRAL:
                return t
        y += 1


def h(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


class Key:
    def __init__(self, seed):
        d = bytearray(hashlib.sha512(seed).digest())
        self.prefix = bytes(d[32:])
        d[0] &= 248
        d[31] = d[31] & 127 | 64
        self.a = int.from_bytes(d[:32], "little")
        self.pub = encode(mul(self.a, BASE))

    def sign(self, message):
        r = h(self.prefix, message) % L
        big_r = encode(mul(r, BASE))
        s = (r + h(big_r, self.pub, message) * self.a) % L
        return big_r + s.to_bytes(32, "little")
