#!/usr/bin/env bash
# Goal: the demo's second act, a year of an alliance on four real nodes with stepped clocks, comes to what it says: where each
# decision ends, figures on the scorecard and of what was promised worked out by hand, answers of the failure-mode check, no halt, and a record that two
# verifiers accept. It is the whole act; the longest of the system tests.
set -euo pipefail
bin=$(realpath "$1") source=$(realpath "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
code=0
DEMO_BIN=$bin DEMO_PACK=$work/year.pack "$source/scripts/demo" --act 2 >"$work/out" 2>&1 || code=$?
[ $code -ne 77 ] || { cat "$work/out"; exit 77; }
[ $code -eq 0 ] || { cat "$work/out"; exit 1; }
wants() { # wants FILE REGEX...: each is in it
  local want
  for want in "${@:2}"; do grep -Eq -- "$want" "$1" || { cat "$1"; echo "missing: $want"; exit 1; }; done
}
# Entries: one fewer when the distributor approves D-6 before its node has shown that it has seen it.
# Figures: trust is the mean of 4.5 (0,0,0,2,2), 3.75 (0,0,1,3,0) and 4.8 (0,0,0,1,4), alignment of 4.75, 4 and 4.5.
wants "$work/out" 'verdict: alliance; the answers say: alliance' 'Signed as maker/sponsor: ' 'dossier-maker: ' 'process: [0-9]+ of [0-9]+ at target' \
  'decisions    effective 16  expired 1' 'VERIFIED 54[12] entries, .* 17 decisions re-executed' '^  VERIFIED alliance ' 'state roots: [0-9]+ re-derived' \
  'revenue +2026-12 +15200000 +countersigned' 'patients +2026-12 +6000 +countersigned' 'trust +2026-Q4 +4\.35 +revealed .*gap 1\.05' \
  'alignment +2026-Q4 +4\.4167 +revealed .*gap 0\.75' 'commercial-terms +1 +1 +23\.58 +1 +1' '^  value +no .*of 3 assumptions 3 tested' \
  '^  governance +no +Of 16 decisions opened 16 passed, 2 escalated; 1 deadline passed' '^  incentives +yes' '^  VERIFIED D-8 of ' '^  VERIFIED D-8: effective' \
  'patients +24000 patients by 2027-12-31; 2026-12: 6000, countersigned; short by 18000, since 2026-02' 'late-deliveries +5 percent; 2026-12: 4, countersigned; kept' \
  'version 2  880  by clinics/delivery-lead' 'G-1 +revoked ' 'studies +EUR 900000.00: spent EUR 75000.00' 'distributor +partner +left ' \
  'course late: maker/quality is to be trained in safety-notice: never since the founding' 'early warning alarm-fatigue +HOLDS .* A-8 asks' \
  'review-hours +320\.5 hours every month, from clinics; 2026-12: 310, countersigned; short by 10\.5' 'resourcing-gap +5; 2026-12: 33\.33, computed' 'answered by D-14' \
  'refresh .*opened by itself: the charter fell due' 'D-13 exception is expired' 'heart-monitoring: report scorecard, 2026-05'
if grep -Eq '^  deemed .*halt' "$work/out"; then cat "$work/out"; echo "the ledger halted"; exit 1; fi
echo ok
