#!/bin/bash
# Measures what docs/benchmarks.md tells: testdata/measure.sh [RUNS]
# Each command runs RUNS times (5) after one run that is not counted; printed are
# the medians of CPU seconds (user and system), wall seconds and peak memory of
# the largest process. Needs GNU time, gzip, procps, iproute2 and lsof.
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${1:-5}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bin=$tmp/stilltrace
go build -o "$bin" .

# measure NAME COMMAND…: its stdout is thrown away.
measure() {
  local name=$1 i
  shift
  "$@" >/dev/null 2>&1 || true
  for ((i = 0; i < runs; i++)); do
    /usr/bin/time -o "$tmp/time" -a -f '%U %S %e %M' "$@" >/dev/null 2>&1 || true
  done
  awk '!/^Command/ {print $1+$2, $3, $4/1024}' "$tmp/time" >"$tmp/rows"
  printf '%-52s' "$name"
  for column in 1 2 3; do
    sort -g -k$column,$column "$tmp/rows" | awk -v c=$column -v n="$runs" 'NR==int((n+1)/2) {printf "%10.3f", $c}'
  done
  echo
  rm "$tmp/time"
}

printf '%s, %s cores, %s, %s processes\n' "$(uname -sr)" "$(nproc)" "$(go version | cut -d' ' -f3)" "$(ls -d /proc/[0-9]* | wc -l)"
printf '%-52s%10s%10s%10s\n' "" "CPU s" "wall s" "peak MiB"
measure "ps -eLf; ss -tanpe; lsof -nP" sh -c 'ps -eLf; ss -tanpe; lsof -nP'
measure "snapshot --no-logs" "$bin" snapshot --no-logs --force -o "$tmp/state.db"

# The same with a thousand processes more, which do nothing.
sleepers=()
for ((i = 0; i < 1000; i++)); do
  sleep 600 &
  sleepers+=($!)
done
trap 'kill "${sleepers[@]}" 2>/dev/null; rm -rf "$tmp"' EXIT
measure "  ps, ss, lsof with 1,000 processes more" sh -c 'ps -eLf; ss -tanpe; lsof -nP'
measure "  snapshot --no-logs with 1,000 processes more" "$bin" snapshot --no-logs --force -o "$tmp/state.db"
kill "${sleepers[@]}"
wait 2>/dev/null || true

go run ./testdata/corpus -out "$tmp/corpus" -size 100MB -seed 1 >&2
mv "$tmp/corpus/truth.json" "$tmp/"
measure "snapshot --no-proc of the 100 MB corpus" "$bin" snapshot --no-proc --force -o "$tmp/logs.db" "$tmp/corpus"
measure "gzip -9 of the same logs" sh -c "cat $tmp/corpus/* | gzip -9 >$tmp/logs.gz"
hot=173.108.245.93 rare=125.87.42.142 absent=192.0.2.123
measure "ip CASE.db ADDRESS, in many events" "$bin" ip "$tmp/logs.db" $hot
measure "ip CASE.db ADDRESS, in none" "$bin" ip "$tmp/logs.db" $absent
measure "ip CASE.db, all addresses" "$bin" ip "$tmp/logs.db"
measure "error CASE.db" "$bin" error "$tmp/logs.db"
measure "check CASE.db" "$bin" check "$tmp/logs.db"
measure "grep -rwF ADDRESS of the logs, in many lines" grep -rwF $hot "$tmp/corpus"

bytes=$(cat "$tmp/corpus/"* | wc -c) lines=$(cat "$tmp/corpus/"* | wc -l)
echo "corpus: $bytes bytes, $lines lines; gzip -9: $(stat -c %s "$tmp/logs.gz"); case: $(stat -c %s "$tmp/logs.db")"
# Cold: neither the program nor the case is in the page cache.
for ((i = 0; i < runs; i++)); do
  sync && echo 3 2>/dev/null >/proc/sys/vm/drop_caches || break
  /usr/bin/time -o "$tmp/cold" -a -f %e "$bin" ip "$tmp/logs.db" $hot >/dev/null
done
[[ ! -s $tmp/cold ]] || echo "ip CASE.db ADDRESS, in many events, from cold caches: $(sort -g "$tmp/cold" | sed -n "$(((runs + 1) / 2))p") s wall"
