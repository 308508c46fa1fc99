"""A web server with faults, for the tests of the downloads. Prints its port, ends with its stdin.

The path is /FAULT/KEY: KEY keeps the counters of one test apart from another's. /log/KEY answers with the Range headers seen.
"""
import http.server
import json
import sys
import threading

DATA = bytes((i * 31 + (i >> 8)) & 255 for i in range(300_000))
seen = {}
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

    def do_GET(self):
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
        elif fault.startswith("hub"):
            self.ranged(DATA) if key == "owner/name/resolve/main/weights/model.bin" else self.answer(404)
        else:
            self.answer(404, b"no such thing")


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(server.server_port, flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
