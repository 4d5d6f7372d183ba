# Sourced by scripts/demo: how steps and commands are shown, and the organisations with their nodes and keys.
# It reads: keep, in_time (an array that is put before each program; the first act leaves it empty), orgs.
export PATH=$DEMO_BIN:$PATH XDG_STATE_HOME NO_COLOR=1
work=$(mktemp -d "${TMPDIR:-/tmp}/entente-demo.XXXXXX")
XDG_STATE_HOME=$work/state
orgs=(maker clinics distributor trustee) # of the first act; what the first of them does is shown
declare -A port
free_port() { # one that nobody listens on, below those that the system gives out by itself
  local p
  while :; do
    p=$((10000 + RANDOM % 20000))
    [[ " ${port[*]:-} " == *" $p "* ]] || (exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null || break
  done
  echo "$p"
}

# Every program lives in one time: the machine's, unless year.sh puts libfaketime before it.
in_time=()
entente() { "${in_time[@]}" "$DEMO_BIN/entente" "$@"; }
ententd() { "${in_time[@]}" "$DEMO_BIN/ententd" "$@"; }

step=0
step() { # step TEXT: a numbered step
  step=$((step + 1))
  printf '\n== %d. %s\n' "$step" "$1"
  [ -z "${DEMO_HOOK:-}" ] || $DEMO_HOOK "$step" "$work"
}
typed() { # typed COMMAND...: as a person would type it; of `as` the seat alone, for node and key are in that person's settings
  if [ "$1" = as ]; then set -- entente "${@:4}" --as "$2/$3"; fi
  local w line='$'
  for w in "$@"; do
    case $w in
      *[\ \'\;\&\(\)\#\<\>]*) line+=" \"$w\"" ;;
      "") line+=' ""' ;;
      *) line+=" ${w#"$work/"}" ;;
    esac
  done
  printf '%s\n' "$line"
}
run() { # shows the command a person would type, then what it prints
  typed "$@"
  local code=0 tries
  for tries in 1 2 3 4 5 6 7 8; do
    code=0
    "$@" >"$work/said" 2>&1 || code=$?
    # Under a test that kills nodes: the node is away, nothing was signed; ask again.
    [ -n "${DEMO_HOOK:-}" ] && [ $code -eq 7 ] && [ "${expected:-0}" -ne 7 ] || break
    sleep 1
  done
  sed 's/^/  /' "$work/said"
  return $code
}
asked() { # what it prints, and nothing else; as patient as run
  local code=0 tries
  for tries in 1 2 3 4 5 6 7 8; do
    code=0
    "$@" >"$work/answer" 2>"$work/answer.err" || code=$?
    [ -n "${DEMO_HOOK:-}" ] && [ $code -eq 7 ] || break
    sleep 1
  done
  [ $code -eq 0 ] || cat "$work/answer.err" >&2
  cat "$work/answer"
  return $code
}
fails() { # fails CODE COMMAND...: it must exit with this code
  local want=$1 code=0
  shift
  expected=$want run "$@" || code=$?
  [ "$code" -eq "$want" ] || { echo "expected exit $want, got $code"; exit 1; }
}
say() { printf '  %s\n' "$*"; }
node() { echo "$work/$1"; }
start() {
  "${in_time[@]}" "$DEMO_BIN/ententd" run "$(node "$1")" >>"$work/$1.log" 2>&1 &
  echo $! >"$work/$1.pid"
}
pid_of() { cat "$work/$1.pid" 2>/dev/null || true; }
field() { entente node status --json --node "$(node "$1")" 2>/dev/null | python3 -c "import json,sys; print(json.load(sys.stdin).get('$2',''))" 2>/dev/null || true; }
wait_for() { # wait_for TEXT SECONDS COMMAND...: until it succeeds
  local what=$1 end=$((SECONDS + $2))
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || { echo "gave up waiting for: $what"; tail -n 5 "$work"/*.log; exit 1; }
    sleep 0.2
  done
}
answers() { entente node status --node "$(node "$1")" >/dev/null; }
phase_is() { entente readiness "$2" --json --node "$(node "$1")" | grep -q "\"phase\": *\"$3\""; }
rung_is() { entente readiness "$2" --json --node "$(node "$1")" | grep -q "\"rung\": *$3\b"; }
same_root() { [ -n "$(field "$1" root)" ] && [ "$(field "$1" root)" = "$(field "$2" root)" ]; }
as() { # as ORG SEAT VERB...: entente at that organisation's node, with that seat's key
  local org=$1 seat=$2
  shift 2
  entente "$@" --node "$(node "$org")" --key "$work/keys/$org-$seat.key" --as "$org/$seat"
}
stop_all() {
  touch "$work/stopping"
  for o in "${orgs[@]}"; do [ ! -f "$work/$o.pid" ] || kill "$(pid_of "$o")" 2>/dev/null || true; done
  wait 2>/dev/null || true
}
finish() {
  code=$?
  if [ $code -eq 0 ] && [ $keep = yes ]; then return; fi
  stop_all
  [ $code -eq 0 ] || { echo "The demo failed (exit $code); logs: $work/*.log"; tail -n 3 "$work"/*.log 2>/dev/null; }
  if [ $code -eq 0 ]; then rm -rf "$work"; fi
}
trap finish EXIT

# The founding, as both acts have it. What the first organisation does is shown.
partner_seats="sponsor alliance-manager business-lead delivery-lead finance quality security-legal registrar"
seats_of() {
  case $1 in
    trustee) echo "mediator registrar" ;;
    assessor) echo "auditor registrar" ;;
    clinics) echo "$partner_seats medical-lead" ;;
    *) echo "$partner_seats" ;;
  esac
}
members() { # a node of each organisation, and keys for its seats
  local o s
  mkdir -p "$work/keys" "$work/charter/cards"
  for o in "${orgs[@]}"; do
    port[$o]=$(free_port)
    if [ "$o" = "${orgs[0]}" ]; then
      run ententd init "$(node "$o")" --partner "$o" --listen "127.0.0.1:${port[$o]}"
    else
      ententd init "$(node "$o")" --partner "$o" --listen "127.0.0.1:${port[$o]}" >/dev/null
    fi
    for s in $(seats_of "$o"); do
      if [ "$o/$s" = "${orgs[0]}/business-lead" ]; then # a person's own OpenSSH key
        ssh-keygen -q -t ed25519 -N '' -C '' -f "$work/keys/$o-$s.key"
      else
        entente key new "$work/keys/$o-$s.key" --unsealed >/dev/null 2>&1
      fi
    done
  done
}
cards() {
  local o s f args
  for o in "${orgs[@]}"; do
    args=()
    for s in $(seats_of "$o"); do
      f=$work/keys/$o-$s.key
      [ -f "$f.pub" ] && f=$f.pub
      args+=(--seat "$s=$f")
    done
    ententd card "$(node "$o")" "${args[@]}" -o "$work/charter/cards/$o.card" >"$work/card.out"
    say "$o: $(grep fingerprint "$work/card.out")"
  done
}
signatures() { # of every founding seat, but the one that signed already
  local o s
  for o in "${orgs[@]}"; do
    for s in $(seats_of "$o"); do
      [[ $o = trustee || $o = assessor ]] && [ "$s" != registrar ] && continue
      [ "$o/$s" = "${orgs[0]}/sponsor" ] && continue
      entente alliance sign "$work/alliance.genesis" --as "$o/$s" --key "$work/keys/$o-$s.key" --yes >/dev/null 2>&1
    done
  done
}
nodes() { # each gets the founding and runs
  local o
  for o in "${orgs[@]}"; do
    if [ "$o" = "${orgs[0]}" ]; then run entente alliance found "$work/alliance.genesis" --node "$(node "$o")"
    else entente alliance found "$work/alliance.genesis" --node "$(node "$o")" >/dev/null; fi
    start "$o"
  done
  for o in "${orgs[@]}"; do wait_for "$o to answer" 20 answers "$o"; done
}
