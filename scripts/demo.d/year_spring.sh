# Act 2, March to June: numbers that both sides stand behind, a thesis that half holds, and people who disagree.
step "The first numbers, with a forecast (S21)"
later 2026-03-04
month 2026-02 42100000.00 90000.00 84.0 88.5
also distributor/finance report add revenue --forecast --value 52000000.00 --period 2026-12
signed 1
say "The charter's early warning fires by itself: January is missing, February is below 85. Who reports it is to act (S14):"
look 'stock-outs' entente scorecard
look 'stock-outs' entente inbox --as distributor/business-lead
sign distributor/business-lead action claim A-8 --text "two more trucks in the east"
sign brand/business-lead action verify A-8

step "Change control: an impact, then ballots (S12)"
sign co-packer/quality propose roadmap-change --title "A lighter bottle" --text "21 g in place of 24 g."
look 'impact' entente readiness D-5
sign brand/alliance-manager input D-5 --need impact --text "USD 30000 of tools; no new approval"
all quality approve D-5 --yes
signed 1
say "Brand quality may veto what changes the product, and does, with the clause that it rests on (S12):"
sign distributor/quality propose roadmap-change --title "A shelf life of a year" --text "Without a new stability study."
sign distributor/alliance-manager input D-6 --need impact --text "two regions more"
sign brand/quality veto D-6 --reason "not yet shown to be safe" --clause thesis.principles --confirm D-6
look 'veto' entente show D-6
day 2026-03-09
must_be D-5 effective
must_be D-6 vetoed

step "Silence that counts as consent, of those whose node has shown receipt (S10)"
sign distributor/delivery-lead propose delivery-tradeoff --title "Deliveries on Saturday" --amount "USD 15000.00" --affects brand,co-packer
sign distributor/delivery-lead approve D-7 --yes
receipts() { entente readiness D-7 | grep -q 'counts as approval of brand, co-packer'; }
wait_for "receipts of the other two nodes" 60 receipts
look 'silence' entente readiness D-7
day 2026-03-17 05:00:02
must_be D-7 effective
look 'deemed' entente show D-7

step "Silence that climbs: nobody answers on prices, and the sponsors are asked (S10)"
later 2026-03-17
sign brand/business-lead propose commercial-terms --title "Price USD 31.50 a case" --amount "USD 120000.00"
sign brand/business-lead approve D-8 --yes
look 'co-packer|distributor|silence' entente readiness D-8

step "Day 90: assumptions are tested. One holds, one does not (S2)"
day 2026-04-01
also co-packer/quality assume claim AS-2 --verdict validated --text "180 days at 20 C, begun in September: all samples pass"
also distributor/business-lead assume claim AS-1 --verdict falsified --text "21 percent buy again"
also brand/alliance-manager action claim A-5 --text "revenue, on shelf"
also brand/alliance-manager action claim A-6 --text "two of two"
also brand/alliance-manager milestone claim M-3
also brand/alliance-manager milestone rebase M-4 --due 2026-05-29 --reason "the spend is not decided"
also brand/alliance-manager milestone new --title "Line 3 is aseptic" --due 2026-05-20 --owner co-packer/delivery-lead
signed 1
also brand/quality assume verify AS-2 --verdict validated
also brand/quality assume verify AS-1 --verdict falsified
also co-packer/alliance-manager action verify A-5
also co-packer/alliance-manager action verify A-6
also co-packer/alliance-manager milestone verify M-3
also co-packer/delivery-lead milestone take M-5
signed 1
look 'doubted|AS-1' entente show D-3
look 'thesis|reaffirm' entente action list
later 2026-04-02
also distributor/delivery-lead report add time-to-shelf --value 131 --period 2026-Q1
also distributor/finance report add canada-cases --value 3000 --period 2026-Q1
quarterly
month 2026-03 43000000.00 180000.00 85.2 89.0
