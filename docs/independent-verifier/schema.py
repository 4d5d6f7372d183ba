"""The field tables, read from proto/*.def when the program starts.

The blocks of proto/*.def are part of the specification, so they are parsed, not copied: a table that is read cannot
differ from the one it was taken from. Only the lines RECORD, FIELD, OPT, ENUM_BEGIN, VALUE, TABLE, LIMIT and VERDICT
matter."""
import pathlib
import re

FILES = ("limits", "enums", "state_enums", "charter_enums", "ledger", "records", "pack", "certificate", "range", "charter", "state", "tables",
         "hello", "messages", "verdicts")
LINE = re.compile(r'^(RECORD|FIELD|OPT|ENUM_BEGIN|VALUE|TABLE|LIMIT|VERDICT)\((.*)\)\s*$')
ARGUMENT = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[^,()"]+(?:\([^()]*\))?)\s*(?:,|$)')


class Field:
    def __init__(self, key, name, kind, low, high, doc, required):
        self.key, self.name, self.low, self.high, self.doc, self.required = key, name, low, high, doc, required
        found = re.match(r"(\w+)(?:\((\w+)\))?$", kind)
        self.kind, self.of = found.group(1), found.group(2)
        self.order = ()  # names of the members that a list ascends by; set by order_of


class Schema:
    def __init__(self, folder):
        self.records, self.numbers, self.enums, self.tables, self.limits = {}, {}, {}, {}, {}
        self.names = {}  # (enum, number) -> text
        self.verdicts = {}  # name -> text
        for name in FILES:
            path = pathlib.Path(folder) / (name + ".def")
            if path.exists():
                for line in path.read_text(encoding="utf-8").splitlines():
                    self.line(line, name)
        for other in (("pack", 2), ("certificate", 17)):  # RNG-1: a range holds frames of these files, too
            self.numbers["range", other[1]] = self.numbers[other]
        for fields in self.records.values():
            for f in fields:
                f.order = order_of(f)

    def line(self, line, file):
        found = LINE.match(line)
        if not found:
            return
        what, args = found.group(1), [unquote(a) for a in ARGUMENT.findall(found.group(2))]
        if what == "RECORD":
            self.records[args[0]] = []
            if int(args[1]):
                self.numbers[file, int(args[1])] = args[0]
        elif what in ("FIELD", "OPT"):
            record, key, name, kind, low, high, doc = args
            self.records[record].append(Field(int(key), name, kind, int(low), int(high), doc, what == "FIELD"))
        elif what == "ENUM_BEGIN":
            self.enums[args[0]] = {}
        elif what == "VALUE":
            self.enums[args[0]][args[1]] = int(args[2])
            self.names[args[0], int(args[2])] = args[3]
        elif what == "TABLE":
            self.tables[args[0]] = (int(args[1]), args[2] == "1")
        elif what == "VERDICT":
            self.verdicts[args[0]] = args[3]
        elif what == "LIMIT":
            self.limits[args[0]] = int(args[1])


def unquote(s):
    s = s.strip()
    return re.sub(r"\\(.)", r"\1", s[1:-1]) if s.startswith('"') else s


MEMBERS = {"organisation": ("org",), "org": ("org",), "name": ("name",), "score": ("score",), "day": ("day",),
           "(key, alg)": ("key", "alg")}


def order_of(f):
    """ENC-13: what a list ascends by, from its line. Empty: no order by rule, or one that is checked elsewhere."""
    if f.kind == "UINTS" and "ascending" not in f.doc.lower():
        return ()
    if f.kind in ("IDS", "SEATS", "UINTS"):
        return ("",)  # by itself; charter.def: these ascend always; elsewhere their lines say so
    if f.kind != "LIST":
        return ()
    found = re.search(r"[Aa]scending(?: by (fields|organisation|org|name|score|day|\(key, alg\)))?", f.doc)
    if not found:
        return ()
    if found.group(1) == "fields":
        return ("*",)
    if found.group(1):
        return MEMBERS[found.group(1)]
    if f.of == "card_seat":
        return ("seat",)
    if f.of == "charter_above":
        return ("above",)
    return ()
