"""A model hub with faults, for server.py. Its base is /hub/SCENARIO/KEY; it has two repositories, o/encoder and o/heads, each at two commits."""
import hashlib
import json

COMMITS = ["1" * 40, "2" * 40]
TOKEN = "hf_secret"


def contents(repository, commit):
    """Path and bytes of each file. Sizes are odd, and the commits differ in one head."""
    def data(seed, size):
        return bytes((i * seed + (i >> 8)) & 255 for i in range(size))
    if repository == "o/encoder":
        return {".gitattributes": b"*.safetensors filter=lfs\n", "README.md": b"# An encoder\n", "config.json": b'{"hidden_size": 3}\n',
                "model-00001-of-00002.safetensors": data(3, 50_001), "model-00002-of-00002.safetensors": data(5, 1),
                "model.safetensors.index.json": b'{"weight_map": {}}\n', "onnx/model.safetensors": data(7, 100)}
    return {"model_awe_best.pth": data(11, 40_003), "model_jealousy_&_envy_best.pth": data(13, 30_001),
            "model_pride_best.pth": data(17 if commit == COMMITS[0] else 19, 20_011), "notes on heads.md": b"Heads.\n"}


def is_large(path):
    return path.endswith((".safetensors", ".pth"))


def entries(repository, commit):
    yield {"type": "directory", "oid": "0" * 40, "size": 0, "path": "onnx"}
    for path, data in contents(repository, commit).items():
        oid = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
        entry = {"type": "file", "oid": oid, "size": len(data), "path": path}
        if is_large(path):
            entry["oid"] = "f" * 40  # of the pointer, which says nothing about the contents
            entry["lfs"] = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}
        yield entry


def spoil(scenario, listed):
    """Listings that must be refused: what is wrong with one of the heads."""
    head = next((entry for entry in listed if entry["path"] == "model_awe_best.pth"), None)
    if head is None:
        return
    sizes = {"negative": -1, "absurd": 10**30, "fraction": 1.5, "text": "40003", "enormous": 1 << 39, "zero": 0}
    if scenario in sizes:
        head["size"] = head["lfs"]["size"] = sizes[scenario]
    elif scenario == "twosizes":
        head["lfs"]["size"] += 1
    elif scenario == "dots":
        head["path"] = "../model_awe_best.pth"
    elif scenario == "rooted":
        head["path"] = "/model_awe_best.pth"
    elif scenario == "control":
        head["path"] = "model_\n_best.pth"
    elif scenario == "strange":
        head["path"] = "model_a b_best.pth"
    elif scenario == "duplicate":
        listed.append(dict(head))
    elif scenario == "folded":
        listed.append(dict(head, path="model_AWE_best.pth"))
    elif scenario == "nodigest":
        del head["lfs"]["oid"]
    elif scenario == "baddigest":
        head["lfs"]["oid"] = "../../etc/passwd"
    elif scenario == "nopath":
        del head["path"]
    elif scenario == "noheads":
        listed[:] = [entry for entry in listed if not entry["path"].startswith("model_")]


def serve(handler, scenario, path, query, count, other):
    """Answers one request below the base.

    count: counts the requests about a name, this one included. other: base of the server's second port.
    """
    def send(value, headers=()):
        handler.answer(200, json.dumps(value).encode(), headers)

    if scenario in ("token", "gated") and handler.headers.get("Authorization") != f"Bearer {TOKEN}":
        return handler.answer(401)
    if scenario == "gated" or scenario == "moved" and "/resolve/" in path:
        return handler.answer(403 if scenario == "gated" else 404)
    if scenario == "busy" and count(path) == 1:
        return handler.answer(429, headers=[("Retry-After", "0")])
    parts = path.split("/")
    if parts[:2] == ["api", "models"]:
        repository = "/".join(parts[2:4])
        if parts[4] == "revision":
            if parts[5] != "main" or scenario == "norepository":
                return handler.answer(404)
            if scenario == "nocommit":
                return send({"sha": "main"})
            return send({"sha": COMMITS[1] if scenario == "moves" and count("revision " + repository) > 1 else COMMITS[0], "siblings": []})
        return tree(handler, scenario, repository, parts[5], query, send, other)
    repository, commit, name = "/".join(parts[:2]), parts[3], "/".join(parts[4:])
    data = contents(repository, commit).get(name) if commit in COMMITS else None
    if data is None:
        return handler.answer(404)
    if scenario == "stops" and name == "model_pride_best.pth" and count(name) == 1:
        return handler.answer(503)
    if scenario in ("redirect", "elsewhere") and is_large(name):
        base = other if scenario == "elsewhere" else f"http://{handler.headers['Host']}"
        return handler.answer(302, headers=[("Location", f"{base}{handler.path.replace('/' + scenario + '/', '/ok/')}")])
    if scenario == "wronglarge" and name == "model_pride_best.pth" or scenario == "wrongplain" and name == "config.json":
        data = data[:-1] + b"!"
    handler.ranged(data, cut=10_000 if scenario == "cut" and len(data) > 10_000 and count(name) == 1 else None)


def tree(handler, scenario, repository, commit, query, send, other):
    if scenario == "huge":
        handler.send_response(200)
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b"[" * 65536)
        except OSError:
            handler.close_connection = True
        return
    listed = list(entries(repository, commit))
    spoil(scenario, listed)
    if scenario == "truncated":
        return handler.answer(200, json.dumps(listed).encode()[:-40])
    if scenario == "object":
        return send({"error": "try later"})
    start = int(query.get("cursor", ["0"])[0])
    page = listed[start:start + 3]
    if scenario == "endless":
        return send([], [("Link", f"<{other}/x?recursive=true&cursor={start}>; rel=\"next\"")])
    # The link names a host where nobody listens, as a mirror's may.
    more = start + 3 < len(listed)
    send(page, [("Link", f"<http://127.0.0.1:9/api?recursive=true&cursor={start + 3}>; rel=\"next\"")] if more else [])
