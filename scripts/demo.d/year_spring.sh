# Act 2, March to June: numbers that both sides stand behind, a thesis that half holds, and people who disagree.
step "The first numbers, with a forecast (S21)"
later 2026-03-04
month 2026-02 6200000.00 400 9.0 92.0 11
also distributor/finance report add revenue --forecast --value 14000000.00 --period 2026-12
signed 1
say "The charter's early warning fires by itself: January is missing, February is above 6. Who reports it is to act (S14):"
look 'alarm-fatigue' entente scorecard
look 'alarm-fatigue' entente inbox --as clinics/quality
sign clinics/quality action claim A-8 --text "firmware 1.3 leaves out what moving does"
sign maker/quality action verify A-8

step "Change control: an impact, a word of the medical lead, then ballots (S12)"
sign maker/quality propose roadmap-change --title "A smaller battery" --text "Seven days in place of nine."
look 'impact|medical' entente readiness D-5
also maker/alliance-manager input D-5 --need impact --text "EUR 30000 of tools; no new approval"
also clinics/medical-lead input D-5 --need clinics/medical-lead --text "seven days are enough"
signed 1
all quality approve D-5 --yes
signed 1
day 2026-03-09
must_be D-5 effective

step "Silence that counts as consent, of those whose node has shown receipt (S10)"
sign distributor/delivery-lead propose delivery-tradeoff --title "Deliveries on Saturday" --amount "EUR 15000.00" --affects maker,clinics
sign distributor/delivery-lead approve D-6 --yes
receipts() { [ "$(entente show D-6 | grep -c 'receipt by')" -ge 2 ]; }
wait_for "receipts of two nodes" 60 receipts
look 'silence' entente readiness D-6
day 2026-03-16 23:00:02
must_be D-6 effective
look 'deemed' entente show D-6

step "Silence that climbs: nobody answers on prices, and the sponsors are asked (S10)"
later 2026-03-17
sign maker/business-lead propose commercial-terms --title "Sensor price EUR 41.50" --amount "EUR 120000.00"
sign maker/business-lead approve D-7 --yes
look 'clinics|distributor|silence' entente readiness D-7

step "Day 90: assumptions are tested. One holds, one does not (S2)"
day 2026-04-01
also maker/quality assume claim AS-1 --verdict validated --text "96 of 100 stay on"
also clinics/medical-lead assume claim AS-2 --verdict falsified --text "22 of 60 prescribe"
also distributor/delivery-lead assume claim AS-3 --verdict validated --text "97 percent of 500"
also maker/alliance-manager action claim A-5 --text "revenue, patients"
also maker/alliance-manager action claim A-6 --text "three of three"
also maker/alliance-manager milestone claim M-3
also maker/alliance-manager milestone rebase M-4 --due 2026-05-29 --reason "the claim is not decided"
signed 1
also clinics/quality assume verify AS-1 --verdict validated
also maker/quality assume verify AS-2 --verdict falsified
also clinics/delivery-lead assume verify AS-3 --verdict validated
also clinics/alliance-manager action verify A-5
also clinics/alliance-manager action verify A-6
also clinics/alliance-manager milestone verify M-3
signed 1
look 'doubted|AS-2' entente show D-3
look 'thesis|reaffirm' entente action list
later 2026-04-02
month 2026-03 7100000.00 900 8.6 92.4 10
