"""Trains a network on some clips and applies it to others."""
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F

import augment
from corpora import BOREDOM, CALM, EMOTIONS, SHARED, label_sets
from network import VoiceNetwork, pad

# Valence and arousal of each of EMOTIONS, -1...1: mean ratings of the nearest words (angry, disgusted, fearful, happy, surprised, sad,
# bored, relaxed) in Russell and Mehrabian, "Evidence for a three-factor theory of emotions", J. Res. Pers. 11 (1977) 273-294;
# neutral is the origin. The corpora have no ratings of their own: what is learnt is a placement of labels, not of felt affect.
PLACES = {"anger": (-0.51, 0.59), "disgust": (-0.60, 0.35), "fear": (-0.64, 0.60), "happiness": (0.81, 0.51), "neutral": (0, 0),
          "sadness": (-0.63, -0.27), "surprise": (0.40, 0.67), "boredom": (-0.65, -0.62), "calm": (0.68, -0.46)}
NEUTRAL = SHARED.index("neutral")
NEVER = -1e4


@dataclass
class Recipe:
    """How to train. Learning rates are the peaks of a linear rise and cosine fall."""
    layers: int = 2
    head_epochs: float = 12   # of fitting the head
    passes: float = 1         # of tuning everything after that; 0 leaves the encoder as it was
    batch: int = 24
    head_rate: float = 1e-4
    encoder_rate: float = 1e-4
    layer_decay: float = 0.5  # each floor below the top block learns this much slower
    decay: float = 0.01
    smoothing: float = 0.1
    dimensions: float = 0.5   # weight of valence and arousal
    average: float = 0.97     # of weights over steps
    longest: int = 200        # frames; longer clips are cut at random while tuning
    blend: float = 0.5        # where to stop on the straight line from the weights before tuning (0) to those after it (1)
    seed: int = 1


def batches(clips, indices, sizes, random, recipe, size):
    """Endless lists of indices: a corpus by the root of its size, a label of that corpus evenly, a clip evenly; clips of about the same
    length together."""
    by = {}
    for index in indices:
        by.setdefault(clips[index].corpus, {}).setdefault(clips[index].emotion, []).append(index)
    corpora = sorted(by)
    weights = np.sqrt([sum(map(len, by[corpus].values())) for corpus in corpora])
    while True:
        drawn = []
        for corpus in random.choice(len(corpora), 8 * size, p=weights / weights.sum()):
            labels = by[corpora[corpus]]
            drawn.append(random.choice(labels[sorted(labels)[random.integers(len(labels))]]))
        drawn.sort(key=lambda index: min(sizes[index], recipe.longest))
        groups = [drawn[first:first + size] for first in range(0, len(drawn), size)]
        for which in random.permutation(len(groups)):
            yield groups[which]


def losses(outputs, emotions, allowed, recipe):
    """outputs [B, 11], emotions [B] into EMOTIONS, allowed [B, 9] the labels of each clip's corpus -> [B]."""
    logits, places = outputs[:, :len(EMOTIONS)], outputs[:, len(EMOTIONS):]
    shared = torch.where(emotions == CALM, NEUTRAL, emotions)
    inside = allowed[:, :CALM].clone()
    inside[:, NEUTRAL] |= allowed[:, CALM]
    scores = logits[:, :CALM].masked_fill(~inside, NEVER).log_softmax(1)
    spread = (scores * inside).sum(1) / inside.sum(1)
    total = -(1 - recipe.smoothing) * scores.gather(1, shared[:, None])[:, 0] - recipe.smoothing * spread
    calm_known = allowed[:, CALM] & ((emotions == NEUTRAL) | (emotions == CALM))
    calm = F.binary_cross_entropy_with_logits(logits[:, CALM], (emotions == CALM).float(), reduction="none")
    targets = torch.tensor([PLACES[name] for name in EMOTIONS])[emotions]
    return total + 0.3 * calm * calm_known + recipe.dimensions * (places - targets).square().mean(dim=1)


@torch.inference_mode()
def pooled(network, mels, batch=8):
    """The head's statistics [n, features] in f16, before anything is tuned."""
    found = np.zeros((len(mels), len(network.head.mean)), np.float16)
    order = sorted(range(len(mels)), key=lambda index: mels[index].shape[1])
    for first in range(0, len(order), batch):
        chosen = order[first:first + batch]
        found[chosen] = network.head.pool(*network.top(*pad([torch.from_numpy(mels[index]).float() for index in chosen]))).numpy()
    return found


def fit_head(head, clips, features, indices, recipe, random):
    """Fits the linear layers on `features` [versions, n, F], the statistics of the network as it starts; mixes pairs of clips (mixup)."""
    labels = label_sets(clips)
    emotions = torch.tensor([clip.emotion for clip in clips])
    allowed = torch.from_numpy(np.stack([labels[clip.corpus] for clip in clips]))
    first = torch.from_numpy(features[0][indices].astype(np.float32))
    head.mean[:], head.deviation[:] = first.mean(dim=0), first.std(dim=0) + 1e-4
    steps = int(recipe.head_epochs * len(indices) / 64)
    optimiser = torch.optim.AdamW([*head.hidden.parameters(), *head.output.parameters()], lr=1e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    draw = batches(clips, indices, np.zeros(len(clips), int), random, recipe, 64)
    head.train()
    for _ in range(steps):
        batch = np.array(next(draw))
        x = torch.from_numpy(features[random.integers(len(features), size=len(batch)), batch].astype(np.float32))
        share, other = float(random.beta(0.3, 0.3)), random.permutation(len(batch))
        outputs = head.classify(share * x + (1 - share) * x[other])
        value = sum(weight * losses(outputs, emotions[chosen], allowed[chosen], recipe).mean()
                    for weight, chosen in ((share, batch), (1 - share, batch[other])))
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
        schedule.step()
    head.eval()


def rates(network, recipe):
    """Parameter groups with discriminative learning rates: the head, then the blocks from the top, the stem last and slowest."""
    encoder = network.encoder
    parts = [*(list(layer.parameters()) for layer in reversed(encoder.layers)),
             [*encoder.conv1.parameters(), *encoder.conv2.parameters(), encoder.positions]]
    return [{"params": list(network.head.parameters()), "lr": recipe.head_rate},
            *({"params": parameters, "lr": recipe.encoder_rate * recipe.layer_decay ** depth} for depth, parameters in enumerate(parts))]


def spectra(clips, mels, indices):
    """{corpus: [80, 1]}: the mean log-mel of its clips, which is mostly its microphones and rooms."""
    of = {}
    for index in indices:
        of.setdefault(clips[index].corpus, []).append(mels[index][0].astype(np.float32).mean(axis=1))
    return {corpus: torch.from_numpy(np.mean(rows, axis=0))[:, None] for corpus, rows in of.items()}


def example(clip, versions, channels, recipe, random):
    """A random version of a clip, cut to `recipe.longest` and changed again."""
    mel = torch.from_numpy(versions[random.integers(len(versions))]).float()
    if mel.shape[1] > recipe.longest:
        first = random.integers(mel.shape[1] - recipe.longest + 1)
        mel = mel[:, first:first + recipe.longest]
    return augment.mel(augment.channel(mel, clip.corpus, channels, random), random)


def start(clips, features, indices, whisper, recipe):
    """A network of Whisper's encoder as it is and a head fitted to it."""
    torch.manual_seed(recipe.seed)
    network = VoiceNetwork(recipe.layers)
    network.load_whisper(whisper)
    fit_head(network.head, clips, features, indices, recipe, np.random.default_rng(recipe.seed))
    return network.eval()


def tune(network, rates, clips, mels, indices, recipe, progress=None):
    """Trains all of `network` further, with the learning rates of `rates`. mels[i] holds the log-mels of clip i: as it is, then changed.
    -> a network with the weights' running mean."""
    torch.manual_seed(recipe.seed)
    random = np.random.default_rng(recipe.seed)
    optimiser = torch.optim.AdamW(rates, weight_decay=recipe.decay)
    steps = int(recipe.passes * len(indices) / recipe.batch)
    rise = max(1, steps // 10)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: min(
        (step + 1) / rise, 0.5 + 0.5 * np.cos(np.pi * max(0, step - rise) / max(1, steps - rise))))
    average = torch.optim.swa_utils.AveragedModel(network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(recipe.average))
    labels, channels = label_sets(clips), spectra(clips, mels, indices)
    sizes = [mel[0].shape[1] for mel in mels]
    draw = batches(clips, indices, sizes, random, recipe, recipe.batch)
    network.train()
    running = 0.0
    for step in range(steps):
        batch = next(draw)
        inputs = [example(clips[index], mels[index], channels, recipe, random) for index in batch]
        allowed = torch.from_numpy(np.stack([labels[clips[index].corpus] for index in batch]))
        value = losses(network(*pad(inputs)), torch.tensor([clips[index].emotion for index in batch]), allowed, recipe).mean()
        optimiser.zero_grad()
        value.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        average.update_parameters(network)
        running += (value.item() - running) / min(step + 1, 25)
        if progress and (step + 1) % 20 == 0:
            progress(step + 1, running)
    return average.module.eval()


def blended(before, after, share):
    """Weights on the line between two states of a network (M. Wortsman et al., "Robust fine-tuning of zero-shot models", 2022): tuned ones
    know the training corpora better, those before tuning know more of the rest of the world, and between them is often better than either."""
    return {name: torch.lerp(before[name].float(), after[name].float(), share) for name in before}


@torch.inference_mode()
def apply(network, mels, batch=16):
    """[80, T] each -> outputs [n, 11]."""
    outputs = np.zeros((len(mels), len(EMOTIONS) + 2), np.float32)
    order = sorted(range(len(mels)), key=lambda index: mels[index].shape[1])
    for first in range(0, len(order), batch):
        chosen = order[first:first + batch]
        outputs[chosen] = network(*pad([torch.from_numpy(mels[index]).float() for index in chosen])).numpy()
    return outputs
