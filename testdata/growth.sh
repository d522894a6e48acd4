#!/bin/sh
# Measures how a case grows: a calm host of 300 processes, in namespaces of its
# own, of which a still is added to one case again and again, without logs.
# Prints the size of the case and the seconds that the last still took.
#
#   testdata/growth.sh STILLTRACE CASE.db [STILLS]
set -eu
program=$1 case=$2 stills=${3:-1440}
export program case stills
rm -f "$case"
exec unshare --pid --fork --mount-proc --net --ipc --uts sh -eu -c '
n=0
while [ $n -lt 299 ]; do
	sleep 100000 &
	n=$((n + 1))
done
sleep 1
echo "still size_bytes seconds user_seconds"
n=0
while [ $n -lt "$stills" ]; do
	n=$((n + 1))
	case $n in
	1 | 2 | 10 | 100 | 500 | 1000 | "$stills")
		/usr/bin/time -f "%e %U" -o "$case.time" "$program" snapshot --append --no-logs -o "$case" >/dev/null
		echo "$n $(stat -c %s "$case") $(cat "$case.time")"
		;;
	*) "$program" snapshot --append --no-logs -o "$case" >/dev/null ;;
	esac
done
rm -f "$case.time"
'
