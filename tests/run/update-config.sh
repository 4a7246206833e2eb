#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lxc-update-config on files. What becomes of each line is tests/conf/test-update.c.
. "$(dirname "$0")/lib.sh"

file=$TMP/config
old='# made long ago
lxc.utsname = web
lxc.network.type = empty
lxc.network.flags = up
lxc.kmsg = 0'
printf '%s\n' "$old" >"$file"
chmod 640 "$file"
ok "an old file" "$RLXC" update-config -c "$file"
is "has today's keys" "$(cat "$file")" '# made long ago
lxc.uts.name = web
lxc.net.0.type = empty
lxc.net.0.flags = up'
is "the old one is kept" "$(cat "$file.backup")" "$old"
is "the mode too" "$(stat -c %a "$file" "$file.backup" | tr '\n' ' ')" "640 640 "
rm "$file.backup"
out=$("$RLXC" update-config -c "$file" 2>&1)
is "again is fine" $? 0
like "and says that there is nothing to do" "$out" "*no old keys*"
not_ok "no backup then" test -e "$file.backup"

printf 'lxc.utsname = a\n' >"$file"
: >"$file.backup"
out=$("$RLXC" update-config -c "$file" 2>&1)
is "a backup that is there is not lost" $? 1
like "as it says" "$out" "*backup' is there already*hint: move it away*"
is "nothing was changed" "$(cat "$file")" "lxc.utsname = a"
rm "$file.backup"
printf 'lxc.network.link = br0\n' >"$file"
like "a line without its device" "$("$RLXC" update-config -c "$file" 2>&1)" "*config:1: 'lxc.network.link' belongs to no device*"
not_ok "leaves no backup" test -e "$file.backup"
like "a file that is not there" "$("$RLXC" update-config -c "$TMP/none" 2>&1)" "*$TMP/none*No such file*"
like "a directory" "$("$RLXC" update-config -c "$TMP" 2>&1)" "*$TMP*Is a directory*"
ln -s config "$TMP/link"
printf 'lxc.utsname = a\n' >"$file"
like "a link is not replaced" "$("$RLXC" update-config -c "$TMP/link" 2>&1)" "*no regular file*"
exits 1 "no file named" "$RLXC" update-config
finish
