# Act 2, June 2026 to April 2027: the months go by, the year is looked at, the alliance is renewed, and one partner leaves.
step "Quarters go by: numbers, sealed pulses, pilots, ideas (S20 to S23)"
day 2026-06-03
also distributor/business-lead pilot new --title "Two stores in Toronto" --due 2026-10-30
also co-packer/business-lead opportunity new --title "A smaller bottle" --text "asked for by three chains"
also distributor/delivery-lead feedback new --title "Drivers: sleeves peel off in the cold"
also brand/security-legal request new --title "Who has seen the formula?" --owner co-packer/quality --due 2026-07-10
month 2026-05 45500000.00 450000.00 86.9 90.1
also brand/security-legal share audit G-2 --request Q-1 --yes
signed 1
sign co-packer/quality request take Q-1

step "Two months in a row a milestone was due and missed: the record asks each delivery lead to act (S24)"
day 2026-06-11 05:00:02
say "Kept 8 business days after each month: in April the gate was late by its first date, though it had been given a later one; in May"
say "line 3 was not there. Nobody typed these numbers."
look '^ +milestones-hit' entente scorecard --period 2026-04
look 'milestones-hit' entente scorecard
look 'consequence' entente action list
look 'consequence' entente inbox --as co-packer/delivery-lead
acted="A-13:brand A-14:co-packer A-15:distributor"
also brand/delivery-lead action claim A-13 --text "one plan for all lines, looked at each Monday"
also co-packer/delivery-lead action claim A-14 --text "line 3 runs since Monday; a crew for line 4 is asked for"
also distributor/delivery-lead action claim A-15 --text "trucks are booked when a line is free, not before"
also co-packer/delivery-lead milestone claim M-5
also co-packer/delivery-lead milestone new --title "Line 4 is aseptic" --due 2026-07-24
signed 1
for o in $acted; do also "$([ "${o#*:}" = brand ] && echo co-packer || echo brand)/alliance-manager" action verify "${o%%:*}"; done
also brand/delivery-lead milestone verify M-5
signed 1
look 'A-14|claimed|closed' entente action show A-14

step "The crew is paid for: brand quality is heard, then sponsors and finance both approve (S9, S12)"
sign co-packer/sponsor propose capital --title "A crew of fitters for line 4" --amount "USD 900000.00" --budget lines-2026
look 'impact|needs to hear' entente readiness D-18
also co-packer/sponsor input D-18 --need impact --text "line 4 in July in place of October"
also brand/quality input D-18 --need brand/quality --text "the crew knows our cleaning"
signed 1
all sponsor approve D-18 --yes
all finance approve D-18 --yes
signed 1
must_be D-18 effective
look 'lines-2026' entente budgets

step "The summer: pulses, a request that is answered, a milestone that is met (S18, S21)"
day 2026-07-06
sealed trust 0,0,1,2,1 0,0,0,3,2 0,2,1,1,0
sealed alignment 0,0,0,2,2 0,0,1,2,1 0,0,2,2,0
also distributor/delivery-lead report add time-to-shelf --value 119 --period 2026-Q2
also distributor/finance report add canada-cases --value 6100 --period 2026-Q2
also co-packer/quality request claim Q-1 --text "four people; the list is with the trustee"
also co-packer/delivery-lead milestone claim M-6
signed 1
revealed trust
revealed alignment
also brand/security-legal request verify Q-1
also brand/delivery-lead milestone verify M-6
quarterly
month 2026-06 46900000.00 600000.00 87.7 90.7
day 2026-08-04
month 2026-07 48400000.00 760000.00 88.4 91.2
day 2026-09-03
look 'expired' entente show D-16
say "July kept its milestone: the consequence no longer holds (S24)."
look 'consequence +milestones-hit' entente scorecard
month 2026-08 50000000.00 930000.00 89.0 91.8

step "The assessor looks in, and finds something (S25)"
sign assessor/auditor finding new --title "Temperature logs of one depot have gaps" --owner distributor/quality
sign distributor/quality finding take F-2
day 2026-10-02
sign distributor/quality finding claim F-2 --text "new loggers since 14 September"
sign co-packer/quality finding verify F-2

step "Autumn: a number is disputed, a risk comes back, grants end (S14, S17, S18, S21)"
also distributor/delivery-lead report add time-to-shelf --value 104 --period 2026-Q3
also distributor/finance report add canada-cases --value 9000 --period 2026-Q3
sealed trust 0,0,0,3,1 0,0,0,2,3 0,1,1,2,0
sealed alignment 0,0,0,2,2 0,0,0,3,1 0,0,1,3,0
also distributor/business-lead pilot claim P-1 --text "31 cases a week, no complaint"
signed 1
revealed trust
revealed alignment
also brand/business-lead pilot verify P-1
signed 1
say "A number is disputed: its reporter finds that in the inbox, and restates it. What it said before stays on record (S21):"
disputed=$(reported canada-cases)
sign brand/finance report dispute "$disputed" --reason "two stores are counted twice" --yes
look 'disputes' entente inbox --as distributor/finance
sign distributor/finance report restate "$disputed" --value 8800 --reason "without them" --yes
look 'disputed|restated|8800' entente report show "$disputed"
quarterly
month 2026-09 51600000.00 1100000.00 89.7 92.3
say "The risk that was accepted until 1 October is open again:"
look 'R-1' entente risk list
day 2026-11-03
month 2026-10 53400000.00 1290000.00 90.4 92.9
say "A grant is revoked before its day: who has it says what became of it (S17):"
sign distributor/security-legal share revoke G-1 --reason "one feed for all stores replaces it" --yes
sign brand/finance share return G-1 --destroyed --yes
look 'G-1' entente share list
day 2026-12-03
month 2026-11 55400000.00 1500000.00 91.0 93.6
say "What was shared until 30 November is to be returned or destroyed (S18):"
look 'G-2|G-3' entente share list
sign co-packer/security-legal share return G-2 --destroyed --document "$work/diligence.txt" --yes

step "A payout is a decision: the scorecard says that its incentive is earned, and what it pays to whom (S26)"
look 'growth-bonus' entente charter show incentives
width=230 look 'growth-bonus' entente scorecard
sign distributor/finance propose payout --title "Growth bonus of November" --amount "USD 831000.00" --budget marketing-2026 --yes
all finance approve D-19 --yes
signed 1
must_be D-19 effective
look 'marketing-2026' entente budgets

step "January 2027: renewal is open, 180 days before the term ends (S33)"
day 2027-01-04
say "The record asked each sponsor by itself; proposing the renewal answers for all three."
look 'the term ends' entente action list
sign brand/sponsor propose renewal --title "We go on until the end of 2030"
all sponsor approve D-20 --yes
signed 1
look 'answered by D-20' entente show A-16
look 'D-20' entente decisions
entente charter show --no-pager >"$work/term.yaml"
sed -i '/^term:/,/^[a-z]/s/to: 2027-06-30/to: 2030-12-31/' "$work/term.yaml"
look 'core' entente charter diff "$work/term.yaml"
sign brand/sponsor propose charter-core --title "The term, as renewed" --confirm charter-core --amend term --file "$work/term.yaml"
all sponsor approve D-21 --yes
signed 1
also distributor/delivery-lead report add time-to-shelf --value 99 --period 2026-Q4
also distributor/finance report add canada-cases --value 12000 --period 2026-Q4
sealed trust 0,0,0,2,2 0,0,0,1,4 0,0,1,3,0
sealed alignment 0,0,0,1,3 0,0,0,2,2 0,0,0,4,0
signed 1
revealed trust
revealed alignment
quarterly
month 2026-12 56200000.00 1680000.00 91.6 94.2
day 2027-01-20
must_be D-21 effective
look '2030' entente charter show term
say "The charter fell due for review a year after the founding: that session opened by itself, too (S33)."
look 'refresh' entente meet list
refresh=$(entente meet list --json | json "['S-%d' % s['session']['number'] for s in x['list'] if s['session']['type'] == 'refresh'][0]")
echo "The charter holds; the glossary wants two more words." >"$work/refresh.txt"
sign brand/sponsor meet record "$refresh" --minutes "$work/refresh.txt" --present brand/sponsor,co-packer/sponsor,distributor/sponsor
sign co-packer/sponsor meet confirm "$refresh" --yes

step "The year in numbers (S3, S21, S22, S29, S35)"
run entente scorecard --period 2026-12
look '^(financial|customer|process|learning)' entente scorecard --views --period 2026-12
run entente pace --since 2026-01-05T00:00:00Z
run entente promises
look 'alliance-manager|owes|^  [A-Z]' entente account --seat co-packer/alliance-manager --since 2026-01-05T00:00:00Z
look 'report scorecard|For |effective' entente report regular scorecard --period 2026-05
say "What falls due again by the charter: courses, and the review of the charter itself (S31, S33):"
look 'course|refresh' entente inbox

step "The six ways in which alliances fail (S36)"
run entente health --since 2026-01-05T00:00:00Z

step "A partner leaves: by its own decision, with 60 business days of notice (S34)"
sign distributor/sponsor propose exit --title "We leave: our routes are sold" --confirm exit --yes
also distributor/sponsor approve D-22 --yes
signed 1
look 'effect|phase' entente show D-22
sign brand/alliance-manager plan unwind D-22 --yes
look 'Unwind by D-22' entente action list
also distributor/delivery-lead action take A-19
also co-packer/quality action take A-20
also brand/finance action take A-21
signed 1
also co-packer/quality action claim A-20 --text "destroyed, and said so to all partners"
also brand/finance action claim A-21 --text "settled"
signed 1
also brand/alliance-manager action verify A-20
also co-packer/alliance-manager action verify A-21
signed 1
day 2027-04-19
must_be D-22 effective
look 'distributor' entente partner list

step "The whole year, proven to an auditor (S25)"
wait_for "the observer's node to have the same root" 30 same_root assessor brand
say "The observer's node has the same root as the brand's: $(field assessor root)"
cosigned() { entente node status --json | json "x['checkpoint'] == x['size']" | grep -q True; }
wait_for "the newest checkpoint to be cosigned" 30 cosigned
run entente pack "$work/year.pack"
run entente-audit verify "$work/year.pack" --expect-alliance "$alliance"
run python3 -B docs/independent-verifier/entente_verify.py verify "$work/year.pack"
run entente-audit exceptions "$work/year.pack"
run entente certify D-10 -o "$work/D-10.certificate"
look 'VERIFIED' entente-audit verify "$work/D-10.certificate" --expect-alliance "$alliance"
look 'VERIFIED' python3 -B docs/independent-verifier/entente_verify.py verify "$work/D-10.certificate" --expect-alliance "$alliance"
[ -z "${DEMO_PACK:-}" ] || cp "$work/year.pack" "$DEMO_PACK"

step "What was shown, of what docs/features.md lists"
say "Shown: S1 to S5, S7, S9 to S12, S14 to S28, S30, S31, S33 to S36."
say "Shown in part: S29, a regular report on demand (nodes send them by themselves: tests/system/95-reports.sh); S32, a second market by a gate, a"
say "pilot and a metric of its own, and no admission, which needs one more node (tests/system/60-members.sh)."
say "Only looked at in the charter: S6 S8 S13."
say "Renewal is a decision on record; the term moves by amendment. Nobody has to remember either: the record asks."
if [ $keep = yes ]; then
  echo
  echo "The alliance runs on, in April 2027. Whoever asks it lives in its time:"
  echo "  export PATH=$DEMO_BIN:\$PATH ENTENTE_NODE=$ENTENTE_NODE ENTENTE_KEY=$work/keys/brand-finance.key"
  echo "  alias entente='${in_time[*]} entente'"
  echo "  entente status; entente scorecard; entente help"
  echo "Stop it: kill$(for o in "${orgs[@]}"; do printf ' %s' "$(pid_of "$o")"; done); then rm -r $work"
fi
