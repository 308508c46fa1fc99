"""The suite `emonet`: the encoders and heads of full-size EmoNet beside PyTorch, ONNX Runtime and OpenVINO, and what share of the machine each uses.

Work is counted from the extents (a multiplication and an addition are two), bytes are those of the weights. The peaks are what `mien-bench peak`
measures on the same threads just before. Ours runs in turns with all peers, or where memory or time would not do (SigLIP with 8 pictures, the
voice heads) with one after the other. A peer's ratio is always to those of our runs that it took turns with.
"""
import json
import pathlib
import statistics
import subprocess
import sys

from harness import HERE, PYTHON, RELEASE, ROOT, Worker, counted, ratio, rounds, table

CACHE = HERE / ".cache/emonet"
BYTES = {"f32": 4, "f16": 2, "int8": 1}


def siglip_work(hidden_size, num_hidden_layers, intermediate_size, image_size, patch_size, **_):
    """Operations for one picture."""
    n, w, h = (image_size // patch_size) ** 2, hidden_size, intermediate_size
    layer = 8 * n * w * w + 4 * n * n * w + 4 * n * w * h
    head = 4 * n * w * w + 4 * w * w + 4 * n * w + 4 * w * h
    return 2 * n * 3 * patch_size ** 2 * w + num_hidden_layers * layer + head


def whisper_work(d_model, encoder_layers, encoder_ffn_dim, num_mel_bins, max_source_positions, **_):
    """Operations for one clip."""
    n, w, h = max_source_positions, d_model, encoder_ffn_dim
    convolutions = 2 * 2 * n * 3 * num_mel_bins * w + 2 * n * 3 * w * w
    return convolutions + encoder_layers * (8 * n * w * w + 4 * n * n * w + 4 * n * w * h)


def weights_of(inputs, sizes):
    """Of a head."""
    return sum(before * size for before, size in zip((inputs, *sizes), sizes))


def peaks(threads):
    """GFLOP/s, GOP/s and GB/s that this machine reaches on that many threads: the best of three, as others may be using it."""
    found = [json.loads(subprocess.run([RELEASE / "mien-bench", "peak", str(threads)], stdout=subprocess.PIPE, text=True, check=True).stdout) for _ in range(3)]
    return {name: max(one[name] for one in found) for name in found[0]}


def half_arithmetic():
    """What of 16 bits the processor computes with, "f16" or "bf16", or None: then PyTorch takes several times as long as in f32."""
    flags = pathlib.Path("/proc/cpuinfo").read_text()
    return "f16" if "avx512_fp16" in flags or "asimdhp" in flags else "bf16" if "avx512_bf16" in flags else None


def free_bytes():
    line = next(line for line in open("/proc/meminfo") if line.startswith("MemAvailable"))
    return int(line.split()[1]) * 1024


class Case:
    """A network with so many rows at once.

    - count: heads; None for an encoder.
    - work: operations of one run; weights: values that one run reads, None for an encoder, which is not bound by them.
    - apart: whether peers take turns with ours one after the other; alone: whether there are none.
    """

    def __init__(self, title, network, rows, shape, work, repeats=1, count=None, weights=None, apart=False, alone=False, most_rounds=5):
        self.title, self.network, self.rows, self.shape, self.work, self.repeats = title, network, rows, ",".join(map(str, (rows, *shape))), work, repeats
        self.count, self.weights, self.apart, self.alone, self.most_rounds = count, weights, apart, alone, most_rounds

    def ours(self, threads, precision):
        if self.count:
            return [RELEASE / "mien-bench", "heads", self.network.removesuffix("-heads"), self.count, self.rows, threads, self.repeats, precision]
        return [RELEASE / "mien-bench", "run", CACHE / f"{self.network}.safetensors", self.shape, threads, self.repeats, precision]

    def torch(self, threads, precision):
        return [PYTHON, HERE / "peers/emonet_peer.py", "run", self.network, precision, self.count or CACHE, self.rows, threads, self.repeats]

    def onnx(self, peer, file, threads):
        return [PYTHON, HERE / "peers/network_peer.py", peer, CACHE / file, self.shape, threads, self.repeats, "pinned"]

    def commands(self, threads, precision):
        """Variants by name, ours first."""
        commands = {"mien": self.ours(threads, precision)}
        if self.alone:
            return commands
        if precision == "f32":
            commands["torch"] = self.torch(threads, "f32")
            commands |= {peer: self.onnx(peer, f"{self.network}.onnx", threads) for peer in ("onnxruntime", "openvino")}
        elif precision == "f16":
            commands["mien f32"] = self.ours(threads, "f32")
            kind = half_arithmetic()
            if not self.count and kind:
                commands[f"torch {kind}"] = self.torch(threads, kind)
        else:
            commands["onnxruntime"] = self.onnx("onnxruntime", f"{self.network}_int8.onnx", threads)
            commands["openvino"] = self.onnx("openvino-int8", f"{self.network}.onnx", threads)
        return commands

    def speeds(self, seconds, precision, peak):
        """Of one run: operations and bytes a second with their shares of the peaks."""
        # Where the processor does not compute with 16 bits (a peak of 0) f32 does it.
        most = peak[precision] or peak["f32"]
        speeds = dict(gflops=self.work / seconds / 1e9, share_of_peak=self.work / seconds / 1e9 / most)
        if self.weights:
            read = self.weights * BYTES[precision] / seconds / 1e9
            speeds |= dict(read_gb_s=read, share_of_read=read / peak["read"])
        return speeds


def cases():
    sys.path.insert(0, str(ROOT / "Scripts/reference"))
    sys.path.insert(0, str(HERE / "peers"))
    import emonet_networks as networks
    import emonet_peer
    siglip, whisper = networks.SIGLIP["full"], networks.WHISPER["full"]
    picture, mel = (3, siglip["image_size"], siglip["image_size"]), (whisper["num_mel_bins"], 2 * whisper["max_source_positions"])
    row = whisper["max_source_positions"] * whisper["d_model"]
    voice = weights_of(row, networks.VOICE_LAYERS["full"]["small"])
    face = emonet_peer.FACE_HEADS * weights_of(siglip["hidden_size"], networks.FACE_LAYERS["full"]["large"])
    for rows in (1, 8):
        yield Case(f"SigLIP2 so400m, {rows} picture{'s' if rows > 1 else ''}", "siglip", rows, picture, rows * siglip_work(**siglip),
                   apart=rows > 1, most_rounds=5 if rows == 1 else 3)
    for rows in (1, 4):
        yield Case(f"Whisper small's encoder, {rows} x 30 s", "whisper", rows, mel, rows * whisper_work(**whisper), most_rounds=5 if rows == 1 else 3)
    for rows in (1, 8):
        yield Case(f"{emonet_peer.FACE_HEADS} face heads (large), {rows} face{'s' if rows > 1 else ''}", "face-heads", rows, (siglip["hidden_size"],),
                   2 * rows * face, repeats=20, count=emonet_peer.FACE_HEADS, weights=face)
    few = emonet_peer.VOICE_HEADS
    for count in (few, len(networks.VOICE)):
        yield Case(f"{count} voice heads (small), 1 clip", "voice-heads", 1, (row,), 2 * count * voice, repeats=3, count=count, weights=count * voice,
                   apart=count == few, alone=count > few)


def measure(commands, count, apart):
    """Seconds of each variant, and its ratio to ours (above 1, ours is faster)."""
    ours, *peers = commands
    times, ratios = {ours: []}, {ours: 1.0}
    for group in [[peer] for peer in peers] if apart else [peers]:
        results = rounds([Worker(name, commands[name]) for name in (ours, *group)], count, warm_up=0)
        warm = {name: [value["warm"] for value in values] for name, values in results.items()}
        times[ours] += warm[ours]
        for peer in group:
            times[peer], ratios[peer] = warm[peer], ratio(warm[ours], warm[peer])
    return times, ratios


def emonet(arguments, report):
    peak = {threads: peaks(threads) for threads in (1, 2)}
    report["peak"] = {counted(threads): values for threads, values in peak.items()}
    if not half_arithmetic():
        print("\nPyTorch in f16 is left out: this processor has no arithmetic for it.")
    few = {}  # by precision and threads: the peers' medians with few voice heads, and how many
    for case in cases():
        for threads in (1, 2):
            for precision, size in BYTES.items():
                key = f"{case.title}, {precision}, {counted(threads)}"
                if arguments.only.lower() not in key.lower():
                    continue
                if case.alone and case.weights * size * 1.1 > free_bytes():
                    print(f"\n{key}: left out, {case.weights * size / 1e9:.1f} GB of weights do not fit into what is free")
                    continue
                times, ratios = measure(case.commands(threads, precision), min(arguments.rounds, case.most_rounds), case.apart)
                show(case, key, precision, times, ratios, peak[threads], few.get((precision, threads)) if case.alone else None, report)
                if case.network == "voice-heads" and not case.alone:
                    few[precision, threads] = case.count, {name: statistics.median(one) for name, one in times.items() if not name.startswith("mien")}


def show(case, key, precision, times, ratios, peak, scaled, report):
    rows, figures = [], {}
    for name, values in times.items():
        seconds = statistics.median(values)
        speeds = case.speeds(seconds, "f32" if name == "mien f32" else precision, peak)
        figures[name] = dict(median_ms=seconds * 1e3, ratio=ratios[name], **speeds)
    ours = figures["mien"]["median_ms"]
    if scaled:
        # Not measured: at f32 all heads take 16 GB. Time goes with the weights, which are larger than any cache either way.
        count, medians = scaled
        for name, seconds in medians.items():
            seconds *= case.count / count
            figures[f"{name}, {count} heads x {case.count / count:g}"] = dict(median_ms=seconds * 1e3, ratio=seconds * 1e3 / ours, scaled=True,
                                                                              **case.speeds(seconds, precision, peak))
    for name, figure in figures.items():
        row = [name, f"{figure['median_ms']:.2f}", f"{figure['ratio']:.2f}", f"{figure['gflops']:.0f}", f"{figure['share_of_peak']:.0%}"]
        rows.append(row + ([f"{figure['read_gb_s']:.1f}", f"{figure['share_of_read']:.0%}"] if case.weights else []))
    table(key, rows, ["", "ms", "/ mien's", "GOP/s" if precision == "int8" else "GFLOP/s", "of peak"] + (["GB/s", "of reading"] if case.weights else []))
    report[key] = dict(variants=figures)
    peers = [name for name in times if not name.startswith("mien")]
    if peers:
        best = min(peers, key=lambda name: figures[name]["median_ms"])
        report[key] |= dict(best_peer=best, speedup_over_best_peer=figures[best]["ratio"])
