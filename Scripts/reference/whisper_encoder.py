"""The Whisper encoder in plain NumPy (float64), for the fixtures and expectations of Tests/MienNetworksTests.

    whisper_encoder.py fixtures FOLDER       a small random encoder as safetensors and, through ctranslate2's own writer, as model.bin
                                             in float16, int8 and int16, with what each of the files must give
    whisper_encoder.py expect MODEL.bin OUT  what a real model gives for a synthetic spectrogram; also compares with ctranslate2

Needs numpy, safetensors and ctranslate2 4.8. Results are those of the stored, rounded weights in exact arithmetic.
"""
import math
import pathlib
import struct
import sys

import numpy as np

erf = np.vectorize(math.erf)


def gelu(x):
    return x * 0.5 * (1 + erf(x / math.sqrt(2)))


def norm(x, weight, bias):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5) * weight + bias


def convolve(x, weight, bias, stride):
    """x [inputs, frames], weight [outputs, inputs, 3]."""
    padded = np.pad(x, ((0, 0), (1, 1)))
    frames = range(0, x.shape[1], stride)
    return np.stack([np.einsum("oit,it->o", weight, padded[:, f:f + 3]) for f in frames], 1) + bias[:, None]


def encode(w, heads, mel):
    """Hidden states (before the first layer, after each, after the last normalisation) of one clip; mel is [mels, frames]."""
    x = gelu(convolve(gelu(convolve(mel, w["conv1.weight"], w["conv1.bias"], 1)), w["conv2.weight"], w["conv2.bias"], 2)).T
    states = [x + w["embed_positions.weight"][:len(x)]]
    layer = 0
    while f"layers.{layer}.fc1.weight" in w:
        at = lambda name: w[f"layers.{layer}.{name}"]
        x = states[-1]
        y = norm(x, at("self_attn_layer_norm.weight"), at("self_attn_layer_norm.bias"))
        q = y @ at("self_attn.q_proj.weight").T + at("self_attn.q_proj.bias")
        k = y @ at("self_attn.k_proj.weight").T
        v = y @ at("self_attn.v_proj.weight").T + at("self_attn.v_proj.bias")
        size = x.shape[1] // heads
        parts = []
        for h in range(heads):
            s = slice(h * size, (h + 1) * size)
            scores = q[:, s] @ k[:, s].T / math.sqrt(size)
            e = np.exp(scores - scores.max(1, keepdims=True))
            parts.append(e / e.sum(1, keepdims=True) @ v[:, s])
        x = x + np.concatenate(parts, 1) @ at("self_attn.out_proj.weight").T + at("self_attn.out_proj.bias")
        y = norm(x, at("final_layer_norm.weight"), at("final_layer_norm.bias"))
        y = gelu(y @ at("fc1.weight").T + at("fc1.bias"))
        states.append(x + y @ at("fc2.weight").T + at("fc2.bias"))
        layer += 1
    return states, norm(states[-1], w["layer_norm.weight"], w["layer_norm.bias"])


def spectrogram(mels, frames):
    """[mels, frames]: sawteeth of many periods, in -0.9...1.1. WhisperModelTests makes the same."""
    band, frame = np.arange(mels)[:, None], np.arange(frames)[None, :]
    return ((frame * (band + 3)) % 97 / 97 * 2 - 0.9).astype(np.float32).astype(np.float64)


def read_model(path):
    """Variables of a CTranslate2 model.bin, widened; by name."""
    data, place = pathlib.Path(path).read_bytes(), 0

    def take(format):
        nonlocal place
        values = struct.unpack_from("<" + format, data, place)
        place += struct.calcsize("<" + format)
        return values

    def name():
        return take(f"{take('H')[0]}s")[0][:-1].decode()

    take("I"), name(), take("I")
    stored = {}
    for _ in range(take("I")[0]):
        key, rank = name(), take("B")[0]
        shape, kind, size = take(f"{rank}I"), take("B")[0], take("I")[0]
        raw = np.frombuffer(data, np.uint8, size, place)
        place += size
        if kind == 5:
            stored[key] = (raw.view(np.uint16).astype(np.uint32) << 16).view(np.float32).reshape(shape)
        else:
            stored[key] = raw.view(["<f4", "<i1", "<i2", "<i4", "<f2"][kind]).reshape(shape)
    values = {}
    for key, value in stored.items():
        wide = value.astype(np.float64)
        if key + "_scale" in stored and value.dtype.kind == "i":
            scale = stored[key + "_scale"].astype(np.float64)
            wide = wide / scale.reshape([-1] + [1] * (value.ndim - 1) if scale.ndim else [])
        values[key] = wide
    return values


def from_ctranslate2(values):
    """The names of transformers for the encoder's variables."""
    get = lambda name: values["encoder/" + name]
    w = {f"conv{n}.{part}": get(f"conv{n}/{part}") for n in (1, 2) for part in ("weight", "bias")}
    w["embed_positions.weight"] = get("position_encodings/encodings")
    layer = 0
    while f"encoder/layer_{layer}/ffn/linear_0/weight" in values:
        ours, theirs = f"layers.{layer}.", f"layer_{layer}/"
        for kind in ("weight", "bias"):
            for name, part in zip("qkv", np.split(get(f"{theirs}self_attention/linear_0/{kind}"), 3)):
                w[f"{ours}self_attn.{name}_proj.{kind}"] = part
            w[f"{ours}self_attn.out_proj.{kind}"] = get(f"{theirs}self_attention/linear_1/{kind}")
            w[f"{ours}fc1.{kind}"], w[f"{ours}fc2.{kind}"] = get(f"{theirs}ffn/linear_0/{kind}"), get(f"{theirs}ffn/linear_1/{kind}")
        for kind, theirs_kind in (("weight", "gamma"), ("bias", "beta")):
            w[f"{ours}self_attn_layer_norm.{kind}"] = get(f"{theirs}self_attention/layer_norm/{theirs_kind}")
            w[f"{ours}final_layer_norm.{kind}"] = get(f"{theirs}ffn/layer_norm/{theirs_kind}")
        layer += 1
    w["layer_norm.weight"], w["layer_norm.bias"] = get("layer_norm/gamma"), get("layer_norm/beta")
    return w, int(values["encoder/num_heads"])


def random_weights(width, layers, hidden, mels, positions):
    random = np.random.default_rng(20261124)
    w = {}

    def matrix(name, *shape):
        w[name + ".weight"] = random.normal(0, 1 / math.sqrt(np.prod(shape[1:])), shape)
        w[name + ".bias"] = random.normal(0, 0.1, shape[0])

    def scale(name):
        w[name + ".weight"], w[name + ".bias"] = 1 + random.normal(0, 0.1, width), random.normal(0, 0.1, width)

    matrix("conv1", width, mels, 3)
    matrix("conv2", width, width, 3)
    w["embed_positions.weight"] = random.normal(0, 0.3, (positions, width))
    for layer in range(layers):
        for name in ("q", "k", "v", "out"):
            matrix(f"layers.{layer}.self_attn.{name}_proj", width, width)
        # Steep enough for the softmax to have something to do.
        w[f"layers.{layer}.self_attn.q_proj.weight"] *= 2
        del w[f"layers.{layer}.self_attn.k_proj.bias"]
        matrix(f"layers.{layer}.fc1", hidden, width)
        matrix(f"layers.{layer}.fc2", width, hidden)
        scale(f"layers.{layer}.self_attn_layer_norm")
        scale(f"layers.{layer}.final_layer_norm")
    scale("layer_norm")
    return {name: value.astype(np.float16) for name, value in w.items()}


def write_ctranslate2(folder, w, heads, quantization):
    """The encoder through ctranslate2's own specification and writer, with a decoder that is as good as empty."""
    from ctranslate2.specs import WhisperSpec, model_spec

    layers = sum(name.endswith("fc1.weight") for name in w)
    spec = WhisperSpec(layers, heads, 1, heads)
    w = {name: value.astype(np.float32) for name, value in w.items()}
    encoder, width = spec.encoder, len(w["conv1.weight"])

    def fill(linear, weight, bias):
        linear.weight, linear.bias = weight, bias

    def fill_norm(target, name):
        target.gamma, target.beta = w[name + ".weight"], w[name + ".bias"]

    fill(encoder.conv1, w["conv1.weight"], w["conv1.bias"])
    fill(encoder.conv2, w["conv2.weight"], w["conv2.bias"])
    encoder.position_encodings.encodings = w["embed_positions.weight"]
    fill_norm(encoder.layer_norm, "layer_norm")
    for index, layer in enumerate(encoder.layer):
        at = f"layers.{index}."
        heads_of = [at + f"self_attn.{name}_proj." for name in "qkv"]
        fill(layer.self_attention.linear[0], np.concatenate([w[name + "weight"] for name in heads_of]),
             np.concatenate([w.get(name + "bias", np.zeros(width, np.float32)) for name in heads_of]))
        fill(layer.self_attention.linear[1], w[at + "self_attn.out_proj.weight"], w[at + "self_attn.out_proj.bias"])
        fill(layer.ffn.linear_0, w[at + "fc1.weight"], w[at + "fc1.bias"])
        fill(layer.ffn.linear_1, w[at + "fc2.weight"], w[at + "fc2.bias"])
        fill_norm(layer.self_attention.layer_norm, at + "self_attn_layer_norm")
        fill_norm(layer.ffn.layer_norm, at + "final_layer_norm")

    # What the writer insists on in the decoder: one number each.
    def one(spec, name, value):
        if value is None:
            setattr(spec, name.split("/")[-1], np.ones((1, 1) if name.endswith("weight") else 1, np.float32))

    spec.decoder._visit(one)
    model_spec.LayerSpec.validate(spec)  # a whole model would need a vocabulary
    spec.optimize(quantization)
    # Only model.bin: the configuration and the vocabulary would need a tokenizer.
    spec._serialize(str(folder / f"{quantization}.bin"))


def fixtures(folder):
    from safetensors.numpy import save_file
    heads, mels, frames = 2, 16, 44
    w = random_weights(width=32, layers=2, hidden=56, mels=mels, positions=24)
    random = np.random.default_rng(7)
    mel = random.normal(0, 0.5, (2, mels, frames)).astype(np.float32)
    folder.mkdir(parents=True, exist_ok=True)
    save_file({"model.encoder." + name: value for name, value in w.items()}, folder / "encoder.safetensors")
    expected = {"mel": mel}

    def expect(name, weights, heads):
        wide = {key: value.astype(np.float64) for key, value in weights.items()}
        runs = [encode(wide, heads, clip.astype(np.float64)) for clip in mel]
        expected[name] = np.stack([output for _, output in runs]).astype(np.float32)
        return runs

    runs = expect("safetensors", w, heads)
    for layer in range(3):
        expected[f"hidden.{layer}"] = np.stack([states[layer] for states, _ in runs]).astype(np.float32)
    for quantization in ("float16", "int8", "int16"):
        write_ctranslate2(folder, w, heads, quantization)
        expect(quantization, *from_ctranslate2(read_model(folder / f"{quantization}.bin")))
        print(quantization, "differs from the weights it was made of by", abs(expected[quantization] - expected["safetensors"]).max())
    save_file(expected, folder / "expected.safetensors")


def expect(model, out):
    from safetensors.numpy import save_file
    w, heads = from_ctranslate2(read_model(model))
    results = {}
    for frames, step in ((3000, 50), (178, 7)):
        mel = spectrogram(w["conv1.weight"].shape[1], frames)
        states, output = encode(w, heads, mel)
        # Every so many positions are enough to tell.
        results[f"{frames}.output"], results[f"{frames}.hidden.2"] = output[::step].astype(np.float32), states[2][::step].astype(np.float32)
        if frames == 3000:
            import ctranslate2
            whisper = ctranslate2.models.Whisper(str(pathlib.Path(model).parent), compute_type="float32")
            theirs = np.array(whisper.encode(ctranslate2.StorageView.from_array(mel[None].astype(np.float32))))[0]
            print(f"{frames} frames: ctranslate2 (f32) differs by at most", abs(theirs - output).max(), "of", abs(output).max())
    save_file(results, out)


if __name__ == "__main__":
    if sys.argv[1:2] == ["fixtures"] and len(sys.argv) == 3:
        fixtures(pathlib.Path(sys.argv[2]))
    elif sys.argv[1:2] == ["expect"] and len(sys.argv) == 4:
        expect(sys.argv[2], sys.argv[3])
    else:
        sys.exit(__doc__)
