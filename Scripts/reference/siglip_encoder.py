"""SigLIP's vision tower in plain NumPy (float64), for the fixture of Tests/MienNetworksTests.

    siglip_encoder.py FOLDER    writes a small random tower (odd extents on purpose) and what it gives as siglip.safetensors

Needs numpy and safetensors. Results are those of the stored, rounded weights in exact arithmetic.
"""
import math
import pathlib
import sys

import numpy as np

WIDTH, LAYERS, HEADS, HIDDEN, IMAGE, PATCH = 30, 2, 3, 52, 18, 6  # Tests/HostProcess/test_network.py sets others
EPSILON = 1e-6


def gelu(x):
    return x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))


def norm(w, name, x):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + EPSILON) * w[name + ".weight"] + w[name + ".bias"]


def linear(w, name, x):
    return x @ w[name + ".weight"].T + w[name + ".bias"]


def attend(q, k, v):
    """[n, width] each, HEADS heads side by side."""
    parts = []
    for q, k, v in zip(*(np.split(x, HEADS, axis=1) for x in (q, k, v))):
        scores = q @ k.T / math.sqrt(q.shape[1])
        e = np.exp(scores - scores.max(1, keepdims=True))
        parts.append(e / e.sum(1, keepdims=True) @ v)
    return np.concatenate(parts, 1)


def feed_forward(w, name, x):
    return linear(w, name + ".fc2", gelu(linear(w, name + ".fc1", x)))


def encode(w, picture):
    """[3, IMAGE, IMAGE] -> hidden states, states after the last normalisation, what the head pools."""
    across = IMAGE // PATCH
    patches = picture.reshape(3, across, PATCH, across, PATCH).transpose(1, 3, 0, 2, 4).reshape(across * across, -1)
    embedding = w["embeddings.patch_embedding.weight"].reshape(WIDTH, -1)
    states = [patches @ embedding.T + w["embeddings.patch_embedding.bias"] + w["embeddings.position_embedding.weight"]]
    for layer in range(LAYERS):
        at = f"encoder.layers.{layer}."
        y = norm(w, at + "layer_norm1", states[-1])
        x = states[-1] + linear(w, at + "self_attn.out_proj", attend(*(linear(w, f"{at}self_attn.{name}_proj", y) for name in "qkv")))
        states.append(x + feed_forward(w, at + "mlp", norm(w, at + "layer_norm2", x)))
    last = norm(w, "post_layernorm", states[-1])
    inputs = (w["head.probe"][0], last, last)
    weights, biases = np.split(w["head.attention.in_proj_weight"], 3), np.split(w["head.attention.in_proj_bias"], 3)
    x = linear(w, "head.attention.out_proj", attend(*(x @ weight.T + bias for x, weight, bias in zip(inputs, weights, biases))))
    return states, last, (x + feed_forward(w, "head.mlp", norm(w, "head.layernorm", x)))[0]


def random_weights():
    random, w = np.random.default_rng(20261125), {}

    def matrix(name, *shape):
        w[name + ".weight"] = random.normal(0, 1 / math.sqrt(np.prod(shape[1:])), shape)
        w[name + ".bias"] = random.normal(0, 0.1, shape[0])

    def scale(name):
        w[name + ".weight"], w[name + ".bias"] = 1 + random.normal(0, 0.1, WIDTH), random.normal(0, 0.1, WIDTH)

    matrix("embeddings.patch_embedding", WIDTH, 3, PATCH, PATCH)
    w["embeddings.position_embedding.weight"] = random.normal(0, 0.3, ((IMAGE // PATCH) ** 2, WIDTH))
    for layer in range(LAYERS):
        at = f"encoder.layers.{layer}."
        for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
            matrix(at + "self_attn." + name, WIDTH, WIDTH)
        w[at + "self_attn.q_proj.weight"] *= 2  # steep enough for the softmax to have something to do
        matrix(at + "mlp.fc1", HIDDEN, WIDTH), matrix(at + "mlp.fc2", WIDTH, HIDDEN)
        scale(at + "layer_norm1"), scale(at + "layer_norm2")
    scale("post_layernorm"), scale("head.layernorm")
    w["head.probe"] = random.normal(0, 1, (1, 1, WIDTH))
    matrix("head.attention.in_proj", 3 * WIDTH, WIDTH)
    w["head.attention.in_proj_weight"], w["head.attention.in_proj_bias"] = w.pop("head.attention.in_proj.weight"), w.pop("head.attention.in_proj.bias")
    matrix("head.attention.out_proj", WIDTH, WIDTH)
    matrix("head.mlp.fc1", HIDDEN, WIDTH), matrix("head.mlp.fc2", WIDTH, HIDDEN)
    return {name: value.astype(np.float16) for name, value in w.items()}


def main(folder):
    from safetensors.numpy import save_file
    stored = random_weights()
    exact = {name: value.astype(np.float64) for name, value in stored.items()}
    pictures = np.random.default_rng(3).uniform(-1, 1, (2, 3, IMAGE, IMAGE)).astype(np.float32)
    tensors = {"vision_model." + name: value for name, value in stored.items()} | {"input.pixel_values": pictures}
    results = [encode(exact, picture.astype(np.float64)) for picture in pictures]
    for layer in range(LAYERS + 1):
        tensors[f"expected.hidden.{layer}"] = np.stack([states[layer] for states, _, _ in results]).astype(np.float32)
    tensors["expected.last_hidden_state"] = np.stack([last for _, last, _ in results]).astype(np.float32)
    tensors["expected.pooler_output"] = np.stack([pooled for _, _, pooled in results]).astype(np.float32)
    save_file(tensors, pathlib.Path(folder) / "siglip.safetensors")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
