# Act 2, January to March: the launch plan, the first decisions, and what is checked before the work grows.
step "What was agreed: thesis, layers, limits (S2, S3, S6, S8, S13)"
look 'objective|shelf-life|repeat-rate' entente charter show thesis
look 'dossier-brand' entente charter show glossary
look 'executive|operational|working' entente charter show bodies
look 'brand-team|line-hours' entente charter show commitments

step "The launch plan becomes work: milestones, a gate, actions, and what the thesis assumes (S2, S19, S30)"
typed entente plan launch --yes --as brand/alliance-manager
as brand alliance-manager plan launch --yes >"$work/said" 2>&1 || { cat "$work/said"; exit 1; }
tail -n 1 "$work/said" | sed 's/^/  /'
also distributor/business-lead assume take AS-1
also co-packer/quality assume take AS-2
also brand/alliance-manager action new --title "Send the list of stores" --due 2026-02-02 --owner distributor/delivery-lead
signed 1

step "What due diligence found, and what could go wrong (S5, S14, S15)"
echo "One supplier of sleeves; its plant is in a flood plain." >"$work/diligence.txt"
also trustee/mediator finding new --title "One supplier of sleeves" --document "$work/diligence.txt"
also co-packer/quality risk new --title "Sleeves run short" --category operational --likelihood 3 --impact 4 --share brand=60,co-packer=40
also co-packer/business-lead issue new --title "Order form asks for the case size twice" --owner distributor/business-lead
also distributor/delivery-lead training new --title "Ordering, first course" --about ordering --due 2026-02-27
also distributor/security-legal comply new --title "Competition law, first quarter" --about competition-law --due 2026-03-27
also distributor/finance report add revenue --baseline --value 41200000.00 --period 2025-12
signed 1
also brand/finance report countersign "$(entente report list --json | json "['K-%d' % r['reading']['number'] for r in x['list'] if r['reading']['purpose'] == 'baseline'][0]")" --yes
also co-packer/quality risk link R-1 F-1
also co-packer/quality comply new --title "Food safety, February" --about food-safety --due 2026-03-13
also distributor/delivery-lead action take A-7
also distributor/business-lead issue take I-1
signed 1
look 'score' entente risk show R-1

step "What may be shared, and is (S17)"
look 'sell-out-data|formula|retailer-prices|could|can' entente share map
echo "store;cases" >"$work/sales.csv"
sign distributor/security-legal share grant --class sell-out-data --with brand --title "Cases by store" --purpose "demand planning" --content "$work/sales.csv" --until 2026-12-31 --yes
sign brand/finance share receive G-1 --content "$work/sales.csv" --yes

later 2026-01-12
step "A week on: stand-ups every week are too many, less is better of two numbers, and one market is to be counted. Policy is changed by decision (S7, S20)"
entente charter show --no-pager >"$work/changed.yaml"
sed -n '/^  savings:/{s/savings/canada-cases/; s/view: process/view: customer/; s/USD/cases/; s/every: month, span: 12 months/every: quarter/; s/co-packer/distributor/; s/, base: .*/, scope: ca}/; p}' "$work/changed.yaml" >"$work/metric.yaml"
sed -i "/^  delivery-standup:/s/every: week/every: month/; /^  \(issue-closure\|resourcing-gap\):/s/better: up/better: down/; /^  savings:/r $work/metric.yaml" "$work/changed.yaml"
look 'policy|differences' entente charter diff "$work/changed.yaml"
sign brand/alliance-manager propose charter-policy --title "Stand-ups every month" --amend sessions --file "$work/changed.yaml"
sign brand/alliance-manager propose charter-policy --title "Less is better of days and gaps; cases in Canada" --amend metrics --file "$work/changed.yaml"
all alliance-manager approve D-1 --yes
all alliance-manager approve D-2 --yes
also distributor/business-lead meet record "$(session delivery-standup)" --present brand/delivery-lead,co-packer/delivery-lead,distributor/business-lead
signed 1
checked
look 'passed|Notice|effective' entente show D-1
day 2026-01-19 # the last week under the old section: what it owes is given before it changes
also distributor/business-lead meet record "$(session delivery-standup)" --present brand/delivery-lead,co-packer/delivery-lead,distributor/business-lead
signed 1
checked
day 2026-01-20
must_be D-1 effective
must_be D-2 effective

step "Day 30: teams and words (S19, S31)"
day 2026-02-03
also brand/alliance-manager action claim A-1 --text "all three teams met at the plant"
also brand/alliance-manager action claim A-2 --text "glossary is in the charter"
also brand/alliance-manager milestone claim M-1
also distributor/delivery-lead action claim A-7 --text "sent"
meetings 2026-02-03
also distributor/delivery-lead training claim T-1 --text "nine of nine people"
also distributor/business-lead issue claim I-1 --text "the form is shorter"
signed 1
also co-packer/alliance-manager action verify A-1
also co-packer/alliance-manager action verify A-2
also co-packer/alliance-manager milestone verify M-1
also brand/alliance-manager action verify A-7
also brand/delivery-lead training verify T-1
also co-packer/business-lead issue verify I-1
checked

step "Money for the first region: over USD 250000 the sponsors decide (S9)"
echo "Thirteen chains, USD 20000 each." >"$work/offer.txt"
sign brand/finance propose spend --title "Thirteen chains go live" --amount "USD 260000.00" --budget marketing-2026 --relies-on AS-1 --attach "$work/offer.txt"
look 'sponsor' entente readiness D-3
all sponsor approve D-3 --yes
signed 1
must_be D-3 effective
look 'marketing-2026' entente budgets
look 'rests on|AS-1' entente show D-3

step "The formula goes to the filling lines: a decision first, then a grant that rests on it (S18)"
sign brand/security-legal propose data-sharing --title "The formula for lines 1 and 2" --class formula --with co-packer --until 2026-12-31
all security-legal approve D-4 --yes
signed 1
must_be D-4 effective
sign brand/security-legal share grant --class formula --with co-packer --title "Formula, version 4" --purpose "filling" --until 2026-11-30 --consent D-4 --yes
sign co-packer/security-legal share receive G-2 --yes
sign co-packer/security-legal share grant --class formula --with brand --title "Process sheet of line 2" --purpose "release of batches" --until 2026-11-30 --derived G-2 --yes

step "Day 60: the first region is on the shelf; controls are attested with evidence (S16, S19)"
day 2026-03-03
echo "No incident in February." >"$work/safety.txt"
also brand/alliance-manager action claim A-3 --text "orders flow"
also brand/alliance-manager action claim A-4 --text "the first region, since Monday"
also brand/alliance-manager milestone claim M-2
also co-packer/quality comply claim K-2 --attach "$work/safety.txt"
also distributor/security-legal comply claim K-1 --document "$work/safety.txt"
signed 1
also co-packer/alliance-manager action verify A-3
also co-packer/alliance-manager action verify A-4
also co-packer/alliance-manager milestone verify M-2
also brand/quality comply verify K-2
also brand/security-legal comply verify K-1
signed 1
look 'due again' entente comply list
