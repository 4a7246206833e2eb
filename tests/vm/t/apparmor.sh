#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lxc.apparmor.profile: init and attached programs run under it, and it holds, be it one of the
# host's or generated.
. "$(dirname "$0")/vm.sh"
[ -d /sys/kernel/security/apparmor ] || {
	echo "1..0 # SKIP this kernel runs without AppArmor"
	exit 77
}
on_exit 'end_user alice'
on_exit 'lxc-destroy -f c1 >/dev/null 2>&1'
store=$(lxc-config lxc.lxcpath) # below the prefix of the installation
config=$store/c1/config
label="lxc-c1_<$store>"

printf '%s {\n' 'profile rlxc-test flags=(attach_disconnected,mediate_deleted)' >"$TMP/profile"
cat >>"$TMP/profile" <<'EOF'
	file,
	capability,
	network,
	mount,
	umount,
	pivot_root,
	ptrace,
	signal,
	unix,
	deny /secret w,
	deny mount fstype=tmpfs,
}
EOF
ok "the profile is loaded" apparmor_parser -r "$TMP/profile"
on_exit 'apparmor_parser -R "$TMP/profile"'

inside()
{
	if [ "$1" = root ]; then
		lxc-attach c1 -- "${@:2}" </dev/null 2>&1
	else
		as "$1" lxc-attach c1 -- "${@:2}"
	fi
}

starts()
{
	if [ "$1" = root ]; then
		lxc-start c1 </dev/null 2>&1
	else
		as "$1" lxc-start c1
	fi
}

confined()
{
	local init
	ok "$1: it starts" starts "$1"
	init=$([ "$1" = root ] && lxc-info -n c1 -pH || init_of c1 "$1")
	is "$1: init is under the profile" "$(cat "/proc/$init/attr/apparmor/current")" "rlxc-test (enforce)"
	is "$1: so is what enters" "$(inside "$1" cat /proc/self/attr/apparmor/current)" "rlxc-test (enforce)"
	ok "$1: it may write" inside "$1" sh -c 'echo a >/open'
	like "$1: but not what is denied" "$(inside "$1" sh -c 'echo a >/secret')" "*Permission denied*"
	like "$1: nor mount it" "$(inside "$1" mount -t tmpfs none /mnt)" "*ermission denied*"
}

# A profile that is not there: one line, the tools, and nothing runs.
missing()
{
	local said
	sed -i 's/= rlxc-test/= rlxc-missing/' "$2"
	said=$(starts "$1")
	like "$1: a missing profile is named" "$said" "*there is no AppArmor profile 'rlxc-missing'*apparmor_parser*"
	not_ok "$1: and nothing runs" inside "$1" true
}

# ---- lxc.apparmor.profile = generated --------------------------------------------------------------

is_loaded()
{
	grep -qF "$label (enforce)" /sys/kernel/security/apparmor/profiles
}

# What a container without a profile could do, its /proc and /sys being writable.
held()
{
	local file
	for file in proc/sys/vm/swappiness proc/sys/kernel/core_pattern proc/sysrq-trigger \
		sys/kernel/profiling; do
		like "generated: /$file is not for it" "$(inside root sh -c "echo h >/$file")" "*ermission denied*"
	done
	like "generated: nor are the kernel's policies" "$(inside root mount -t securityfs none /mnt)" "*ermission denied*"
	ok "generated: its name is" inside root sh -c 'echo other >/proc/sys/kernel/hostname'
	ok "generated: and its network" inside root sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	ok "generated: and a tmpfs" inside root sh -c 'mount -t tmpfs none /mnt && umount /mnt'
	ok "generated: and signals" inside root sh -c 'sleep 100 & kill $!'
	like "generated: lxc.apparmor.raw acts" "$(inside root sh -c 'echo a >/secret')" "*ermission denied*"
}

# A container of its own, of a root that is confined like the one around it.
nested()
{
	# shellcheck disable=SC2016
	inside root sh -c 'PATH=/opt/rlxc/bin:$PATH; set -e
		rlxc create -t busybox in
		echo lxc.net.0.type = empty >>"$(rlxc config lxc.lxcpath)/in/config"
		rlxc start in
		rlxc attach in -- sh -c "echo 1 >/mine; cat /proc/self/attr/current"
		rlxc stop -k in'
}

generated()
{
	ok "generated: it starts" starts root
	ok "generated: its profile is loaded" is_loaded
	is "generated: init sees it" "$(inside root cat /proc/1/attr/current)" "$label (enforce)"
	is "generated: and so does what enters" "$(inside root cat /proc/self/attr/current)" "$label (enforce)"
	held
	ok "generated: it may mount a procfs for one inside" inside root sh -c 'mount -t proc none /mnt && umount /mnt'
	like "generated: one inside starts" "$(nested)" "*$label (enforce)*"
	ok "generated: it stops" lxc-stop -k c1
	not_ok "generated: the profile is gone" is_loaded
}

# Without lxc.apparmor.allow_nesting
alone()
{
	local monitor
	sed -i '/allow_nesting/d' $config
	ok "alone: it starts" starts root
	like "alone: no procfs elsewhere" "$(inside root mount -t proc none /mnt)" "*ermission denied*"
	like "alone: nor by another path" "$(inside root mount -o bind /proc/sys /mnt)" "*ermission denied*"
	like "alone: nor with the whole root" "$(inside root mount -o rbind / /mnt)" "*ermission denied*"
	like "alone: nor with what is mounted below" "$(inside root mount -o rbind /run /mnt)" "*ermission denied*"
	ok "alone: other trees may be bound" inside root sh -c 'mount -o bind /bin /mnt && umount /mnt'
	ok "alone: systemd may make the root of a service" inside root sh -c 'mkdir -p /run/systemd/r && mount -o rbind / /run/systemd/r'
	like "alone: where the same is denied" "$(inside root sh -c 'echo h >/run/systemd/r/proc/sys/vm/swappiness')" "*ermission denied*"
	like "alone: and it stays there" "$(inside root mount -o rbind /run/systemd/r /mnt)" "*ermission denied*"
	monitor=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$(lxc-info -n c1 -pH)/status")
	ok "killed: the monitor is" kill -9 "$monitor"
	ok "killed: the container can be ended" lxc-stop -k c1
	ok "killed: it starts again" starts root
	is "killed: under its profile" "$(inside root cat /proc/self/attr/current)" "$label (enforce)"
	ok "killed: it stops" lxc-stop -k c1
	not_ok "killed: the profile is gone" is_loaded
}

# Ids keep it in.
mapped()
{
	ok "mapped: it starts" lxc-start c1 -s 'lxc.idmap=u 0 100000 65536' -s 'lxc.idmap=g 0 100000 65536' \
		-s lxc.rootfs.options=idmap=container
	is "mapped: under the profile" "$(inside root cat /proc/self/attr/current)" "$label (enforce)"
	ok "mapped: procfs may be mounted anywhere" inside root mount -t proc none /mnt
	like "mapped: what is denied is" "$(inside root sh -c 'echo a >/secret')" "*ermission denied*"
	is "mapped: its mounts are its own" "$(grep -F "$store/c1/" /proc/self/mountinfo)" ""
	ok "mapped: it stops" lxc-stop -k c1
}

# counted TIMES TEXT: a start for which the parser has run so many times in all
counted()
{
	ok "compiled: it starts" unshare -m sh -c "mount --bind '$TMP/counting' '$parser' && exec lxc-start c1"
	is "compiled: $2" "$(wc -l <"$TMP/runs")" "$1"
	is "compiled: it is under the profile" "$(inside root cat /proc/self/attr/current)" "$label (enforce)"
	like "compiled: which acts" "$(inside root sh -c 'echo h >/proc/sys/vm/swappiness')" "*ermission denied*"
	ok "compiled: it stops" lxc-stop -k c1
}

compiled()
{
	local cache=${store%/lib/lxc}/cache/rlxc/apparmor parser
	parser=$(readlink -f /sbin/apparmor_parser)
	cp "$parser" "$TMP/parser"
	printf '#!/bin/sh\necho >>%s\nexec %s "$@"\n' "$TMP/runs" "$TMP/parser" >"$TMP/counting"
	chmod 755 "$TMP/counting"
	sed -i '/apparmor.raw/d' $config
	counted 1 "the first start compiles the profile"
	counted 1 "the second does not"
	is "compiled: only root has it" "$(stat -c '%U %a' "$cache")" "root 700"
	truncate -s -1 "$cache"/*
	counted 2 "a torn file is of no use"
	counted 2 "and is replaced"
	touch "$TMP/counting"
	counted 3 "another parser compiles anew"
}

refused()
{
	cp $config "$TMP/good"
	echo 'lxc.apparmor.raw = nonsense,,' >>$config
	like "raw: a mistake ends the start" "$(starts root)" "*cannot load the AppArmor profile '$label'*syntax*lxc.apparmor.raw*"
	cp "$TMP/good" $config
	# shellcheck disable=SC2016
	like "a missing parser, too" "$(unshare -m sh -c 'mount --bind /dev/null "$(readlink -f /sbin/apparmor_parser)" && lxc-start c1' 2>&1)" \
		"*'apparmor_parser' is not installed*hint:*unconfined*"
	not_ok "refused: nothing runs" inside root true
	not_ok "refused: nothing is loaded" is_loaded
}

ok "root: c1 is made" lxc-create -t busybox c1
cp $config "$TMP/config"
# The words about AppArmor are those of Debian's and Ubuntu's default.conf, but for the last.
cat >>$config <<EOF
lxc.net.0.type = empty
lxc.mount.auto = proc:rw sys:rw
lxc.mount.entry = $(dirname "$(dirname "$(readlink -f "$RLXC")")") opt/rlxc none bind,ro,create=dir 0 0
lxc.apparmor.profile = generated
lxc.apparmor.allow_nesting = 1
lxc.apparmor.raw = deny /secret w,
EOF
ok "unconfined: it starts" lxc-start c1 -s lxc.apparmor.profile=unconfined
ok "unconfined: it may do harm" inside root sh -c 'cat /proc/sys/vm/swappiness >/tmp/s && cat /tmp/s >/proc/sys/vm/swappiness'
ok "unconfined: it stops" lxc-stop -k c1
generated
alone
mapped
refused
compiled
cp "$TMP/config" $config

make_container c1 alice 'lxc.apparmor.profile = generated' 'lxc.apparmor.allow_nesting = 1'
stay alice
is "alice: generated is a start without a word" "$(starts alice)" ""
is "alice: and without a profile" "$(inside alice cat /proc/self/attr/apparmor/current)" unconfined
ok "alice: it stops" as alice lxc-stop -k c1
sed -i '/allow_nesting/d; s/= generated/= rlxc-test/' /home/alice/.local/share/lxc/c1/config

# ---- a profile of the host's -----------------------------------------------------------------------

confined alice
ok "alice: it stops" as alice lxc-stop -k c1
missing alice /home/alice/.local/share/lxc/c1/config

printf '%s\n' 'lxc.net.0.type = empty' 'lxc.apparmor.profile = rlxc-test' >>$config
confined root
ok "root: it stops" lxc-stop -k c1
missing root $config
finish
