"""Drives the benchmarks: Mien and its peers side by side in one run, in turns, reported as medians and ratios.

Machines are noisy, so no figure stands alone: in every round each variant runs once, and a ratio is the median over the rounds of
the ratio within a round. Started by `Benchmarks/run`.
"""
import argparse
import json
import os
import pathlib
import platform
import statistics
import struct
import subprocess
import time

import emonet_bench
import emonet_errors
from harness import HERE, PYTHON, RELEASE, ROOT, Worker, counted, ratio, rounds, table


def model(name):
    """Path of an installed model's file."""
    home = pathlib.Path(os.environ.get("MIEN_HOME") or pathlib.Path(os.environ.get("XDG_DATA_HOME", pathlib.Path.home() / ".local/share")) / "mien")
    return next(home.glob("models/*/*/" + name))


def compare(title, key, commands, arguments, report):
    """One table and one entry of the report: resident workers by name, "mien" first."""
    results = rounds([Worker(name, command) for name, command in commands.items()], arguments.rounds)
    times = {name: {kind: [value[kind] for value in values] for kind in ("warm", "first")} for name, values in results.items()}
    best = min((name for name in times if name != "mien"), key=lambda name: statistics.median(times[name]["warm"]))
    rows = [[name] + [f"{number:.2f}" for kind in ("warm", "first")
                      for number in (statistics.median(one[kind]) * 1e3, ratio(times["mien"][kind], one[kind]))] for name, one in times.items()]
    table(title, rows, ["", "ms", "/ mien's", "after a pause, ms", "/ mien's"])
    report[key] = dict(
        median_ms={name: {kind: statistics.median(one[kind]) * 1e3 for kind in one} for name, one in times.items()},
        best_peer=best, speedup_over_best_peer=ratio(times["mien"]["warm"], times[best]["warm"]))


def networks(arguments, report):
    cases = [("CenterFace 640x480", "centerface", model("centerface.onnx"), model("centerface.onnx"), "1,3,480,640", 3),
             ("mini-Xception, 1 face", "mini-xception", model("mini_xception.safetensors"), HERE / ".cache/mini_xception.onnx", "1,1,64,64", 50)]
    for title, network, ours, theirs, shape, repeats in cases:
        for threads in (1, 2):
            commands = {"mien": [RELEASE / "mien-bench", "run", ours, shape, threads, repeats]}
            commands |= {peer: [PYTHON, HERE / "peers/network_peer.py", peer, theirs, shape, threads, repeats] for peer in ("onnxruntime", "openvino")}
            compare(f"{title}, {counted(threads)}", f"{network} {threads}T", commands, arguments, report)


def whisper(arguments, report):
    """The encoder of Whisper tiny on 30 s, with random weights, at f32 and with products of 8 bits."""
    weights, onnx, shape = HERE / ".cache/whisper_tiny.safetensors", HERE / ".cache/whisper_tiny.onnx", "1,80,3000"
    rounded = HERE / ".cache/whisper_tiny_int8.onnx"
    for threads in (1, 2):
        commands = {"mien": [RELEASE / "mien-bench", "run", weights, shape, threads, 1],
                    "torch": [PYTHON, HERE / "peers/whisper_peer.py", "run", weights, shape, threads, 1]}
        commands |= {peer: [PYTHON, HERE / "peers/network_peer.py", peer, onnx, shape, threads, 1] for peer in ("onnxruntime", "openvino")}
        compare(f"Whisper tiny encoder, 30 s, {counted(threads)}", f"whisper-tiny {threads}T", commands, arguments, report)
        commands = {"mien": [RELEASE / "mien-bench", "run", weights, shape, threads, 1, "int8"],
                    "onnxruntime": [PYTHON, HERE / "peers/network_peer.py", "onnxruntime", rounded, shape, threads, 1],
                    "openvino": [PYTHON, HERE / "peers/network_peer.py", "openvino-int8", onnx, shape, threads, 1]}
        compare(f"Whisper tiny encoder, int8, 30 s, {counted(threads)}", f"whisper-tiny int8 {threads}T", commands, arguments, report)


def vad(arguments, report):
    """Voice activity in a minute of sound, one thread: the whole at once, and window by window."""
    length = 60
    data = HERE / ".cache/silero_vad/silero_vad/data"
    workers = [Worker("mien", [RELEASE / "mien-bench", "vad", model("silero_vad_16k_op15.onnx"), length, 1])]
    workers += [Worker(f"onnxruntime, {kind}", [PYTHON, HERE / "peers/vad_peer.py", data / file, length])
                for kind, file in (("window by window", "silero_vad.onnx"), ("sequence model", "silero_vad_16k_sequence.onnx"))]
    results = rounds(workers, arguments.rounds)
    ours = {key: [value[key] for value in results["mien"]] for key in ("whole", "live")}
    rows = [["mien, " + key, f"{statistics.median(times) * 1e3:.1f}", "", ""] for key, times in ours.items()]
    rows += [[name, f"{statistics.median(times) * 1e3:.1f}"] + [f"{ratio(ours[key], times):.1f}" for key in ours]
             for name, times in results.items() if name != "mien"]
    table(f"Voice activity, {length} s, 1 thread", rows, ["", "ms", "/ mien's whole", "/ mien's live"])
    report["vad 1T"] = dict(median_ms={**{f"mien, {key}": statistics.median(times) * 1e3 for key, times in ours.items()},
                                       **{name: statistics.median(times) * 1e3 for name, times in results.items() if name != "mien"}},
                            speedup={name: {key: ratio(ours[key], times) for key in ours} for name, times in results.items() if name != "mien"})


def logmel(arguments, report):
    """Log-mel features of 30 s of noise, from samples in memory to an array in memory."""
    peers = ("transformers", "librosa", "kaldi-native-fbank")
    for threads in (1, 2):
        workers = [Worker("mien", [RELEASE / "mien-bench", "logmel", 80, threads, 50])]
        workers += [Worker(peer, [PYTHON, HERE / "peers/logmel_peer.py", peer, threads, 5]) for peer in peers]
        times = {name: [value["warm"] for value in values] for name, values in rounds(workers, arguments.rounds).items()}
        best = min(peers, key=lambda name: statistics.median(times[name]))
        rows = [[name, f"{statistics.median(values) * 1e3:.2f}", f"{ratio(times['mien'], values):.1f}"] for name, values in times.items()]
        table(f"Log-mel of 30 s, {threads} thread{'s' if threads > 1 else ''}", rows, ["", "ms", "/ mien's"])
        report[f"logmel {threads}T"] = dict(median_ms={name: statistics.median(values) * 1e3 for name, values in times.items()},
                                            best_peer=best, speedup_over_best_peer=ratio(times["mien"], times[best]))


def voice(arguments, report):
    """Voices through the host, end to end; nobody to compare with."""
    def seconds(*command):
        done = subprocess.run([PYTHON, HERE / "voice/voice_bench.py", *map(str, command)], stdout=subprocess.PIPE, text=True, check=True)
        return sorted(float(line) for line in done.stdout.split())

    waits, minutes = seconds("latency", 3 * arguments.rounds), 10
    taken = statistics.median(seconds("recording", minutes)[0] for _ in range(3))
    p95 = waits[min(len(waits) - 1, len(waits) * 95 // 100)]
    table("Voices, end to end", [["end of a 5 s utterance to its estimate, ms", f"{statistics.median(waits) * 1e3:.0f}", f"{p95 * 1e3:.0f}"],
                                 [f"mien voice, {minutes} min of speech, times real time", f"{minutes * 60 / taken:.0f}", ""]], ["", "median", "95th percentile"])
    report["voice"] = dict(utterance_ms=dict(median=statistics.median(waits) * 1e3, p95=p95 * 1e3), real_time=minutes * 60 / taken)


def wire(arguments, report):
    binary = HERE / ".cache/wire_bench"
    subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-o", binary, HERE / "wire/wire_bench.c"], check=True)
    mien = RELEASE / "mien"
    grpc = [PYTHON, HERE / "wire/grpc_bench.py"]
    for title, client, child in (("across cores", 0, 1), ("on one core", 0, 0), ("unpinned", -1, -1)):
        workers = [Worker("bare pipe", [binary, "pipe", client, child]),
                   Worker("mien serve", [binary, "host", mien, "serve", "--", client, child])]
        if title == "unpinned":
            workers.append(Worker("Python grpcio", grpc))
        results = rounds(workers, arguments.rounds, warm_up=1)
        base = [r["median_us"] for r in results["bare pipe"]]
        rows = [[name] + [f"{statistics.median(r[key] for r in values):,.1f}" for key in ("median_us", "p99_us")]
                + [f"{statistics.median(r['calls_per_s'] for r in values):,.0f}", f"{ratio(base, [r['median_us'] for r in values]):.2f}"]
                for name, values in results.items()]
        table(f"1 KiB round trip, {title}", rows, ["", "median us", "p99 us", "pipelined calls/s", "latency / bare pipe's"])
        report[f"wire {title}"] = {name: {key: statistics.median(r[key] for r in values) for key in values[0]} for name, values in results.items()}


def plugins(arguments, report):
    """One face of 48 x 48 pixels to a plugin and its reading back, against a bare pair of pipes; and the same while another plugin is killed every 100 ms."""
    names = dict(bare="bare pipe", library="plugin in a library", process="plugin in a process", neighbour="the same beside a dying one")
    results = rounds([Worker(title, [RELEASE / "mien-bench", "plugin", name]) for name, title in names.items()], arguments.rounds, warm_up=1)
    base = [r["median_us"] for r in results[names["process"]]]
    rows = [[name] + [f"{statistics.median(r[key] for r in values):,.1f}" for key in ("median_us", "p99_us")] + [f"{ratio(base, [r['median_us'] for r in values]):.2f}"]
            for name, values in results.items()]
    table("One face to a plugin and back", rows, ["", "median us", "p99 us", "median / a plugin's"])
    report["plugins"] = {name: {key: statistics.median(r[key] for r in values) for key in values[0]} for name, values in results.items()}


def media(arguments, report):
    """Clips to a plugin's process that adds up their samples: through the pipe, as they go, through memory that both have mapped, and through a bare pipe."""
    for title, size in (("5 s of speech", 320_000), ("30 s", 1_920_000), ("63 MiB", 63 << 20)):
        workers = [Worker(name, [RELEASE / "mien-bench", "media", name, size]) for name in ("pipe", "mapped", "bare")]
        results = {name: [r["median_ms"] for r in values] for name, values in rounds(workers, arguments.rounds, warm_up=1).items()}
        times = {name: statistics.median(values) for name, values in results.items()}
        table(f"{title} to a plugin and back", [[name, f"{times[name]:.2f}", f"{ratio(results['mapped'], values):.2f}"] for name, values in results.items()], ["", "median ms", "/ mapped"])
        report[f"media {title}"] = times


def first_answer(command, request=None):
    """Milliseconds from spawn to the first answer (or the end, without a request), and the peak memory in MB."""
    start = time.perf_counter()
    process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    if request:
        process.stdin.write(request)
        process.stdin.flush()
        for expected in ("hello", "answer"):
            length = struct.unpack(">I", process.stdout.read(4))[0]
            process.stdout.read(length)
        elapsed = time.perf_counter() - start
        process.stdin.close()
    _, _, usage = os.wait4(process.pid, 0)
    if not request:
        elapsed = time.perf_counter() - start
    process.returncode = 0
    return elapsed * 1e3, usage.ru_maxrss / 1024


def field(number, data):
    length, prefix = len(data), bytearray()
    while length > 127:
        prefix.append(length & 127 | 128)
        length >>= 7
    return bytes([number << 3 | 2]) + bytes(prefix) + bytes([length]) + data


def spawn(arguments, report):
    """Fresh processes: from spawn to the emotions of the bundled portrait, against ONNX Runtime with the detector alone."""
    picture = ROOT / "Examples/astronaut.jpg"
    hello = field(2, field(1, b"mien") + b"\x10\x01\x18\x01")
    call = b"\x08\x01" + field(3, field(1, b"/mien.v1.Estimation/EstimateFace") + field(4, field(3, str(picture).encode())) + b"\x30\x01")
    request = b"".join(struct.pack(">I", len(frame)) + frame for frame in (hello, call))
    variants = {"mien serve, both models": ([RELEASE / "mien", "serve"], request),
                "onnxruntime, detector alone": ([PYTHON, HERE / "peers/spawn_onnxruntime.py", model("centerface.onnx")], None)}
    results = {name: [] for name in variants}
    for _ in range(arguments.rounds):
        for name, (command, data) in variants.items():
            results[name].append(first_answer(command, data))
    ours = [r[0] for r in results["mien serve, both models"]]
    rows = [[name, f"{statistics.median(r[0] for r in values):.0f}", f"{min(r[0] for r in values):.0f}", f"{max(r[1] for r in values):.0f}",
             f"{ratio(ours, [r[0] for r in values]):.1f}"] for name, values in results.items()]
    table("Spawn to first answer", rows, ["", "median ms", "min ms", "peak MB", "time / mien's"])
    report["spawn"] = {name: dict(median_ms=statistics.median(r[0] for r in values), peak_mb=max(r[1] for r in values)) for name, values in results.items()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("suites", nargs="*", default=["networks", "vad", "logmel", "whisper", "voice", "wire", "plugins", "media", "spawn"])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", default="", help="of the suites emonet and errors, only cases whose names have this in them")
    parser.add_argument("--json", help="also write the figures to this file")
    arguments = parser.parse_args()
    (HERE / ".cache").mkdir(exist_ok=True)
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    print(f"{cpu}, {os.cpu_count()} cores; medians over {arguments.rounds} rounds, variants in turn")
    report = dict(cpu=cpu, rounds=arguments.rounds)
    for suite in arguments.suites:
        {"networks": networks, "vad": vad, "logmel": logmel, "whisper": whisper, "voice": voice, "wire": wire, "plugins": plugins, "media": media, "spawn": spawn,
         "emonet": emonet_bench.emonet, "errors": emonet_errors.errors}[suite](arguments, report)
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
