# Act 2, June 2026 to January 2027: the months go by, the year is looked at, and the alliance is renewed.
step "Quarters go by: numbers, sealed pulses, pilots, ideas (S20 to S23)"
day 2026-06-03
also clinics/business-lead pilot new --title "Two wards in Basel" --due 2026-10-30
also distributor/business-lead opportunity new --title "The neighbouring region" --text "asked for by three clinics"
also distributor/delivery-lead feedback new --title "Drivers: labels peel off in the cold"
also clinics/security-legal request new --title "Who has seen the signals?" --owner maker/quality --due 2026-07-10
month 2026-05 8900000.00 2000 7.8 93.2 8
also clinics/security-legal share audit G-2 --request Q-1 --yes
signed 1
sign maker/quality request take Q-1
day 2026-07-03
sealed trust alliance-manager 0,0,1,2,1 0,2,1,1,0 0,0,0,3,2
sealed alignment sponsor 0,0,0,2,2 0,0,2,2,0 0,0,1,2,1
also clinics/delivery-lead report add swiss-patients --value 600
also maker/quality request claim Q-1 --text "four people; the list is with the trustee"
signed 1
revealed trust alliance-manager
revealed alignment sponsor
also clinics/security-legal request verify Q-1
month 2026-06 9800000.00 2600 7.4 93.6 7
day 2026-08-04
month 2026-07 10700000.00 3200 7.0 94.0 6
day 2026-09-03
look 'expired' entente show D-13
month 2026-08 11600000.00 3800 6.6 94.4 6
day 2026-10-02
also clinics/delivery-lead report add swiss-patients --value 900
sealed trust alliance-manager 0,0,0,3,1 0,1,1,2,0 0,0,0,2,3
sealed alignment sponsor 0,0,0,2,2 0,0,1,3,0 0,0,0,3,1
also clinics/business-lead pilot claim P-1 --text "31 patients, no alarm missed"
signed 1
revealed trust alliance-manager
revealed alignment sponsor
also maker/business-lead pilot verify P-1
signed 1
say "A number is disputed: its reporter finds that in the inbox, and restates it. What it said before stays on record (S21):"
disputed=$(reported swiss-patients)
sign distributor/business-lead report dispute "$disputed" --reason "two wards are counted twice" --yes
look 'disputes' entente inbox --as clinics/delivery-lead
sign clinics/delivery-lead report restate "$disputed" --value 880 --reason "without the two wards" --yes
look 'disputed|restated|880' entente report show "$disputed"
month 2026-09 12500000.00 4400 6.2 94.8 5
say "The risk that was accepted until 1 October is open again:"
look 'R-1' entente risk list
day 2026-11-03
month 2026-10 13400000.00 5000 5.8 95.0 5
say "A grant is revoked before its day: who has it says what became of it (S17):"
sign distributor/security-legal share revoke G-1 --reason "one list for all wards replaces it" --yes
also maker/finance share return G-1 --destroyed --yes
also clinics/finance share return G-1 --destroyed --yes
signed 1
look 'G-1' entente share list
day 2026-12-03
month 2026-11 14300000.00 5500 5.2 95.3 5
say "What was shared until 30 November is to be returned or destroyed (S18):"
look 'G-2|G-3' entente share list
sign maker/security-legal share return G-2 --destroyed --document "$work/diligence.txt" --yes

step "January 2027: renewal is open, 270 days before the term ends (S33)"
day 2027-01-04
say "The record asked each sponsor by itself; proposing the renewal answers for all three."
look 'the term ends' entente action list
sign maker/sponsor propose renewal --title "We go on until the end of 2029"
all sponsor approve D-14 --yes
signed 1
look 'answered by D-14' entente show A-13
look 'D-14' entente decisions
entente charter show --no-pager >"$work/term.yaml"
sed -i 's/to: 2027-09-30/to: 2029-12-31/' "$work/term.yaml"
look 'core' entente charter diff "$work/term.yaml"
sign maker/sponsor propose charter-core --title "The term, as renewed" --confirm charter-core --amend term --file "$work/term.yaml"
all sponsor approve D-15 --yes
signed 1
also clinics/delivery-lead report add swiss-patients --value 1200
sealed trust alliance-manager 0,0,0,2,2 0,0,1,3,0 0,0,0,1,4
sealed alignment sponsor 0,0,0,1,3 0,0,0,4,0 0,0,0,2,2
signed 1
revealed trust alliance-manager
revealed alignment sponsor
month 2026-12 15200000.00 6000 4.6 95.6 4
day 2027-01-20
must_be D-15 effective
look '2029' entente charter show term
say "The charter fell due for review a year after the founding: that session opened by itself, too (S33)."
look 'refresh' entente meet list
echo "The charter holds; the glossary wants two more words." >"$work/refresh.txt"
sign maker/sponsor meet record "$(entente meet list --json | json "['S-%d' % s['session']['number'] for s in x['list'] if s['session']['type'] == 'refresh'][0]")" --minutes "$work/refresh.txt" --present maker/sponsor,clinics/sponsor,distributor/sponsor
sign clinics/sponsor meet confirm "$(entente meet list --json | json "['S-%d' % s['session']['number'] for s in x['list'] if s['session']['type'] == 'refresh'][0]")" --yes

step "A payout is a decision: the scorecard says whether its incentive is earned, and what it pays; here no milestone fell due lately, and people decide all the same (S26)"
look 'study-grant' entente charter show incentives
look 'incentive +study-grant' entente scorecard
sign clinics/finance propose payout --title "Study grant: the wear study is done" --amount "EUR 75000.00" --budget studies --yes
all finance approve D-16 --yes
signed 1
must_be D-16 effective
look 'studies' entente budgets

step "The year in numbers (S3, S21, S22, S29, S35)"
run entente scorecard --period 2026-12
look '^(financial|customer|process|learning)' entente scorecard --views --period 2026-12
run entente pace --since 2026-01-05T00:00:00Z
run entente promises
look 'alliance-manager|owes|^  [A-Z]' entente account --seat clinics/alliance-manager --since 2026-01-05T00:00:00Z
look 'report scorecard|For |effective' entente report regular scorecard --period 2026-05
say "What falls due again by the charter: courses, and the review of the charter itself (S31, S33):"
look 'course|refresh' entente inbox

step "The six ways in which alliances fail (S36)"
run entente health --since 2026-01-05T00:00:00Z

step "A partner leaves: by its own decision, with 60 business days of notice (S34)"
sign distributor/sponsor propose exit --title "We leave: our routes are sold" --confirm exit --yes
also distributor/sponsor approve D-17 --yes
signed 1
look 'effect|phase' entente show D-17
sign maker/alliance-manager plan unwind D-17 --yes
look 'Unwind by D-17' entente action list
also maker/delivery-lead action take A-16
also clinics/security-legal action take A-17
also distributor/finance action take A-18
signed 1
also clinics/security-legal action claim A-17 --text "deleted, and said so to all partners"
also distributor/finance action claim A-18 --text "settled"
signed 1
also maker/alliance-manager action verify A-17
also clinics/alliance-manager action verify A-18
signed 1
day 2027-04-19
must_be D-17 effective
look 'distributor' entente partner list

step "The whole year, proven to an auditor (S25)"
sleep 2 # for the newest checkpoint's cosignatures
run entente pack "$work/year.pack"
run entente-audit verify "$work/year.pack" --expect-alliance "$alliance"
run python3 -B docs/independent-verifier/entente_verify.py verify "$work/year.pack"
run entente-audit exceptions "$work/year.pack"
run entente certify D-8 -o "$work/D-8.certificate"
look 'VERIFIED' entente-audit verify "$work/D-8.certificate" --expect-alliance "$alliance"
look 'VERIFIED' python3 -B docs/independent-verifier/entente_verify.py verify "$work/D-8.certificate" --expect-alliance "$alliance"
[ -z "${DEMO_PACK:-}" ] || cp "$work/year.pack" "$DEMO_PACK"

step "What was shown, of what docs/features.md lists"
say "Shown: S1 to S5, S7, S9 to S12, S14 to S28, S30, S31, S33 to S36."
say "Shown in part: S29, a regular report on demand (nodes send them by themselves: tests/system/95-reports.sh); S32, a second market by a gate and a"
say "pilot, and no admission, which needs a fifth node (tests/system/60-members.sh)."
say "Only looked at in the charter: S6 S8 S13."
say "Renewal is a decision on record; the term moves by amendment. Nobody has to remember either: the record asks."
if [ $keep = yes ]; then
  echo
  echo "The alliance runs on, in April 2027. Whoever asks it lives in its time:"
  echo "  export PATH=$DEMO_BIN:\$PATH ENTENTE_NODE=$ENTENTE_NODE ENTENTE_KEY=$work/keys/maker-finance.key"
  echo "  alias entente='${in_time[*]} entente'"
  echo "  entente status; entente scorecard; entente help"
  echo "Stop it: kill$(for o in "${orgs[@]}"; do printf ' %s' "$(pid_of "$o")"; done); then rm -r $work"
fi
