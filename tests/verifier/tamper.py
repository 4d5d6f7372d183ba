#!/usr/bin/env python3
"""The tamper matrix: a rich record, a range of it and a decision certificate, changed in every way at every place, and put before both
verifiers. Each must refuse, in the right region and by a right rule, or say what is no longer there.

usage: tamper.py [--long] [--seed N] [--every N] [--only packs|ranges|certificates] [--table] [--shard I/N] [--minutes N]

ENTENTE_AUDIT and ENTENTE name the programs entente-audit and entente; without them the Python verifier alone is asked.
--long: every place instead of one or two of each name. --every: entente-audit is asked of each Nth change without keys. --table: print the matrix as docs/audit.md has it.
--shard I/N: each Nth change that needs no key, from the Ith (0 to N - 1) on; those with keys are in shard 0. --minutes: begin no more after that time; what was left out is
counted."""
import argparse
import collections
import io
import itertools
import os
import re
import sys
import tempfile
import time

import acts
import forge
from forge import CODEC

import certificate
import note
import pack
import ranges
import signing
import tamper_certificate
from tamper_ask import ask_audit, ask_python, verdict_of
import tamper_keys
import tamper_range
from tamper_places import Walk, cuts, flips, frame_changes, list_changes, seeded, splices
from tamper_record import Record
from verify import Verifier

AUDIT, ENTENTE = os.environ.get("ENTENTE_AUDIT"), os.environ.get("ENTENTE")

# What may be said of a change that needs no key, by place: regions, and rules in them. ENC is any rule of encoding. The
# first line that matches a place counts.
CHAIN = "BLK-2 PAK-2 GEN-5"
PACK = (
    (r"magic", "magic", "PAK-1"),
    (r"frame\.", "any", "ENC PAK-1 PAK-2"),
    (r"head frame", "frame header", CHAIN),
    (r"head\.version|head\.alliance", "head frame", "ENC GEN-3"),
    (r"head\.genesis\.version", "genesis", "ENC"),
    (r"head\.genesis\.sections", "genesis", "ENC GEN-3 GEN-4"),
    (r"head\.genesis\.cards(\.|$)", "genesis", "ENC GEN-1 GEN-2 GEN-3 GEN-5 GOV-2"),
    (r"head\.genesis\.sigs", "genesis", "ENC GEN-4"),
    (r"block frame", "header frame checkpoint certificate", CHAIN + " PAK-6 CRT-1 REF-2"),
    (r"block\.header\.record\.(version|leaf)", "header", "ENC CRT-1 GEN-5"),
    (r"block\.header\.record\.alliance", "header", "ENC CRT-1 BLK-2 GEN-5"),
    (r"block\.header\.record\.entries", "header leaf", "ENC CRT-1 BLK-1 GEN-5"),
    (r"block\.header\.record\.epoch", "header", "ENC CRT-1 BLK-2 GEN-5"),
    (r"block\.header\.record\.height", "header", "ENC PAK-2 GEN-5"),
    (r"block\.header\.record\.last_commit", "header", "ENC CRT-1 BLK-7 PAK-3 GEN-5"),
    (r"block\.header\.record\.(next_set.*|next_validators|validators)", "header", "ENC CRT-1 BLK-6 GEN-5"),
    (r"block\.header\.record\.prev", "header", "ENC CRT-1 BLK-2 GEN-5"),
    (r"block\.header\.record\.proposer", "header", "ENC CRT-1 BLK-10"),
    (r"block\.header\.record\.rules", "header", "ENC CRT-1 BLK-9 GEN-5"),
    (r"block\.header\.record\.time_ms", "header", "ENC CRT-1 BLK-3 GEN-5"),
    (r"block\.header\.record\.(state|writes)_root", "header", "ENC CRT-1 BLK-4 BLK-5 GEN-5"),
    (r"block\.header\.size", "header", "ENC CRT-1 BLK-2 GEN-5"),
    (r"block\.header\.root", "header genesis", "ENC CRT-1 TRE-1 GEN-5"),
    (r"block\.leaves$", "leaf", "TRE-1"),
    (r"block\.leaves\.entry\.(alliance|kind)", "leaf", "TRE-1"),
    (r"block\.leaves\.entry\.", "leaf", "TRE-1"),
    (r"block\.leaves\.signature\.", "leaf", "TRE-1"),
    (r"block\.certificate\.sigs$", "certificate header", "ENC CRT-1 BLK-7 PAK-3"),
    (r"block\.certificate\.", "certificate", "ENC CRT-1"),
    (r"block\.refounding\.", "certificate", "ENC REF-2 REF-3 REF-4"),
    (r"block\.prose(\.|$)", "prose frame", "ENC PAK-4 ENT-8"),
    (r"checkpoint frame", "checkpoint frame end", "CKP-1 PAK-2"),
    (r"checkpoint\.note\.", "checkpoint", "CKP-1 CKP-4 CKP-5 PAK-6"),
    (r"end frame", "end frame", "PAK-2 PAK-4"),
    (r"end\.", "end frame", "ENC PAK-4"),
)
CERTIFICATE = (
    (r"magic", "magic", "CER-1 PAK-1"),  # they are told apart by their first byte
    (r"frame\.", "any", "ENC PAK-1 CER-1"),
    (r"head frame", "frame link", "CER-1 CER-3"),
    (r"head\.(version|alliance)", "head frame", "ENC GEN-3"),
    (r"head\.decision", "head state frame", "ENC CER-5"),
    (r"head\.genesis", "genesis head", "ENC GEN-1 GEN-2 GEN-3 GEN-4 GEN-5 GOV-2"),
    (r"link frame", "frame link", "CER-1 CER-3"),
    (r"link\.rows", "link frame", "ENC CER-4 CER-5 SMT-3 REF-3"),
    (r"link\.refounding", "link frame", "ENC REF-2 REF-3 CER-4"),
    (r"link\.", "link frame", "ENC CER-3 CRT-1 BLK-6 REF-2"),
    (r"state frame", "frame state", "CER-1 SMT-3"),
    (r"state\.", "state block checkpoint frame", "ENC CER-5 CER-6 SMT-3"),
    (r"checkpoint frame", "frame checkpoint", "CER-1 CKP-1"),
    (r"checkpoint\.", "checkpoint state frame", "ENC CKP-1 CKP-4 CKP-5 CER-5 CER-6"),
    (r"block frame", "frame block end", "CER-1 CER-7 CER-8 CER-9 CER-12"),
    (r"block\.(record|path|leaf)", "block frame", "ENC CER-7"),
    (r"block\.(writes|hashes)", "block end frame", "ENC CER-7 CER-8 CER-9 CER-10 BLK-4"),
    (r"block\.entries\.(entry|signature|path|leaf|bytes)", "block frame", "ENC CER-7 CER-10 CER-11 ENT-3"),
    (r"block\.entries\.rows", "block frame", "ENC CER-5 CER-11 SMT-3"),
    (r"block\.entries\.prose", "block frame", "ENC ENT-8 CER-10"),
    (r"block\.entries$", "block frame", "ENC CER-7 CER-10 ENT-3"),
    (r"end frame", "frame end", "CER-1"),
    (r"end\.", "end frame", "ENC CER-12"),
)
RANGE = (
    (r"magic", "magic", "RNG-1 PAK-1"),
    (r"frame\.", "any", "ENC PAK-1 RNG-1"),
    (r"head frame", "frame link before", "RNG-1 CER-3 RNG-4"),
    (r"head\.(version|alliance)", "head frame", "ENC GEN-3"),
    (r"head\.(first|last)", "head link before frame", "ENC RNG-1 RNG-2 RNG-3 RNG-4"),
    (r"head\.genesis", "genesis head", "ENC GEN-1 GEN-2 GEN-3 GEN-4 GEN-5 GOV-2"),
    (r"link frame", "frame link before checkpoint", "RNG-1 CER-3 RNG-3 RNG-4 SMT-3"),
    (r"link\.rows", "link frame", "ENC CER-4 CER-5 SMT-3 REF-3"),
    (r"link\.", "link frame", "ENC CER-3 CRT-1 BLK-6 REF-2 RNG-3"),
    (r"before frame", "frame before", "RNG-1 RNG-4"),
    (r"before\.header\.record\.next_set", "before frame", "ENC RNG-4"),
    (r"before\.", "before frame", "ENC RNG-4"),
    (r"block frame", "frame certificate", "RNG-1 CRT-1 REF-2"),
    (r"block\.header\.record\.(version|leaf)", "header", "ENC CRT-1"),
    (r"block\.header\.record\.height", "header", "ENC RNG-1"),
    (r"block\.header\.record\.epoch", "header", "ENC BLK-2"),
    (r"block\.header\.record\.(next_set.*|next_validators|validators)", "header", "ENC CRT-1 BLK-6"),
    (r"block\.header\.", "header", "ENC CRT-1"),
    (r"block\.leaves", "leaf frame", "ENC TRE-1"),
    (r"block\.certificate\.sigs$", "certificate header", "ENC CRT-1 PAK-3"),
    (r"block\.certificate", "certificate frame", "ENC CRT-1"),
    (r"block\.refounding\.", "certificate rows", "ENC REF-2 REF-3 CER-4"),
    (r"block\.prose(\.|$)", "prose frame", "ENC PAK-4 ENT-8"),
    (r"rows frame", "frame rows", "RNG-1 SMT-3 RNG-6"),
    (r"rows\.", "rows frame", "ENC RNG-6 SMT-3 CER-4"),
    (r"checkpoint frame", "frame checkpoint", "RNG-1 CKP-1 SMT-3"),
    (r"checkpoint\.proof", "checkpoint frame", "ENC TRE-1"),
    (r"checkpoint\.rows", "checkpoint frame", "ENC RNG-7 SMT-3"),
    (r"checkpoint\.", "checkpoint frame", "ENC CKP-1 CKP-4 CKP-5 RNG-7"),
    (r"end frame", "end frame", "RNG-1"),
    (r"end\.", "end frame", "ENC RNG-1"),
)
# A header's change may show in what hangs on it: block 0's leaves, or the re-founding after the block (PAK-5).
ELSEWHERE = {("genesis", "TRE-1"), ("certificate", "REF-2")}
# What may be gone or there twice, as long as the verifier says so: a text, a checkpoint, a signature beyond the quorum.
# class and place -> what the report says then.
GONE = {("drop", "block.prose"): "fewer texts", ("reorder", "block.prose"): "the same",
        ("drop", "checkpoint frame"): "checkpoints", ("duplicate", "checkpoint frame"): "checkpoints",
        ("reorder", "checkpoint frame"): "the same", ("drop", "block.certificate.sigs"): "fewer signatures",
        ("drop", "link.proof.sigs"): "fewer signatures",
        ("drop", "block.entries.prose"): "fewer texts", ("reorder", "block.entries.prose"): "the same"}
COLUMNS = ("frames", "founding", "block and header", "entry", "certificate", "re-founding", "text", "checkpoint", "row of the state", "history")


def column(place):
    """Of the table in docs/audit.md."""
    for words, name in (("magic|frame|end", "frames"), ("refounding", "re-founding"), (r"^(head|head\..*|genesis)$", "founding"),
                        (r"prose|^text", "text"), (r"header|^before", "block and header"), (r"checkpoint", "checkpoint"),
                        (r"rows|^state|writes|hashes", "row of the state"), (r"leaves|entries|^entry|^leaf", "entry"),
                        (r"certificate|^link|proof", "certificate"), (r"history", "history"), (r"^block", "block and header")):
        if re.search(words, place):
            return name
    raise ValueError(place)


BATCH = 250  # changed files in memory at a time
# Packs, ranges and certificates are told apart by their first byte, which the Python verifier is not asked here.
FIRST_BYTE = {"magic PAK-1", "magic CER-1", "magic RNG-1"}


class Matrix:
    def __init__(self, long, seed, every, shard=(0, 1), minutes=0):
        self.long, self.seed, self.every, (self.shard, self.shards) = long, seed, every, shard
        self.until, self.left = time.monotonic() + 60 * minutes if minutes else None, 0
        self.counts, self.failures, self.rules = collections.Counter(), [], set()
        self.counts_of_form = collections.Counter()

    # -- judging -----------------------------------------------------------------------------------------------------

    def fail(self, words):
        self.failures.append(words)
        print("FAILED  " + words, flush=True)

    def expected(self, table, klass, place):
        """(regions, rules) as regular expressions."""
        if klass == "truncate":
            return "frame|magic|end", "PAK-1|PAK-2|CER-1|RNG-1"
        for words, regions, rules in table:
            if re.match(words, place):
                return ("[a-z]+" if regions == "any" else regions.replace(" ", "|"),
                        rules.replace("ENC", "ENC-[0-9]+").replace(" ", "|"))
        raise ValueError("nothing is expected of " + place)

    def judge(self, table, case, who, verdict, good):
        klass, place = case
        what = "%s, %s: %s says %s: %s" % (klass, place, who, verdict, verdict.words)
        if verdict.crash:
            return self.fail(what)
        if verdict.ok:
            how = GONE.get(case)
            if how is None:
                return self.fail(what)
            return None if self.said(how, verdict.told, good.told) else self.fail(what + " (%s: not told)" % how)
        regions, rules = self.expected(table, klass, place)
        if place.startswith("block.header.") and (verdict.region, verdict.rule) in ELSEWHERE:
            return self.exact(what, who, verdict)
        if not re.fullmatch(regions, verdict.region) or not re.fullmatch(rules, verdict.rule):
            return self.fail("%s; expected %s, by %s" % (what, regions, rules))
        return self.exact(what, who, verdict)

    def same(self, case, mine, theirs):
        """PAK-8: both name one region and one rule, but that bytes which have no form may break several rules of form."""
        if mine.crash or theirs.crash or (mine.ok and theirs.ok):
            return
        form = [str(v.rule).startswith("ENC-") for v in (mine, theirs)]
        if all(form):
            self.counts_of_form["both"] += 1
        elif any(form):
            self.counts_of_form["one"] += 1
        if str(mine) != str(theirs) and not any(form) and not FIRST_BYTE.issuperset({str(mine), str(theirs)}):
            self.fail("%s, %s: the Python verifier says %s (%s), entente-audit %s (%s)" % (*case, mine, mine.words, theirs, theirs.words))

    def exact(self, what, who, verdict):
        """entente-audit names bytes, record, rule and what it asks."""
        t = verdict.told
        self.rules.add(verdict.rule)
        if who == "entente-audit" and not (t["meaning"] and t["record"] and t["offset"] <= t["record_offset"] and t[
                "record_offset"] + t["record_bytes"] <= t["offset"] + t["bytes"]):
            self.fail(what + ": not located, or without the rule's meaning: %s" % t)

    @staticmethod
    def said(how, told, good):
        if told["root"] != good["root"]:
            return False
        if how == "fewer texts":
            return told["texts_absent"] > good["texts_absent"]
        if how == "checkpoints":
            return told["checkpoints"] != good["checkpoints"]
        if how == "fewer signatures":
            return told["signatures"] < good["signatures"]
        return all(told[k] == good[k] for k in ("texts_absent",))

    # -- asking ------------------------------------------------------------------------------------------------------

    def keyless(self, run, walk, frames, others, join, names, table, few):
        """Every change that needs no key; of places with one name so many."""
        few = 0 if self.long else few
        audit = AUDIT and ask_audit(AUDIT, walk.data)
        if AUDIT and not audit.ok:
            return self.fail("the file as it was made: %s" % audit)
        cases = self.cases(walk, frames, others, join, names, few)
        while batch := list(itertools.islice(cases, BATCH)):
            if self.until and time.monotonic() > self.until:
                self.left += len(batch) + sum(1 for _ in cases)
                break
            good, answers = ask_python(run, walk.data, walk.offsets, [d for _, _, d in batch])
            if not good.ok:
                return self.fail("the file as it was made: %s" % good)
            self.judged(table, batch, answers, good, audit)
        return None

    def cases(self, walk, frames, others, join, names, few):
        """(number, (class, place), the changed file); of this shard."""
        rng = seeded(self.seed)
        kinds = ((("flip",) + c for c in flips(walk, rng, few)), (("truncate",) + c for c in cuts(walk, rng, min(few, 1))),
                 list_changes(walk, frames, join, rng, few), frame_changes(frames, names, join),
                 (("splice",) + c for c in splices(walk, frames, others, names, join, rng, few)))
        for i, (klass, place, data) in enumerate(itertools.chain(*kinds)):
            if i % self.shards == self.shard:
                yield i // self.shards, (klass, place), data

    def judged(self, table, batch, answers, good, audit):
        for (i, case, data), v in zip(batch, answers):
            self.counts[case[0], column(case[1])] += 1
            self.judge(table, case, "the Python verifier", v, good)
            if AUDIT and i % self.every == 0:
                theirs = ask_audit(AUDIT, data)
                self.judge(table, case, "entente-audit", theirs, audit)
                self.same(case, v, theirs)

    def keyed(self, run, forged):
        """Changes by those who hold keys; each says what must be said."""
        for f in forged if self.shard == 0 else ():
            self.counts[f.klass, column(f.place)] += 1
            what = "%s, %s (by %s)" % (f.klass, f.what, f.who)
            v = verdict_of(lambda stream: run(stream, f), io.BytesIO(f.data))
            if str(v) != f.expect:
                self.fail("%s: the Python verifier says %s: %s; expected %s" % (what, v, v.words, f.expect))
            if not AUDIT:
                continue
            with tempfile.NamedTemporaryFile() as kept:
                options = ["--expect-alliance", f.options[0]] if f.options else []
                if f.kept:
                    kept.write(f.kept)
                    kept.flush()
                    options += ["--checkpoint", kept.name]
                v = ask_audit(AUDIT, f.data, *options)
            if str(v) != f.expect:
                self.fail("%s: entente-audit says %s: %s; expected %s" % (what, v, v.words, f.expect))
            elif not v.ok:
                self.exact(what, "entente-audit", v)
            if v.ok and f.klass == "rewrite with retired keys":
                self.warned(what, f, v)

    def warned(self, what, f, v):
        """Where nothing can tell, the report says that."""
        words = " ".join(v.told["not_checked"])
        if ("this is the only history" if f.kept is None else "no other history of the last") not in words:
            self.fail("%s: the report does not say that another history could be made: %s" % (what, words))

    # -- the whole ---------------------------------------------------------------------------------------------------

    def packs(self, record, other):
        def told(v):
            return {**v.counts, "root": v.tree.root().hex(), "signatures": sum(v.sigs.counts.values())}

        def run(stream):
            v = Verifier(CODEC)
            v.run(stream)
            return told(v)

        def run_with(stream, f):
            kept = [note.parse(f.kept)] if f.kept else []
            for k in kept:
                k.path = "kept.checkpoint"
            v = Verifier(CODEC, kept=kept)
            v.run(stream, bytes.fromhex(f.options[0]) if f.options else None)
            return told(v)

        frames, others = record.frames(), other.frames()
        names = [CODEC.schema.numbers["pack", f[2]].split("_")[1] for f in frames]
        self.keyless(run, Walk(CODEC, pack.MAGIC, frames), frames, others, forge.pack, names, PACK, 2)
        self.keyed(run_with, tamper_keys.all_of(record))

    def certificates(self, record, other):
        """Of the decision that was vetoed; made by `entente certify`, for there is no other maker."""
        def run(stream, _=None):
            c = certificate.Checker(CODEC, signing.Signatures())
            c.run(stream, None)
            return {"root": c.header.root.hex(), "texts_absent": c.absent, "epoch": c.epoch, "notes": c.notes,
                    "signatures": sum(c.sigs.counts.values())}

        whole = record.pack()
        data = tamper_certificate.made_by(ENTENTE, whole, record.numbers["spend"])
        frames = tamper_certificate.split(data)
        others = {"claim": tamper_certificate.Frames(tamper_certificate.split(
            tamper_certificate.made_by(ENTENTE, whole, record.numbers["claim"]))),
            "alliance": tamper_certificate.Frames(tamper_certificate.split(
                tamper_certificate.made_by(ENTENTE, other.pack(), other.numbers["spend"])))}
        for v in [verdict_of(run, io.BytesIO(data))] + ([ask_audit(AUDIT, data)] if AUDIT else []):
            if not v.ok or v.told.get("epoch", 1) != 1 or not any("suspect" in n for n in v.told["notes"]):
                self.fail("the certificate as it was made: %s: %s %s" % (v, v.words, v.told))  # CER-4: across a re-founding
        names = [CODEC.schema.numbers["certificate", f[2]].split("_")[1] for f in frames]
        self.keyless(run, Walk(CODEC, certificate.MAGIC, frames), frames, others["alliance"].frames, tamper_certificate.join,
                     names, CERTIFICATE, 1)
        self.keyed(run, tamper_certificate.forgeries(record, data, others))

    def ranges(self, record, other):
        """From the first fresh keys of distributor's node to the first block of the new epoch; cut by `entente pack`."""
        def run(stream, _=None):
            c = ranges.Checker(CODEC, signing.Signatures())
            c.run(stream, None)
            return {"root": c.header.root.hex(), "texts_absent": c.absent, "refoundings": c.refoundings, "links": c.links, "notes": c.notes,
                    "signatures": sum(c.sigs.counts.values())}

        def run_either(stream, f):
            if f.data[:1] == ranges.MAGIC[:1]:
                return run(stream)
            Verifier(CODEC).run(stream)
            return {}

        heights = record.at["renew/distributor"], record.at["refounded"] + 1
        data, others = (tamper_range.made_by(ENTENTE, r.pack(), *heights) for r in (record, other))
        frames, others = tamper_range.split(data), tamper_range.split(others)
        for v in [verdict_of(run, io.BytesIO(data))] + ([ask_audit(AUDIT, data)] if AUDIT else []):
            if not v.ok or v.told["refoundings"] != 1 or v.told["links"] != 3:
                self.fail("the range as it was made: %s: %s %s" % (v, v.words, v.told))
        names = [CODEC.schema.numbers["range", f[2]].split("_")[1] for f in frames]
        self.keyless(run, Walk(CODEC, ranges.MAGIC, frames), frames, others, tamper_range.join, names, RANGE, 1)
        self.keyed(run_either, tamper_range.frame_forgeries(record, data, tamper_range.Frames(others)))
        last = record.at["last"]
        self.keyed(run, tamper_range.entry_forgeries(record, tamper_range.split(tamper_range.made_by(ENTENTE, record.pack(), last, last))))

    def table(self):
        """class x place, with the number of changed files."""
        classes = sorted({k for k, _ in self.counts if k != "none"})
        rows = [["change"] + list(COLUMNS) + ["all"]]
        for k in classes:
            n = [self.counts[k, c] for c in COLUMNS]
            rows.append([k] + [str(x or "") for x in n] + [str(sum(n))])
        n = [sum(self.counts[k, c] for k in classes) for c in COLUMNS]
        rows.append(["all"] + [str(x) for x in n] + [str(sum(n))])
        return "\n".join(["| " + " | ".join(rows[0]) + " |", "|---" * len(rows[0]) + "|"]
                         + ["| " + " | ".join(r) + " |" for r in rows[1:]])


def shard_of(text):
    i, n = map(int, text.split("/"))
    if not 0 <= i < n:
        raise ValueError(text)
    return i, n


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--long", action="store_true")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--every", type=int, default=1)
    p.add_argument("--only", choices=("packs", "ranges", "certificates"))
    p.add_argument("--table", action="store_true")
    p.add_argument("--shard", type=shard_of, default=(0, 1), metavar="I/N")
    p.add_argument("--minutes", type=float, default=0)
    args = p.parse_args()
    began = time.process_time()
    charter = acts.charter()
    record = Record()
    other = Record(charter={**charter, "charter_alliance": {**charter["charter_alliance"], "nonce": b"\1" * 32}})
    m = Matrix(args.long, args.seed, args.every, args.shard, args.minutes)
    if args.only in (None, "packs"):
        m.packs(record, other)
    if ENTENTE and args.only in (None, "ranges"):
        m.ranges(record, other)
    if ENTENTE and args.only in (None, "certificates"):
        m.certificates(record, other)
    if args.table:
        print(m.table())
    print("%d changed files, seed %d: %d failures; rules named: %s" % (
        sum(m.counts.values()), args.seed, len(m.failures), " ".join(sorted(m.rules))), file=sys.stderr)
    print("form: %d named by a rule of encoding by both, %d by one%s" % (
        m.counts_of_form["both"], m.counts_of_form["one"], "; LEFT OUT for lack of time: %d" % m.left if m.left else ""), file=sys.stderr)
    print("%.0f s of this process, and those of the programs" % (time.process_time() - began), file=sys.stderr)
    return 1 if m.failures else 0


if __name__ == "__main__":
    sys.exit(main())
