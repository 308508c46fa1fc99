#!/usr/bin/env python3
"""A small network from the log-mel, with random weights to begin with: what can be had without Whisper.

    small.py --data FOLDER [--work FOLDER] [--only-corpora] [--part K/N]

Clips, changes to them, sampling and loss are those of the shipped network. 0.6 million weights: a convolution (stride 2), five blocks of a
convolution over time for each channel and two linear layers (the second of stride 2), mean and deviation over time, two linear layers.
"""
import argparse
import os
import pathlib

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import corpora
import learning
import report
from network import Head
from train import dataset, kept

WIDTH, TAPS = 128, 9


class Block(nn.Module):
    def __init__(self, stride):
        super().__init__()
        self.stride = stride
        self.over_time = nn.Conv1d(WIDTH, WIDTH, TAPS, stride, padding=TAPS // 2, groups=WIDTH)
        self.norm, self.up, self.down = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(3 * WIDTH, WIDTH)

    def forward(self, x, lengths):
        """x [B, WIDTH, T], 0 beyond the lengths -> the same, shorter by the stride; and the new lengths."""
        y = self.norm(self.over_time(x).transpose(1, 2))
        y = self.down(F.gelu(self.up(y))).transpose(1, 2)
        lengths = (lengths + self.stride - 1) // self.stride
        inside = torch.arange(y.shape[2]) < lengths[:, None]
        return (x[:, :, ::self.stride] + y) * inside[:, None], lengths


class SmallNetwork(nn.Module):
    """Log-mel -> the same eleven outputs."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv1d(80, WIDTH, 5, 2, padding=2)
        self.blocks = nn.ModuleList(Block(2 if n == 1 else 1) for n in range(5))
        self.norm = nn.LayerNorm(WIDTH)
        self.head = Head(len(corpora.EMOTIONS) + 2, WIDTH, 256)

    def forward(self, mel, lengths):
        x, lengths = self.stem(mel), (lengths + 1) // 2
        x = x * (torch.arange(x.shape[2]) < lengths[:, None])[:, None]
        for block in self.blocks:
            x, lengths = block(x, lengths)
        return self.head(self.norm(x.transpose(1, 2)), torch.arange(x.shape[2]) < lengths[:, None])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--whisper", help="is not used")
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("work"))
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--passes", type=float, default=6)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--only-corpora", action="store_true", help="leave the folds of speakers out")
    parser.add_argument("--part", type=lambda text: tuple(map(int, text.split("/"))), help="K/N: only every Nth training, from the Kth on")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    options.work.mkdir(parents=True, exist_ok=True)
    clips, mels, key = dataset(options.data, options.work)
    recipe = learning.Recipe(passes=options.passes, batch=32, decay=0.05, average=0.99)
    kinds = {"corpus": np.array([clip.corpus for clip in clips]), "speaker": corpora.speaker_folds(clips)}
    if options.only_corpora:
        del kinds["speaker"]
    found, turn = {}, 0
    for kind, groups in kinds.items():
        found[kind] = np.zeros((len(clips), 11), np.float32)
        for group in np.unique(groups):
            turn += 1
            if options.part and turn % options.part[1] != options.part[0]:
                continue
            test = np.flatnonzero(groups == group)

            def outputs():
                print(f"training without {kind} {group}", flush=True)
                torch.manual_seed(recipe.seed)
                network = SmallNetwork()
                network = learning.tune(network, [{"params": list(network.parameters()), "lr": options.rate}], clips, mels,
                                        np.flatnonzero(groups != group), recipe, lambda step, value: print(f"  {step:5d} loss {value:.3f}", flush=True))
                return learning.apply(network, [mels[index][0] for index in test])

            found[kind][test] = kept(options.work / f"small-{kind}-{group}-{options.passes:g}-{options.rate:g}-{key}.npy", outputs)
    if not options.part:
        size = sum(values.numel() for values in SmallNetwork().parameters())
        text = "\n".join(report.table(report.BRIEF, [report.brief(f"{size:,} weights from the log-mel", clips, found.get("speaker"), found["corpus"])]))
        (options.work / "small.md").write_text(text)
        print(text)


if __name__ == "__main__":
    main()
