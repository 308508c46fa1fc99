"""Full-size EmoNet with random weights, in the files of the hub's repositories, and what PyTorch makes of it.

    emonet_random.py FOLDER [--face small|large] [--voice small|large] [--only face|voice] [--encoder full|tiny] [--heads N] [--seed N] [--no-whole]

FOLDER/face/encoder/    config.json, preprocessor_config.json, model.safetensors as in google/siglip2-so400m-patch16-384, without the text tower
FOLDER/face/heads/      model_NAME_best.pth as in laion/Empathic-Insight-Face-Small or -Large: 44 heads, some as torch.compile leaves them
                        (_orig_mod. before every name), some in the format of PyTorch before 1.6
FOLDER/voice/encoder/   the same three as in laion/BUD-E-Whisper (Whisper small), without the decoder
FOLDER/voice/heads/     model_NAME_best.pth as in laion/Empathic-Insight-Voice-Small or -Large: 55 heads, all as torch.compile leaves them,
                        295 MB each (small) or 590 MB (large)
FOLDER/*/expected.safetensors   inputs (two pictures; one clip of 30 s, two of the tiny network) and PyTorch's results in f32, of the tiny
                        networks in float64: input.pixel_values or input.mel, expected.last_hidden_state, expected.pooler_output,
                        expected.scores.NAME [n, 1]
FOLDER/*/heads.safetensors      of tiny networks: the weights of all heads, as NAME.layers.0.weight and so on
FOLDER/*/whole.safetensors      encoder and inputs in one file, for `mien network run --network siglip|whisper`

--encoder tiny makes networks of the same kind that run in milliseconds. --heads N writes the first N heads of each; the others' weights do not depend
on it. Needs torch, transformers, safetensors and numpy, nothing from the net. The encoders' files say "mien.weights": "random" in their metadata.
"""
import argparse
import json
import pathlib
import shutil
import sys

import numpy as np
import torch
from safetensors.torch import save_file

import emonet_networks as networks

METADATA = {"format": "pt", "mien.weights": "random"}


def generator(seed, *place):
    """Random numbers of one part, whatever other parts are made."""
    return np.random.default_rng([seed, *place])


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n")


def write_siglip_json(folder, extents):
    # As on the hub, what is transformers' default is left out, and the text tower is described although it is not here.
    shared = ("hidden_size", "intermediate_size", "num_attention_heads", "num_hidden_layers")
    write_json(folder / "config.json", {
        "architectures": ["SiglipModel"], "initializer_factor": 1.0, "model_type": "siglip",
        "text_config": {name: extents[name] for name in shared} | {"model_type": "siglip_text_model", "vocab_size": 256000},
        "torch_dtype": "float32", "vision_config": extents | {"model_type": "siglip_vision_model"}})
    write_json(folder / "preprocessor_config.json", {
        "do_convert_rgb": None, "do_normalize": True, "do_rescale": True, "do_resize": True, "image_mean": [0.5] * 3, "image_std": [0.5] * 3,
        "image_processor_type": "SiglipImageProcessor", "processor_class": "SiglipProcessor", "resample": 2, "rescale_factor": 1 / 255,
        "size": {"height": extents["image_size"], "width": extents["image_size"]}})


def write_whisper_json(folder, extents):
    decoder = {name.replace("encoder", "decoder"): value for name, value in extents.items() if name.startswith("encoder")}
    write_json(folder / "config.json", extents | decoder | {
        "activation_function": "gelu", "architectures": ["WhisperForConditionalGeneration"], "is_encoder_decoder": True, "max_target_positions": 448,
        "model_type": "whisper", "num_hidden_layers": extents["encoder_layers"], "scale_embedding": False, "torch_dtype": "float32", "vocab_size": 51865})
    seconds = extents["max_source_positions"] // 50
    write_json(folder / "preprocessor_config.json", {
        "chunk_length": seconds, "feature_extractor_type": "WhisperFeatureExtractor", "feature_size": extents["num_mel_bins"], "hop_length": 160,
        "n_fft": 400, "n_samples": seconds * 16000, "nb_max_frames": seconds * 100, "padding_side": "right", "padding_value": 0.0,
        "processor_class": "WhisperProcessor", "return_attention_mask": False, "sampling_rate": 16000})


def write_encoder(folder, model, prefix, inputs, metadata, whole):
    weights = {prefix + name: value.contiguous() for name, value in model.state_dict().items()}
    save_file(weights, folder / "encoder/model.safetensors", METADATA)
    if whole:
        save_file(weights | inputs, folder / "whole.safetensors", METADATA | metadata)


def run(model, x, exactly):
    """Results of an encoder by name, of the tiny one in float64."""
    result = (model.double() if exactly else model)(x.double() if exactly else x)
    return {name: result[name] for name in ("last_hidden_state", "pooler_output") if name in result and result[name] is not None}


def write_heads(folder, heads, kind, sizes, rows, exactly, seed, place, stored):
    """Writes one head after the other, so that only one is in memory; gives the scores by name.

    - stored: from the place of a head to whether it is compiled, and whether its file has the older format.
    """
    scores, together = {}, {}
    for index, (name, span) in enumerate(heads.items()):
        module = networks.head(kind, rows.shape[1], sizes, span, rows.float(), generator(seed, place, index))
        compiled, legacy = stored(index)
        # Nothing is compiled before a first call, but the wrapper names the weights.
        torch.save((torch.compile(module) if compiled else module).state_dict(), folder / f"model_{name}_best.pth",
                   _use_new_zipfile_serialization=not legacy)
        if exactly:
            together |= {f"{name}.{key}": value.clone() for key, value in module.state_dict().items()}
        scores[name] = (module.double() if exactly else module)(rows)
        print(f"{folder / f'model_{name}_best.pth'}: {', '.join(f'{score:.3f}' for score in scores[name].flatten().tolist())}", flush=True)
    if exactly:
        save_file(together, folder.parent / "heads.safetensors", METADATA)
    return scores


def write_expected(folder, inputs, results, scores):
    tensors = inputs | {"expected." + name: value for name, value in results.items()} | {"expected.scores." + name: value for name, value in scores.items()}
    save_file({name: value.float().contiguous() for name, value in tensors.items()}, folder / "expected.safetensors", METADATA)


def face(folder, arguments):
    size, seed = arguments.encoder, arguments.seed
    extents, exactly = networks.SIGLIP[size], size == "tiny"
    image = extents["image_size"]
    pixels = torch.from_numpy(generator(seed, 1, 0).uniform(-1, 1, (2, 3, image, image)).astype(np.float32))
    inputs = {"input.pixel_values": pixels}
    write_siglip_json(folder / "encoder", extents)
    model = networks.siglip(size, generator(seed, 1, 1))
    write_encoder(folder, model, "vision_model.", inputs, {"heads": str(extents["num_attention_heads"]), "ln_eps": "1e-6"}, arguments.whole)
    results = run(model, pixels, exactly)
    del model
    # As awkward as files from several trainings may be: every fifth compiled, every seventh in the older format.
    stored = lambda index: (index % 5 == 2, index % 7 == 3)
    scores = write_heads(folder / "heads", first(networks.FACE, arguments), networks.FaceHead, networks.FACE_LAYERS[size][arguments.face],
                         results["pooler_output"], exactly, seed, 2, stored)
    write_expected(folder, inputs, results, scores)


def voice(folder, arguments):
    size, seed = arguments.encoder, arguments.seed
    extents, exactly = networks.WHISPER[size], size == "tiny"
    shape = (2 if exactly else 1, extents["num_mel_bins"], 2 * extents["max_source_positions"])
    mel = torch.from_numpy(generator(seed, 3, 0).uniform(-1, 1.5, shape).astype(np.float32))
    inputs = {"input.mel": mel}
    write_whisper_json(folder / "encoder", extents)
    model = networks.whisper(size, generator(seed, 3, 1))
    write_encoder(folder, model, "model.encoder.", inputs, {"heads": str(extents["encoder_attention_heads"]), "ln_eps": "1e-5"}, arguments.whole)
    results = run(model, mel, exactly)
    del model
    scores = write_heads(folder / "heads", first(networks.VOICE, arguments), networks.VoiceHead, networks.VOICE_LAYERS[size][arguments.voice],
                         results["last_hidden_state"].flatten(1), exactly, seed, 4, lambda index: (True, False))
    write_expected(folder, inputs, results, scores)


def first(heads, arguments):
    return dict(list(heads.items())[:arguments.heads])


def bytes_wanted(kind, arguments):
    """About what the files of a kind take on disk."""
    size = arguments.encoder
    if kind == "face":
        extents, sizes, count = networks.SIGLIP[size], networks.FACE_LAYERS[size][arguments.face], len(first(networks.FACE, arguments))
        width, hidden, layers, row = extents["hidden_size"], extents["intermediate_size"], extents["num_hidden_layers"] + 1, extents["hidden_size"]
    else:
        extents, sizes, count = networks.WHISPER[size], networks.VOICE_LAYERS[size][arguments.voice], len(first(networks.VOICE, arguments))
        width, hidden, layers = extents["d_model"], extents["encoder_ffn_dim"], extents["encoder_layers"] + 1
        row = extents["max_source_positions"] * width
    encoder = layers * (4 * width * width + 2 * width * hidden) * (2 if arguments.whole else 1)
    return 4 * (encoder + count * sum(a * b for a, b in zip((row, *sizes), sizes))) + (16 << 20)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--face", choices=["small", "large"], default="large", help="architecture of the face heads")
    parser.add_argument("--voice", choices=["small", "large"], default="small", help="architecture of the voice heads")
    parser.add_argument("--only", choices=["face", "voice"])
    parser.add_argument("--encoder", choices=["full", "tiny"], default="full", help="extents of everything")
    parser.add_argument("--heads", type=int, help="write only the first N heads")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-whole", dest="whole", action="store_false", help="leave whole.safetensors out")
    arguments = parser.parse_args()
    if arguments.heads is not None and arguments.heads < 1 or arguments.seed < 0:
        parser.error("--heads must be 1 or more, --seed 0 or more")
    torch.set_num_threads(2)
    torch.set_grad_enabled(False)
    kinds = {"face": face, "voice": voice}
    if arguments.only:
        kinds = {arguments.only: kinds[arguments.only]}
    arguments.folder.mkdir(parents=True, exist_ok=True)
    wanted, free = sum(bytes_wanted(kind, arguments) for kind in kinds), shutil.disk_usage(arguments.folder).free
    if wanted > free:
        sys.exit(f"{arguments.folder}: about {wanted / 1e9:.1f} GB are needed and {free / 1e9:.1f} GB are free; --heads N and --no-whole take less")
    for kind, write in kinds.items():
        for part in ("encoder", "heads"):
            (arguments.folder / kind / part).mkdir(parents=True, exist_ok=True)
        write(arguments.folder / kind, arguments)


if __name__ == "__main__":
    main()
