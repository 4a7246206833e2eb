# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a neighbour of the host offers, and who asks it: for net-user.sh.

serve         on port 7000, TCP and UDP, IPv4 and IPv6: "from ADDRESS" and what was sent;
              on UDP port 53 a resolver that knows one address for every name
ask KIND ADDRESS PORT WORD
              sends WORD by tcp or udp and prints the answer
hold ADDRESS PORT
              has that TCP port until it is killed"""
import socket
import struct
import sys
import threading

ANSWER = "203.0.113.7"


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def resolve(query):
    head = query[:2] + struct.pack("!HHHHH", 0x8180, 1, 1, 0, 0)
    end = query.index(b"\0", 12) + 5
    kind = struct.unpack("!H", query[end - 4 : end - 2])[0]
    if kind != 1:  # no such record
        return query[:2] + struct.pack("!HHHHH", 0x8180, 1, 0, 0, 0) + query[12:end]
    return head + query[12:end] + struct.pack("!HHHLH", 0xC00C, 1, 1, 60, 4) + socket.inet_aton(ANSWER)


def serve_udp(sock, reply):
    while True:
        data, peer = sock.recvfrom(2000)
        sock.sendto(reply(data, peer), peer)


def serve_tcp(sock, reply):
    while True:
        client, peer = sock.accept()
        client.settimeout(5)
        try:
            client.sendall(reply(client.recv(2000), peer))
            client.close()
        except OSError:
            pass


def echo(data, peer):
    return f"from {peer[0]} ".encode() + data


def listen(address, port, kind):
    sock = socket.socket(family(address), kind)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if ":" in address:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    sock.bind((address, port))
    if kind == socket.SOCK_STREAM:
        sock.listen(16)
    return sock


def serve():
    jobs = []
    for address in "0.0.0.0", "::":
        jobs.append((serve_tcp, listen(address, 7000, socket.SOCK_STREAM), echo))
        jobs.append((serve_udp, listen(address, 7000, socket.SOCK_DGRAM), echo))
        jobs.append((serve_udp, listen(address, 53, socket.SOCK_DGRAM), lambda data, peer: resolve(data)))
    print("ready", flush=True)
    threads = [threading.Thread(target=job[0], args=job[1:]) for job in jobs]
    for thread in threads:
        thread.start()


def ask_udp(address, port, word):
    sock = socket.socket(family(address), socket.SOCK_DGRAM)
    sock.settimeout(1)
    sock.connect((address, int(port)))
    for _ in range(6):  # packets may be lost
        try:
            sock.send(word.encode())
            return sock.recv(2000)
        except TimeoutError:
            pass
    raise TimeoutError


def ask_tcp(address, port, word):
    for _ in range(3):  # the pasta of 2023 now and then loses the very first packet of IPv6
        with socket.create_connection((address, int(port)), timeout=3) as sock:
            sock.sendall(word.encode() + b"\n")
            try:
                return sock.makefile("rb").read()
            except TimeoutError:
                pass
    raise TimeoutError


if sys.argv[1] == "serve":
    serve()
elif sys.argv[1] == "ask":
    answer = {"tcp": ask_tcp, "udp": ask_udp}[sys.argv[2]](*sys.argv[3:])
    print(answer.decode().strip())
else:
    held = listen(sys.argv[2], int(sys.argv[3]), socket.SOCK_STREAM)
    print("ready", flush=True)
    threading.Event().wait()
