#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Failures as people see them: each case makes one thing wrong, runs one command, and compares all
# that it prints and its exit code with the block of the same name in errors.expected. After each
# one nothing is left behind: no process, mount, cgroup, socket, lock or half-made directory.
#
# Run by root it is in a pid and a mount namespace of its own, so that what is wrong with the host is
# wrong there only; some cases are left out when an ordinary user runs it.
#
# ERRORS_WRITE=FILE writes what was printed as a new errors.expected. Read each line of it first:
# what failed, on which path, id or key, why, and in the hint the command or the line that helps.
if [ "$(id -u)" -eq 0 ] && [ -z "${ERRORS_INSIDE-}" ] &&
	unshare --mount --pid --fork --mount-proc true 2>/dev/null; then
	ERRORS_INSIDE=1 exec unshare --mount --pid --fork --mount-proc --kill-child=TERM -- "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"

need_user
: "${top_srcdir:?}"
[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || skip "no busybox"
as_user test -x "$RLXC" || skip "$TEST_USER cannot run $RLXC"
expected=$top_srcdir/tests/run/errors.expected
unset LXC_LOGLEVEL
mkdir "$TMP/home" "$TMP/etc" "$TMP/mnt" "$TMP/file-system"
rooted=
if [ -n "${ERRORS_INSIDE-}" ]; then
	rooted=1
	chown "$TEST_USER:" "$TMP/home" "$TMP/file-system"
	# The same ids on each machine.
	printf '%s:700000:65536\n' "$TEST_USER" >"$TMP/etc/subid"
	grep -v '^subid:' /etc/nsswitch.conf >"$TMP/etc/nsswitch.conf" 2>/dev/null
	mount --bind "$TMP/etc/subid" /etc/subuid
	mount --bind "$TMP/etc/subid" /etc/subgid
	mount --bind "$TMP/etc/nsswitch.conf" /etc/nsswitch.conf 2>/dev/null
fi

# ---- the user's shell, in a cgroup of its own where there is version 2 -----------------------------

user=(env -u XDG_RUNTIME_DIR "HOME=$TMP/home" LC_ALL=C.UTF-8 TERM=dumb)
cgroup=
if [ -n "$rooted" ]; then
	user+=("USER=$TEST_USER" "LOGNAME=$TEST_USER" setpriv --reuid "$TEST_USER" \
		--regid "$(id -g "$TEST_USER")" --init-groups)
	cgroup=$(awk '$3 == "cgroup2" {print $2; exit}' /proc/self/mounts)
	[ -z "$cgroup" ] || cgroup=$(mktemp -d "$cgroup/rlxc-errors.XXXXXX" 2>/dev/null)
	if [ -n "$cgroup" ] && mkdir "$cgroup/user"; then
		chown "$TEST_USER" "$cgroup" "$cgroup/user" "$cgroup"/cgroup.{procs,threads,subtree_control} \
			"$cgroup"/user/cgroup.{procs,threads,subtree_control}
		# shellcheck disable=SC2016
		user=(sh -c 'echo $$ >"$0/user/cgroup.procs" && exec "$@"' "$cgroup" "${user[@]}")
		on_exit 'find "$cgroup" -depth -type d -exec rmdir {} \; 2>/dev/null'
	else
		cgroup=
	fi
fi

above=() # words in front of it all, run by root
with=()  # words in front of the program, run by the user
after=() # a command of ours that undoes what the case does when it succeeds
store=$LXCPATH

as()
{
	(cd "$TMP" && exec timeout -k 5 30 "${above[@]}" "${user[@]}" "${with[@]}" "$@" </dev/null)
}

# prepare COMMAND...: what has to work before a case can fail
prepare()
{
	if ! as "$RLXC" "$1" -P "$store" "${@:2}" >"$TMP/.prepare" 2>&1; then
		test_result 1 "preparing with: $*"
		sed 's/^/# /' "$TMP/.prepare"
	fi
}

# ---- one case --------------------------------------------------------------------------------------

# All that a command could leave. Empty directories of the run-time data may stay.
left()
{
	if [ -n "$rooted" ]; then
		for dir in /proc/[0-9]*; do
			[ "${dir#/proc/}" = $$ ] || ! exe=$(readlink "$dir/exe" 2>/dev/null) || [ -z "$exe" ] ||
				grep -q "^PPid:[[:space:]]*$BASHPID$" "$dir/status" 2>/dev/null ||
				[ "${dir#/proc/}" = "$BASHPID" ] || echo "process ${dir#/proc/} $exe"
		done
	else
		pgrep -f "(^.lxc monitor.|$RLXC).*$TMP" | sed 's/^/process /'
	fi
	# Those of other programs in /tmp come and go.
	awk -v tmp="$TMP" -v own="$rooted" 'index($5, tmp) == 1 || (own && $5 !~ "^/tmp/") {print "mount", $1, $5}' \
		/proc/self/mountinfo | sort
	[ -z "$cgroup" ] || find "$cgroup" -type d -printf 'cgroup %p\n' | sort
	find "$TMP" -name '.[a-z]*' -path "$TMP/.*" -prune -o -printf '%y %p\n' 2>/dev/null |
		grep -v -e '/\.run$' -e '/\.rlxc-ids$' | sort
}

is_as_before()
{
	left >"$TMP/.after"
	cmp -s "$TMP/.before" "$TMP/.after"
}

# What differs from machine to machine becomes a word.
same_everywhere()
{
	sed -E -e "s#$TMP#@TMP@#g" -e "s#${cgroup:-@CGROUP@}#@CGROUP@#g" -e "s#$(dirname "$RLXC")/#@BIN@/#g" -e "s#\b$TEST_USER\b#@USER@#g" \
		-e "s#\b$(id -u "$TEST_USER")\b#@UID@#g" -e "s#\b$(id -g "$TEST_USER")\b#@UID@#g" \
		-e 's#\(pid [0-9]+\)#(pid @PID@)#' -e "s#'/[^' ]*/templates/#'@TEMPLATES@/#g"
}

block_of()
{
	awk -v head="== $1" '$0 == head {on = 1; next} /^== / {on = 0} on && NF' "$expected" 2>/dev/null
}

seen=
# raw NAME COMMAND...: runs the command and compares.
raw()
{
	local name=$1 code
	shift
	left >"$TMP/.before"
	as "$@" >"$TMP/.out" 2>"$TMP/.err"
	code=$?
	{
		echo "exit $code"
		head -c 4000 "$TMP/.out" | sed 's/^/stdout: /'
		head -c 4000 "$TMP/.err"
	} | same_everywhere >"$TMP/.got"
	seen="$seen
$name"
	[ -z "${ERRORS_WRITE-}" ] || { echo "== $name" && cat "$TMP/.got" && echo; } >>"$ERRORS_WRITE"
	block_of "$name" >"$TMP/.want"
	if cmp -s "$TMP/.got" "$TMP/.want"; then
		test_result 0 "$name"
	else
		test_result 1 "$name"
		diff -u --label expected --label got "$TMP/.want" "$TMP/.got" | sed 's/^/# /'
	fi
	[ ${#after[@]} -eq 0 ] || prepare "${after[@]}"
	if wait_for 3 is_as_before; then
		test_result 0 "$name: nothing is left behind"
	else
		test_result 1 "$name: nothing is left behind"
		diff "$TMP/.before" "$TMP/.after" | sed -n 's/^[<>]/# &/p'
	fi
	above=() with=() after=()
	[ ! -e "$LXCPATH/.run/t/lock" ] || as "$RLXC" stop -P "$LXCPATH" -n t -k >/dev/null 2>&1
}

# try NAME COMMAND ARG...: a command of ours on the store
try()
{
	raw "$1" "$RLXC" "$2" -P "$store" "${@:3}"
}

# Only root can make the host wrong.
need_rooted()
{
	[ -n "$rooted" ] && return 0
	echo "ok $((test_count += 1)) - $1 # SKIP needs root and namespaces"
	return 1
}

# config NAME LINE...: a container of the user with that configuration
config()
{
	local name=$1
	shift
	rm -rf "${LXCPATH:?}/$name"
	mkdir "$LXCPATH/$name"
	printf '%s\n' "$@" >"$LXCPATH/$name/config"
	[ -z "$rooted" ] || chown -R "$TEST_USER:" "$LXCPATH/$name"
}

# wrong CASE LINE...: a start with these lines behind two good ones
wrong()
{
	local name=$1
	shift
	config t "lxc.rootfs.path = dir:$LXCPATH/c1/rootfs" "lxc.uts.name = t" "$@"
	try "$name" start -n t
}

# ---- the containers --------------------------------------------------------------------------------

# Somebody has to have the ttys open, or visitors find them hung up.
sleeper=(/bin/sh -c 'exec 3<>/dev/tty1 4<>/dev/tty2; exec /bin/busybox sleep 600')
base="lxc.rootfs.path = dir:$LXCPATH/c1/rootfs"
prepare create -n c1 -t busybox
config up "$base" "lxc.tty.max = 2"
config bare "$base" "lxc.console.path = none"
prepare start -n up -- "${sleeper[@]}"
prepare start -n bare -- /bin/busybox sleep 600
on_exit 'for name in up bare orphan t c1; do as "$RLXC" stop -P "$LXCPATH" -n "$name" -k; done >/dev/null 2>&1'

# ---- ids -------------------------------------------------------------------------------------------

# host PATH FILE...: the file in place of the host's, until host_again
hidden=
host()
{
	mount --bind "$2" "$1"
	hidden="$1 $hidden"
}

host_again()
{
	# shellcheck disable=SC2086
	umount $hidden
	hidden=
}

# shellcheck disable=SC2016
without_newuidmap='mount -t tmpfs tmpfs "$2" && mkdir "$2/upper" "$2/work" &&
	mount -t overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" overlay "$1" &&
	rm "$1/newuidmap" && shift 2 && exec "$@"'

if need_rooted "ids"; then
	: >"$TMP/etc/empty"
	printf '%s:700000:1000\n' "$TEST_USER" >"$TMP/etc/small"
	host /etc/subuid "$TMP/etc/empty"
	host /etc/subgid "$TMP/etc/empty"
	after=(destroy -n one)
	try "no subordinate ids: create" create -n one -t none
	config t "$base" "lxc.net.0.type = empty"
	after=(stop -n t -k)
	try "no subordinate ids: a start without a map" start -n t -- /bin/busybox sleep 600
	try "no subordinate ids: start" start -n c1
	wrong "no subordinate ids: a map is asked for" "lxc.idmap = u 0 700000 65536" "lxc.idmap = g 0 700000 65536"
	raw "no subordinate ids: usernsexec" "$RLXC" usernsexec -m b:0:700000:65536 -- true
	host_again
	host /etc/subuid "$TMP/etc/small"
	host /etc/subgid "$TMP/etc/small"
	try "range too small for the map" start -n c1
	host_again
	host /etc/subgid "$TMP/etc/empty"
	try "subuid without subgid" start -n c1
	host_again

	tools=$(dirname "$(readlink -f "$(command -v newuidmap)")")
	cp "$tools/newuidmap" "$TMP/etc/newuidmap" && chmod 755 "$TMP/etc/newuidmap"
	host "$tools/newuidmap" "$TMP/etc/newuidmap"
	try "newuidmap is not set-uid" start -n c1
	host_again
	chmod 644 "$TMP/etc/newuidmap"
	host "$tools/newuidmap" "$TMP/etc/newuidmap"
	try "newuidmap is not executable" start -n c1
	host_again
	# A layer over the directory, seen by this command only.
	if unshare --mount sh -c "$without_newuidmap" sh "$tools" "$TMP/mnt" true; then
		above=(unshare --mount sh -c "$without_newuidmap" sh "$tools" "$TMP/mnt")
		try "newuidmap is missing" start -n c1
	else
		echo "ok $((test_count += 1)) - newuidmap is missing # SKIP no overlay here"
		seen="$seen
newuidmap is missing"
	fi
	with=(setpriv --no-new-privs)
	try "newuidmap under no_new_privs" start -n c1
	above=("$RLXC" usernsexec -m b:0:0:100000 -m b:700000:700000:65536 --
		sh -c 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"' sh)
	try "user namespaces are switched off" start -n c1
fi
wrong "a map outside the ranges" "lxc.idmap = u 0 3000000000 65536" "lxc.idmap = g 0 3000000000 65536"
wrong "a map of root's id" "lxc.idmap = u 0 0 65536" "lxc.idmap = g 0 0 65536"
wrong "maps overlap on the host" "lxc.idmap = u 0 3000000000 1000" "lxc.idmap = u 5000 3000000500 1000" \
	"lxc.idmap = g 0 3000000000 1000"
wrong "maps overlap inside" "lxc.idmap = u 0 3000000000 1000" "lxc.idmap = u 500 3000005000 1000" \
	"lxc.idmap = g 0 3000000000 1000"
wrong "a map without gids" "lxc.idmap = u 0 3000000000 1000"
wrong "an id that is not mapped" "lxc.init.uid = 70000"
wrong "a gid that is not mapped" "lxc.init.gid = 70000"

# ---- init and the root file system -----------------------------------------------------------------

# In the container's own tree, as its root.
inside()
{
	if [ -n "$rooted" ]; then
		(cd "$LXCPATH/c1/rootfs" && eval "$1")
	else
		(cd "$LXCPATH/c1/rootfs" && "$RLXC" usernsexec -s -- sh -c "$1")
	fi
}
inside 'printf "not a program\n" >broken; chmod 755 broken
	printf "#!/no/such/shell\n" >script; chmod 755 script
	printf "text\n" >text; chmod 644 text; mkdir -p closed/in; chmod 700 closed
	ln -s /etc link; mkdir full; : >full/file'
[ -z "$rooted" ] || (cd "$LXCPATH/c1/rootfs" && chown -h 700000:700000 link full)
wrong "no init" "lxc.init.cmd = /sbin/no-init"
wrong "init is not executable" "lxc.init.cmd = /text"
wrong "init is no program" "lxc.init.cmd = /broken"
wrong "init lacks its interpreter" "lxc.init.cmd = /script"
wrong "init is a directory" "lxc.init.cmd = /bin"
wrong "init.cmd has an open quote" "lxc.init.cmd = /sbin/init 'a"
wrong "init.cwd is a file" "lxc.init.cwd = /text"
if need_rooted "empty root file systems"; then
	mkdir "$TMP/file-system/empty"
	chmod 755 "$TMP/file-system/empty"
	wrong "the rootfs belongs to the host's root" "lxc.rootfs.path = dir:$TMP/file-system/empty"
	chown 700000:700000 "$TMP/file-system/empty"
	# The first attempt makes mount points, which stay.
	as "$RLXC" start -P "$LXCPATH" -n t >/dev/null 2>&1
	wrong "the rootfs is empty" "lxc.rootfs.path = dir:$TMP/file-system/empty"
	rm -r "$TMP/file-system/empty"
fi
wrong "the rootfs is missing" "lxc.rootfs.path = dir:$LXCPATH/gone/rootfs"
wrong "the rootfs is a file" "lxc.rootfs.path = dir:$LXCPATH/up/config"
wrong "the rootfs is relative" "lxc.rootfs.path = dir:rootfs"
if need_rooted "the rootfs is behind a closed directory"; then
	mkdir -p "$TMP/file-system/closed/rootfs"
	chmod 700 "$TMP/file-system/closed"
	wrong "the rootfs is behind a closed directory" "lxc.rootfs.path = dir:$TMP/file-system/closed/rootfs"
	rm -r "$TMP/file-system/closed"
fi
config t "lxc.uts.name = t" "lxc.net.0.type = empty"
try "no lxc.rootfs.path" start -n t
try "no lxc.rootfs.path, no such program" execute -n t -- /no/such/program

# ---- configuration ---------------------------------------------------------------------------------

wrong "a key with a typo" "lxc.rootfs.paht = /srv"
wrong "an unknown key" "lxc.frobnicate = 1"
wrong "a bad boolean" "lxc.autodev = maybe"
wrong "a bad number" "lxc.tty.max = four"
wrong "a number that is too big" "lxc.tty.max = 99999999999999999999"
wrong "a bad signal" "lxc.signal.halt = SIGHALT"
wrong "a bad map" "lxc.idmap = u 0 100000"
wrong "no equals sign" "lxc.tty.max 4"
wrong "an unknown capability" "lxc.cap.drop = sys_admim"
wrong "capabilities dropped and kept" "lxc.cap.drop = sys_time" "lxc.cap.keep = chown"
wrong "an unknown namespace" "lxc.namespace.keep = nett"
wrong "an unknown architecture" "lxc.arch = z80"
wrong "a bad word of lxc.mount.auto" "lxc.mount.auto = proc:mixed,sys:ro"
wrong "a device without type" "lxc.net.0.link = br0"
wrong "a device of root" "lxc.net.0.type = macvlan" "lxc.net.0.link = eth0"
wrong "a bridge that is not there" "lxc.net.0.type = veth" "lxc.net.0.link = nobr0"
wrong "a port that is none" "lxc.net.0.type = user" "lxc.net.0.publish = 8080:0"
wrong "a port of another type" "lxc.net.0.type = veth" "lxc.net.0.publish = 8080:80"
wrong "two user-mode networks" "lxc.net.0.type = user" "lxc.net.1.type = user"
wrong "an address of a user-mode network" "lxc.net.0.type = user" "lxc.net.0.ipv4.address = 10.0.0.2/24"
wrong "a device that is always lo" "lxc.net.0.type = empty" "lxc.net.0.name = eth0"
wrong "a device of type empty with a link" "lxc.net.0.type = empty" "lxc.net.0.link = br0"
wrong "a gateway without address" "lxc.net.0.type = empty" "lxc.net.0.flags = up" "lxc.net.0.ipv4.gateway = dev"
wrong "an address that does not parse" "lxc.net.0.type = veth" "lxc.net.0.ipv4.address = 10.0.3.400/24"
wrong "an interface name that is too long" "lxc.net.0.type = veth" "lxc.net.0.name = abcdefghijklmnop"
wrong "an unknown limit" "lxc.prlimit.nofiles = 10"
wrong "a bad limit" "lxc.prlimit.nofile = many"
wrong "soft above hard" "lxc.prlimit.nofile = 20:10"
with=(prlimit --nofile=512:512)
wrong "a limit above the hard one" "lxc.prlimit.nofile = 1024"
wrong "a sysctl of the host" "lxc.sysctl.kernel.panic = 5"
wrong "a sysctl that is not there" "lxc.sysctl.kernel.no_such = 5"
wrong "a value that the sysctl refuses" "lxc.sysctl.net.ipv4.ip_forward = maybe"
wrong "include is missing" "lxc.include = $TMP/no/such.conf"
printf 'lxc.include = %s\n' "$TMP/file-system/loop.conf" >"$TMP/file-system/loop.conf"
wrong "an include loop" "lxc.include = $TMP/file-system/loop.conf"
for i in $(seq 1 20); do
	printf 'lxc.include = %s\n' "$TMP/file-system/deep$((i + 1)).conf" >"$TMP/file-system/deep$i.conf"
done
wrong "includes too deep" "lxc.include = $TMP/file-system/deep1.conf"
printf 'lxc.tty.max = 4\nlxc.tty.max = x\n' >"$TMP/file-system/bad.conf"
wrong "a mistake in an include" "lxc.include = $TMP/file-system/bad.conf"
if need_rooted "files that cannot be read"; then
	: >"$TMP/file-system/secret.conf"
	chmod 600 "$TMP/file-system/secret.conf"
	wrong "an include that cannot be read" "lxc.include = $TMP/file-system/secret.conf"
	config t "$base"
	chown 0:0 "$LXCPATH/t/config" && chmod 600 "$LXCPATH/t/config"
	try "the configuration cannot be read" start -n t
fi
config t
head -c 3000 /bin/busybox >"$LXCPATH/t/config" 2>/dev/null || head -c 3000 /usr/bin/busybox >"$LXCPATH/t/config"
try "the configuration is a program" start -n t
config t "$base" "lxc.uts.name = $(head -c 1000000 /dev/zero | tr '\0' x)"
try "a line of 1 MB" start -n t
head -c 5000000 /dev/zero | tr '\0' '\n' >"$LXCPATH/t/config"
try "a configuration of 5 MB" start -n t
rm "$LXCPATH/t/config"
mkdir "$LXCPATH/t/config"
try "the configuration is a directory" start -n t
try "-f is not there" start -n c1 -f "$TMP/no.conf"
try "-s without equals sign" start -n c1 -s lxc.tty.max
try "-s with an unknown key" start -n c1 -s lxc.tty.maxx=4

# ---- not supported yet -----------------------------------------------------------------------------

wrong "a hook that fails" "lxc.hook.pre-start = /bin/false"
wrong "seccomp: no such policy" "lxc.seccomp.profile = /no/policy"
printf '2\ndenylist\n\nread errno\n' >"$TMP/policy"
wrong "seccomp: a mistake in the policy" "lxc.seccomp.profile = $TMP/policy"
wrong "overlay: a directory that is missing" "lxc.rootfs.path = overlay:/no/lower:$TMP/file-system/delta"
wrong "overlay: one path" "lxc.rootfs.path = overlay:/no/upper"
wrong "a backend for root only" "lxc.rootfs.path = lvm:/dev/vg/lv"
wrong "a backend that is left out" "lxc.rootfs.path = nbd:/image:1"

# ---- limits ----------------------------------------------------------------------------------------

wrong "limit: no such controller" "lxc.cgroup2.memry.max = 100M"
wrong "limit: a slash" "lxc.cgroup2.memory/max = 100M"
wrong "limit: a file that moves processes" "lxc.cgroup2.cgroup.procs = 1"
wrong "limit: a name of version 1 for version 2" "lxc.cgroup2.memory.limit_in_bytes = 100M"
wrong "limit: a device rule" "lxc.cgroup2.devices.allow = c 1:3"
wrong "limit: a device that is not there" "lxc.cgroup2.devices.allow = /dev/no/such rwm"

# ---- mounts ----------------------------------------------------------------------------------------

wrong "mount: the source is missing" "lxc.mount.entry = $TMP/no mnt none bind,create=dir 0 0"
wrong "mount: the target is missing" "lxc.mount.entry = tmpfs no/such tmpfs rw 0 0"
wrong "mount: the target is a symbolic link" "lxc.mount.entry = tmpfs link/mnt tmpfs rw 0 0"
wrong "mount: the target leads outside" "lxc.mount.entry = tmpfs ../up tmpfs rw 0 0"
wrong "mount: an unknown type" "lxc.mount.entry = x full nofs rw 0 0"
wrong "mount: a bad option" "lxc.mount.entry = tmpfs full tmpfs size=lots 0 0"
wrong "mount: a disk" "lxc.mount.entry = /dev/null full ext4 rw 0 0"
wrong "mount: no target" "lxc.mount.entry = tmpfs"
wrong "mount: a directory on a file" "lxc.mount.entry = $TMP/home text none bind 0 0"
wrong "mount: the table is missing" "lxc.mount.fstab = $TMP/no/fstab"

# ---- names -----------------------------------------------------------------------------------------

long=$(head -c 300 /dev/zero | tr '\0' n)
try "name: none" start
try "name: empty" start -n ""
try "name: a slash" create -n a/b -t none
try "name: a leading dot" create -n .a -t none
try "name: a leading dash" create -n -a -t none
try "name: 300 characters" create -n "$long" -t none
try "name: a blank" info -n "a b"
try "name: shell characters" attach -n 'a;b'

# ---- states ----------------------------------------------------------------------------------------

for command in start stop attach console freeze unfreeze info destroy execute; do
	try "does not exist: $command" $command -n nope
done
try "does not exist: wait" wait -n nope -s RUNNING -t 0
try "does not exist: info, as JSON" info -n nope --format json
for command in stop attach console freeze unfreeze; do
	try "not running: $command" $command -n c1
done
try "does not exist: cgroup" cgroup -n nope pids.max
try "not running: cgroup" cgroup -n c1 pids.max
try "cgroup: no file" cgroup -n up
try "cgroup: a word too many" cgroup -n up cpu.max 1000 10000
try "cgroup: a path" cgroup -n up ../pids.max
try "cgroup: no such controller" cgroup -n up memroy.max
if [ -n "$cgroup" ]; then
	try "cgroup: no such file" cgroup -n up cgroup.frooze
	try "cgroup: a bad value" cgroup -n up cgroup.freeze 7
	try "cgroup: a bad value of version 1" cgroup -n up freezer.state COLD
	try "cgroup: only for reading" cgroup -n up cpuacct.usage 0
	try "cgroup: as JSON" cgroup -n up cgroup.frooze --format json
else
	seen="$seen
$(sed -n 's/^== \(cgroup: no such file\|cgroup: a bad .*\|cgroup: only .*\|cgroup: as JSON\)$/\1/p' "$expected")"
fi
try "top: no terminal" top
try "top: a bad delay" top -b -d 0
try "top: an unknown order" top -b -s x
try "top: JSON without lines" top --format json
try "not running: wait" wait -n c1 -s RUNNING -t 0
try "already running: start" start -n up
try "already running: start -F" start -n up -F
try "already running: execute" execute -n up -- true
try "running: destroy" destroy -n up
try "stop: -k and -r" stop -n up -k -r
try "wait: an unknown state" wait -n up -s SLEEPING
try "an unknown command" "strat" -n up
try "an unknown option" start -n up --foregruond
try "an option without its argument" start -n
try "an unknown log level" start -n c1 -l LOUD
try "as JSON: start" start -n nope --format json
config t "$base" "lxc.tty.max = x"
try "as JSON: a mistake in the configuration" start -n t --format json
try "as JSON: an option" start -n t --format json --foregruond

# ---- attach and console ----------------------------------------------------------------------------

try "attach: no such program" attach -n up -- no-such-program
try "attach: no such path" attach -n up -- /no/such/program
try "attach: not executable" attach -n up -- /text
try "attach: no program" attach -n up -- /broken
try "attach: a directory" attach -n up -- /bin
try "attach: no interpreter" attach -n up -- /script
try "attach: an id that is not mapped" attach -n up -u 70000 -- /bin/true
try "attach: an unknown namespace" attach -n up -s NET -- /bin/true
try "console: a tty out of range" console -n up -t 7
try "console: not a number" console -n up -t one
try "console: there is none" console -n bare
try "console: no console" console -n bare -t 0
# A console ends with its input: these two have one that stays.
hold()
{
	(cd "$TMP" && exec timeout -k 5 30 "${above[@]}" "${user[@]}" "${with[@]}" "$RLXC" console \
		-P "$store" -n up -t "$1" <"$TMP/.held" >/dev/null 2>&1)
}
mkfifo -m 644 "$TMP/.held"
exec 8<>"$TMP/.held"
hold 1 &
holders=$!
hold 2 &
holders="$holders $!"
sleep 0.3
try "console: a tty in use" console -n up -t 1
try "console: every tty in use" console -n up
# shellcheck disable=SC2086
kill $holders
# shellcheck disable=SC2086
wait $holders 2>/dev/null
exec 8>&-
rm "$TMP/.held"

# ---- what a killed monitor leaves ------------------------------------------------------------------

config orphan "$base" "lxc.monitor.signal.pdeath = SIGCHLD"
prepare start -n orphan -- /bin/busybox sleep 600
monitor=$(awk '$1 == "monitor" {pid = $2} END {print pid}' "$LXCPATH"/.run/orphan/state)
kill -9 "$monitor"
sleep 0.3
try "monitor killed: destroy" destroy -n orphan
prepare stop -n orphan -k
config orphan "$base"
prepare start -n orphan -- /bin/busybox sleep 600
kill -9 "$(awk '$1 == "monitor" {pid = $2} END {print pid}' "$LXCPATH"/.run/orphan/state)"
sleep 0.3
prepare info -n orphan # clears away what is left
try "monitor and init killed: attach" attach -n orphan
prepare start -n orphan -- /bin/busybox sleep 600
prepare stop -n orphan -k

# ---- create and destroy ----------------------------------------------------------------------------

mkdir "$TMP/file-system/templates"
printf '#!/bin/sh\nexit 3\n' >"$TMP/file-system/templates/three"
printf '#!/bin/sh\nkill -9 $$\n' >"$TMP/file-system/templates/killed"
printf '#!/no/such/shell\n' >"$TMP/file-system/templates/shell"
printf 'text\n' >"$TMP/file-system/templates/text"
chmod 755 "$TMP/file-system/templates"/{three,killed,shell}
try "create: it exists" create -n c1 -t busybox
try "create: no template" create -n x
try "create: an unknown template" create -n x -t debian12
try "create: a template that is no program" create -n x -t "$TMP/file-system/templates/text"
try "create: the template fails" create -n x -t "$TMP/file-system/templates/three"
try "create: the template is killed" create -n x -t "$TMP/file-system/templates/killed"
try "create: the template lacks its interpreter" create -n x -t "$TMP/file-system/templates/shell"
try "create: an unknown backing store" create -n x -t none -B floppy
try "create: a backing store that is left out" create -n x -t busybox -B rbd
try "create: a backing store for root only" create -n x -t busybox -B loop
try "create: an option of another backing store" create -n x -t busybox --fssize 1G
try "create: --dir is not empty" create -n x -t busybox --dir "$TMP/file-system"
try "create: the initial configuration is missing" create -n x -t none -f "$TMP/no.conf"
store=$TMP/file-system/bad.conf
try "create: the store is a file" create -n x -t none
if need_rooted "stores on bad file systems"; then
	store=$TMP/mnt
	mkdir -p "$TMP/home/.local/share/lxc" && chown -R "$TEST_USER:" "$TMP/home"
	mount -t tmpfs -o size=64k,mode=755 tmpfs "$store"
	chown "$TEST_USER:" "$store"
	try "create: the disk is full" create -n x -t busybox
	umount "$store"
	mount -t tmpfs -o size=1m,mode=755,nr_inodes=6 tmpfs "$store"
	chown "$TEST_USER:" "$store"
	try "create: no inode is free" create -n x -t busybox
	mount -o remount,ro "$store"
	try "create: the store is read-only" create -n x -t busybox
	umount "$store"
	mkdir "$TMP/file-system/foreign" && chown 0:0 "$TMP/file-system/foreign"
	store=$TMP/file-system/foreign
	try "create: the store belongs to somebody else" create -n x -t busybox
	mount --bind "$LXCPATH" "$TMP/mnt"
	mount -o remount,bind,ro "$TMP/mnt"
	store=$TMP/mnt
	try "start: the store is read-only" start -n c1
	try "destroy: the store is read-only" destroy -n c1
	umount "$TMP/mnt"
fi
store=$LXCPATH
config t "$base"
mkdir "$LXCPATH/t/data"
try "destroy: not made by us" destroy -n t

# ---- the golden file -------------------------------------------------------------------------------

if [ -n "$rooted" ]; then
	is "each block of errors.expected has its case" "$(sed -n 's/^== //p' "$expected" | sort)" \
		"$(echo "$seen" | sed 1d | sort)"
	is "each failure says what to do" \
		"$(awk '/^== / {name = $0} /^exit/ {bad = $2 != 0} /^hint: |"hint":".|^init: / {bad = 0}
			!NF && bad {print name; bad = 0}' "$expected")" ""
fi
finish
