# SPDX-License-Identifier: LGPL-2.1-or-later
# stuck.py DIRECTORY INIT-PID CGROUP: a process of that container that waits in the kernel for a file
# system whose server (this one) does not answer; until this one is killed.
import ctypes, os, signal, struct, sys, time

libc = ctypes.CDLL(None, use_errno=True)
directory, init, cgroup = sys.argv[1:]
fuse = os.open("/dev/fuse", os.O_RDWR)
options = b"fd=%d,rootmode=40000,user_id=0,group_id=0" % fuse
if libc.mount(b"none", directory.encode(), b"fuse", 6, options):
    sys.exit("cannot mount: %d" % ctypes.get_errno())
if libc.setns(os.open("/proc/%s/ns/pid" % init, os.O_RDONLY), 0):
    sys.exit("cannot enter: %d" % ctypes.get_errno())
if os.fork() == 0:
    os.close(fuse)
    with open(cgroup + "/cgroup.procs", "w") as procs:
        procs.write("0")
    os.stat(directory + "/file")
    os._exit(0)
request = os.read(fuse, 1 << 20)  # FUSE_INIT, the only one that is answered
major, minor = struct.unpack_from("II", request, 40)
answer = struct.pack("IIIIHHIIHHIIII", major, minor, 0, 0, 12, 9, 65536, 1, 256, 0, 0, 0, 0, 0) + b"\0" * 16
os.write(fuse, struct.pack("IiQ", 16 + len(answer), 0, struct.unpack_from("Q", request, 8)[0]) + answer)
os.read(fuse, 1 << 20)
print("waits", flush=True)
signal.pause()
