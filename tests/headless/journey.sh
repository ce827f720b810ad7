#!/usr/bin/env bash
# A day with mktui, from nothing to a server that was killed and came back. Needs mktui and curl in the PATH; shows more
# with promtool and tmux. A simulated router stands in for yours, and all of it happens in a folder of its own.
#
#   tests/headless/journey.sh                 from beginning to end
#
# BROWSE, when set, is a command that is given the address of the page and a token, and looks at it with a browser.
set -euo pipefail

here=$(mktemp -d "${TMPDIR:-/tmp}/journey.XXXXXX")
cd "$here"
export HOME=$here XDG_CONFIG_HOME=$here/config XDG_STATE_HOME=$here/state XDG_CACHE_HOME=$here/cache
unset MKTUI_CONFIG

# --- what the steps are told with ---------------------------------------------------------------------------------

step() { echo "== $*"; }
skip() { echo "-- skipped: $*"; }
stop() { # what was wrong: says it, with what was last seen
  echo "!! $1" >&2
  tail -n 30 out err serve.log >&2 2>/dev/null || true
  exit 1
}
does() { # command...: runs it; its words go to the files out and err
  "$@" >out 2>err </dev/null || stop "exit code $? of: $*"
}
ends() { # code, command...: runs it, and wants this exit code
  local code=0 wanted=$1
  shift
  "$@" >out 2>err </dev/null || code=$?
  [ "$code" = "$wanted" ] || stop "exit code $code instead of $wanted of: $*"
}
says() { grep -qE -- "$1" out || stop "it does not say: $1"; }      # on stdout, for programs
tells() { grep -qE -- "$1" err || stop "it does not tell: $1"; }    # on stderr, for people
until_so() { # command...: waits until it succeeds, 20 s at most
  local left=200
  until "$@" >/dev/null 2>&1; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || stop "still not so: $*"
    sleep 0.1
  done
}
tidy() { # whatever happens: nothing of ours is left running
  exec 3>&- || true
  local mine
  mine=$(jobs -p)
  # shellcheck disable=SC2086 # several numbers
  [ -z "$mine" ] || kill -TERM $mine 2>/dev/null || true
  tmux -S "$here/tmux" kill-server 2>/dev/null || true
  rm -rf "$here"
}
trap tidy EXIT

# --- a router ------------------------------------------------------------------------------------------------------

step "mktui simulate: a router on a free port, which hears on a pipe what shall go wrong"
mkfifo orders
exec 3<>orders
mktui simulate --secrets 0 <orders >router.log 2>router.err &
router=$!
until_so grep -q '"listening"' router.log
port=$(sed -n 's/.*"port": \([0-9]*\).*/\1/p' router.log)

step "mktui init: a configuration, and what the router must be told"
umask 077
echo secret >router.password
does mktui init --host 127.0.0.1 --port "$port" --user admin --password-file router.password
says '^/user group add name=mktui policy=api,read,write,sensitive,test$'
tells 'then: mktui test edge-1'
config=$(mktui config path)
[ "$(stat -c %a "$config")" = 600 ] || stop "$config can be read by others"
ends 2 mktui init --host 127.0.0.1
tells 'already'

step "mktui config check: right; and a mistake is said with its line and what is meant"
does mktui config check
says 'right, 1 router'
cp "$config" right.toml
echo 'colour = "green"' >>"$config"
ends 2 mktui config check
tells 'colour'
cp right.toml "$config"

# --- one command at a time -----------------------------------------------------------------------------------------

step "mktui status, for people and for scripts"
does mktui status
says 'edge-1 +● healthy'
does mktui status --json
says '"health": "healthy"'
does mktui status --format ndjson
says '"schema"'

step "mktui test: every step with its time"
does mktui test
says '✓ login .* logged in as admin'
says '✓ round trip'

step "mktui run: a read, a write, and what the router refuses"
does mktui run edge-1 /system/identity/print
says '^sim-1$'
does mktui run edge-1 /ppp/profile/add name=trial
ends 1 mktui run edge-1 /ppp/profile/add name=trial
tells 'already'
does mktui run edge-1 /ppp/profile/remove numbers=trial

step "mktui batch: checked whole, shown, then sent"
cat >pools.txt <<'END'
# two address pools
edge-1 /ip/pool/add name=fibre ranges=10.9.0.2-10.9.0.250
edge-1 /ip/pool/print .proplist=name
END
does mktui batch pools.txt --dry-run
tells 'nothing was sent'
does mktui batch pools.txt
does mktui run edge-1 /ip/pool/print .proplist=name '?name=fibre'
says '^fibre$'
echo 'edge-9 /ip/pool/print' >wrong.txt
ends 2 mktui batch wrong.txt
tells 'edge-9'

# --- billing to the router -----------------------------------------------------------------------------------------

step "mktui billing import: profiles and subscribers from CSV, shown first"
cat >plans.csv <<'END'
external_id,name,kind,rate_down_bps,rate_up_bps
p1,fibre-50,ppp,50M,10M
END
cat >customers.csv <<'END'
external_id,username,password,kind,profile
c1,ana,hush-ana,ppp,fibre-50
c2,ben,hush-ben,ppp,fibre-50
c3,cleo,hush-cleo,ppp,no-such-plan
END
does mktui billing import profiles plans.csv --yes
says '1 added'
ends 5 mktui billing import subscribers customers.csv --yes
grep -hq 'no-such-plan' out err || stop "it does not say which profile is wrong"
grep -hq '2 added' out err || stop "the right rows went in"
if grep -h hush out err; then stop "a password was shown"; fi

step "mktui sync plan, sync apply: what would be written, and exactly that"
does mktui sync plan
says '\+ +add +secret +ana'
ends 1 mktui sync plan --check
does mktui sync apply --yes
says 'edge-1 +3 applied'
does mktui sync plan --check
says '0 changes'
does mktui sync status
says 'edge-1 .* 3 '
does mktui who ana
says 'ana +paid'

step "mktui stability-test: quick scenarios with faults, and a report"
does mktui stability-test --simulated --scenario pool-initialisation --scenario load --duration 1 --report report.html
says '✓ passed +Pool initialisation'
says '^2 passed'
[ -s report.html ] || stop "there is no report"

# --- the one that serves -------------------------------------------------------------------------------------------

serve() { # starts mktui serve, and waits until it has synced
  : >serve.log
  mktui serve 2>serve.log &
  server=$!
  until_so grep -q 'edge-1: sync ' serve.log
  url=$(sed -n 's/.* address=\(http[^ ]*\).*/\1/p' serve.log)
  socket=$(sed -n 's/.* socket=\([^ ]*\).*/\1/p' serve.log)
}
rows() { mktui run edge-1 /ppp/secret/print --json | grep -v '"ts"'; }
runs() { mktui sync report edge-1 | grep -vE ' reconnect +0 +0 +0 '; } # the runs that had something to do

step "mktui serve: with the tokens of a viewer and an operator, and syncs by itself"
echo viewer-0123456789abcdef0123456789abcdef >viewer.token
echo operator-0123456789abcdef0123456789abcdef >operator.token
cat >>"$config" <<END

[sync]
automatic = true

[http]
port = 0

[[http.tokens]]
name = "prometheus"
token = { file = "$here/viewer.token" }

[[http.tokens]]
name = "noc"
role = "operator"
token = { file = "$here/operator.token" }
END
does mktui config check
serve
grep -q 'in step, nothing to do' serve.log || stop "it synced what was synced already"
ends 1 mktui serve
tells "mktui already serves here, pid $server"

ask() { # expected status, token, path, curl's options...: one request; the body is in out, its head in head
  local wanted=$1 token=$2 path=$3 code
  shift 3
  code=$(curl -sS --max-time 20 -o out -D head -w '%{http_code}' -H "Authorization: Bearer $token" "$@" "$url$path")
  [ "$code" = "$wanted" ] || stop "$path answers $code, not $wanted: $(cat out)"
}
viewer=$(cat viewer.token) operator=$(cat operator.token)
json='Content-Type: application/json'

step "curl: every address that is read"
until_so curl -sf "$url/-/ready" # answers are up to half a second old
ask 200 nobody /-/ready
ask 200 nobody /-/healthy
ask 200 nobody /openapi.json
says '"openapi": ?"3\.1'
for path in network-stats connection-details performance-metrics network-health; do
  ask 200 "$viewer" "/api/$path"
  says '"edge-1"'
  ask 200 "$viewer" "/api/$path?router=edge-1"
  ask 404 "$viewer" "/api/$path?router=edge-9"
  says 'there are: edge-1'
  ask 401 nobody "/api/$path"
  ask 405 "$viewer" "/api/$path" -X POST
done
ask 200 "$viewer" /api/alerts
says '"is_watched": ?'
ask 401 nobody /api/alerts
ask 405 "$viewer" /api/alerts -X POST
documented=$(curl -sS "$url/openapi.json" | grep -oE '"/(api/[a-z-]+|metrics|openapi.json|-/[a-z]+)": ?\{' | sort -u | wc -l)
[ "$documented" = 11 ] || stop "the document has $documented addresses, this journey asks 11: take the new one in"

step "curl: every address that does something"
for path in test-connection reset-connection-pool; do
  ask 401 nobody "/api/$path" -H "$json" -d '{"router": "edge-1"}'
  ask 403 "$viewer" "/api/$path" -H "$json" -d '{"router": "edge-1"}'
  ask 404 "$operator" "/api/$path" -H "$json" -d '{"router": "edge-9"}'
  ask 400 "$operator" "/api/$path" -H "$json" -d 'nonsense'
  ask 415 "$operator" "/api/$path" -H 'Content-Type: text/plain' -d '{"router": "edge-1"}'
  ask 200 "$operator" "/api/$path" -H "$json" -d '{"router": "edge-1"}'
  says 'edge-1'
done

step "curl and promtool: the metrics"
ask 401 nobody /metrics
ask 200 "$viewer" /metrics
says '^mktui_router_up\{router="edge-1"\} 1'
if command -v promtool >/dev/null; then
  cp out metrics
  promtool check metrics <metrics >out 2>err || stop "promtool complains"
else
  skip "promtool is not here"
fi

step "the page in a browser: log in, press a key, see the screen change"
ask 401 nobody /network-monitor
says 'id="token"'
if [ -n "${BROWSE:-}" ]; then $BROWSE "$url/network-monitor" "$operator"; else skip "no browser"; fi

step "mktui status, mktui reset: they ask the one that serves"
does mktui status --json
says '"health": "healthy"'
does mktui reset edge-1
says "edge-1: reset \(pid $server\)"
does mktui errors audit
says 'noc'

step "mktui --attach: its fleet on a screen, without a session of its own"
if command -v tmux >/dev/null; then
  screen() { tmux -S "$here/tmux" -f /dev/null "$@"; }
  screen new-session -d -x 80 -y 24 "$(command -v mktui) --attach"
  shows() { screen capture-pane -p | grep -q "$1"; }
  until_so shows 'edge-1'
  screen send-keys q
  gone() { ! screen has-session; }
  until_so gone
else
  skip "tmux is not here"
fi

# --- its end, and its return ---------------------------------------------------------------------------------------

step "kill -9, and again: the socket is taken over, what was done is not done twice"
rows >rows.before
runs >runs.before
kill -KILL "$server"
wait "$server" 2>/dev/null || true
[ -S "$socket" ] || stop "kill -9 leaves a socket behind"
does mktui status # the socket of a dead one holds nobody up
for write in add set remove; do echo "cut before /ppp/secret/$write" >&3; done # whoever writes now is found out
serve
grep -q 'in step, nothing to do' serve.log || stop "it synced again what was done"
echo show >&3
until_so grep -q ' faults so far' router.log
grep -q ' 0 faults so far' router.log || stop "something was written again"
echo clear >&3
rows | diff rows.before - || stop "other rows than before"
runs | diff runs.before - || stop "a run more, or less, has written something"

step "SIGTERM: it ends with 0 and leaves nothing"
kill -TERM "$server"
code=0
wait "$server" || code=$?
[ "$code" = 0 ] || stop "mktui serve ended with $code"
[ ! -e "$socket" ] || stop "its socket is left"
grep -q 'stopped' serve.log || stop "it does not say that it stopped"
alone() { [ "$(mktui run edge-1 /user/active/print .proplist=name | grep -c admin)" = 1 ]; } # only who asks
until_so alone
if grep -E 'hush-|0123456789abcdef' serve.log router.log; then stop "a secret is in a log"; fi
exec 3>&- # a router whose orders end goes on: it ends by a signal as well
kill -TERM "$router"
wait "$router" || true
[ -z "$(jobs -pr)" ] || stop "something still runs"

echo "== all of it is so"
