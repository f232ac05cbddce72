"""Visitors of links over kept connections: what each was answered, when and how fast."""
import collections
import multiprocessing
import selectors
import socket
import time

CONNECTIONS = 32
ALPHABET = {letter: value for value, letter in enumerate("0123456789abcdefghjkmnpqrstvwxyz")}
CHECK_BITS = 40
# An answer that takes longer is none.
PATIENCE = 30


def click_id(tid):
    bits = 0
    for letter in tid:
        bits = bits << 5 | ALPHABET[letter]
    return bits >> CHECK_BITS


class Client:
    """One visitor after the other on one connection."""

    def __init__(self, port):
        self.port, self.socket, self.asked, self.heard = port, None, 0.0, b""

    def ask(self, request):
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        self.asked, self.heard = time.monotonic(), b""
        self.socket.sendall(request)

    def drop(self):
        if self.socket is not None:
            self.socket.close()
        self.socket = None


def whole(heard):
    head, end, body = heard.partition(b"\r\n\r\n")
    if not end:
        return None
    length = 0
    for line in head.split(b"\r\n")[1:]:
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return head if len(body) >= length else None


def run(port, paths, phase, out):
    requests = [f"GET {path} HTTP/1.1\r\nHost: go.example\r\nUser-Agent: Mozilla/5.0 (Linux; Android 14) Chrome/126.0\r\n\r\n"
                .encode() for path in paths]
    times, wrong, tids, number = collections.defaultdict(list), collections.Counter(), [], 0
    clients, selector = [Client(port) for _ in range(CONNECTIONS)], selectors.DefaultSelector()

    def send(client):
        nonlocal number
        number += 1
        try:
            is_new = client.socket is None
            client.ask(requests[number % len(requests)])
            if is_new:
                selector.register(client.socket, selectors.EVENT_READ, client)
        except OSError as error:
            wrong[phase.value, f"no connection: {error}"] += 1
            client.drop()

    def fail(client, words):
        wrong[phase.value, words] += 1
        selector.unregister(client.socket)
        client.drop()

    for client in clients:
        send(client)
    while phase.value >= 0:
        for key, _ in selector.select(timeout=0.2):
            client = key.data
            try:
                heard = client.socket.recv(65536)
            except OSError as error:
                heard = b""
            if not heard:
                fail(client, "the connection was closed")
                continue
            client.heard += heard
            head = whole(client.heard)
            if head is None:
                continue
            now = phase.value
            times[now].append(time.monotonic() - client.asked)
            tid = head.partition(b"tid_")[2].partition(b"=")[2][:21].decode()
            if head[9:12] == b"302" and tid:
                tids.append(tid)
            else:
                wrong[now, head.split(b"\r\n")[0].decode()] += 1
            send(client)
        for client in clients:
            if client.socket is None:
                send(client)
            elif time.monotonic() - client.asked > PATIENCE:
                fail(client, f"no answer in {PATIENCE} s")
    out.send((dict(times), dict(wrong), tids))


class Load:
    """Visitors in a process of their own; `phase` says what they are counted under."""

    def __init__(self, port, paths):
        self.phase = multiprocessing.Value("i", 0)
        self.pipe, out = multiprocessing.Pipe(duplex=False)
        self.process = multiprocessing.Process(target=run, args=(port, paths, self.phase, out), daemon=True)
        self.process.start()

    def stop(self):
        self.phase.value = -1
        told = self.pipe.recv()
        self.process.join()
        return told
