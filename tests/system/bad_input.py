#!/usr/bin/env python3
"""Makes the bad input of 40-bad-input.sh, and hands it in as a stranger would. Standard library only; it shares no code
with the programs: encoder and Ed25519 are those that make the test vectors.

  change IN OUT [--key FILE] [FIELD=VALUE]...   another entry from a saved one, signed again with the key when one is given;
                                                FIELD: alliance, kind, seat, size, root, expires (ms or +days), sig
  bytes IN OUT WHAT                             the file's bytes made wrong; prints where (the byte that must be named)
  submit SOCKET FILE                            the file's bytes to a node, not by way of `entente`; prints its answer
  flip FILE TEXT                                flips one bit of every copy of TEXT in the file (a damaged disk)
  unsign IN OUT                                 a .genesis file without its first signature; prints whose that was
  strange_socket SOCKET | strange_port PORT [CERT KEY]     what a stranger may send
  answer_nonsense SOCKET                        what a stranger may answer
"""
import base64
import hashlib
import pathlib
import socket
import ssl
import struct
import sys
import time

HERE = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(HERE / "scripts/vectors"), str(HERE / "docs/independent-verifier")]
import canonical  # noqa: E402
import ed25519  # noqa: E402

encode, value = canonical.encode, canonical.value


def string(b):
    return struct.pack(">I", len(b)) + b


def seed_of(path):
    for line in open(path):
        if line.startswith("seed "):
            return base64.b64decode(line.split()[1])
    raise SystemExit("%s: no unsealed key file" % path)


def sign(seed, message):
    pre = b"SSHSIG" + string(b"entry@entente") + string(b"") + string(b"sha512") + string(hashlib.sha512(message).digest())
    return {1: 1, 2: ed25519.public(seed), 3: ed25519.sign(seed, pre)}


def change(source, target, *words):
    sub = value(open(source, "rb").read())
    entry, sig, seed = value(sub[2]), value(sub[3]), None
    words = list(words)
    if words[:1] == ["--key"]:
        seed = seed_of(words[1])
        del words[:2]
    broken = False
    for word in words:
        field, text = word.split("=", 1)
        if field == "alliance":
            entry[2] = bytes.fromhex(text)
        elif field == "kind":
            entry[3] = int(text)
        elif field == "seat":
            entry[5] = text
        elif field == "size":
            entry[7][1] = int(text)
        elif field == "root":
            entry[7][2] = bytes.fromhex(text)
        elif field == "expires":
            entry[8] = int(time.time() * 1000) + int(text[1:]) * 86400000 if text[0] == "+" else int(text)
        elif field == "sig":
            broken = True
        else:
            raise SystemExit("no field " + field)
    sub[2] = encode(entry)
    if seed:
        sig = sign(seed, sub[2])
    if broken:
        sig[3] = sig[3][:40] + bytes([sig[3][40] ^ 1]) + sig[3][41:]
    sub[3] = encode(sig)
    open(target, "wb").write(encode(sub))


def spoil(source, target, what):
    data = open(source, "rb").read()
    at = 0
    if what == "long-integer":  # the version 1, as two bytes: ENC-2
        assert data[1:3] == b"\x01\x01"
        data, at = data[:2] + b"\xcc\x01" + data[3:], 2
    elif what == "twice":  # key 1 twice: ENC-3
        data, at = bytes([data[0] + 1]) + b"\x01\x01" + data[1:], 3
    elif what == "after":  # a byte after the value: ENC-5
        data, at = data + b"\x00", len(data)
    elif what == "cut":
        data, at = data[:-7], len(data) - 7
    elif what == "nil":
        data, at = b"\xc0", 0
    elif what == "huge-array":  # claims 2^28 members
        data, at = b"\xdd\x10\x00\x00\x00", 0
    elif what == "inner":  # not the file's but the entry's own bytes: its version as two bytes
        sub = value(data)
        e = sub[2]
        at = e.index(b"\x01\x01") + 1
        sub[2] = e[:at] + b"\xcc\x01" + e[at + 1:]
        data = encode(sub)
    elif what == "oversized":  # the entry is larger than an entry may be
        sub = value(data)
        entry = value(sub[2])
        entry[4][1 + max(entry[4])] = b"x" * 65400
        sub[2] = encode(entry)
        data = encode(sub)
    elif what == "huge-file":
        data = encode({1: 1, 2: b"x" * 2000000, 3: b"y"})
    else:
        raise SystemExit("no such spoiling: " + what)
    open(target, "wb").write(data)
    print(at)


def receive(s, n):
    out = b""
    while len(out) < n:
        part = s.recv(n - len(out))
        if not part:
            raise EOFError
        out += part
    return out


def ask(path, payload):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(10)
        s.connect(path)
        s.sendall(string(payload))
        while True:
            n = struct.unpack(">I", receive(s, 4))[0]
            if n:
                return value(receive(s, n))


def submit(path, name):
    try:
        r = ask(path, encode({1: 7, 2: 5, 3: {1: open(name, "rb").read()}}))
    except (EOFError, ConnectionError):
        print("closed")
        return
    print("verdict %d: %s" % (r[3][2], r[3][3]) if 3 in r else "status %d: %s" % (r[2], r[4]))


def flip(path, text):
    data = bytearray(open(path, "rb").read())
    at, n = data.find(text.encode()), 0
    while at >= 0:
        data[at] ^= 4
        at, n = data.find(text.encode(), at), n + 1
    if not n:
        raise SystemExit("%s: %s is not in it" % (path, text))
    with open(path, "r+b") as f:  # in place: the same inode
        f.write(data)
    print(n)


def unsign(source, target):
    g = value(open(source, "rb").read())
    first = g[4][1].pop(0)
    print(first[1])
    open(target, "wb").write(encode(g))


SAID = [b"abc", b"\xff\xff\xff\xff", b"\xff\xff\xff\xff" + b"z" * 5000, b"GET / HTTP/1.1\r\n\r\n", string(b"\xc1"),
        string(b"\xdd\x10\x00\x00\x00"), string(encode({1: 1, 2: 5, 3: {1: b"nonsense"}})), string(encode({1: 1, 2: 200, 3: {}})),
        string(encode({1: 1, 2: 8, 3: {}})), string(encode({1: 1, 2: 8, 3: {1: "x"}})), string(encode({1: 2**63 - 1, 2: 255, 3: {}})),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 600, b"\x00\x00\x10\x00half", b""]


def stranger(connect):
    open_ones = []
    for said in SAID * 3:
        s = connect()
        try:
            s.sendall(said)
        except OSError:
            pass
        open_ones.append(s) if said.endswith(b"half") else s.close()
    time.sleep(0.3)
    for s in open_ones:
        s.close()


def strange_socket(path):
    def connect():
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(5)
        s.connect(path)
        return s
    stranger(connect)
    # What can be read is answered, in words.
    for question in ({1: 1, 2: 200, 3: {}}, {1: 1, 2: 8, 3: {}}, {1: 1, 2: 8, 3: {1: "x"}}):
        r = ask(path, encode(question))
        if not r[2] or not r[4]:
            raise SystemExit("answered nonsense with %r" % r)
        print(r[2], r[4])


def strange_port(port, cert=None, key=None):
    """Without a certificate: bytes instead of TLS. With a member's: TLS, and then anything but a hello."""
    def plain():
        return socket.create_connection(("127.0.0.1", int(port)), 5)

    def member():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.load_cert_chain(cert, key)
        return context.wrap_socket(plain())

    stranger(member if cert else plain)


def answer_nonsense(path):
    """Answers one caller after the other with another kind of nonsense, then ends."""
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(path)
        s.listen(8)
        for said in (b"\xff\xff\xff\xff", string(b"\xc0"), string(b"\xdd\x10\x00\x00\x00")):
            c = s.accept()[0]
            c.recv(65536)
            c.sendall(said)
            c.recv(65536)
            c.close()


VERBS = {f.__name__: f for f in (change, submit, flip, unsign, strange_socket, strange_port, answer_nonsense)}
VERBS["bytes"] = spoil
VERBS[sys.argv[1]](*sys.argv[2:])
