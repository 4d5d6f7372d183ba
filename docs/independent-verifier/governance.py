"""Sections 9, 16 to 20 and 25 to 28: the writes of every block, re-executed.

Not repeated here: the charter check (of a founding, an amendment, an admission), as SPEC does not hold it: what the
validators accepted is taken as passing it. Where an amendment fails its second check (GOV-25), the words of its
`stale` event are the engine's own: the writes root of that block is not derived, its state root is. Both are
counted."""
import struct

import authority
from ballots import Ballots
from canonical import Refused
from decisions import Decisions
from grants import Grants
from indicators import Indicators
from item_steps import ItemSteps
from items import Items
from measures import Measures
from members import DAY, Members
from merkle import Sparse, root_of
from money import Money
from proposals import Proposals
from readings import Readings
from reliance import Reliance
from rights import u64
from sessions import Sessions
import signing
from triggers import Triggers

MAX_TIMERS = 256
UNSEEN_MS = 60000
HALT_DAYS, RECOVERY_HALT_DAYS = 31, 3


class Entry:
    def __init__(self, name, entry, signature, body, id_, leaf):
        self.name, self.entry, self.signature, self.body, self.id, self.leaf = name, entry, signature, body, id_, leaf
        self.seat, self.basis = entry.seat, entry.basis.size


class Governance(Decisions, Proposals, Ballots, Money, Items, ItemSteps, Indicators, Sessions, Grants, Members,
                 Readings, Measures, Reliance, Triggers):
    def __init__(self, codec, founding, sigs=None):
        self.codec, self.founding, self.enums = codec, founding, codec.schema.enums
        self.sigs = sigs or signing.Signatures()
        self.phase, self.event_type = self.enums["phase"], self.enums["event_type"]
        self.who, self.choice = self.enums["who"], self.enums["choice"]
        self.writes_known = False
        self.rows, self.changed, self.sparse, self.timers = {}, {}, Sparse(), set()
        self.parties, self.seats, self.keys, self.sections, self.old = {}, {}, {}, {}, {}
        self.decisions, self.pinned, self.revisions, self.ballots, self.inputs = {}, {}, {}, {}, set()
        self.recommendations, self.recused, self.budgets = {}, {}, {}
        self.items, self.ladders, self.cadences, self.sessions = {}, {}, {}, {}
        self.grants, self.audits, self.until_set_ms = {}, {}, {}
        self.erased = set()  # leaves in ERASED
        self.relied, self.relying = {}, {}  # decision -> what it relies on, and the reverse
        self.triggers, self.all_metrics = {}, []
        self.computed, self.halts = {}, {}  # (metric, period) -> value; block's time -> from_ms
        self.recoveries, self.asks, self.supports, self.faults = {}, {}, {}, set()
        self.metric_rows, self.readings, self.reading_of, self.sums, self.receipts = {}, {}, {}, {}, {}
        self.last = {"decision": 0, "note": 0, "metric": 0, "reading": 0}
        self.rules = 1  # in force for the block at hand
        self.blocks = []  # (time, size of the tree after it)
        self.now = self.previous = self.height = self.epoch = 0
        self.record_leaf, self.cause, self.halted = 0, None, None
        self.nobody = False  # what happens is by no seat, though an entry caused it

    def put(self, table, key, name, fields):
        """name None: the row is deleted; fields bytes: the value itself."""
        number, in_root = self.codec.schema.tables[table]
        row = number, key.encode() if isinstance(key, str) else key
        new = None if name is None else fields if isinstance(fields, bytes) else self.codec.encode(name, fields)
        self.changed.setdefault(row, self.rows.get(row))
        if new is None:
            self.rows.pop(row, None)
        else:
            self.rows[row] = new
        if in_root:
            self.sparse.put(number, row[1], new)
        if table == "TIMER":
            (self.timers.discard if new is None else self.timers.add)(row[1])

    def writes_root(self):
        """BLK-4."""
        leaves = []
        for (table, key), old in sorted(self.changed.items()):
            new = self.rows.get((table, key))
            if new != old:
                leaves.append(self.codec.encode("write", {"table": table, "key": key, "value": new}))
        return root_of(leaves)

    def state_root(self):
        return self.sparse.root()

    def clock(self):
        return self.section(3)

    def section(self, number):
        """The section in force, decoded."""
        return self.sections[number]["decoded"]

    def section_row(self, number, version, body, leaf, decision=None):
        name = self.codec.schema.numbers["charter", number]
        row = {"version": version, "body": body, "decision": decision, "changed_leaf": leaf}
        self.put("SECTION", bytes([number]), "state_section", row)
        self.sections[number] = {**row, "decoded": self.codec.decode(name, body)}
        self.old[number, version] = self.sections[number]["decoded"]
        if number in (11, 17):
            self.merge_metrics()

    def found(self, _record):
        """GOV-2."""
        f = self.founding
        for leaf, number in enumerate(sorted(f.bodies), 1):
            self.section_row(number, 1, f.bodies[number], leaf)
        parties = {p.org: p for p in f.sections[7].list}
        for leaf, org in enumerate(sorted(f.cards), 1 + len(f.bodies)):
            for s in f.cards[org].seats:
                if s.seat not in self.given_seats(parties[org]) or s.seat == "node":
                    raise Refused("GOV-2", "the charter gives %s no seat %s" % (org, s.seat))
            self.join(parties[org], f.cards[org], f.digests[org], leaf)
        self.writes_known = True
        self.now = f.sections[1].founded_ms
        self.follow_metrics()
        self.follow_cadence()
        self.follow_refresh()
        self.follow_triggers()
        self.blocks.append((self.now, 1 + len(f.bodies) + len(f.cards)))

    # -- blocks ----------------------------------------------------------------------------------------------------

    def block(self, record, first_leaf, entries):
        begins = record.epoch > self.epoch  # refound() has written already
        if not begins:
            self.changed = {}
        self.writes_known = True
        self.previous, self.now, self.record_leaf = self.now, record.time_ms, first_leaf
        self.height, self.epoch, self.rules = record.height, record.epoch, self.last.get("rules") or 1
        self.cause = None
        if begins:
            self.count_support()
        if not self.fire(record) and not entries and not begins:
            raise Refused("BLK-8", "the block holds no entry and fires no timer")
        for e in entries:
            authority.check(self, e)
            self.cause = e
            getattr(self, "do_" + e.name)(e, e.body)
        self.blocks.append((self.now, first_leaf + 1 + len(entries)))

    def leaf(self):
        return self.cause.leaf if self.cause else self.record_leaf

    def due(self):
        """The first timer that the block's time has reached, or None."""
        first = min(self.timers, default=None)
        return first if first and struct.unpack(">Q", first[:8])[0] <= self.now else None

    def of_silence(self, timer):
        kinds = self.enums["timer_kind"]
        return timer[16] in [kinds["TIMER_" + n] for n in ("DEADLINE", "REBASE", "RECOVERY", "ITEM_OFFER", "ITEM_RUNG",
                                                        "MINUTES")]

    def missed(self):
        """GOV-T2: the earliest deadline of silence in whose time the ledger stood still, or None."""
        for timer in sorted(t for t in self.timers if self.of_silence(t)):
            at, number, kind = struct.unpack(">QQB", timer)
            if self.now - at > self.clock().late_after_ms:
                return at
            if self.now - at > UNSEEN_MS and self.until_set_ms.get(self.deadline_of(number, kind)) == self.previous:
                return at
        return None

    def deadline_of(self, number, kind):
        """What a timer of silence is about: its key in until_set_ms. Recoveries and minutes have none."""
        kinds = self.enums["timer_kind"]
        if kind in (kinds["TIMER_DEADLINE"], kinds["TIMER_REBASE"]):
            return number
        return bytes([number >> 56]) + u64(number & (1 << 56) - 1) if kind in (kinds["TIMER_ITEM_OFFER"], kinds["TIMER_ITEM_RUNG"]) else None

    def fire(self, record):
        """GOV-T1, GOV-T2. Returns how many fired."""
        fired = self.defer(0) if self.halted else 0
        missed = None if self.halted else self.missed()
        if missed is not None:
            self.halted = {"at": self.now, "from_ms": self.previous, "missed_ms": missed, "moved": 0, "cursor": None}
            fired = self.defer(fired)
        while not self.halted and fired < MAX_TIMERS and self.due():
            self.fire_one(*struct.unpack(">QQB", self.due())[1:])
            fired += 1
        if record.entries and (self.halted or self.due()):
            raise Refused("GOV-T1", "timers are left unfired, and the block holds entries")
        return fired

    def fire_one(self, number, kind):
        name = next(n for n, v in self.enums["timer_kind"].items() if v == kind)
        of_decision = {"TIMER_DEADLINE": self.deadline, "TIMER_EFFECT": self.effective, "TIMER_REBASE": self.lapses,
                       "TIMER_PAUSE": self.resume, "TIMER_EXPIRY": self.expires}
        of_number = {"TIMER_RECOVERY": self.recovered, "TIMER_PERIOD": self.period_over, "TIMER_READING": self.reading_late,
                     "TIMER_REFRESH": lambda _: self.refresh_due(), "TIMER_TERM": self.term_due,
                     "TIMER_GRANT": self.grant_expires}
        if name in of_decision:
            of_decision[name](self.decisions[number])
        elif name in of_number:
            of_number[name](number)
        elif name.startswith("TIMER_ITEM_"):
            self.item_timer(number, kind)
        else:
            self.session_timers(number, kind)

    def defer(self, fired):
        """GOV-T2: moves timers of silence, from the halt's cursor on."""
        h = self.halted
        start, h["cursor"] = h["cursor"] or b"", None
        for timer in sorted(t for t in self.timers if t >= start):
            until = self.deferred_to(timer, h["at"])
            if until is None:
                continue
            if fired == MAX_TIMERS:
                h["cursor"] = timer
                break
            _, number, kind = struct.unpack(">QQB", timer)
            if kind == self.enums["timer_kind"]["TIMER_RECOVERY"]:
                self.recovery_row(number, {**self.recoveries[number], "due_ms": until})
            elif kind == self.enums["timer_kind"]["TIMER_MINUTES"]:
                self.session_row(self.sessions[number], due_ms=until)
            elif kind >= self.enums["timer_kind"]["TIMER_ITEM_DUE"]:
                self.defer_item(number, kind, until)
            else:
                d = self.decisions[number]
                deadline = kind == self.enums["timer_kind"]["TIMER_DEADLINE"]
                self.set(d, **{"deadline_ms" if deadline else "rebase_ms": until})
                self.event(d, "EVENT_DEFERRED", until_ms=until)
            fired += 1
            h["moved"] += 1
        self.put("HALT", u64(h["at"]), "state_halt", h)
        self.halts[h["at"]] = h["from_ms"]
        if h["cursor"] is None:
            self.halted = None
        return fired

    def deferred_to(self, timer, t):
        """When a halt found at t moves a timer to; None when it stays."""
        kinds = self.enums["timer_kind"]
        deadline, number, kind = struct.unpack(">QQB", timer)
        if not self.of_silence(timer) or deadline > t + HALT_DAYS * DAY:
            return None
        if kind == kinds["TIMER_RECOVERY"]:
            until = t + RECOVERY_HALT_DAYS * DAY
        elif kind >= kinds["TIMER_ITEM_DUE"]:
            until = self.item_end(self.days(1, "UNIT_BD"), t)
        else:
            until = self.end_of(number, {"n": 1, "unit": self.enums["span_unit"]["UNIT_BD"]}, t)
        return until if deadline < until else None

