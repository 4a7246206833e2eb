#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lxc-info and lxc-ls: what they print, to the blank.
. "$(dirname "$0")/lib.sh"
who= # see each_caller
need python3
[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || skip "no busybox"

printf 'lxc.group = web\nlxc.group = onboot\nlxc.start.auto = 1\nlxc.environment = A=1\nlxc.environment = B=2\nlxc.console.path =\n' >"$TMP/groups"
: >"$TMP/empty"
chmod 644 "$TMP/groups" "$TMP/empty"

message()
{
	"$@" 2>&1 >/dev/null </dev/null
}

info()
{
	lxc info "$@"
}

ls_()
{
	lxc ls "$@"
}

# Each line ends in "|" so that blanks at its end are seen.
marked()
{
	sed 's/$/|/'
}

json()
{
	python3 -c "import json, sys; d = json.load(sys.stdin); print($1)"
}

info_stopped()
{
	is "$who: info" "$(info a 2>&1 | marked)" "Name:           a|
State:          STOPPED|"
	is "$who: -s" "$(info -n a -s | marked)" "State:          STOPPED|"
	is "$who: -sH" "$(info -n a -sH | marked)" "STOPPED|"
	is "$who: -p" "$(info -n a -p; echo $?)" 0
	is "$who: -i" "$(info -n a -i; echo $?)" 0
	is "$who: -S" "$(info -n a -S; echo $?)" 0
	is "$who: -c" "$(info -n a -c lxc.uts.name)" "lxc.uts.name = a"
	is "$who: -c -H" "$(info -n a -H -c lxc.uts.name)" a
	is "$who: -c of an empty one" "$(info -n a -c lxc.init.cmd | marked)" "lxc.init.cmd =|"
	is "$who: -c of an empty one, -H" "$(info -n a -H -c lxc.init.cmd | marked)" "|"
	is "$who: -c of a list" "$(info -n a -c lxc.group | marked)" "lxc.group = web|
onboot|
|"
	is "$who: -c of a list, -H" "$(info -n a -H -c lxc.environment | marked)" "A=1|
B=2|
|"
	is "$who: -c of a number" "$(info -n a -c lxc.start.auto)" "lxc.start.auto = 1"
	is "$who: two -c" "$(info -n a -H -c lxc.uts.name -c lxc.start.auto | marked)" "lxc.uts.name = a|
lxc.start.auto = 1|"
	is "$who: -c and -s" "$(info -n a -s -c lxc.uts.name | marked)" "State:          STOPPED|
lxc.uts.name = a|"
	like "$who: -c of no key" "$(message lxc info -n a -c lxc.no.such)" "*unknown key 'lxc.no.such'*"
	is "$who: the others are printed" "$(info -n a -c lxc.no.such -c lxc.uts.name 2>/dev/null | marked)" "lxc.uts.name = a|"
	exits 1 "$who: nobody" lxc info -n nobody
	like "$who: is said" "$(message lxc info -n nobody)" "*'nobody' does not exist*hint: *"
	exits 1 "$who: no name" lxc info
	is "$who: nothing on stdout then" "$(info -n nobody 2>/dev/null)" ""
	is "$who: JSON" "$(info -n a --format json | json 'd["name"], d["state"], d["pid"], d["ips"]')" "a STOPPED None []"
	is "$who: JSON of keys" "$(info -n a --format json -c lxc.uts.name -c lxc.group -c lxc.no.such 2>/dev/null |
		json 'd["config"]["lxc.uts.name"], d["config"]["lxc.group"], d["config"]["lxc.no.such"]')" "a ['web', 'onboot'] None"
}

info_running()
{
	init=$(info -n a -pH)
	is "$who: the pid is init's" "$(as_caller cat "/proc/$init/comm")" init
	is "$who: -p" "$(info -n a -p | marked)" "PID:            $init|"
	is "$who: -s" "$(info -n a -s)" "State:          RUNNING"
	is "$who: -s -p" "$(info -n a -s -p | marked)" "State:          RUNNING|
PID:            $init|"
	is "$who: -s -p -H keeps the labels" "$(info -n a -s -p -H | head -n 1)" "State:          RUNNING"
	is "$who: -i" "$(info -n a -i)" ""
	is "$who: the first lines" "$(info -n a | head -n 3)" "Name:           a
State:          RUNNING
PID:            $init"
	is "$who: -c is the file's" "$(info -n a -H -c lxc.uts.name)" a
	is "$who: --live is the running one's" "$(info -n a -H --live -c lxc.uts.name)" live
	if has_cgroup; then
		like "$who: CPU" "$(info -n a -S | grep '^CPU use:        [0-9]*\.[0-9][0-9] seconds$')" "?*"
		like "$who: CPU, raw" "$(info -n a -S -H | grep -E '^CPU use:        [0-9]+$')" "?*"
	else
		is "$who: no statistics without a cgroup" "$(info -n a -S)" ""
	fi
	is "$who: JSON" "$(info -n a --format json | json 'd["name"], d["state"], d["pid"]')" "a RUNNING $init"
	# An address inside, where the container has a network namespace
	lxc attach -n a -- /sbin/ip link add d0 type veth peer name d1 </dev/null >/dev/null 2>&1 &&
		lxc attach -n a -- /sbin/ip addr add 10.9.8.7/24 dev d0 </dev/null &&
		lxc attach -n a -- /sbin/ip addr add fd00::5/64 dev d0 </dev/null &&
		lxc attach -n a -- /sbin/ip link set d0 up </dev/null || return 0
	is "$who: -i with addresses" "$(info -n a -i | marked)" "IP:             10.9.8.7|
IP:             fd00::5|"
	is "$who: -i -H" "$(info -n a -i -H | marked)" "10.9.8.7|
fd00::5|"
	is "$who: JSON of addresses" "$(info -n a --format json | json '[(i["interface"], i["address"], i["family"]) for i in d["ips"]]')" \
		"[('d0', '10.9.8.7', 'inet'), ('d0', 'fd00::5', 'inet6')]"
	for _ in 1 2 3 4 5 6 7 8 9 10; do # the monitor hears of it from the kernel
		ls_ -f | grep -q '10\.9\.8\.7.*fd00::5' && break
		sleep 0.2
	done
	like "$who: ls -f with addresses" "$(ls_ -f | marked)" "*a     *RUNNING 1         web, onboot 10.9.8.7 fd00::5 *"
	like "$who: ls with INTERFACE" "$(ls_ -f -F NAME,INTERFACE --filter '^a$' | sed -n 2p)" "a    *d0*"
}

listing()
{
	case $who in root) unprivileged=false ;; *) unprivileged=true ;; esac
	is "$who: ls -1" "$(ls_ -1 | marked)" "a|
bb|
longer|"
	is "$who: ls in a pipe" "$(ls_ | marked)" "a     |
bb    |
longer|"
	is "$who: ls -f" "$(ls_ -f | marked)" "NAME   STATE   AUTOSTART GROUPS      IPV4 IPV6 UNPRIVILEGED |
a      RUNNING 1         web, onboot -    -    $(printf %-12s $unprivileged) |
bb     STOPPED 0         -           -    -    $(printf %-12s $unprivileged) |
longer STOPPED 1         web, onboot -    -    $(printf %-12s $unprivileged) |"
	init=$(info -n a -pH)
	width=${#init}
	[ "$width" -ge 3 ] || width=3
	is "$who: ls -F" "$(ls_ -f -F name,PID,state | marked)" "NAME   $(printf "%-${width}s" PID) STATE   |
a      $(printf "%-${width}s" "$init") RUNNING |
bb     $(printf "%-${width}s" -) STOPPED |
longer $(printf "%-${width}s" -) STOPPED |"
	like "$who: RAM" "$(ls_ -f -F RAM,SWAP --filter '^a$' | sed -n 2p)" "*[-B] *"
	like "$who: no such column" "$(message lxc ls -f -F NAME,COLOR)" "*COLOR*"
	is "$who: and no table" "$(ls_ -f -F NAME,COLOR 2>/dev/null)" ""
	is "$who: --running" "$(ls_ -1 --running)" a
	is "$who: --active" "$(ls_ -1 --active)" a
	is "$who: --stopped" "$(ls_ -1 --stopped | tr '\n' ' ')" "bb longer "
	is "$who: --frozen" "$(ls_ -1 --frozen)" ""
	is "$who: --defined" "$(ls_ -1 --defined | tr '\n' ' ')" "a bb longer "
	is "$who: a table of nothing" "$(ls_ -f --frozen)" ""
	is "$who: -g" "$(ls_ -1 -g web | tr '\n' ' ')" "a longer "
	is "$who: -g with two" "$(ls_ -1 -g web,onboot | tr '\n' ' ')" "a longer "
	is "$who: -g with one that nobody has" "$(ls_ -1 -g web,other)" ""
	is "$who: -g with part of a name" "$(ls_ -1 -g we)" ""
	is "$who: --filter" "$(ls_ -1 --filter 'b+|on')" "bb
longer"
	is "$who: the same as a word" "$(ls_ -1 '^.{2}$')" bb
	exits 1 "$who: a broken expression" lxc ls -1 '('
	is "$who: -n" "$(ls_ -1 -n bb)" bb
	is "$who: JSON" "$(ls_ --format json | json '[(c["name"], c["state"]) for c in d]')" \
		"[('a', 'RUNNING'), ('bb', 'STOPPED'), ('longer', 'STOPPED')]"
	is "$who: JSON of nothing" "$(ls_ --format json --frozen | json d)" "[]"
	is "$who: a store that is not there" "$("$RLXC" ls -P "$TMP/no" 2>&1; echo $?)" 0
	out=$(on_terminal size=24x16 -- "$RLXC" ls -P "$LXCPATH")
	is "$who: on a narrow terminal" "$(printf '%s\n' "$out" | marked)" "a      bb    |
longer |"
	out=$(on_terminal size=24x80 -- "$RLXC" ls -P "$LXCPATH")
	is "$who: on a wide one" "$(printf '%s\n' "$out" | marked)" "a      bb     longer |"
}

broken()
{
	as_caller mkdir "$LXCPATH/broken" "$LXCPATH/.hidden" "$LXCPATH/none"
	as_caller sh -c 'echo "lxc.no.such = 1" >"$1/broken/config"; : >"$1/.hidden/config"' sh "$LXCPATH"
	is "$who: a broken one is listed" "$(ls_ -1 2>/dev/null | tr '\n' ' ')" "a bb broken longer "
	like "$who: and named" "$(message lxc ls -f)" "*'broken'*lxc.no.such*"
	like "$who: in the table as well" "$(ls_ -f 2>/dev/null | grep broken)" "broken ERROR *"
	like "$who: info shows it" "$(info -n broken 2>/dev/null)" "*broken*ERROR*"
	as_caller rm -r "$LXCPATH/broken" "$LXCPATH/.hidden" "$LXCPATH/none"
}

checks()
{
	for name in a longer; do
		lxc create -n $name -t busybox -f "$TMP/groups" >/dev/null 2>&1
	done
	lxc create -n bb -t busybox -f "$TMP/empty" >/dev/null 2>&1
	info_stopped
	lxc start -n a -s lxc.uts.name=live
	listing
	info_running
	broken
	lxc stop -k -n a
}

each_caller checks
finish
