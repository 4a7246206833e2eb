#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lxc-create -t local: archives that are well, and archives that mean harm. A hostile one is either
# refused, and leaves nothing, or unpacked in a way that harms nobody.
. "$(dirname "$0")/lib.sh"

need python3
mkdir "$TMP/home" "$TMP/archives" "$TMP/canary"
echo untouched >"$TMP/canary/file"
echo untouched >"$TMP/canary/target"

# Each case is a tar archive and a line: NAME, refuse or accept, and for accept a shell expression
# that is true in the root file system.
cat >"$TMP/make.py" <<'EOF'
import io, os, sys, tarfile

out, canary = sys.argv[1], sys.argv[2]
cases = []

def member(name, type=tarfile.REGTYPE, data=b"", link="", mode=0o644, **more):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = type, link, mode
    for key, value in more.items():
        setattr(info, key, value)
    if type == tarfile.REGTYPE and "size" not in more:
        info.size = len(data)
    return info, data

def reg(name, data=b"x", **more): return member(name, data=data, **more)
def folder(name, mode=0o755, **more): return member(name, tarfile.DIRTYPE, mode=mode, **more)
def sym(name, link): return member(name, tarfile.SYMTYPE, link=link, mode=0o777)
def hard(name, link): return member(name, tarfile.LNKTYPE, link=link)
def pax(name, headers, **more): return reg(name, pax_headers=headers, **more)

def case(name, verdict, members, check="true", format=tarfile.PAX_FORMAT, cut=0, flip=None):
    buf = io.BytesIO()
    with tarfile.open(fileobj=buf, mode="w", format=format) as tar:
        for info, data in members:
            if info.size != len(data):  # a header that lies
                tar.fileobj.write(info.tobuf(format=tarfile.GNU_FORMAT) + data)
                tar.offset = tar.fileobj.tell()
            else:
                tar.addfile(info, io.BytesIO(data))
    data = buf.getvalue()
    data = data[:-cut] if cut else data
    if flip is not None:
        data = data[:flip] + bytes([data[flip] ^ 1]) + data[flip + 1:]
    with open(os.path.join(out, name + ".tar"), "wb") as file:
        file.write(data)
    cases.append("%s\t%s\t%s" % (name, verdict, check))

up = "../" * 12
# names
case("absolute", "refuse", [reg("/absolute")])
case("absolute-canary", "refuse", [reg(canary + "/file", b"harm")])
case("dotdot", "refuse", [reg("../escaped", b"harm")])
case("dotdot-inside", "refuse", [folder("a"), reg("a/../../escaped", b"harm")])
case("dotdot-end", "refuse", [folder("a"), folder("a/..")])
case("dotdot-dir", "refuse", [folder("..")])
case("dotdot-far", "refuse", [reg(up + canary + "/file", b"harm")])
case("pax-absolute", "refuse", [pax("fine", {"path": canary + "/file"})])
case("pax-dotdot", "refuse", [pax("fine", {"path": up + canary + "/file"})])
case("pax-nul", "accept", [pax("fine", {"path": "short\0/../../escaped"})], "[ ! -e ../escaped ]")
case("long-part", "refuse", [reg("n" * 300)])
case("long-path", "refuse", [reg("/".join(["d" * 200] * 25))])
case("deep", "refuse", [reg("d/" * 400 + "f")])
# links, and members through them
case("symlink-through", "refuse", [sym("l", canary), reg("l/file", b"harm")])
case("symlink-through-relative", "refuse", [sym("l", up + canary[1:]), reg("l/file", b"harm")])
case("symlink-through-new", "refuse", [sym("l", canary), reg("l/new", b"harm")])
case("symlink-through-dir", "refuse", [sym("l", canary), folder("l/newdir")])
case("symlink-through-dot", "refuse", [sym("l", "."), reg("l/file", b"harm")])
case("symlink-through-deeper", "refuse", [folder("a"), sym("a/l", "../../.."), reg("a/l/escaped", b"harm")])
case("symlink-through-chain", "refuse", [sym("a", "b"), sym("b", canary), reg("a/file", b"harm")])
case("symlink-through-parents", "refuse", [sym("l", canary), reg("l/made/on/the/way", b"harm")])
case("symlink-proc", "refuse", [sym("l", "/proc/self/cwd"), reg("l/file", b"harm")])
case("symlink-empty", "refuse", [sym("l", "")])
case("symlink-kept", "accept", [sym("l", "/etc/passwd"), sym("d", "no/where")],
     '[ "$(readlink l)$(readlink d)" = /etc/passwdno/where ]')
case("symlink-then-dir", "accept", [sym("l", canary), folder("l"), reg("l/file", b"harm")],
     "[ -d l ] && [ ! -L l ] && [ -f l/file ]")
case("symlink-then-file", "accept", [sym("l", canary + "/file"), reg("l", b"harm")],
     "[ -f l ] && [ ! -L l ]")
case("symlink-then-fifo", "accept", [sym("l", canary + "/file"), member("l", tarfile.FIFOTYPE)],
     "[ -p l ] && [ ! -L l ]")
case("hardlink-absolute", "refuse", [hard("l", "/etc/passwd")])
case("hardlink-canary", "refuse", [hard("l", canary + "/file"), reg("l", b"harm")])
case("hardlink-dotdot", "refuse", [hard("l", up + canary[1:] + "/file")])
case("hardlink-to-symlink", "accept", [sym("s", canary + "/file"), hard("t", "s"), hard("l", "s"), reg("l", b"harm")],
     "[ -L s ] && [ s -ef t ] && [ -L t ] && [ ! -L l ]")
case("hardlink-to-symlink-through", "refuse", [sym("s", canary), hard("l", "s"), reg("l/file", b"harm")])
case("hardlink-through-symlink", "refuse", [sym("s", canary), hard("l", "s/file")])
case("hardlink-to-dir", "refuse", [folder("d"), hard("l", "d")])
case("hardlink-to-fifo", "accept", [member("p", tarfile.FIFOTYPE), hard("l", "p")], "[ -p l ]")
case("hardlink-missing", "refuse", [hard("l", "missing")])
case("hardlink-root", "refuse", [hard(".", "f"), reg("f")])
case("hardlink-self", "accept", [reg("f", b"data"), hard("f", "f")], '[ "$(cat f)" = data ]')
case("hardlink", "accept", [folder("d"), reg("d/f", b"data"), hard("l", "d/f")], "[ d/f -ef l ]")
# kinds
case("device", "accept", [member("node", tarfile.CHRTYPE, devmajor=1, devminor=3), reg("f")],
     "[ ! -e node ] && [ -f f ]")
case("block-device", "accept", [member("sda", tarfile.BLKTYPE, devmajor=8, devminor=0)], "[ ! -e sda ]")
case("hardlink-to-device", "accept", [member("null", tarfile.CHRTYPE, devmajor=1, devminor=3), hard("l", "null")],
     "[ ! -e l ]")
case("through-device", "accept", [member("d", tarfile.CHRTYPE, devmajor=1, devminor=3), reg("d/f")],
     "[ -d d ]")
case("fifo", "accept", [member("p", tarfile.FIFOTYPE, mode=0o640)], "[ -p p ]")
case("setuid", "accept", [reg("su", mode=0o4755)], "[ -u su ] && [ -x su ]")
case("setuid-foreign", "accept", [reg("su", mode=0o6755, uid=3000000000, gid=0)],
     '[ "$mapped" = 0 ] || { [ ! -u su ] && [ ! -g su ]; }')
case("negative-owner", "accept", [pax("f", {"uid": "-5", "gid": "99999999999"}, mode=0o4755)], "[ ! -u f ]")
case("sticky", "accept", [folder("tmp", mode=0o1777)], '[ "$(stat -c %a tmp)" = 1777 ]')
# the same name again
case("twice", "accept", [reg("f", b"one"), reg("f", b"two")], '[ "$(cat f)" = two ]')
case("twice-hardlinked", "accept", [reg("f", b"one"), hard("g", "f"), reg("f", b"two")],
     '[ "$(cat f)$(cat g)" = twoone ]')
case("file-over-dir", "refuse", [folder("d"), reg("d/f"), reg("d")])
case("file-over-empty-dir", "accept", [folder("d"), reg("d")], "[ -f d ]")
case("dir-over-file", "accept", [reg("d"), folder("d"), reg("d/f")], "[ -f d/f ]")
case("link-over-dir", "refuse", [folder("d"), reg("d/f"), sym("d", canary)])
case("through-file", "refuse", [reg("f"), reg("f/g")])
case("closed-dir", "accept", [folder("d", mode=0), reg("d/f"), folder("d/e", mode=0), reg("d/e/f")],
     '[ "$(stat -c %a d)" = 0 ]')
case("root-dir", "accept", [folder(".", mode=0o700), folder("./"), reg("./f")], "[ -f f ]")
case("odd-slashes", "accept", [reg(".//a/.//b")], "[ -f a/b ]")
case("bytes", "accept", [reg(b"caf\xe9\xff".decode("utf-8", "surrogateescape"))], "[ -f \"$(printf 'caf\\351\\377')\" ]",
     format=tarfile.GNU_FORMAT)
case("newline", "accept", [reg("a\nb")], "[ -f \"$(printf 'a\\nb')\" ]")
# sizes
case("huge-size", "refuse", [reg("f", b"x" * 512, size=1 << 40)])
case("huger-size", "refuse", [reg("f", b"x" * 512, size=(1 << 62) - 1)])
case("truncated", "refuse", [reg("f", b"x" * 100000)], cut=60000)
case("pax-size", "refuse", [pax("f", {"size": "9223372036854775807"})])
case("sparse-huge", "refuse", [pax("f", {"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.name": "g",
     "GNU.sparse.size": str(1 << 60), "GNU.sparse.map": "0,1"})])
case("sparse-past-end", "accept", [pax("f", {"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.name": "g",
     "GNU.sparse.size": "10", "GNU.sparse.map": "0,1,9223372036854775806,5"})],
     '[ "$(stat -c %s g)" -le 10 ]')
case("sparse-name", "refuse", [pax("f", {"GNU.sparse.major": "0", "GNU.sparse.minor": "1",
     "GNU.sparse.name": up + canary + "/file", "GNU.sparse.size": "1", "GNU.sparse.map": "0,1"})])
case("checksum", "refuse", [reg("f"), reg("g")], flip=1024)
case("empty", "accept", [])
# attributes
xattr = "SCHILY.xattr."
case("xattrs", "accept", [pax("f", {xattr + "user.fine": "yes", xattr + "trusted.bad": "no",
     xattr + "user.overlay.redirect": "/", xattr + "security.selinux": "u:r:t:s0", xattr + "security.ima": "x",
     xattr + "system.posix_acl_access": "x"})], 'attributes f user.fine')
case("xattr-dir", "accept", [folder("d", pax_headers={xattr + "user.fine": "yes", xattr + "trusted.overlay.opaque": "y"})],
     'attributes d user.fine')
with open(os.path.join(out, "cases"), "w") as file:
    file.write("\n".join(cases) + "\n")
with open(os.path.join(out, "garbage.tar"), "wb") as file:
    file.write(b"not an archive at all\n" * 100)
EOF
python3 "$TMP/make.py" "$TMP/archives" "$TMP/canary" || skip "python3 cannot make the archives"
printf 'garbage\trefuse\ttrue\n' >>"$TMP/archives/cases"
chmod -R a+rX "$TMP/archives" "$TMP/canary"

as_root()
{
	"$@"
}

run()
{
	"$who" env HOME="$TMP/home" "$@"
}

create()
{
	run "$RLXC" create -P "$LXCPATH" -n c1 -t local -- "$@"
}

destroy()
{
	run "$RLXC" destroy -P "$LXCPATH" -n c1
}

# attributes FILE NAME...: these are what it has, where the file system keeps any
attributes()
{
	python3 - "$@" <<-'EOF'
		import os, sys
		have = [name for name in os.listxattr(sys.argv[1]) if name != "security.selinux"]
		sys.exit(have not in ([], sys.argv[2:]))
	EOF
}

# What unpacking must not have changed
canary()
{
	(cd "$TMP/canary" && grep -H . ./* | tr '\n' ' ')
	ls -A "$TMP/canary" "$LXCPATH" | tr '\n' ' '
	ls -d "$TMP/escaped" "$LXCPATH/escaped" /escaped /absolute 2>/dev/null
}

one_case()
{
	rootfs=$LXCPATH/c1/rootfs
	if [ "$2" = refuse ]; then
		not_ok "$who: $1 is refused" create --fstree "$TMP/archives/$1.tar"
		like "$who: $1 says why" "$(create --fstree "$TMP/archives/$1.tar" 2>&1)" "*cannot unpack*: *"
		destroy >/dev/null 2>&1
	elif ok "$who: $1 is unpacked" create --fstree "$TMP/archives/$1.tar"; then
		[ "$who" = as_root ] || chmod_for_looking
		(cd "$rootfs" && eval "$3")
		test_result $? "$who: $1: $3"
		ok "$who: $1 is removed" destroy
	fi
	now=$(canary)
	[ "$now" = "$before" ] || is "$who: $1 changes nothing else" "$now" "$before"
}

# The root's mode came from the archive; the tests want to look inside.
chmod_for_looking()
{
	[ "$(stat -c %a "$rootfs")" != 700 ] || run unshare --map-auto --map-root-user -- chmod 755 "$rootfs"
}

checks()
{
	run "$RLXC" create -P "$LXCPATH" -n first -t none
	run "$RLXC" destroy -P "$LXCPATH" -n first
	before=$(canary)
	while IFS="$(printf '\t')" read -r name verdict check; do
		one_case "$name" "$verdict" "$check" </dev/null
	done <"$TMP/archives/cases"
}

good()
{
	ok "$who: --fstree .tar$1" create --fstree "$TMP/good.tar$1"
	is "$who: its content" "$(cat "$LXCPATH/c1/rootfs/etc/hello")" hello
	destroy
}

features()
{
	for suffix in "" .gz .xz .zst; do
		[ ! -e "$TMP/good.tar$suffix" ] || good "$suffix"
	done
	cp "$TMP/good.tar" "$TMP/any.name"
	ok "$who: any name" create -f "$TMP/any.name"
	ok "$who: /dev is made" test -d "$LXCPATH/c1/rootfs/dev/pts"
	ok "$who: with what is in it" test -e "$LXCPATH/c1/rootfs/dev/file"
	destroy
	ok "$who: --no-dev" create -f "$TMP/any.name" --no-dev
	ok "$who: leaves out what is in it" test ! -e "$LXCPATH/c1/rootfs/dev/file"
	destroy
	like "$who: no --fstree" "$(create 2>&1)" "*needs the archive*"
	like "$who: not there" "$(create -f "$TMP/no.tar" 2>&1)" "*cannot open archive*"
	like "$who: a directory" "$(create -f "$TMP" 2>&1)" "*is not a file*"
	said=$(create -f "$TMP/good.tar" -m "$TMP/meta.tar.xz")
	like "$who: --metadata shows its message" "$said" "*---*Have fun with c1*x1b*"
	c=$LXCPATH/c1
	ok "$who: the image's configuration" grep -qx 'lxc.environment = IMAGE=c1' "$c/config"
	ok "$who: fstab is referred to" grep -qx "lxc.mount.fstab = $c/fstab" "$c/config"
	ok "$who: and there" grep -qx "$c/rootfs/x x none bind" "$c/fstab"
	ok "$who: excludes count" test ! -e "$c/rootfs/etc/excluded"
	is "$who: templates are filled in" "$(cat "$c/rootfs/etc/hostname")" "c1"
	is "$who: the order of headings" "$(grep -n -e '^# Distribution' -e '^# Container specific' -e '^# Network' "$c/config" |
		sed 's/.*# \([A-Z]\).*/\1/' | tr -d '\n')" DCN
	destroy
	is "$who: nothing is left" "$(ls "$LXCPATH")" ""
}

mkdir -p "$TMP/tree/etc" "$TMP/tree/dev" "$TMP/meta"
echo hello >"$TMP/tree/etc/hello"
echo LXC_NAME >"$TMP/tree/etc/hostname"
touch "$TMP/tree/etc/excluded" "$TMP/tree/dev/file"
tar -C "$TMP/tree" --owner=0 --group=0 -cf "$TMP/good.tar" .
for tool in gzip:gz xz:xz zstd:zst; do
	! has ${tool%:*} || ${tool%:*} -c "$TMP/good.tar" >"$TMP/good.tar.${tool#*:}"
done
echo 'lxc.environment = IMAGE=other' >"$TMP/meta/config"
echo 'lxc.environment = IMAGE=LXC_NAME' >"$TMP/meta/config.5"
echo 'LXC_ROOTFS/x x none bind' >"$TMP/meta/fstab"
printf './etc/excluded\n' >"$TMP/meta/excludes"
printf '/etc/hostname\n/etc/missing\n' >"$TMP/meta/templates"
printf 'Have fun with c1\033[31m\n' >"$TMP/meta/create-message"
tar -C "$TMP/meta" -cf "$TMP/meta.tar" .
if has xz; then xz -c "$TMP/meta.tar" >"$TMP/meta.tar.xz"; else cp "$TMP/meta.tar" "$TMP/meta.tar.xz"; fi
chmod a+r "$TMP"/*.tar*

if [ "$(id -u)" -eq 0 ]; then
	who=as_root
	export mapped=0
	checks
	features
	rm -rf "${TMP:?}/home"
	mkdir "$TMP/home"
fi
if [ "$(id -u)" -ne 0 ] || getent passwd "${TEST_USER:-}" >/dev/null; then
	need_user
	chown "$TEST_USER:" "$TMP/home" 2>/dev/null
	as_user test -x "$RLXC" || skip "$TEST_USER cannot run $RLXC"
	who=as_user
	export mapped=1
	checks
	features
fi
finish
