"""Section 1 of SPEC: canonical msgpack, and records by their blocks. Every refusal is a Refused with its rule's id."""
import re
import struct

MAX_DEPTH = 16  # ENC-6


class Refused(Exception):
    """What does not verify: the rule, the words, and where in the value (a byte offset) when that is known."""

    def __init__(self, rule, words, at=None):
        super().__init__(words)
        self.rule, self.words, self.at = rule, words, at


class Rec:
    """A decoded record: fields by name, absent ones None. No field names clash, as it has no methods of its own."""
    __slots__ = ("_fields", "_name")

    def __init__(self, name, fields):
        self._name, self._fields = name, fields

    def __getattr__(self, name):
        try:
            return self._fields[name]
        except KeyError:
            raise AttributeError(name) from None

    def __getitem__(self, name):
        return self._fields[name]


# -- any value: ENC-1, 2, 3, 5, 6, 7, 12 ---------------------------------------------------------------------------

class Reader:
    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def take(self, n, start):
        end = self.at + n
        if end > len(self.data):
            raise Refused("ENC-1", "the value is cut short", start)
        piece = self.data[self.at:end]
        self.at = end
        return piece

    def number(self, n, start, signed=False):
        return int.from_bytes(self.take(n, start), "big", signed=signed)

    def length(self, n, start, least):
        v = self.number(n, start)
        if v < least:
            raise Refused("ENC-2", "a length is not in its shortest form", start)
        return v

    def value(self, depth=0):
        start = self.at
        head = self.take(1, start)[0]
        if head < 0x80:
            return head
        if head >= 0xE0:
            return head - 256
        if head < 0x90:
            return self.map(head & 15, depth, start)
        if head < 0xA0:
            return self.array(head & 15, depth, start)
        if head < 0xC0:
            return self.text(head & 31, start)
        if head in (0xC2, 0xC3):
            return head == 0xC3
        if 0xC4 <= head <= 0xC6:
            return self.take(self.length(1 << head - 0xC4, start, (0, 256, 65536)[head - 0xC4]), start)
        if 0xCC <= head <= 0xCF:
            v = self.number(1 << head - 0xCC, start)
            if v < (128, 256, 65536, 1 << 32)[head - 0xCC]:
                raise Refused("ENC-2", "an integer is not in its shortest form", start)
            if v >= 1 << 63:
                raise Refused("ENC-12", "an integer is above 2^63 - 1", start)
            return v
        if 0xD0 <= head <= 0xD3:
            v = self.number(1 << head - 0xD0, start, signed=True)
            if v >= (-32, -128, -32768, -(1 << 31))[head - 0xD0]:
                raise Refused("ENC-2", "an integer is not in its shortest form", start)
            return v
        if 0xD9 <= head <= 0xDB:
            return self.text(self.length(1 << head - 0xD9, start, (32, 256, 65536)[head - 0xD9]), start)
        if head in (0xDC, 0xDD):
            return self.array(self.length(2 << head - 0xDC, start, (16, 65536)[head - 0xDC]), depth, start)
        if head in (0xDE, 0xDF):
            return self.map(self.length(2 << head - 0xDE, start, (16, 65536)[head - 0xDE]), depth, start)
        raise Refused("ENC-1", "type byte %02x is not used" % head, start)

    def text(self, n, start):
        try:
            return self.take(n, start).decode("utf-8")
        except UnicodeDecodeError:
            raise Refused("ENC-7", "text is not valid UTF-8", start) from None

    def array(self, n, depth, start):
        self.deeper(depth, n, start)
        return [self.value(depth + 1) for _ in range(n)]

    def map(self, n, depth, start):
        self.deeper(depth, 2 * n, start, n > 64)
        out, last = {}, -1
        for _ in range(n):
            at = self.at
            key = self.value(MAX_DEPTH - 1)
            if type(key) is not int or not 0 <= key <= 63:
                raise Refused("ENC-3", "a map key is not an integer from 0 to 63", at)
            if key <= last:
                raise Refused("ENC-3", "map keys do not ascend", at)
            last = key
            out[key] = self.value(depth + 1)
        return out

    def deeper(self, depth, values, start, too_many=False):
        if depth >= MAX_DEPTH:
            raise Refused("ENC-6", "nested deeper than 16", start)
        if values > len(self.data) - self.at:
            raise Refused("ENC-1", "the value is cut short", start)
        if too_many:
            raise Refused("ENC-3", "a map of more than 64 keys", start)


def value(data):
    """One canonical value, and nothing after it."""
    r = Reader(data)
    v = r.value()
    if r.at != len(data):
        raise Refused("ENC-5", "bytes follow the value", r.at)
    return v


def prefix(data):
    """The first canonical value of data, and its length."""
    r = Reader(data)
    return r.value(), r.at


# -- writing -------------------------------------------------------------------------------------------------------

def head(n, small, base, sizes):
    if n < small:
        return bytes([base + n])
    for code, form in sizes:
        if n < 1 << 8 * struct.calcsize(form):
            return bytes([code]) + struct.pack(form, n)
    raise ValueError(n)


def encode(v):
    if v is True or v is False:
        return b"\xc3" if v else b"\xc2"
    if isinstance(v, int):
        if v >= 0:
            return head(v, 128, 0, ((0xCC, ">B"), (0xCD, ">H"), (0xCE, ">I"), (0xCF, ">Q")))
        if v >= -32:
            return bytes([256 + v])
        for code, form, low in ((0xD0, ">b", 7), (0xD1, ">h", 15), (0xD2, ">i", 31), (0xD3, ">q", 63)):
            if v >= -(1 << low):
                return bytes([code]) + struct.pack(form, v)
    if isinstance(v, str):
        raw = v.encode()
        return head(len(raw), 32, 0xA0, ((0xD9, ">B"), (0xDA, ">H"), (0xDB, ">I"))) + raw
    if isinstance(v, bytes):
        return head(len(v), 0, 0, ((0xC4, ">B"), (0xC5, ">H"), (0xC6, ">I"))) + v
    if isinstance(v, list):
        return head(len(v), 16, 0x90, ((0xDC, ">H"), (0xDD, ">I"))) + b"".join(map(encode, v))
    if isinstance(v, dict):
        return head(len(v), 16, 0x80, ((0xDE, ">H"), (0xDF, ">I"))) + b"".join(
            encode(k) + encode(v[k]) for k in sorted(v))
    raise ValueError(v)


# -- records: ENC-4, 8 to 13 ---------------------------------------------------------------------------------------

ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\Z")
SEAT = re.compile(r"[a-z0-9][a-z0-9-]{0,62}/[a-z0-9][a-z0-9-]{0,62}\Z")
CLAUSE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}(\.[a-z0-9][a-z0-9-]{0,62})*\Z")
CURRENCY = re.compile(r"[A-Z]{3}\Z")
HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
                    "\U000e0000-\U000e007f]")
MULTILINE_HIDDEN = re.compile(HIDDEN.pattern.replace("\x00-\x1f", "\x00-\x08\x0b-\x1f"))
PATTERNS = {"ID": ID, "SEAT": SEAT, "CLAUSE": CLAUSE, "CURRENCY": CURRENCY}
MEMBER = {"IDS": "ID", "SEATS": "SEAT", "UINTS": "UINT", "TEXTS": "TEXT", "BLOBS": "BYTES", "HASHES": "HASH"}


def text_ok(s, multiline):
    """ENC-8."""
    return not (MULTILINE_HIDDEN if multiline else HIDDEN).search(s)


class Codec:
    def __init__(self, schema):
        self.schema = schema

    def decode(self, name, data):
        return self.record(name, value(data))

    def decode_prefix(self, name, data):
        v, n = prefix(data)
        return self.record(name, v), n

    def record(self, name, v, where=None):
        where = where or name
        if type(v) is not dict:
            raise Refused("ENC-4", "%s is no map" % where)
        fields, out = self.schema.records[name], {}
        known = {f.key for f in fields}
        for key in v:
            if key not in known:
                raise Refused("ENC-4", "%s has the unknown key %d" % (where, key))
        for f in fields:
            if f.key in v:
                out[f.name] = self.field(f, v[f.key], "%s.%s" % (where, f.name))
            elif f.required:
                raise Refused("ENC-4", "%s lacks its key %d (%s)" % (where, f.key, f.name))
            else:
                out[f.name] = None
        rec = Rec(name, out)
        if name in ("genesis_sigs", "refounding"):
            sigs = rec.list if name == "genesis_sigs" else rec.sigs
            ascend([(g.seat.encode(), g.signature.key) for g in sigs], where)
        return rec

    def field(self, f, v, where):
        kind = f.kind
        if kind in MEMBER or kind == "LIST":
            if type(v) is not list:
                raise Refused("ENC-4", "%s is no array" % where)
            bound(f, len(v), where, "members")
            if kind == "LIST":
                out = [self.record(f.of, m, "%s[%d]" % (where, i)) for i, m in enumerate(v)]
            else:
                out = [self.simple(MEMBER[kind], None, m, "%s[%d]" % (where, i)) for i, m in enumerate(v)]
            if f.order:
                ascend([self.sort_key(f, m) for m in out], where)
            return out
        if kind == "REC":
            return self.record(f.of, v, where)
        return self.simple(kind, f, v, where)

    def sort_key(self, f, member):
        if f.order == ("",):
            return raw(member)
        if f.order == ("*",):
            return self.by_fields(f.of, member)
        if f.order == ("above",):  # amounts first; by currency and amount, then by score
            t = member.when.terms[0]
            return (0, t.amount.currency, t.amount.minor) if t.amount else (1, decimal_key(t.number))
        return tuple(raw(member[name]) for name in f.order)

    def by_fields(self, name, rec):
        """charter.def: field by field in the order of their keys, an absent field first."""
        out = []
        for f in sorted(self.schema.records[name], key=lambda f: f.key):
            v = rec[f.name]
            if isinstance(v, Rec):
                v = self.by_fields(f.of, v)
            elif isinstance(v, list):
                v = tuple(self.by_fields(f.of, m) if isinstance(m, Rec) else raw(m) for m in v)
            out.append((0,) if v is None else (1, raw(v)))
        return tuple(out)

    def simple(self, kind, f, v, where):
        if kind in ("UINT", "INT", "ENUM", "TIME"):
            if type(v) is not int or (v < 0 and kind != "INT"):
                raise Refused("ENC-4", "%s is no integer, or a negative one" % where)
            if kind == "TIME" and v >= 1 << 53:
                raise Refused("ENC-10", "%s is no time" % where)
            if f and not (kind in ("INT", "ENUM") and f.low == f.high == 0):
                open_top = kind in ("UINT", "TIME") and f.high == 0
                if v < f.low or (v > f.high and not open_top):
                    raise Refused("ENC-9", "%s is %d, out of its bounds" % (where, v))
            if kind == "ENUM" and v not in self.schema.enums[f.of].values():
                raise Refused("ENC-12", "%s is %d, none of %s" % (where, v, f.of))
            return v
        if kind == "BOOL":
            if type(v) is not bool:
                raise Refused("ENC-4", "%s is no boolean" % where)
            return v
        if kind in ("HASH", "SIG", "PROSE"):
            size = 64 if kind == "SIG" else 32
            if kind == "PROSE" and type(v) is not bytes:
                raise Refused("ENC-4", "%s is no digest" % where)
            if type(v) is not bytes or len(v) != size:
                raise Refused("ENC-10", "%s is no bin of %d bytes" % (where, size))
            return v
        if kind == "BYTES":
            if type(v) is not bytes:
                raise Refused("ENC-4", "%s is no bin" % where)
            bound(f, len(v), where, "bytes")
            return v
        if kind == "DECIMAL":
            return decimal(v, where)
        if kind == "RAW":
            if type(v) is not dict:
                raise Refused("ENC-4", "%s is no map" % where)
            return encode(v)
        if type(v) is not str:
            raise Refused("ENC-4", "%s is no text" % where)
        if kind in PATTERNS:
            if not PATTERNS[kind].match(v) or (kind == "CLAUSE" and len(v) > 128):
                raise Refused("ENC-10", "%s is no %s" % (where, kind))
            return v
        if kind not in ("TEXT", "MULTILINE"):
            raise ValueError("unknown field type " + kind)
        bound(f, len(v.encode()), where, "bytes")
        if not text_ok(v, kind == "MULTILINE"):
            raise Refused("ENC-8", "%s has a refused character" % where)
        return v

    def plain(self, name, fields):
        """The msgpack value of a record given as {field name: value}; None is absent."""
        out = {}
        for f in self.schema.records[name]:
            v = fields.get(f.name) if isinstance(fields, dict) else fields[f.name]
            if v is None:
                if f.required:
                    raise ValueError("%s.%s is missing" % (name, f.name))
                continue
            if f.kind == "REC":
                v = self.plain(f.of, v)
            elif f.kind == "LIST":
                v = [self.plain(f.of, m) for m in v]
            elif f.kind == "RAW" and isinstance(v, bytes):
                v = value(v)
            elif f.kind == "DECIMAL":
                v = {1: v[0], 2: v[1]}
            out[f.key] = v
        return out

    def encode(self, name, fields):
        return encode(self.plain(name, fields))

    def prose_fields(self, name, rec, where=""):
        """Every PROSE of a decoded record, nested ones too: (path, Field, digest)."""
        for f in self.schema.records[name]:
            v = rec[f.name]
            path = where + f.name
            if v is None:
                continue
            if f.kind == "PROSE":
                yield path, f, v
            elif f.kind == "REC":
                yield from self.prose_fields(f.of, v, path + ".")
            elif f.kind == "LIST":
                for i, m in enumerate(v):
                    yield from self.prose_fields(f.of, m, "%s[%d]." % (path, i))


def raw(v):
    return v.encode() if isinstance(v, str) else v


def decimal_key(d):
    return d[0] * 10 ** (9 - d[1])


def ascend(keys, where):
    for a, b in zip(keys, keys[1:]):
        if a >= b:
            raise Refused("ENC-13", "%s is out of order, or holds a member twice" % where)


def bound(f, n, where, what):
    if f and (n < f.low or (n > f.high and f.high)):
        raise Refused("ENC-9", "%s has %d %s, out of its bounds" % (where, n, what))


def decimal(v, where):
    if type(v) is not dict or set(v) != {1, 2} or type(v[1]) is not int or type(v[2]) is not int \
            or type(v[1]) is bool or not 0 <= v[2] <= 9:
        raise Refused("ENC-11", "%s is no decimal" % where)
    if (v[1] == 0 and v[2]) or (v[2] and v[1] % 10 == 0):
        raise Refused("ENC-11", "%s has a trailing zero" % where)
    return v[1], v[2]
