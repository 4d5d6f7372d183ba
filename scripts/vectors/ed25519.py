"""Ed25519 from RFC 8032 section 5.1, for making test vectors: plain, slow, not for secrets. Standard library only.

Points are (x, y) on -x^2 + y^2 = 1 + d x^2 y^2 over the field of p; addition is the affine formula of section 5.1.4
(before it goes over to extended coordinates). Run as a program it checks itself against section 7.1."""
import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def inverse(a):
    return pow(a, P - 2, P)


def add(a, b):
    (x1, y1), (x2, y2) = a, b
    k = D * x1 * x2 * y1 * y2
    return ((x1 * y2 + x2 * y1) * inverse(1 + k) % P, (y1 * y2 + x1 * x2) * inverse(1 - k) % P)


def multiply(n, point):
    total = (0, 1)
    while n:
        if n & 1:
            total = add(total, point)
        point = add(point, point)
        n >>= 1
    return total


def recover_x(y, odd):  # section 5.1.3
    xx = (y * y - 1) * inverse(D * y * y + 1) % P
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - xx) % P or (x == 0 and odd):
        raise ValueError("not a point")
    return P - x if x & 1 != odd else x


BASE = (recover_x(4 * inverse(5) % P, 0), 4 * inverse(5) % P)


def encode(point):
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def decode(b):
    n = int.from_bytes(b, "little")
    y, odd = n & (1 << 255) - 1, n >> 255
    if y >= P:
        raise ValueError("not canonical")
    return recover_x(y, odd), y


def expand(seed):  # section 5.1.5
    h = hashlib.sha512(seed).digest()
    n = int.from_bytes(h[:32], "little")
    return n & (1 << 254) - 8 | 1 << 254, h[32:]


def sha512_int(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


def public(seed):
    return encode(multiply(expand(seed)[0], BASE))


def sign(seed, message):  # section 5.1.6
    a, prefix = expand(seed)
    key = encode(multiply(a, BASE))
    r = sha512_int(prefix, message) % L
    big_r = encode(multiply(r, BASE))
    s = (r + sha512_int(big_r, key, message) * a) % L
    return big_r + s.to_bytes(32, "little")


def verify(key, message, signature):  # section 5.1.7, without the cofactor
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or s >= L:
        return False
    a, r = decode(key), decode(signature[:32])
    k = sha512_int(signature[:32], key, message) % L
    return multiply(s, BASE) == add(r, multiply(k, a))


TESTS = [  # section 7.1: TEST 1, 2, 3
    ("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24"
     "655141438e7a100b"),
    ("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aee"
     "b00d291612bb0c00"),
    ("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28d"
     "c027beceea1ec40a"),
]

if __name__ == "__main__":
    for seed, key, message, signature in TESTS:
        seed, key, message, signature = map(bytes.fromhex, (seed, key, message, signature))
        assert public(seed) == key and sign(seed, message) == signature and verify(key, message, signature)
        assert not verify(key, message + b"x", signature)
    print("RFC 8032 section 7.1: ok")
