#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Where a container's cgroups are: lxc.cgroup.dir*, lxc.cgroup.relative, lxc.cgroup.pattern. Nothing of
# it is left behind.
. "$(dirname "$0")/lib.sh"
who= # see each_caller
unset RLXC_TURNS # root does something to the cgroup in the turn of the user
[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || skip "no busybox"

: >"$TMP/empty"
chmod 644 "$TMP/empty"

message()
{
	"$@" 2>&1 >/dev/null </dev/null
}

# The cgroup2 directory of a pid, absolute.
place()
{
	path=$(as_caller sed -n 's/^0:://p' "/proc/$1/cgroup")
	echo "$mount${path%/}"
}

init_place()
{
	place "$(lxc info -n c -pH)"
}

monitor_place()
{
	place "$(as_caller awk '/^PPid/ { print $2 }' "/proc/$(lxc info -n c -pH)/status")"
}

# at "INIT MONITOR" START-ARGUMENT...: starts one, checks where it is below the base, and that all
# the directories go with it.
at()
{
	want=$1
	shift
	ok "$who: $* starts" lxc start -n c "$@"
	is "$who: it is there" "$(init_place) $(monitor_place)" "$base/${want% *} $base/${want#* }"
	lxc stop -k -n c
	first=${want%%/*}
	ok "$who: nothing of it stays" wait_for 5 test ! -e "$base/$first"
	first=${want#* }
	ok "$who: nor of the monitor's" wait_for 5 test ! -e "$base/${first%%/*}"
}

refused()
{
	text=$1
	shift
	exits 1 "$who: $*" lxc start -n c "$@"
	like "$who: says why" "$(message lxc start -n c "$@")" "*$text*hint: *"
}

# starts_with SYSTEM-LINE: with that as the user's lxc.conf
starts_with()
{
	as_caller mkdir -p "$LXCPATH/.home/.config/lxc"
	as_caller sh -c 'echo "$1" >"$2/.home/.config/lxc/lxc.conf"' sh "$1" "$LXCPATH"
	as_caller env HOME="$LXCPATH/.home" "$RLXC" start -P "$LXCPATH" -n c
}

system_file()
{
	[ "$who" != root ] || return 0 # that would be the host's own
	ok "$who: lxc.cgroup.pattern" starts_with 'lxc.cgroup.pattern = tq/%n'
	is "$who: names both" "$(init_place) $(monitor_place)" "$base/tq/c/payload $base/tq/c/monitor"
	lxc stop -k -n c
	ok "$who: nothing of it stays" wait_for 5 test ! -e "$base/tq"
	exits 1 "$who: lxc.cgroup.use with what is not there" starts_with 'lxc.cgroup.use = no-such'
	like "$who: is named" "$(message starts_with 'lxc.cgroup.use = no-such')" \
		"*lxc.cgroup.use names 'no-such'*hint: *"
	ok "$who: lxc.cgroup.use with what is" starts_with 'lxc.cgroup.use = freezer'
	lxc stop -k -n c
}

checks()
{
	lxc create -n c -t busybox -f "$TMP/empty" >/dev/null 2>&1
	has_cgroup || return 0
	base=$(lxc start -n c --dry-run | sed -n 's/^ *"cgroup_base": "\(.*\)",$/\1/p')
	mount=/sys/fs/cgroup
	[ -e $mount/cgroup.procs ] || mount=/sys/fs/cgroup/unified
	if [ -z "$base" ]; then # a scope, which is another one each time
		return 0
	fi
	base=${base%/}
	at "t1/t2/lxc.payload.c t1/t2/lxc.monitor.c" -s lxc.cgroup.dir=t1/t2
	at "tp/c tm/x/c" -s lxc.cgroup.dir.container=tp/c -s lxc.cgroup.dir.monitor=tm/x/c
	at "tp/c/in tm" -s lxc.cgroup.dir.container=tp/c -s lxc.cgroup.dir.monitor=tm \
		-s lxc.cgroup.dir.container.inner=in
	at "t3/lxc.payload.c t3/lxc.monitor.c" -s lxc.cgroup.dir=t3 -s lxc.cgroup.dir.monitor.pivot=t4
	ok "$who: the pivot stays, empty" wait_for 5 as_caller rmdir "$base/t4/lxc.pivot"
	as_caller rmdir "$base/t4"

	lxc start -n c -s lxc.cgroup.dir.container=tp -s lxc.cgroup.dir.monitor=tm
	as_caller mkdir "$LXCPATH/d"
	as_caller sh -c 'sed "s/^lxc.uts.name.*/lxc.uts.name = d/" "$1/c/config" >"$1/d/config"' sh "$LXCPATH"
	exits 1 "$who: a cgroup of another container" lxc start -n d -s lxc.cgroup.dir.container=tp \
		-s lxc.cgroup.dir.monitor=tm2
	like "$who: says so" "$(message lxc start -n d -s lxc.cgroup.dir.container=tp \
		-s lxc.cgroup.dir.monitor=tm2)" "*/tp' is in use*"
	is "$who: the other one goes on" "$(state c)" RUNNING
	ok "$who: nothing was left of the try" test ! -e "$base/tm2"
	ok "$who: a reboot stays there" lxc stop -r -n c
	is "$who: in the same place" "$(init_place)" "$base/tp"
	lxc stop -k -n c

	system_file
	refused "stands alone" -s lxc.cgroup.dir.container=x
	refused "exclude each other" -s lxc.cgroup.dir=x -s lxc.cgroup.dir.container=y -s lxc.cgroup.dir.monitor=z
	refused "needs" -s lxc.cgroup.dir.container.inner=x
	refused "inside the other" -s lxc.cgroup.dir.container=x -s lxc.cgroup.dir.monitor=x/y
	refused "inside the other" -s lxc.cgroup.dir.container=x/y -s lxc.cgroup.dir.monitor=x
	exits 1 "$who: where login sessions go" lxc start -n c -s lxc.cgroup.dir.container=lxc.session \
		-s lxc.cgroup.dir.monitor=x
	exits 1 "$who: an inner name that is taken" lxc start -n c -s lxc.cgroup.dir.container=t5/p \
		-s lxc.cgroup.dir.monitor=t6/m -s lxc.cgroup.dir.container.inner=cgroup.procs
	ok "$who: leaves no directory" test ! -e "$base/t5" -a ! -e "$base/t6"
	exits 1 "$who: a path out" lxc start -n c -s lxc.cgroup.dir=../x
	exits 1 "$who: an absolute path" lxc start -n c -s lxc.cgroup.dir=/x
	[ "$who" != root ] || relative
}

# Root's containers stand beside the host's init, or with relative = 1 where root stands.
relative()
{
	mkdir "$mount/rlxc-rel.$$"
	# shellcheck disable=SC2016
	sh -c 'echo 0 >"$1/cgroup.procs"; shift; exec "$@"' sh "$mount/rlxc-rel.$$" \
		"$RLXC" start -P "$LXCPATH" -n c -s lxc.cgroup.relative=1
	is "$who: lxc.cgroup.relative = 1" "$(init_place)" "$mount/rlxc-rel.$$/lxc.payload.c"
	lxc stop -k -n c
	ok "$who: its directory is empty again" wait_for 5 rmdir "$mount/rlxc-rel.$$"
}

# Where cgroup.kill was used once, Linux 6.18 kills who is cloned from there into a cgroup below.
killed_base()
{
	[ "$who" = user ] && [ -n "$USER_CGROUP" ] && [ -e "$USER_CGROUP/cgroup.kill" ] || return 0
	lxc create -n k -t busybox -f "$TMP/empty" >/dev/null 2>&1
	echo 1 >"$USER_CGROUP/cgroup.kill"
	if ! lxc start -n k 2>"$TMP/said"; then
		like "$who: a base that was killed before is named" "$(cat "$TMP/said")" "*hint: *cgroup.kill*'$USER_CGROUP'*"
		is "$who: and nothing is left in it" "$(find "$USER_CGROUP" -name 'lxc.*')" ""
	fi
	lxc stop -k -n k 2>/dev/null
}

all()
{
	checks
	killed_base
}

each_caller all
finish
