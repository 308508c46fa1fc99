"""EmoNet's networks in PyTorch with seeded random weights: names, extents and ranges of Empathic Insight Face and Voice, SigLIP's vision tower
and Whisper's encoder by transformers (built from extents, nothing is fetched), and their heads.

For emonet_random.py and Benchmarks/peers/emonet_peer.py. Needs torch, transformers and numpy. Extents, spellings and ranges are those of the
model cards of google/siglip2-so400m-patch16-384, openai/whisper-small and laion/Empathic-Insight-Face and -Voice.
"""
import numpy as np
import torch
from torch import nn

# The 40 categories as the voice heads' files spell them; those of faces are the same in lower case.
CATEGORIES = """Amusement Elation Pleasure_Ecstasy Contentment Thankfulness_Gratitude Affection Infatuation Hope_Enthusiasm_Optimism Triumph Pride
Interest Awe Astonishment_Surprise Concentration Contemplation Relief Longing Teasing Impatience_and_Irritability Sexual_Lust Doubt Fear Distress
Confusion Embarrassment Shame Disappointment Sadness Bitterness Contempt Disgust Anger Malevolence_Malice Sourness Pain Helplessness
Fatigue_Exhaustion Emotional_Numbness Intoxication_Altered_States_of_Consciousness Jealousy_&_Envy""".split()

# Name of a head: least and largest score.
FACE = {name.lower(): (0, 7) for name in CATEGORIES} | {
    "valence": (-3, 3), "arousal": (0, 7), "dominance": (-3, 3), "emotional_vulnerability": (0, 5)}
VOICE = {name: (0, 4) for name in CATEGORIES} | {
    "Valence": (-3, 3), "Arousal": (0, 4), "Submissive_vs._Dominant": (-3, 3), "Age": (0, 6), "Gender": (-2, 2), "Serious_vs._Humorous": (0, 4),
    "Vulnerable_vs._Emotionally_Detached": (0, 4), "Confident_vs._Hesitant": (0, 4), "Warm_vs._Cold": (-2, 2), "Monotone_vs._Expressive": (0, 4),
    "High-Pitched_vs._Low-Pitched": (0, 4), "Soft_vs._Harsh": (-2, 2), "Authenticity": (0, 4), "Recording_Quality": (0, 4), "Background_Noise": (0, 3)}

SIGLIP = {"full": dict(hidden_size=1152, num_hidden_layers=27, num_attention_heads=16, intermediate_size=4304, image_size=384, patch_size=16),
          "tiny": dict(hidden_size=48, num_hidden_layers=2, num_attention_heads=3, intermediate_size=83, image_size=32, patch_size=8)}
WHISPER = {"full": dict(d_model=768, encoder_layers=12, encoder_attention_heads=12, encoder_ffn_dim=3072, num_mel_bins=80, max_source_positions=1500),
           "tiny": dict(d_model=48, encoder_layers=2, encoder_attention_heads=2, encoder_ffn_dim=109, num_mel_bins=80, max_source_positions=100)}

# Outputs of a head's layers after its input. The tiny ones are no one's; they keep the number of layers.
FACE_LAYERS = {"full": {"large": (1024, 512, 256, 1), "small": (128, 32, 1)}, "tiny": {"large": (37, 20, 11, 1), "small": (21, 8, 1)}}
VOICE_LAYERS = {"full": {"small": (64, 64, 32, 16, 1), "large": (128, 128, 64, 32, 1)}, "tiny": {"small": (16, 16, 9, 5, 1), "large": (32, 32, 17, 9, 1)}}


def random_values(random, shape, scale):
    """f32 tensor of normal values of that deviation."""
    return torch.from_numpy(random.standard_normal(shape, np.float32)).mul_(scale)


def encoder_weights(module, random):
    """Random weights that keep activations near 1 and leave no term without effect: transformers' own would hide wrong biases and scales."""
    weights = {}
    for name, parameter in module.named_parameters():
        shape = parameter.shape
        if "embed_positions" in name:  # no training changes them
            from transformers.models.whisper.modeling_whisper import sinusoids
            weights[name] = sinusoids(*shape)
        elif "norm" in name and name.endswith("weight"):
            weights[name] = 1 + random_values(random, shape, 0.1)
        elif len(shape) == 1:
            weights[name] = random_values(random, shape, 0.1)
        elif "position_embedding" in name:
            weights[name] = random_values(random, shape, 0.3)
        elif "probe" in name:
            weights[name] = random_values(random, shape, 1)
        else:  # queries are twice as long, so that softmax has something to do
            weights[name] = random_values(random, shape, (2 if "q_proj" in name else 1) / parameter[0].numel() ** 0.5)
    return weights


def build(kind, weights, *arguments):
    """`kind(*arguments)` with weights by name, or with those that a function gives for it; no memory and no time goes into others before."""
    with torch.device("meta"):
        module = kind(*arguments)
    module.load_state_dict(weights(module) if callable(weights) else weights, assign=True)
    return module.eval().requires_grad_(False)


def siglip(size, weights, attention="eager"):
    """SigLIP's vision tower: pixel_values [n, 3, image, image] -> last_hidden_state [n, patches, width], pooler_output [n, width].

    - weights: by transformers' names, or a generator of random numbers.
    """
    from transformers import SiglipVisionConfig, SiglipVisionModel
    make = weights if isinstance(weights, dict) else lambda module: encoder_weights(module, weights)
    model = build(SiglipVisionModel, make, SiglipVisionConfig(**SIGLIP[size], attn_implementation=attention))
    model.embeddings.position_ids = torch.arange(model.embeddings.num_positions)[None]  # no weight
    return model


def whisper(size, weights, attention="eager"):
    """Whisper's encoder: mel [n, mels, 2 * positions] -> last_hidden_state [n, positions, width]. Weights as for siglip."""
    from transformers import WhisperConfig
    from transformers.models.whisper.modeling_whisper import WhisperEncoder
    make = weights if isinstance(weights, dict) else lambda module: encoder_weights(module, weights)
    return build(WhisperEncoder, make, WhisperConfig(**WHISPER[size], attn_implementation=attention))


class FaceHead(nn.Module):
    """Empathic Insight Face: features [n, inputs] -> score [n, 1]."""

    def __init__(self, inputs, sizes):
        super().__init__()
        layers = []
        for size in sizes[:-1]:
            layers += [nn.Linear(inputs, size), nn.ReLU(), nn.Dropout(0.1)]
            inputs = size
        self.layers = nn.Sequential(*layers, nn.Linear(inputs, sizes[-1]))

    def forward(self, x):
        return self.layers(x)


class VoiceHead(nn.Module):
    """Empathic Insight Voice's FullEmbeddingMLP: all states of a clip as one row [n, positions * width] -> score [n, 1]."""

    def __init__(self, inputs, sizes):
        super().__init__()
        self.proj = nn.Linear(inputs, sizes[0])
        layers = [nn.ReLU(), nn.Dropout(0)]
        for before, size in zip(sizes, sizes[1:-1]):
            layers += [nn.Linear(before, size), nn.ReLU(), nn.Dropout(0.1)]
        self.mlp = nn.Sequential(*layers, nn.Linear(sizes[-2], sizes[-1]))

    def forward(self, x):
        return self.mlp(self.proj(x))


def head(kind, inputs, sizes, span, x, random):
    """A head with random weights, whose scores lie about a random place within `span` (least, largest).

    - x: rows like those it will read [n, inputs]. The last bias is chosen by the first, and the last weights make differences between
      rows a noticeable part of the span, where rows differ at all.
    """
    def weights(module):
        return {name: random_values(random, parameter.shape, (2 / parameter.shape[1]) ** 0.5 if parameter.ndim == 2 else 0.1)
                for name, parameter in module.named_parameters()}

    module = build(kind, weights, inputs, sizes)
    least, largest = span
    *_, last = (part for part in module.modules() if isinstance(part, nn.Linear))
    last.weight.mul_((largest - least) / 6)
    place = least + (largest - least) * random.uniform(0.1, 0.9)
    last.bias.add_(place - module(x[:1])[0])
    return module
