#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Logical volumes, thin and not: the rows of run/storage's table for which other machines have a
# program in the place of LVM's.
. "$(dirname "$0")/vm.sh"

need vgcreate
modprobe -a dm_mod dm_snapshot dm_thin_pool loop || skip "the kernel has no device mapper"
# Nothing waits for udev, nor watches how full a pool is.
mkdir -p "$TMP/lvm"
cat >"$TMP/lvm/lvm.conf" <<-END
	activation { monitoring = 0 udev_sync = 0 udev_rules = 0 }
	backup { backup = 0 archive = 0 }
	devices { use_devicesfile = 0 filter = [ "a|^/dev/loop|", "r|.*|" ] }
END
export LVM_SYSTEM_DIR=$TMP/lvm
truncate -s 700M "$TMP/disk"
loop=$(losetup -f --show "$TMP/disk")
on_exit 'vgchange -qan vg0; losetup -d $loop'
vgcreate -q vg0 "$loop" >/dev/null
lvcreate -qy -Zn -L 160M --thinpool pool vg0 >/dev/null
LXC_SECONDS=300 STORAGE_ROWS="lvm thin" RLXC_TURNS=root bash "$(dirname "$0")/../../run/storage.sh"
