"""Section 10: the pack's envelope. Frames are read one at a time."""
import struct

from canonical import Reader, Refused, value

MAGIC = b"entente pack 1\n"


class Failed(Exception):
    """PAK-5: the region where it first fails, the frame's number, its byte offset, the rule."""

    def __init__(self, region, frame, offset, rule, words):
        super().__init__("%s: frame %s at byte %d: %s: %s" % (region, frame, offset, rule, words))
        self.region, self.frame, self.offset, self.rule, self.words = region, frame, offset, rule, words


class Unknown(Exception):
    """What this program does not know how to check: neither verified nor failed."""


def frames(codec, stream, file="pack", magic=MAGIC):
    """Yields (number, offset, kind name, decoded body). Frames count from 1; the magic is frame 0. file: the one of
    proto/*.def that has the frames' blocks."""
    limit = codec.schema.limits["FRAME_BYTES"]
    if stream.read(len(magic)) != magic:
        raise Failed("magic", 0, 0, {"pack": "PAK-1", "certificate": "CER-1", "range": "RNG-1"}[file],
                     "a %s begins with the line \"%s\"" % (file, magic[:-1].decode()))
    number, offset = 0, len(magic)
    while True:
        head = stream.read(4)
        if not head:
            return
        number += 1
        if len(head) < 4:
            raise Failed("frame", number, offset, "PAK-1", "the pack ends inside a frame's length")
        size = struct.unpack(">I", head)[0]
        if not 1 <= size <= limit:
            raise Failed("frame", number, offset, "PAK-1", "a frame of %d bytes; 1 to %d are allowed" % (size, limit))
        data = stream.read(size)
        if len(data) < size:
            raise Failed("frame", number, offset, "PAK-1", "the pack ends inside a frame of %d bytes" % size)
        yield (number, offset) + body(codec, number, offset, data, file)
        offset += 4 + size


def body(codec, number, offset, data, file):
    try:
        v = value(data)
        kind = v.get(1) if type(v) is dict else None
        if type(v) is not dict or set(v) != {1, 2}:
            raise Refused("PAK-1", "a frame is a map of kind and body")
        name = codec.schema.numbers.get((file, kind))
        if name is None:
            raise Refused("PAK-1", "no frame has the kind %r" % kind)
    except Refused as e:
        region = region_at(data, e.at) if e.at is not None else "frame"
        raise Failed(region, number, offset, e.rule, e.words) from None
    try:
        return name, codec.record(name, v[2])
    except Refused as e:
        raise Failed(region_of(name, e.words), number, offset, e.rule, e.words) from None


BLOCK_REGIONS = {"header": "header", "leaves": "leaf", "certificate": "certificate", "prose": "prose"}


def region_of(name, words):
    if name == "pack_block":
        field = words.split(" ")[0].split(".")
        return BLOCK_REGIONS.get(field[1].split("[")[0], "frame") if len(field) > 1 else "frame"
    return name.split("_", 1)[1]


def region_at(data, at):
    """For a frame that is no canonical value: the region of the body's key before the fault."""
    if data[:3] != b"\x82\x01\x02" or data[3:4] != b"\x02":
        return "frame"
    r, region = Reader(data, 5), "frame"
    names = {1: "header", 2: "leaf", 3: "certificate", 4: "prose"}
    try:
        while r.at < at:
            key = r.value()
            region = names.get(key, "frame") if type(key) is int else "frame"
            r.value(1)
    except Refused:
        pass
    return region
