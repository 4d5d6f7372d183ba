#!/usr/bin/env bash
# Goal: documents, on four real nodes. What a person attaches at one node is at every partner's, byte for byte, and at no
# witness's; a node killed in the middle goes on from where it was, and so does an upload; a damaged file is found, named and
# fetched again; what is too large, empty or without room is refused, and nothing is signed then; a partner without a document
# says so, and gets it from whoever hands it in later; a stopped node's documents are examined by the doctor.
set -euo pipefail
bin=$1 source=$2
name=documents
. "$(dirname "$0")/alliance.sh"
ok() { answers 0 "$@"; }
sha() { sha256sum "$1" | cut -d' ' -f1; }
bytes() { python3 -c "import random,sys; sys.stdout.buffer.write(random.Random($1).randbytes($2))"; } # bytes SEED N
got() { rm -f got.bin; entente document get "$(sha "$2")" --to got.bin --node "$1" && cmp got.bin "$2"; } # got NODE FILE
number() { entente document status --json --node "$1" | json "x['$2']"; }
came() { entente document status --json --node "$1" | json "sum(p['came'] for p in x['peers'])"; }
size_of() { stat -c %s "$1" 2>/dev/null || echo 0; }
at_least() { [ "$(size_of "$1")" -ge "$2" ]; }
partners="maker clinics distributor"
found "$partners" trustee

echo "== attached at one node, it is at every partner's"
bytes 1 3000000 >terms.pdf
bytes 2 65536 >chunk.bin # one chunk exactly
bytes 3 1 >byte.bin
good as maker alliance-manager propose commercial-terms --title "Sensor price" --attach terms.pdf,chunk.bin # D-1
good as clinics alliance-manager comment D-1 --text "as agreed" --attach byte.bin
for o in $partners; do for f in terms.pdf chunk.bin byte.bin; do wait_for got $o $f; done; done
ok "document  sha256:$(sha terms.pdf)  \(here, 3000000 bytes\)" entente show D-1 --node distributor
ok "document sha256:$(sha byte.bin)  \(here, 1 bytes\)" entente show D-1 --node distributor
ok "sha256:$(sha chunk.bin)  maker, leaf [0-9]+  here, 65536 bytes" entente document list --node clinics
entente document get "sha256:$(sha byte.bin)" --node distributor | cmp - byte.bin || fail "standard output differs"
answers 1 'got.bin: exists already; it was left as it is' entente document get "$(sha byte.bin)" --to got.bin --node maker

echo "== a witness keeps none, and says so (DOC-6)"
ok 'The node of trustee keeps no documents' entente document status --node trustee
answers 1 'is not here: the node of trustee keeps none' entente document get "$(sha terms.pdf)" --to no.bin --node trustee
[ ! -e no.bin ] || fail "a file was left"
[ -z "$(ls trustee/documents | grep -v named || true)" ] || fail "the trustee's node kept something: $(ls trustee/documents)"
answers 1 'the node of trustee keeps no documents: only those of partners do' entente document add byte.bin --node trustee

echo "== refused: nothing is signed, nothing is left (DOC-4, DOC-5)"
stop maker
sed -i 's/^document-max: .*/document-max: 4/' maker/node.yaml
start maker
wait_for healthy maker
bytes 4 5000000 >large.bin
: >empty.bin
size=$(field maker size)
before=$(ls maker/documents)
answers 1 'large.bin: not attached, and nothing was signed: document [0-9a-f]{16}... has 5000000 bytes, and this node keeps documents of at most 4194304 \(node.yaml, document-max\)' \
  as maker alliance-manager comment D-1 --text "too large" --attach large.bin
answers 2 'empty.bin: is empty' as maker alliance-manager comment D-1 --text "empty" --attach empty.bin
answers 1 'gone.bin: there is no such file' as maker alliance-manager comment D-1 --text "gone" --attach gone.bin
answers 2 'a comment names one document' as maker alliance-manager comment D-1 --text "two" --attach chunk.bin,byte.bin
[ "$(field maker size)" = "$size" ] || fail "something was signed"
[ "$(ls maker/documents)" = "$before" ] || fail "something was left: $(ls maker/documents)"

echo "== larger than one partner's node takes: there it is said, the others have it"
good as clinics alliance-manager comment D-1 --text "for the others" --attach large.bin
wait_for got distributor large.bin
wait_for is "sha256:$(sha large.bin)  clinics, leaf [0-9]+  too large" entente document list --node maker
says 'PROBLEM +document [0-9a-f]{16}... has 5000000 bytes, and this node keeps documents of at most 4194304' entente document status --node maker
answers 1 'is not here: document .* this node keeps documents of at most 4194304' entente document get "$(sha large.bin)" --to no.bin --node maker
stop maker
sed -i 's/^document-max: .*/document-max: 64/' maker/node.yaml
start maker
wait_for healthy maker
wait_for got maker large.bin

echo "== an upload that was cut short goes on (DOC-4)"
bytes 5 2500000 >report.bin
stop maker
head -c 1000000 report.bin >"maker/documents/$(sha report.bin).part"
start maker
wait_for healthy maker
ok 'report.bin: 1000000 of 2500000 bytes are at the node already; it goes on from there' \
  as maker alliance-manager issue new --title "Late" --attach report.bin # I-1
wait_for got distributor report.bin

echo "== a node killed in the middle of a transfer goes on from there (DOC-8)"
bytes 6 20000000 >video.bin
part=distributor/documents/$(sha video.bin).part
good as maker alliance-manager issue new --title "Filling line" --attach video.bin # I-2
wait_for at_least "$part" 2000000
lose distributor
kept=$(size_of "$part")
[ "$kept" -lt 20000000 ] || fail "it was not killed in the middle"
start distributor
wait_for got distributor video.bin
chunks=$(( (20000000 - kept + 65535) / 65536 ))
[ "$(came distributor)" -le $((chunks + 8)) ] || fail "of $chunks chunks $(came distributor) came: it began anew"
ok "document sha256:$(sha video.bin)  \(here, 20000000 bytes\)" entente show I-2 --node distributor

echo "== a damaged file is found, named, and fetched again (DOC-10)"
file=clinics/documents/$(sha terms.pdf)
wait_for got clinics terms.pdf
printf 'X' | dd of="$file" bs=1 seek=1500000 conv=notrunc status=none
cmp -s "$file" terms.pdf && printf 'Y' | dd of="$file" bs=1 seek=1500000 conv=notrunc status=none
answers 6 "documents/$(sha terms.pdf) is damaged: its bytes have SHA-256 [0-9a-f]{64}. Check the disk. It is fetched again from the partners that have it" \
  entente document get "$(sha terms.pdf)" --to no.bin --node clinics
[ ! -e no.bin ] || fail "a damaged document was written"
wait_for got clinics terms.pdf
[ ! -e "$file.damaged" ] || fail "the damaged one was left"

echo "== a node whose disk changed a document gives wrong bytes: that is noticed, and another is asked (DOC-9)"
bytes 8 400000 >photo.bin
stop distributor
good as maker alliance-manager comment D-1 --text "photo" --attach photo.bin
wait_for got clinics photo.bin
stop clinics # so that the maker's node is asked first
printf 'XX' | dd of="maker/documents/$(sha photo.bin)" bs=1 seek=300000 conv=notrunc status=none
start distributor
wait_for is 'maker +asked for .*; [1-9][0-9]* faults: the document that it gave has another SHA-256; it lies, or its disk is damaged' \
  entente document status --node distributor
got distributor photo.bin && fail "wrong bytes were taken for the document"
start clinics
wait_for got distributor photo.bin
answers 6 "documents/$(sha photo.bin) is damaged" entente document get "$(sha photo.bin)" --to no.bin --node maker
wait_for got maker photo.bin

echo "== what nobody handed in is missing, and said to be; whoever has it hands it in (DOC-7)"
bytes 7 200000 >late.bin
good as maker alliance-manager comment D-1 --text "by digest" --document late.bin
wait_for is "sha256:$(sha late.bin)" entente document list --node clinics
answers 1 'an entry of maker names it \(leaf [0-9]+\), and no node within reach has given it' entente document get "$(sha late.bin)" --to no.bin --node clinics
ok "sha256:$(sha late.bin)  \(not here\)" entente show D-1 --node maker
answers 1 'is not here, and no entry on the record names it' entente document get "$(sha empty.bin)" --to no.bin --node maker
ok 'is at the node of clinics, 200000 bytes' entente document add late.bin --node clinics
for o in $partners; do wait_for got $o late.bin; done
for o in $partners; do [ "$(number $o here)" = "$(number $o named)" ] || fail "$o: $(number $o here) of $(number $o named)"; done

echo "== the doctor"
stop distributor
ok "documents [0-9]+ whole; 0 more that the record names are not here" ententd doctor distributor
printf 'Z' | dd of="distributor/documents/$(sha byte.bin)" bs=1 conv=notrunc status=none
says "DAMAGED   documents: distributor/documents/$(sha byte.bin) is damaged" ententd doctor distributor
ententd doctor distributor >/dev/null 2>&1 && fail "the doctor finds nothing"
start distributor
wait_for got distributor byte.bin

echo "== the same record everywhere, and for an auditor"
for o in clinics distributor trustee; do wait_for same $o maker; done
good entente pack all.pack --node trustee
verified all.pack
echo "documents: ok"
