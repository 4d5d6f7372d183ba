# Sourced by scripts/demo for act 2: a clock for all programs that is stepped, and short words for what people do often.
#
# All programs live in one time: libfaketime adds the seconds that the file `shift` says to their wall clocks. Nothing runs
# faster and no rule is shorter: wherever silence will count for something, the clock is stepped to just after that deadline.
library=$(ls /usr/lib/*/faketime/libfaketime.so.1 2>/dev/null | head -n 1)
if [ -z "$library" ]; then
  echo "skipped: libfaketime is not installed, which moves the clock in act 2 (scripts/deps installs it)" >&2
  exit 77
fi
# Without the last setting, threads that wait by the monotonic clock spin under libfaketime 0.9.10.
in_time=(env LD_PRELOAD="$library" FAKETIME_TIMESTAMP_FILE="$work/shift" FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1 FAKETIME_FORCE_MONOTONIC_FIX=0)
orgs=(brand distributor co-packer trustee assessor)
partners=(brand distributor co-packer)
export ENTENTE_NODE=$work/brand
json() { python3 -c "import json,sys; x=json.load(sys.stdin); print($1)"; } # json EXPRESSION: of what comes in, as x
clock_to() { # clock_to SECONDS: it is that time
  printf '%+d\n' $(($1 - $(date +%s))) >"$work/shift.new"
  mv "$work/shift.new" "$work/shift"
}
acted_by() { # acted_by SECONDS: a block of the ledger has that time
  local at
  at=$(entente node status --json | json "x['time_ms']")
  [ "$(date -d "$at" +%s)" -ge "$1" ]
}
# Deadlines are at 24:00 of the charter's calendar: 05:00 UTC of the next day.
day() { # day DATE [TIME]: the clock is stepped there, and the ledger has done what was due by then
  later "$@"
  wait_for "the ledger to act on $1" 120 acted_by "$stepped"
}
later() { # as day, where nothing is due on the way
  stepped=$(date -u -d "$1 ${2:-09:00}" +%s)
  clock_to "$stepped"
  printf '\n-- %s\n' "$(LC_ALL=C date -u -d "@$stepped" '+%a %-d %b %Y %H:%M')"
}

as() { # as ORG SEAT VERB...: with that seat's key. All sign at the brand's node here: any partner's node takes an entry.
  local org=$1 seat=$2
  shift 2
  entente "$@" --key "$work/keys/$org-$seat.key" --as "$org/$seat" </dev/null
}
# Several people at once: each command is shown and started; signed waits until all of them are final.
batch=0
also() { # also ORG/SEAT VERB...
  batch=$((batch + 1))
  typed as "${1%/*}" "${1#*/}" "${@:2}"
  as "${1%/*}" "${1#*/}" "${@:2}" >"$work/batch.$batch" 2>&1 &
  jobs_of[batch]=$!
}
jobs_of=()
signed() { # signed [LINES]: all of the batch are final; shows what the last one said, at most so many lines
  local i code
  for i in "${!jobs_of[@]}"; do
    code=0
    wait "${jobs_of[i]}" || code=$?
    [ $code -eq 0 ] || { echo "exit $code:"; cat "$work/batch.$i"; exit 1; }
  done
  [ "$batch" -eq 0 ] || tail -n "${1:-2}" "$work/batch.$batch" | sed 's/^/  /'
  [ "$batch" -le 1 ] || say "(All $batch entries are final.)"
  batch=0 jobs_of=()
}
sign() { also "$@"; signed 3; } # one alone
look() { # look REGEX COMMAND...: what it prints, the lines that match, up to `width`
  typed "${@:2}"
  "${@:2}" >"$work/said" 2>&1 || { cat "$work/said"; exit 1; }
  grep -E -- "$1" "$work/said" | cut -c"1-${width:-150}" | sed 's/^/  /' || { cat "$work/said"; echo "nothing matches $1"; exit 1; }
}
all() { # all SEAT VERB...: the seat of that name of every partner
  local o
  for o in "${partners[@]}"; do also "$o/$1" "${@:2}"; done
}
phase_of() { entente decisions --json | json "[d['phase'] for d in x['list'] if d['number'] == ${1#D-}][0]"; }
must_be() { # must_be D-n PHASE
  wait_for "$1 to be $2" 60 is_phase "$1" "$2"
  say "$1 is $2."
}
is_phase() { [ "$(phase_of "$1")" = "$2" ]; }

# The regular month: what was measured last month is reported and checked, this month's sessions are held and confirmed.
session() { # session CADENCE: the one that is open now
  entente meet list --json | json "['S-%d' % s['session']['number'] for s in x['list'] if s['session'].get('cadence') == '$1' and s['session']['standing'] == 'open'][-1]"
}
meetings() { # meetings DATE
  echo "Roadmap, risks and resourcing, $1." >"$work/minutes-$1.txt"
  also brand/alliance-manager meet record "$(session operational-review)" --attach "$work/minutes-$1.txt" --present brand/alliance-manager,co-packer/quality,distributor/finance
  also distributor/business-lead meet record "$(session delivery-standup)" --present brand/delivery-lead,co-packer/delivery-lead,distributor/business-lead
}
quarterly() { # what is held every quarter besides: numbers looked at anew, and the sponsors
  echo "Revenue and line hours, the quarter ahead." >"$work/quarter.txt"
  also brand/finance meet record "$(session reforecast)" --minutes "$work/quarter.txt" --present brand/finance,co-packer/finance,distributor/finance
  also brand/sponsor meet record "$(session steering-review)" --minutes "$work/quarter.txt" --present brand/sponsor,co-packer/sponsor,distributor/sponsor
}
controls() { # controls PHASE [DAY]: id and owner of each control that stands there, and is due before that day
  entente comply list --json | json "'\n'.join('%s %s' % (i['id'], i['owner']) for i in x['list'] if i['phase'] == '$1' and i['due_ms'] < '${2:-9999}')"
}
month() { # month PERIOD REVENUE SAVINGS ON-SHELF UPTIME: of a month that is over; this month's sessions; controls due in a month
  local id seat
  also distributor/finance report add revenue --value "$2" --period "$1"
  also co-packer/finance report add savings --value "$3" --period "$1"
  also distributor/business-lead report add on-shelf --value "$4" --period "$1"
  also co-packer/delivery-lead report add line-uptime --value "$5" --period "$1"
  also brand/alliance-manager report add brand-team --value 12 --period "$1" # what each promised to put in
  also distributor/alliance-manager report add sales-force --value 41 --period "$1"
  also co-packer/alliance-manager report add line-hours --value 605 --period "$1"
  meetings "$(date -u -d "@$stepped" +%F)"
  while read -r id seat; do [ -z "$id" ] || also "$seat" comply claim "$id" --document "$work/minutes-$(date -u -d "@$stepped" +%F).txt"; done < <(controls open "$(date -u -d "@$((stepped + 31 * 86400))" +%F)")
  signed 1
  checked
}
# Whoever the charter names countersigns what is reported; another partner confirms what is recorded.
checked() {
  local id seat
  while read -r id seat; do
    case $seat in
      brand/*) also co-packer/quality comply verify "$id" ;;
      ?*) also brand/quality comply verify "$id" ;;
    esac
  done < <(controls claimed)
  while read -r id seat; do [ -z "$id" ] || also "$seat" report countersign "$id" --yes; done < <(entente report list --json | json \
    "'\n'.join('K-%d %s' % (r['reading']['number'], r['checkers'][0]) for r in x['list'] if r['reading']['standing'] == 'reported' and r['reading']['purpose'] != 'forecast')")
  while read -r id; do [ -z "$id" ] || also co-packer/quality meet confirm "$id" --yes; done < <(entente meet list --json | json \
    "'\n'.join('S-%d' % s['session']['number'] for s in x['list'] if s['session']['standing'] == 'recorded')")
  signed 1
}
reported() { # reported METRIC: the reading that waits to be checked
  entente report list --json | json "['K-%d' % r['reading']['number'] for r in x['list'] if r['reading']['metric'] == '$1' and r['reading']['standing'] == 'reported'][-1]"
}
sealed() { # sealed METRIC BRAND DISTRIBUTOR CO-PACKER: all commit unseen; how many said 1, 2, 3, 4, 5
  local o voices=("${@:2}") i=0
  for o in "${partners[@]}"; do also "$o/alliance-manager" report commit "$1" --voices "${voices[i++]}" -o "$work/$1-$o-$stepped.sealed"; done
}
revealed() { # revealed METRIC
  local o
  for o in "${partners[@]}"; do also "$o/alliance-manager" report reveal "$work/$1-$o-$stepped.sealed"; done
}
