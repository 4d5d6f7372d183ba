"""Section 9: the writes of every block, re-executed.

Not repeated here: the charter check (of a founding, an amendment, an admission), as SPEC does not hold it: what the
validators accepted is taken as passing it. Where an amendment fails its second check (GOV-25), the words of its
`stale` event are the engine's own: the writes root of that block is not derived, its state root is. Both are
counted. What NOT_REPEATED names is refused in words, wherever it stands: then this program can say nothing about the record
from there on."""
import struct

import authority
from calendars import Calendars
from canonical import Rec, Refused
from members import DAY, Members, u64
from merkle import Sparse, root_of
from readings import Readings
import rights
from rights import Verdict, need, not_repeated, org_of
import signing

MAX_TIMERS = 256
HALT_DAYS, RECOVERY_HALT_DAYS = 31, 3
UNDECIDED, LIVE = ("PHASE_OPEN", "PHASE_MEDIATION"), ("PHASE_OPEN", "PHASE_MEDIATION", "PHASE_PASSED", "PHASE_STALE")
EFFECTS = {"charter-core": ("EFFECT_AMEND",), "charter-policy": ("EFFECT_AMEND",),
           "admission": ("EFFECT_ADMIT", "EFFECT_REGISTRAR"),
           "removal": ("EFFECT_REMOVE",), "exit": ("EFFECT_EXIT",), "upgrade": ("EFFECT_UPGRADE",)}
EFFECT_KEYS = {"EFFECT_AMEND": ("section", "base_version", "body"), "EFFECT_ADMIT": ("party", "card"),
               "EFFECT_UPGRADE": ("rules",), "EFFECT_REGISTRAR": ("keys", "instead_of")}


class Entry:
    def __init__(self, name, entry, signature, body, id_, leaf):
        self.name, self.entry, self.signature, self.body, self.id, self.leaf = name, entry, signature, body, id_, leaf
        self.seat, self.basis = entry.seat, entry.basis.size


NEVER_DEEMED = ("charter-core", "admission", "removal", "exit", "risk-acceptance")
NOT_REPEATED = {"item": "items (SPEC 17)", "item_move": "items (SPEC 17)", "reading": "readings handed in (MET-6)",
                "mark_reading": "readings countersigned, disputed or restated (MET-7)",
                "commit_reading": "sealed readings (MET-8)", "reveal_reading": "sealed readings (MET-9)"}


class Governance(Members, Readings):
    def __init__(self, codec, founding, sigs=None):
        self.codec, self.founding, self.enums = codec, founding, codec.schema.enums
        self.sigs = sigs or signing.Signatures()
        self.phase, self.event_type = self.enums["phase"], self.enums["event_type"]
        self.who, self.choice = self.enums["who"], self.enums["choice"]
        self.writes_known = False
        self.rows, self.changed, self.sparse, self.timers = {}, {}, Sparse(), set()
        self.parties, self.seats, self.keys, self.sections, self.old = {}, {}, {}, {}, {}
        self.decisions, self.pinned, self.revisions, self.ballots, self.inputs = {}, {}, {}, {}, set()
        self.recoveries, self.asks, self.supports, self.faults = {}, {}, {}, set()
        self.metric_rows, self.readings, self.reading_of, self.sums, self.receipts = {}, {}, {}, {}, {}
        self.last, self.rules = {"decision": 0, "note": 0, "metric": 0, "reading": 0}, 1  # rules: in force for the block at hand
        self.blocks = []  # (time, size of the tree after it)
        self.now = self.previous = self.height = self.epoch = 0
        self.record_leaf, self.cause, self.halted = 0, None, None

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
            not_repeated(e.name not in NOT_REPEATED, NOT_REPEATED.get(e.name))
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
        return timer[16] in (kinds["TIMER_DEADLINE"], kinds["TIMER_REBASE"], kinds["TIMER_RECOVERY"])

    def fire(self, record):
        """GOV-T1, GOV-T2. Returns how many fired."""
        kinds = self.enums["timer_kind"]
        fired = self.defer(0) if self.halted else 0
        missed = min((t for t in self.timers if self.of_silence(t)), default=None)
        missed = missed and struct.unpack(">Q", missed[:8])[0]
        if not self.halted and missed is not None and self.now - missed > self.clock().late_after_ms:
            self.halted = {"at": self.now, "from_ms": self.previous, "missed_ms": missed, "moved": 0, "cursor": None}
            fired = self.defer(fired)
        while not self.halted and fired < MAX_TIMERS and self.due():
            _, number, kind = struct.unpack(">QQB", self.due())
            if kind == kinds["TIMER_RECOVERY"]:
                self.recovered(number)
            elif kind == kinds["TIMER_DEADLINE"]:
                self.deadline(self.decisions[number])
            elif kind == kinds["TIMER_EFFECT"]:
                self.effective(self.decisions[number])
            elif kind == kinds["TIMER_PERIOD"]:
                self.period_over(number)
            elif kind == kinds["TIMER_READING"]:
                self.reading_late(number)
            else:
                self.end(self.decisions[number], "PHASE_LAPSED", "EVENT_LAPSED")
            fired += 1
        if record.entries and (self.halted or self.due()):
            raise Refused("GOV-T1", "timers are left unfired, and the block holds entries")
        return fired

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
            else:
                d = self.decisions[number]
                deadline = kind == self.enums["timer_kind"]["TIMER_DEADLINE"]
                self.set(d, **{"deadline_ms" if deadline else "rebase_ms": until})
                self.event(d, "EVENT_DEFERRED", until_ms=until)
            fired += 1
            h["moved"] += 1
        self.put("HALT", u64(h["at"]), "state_halt", h)
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
        else:
            until = self.end_of(number, {"n": 1, "unit": self.enums["span_unit"]["UNIT_BD"]}, t)
        return until if deadline < until else None

    # -- decisions: rows, timers, events -----------------------------------------------------------------------------

    def is_phase(self, d, *names):
        return d["phase"] in [self.phase[n] for n in names]

    def timer_of(self, d):
        """GOV-27."""
        kinds = self.enums["timer_kind"]
        if self.is_phase(d, *UNDECIDED):
            return u64(d["deadline_ms"], d["number"]) + bytes([kinds["TIMER_DEADLINE"]])
        if self.is_phase(d, "PHASE_PASSED"):
            return u64(d["effective_ms"], d["number"]) + bytes([kinds["TIMER_EFFECT"]])
        if self.is_phase(d, "PHASE_STALE"):
            return u64(d["rebase_ms"], d["number"]) + bytes([kinds["TIMER_REBASE"]])
        return None

    def amending_of(self, d):
        if d["section"] and self.is_phase(d, "PHASE_PASSED", *UNDECIDED):
            return bytes([d["section"]]) + u64(d["number"])
        return None

    def set(self, d, **fields):
        """Changes a decision, and the rows that follow from it."""
        before = {"TIMER": self.timer_of(d), "AMENDING": self.amending_of(d)}
        d.update(fields)
        after = {"TIMER": self.timer_of(d), "AMENDING": self.amending_of(d)}
        for table, old in before.items():
            if old != after[table]:
                if old is not None:
                    self.put(table, old, None, None)
                if after[table] is not None:
                    self.put(table, after[table], "", b"")
        self.put("DECISION", u64(d["number"]), "state_decision", d)

    def event(self, d, kind, **fields):
        """GOV-26."""
        row = {"type": self.event_type[kind], "leaf": self.leaf(), "at_ms": self.now, "rung": d["rung"],
               "revision": d["revision"]}
        if self.cause:
            row.update(seat=self.cause.seat, id=self.cause.id)
        row.update(fields)
        self.set(d, events=d["events"] + 1)
        self.put("EVENT", u64(d["number"]) + struct.pack(">I", d["events"]), "state_event", row)

    def end(self, d, phase, event, **fields):
        if self.is_phase(d, "PHASE_PASSED"):
            self.add_sum(d, d["passed_ms"], -1)
        self.set(d, phase=self.phase[phase], closed_ms=self.now, changed_leaf=self.leaf())
        self.event(d, event, **fields)

    def end_of(self, number, span, since=None):
        p = self.pinned[number]
        since = self.now if since is None else since
        return Calendars(self.old[8, p["calendars_version"]], self.enums).end(p["calendar"], since, span)

    def terms(self, d, rung=None):
        return rights.terms_in_force(self.pinned[d["number"]], d, d["rung"] if rung is None else rung, self.who)

    def tally(self, d, rung=None):
        return self.ballots.get((d["number"], d["revision"], d["rung"] if rung is None else rung), {})

    def positions(self, d, rung=None):
        """[(term, [(partner, position)])]"""
        blocks = self.pinned[d["number"]]["abstain"] == self.enums["abstain"]["ABSTAIN_BLOCKS"]
        ballots = self.tally(d, rung)
        return [(t, [(p, rights.position(t, p, ballots, self.filled, self.choice, blocks))
                     for p in rights.asked(t, d, self.who)]) for t in self.terms(d, rung)]

    def filled(self, seat):
        return bool(self.seats[seat]["keys"])

    def owing(self, d):
        return any(x == rights.OWES for _, ps in self.positions(d) for _, x in ps)

    # -- the course of a decision ------------------------------------------------------------------------------------

    def deadline(self, d):
        """GOV-13."""
        if self.deemed(d):
            return self.passing(d)
        if self.is_phase(d, "PHASE_MEDIATION") or self.owing(d) or (self.approved(d) and not self.inputs_in(d)):
            return self.escalate(d)
        return self.end(d, "PHASE_REJECTED", "EVENT_REJECTED")

    def deemed(self, d):
        """GOV-58. True: those who owe are taken to approve, and it passes."""
        until = d.get("receipts_until_ms")
        if until is None or d["rung"] or d["level"] or not self.is_phase(d, "PHASE_OPEN"):
            return False
        owing = sorted({p["org"] for _, ps in self.positions(d) for p, x in ps if x == rights.OWES})
        seen = [self.receipts.get((d["number"], d["revision"], o)) for o in owing]
        choices = [r["choice"] for r in self.tally(d).values()]
        if (not owing or any(r is None or r["at_ms"] > until for r in seen)
                or self.choice["CHOICE_REJECT"] in choices or self.choice["CHOICE_APPROVE"] not in choices
                or not self.inputs_in(d) or not self.approved(d, owing)):
            return False
        self.set(d, deemed=owing)
        for o in owing:
            self.event(d, "EVENT_DEEMED", name=o)
        return True

    def seen(self, d, e):
        """GOV-57."""
        p, org = self.pinned[d["number"]], org_of(e.seat)
        key = d["number"], d["revision"], org
        partner = org in self.parties and self.parties[org]["role"] == self.enums["role"]["ROLE_PARTNER"]
        if p["silence"] and partner and key not in self.receipts and self.revisions[d["number"]][-1]["leaf"] < e.basis:
            self.receipt_row(key, e)

    def receipt_row(self, key, e):
        number, revision, org = key
        row = self.receipts[key] = {"seat": e.seat, "id": e.id, "leaf": e.leaf, "at_ms": self.now}
        self.put("RECEIPT", u64(number) + struct.pack(">H", revision) + org.encode(), "state_receipt", row)

    def do_receipt(self, e, b):
        """GOV-56."""
        need(b.decision.number in self.decisions, "no decision %d" % b.decision.number, "NO_SUCH_OBJECT")
        d, org = self.decisions[b.decision.number], org_of(e.seat)
        self.live(d, b.decision)
        need(self.parties.get(org, {}).get("role") == self.enums["role"]["ROLE_PARTNER"], "no partner", "NOT_PERMITTED")
        need(self.revisions[d["number"]][-1]["leaf"] < e.basis, "the basis does not cover the revision", "CHANGED_SINCE")
        key = d["number"], d["revision"], org
        need(key not in self.receipts, "there is one", "DUPLICATE")
        self.receipt_row(key, e)
        self.event(d, "EVENT_RECEIPT", name=org)

    # -- sums of 90 days ---------------------------------------------------------------------------------------------

    def sum_key(self, type_, p, day):
        scope = (p.scope or "").encode()
        return (bytes([len(type_)]) + type_.encode() + bytes([len(scope)]) + scope + p.amount.currency.encode() +
                struct.pack(">I", day))

    def counted(self, type_, p):
        """GOV-60: the amount that predicates compare."""
        if p.amount is None or p.amount.minor < 0:
            return p.amount and p.amount.minor
        today = self.now // DAY
        before = sum(self.sums.get(self.sum_key(type_, p, day), 0) for day in range(today - 89, today + 1))
        return min(p.amount.minor + before, 2 ** 63 - 1)

    def add_sum(self, d, at_ms, sign):
        """GOV-63."""
        p = self.revisions[d["number"]][-1]["proposal"]
        if p.amount is None or p.amount.minor <= 0:
            return
        key = self.sum_key(d["type"], p, at_ms // DAY)
        self.sums[key] = min(max(self.sums.get(key, 0) + sign * p.amount.minor, 0), 2 ** 63 - 1)
        self.put("SUM", key, "state_sum", {"minor": self.sums[key]})

    def raised(self, d):
        """GOV-61: True when it does not pass yet."""
        if d["rung"]:
            return False
        p, pinned = self.revisions[d["number"]][-1]["proposal"], self.pinned[d["number"]]
        level, joint = rights.level_and_joint(pinned, p, d["mover"], self.enums, self.counted(d["type"], p))
        if level <= d["level"] and (d["joint"] or not joint):
            return False
        self.set(d, level=max(level, d["level"]), joint=joint or d["joint"])
        if self.approved(d):
            return False
        until = self.end_of(d["number"], pinned["sla"])
        self.set(d, deadline_ms=until, changed_leaf=self.leaf())
        self.event(d, "EVENT_RAISED", until_ms=until)
        return True

    def next_rung(self, d):
        """GOV-14."""
        p = self.pinned[d["number"]]
        bodies = {t["body"] for t in rights.base_terms(p, d["level"])} - {None}
        for n in range(d["rung"] + 1, len(p["rungs"]) + 1):
            r = p["rungs"][n - 1]
            if r["mediator"] or (r["partners"] and r["body"] not in bodies):
                return n
        return None

    def escalate(self, d, **fields):
        n = self.next_rung(d)
        if n is None:
            return self.ladder_end(d)
        r = self.pinned[d["number"]]["rungs"][n - 1]
        until = self.end_of(d["number"], r["within"])
        self.set(d, rung=n, phase=self.phase["PHASE_MEDIATION" if r["mediator"] else "PHASE_OPEN"], deadline_ms=until,
                 rung_revisions=0, changed_leaf=self.leaf())
        return self.event(d, "EVENT_ESCALATED", to=r["to"], until_ms=until, **fields)

    def ladder_end(self, d):
        """GOV-16."""
        p = self.pinned[d["number"]]
        otherwise = p["otherwise"]
        self.set(d, outcome=otherwise.type, outcome_name=otherwise.name, changed_leaf=self.leaf())
        self.event(d, "EVENT_DEFAULT", outcome=otherwise.type, name=otherwise.name)
        if otherwise.type == self.enums["last_resort"]["ELSE_FINAL_SAY"]:
            rung = d["rung"]
            while rung and p["rungs"][rung - 1]["mediator"]:
                rung -= 1
            found = {x for _, ps in self.positions(d, rung) for q, x in ps if q["org"] == otherwise.name}
            order = (rights.REJECTS, rights.OWES, rights.APPROVES, rights.ASIDE)
            worst = next((x for x in order if x in found), None)
            if worst == rights.APPROVES and self.inputs_in(d):
                return self.passing(d)
        return self.set(d, phase=self.phase["PHASE_DEFAULT"], closed_ms=self.now)

    def passes(self, d):
        """GOV-24."""
        return self.approved(d) and self.inputs_in(d)

    def inputs_in(self, d):
        needs = self.pinned[d["number"]]["needs"] or []
        return all((d["number"], d["revision"], i) in self.inputs or (n.seat and self.has_left(org_of(n.seat)))
                   for i, n in enumerate(needs))

    def approved(self, d, deemed=()):
        """GOV-24, but for the inputs. deemed: partners that count as approving where they owe."""
        for t, ps in self.positions(d):
            found = [rights.APPROVES if x == rights.OWES and p["org"] in deemed else x for p, x in ps]
            if rights.OWES in found or rights.REJECTS in found or not found:
                return False
            least = 2
            if not d["joint"] or t["who"] == self.who["WHO_OWN"]:
                least = 1
            elif t["who"] == self.who["WHO_OTHER"]:
                least = len(found)
            if found.count(rights.APPROVES) < least:
                return False
        return True

    def passing(self, d, leaving=False):
        """leaving: as GOV-38 has it, by nobody, and a notice of 0 ends by its timer."""
        if self.raised(d):
            return
        until = self.end_of(d["number"], self.pinned[d["number"]]["notice"])
        self.set(d, phase=self.phase["PHASE_PASSED"], passed_ms=self.now, effective_ms=until, changed_leaf=self.leaf())
        self.event(d, "EVENT_PASSED", until_ms=until, **({"seat": None, "id": None} if leaving else {}))
        self.add_sum(d, self.now, 1)
        head = self.decisions[d["counters"] or d["number"]]
        for n in [head["number"]] + head["countered_by"]:
            other = self.decisions[n]
            if other is not d and self.is_phase(other, "PHASE_STALE", *UNDECIDED):
                self.end(other, "PHASE_COUNTERED", "EVENT_COUNTERED", other=d["number"], seat=None, id=None)
        if self.pinned[d["number"]]["notice"].n == 0 and not leaving:
            self.effective(d)

    def effective(self, d):
        """GOV-25."""
        effect = self.revisions[d["number"]][-1]["proposal"].effect
        kind = self.effect_kind(effect)
        try:
            self.effect_ok(d["type"], effect, d["mover"], d["partner"])
        except Verdict as e:
            return self.stale(d, None if kind == "EFFECT_AMEND" else self.codec.schema.verdicts[e.verdict])
        if kind == "EFFECT_AMEND":
            self.new_section(d, effect.section, effect.body)
        elif kind == "EFFECT_ADMIT":
            self.admit(d, effect)
        elif kind == "EFFECT_UPGRADE":
            self.number_row("rules-next", effect.rules)
        elif kind == "EFFECT_REGISTRAR":
            self.reseat(d["partner"], effect.keys)
        self.set(d, phase=self.phase["PHASE_EFFECTIVE"], effective_ms=self.now, closed_ms=self.now,
                 changed_leaf=self.leaf())
        section = 7 if kind == "EFFECT_ADMIT" else d["section"]
        version = self.sections[section]["version"] if section else None
        self.event(d, "EVENT_EFFECTIVE", section=section, version=version, seat=None, id=None)
        if kind == "EFFECT_AMEND":
            self.outdated(d, version)
        elif kind == "EFFECT_ADMIT":
            self.ask_anew(effect.party.org)
        elif kind in ("EFFECT_REMOVE", "EFFECT_EXIT"):
            self.leave(self.leaver(d["type"], d["mover"], d["partner"]))
        elif kind == "EFFECT_UPGRADE":
            self.count_support()
        return None

    def new_section(self, d, number, body):
        """GOV-22."""
        old = self.sections.get(number)
        if old:
            self.put("SECTION_OLD", struct.pack(">BI", number, old["version"]), "state_section", old)
        self.section_row(number, old["version"] + 1 if old else 1, body, self.leaf(), d["number"])
        if number == 17:
            self.follow_metrics()

    def outdated(self, d, version):
        for n in sorted(self.decisions):
            other = self.decisions[n]
            if self.amending_of(other) and other["section"] == d["section"] and other["base_version"] != version:
                self.stale(other, "D-%d took effect first; the section is at version %d" % (d["number"], version))

    def stale(self, d, words=None):
        """GOV-21. The words that follow from a failed recheck are not known here."""
        if self.is_phase(d, "PHASE_PASSED"):
            self.add_sum(d, d["passed_ms"], -1)
        until = self.end_of(d["number"], {"n": 5, "unit": self.enums["span_unit"]["UNIT_BD"]})
        self.set(d, phase=self.phase["PHASE_STALE"], rebase_ms=until, changed_leaf=self.leaf())
        self.event(d, "EVENT_STALE", until_ms=until, seat=None, id=None, words=words)
        self.writes_known = self.writes_known and words is not None

    # -- kinds -------------------------------------------------------------------------------------------------------

    def fresh(self, changed_leaf):
        need(changed_leaf < self.cause.basis, "it changed after what the author had seen (GOV-4)", "CHANGED_SINCE")

    def decision(self, ref):
        need(ref.number in self.decisions, "no decision %d" % ref.number, "NO_SUCH_OBJECT")
        d = self.decisions[ref.number]
        self.fresh(d["changed_leaf"])
        return d

    def live(self, d, ref=None):
        need(self.is_phase(d, *LIVE), "the decision is closed", "CLOSED")
        need(ref is None or ref.digest == d["digest"], "made for another revision", "WRONG_REVISION")

    def charter(self):
        left = [o for o in self.parties if self.has_left(o)]
        return rights.Charter({n: s["decoded"] for n, s in self.sections.items()}, self.seats, left)

    def pin(self, row):
        """GOV-7."""
        c = self.charter()
        owners = sorted({s for o in row.owner for s in c.selected(o)})
        ladder = next((x for x in self.section(13).list if x.name == row.ladder), None)
        need(ladder, "the row names no ladder of the charter", "NO_SUCH_OBJECT")
        pinned = {"decisions_version": self.sections[14]["version"], "calendars_version": self.sections[8]["version"],
                "calendar": row.calendar, "owners": owners, "when_joint": row.joint,
                "terms": [c.term(a) for a in row.approve],
                "raises": [{"when": r.when, "terms": [c.term(a) for a in r.approve]} for r in row.above]
                if row.above else None,
                "veto": row.veto or [], "sla": row.sla, "min_read": row.min_read, "notice": row.notice,
                "ladder": row.ladder, "rungs": [c.rung(r) for r in ladder.rungs], "otherwise": row.otherwise,
                "abstain": row.abstain, "needs": row.needs,
                "silence": row.silence if row.silence == self.enums["silence"]["SILENCE_DEEMED"] else None}
        try:
            data = self.codec.encode("state_pinned", pinned)
            self.codec.decode("state_pinned", data)
        except Refused as e:
            raise Verdict("TOO_MANY", e.words) from None
        need(len(data) <= 65535, "what is pinned is too large", "TOO_MANY")
        return pinned

    def others_only(self, pinned, partner):
        """GOV-41: what is pinned when the others replace a partner's registrar."""
        for term in pinned["terms"] + [t for r in pinned["raises"] or [] for t in r["terms"]]:
            term["who"] = self.who["WHO_OTHER"]
        pinned["veto"] = [s for s in pinned["veto"] if org_of(s) != partner]
        pinned["needs"] = [n for n in pinned["needs"] or [] if not n.seat or org_of(n.seat) != partner] or None
        pinned["otherwise"] = Rec("charter_else", {"type": self.enums["last_resort"]["ELSE_STATUS_QUO"], "name": None})
        five = Rec("charter_span", {"n": 5, "unit": self.enums["span_unit"]["UNIT_BD"]})
        calendars = Calendars(self.old[8, pinned["calendars_version"]], self.enums)
        ends = [calendars.end(pinned["calendar"], self.now, span) for span in (pinned["notice"], five)]
        if ends[1] > ends[0]:
            pinned["notice"] = five

    def row_supported(self, row):
        not_repeated(row.budget == self.enums["requirement"]["REQ_NONE"], "budget envelopes (GOV-59)")
        not_repeated(not row.act_first, "acting first (GOV-64)")
        not_repeated(row.name != "risk-acceptance", "the acceptance of risks (ITM-19)")
        need(not row.longest and not row.reaffirms, "the row is not supported by these rules", "NOT_SUPPORTED")

    def proposal_ok(self, type_, p):
        partners = self.charter().partners
        not_repeated(p.budget is None, "budget envelopes (GOV-59)")
        need(all(o in partners for o in p.affected or []), "affected names no partner", "NO_SUCH_OBJECT")
        if type_ == "removal":
            partners = [o for o in self.parties if not self.has_left(o)]
        need(p.partner is None or p.partner in partners, "no such partner", "NO_SUCH_OBJECT")

    def approvals_ok(self, pinned, d):
        terms = rights.base_terms(pinned, d["level"])
        for t in terms:
            need(t["who"] != self.who["WHO_OTHER"] or d["partner"], "it names no partner", "INCOMPLETE")
            need(t["who"] != self.who["WHO_AFFECTED"] or not d["joint"] or d["affected"],
                 "it names nobody affected", "INCOMPLETE")
            need(rights.asked(t, d, self.who), "an approval asks nobody", "NOT_PERMITTED")

    def effect_ok(self, type_, effect, mover, partner):
        """GOV-22, but for the charter check."""
        kind = self.effect_kind(effect)
        keys = EFFECT_KEYS.get(kind, ())
        need(kind in EFFECTS.get(type_, ("EFFECT_NONE",)), "the effect does not fit the row", "BAD_EFFECT")
        for f in self.codec.schema.records["effect"]:
            need(f.name in ("type",) + keys or effect[f.name] is None, "a key of another effect", "BAD_EFFECT")
        if kind == "EFFECT_AMEND":
            need(effect.section and effect.body is not None and effect.section != 1, "no section or body", "BAD_EFFECT")
            need(effect.section not in (6, 7), "it changes with members", "NOT_PERMITTED")
            old = self.sections.get(effect.section)
            need(effect.base_version == (old["version"] if old else None), "the section has a newer version",
                 "STALE_VERSION")
            need(not old or old["body"] != effect.body, "the body is the same", "BAD_EFFECT")
        elif kind == "EFFECT_ADMIT":
            self.admit_ok(effect)
        elif kind in ("EFFECT_REMOVE", "EFFECT_EXIT"):
            need(kind == "EFFECT_REMOVE" or partner is None, "an exit is its mover's organisation's", "BAD_EFFECT")
            self.leaver_ok(self.leaver(type_, mover, partner))
        elif kind == "EFFECT_UPGRADE":
            self.upgrade_ok(effect)
        elif kind == "EFFECT_REGISTRAR":
            self.reseat_ok(effect, partner)

    def effect_kind(self, effect):
        return next(n for n, v in self.enums["effect_type"].items() if v == effect.type)

    def leaver(self, type_, mover, partner):
        return partner if type_ == "removal" else org_of(mover)

    def do_propose(self, e, b):
        """GOV-7."""
        p = b.proposal
        row = next((r for r in self.section(14).rows if r.name == b.type), None)
        need(row, "no such row", "NO_SUCH_OBJECT")
        self.row_supported(row)
        pinned = self.pin(row)
        need(e.seat in pinned["owners"], "the seat does not own the row", "NOT_PERMITTED")
        need(row.scope is None or row.scope == p.scope, "another scope", "NOT_PERMITTED")
        self.proposal_ok(b.type, p)
        if b.type == "admission" and self.effect_kind(p.effect) == "EFFECT_REGISTRAR" and p.partner:
            self.others_only(pinned, p.partner)
        level, joint = rights.level_and_joint(pinned, p, e.seat, self.enums, self.counted(b.type, p))
        d = {"type": b.type, "phase": None, "rung": 0, "revision": 1, "digest": e.id, "title": p.title,
             "mover": e.seat, "opened_ms": self.now, "opened_leaf": e.leaf, "level": level, "joint": joint,
             "affected": p.affected or [], "partner": p.partner, "section": p.effect.section,
             "base_version": p.effect.base_version, "counters": None, "countered_by": [], "rung_revisions": 0,
             "events": 0, "changed_leaf": e.leaf}
        self.approvals_ok(pinned, d)
        self.effect_ok(b.type, p.effect, e.seat, p.partner)
        amending = [x for x in self.decisions.values() if p.effect.section and x["section"] == p.effect.section
                    and self.is_phase(x, *UNDECIDED)]
        need(len(amending) < 32, "32 undecided amendments of the section", "TOO_MANY")
        head = self.countered(e, b) if b.counters else None
        number = self.count("decision")
        d.update(number=number, counters=head and head["number"])
        self.decisions[number], self.pinned[number], self.revisions[number] = d, pinned, []
        self.put("PINNED", u64(number), "state_pinned", pinned)
        self.revision(d, p, None)
        until = self.end_of(number, pinned["sla"])
        if pinned["silence"] and b.type not in NEVER_DEEMED:
            d["receipts_until_ms"] = self.now + (until - self.now) // 2
        self.set(d, phase=self.phase["PHASE_OPEN"], deadline_ms=until)
        self.event(d, "EVENT_OPENED", until_ms=until)
        if head:
            self.set(head, countered_by=head["countered_by"] + [number])
            self.event(head, "EVENT_COUNTER", other=number)

    def countered(self, e, b):
        """GOV-19."""
        other = self.decision(b.counters)
        need(self.is_phase(other, *UNDECIDED), "what it counters is decided", "CLOSED")
        need(b.counters.digest == other["digest"], "made for another revision", "WRONG_REVISION")
        need(other["type"] == b.type and other["mover"] != e.seat, "another type, or the same seat's", "NOT_PERMITTED")
        head = self.decisions[other["counters"] or other["number"]]
        need(len(head["countered_by"]) < 8, "eight counters", "TOO_MANY")
        return head

    def count(self, name):
        self.number_row(name, self.last[name] + 1)
        return self.last[name]

    def revision(self, d, proposal, reason):
        row = {"digest": d["digest"], "leaf": self.leaf(), "at_ms": self.now, "rung": d["rung"], "proposal": proposal,
               "reason": reason}
        self.revisions[d["number"]].append(row)
        self.put("REVISION", u64(d["number"]) + struct.pack(">H", d["revision"]), "state_revision", row)

    def do_ballot(self, e, b):
        """GOV-9."""
        d = self.decision(b.decision)
        self.live(d, b.decision)
        need(b.rung == d["rung"], "made for another rung", "WRONG_RUNG")
        not_repeated(b.choice != self.choice["CHOICE_RECUSE"], "recusal (GOV-48)")
        not_repeated(b.principal is None, "ballots of alternates (GOV-47)")
        tally = self.tally(d)
        if e.seat in tally:
            self.fresh(tally[e.seat]["leaf"])
        veto = b.choice == self.choice["CHOICE_VETO"]
        joins = None if veto else self.ballot_ok(e, b, d, tally)
        if veto:
            need(e.seat in self.pinned[d["number"]]["veto"], "the seat may not veto", "NOT_PERMITTED")
            need(b.reason, "a reason is required", "REASON_NEEDED")
            need(b.clause, "a clause is required", "CLAUSE_NEEDED")
        self.seen(d, e)
        row = {"choice": b.choice, "key": {"alg": e.signature.alg, "key": e.signature.key}, "id": e.id,
               "leaf": e.leaf, "at_ms": self.now, "clause": b.clause, "reason": b.reason}
        self.ballots.setdefault((d["number"], d["revision"], d["rung"]), {})[e.seat] = row
        self.put("BALLOT", u64(d["number"]) + struct.pack(">HB", d["revision"], d["rung"]) + e.seat.encode(),
                 "state_ballot", row)
        if joins and joins not in d["affected"]:
            self.set(d, affected=sorted(d["affected"] + [joins]))
        self.event(d, "EVENT_BALLOT", choice=b.choice, reason=b.reason, clause=b.clause)
        if veto:
            self.end(d, "PHASE_VETOED", "EVENT_VETOED", reason=b.reason, clause=b.clause)
        elif self.passes(d):
            self.passing(d)

    def ballot_ok(self, e, b, d, tally):
        """Returns the organisation that the ballot makes an affected one, or None."""
        need(self.is_phase(d, "PHASE_OPEN"), "no ballots at this stage", "NOT_NOW")
        need(b.choice != self.choice["CHOICE_REJECT"] or b.reason, "a reason is required", "REASON_NEEDED")
        need(e.seat.split("/")[1] != "registrar", "a registrar casts no ballots", "NOT_PERMITTED")
        org, asked, joins = org_of(e.seat), False, None
        for t in self.terms(d):
            asked = asked or any(e.seat in p["seats"] for p in rights.asked(t, d, self.who))
            if d["joint"] and t["who"] == self.who["WHO_AFFECTED"] and any(e.seat in p["seats"] for p in t["partners"]):
                asked, joins = True, org
        need(asked, "no approval asks this seat", "NOT_PERMITTED")
        need(all(s == e.seat or r["key"]["key"] != e.signature.key for s, r in tally.items()),
             "the key has a ballot for another seat", "SELF_DEALING")
        return joins

    def do_move_decision(self, e, b):
        """GOV-15."""
        d = self.decision(b.decision)
        self.live(d, b.decision)
        need(b.rung == d["rung"], "made for another rung", "WRONG_RUNG")
        not_repeated(b.move == self.enums["move"]["MOVE_ESCALATE"], "pauses (GOV-50)")
        need(self.is_phase(d, "PHASE_OPEN") and self.next_rung(d) is not None, "not at this stage", "NOT_NOW")
        owner = e.seat in self.pinned[d["number"]]["owners"]
        ballots, positions = self.tally(d), self.positions(d)
        if self.owing(d):
            may = e.seat not in ballots and any(x == rights.OWES and e.seat in p["seats"]
                                                for _, ps in positions for p, x in ps)
        else:
            may = ballots.get(e.seat, {}).get("choice") == self.choice["CHOICE_APPROVE"]
        need(owner or may, "the seat may not escalate", "NOT_PERMITTED")
        self.seen(d, e)
        self.escalate(d, reason=b.reason)

    def do_revise(self, e, b):
        """GOV-18."""
        d, p = self.decision(b.decision), b.proposal
        need(e.seat == d["mover"], "not the mover's seat", "NOT_PERMITTED")
        need(not self.is_phase(d, "PHASE_PASSED"), "it has passed", "NOT_NOW")
        self.live(d, b.decision)
        stale = self.is_phase(d, "PHASE_STALE")
        need(stale or d["rung_revisions"] < 3, "three revisions on this rung", "TOO_MANY")
        self.proposal_ok(d["type"], p)
        self.effect_ok(d["type"], p.effect, d["mover"], p.partner)
        was = self.revisions[d["number"]][-1]["proposal"].effect
        need(p.partner == d["partner"] and p.effect.section == d["section"] and p.effect.type == was.type,
             "another partner, kind of effect or section", "NOT_PERMITTED")
        pinned = self.pinned[d["number"]]
        level, joint = rights.level_and_joint(pinned, p, e.seat, self.enums, self.counted(d["type"], p))
        asked = {**d, "level": level, "joint": joint, "affected": p.affected or []}
        self.approvals_ok(pinned, asked)
        mediator = d["rung"] and pinned["rungs"][d["rung"] - 1]["mediator"]
        until = max(d["deadline_ms"], self.end_of(d["number"], pinned["min_read"]))
        self.set(d, revision=d["revision"] + 1, digest=e.id, title=p.title, affected=p.affected or [],
                 base_version=p.effect.base_version, level=level, joint=joint,
                 rung_revisions=d["rung_revisions"] + (not stale),
                 phase=self.phase["PHASE_MEDIATION" if mediator else "PHASE_OPEN"], deadline_ms=until, passed_ms=None,
                 effective_ms=None, rebase_ms=None, outcome=None, outcome_name=None, changed_leaf=e.leaf)
        self.revision(d, p, b.reason)
        self.event(d, "EVENT_REVISED", reason=b.reason, until_ms=until)

    def do_withdraw(self, e, b):
        """GOV-20."""
        d = self.decision(b.decision)
        self.live(d, b.decision)
        need(e.seat == d["mover"], "not the mover's seat", "NOT_PERMITTED")
        need(not self.is_phase(d, "PHASE_PASSED"), "it has passed", "NOT_NOW")
        self.end(d, "PHASE_WITHDRAWN", "EVENT_WITHDRAWN", reason=b.reason)

    def do_note(self, e, b):
        """GOV-23."""
        kinds = self.enums["note_type"]
        need(b.type != kinds["NOTE_COMMENT"] or b.text, "a comment without text", "INCOMPLETE")
        need(b.type != kinds["NOTE_EVIDENCE"] or b.document, "evidence without a document", "INCOMPLETE")
        need(b.type != kinds["NOTE_LINK"] or (b.decision and b.target), "a link without both ends", "INCOMPLETE")
        for ref in (b.decision, b.target):
            need(ref is None or ref.number in self.decisions, "no such decision", "NO_SUCH_OBJECT")
            need(ref is None or ref.digest in [r["digest"] for r in self.revisions[ref.number]],
                 "no such revision", "WRONG_REVISION")
        if b.decision:
            self.seen(self.decisions[b.decision.number], e)
        number = self.count("note")
        self.put("NOTE", u64(number), "state_note", {"id": e.id, "leaf": e.leaf, "at_ms": self.now, "seat": e.seat,
                                                     "note": b})
        if b.decision:
            self.event(self.decisions[b.decision.number], "EVENT_NOTE", other=number)
