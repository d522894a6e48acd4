#!/bin/bash
# Makes this directory anew: records the room of snapshot/room_test.go inside
# namespaces of its own, as the host web01, and copies that host.
# Needs root, Go, the packages that .ci/run installs, and: tini sudo cron
# python3-django gunicorn tzdata.
set -euo pipefail

if [[ ${1:-} != inside ]]; then
  here=$(cd "$(dirname "$0")" && pwd)
  out=$(mktemp -d)
  trap 'rm -rf "$out"; find /sys/fs/cgroup/unified/system.slice -depth -type d -exec rmdir {} + 2>/dev/null || true' EXIT
  (cd "$here/../.." && go test -c -o "$out/room.test" ./snapshot)
  if ! unshare --pid --fork --mount --net --uts "$0" inside "$out" || [[ ! -e $out/host/var/log ]]; then
    cat "$out/record.log"
    exit 1
  fi
  for part in proc etc usr var; do
    rm -rf "${here:?}/$part"
    cp -a "$out/host/$part" "$here/$part"
  done
  exit 0
fi

# From here on in namespaces: nothing below is seen outside of them.
hostname web01
ip link set lo up
for a in 192.0.2.10 198.51.100.{23,80,81} 203.0.113.{7,9,50} 2001:db8::10 2001:db8:bad::1; do
  ip address add "$a" dev lo
done
etc=$(mktemp -d)
cp -a /etc/. "$etc"
mount -t tmpfs -o mode=755 tmpfs /srv
mount -t tmpfs -o mode=755 tmpfs /var/log
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /srv/out /srv/proc /srv/etc
cp -a "$etc/." /srv/etc && rm -rf "$etc"
mount --bind /srv/etc /etc
ln -sfn /usr/share/zoneinfo/Europe/Berlin /etc/localtime
echo web01 >/etc/hostname
printf '127.0.0.1 localhost\n192.0.2.10 web01\n' >/etc/hosts
awk -F: '$3 >= 1000 && $3 < 60000 { print "^" $1 ":" }' /etc/passwd >/srv/people
for f in passwd shadow group gshadow; do # only the users that Debian's packages make
  grep -vf /srv/people "/etc/$f" >/srv/kept
  cat /srv/kept >"/etc/$f"
done
rm -f /etc/security/limits.d/* /etc/cron.d/*
mount --bind "$2" /srv/out
mount --bind /proc /srv/proc
mount -t proc proc /proc
echo 400 >/proc/sys/kernel/ns_last_pid # below lie the kernel threads that are copied with it
cat >/srv/start <<'START'
#!/bin/sh
cp /srv/out/room.test /srv/room.test
/srv/room.test -test.v -test.run=TestRoom -keep=/srv/out/host >/srv/out/record.log 2>&1
START
chmod +x /srv/start
cd /
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin tini -- /srv/start </dev/null >/srv/tini.log 2>&1
