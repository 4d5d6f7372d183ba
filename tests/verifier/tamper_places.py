"""Where something can be changed in a pack, a range or a decision certificate, and the changes that need no key.

A *place* is a field of a record, named by the path of fields that leads there: block.header.record.time_ms. Lists have
no numbers in the name: all members of a list, in all frames, are one place. A *list* can lose a member, hold one twice,
or have two in the other order."""
import random
import struct

from canonical import Reader, encode, value

# Fields whose bytes are a record, or which is looked into: (record, field) -> what is inside. "" : only a value.
INSIDE = {("pack_head", "genesis"): "genesis", ("certificate_head", "genesis"): "genesis",
          ("range_head", "genesis"): "genesis", ("range_before", "header"): "header", ("genesis", "sections"): "section",
          ("genesis", "cards"): "signed_card", ("signed_card", "card"): "card", ("pack_block", "header"): "header",
          ("header", "record"): "block_record", ("pack_block", "leaves"): "entry signature",
          ("pack_block", "certificate"): "certificate or refounding", ("refounding", "statement"): "refound_statement",
          ("refounding", "proof"): "refound_proof", ("refound_proof", "certificate"): "certificate",
          ("refounding", "cards"): "signed_card", ("certificate_link", "header"): "header",
          ("certificate_link", "proof"): "certificate or refounding", ("certificate_block", "record"): "block_record",
          ("shown_entry", "bytes"): "entry signature"}
RECORDS = ("signature", "basis", "founder_signature", "genesis_sigs", "commit_sig", "signed_vote", "vote", "validator", "node_keys",
           "pack_prose", "prose", "state_proof", "shown_write", "write", "shown_entry", "genesis_sig", "refound_sig")
NOTE = ("origin", "size", "root", "empty line", "log line", "cosignature line")


class Place:
    """start, end: bytes in the file. frame: its number. path: how to reach the value (see edit)."""

    def __init__(self, name, start, end, frame, path):
        self.name, self.start, self.end, self.frame, self.path = name, start, end, frame, path


class List(Place):
    """members: how many."""

    def __init__(self, name, start, end, frame, path, members):
        super().__init__(name, start, end, frame, path)
        self.members = members


def enter(data, at):
    """What a value at this offset holds: ("map" or "array", members, offset of the first), ("bin", start, end) or None."""
    head = data[at]
    for low, what in ((0x80, "map"), (0x90, "array")):
        if low <= head < low + 16:
            return what, head - low, at + 1
    if 0xC4 <= head <= 0xC6:
        n = 1 << head - 0xC4
        start = at + 1 + n
        return "bin", start, start + int.from_bytes(data[at + 1:start], "big")
    if 0xDC <= head <= 0xDF:
        n = 2 << (head - 0xDC) % 2
        return "array" if head < 0xDE else "map", int.from_bytes(data[at + 1:at + 1 + n], "big"), at + 1 + n
    return None


def skip(data, at):
    r = Reader(data, at)
    r.value()
    return r.at


class Walk:
    """All places and lists of a file. magic: its first line."""

    def __init__(self, codec, magic, frames):
        self.codec, self.places, self.lists = codec, [], []
        self.data = magic + b"".join(struct.pack(">I", len(f)) + f for f in frames)
        self.places.append(Place("magic", 0, len(magic), 0, ()))
        self.offsets, at = [], len(magic)
        file = {b"e": "pack", b"d": "certificate", b"r": "range"}[magic[:1]]
        for number, f in enumerate(frames, 1):
            self.offsets.append(at)
            self.frame = number
            record = codec.schema.numbers[file, f[2]]
            self.top = record.split("_", 1)[1]
            self.add("frame.length", at, at + 4, ())
            self.add("frame.kind", at + 4, at + 7, ())
            self.record(record, at + 8, self.top, (2,))
            at += 4 + len(f)

    def add(self, name, start, end, path):
        self.places.append(Place(name, start, end, self.frame, path))

    def record(self, name, at, place, path):
        what, n, at = enter(self.data, at)
        assert what == "map", (name, place)
        fields = {f.key: f for f in self.codec.schema.records[name]}
        for _ in range(n):
            f, at = fields[self.data[at]], at + 1
            end = skip(self.data, at)
            self.field(name, f, at, end, "%s.%s" % (place, f.name), path + (f.key,))
            at = end

    def field(self, name, f, at, end, place, path):
        inside = INSIDE.get((name, f.name))
        if f.kind == "REC" and f.of in RECORDS:
            return self.record(f.of, at, place, path)
        if f.kind in ("LIST", "BLOBS", "HASHES"):
            _, n, member = enter(self.data, at)
            self.lists.append(List(place, at, end, self.frame, path, n))
            for i in range(n):
                after = skip(self.data, member)
                if f.kind == "LIST" and f.of in RECORDS:
                    self.record(f.of, member, place, path + (("member", i),))
                else:
                    self.bytes(inside, member, after, place, path + (("member", i),))
                member = after
            return None
        if name.endswith("_checkpoint") and f.name == "note":
            return self.note(at, place, path)
        return self.bytes(inside, at, end, place, path)

    def bytes(self, inside, at, end, place, path):
        """A bin that may hold a record, or any other value."""
        if inside is None or inside == "section":
            return self.add(place, at, end, path)
        _, start, _ = enter(self.data, at)
        if inside == "entry signature":
            self.record("entry", start, place + ".entry", path + ("entry",))
            return self.record("signature", skip(self.data, start), place + ".signature", path + ("signature",))
        if inside == "certificate or refounding":
            inside = "refounding" if type(value(self.data[start:end]).get(2)) is bytes else "certificate"
            place = place if inside == "certificate" else place.rsplit(".", 1)[0] + ".refounding"
        return self.record(inside, start, place, path + ("bytes",))

    def note(self, at, place, path):
        _, start, end = enter(self.data, at)
        lines = self.data[start:end].split(b"\n")[:-1]
        for i, line in enumerate(lines):
            what = NOTE[i] if i < 4 else NOTE[4] if i == 4 else NOTE[5]
            self.add("%s.%s" % (place, what), start, start + len(line) + 1, path)
            start += len(line) + 1


def edit(v, path, change):
    """The value with what the path leads to changed. A path has map keys, ("member", i), "bytes" (a bin's content),
    "entry" and "signature" (the two values in a leaf)."""
    if not path:
        return change(v)
    step, rest = path[0], path[1:]
    if step == "bytes":
        return encode(edit(value(v), rest, change))
    if step in ("entry", "signature"):
        r = Reader(v)
        entry = r.value()
        cut = r.at
        if step == "entry":
            return encode(edit(entry, rest, change)) + v[cut:]
        return v[:cut] + encode(edit(value(v[cut:]), rest, change))
    if isinstance(step, tuple):
        out = list(v)
        out[step[1]] = edit(v[step[1]], rest, change)
        return out
    return {**v, step: edit(v[step], rest, change)}


def look(v, path):
    """What the path leads to."""
    found = []
    edit(v, path, lambda x: found.append(x) or x)
    return found[0]


def with_frame(frames, number, path, change):
    """The frames, one of them edited."""
    out = list(frames)
    out[number - 1] = encode(edit(value(frames[number - 1]), path, change))
    return out


# -- changes -----------------------------------------------------------------------------------------------------------

def some_of_each(places, rng, few):
    """So many of each name; few 0: all of them."""
    by_name = {}
    for p in places:
        by_name.setdefault(p.name, []).append(p)
    for name in by_name:
        found = by_name[name]
        yield from rng.sample(found, min(few, len(found))) if few else found


def flips(walk, rng, few):
    """One bit: of the value's first byte, which says what it is, and of one within."""
    for p in some_of_each(walk.places, rng, few):
        for at in {p.start, rng.randrange(p.start, p.end)}:
            data = bytearray(walk.data)
            data[at] ^= 1 << rng.randrange(8)
            yield p.name, bytes(data)


def cuts(walk, rng, few):
    """The file ends within a place, or before it."""
    for p in some_of_each(walk.places, rng, few):
        at = rng.randrange(p.start, p.end)
        if at > 0:
            yield p.name, walk.data[:at]


def list_changes(walk, frames, join, rng, few):
    """(class, place, data): a member dropped, doubled, two swapped."""
    for p in some_of_each([x for x in walk.lists if x.members], rng, few):
        i = rng.randrange(p.members)
        at = [("drop", lambda v: v[:i] + v[i + 1:]), ("duplicate", lambda v: v[:i + 1] + v[i:])]
        if p.members > 1:
            k = rng.randrange(p.members - 1)
            at.append(("reorder", lambda v: v[:k] + [v[k + 1], v[k]] + v[k + 2:]))
        for klass, change in at:
            if klass != "reorder" or look(value(frames[p.frame - 1]), p.path + (("member", k),)) != look(
                    value(frames[p.frame - 1]), p.path + (("member", k + 1),)):
                yield klass, p.name, join(with_frame(frames, p.frame, p.path, change))


def frame_changes(frames, names, join):
    """(class, place, data): a frame dropped, doubled, swapped with the next."""
    for i, name in enumerate(names):
        place = name + " frame"
        yield "drop", place, join(frames[:i] + frames[i + 1:])
        yield "duplicate", place, join(frames[:i + 1] + frames[i:])
        if i + 1 < len(frames):
            yield "reorder", place, join(frames[:i] + [frames[i + 1], frames[i]] + frames[i + 2:])


def splices(walk, frames, others, names, join, rng, few):
    """(place, data): a frame, or a value, from the same place of another alliance's file."""
    for i, name in enumerate(names):
        if i < len(others) and others[i] != frames[i]:
            yield name + " frame", join(frames[:i] + [others[i]] + frames[i + 1:])
    for p in some_of_each([x for x in walk.lists + walk.places if x.path], rng, few):
        if p.frame > len(others):
            continue
        try:
            other = look(value(others[p.frame - 1]), p.path)
        except (KeyError, IndexError, TypeError):
            continue
        if other != look(value(frames[p.frame - 1]), p.path):
            yield p.name, join(with_frame(frames, p.frame, p.path, lambda _: other))


def seeded(seed):
    return random.Random(seed)
