#!/usr/bin/env python3
"""entente_verify: checks an Entente pack, range, certificate, checkpoint or proof without Entente's own code.

usage: entente_verify.py verify FILE [--expect-alliance ID] [--checkpoint FILE]... [--json] [--openssl] [--proto DIR]
       entente_verify.py entries PACK [--leaf N --entry FILE --signature FILE --signers FILE] [--expect-alliance ID]
       entente_verify.py checkpoint FILE --key VKEY... [--json]
       entente_verify.py inclusion --leaf-hash B64 --index N --size N --root B64 --proof B64,...
       entente_verify.py consistency --size1 N --root1 B64 --size2 N --root2 B64 --proof B64,...

exit codes: 0 verified; 1 usage, or a file that cannot be read or is of rules not known here; 6 verification failed."""
import argparse
import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from canonical import Codec, Refused  # noqa: E402
import certificate  # noqa: E402
from entries import Entries  # noqa: E402
import merkle  # noqa: E402
import note  # noqa: E402
from pack import Failed, Unknown  # noqa: E402
import ranges  # noqa: E402
from schema import Schema  # noqa: E402
import signing  # noqa: E402
from verify import Verifier  # noqa: E402

PROTO = pathlib.Path(__file__).resolve().parents[2] / "proto"


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.print_usage(sys.stderr)
        self.exit(1, "entente_verify: %s\n" % message)


def number(text):
    if not re.match(r"(0|[1-9][0-9]{0,19})\Z", text) or int(text) >= 1 << 64:
        raise argparse.ArgumentTypeError("%r is no decimal number below 2^64" % text)
    return int(text)


def hash32(text):
    try:
        data = note.unbase64(text, "hash")
    except Refused as e:
        raise argparse.ArgumentTypeError(e.words) from None
    if len(data) != 32:
        raise argparse.ArgumentTypeError("%r is no base64 of 32 bytes" % text)
    return data


def hashes(text):
    return [hash32(t) for t in text.split(",")] if text else []


def alliance(text):
    if not re.match(r"[0-9a-f]{64}\Z", text):
        raise argparse.ArgumentTypeError("an alliance id is 64 digits of lower-case hex")
    return bytes.fromhex(text)


def said_erased(c):
    """ERA-4."""
    erased, left = c["texts_erased"], c["texts_left"]
    words = ", %d of them erased by decision" % erased if erased else ""
    if left:
        words += "; %d %s by decision" % (left, "is there although it was erased" if left == 1 else "are there although they were erased")
    return words


def say_pack(v, as_json):
    c = dict(v.counts, alliance=v.founding.alliance.hex(), leaves=v.tree.size, signatures=v.sigs.counts,
             kinds=v.kinds, kept_size=v.kept_size, faults=v.faults)
    if as_json:
        print(json.dumps({"verified": True, **c, "root": v.tree.root().hex()}, sort_keys=True))
        return
    print("VERIFIED alliance %s" % c["alliance"])
    print("  {blocks:,} blocks, {entries:,} entries, {leaves:,} leaves, {certificates:,} certificates, "
          "{checkpoints:,} checkpoints".format(**c))
    if c["refoundings"]:
        print("  epochs: {refoundings} begun by refounding, {uncertified_blocks} of them after a block without a "
              "certificate".format(**c))
    print("  signatures: " + ", ".join("%s %d" % s for s in sorted(c["signatures"].items())))
    print("  entries by kind: " + (", ".join("%s %d" % k for k in sorted(c["kinds"].items())) or "none"))
    for f in v.faults:
        print("  fault: the node of {org} signed two votes of type {type} at height {height}, round {round}: leaf {leaf}, "
              "shown by {shown_by}".format(**f))
    print("  texts: {texts} match their digests, {texts_absent} absent".format(**c) + said_erased(c))
    print("  writes roots: {writes_roots} re-derived, {writes_roots_not_derived} NOT re-derived".format(**c))
    print("  state roots: {state_roots} re-derived".format(**c))
    if v.kept_size:
        print("  the checkpoint that was kept, of {:,} leaves, is of this history".format(v.kept_size))
    else:
        print("  Not checked: that there is no second history, made by keys that were replaced since: no checkpoint was given.")
    if c["writes_roots_not_derived"]:
        print("  What was not re-derived is what the validators signed for; this program did not repeat it.")


def say_certificate(c, as_json):
    known = {"decision": c.number, "phase": c.phase, "alliance": c.founding.alliance.hex(), "height": c.anchor.height,
             "size": c.header.size, "root": c.header.root.hex(), "cosigned": c.cosigned, "members": len(c.members),
             "links": c.links, "events": len(c.events), "entries": c.entries, "texts": c.texts, "texts_absent": c.absent}
    if as_json:
        print(json.dumps({"verified": True, **known, "notes": c.notes, "not_proven": certificate.NOT_PROVEN}, sort_keys=True))
        return
    print("VERIFIED D-{decision}: {phase}, as of block {height} of alliance {alliance}".format(**known))
    print("  tree of {size:,} leaves, root {root}, cosigned by {cosigned} of {members}; {links} links of the chain of sets".format(**known))
    print("  all {events} events, {entries} entries; {texts} texts match their digests, {texts_absent} absent".format(**known))
    for what, ev in c.events:
        print("  leaf %-6d %s%s" % (ev.leaf, what, " by " + ev.seat if ev.seat else ""))
    for n in c.notes:
        print("  To know: " + n)
    for n in certificate.NOT_PROVEN:
        print("  Not proven: " + n)


def say_range(r, as_json):
    known = {"alliance": r.founding.alliance.hex(), "re_executed": False, "first": r.first, "last": r.last, "first_ms": r.first_ms,
             "last_ms": r.last_ms, "blocks": r.blocks, "entries": r.entries, "links": r.links, "refoundings": r.refoundings,
             "anchor": r.record.height, "size": r.header.size, "root": r.header.root.hex(), "cosigned": r.cosigned,
             "members": len(r.members), "rows": r.rows_shown, "texts": r.texts, "texts_absent": r.absent,
             "basis_before": r.basis_before, "kept_size": r.kept_size, "signatures": r.sigs.counts}
    if as_json:
        print(json.dumps({"verified": True, **known, "notes": r.notes, "not_checked": ranges.NOT_CHECKED}, sort_keys=True))
        return
    print("RANGE VERIFIED, not re-executed: blocks {first} to {last} of alliance {alliance}".format(**known))
    print("  {entries:,} entries; {texts:,} texts match their digests, {texts_absent:,} absent; {rows:,} rows of the state".format(**known))
    print("  nodes: {links} links besides the blocks, {refoundings} refoundings".format(**known))
    print("  anchor: block {anchor}, tree of {size:,} leaves, root {root}, cosigned by {cosigned} of {members}".format(**known))
    if r.basis_before:
        print("  {basis_before:,} entries rest on a boundary before the range, which is not compared".format(**known))
    if r.kept_size:
        print("  the checkpoint that was kept, of {:,} leaves, is of this history".format(r.kept_size))
    for n in r.notes:
        print("  To know: " + n)
    for n in ranges.NOT_CHECKED:
        print("  Not checked: " + n)


def read_kept(path):
    """PAK-7: a checkpoint that somebody kept; who signed it is not asked."""
    n = note.parse(pathlib.Path(path).read_bytes())
    n.path = path
    return n


def do_verify(args):
    codec = Codec(Schema(args.proto))
    try:
        kept = [read_kept(path) for path in args.checkpoint]
    except Refused as e:
        print("entente_verify: --checkpoint: it is no checkpoint: %s" % e.words, file=sys.stderr)
        return 1
    with open(args.pack, "rb") as stream:
        first = stream.read(1)  # they are told apart by it
        stream.seek(0)
        if kept and first == certificate.MAGIC[:1]:
            print("entente_verify: --checkpoint is for packs and ranges, and %s is a decision certificate" % args.pack, file=sys.stderr)
            return 1
        if first == certificate.MAGIC[:1]:
            v, say = certificate.Checker(codec, signing.Signatures(args.openssl)), say_certificate
        elif first == ranges.MAGIC[:1]:
            v, say = ranges.Checker(codec, signing.Signatures(args.openssl), kept), say_range
        else:
            v, say = Verifier(codec, args.openssl, kept), say_pack
        try:
            v.run(stream, args.expect_alliance)
        except Unknown as e:
            print("entente_verify: %s: %s" % (args.pack, e), file=sys.stderr)
            return 1
        except Failed as e:
            if args.json:
                print(json.dumps({"verified": False, "region": e.region, "frame": e.frame, "offset": e.offset,
                                  "rule": e.rule, "words": e.words}, sort_keys=True))
            else:
                print("NOT VERIFIED: region %s, frame %d at byte %d, rule %s: %s"
                      % (e.region, e.frame, e.offset, e.rule, e.words))
            return 6
    say(v, args.json)
    return 0


def do_entries(args):
    files = (args.entry, args.signature, args.signers)
    if (args.leaf is None) != (None in files) or (args.leaf is None and any(files)):
        print("entente_verify: --leaf, --entry, --signature and --signers go together", file=sys.stderr)
        return 1
    codec = Codec(Schema(args.proto))
    seen = Entries(codec.schema.enums["sig_alg"], args.leaf)
    try:
        with open(args.pack, "rb") as stream:
            Verifier(codec, each=seen).run(stream, args.expect_alliance)
    except Unknown as e:
        print("entente_verify: %s: %s" % (args.pack, e), file=sys.stderr)
        return 1
    except Failed as e:
        print("NOT VERIFIED: region %s, frame %d at byte %d, rule %s: %s" % (e.region, e.frame, e.offset, e.rule, e.words))
        return 6
    if args.leaf is None:
        seen.print()
        return 0
    if seen.found is None:
        print("entente_verify: leaf %d is no entry of this pack; without --leaf they are listed" % args.leaf, file=sys.stderr)
        return 1
    seen.write(*files)
    return 0


def do_checkpoint(args):
    data = pathlib.Path(args.file).read_bytes()
    try:
        keys = [note.parse_vkey(k) for k in args.key]
    except Refused as e:
        print("entente_verify: --key: %s" % e.words, file=sys.stderr)
        return 1
    try:
        n = note.parse(data)
        signed = note.check(n, keys)
        if not signed:
            raise Refused("CKP-4", "no line is by a key that was given")
    except Refused as e:
        print(json.dumps({"verified": False, "rule": e.rule, "words": e.words}) if args.json
              else "NOT VERIFIED: rule %s: %s" % (e.rule, e.words))
        return 6
    who = [{"name": keys[i].name, "cosigned": t} for i, t in sorted(signed.items())]
    if args.json:
        print(json.dumps({"verified": True, "origin": n.origin, "size": n.size, "root": n.root.hex(), "signed": who}))
        return 0
    print("VERIFIED checkpoint of %s: size %d, root %s" % (n.origin, n.size, n.root.hex()))
    for w in who:
        print("  signed by %s%s" % (w["name"], "" if w["cosigned"] is None else " at %d" % w["cosigned"]))
    return 0


def proved(ok):
    print("VERIFIED" if ok else "NOT VERIFIED: rule TRE-1: the proof does not lead to the root")
    return 0 if ok else 6


def do_inclusion(a):
    return proved(merkle.inclusion(a.leaf_hash, a.index, a.size, a.proof, a.root))


def do_consistency(a):
    return proved(merkle.consistency(a.size1, a.root1, a.size2, a.root2, a.proof))


def parser():
    p = Parser(prog="entente_verify.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = p.add_subparsers(dest="verb", required=True)
    v = verbs.add_parser("verify")
    v.add_argument("pack", metavar="FILE", help="a pack, a range of one, or a decision certificate")
    v.add_argument("--expect-alliance", type=alliance)
    v.add_argument("--checkpoint", action="append", default=[], metavar="FILE",
                   help="one that was kept: the pack or range must be of its history; again for more")
    v.add_argument("--json", action="store_true")
    v.add_argument("--openssl", action="store_true", help="ask openssl about every signature too (slow)")
    v.add_argument("--proto", default=PROTO, help="the folder of the .def files")
    v.set_defaults(do=do_verify)
    e = verbs.add_parser("entries")
    e.add_argument("pack")
    e.add_argument("--leaf", type=number, help="one entry, written with its signature and key, for ssh-keygen")
    for name in ("entry", "signature", "signers"):
        e.add_argument("--" + name, metavar="FILE")
    e.add_argument("--expect-alliance", type=alliance)
    e.add_argument("--proto", default=PROTO, help="the folder of the .def files")
    e.set_defaults(do=do_entries)
    c = verbs.add_parser("checkpoint")
    c.add_argument("file")
    c.add_argument("--key", action="extend", nargs="+", required=True)
    c.add_argument("--json", action="store_true")
    c.set_defaults(do=do_checkpoint)
    i = verbs.add_parser("inclusion")
    for name, kind in (("leaf-hash", hash32), ("index", number), ("size", number), ("root", hash32),
                       ("proof", hashes)):
        i.add_argument("--" + name, type=kind, required=True)
    i.set_defaults(do=do_inclusion)
    s = verbs.add_parser("consistency")
    for name, kind in (("size1", number), ("root1", hash32), ("size2", number), ("root2", hash32), ("proof", hashes)):
        s.add_argument("--" + name, type=kind, required=True)
    s.set_defaults(do=do_consistency)
    return p


def main():
    args = parser().parse_args()
    try:
        return args.do(args)
    except OSError as e:
        print("entente_verify: %s: %s" % (e.filename or "standard output", e.strerror), file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
