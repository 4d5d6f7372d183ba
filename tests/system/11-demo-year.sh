#!/usr/bin/env bash
# Goal: the demo's second act, a year of an alliance on five real nodes with stepped clocks, comes to what it says: where each
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
  for want in "${@:2}"; do grep -Eaq -- "$want" "$1" || { cat "$1"; echo "missing: $want"; exit 1; }; done
}
# Decisions: 22 are proposed. D-6 is vetoed, D-16 expires; the other 20 are effective in the end, the exit (D-22) last. Up to January
# 21 were opened, of which 20 passed; D-8 climbed by itself, after a deadline, and D-10 by hand.
# Entries, 533: 22 proposals and 65 ballots (one veto, one rejection, 3 on each but D-6, D-7 and D-22, which have one by hand, and
# D-8, which has 4, D-10, which has 4, D-18, which has 6); 4 inputs and 1 recommendation; 2 escalations by hand; 1 comment; 2 receipts.
# Readings: 77 of 11 months with 7 each, 8 of 4 quarters with 2 each, a baseline, a forecast; 86 countersigned, 1 disputed and 1
# restated; 18 committed and 18 revealed (3 quarters, 2 pulses, 3 partners). Sessions, recorded and confirmed: 2 in the first weeks
# and 2 in February, 2 in each of 11 months, 2 in each of 4 quarters, 1 refresh: 35, so 70. Items: 31 opened by people; 112 moves, of
# which 26 are of controls that are claimed and verified by the month, food safety 10 times from April on, competition law in June,
# September and December. 3 grants and 6 words on them. 2 holders, 1 node.
# One entry more, 534, when the distributor's node has shown that it has seen D-7 before its delivery lead approves.
# Figures: trust is the mean of 4.5 (0,0,0,2,2), 4.8 (0,0,0,1,4) and 3.75 (0,0,1,3,0), alignment of 4.75, 4.5 and 4.
# D-8: from 17 March 09:00 to 8 April 05:00:02 are 21 days and 20 hours, 21.83. milestones-hit: in April the first dates of two fall, of
# day 90, which is met, and of the gate, which opens ten days late: 50; in May that of line 3 alone: 0; in July that of line 4: 100.
# Two months below 70 are consequence 1; it is known 8 business days after May, on 10 June at 24:00, 05:00 UTC of the next day.
# Of three commitments one falls short, line hours, 605 of 620: 33.33. Growth bonus: 1.5 percent of 55.4 million is 831000, of which
# 70 percent are 581700. Marketing: 260000 + 190000 + 50000 + 831000 = 1331000. Lines: 900000.
# Sessions due by 20 January 2027, whose next one opened by then: stand-ups of 2 weeks and of 11 months (February to December), 11 reviews
# of the council, and of 3 quarters (from April on) that of the sponsors and the reforecast: 30, all held. Late readings: January's, of
# brand 1, of the others 3 each, and 2 pulses of the first quarter each: 3, 5, 5. Metrics: 14 of the charter, one of D-2, 3 commitments
# are 18; in December no milestone was due and no issue closed: 16. Process: of savings, time-to-shelf, line-uptime, resourcing-gap and
# three commitments line-uptime, brand-team and sales-force are at their targets.
wants "$work/out" 'verdict: alliance; the answers say: alliance' 'Signed as brand/sponsor: ' 'dossier-brand: ' '30 sections, 0 refusals' \
  'decisions    effective 20  vetoed 1  expired 1' 'VERIFIED 53[34] entries, .* 22 decisions re-executed' '^  VERIFIED alliance ' 'state roots: [0-9]+ re-derived' \
  '^  financial: 1 of 1 at target' '^  customer: 0 of 1 at target' '^  process: 3 of 7 at target' '^  learning: 0 of 2 at target' \
  'revenue +2026-12 +56200000 +countersigned' 'on-shelf +2026-12 +91\.6 +countersigned' 'trust +2026-Q4 +4\.35 +revealed .*gap 1\.05' \
  'alignment +2026-Q4 +4\.4167 +revealed .*gap 0\.75' 'commercial-terms +1 +1 +21\.83 +1 +1' '^  value +no .*of 2 assumptions 2 tested' \
  '^  governance +no +Of 21 decisions opened 20 passed, 2 escalated; 1 deadline passed' '^  incentives +yes' '^  cadence +yes +Of 30 regular sessions due, 30 kept' \
  'brand: waited .*, 3 late readings, 0 unchecked' 'co-packer: waited .*, 5 late readings, 0 unchecked' 'distributor: waited .*, 5 late readings, 0 unchecked' \
  '^  measurement  yes +Of 18 metrics, 16' '^  VERIFIED D-10 of ' '^  VERIFIED D-10: effective' \
  'on-shelf +92 percent by 2027-06-30; 2026-12: 91\.6, countersigned; short by 0\.4, since 2026-02' 'time-to-shelf +95 days by .*; 2026-Q4: 99, countersigned; short by 4, since 2026-Q1' \
  'revenue +55000000 USD by 2027-06-30; 2026-12: 56200000, countersigned; kept' 'savings +1800000 USD; 2026-12: 1680000, countersigned; short by 120000, since 2026-02' \
  'line-hours +620 hours every month, from co-packer; 2026-12: 605, countersigned; short by 15, since 2026-02' 'resourcing-gap +5; 2026-12: 33\.33, computed; short by 28\.33' \
  'milestones-hit +2026-04 +50 = +computed' 'milestones-hit +2026-05 +0 = +computed .* worse than 50' 'milestones-hit +90; 2026-07: 100, computed; kept' \
  'consequence +milestones-hit +HOLDS +milestones-hit < 70 for 2  \(milestones-hit 0, 2 of 2\) since Thu 11 Jun 2026 05:00' \
  'A-13 +open +brand/delivery-lead .* consequence 1 holds: act on it' 'A-14 +open +co-packer/delivery-lead .* consequence 1 holds: act on it' \
  'A-15 +open +distributor/delivery-lead .* consequence 1 holds: act on it' 'A-14 action: consequence 1 holds: act on it' \
  'consequence +milestones-hit +no +milestones-hit < 70 for 2  \(milestones-hit 100, 0 of 2\)' 'consequence +milestones-hit +no +milestones-hit < 70 for 4  \(milestones-hit 0, 2 of 4\)' \
  'growth-bonus +HOLDS .*pays USD 831000\.00 from marketing-2026 \(co-packer USD 249300\.00, distributor USD 581700\.00\)' \
  'marketing-2026 +USD 6000000\.00: spent USD 1331000\.00' 'lines-2026 +USD 9500000\.00: spent USD 900000\.00' \
  'version 2  8800  by distributor/finance' 'G-1 +revoked ' 'distributor +partner +left ' 'F-2 is closed' '^  D-6 is vetoed' 'note by distributor/quality: \(erased by D-17\)' \
  'course late: brand/quality is to be trained in recall: never since the founding' 'early warning stock-outs +HOLDS .* A-8 asks' 'answered by D-20' \
  'refresh .*opened by itself: the charter fell due' 'D-16 exception is expired' 'ready-to-drink: report scorecard, 2026-05'
if grep -Eaq '^  deemed .*halt' "$work/out"; then cat "$work/out"; echo "the ledger halted"; exit 1; fi
echo ok
