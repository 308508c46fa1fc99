"""A web server with faults, for the tests of the downloads. Prints its port, ends with its stdin.

The path is /FAULT/KEY: KEY keeps the counters of one test apart from another's. /log/KEY answers with the Range headers seen.
/hub/SCENARIO/KEY is the base of a model hub (hub.py); /requests/KEY answers with the requests that it saw. A second port serves the same, and both
are HTTP proxies to the server itself.
"""
import collections
import http.server
import json
import sys
import threading
import urllib.parse

import hub

DATA = bytes((i * 31 + (i >> 8)) & 255 for i in range(300_000))
seen = {}
requests = collections.defaultdict(list)
counts = collections.Counter()
lock = threading.Lock()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", headers=(), length=None):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def ranged(self, data, cut=None, length=None):
        start = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").split("-")[0])
        if start >= len(data):
            return self.answer(416, headers=[("Content-Range", f"bytes */{len(data)}")])
        body = data[start:cut]
        headers = [("Accept-Ranges", "bytes"), ("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")]
        self.answer(206 if start else 200, body, headers, len(data) - start)

    def hub(self, url):
        _, scenario, key, path = url.path.strip("/").split("/", 3)

        def count(name):
            with lock:
                counts[key, name] += 1
                return counts[key, name]
        self.record(key, urllib.parse.unquote(path))
        port = next(server.server_port for server in servers if server.server_port != self.server.server_port)
        hub.serve(self, scenario, urllib.parse.unquote(path), urllib.parse.parse_qs(url.query), count, f"http://127.0.0.1:{port}")

    def record(self, key, path):
        with lock:
            requests[key].append({"path": path, "range": self.headers.get("Range") or "", "authorization": self.headers.get("Authorization") or "",
                                  "port": self.server.server_port, "target": self.path})

    def do_CONNECT(self):
        self.record(self.path.split(".")[0], self.path)
        self.answer(502)

    def do_GET(self):
        # A proxy is asked for a whole URL, of which the path is enough here.
        url = urllib.parse.urlsplit(self.path)
        if url.path.startswith("/requests/"):
            return self.answer(200, json.dumps(requests[url.path.removeprefix("/requests/")]).encode())
        if url.path.startswith("/hub/"):
            return self.hub(url)
        fault, key = self.path.strip("/").split("/", 1)
        if fault == "log":
            return self.answer(200, json.dumps(seen.get(key, [])).encode())
        with lock:
            ranges = seen.setdefault(key, [])
            ranges.append(self.headers.get("Range") or "")
            number = len(ranges)
        if fault == "ok" or fault.endswith("resolve"):
            self.ranged(DATA)
        elif fault == "redirect":
            self.answer(302, headers=[("Location", f"/ok/{key}")])
        elif fault == "busy":
            self.answer(429, headers=[("Retry-After", "0")]) if number <= 2 else self.ranged(DATA)
        elif fault == "down":
            self.answer(503)
        elif fault == "cut":
            self.ranged(DATA, cut=100_000 if number == 1 else 200_000 if number == 2 else None)
        elif fault == "noranges":
            self.answer(200, DATA[:100_000] if number == 1 else DATA, length=len(DATA))
        elif fault == "wrong":
            self.ranged(DATA[:-1] + b"!")
        elif fault == "short":
            self.ranged(DATA[:-7])
        elif fault == "endless":
            self.send_response(200)
            self.end_headers()
            try:
                while True:
                    self.wfile.write(DATA)
            except OSError:
                self.close_connection = True
        elif fault == "slow":
            self.send_response(200)
            self.send_header("Content-Length", str(len(DATA)))
            self.end_headers()
            self.wfile.write(DATA[:100_000])
            self.wfile.flush()
            threading.Event().wait(20)
        elif fault == "mirror":
            self.ranged(DATA) if key == "owner/name/resolve/main/weights/model.bin" else self.answer(404)
        else:
            self.answer(404, b"no such thing")


servers = [http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) for _ in range(2)]
for server in servers:
    server.daemon_threads = True
print(servers[0].server_port, flush=True)
for server in servers:
    threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
