"""The network; README.md describes it layer by layer for those who implement it elsewhere."""
import torch
from torch import nn
from torch.nn import functional as F

WIDTH, HEADS = 384, 6


class Block(nn.Module):
    """Pre-norm transformer block of Whisper: attention, then a feed-forward network, each added to its input."""

    def __init__(self, width=WIDTH, heads=HEADS):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.fc1, self.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x, mask):
        batch, length, width = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(batch, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None, None])
        x = x + self.out(attended.transpose(1, 2).reshape(batch, length, width))
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))


class Encoder(nn.Module):
    """The lower part of Whisper's encoder over clips of their own length, at most `positions` times 20 ms."""

    def __init__(self, layers, positions=500, width=WIDTH, heads=HEADS):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv1d(80, width, 3, padding=1), nn.Conv1d(width, width, 3, stride=2, padding=1)
        self.positions = nn.Parameter(torch.zeros(positions, width))
        self.layers = nn.ModuleList(Block(width, heads) for _ in range(layers))

    def stem(self, mel, lengths):
        """mel [B, 80, T], 0 beyond each clip's length (frames) -> [B, ceil(T / 2), width]."""
        inside = torch.arange(mel.shape[2]) < lengths[:, None]
        x = F.gelu(self.conv1(mel)) * inside[:, None]
        x = F.gelu(self.conv2(x)).transpose(1, 2)
        return x + self.positions[:x.shape[1]]

    def forward(self, mel, lengths):
        """-> states [layers + 1][B, P, width] (the stem's output first) and the mask [B, P] of positions inside the clips."""
        states = [self.stem(mel, lengths)]
        mask = torch.arange(states[0].shape[1]) < ((lengths + 1) // 2)[:, None]
        for layer in self.layers:
            states.append(layer(states[-1], mask))
        return states, mask


class Head(nn.Module):
    """Statistics over time, standardised, and two linear layers."""

    def __init__(self, outputs, width=WIDTH, hidden=512):
        super().__init__()
        self.register_buffer("mean", torch.zeros(2 * width))
        self.register_buffer("deviation", torch.ones(2 * width))
        self.hidden, self.output = nn.Linear(2 * width, hidden), nn.Linear(hidden, outputs)

    def pool(self, state, mask):
        """state [B, P, width] -> [B, 2 * width]: the mean over time, then the deviation."""
        share = mask[..., None] / mask.sum(dim=1)[:, None, None]
        mean = (share * state).sum(dim=1)
        variance = (share * (state - mean[:, None]).square()).sum(dim=1)
        return torch.cat([mean, variance.clamp(min=1e-6).sqrt()], dim=1)

    def classify(self, pooled):
        """[B, 2 * width] -> [B, outputs]."""
        x = F.dropout((pooled - self.mean) / self.deviation, 0.25, self.training)
        return self.output(F.dropout(F.gelu(self.hidden(x)), 0.5, self.training))

    def forward(self, state, mask):
        """-> [B, outputs]."""
        return self.classify(self.pool(state, mask))


class VoiceNetwork(nn.Module):
    """Log-mel -> EMOTIONS logits, then valence and arousal."""

    def __init__(self, layers=2, outputs=11, positions=500):
        super().__init__()
        self.encoder = Encoder(layers, positions)
        self.head = Head(outputs)

    def forward(self, mel, lengths):
        return self.head(*self.top(mel, lengths))

    def top(self, mel, lengths):
        """The output of the last block [B, P, width] and the mask [B, P]."""
        states, mask = self.encoder(mel, lengths)
        return states[-1], mask

    def load_whisper(self, weights):
        """Starts the encoder from Whisper's weights; layers and positions beyond its own are left out."""
        own = self.encoder.state_dict()
        self.encoder.load_state_dict({name: weights[name][:len(own[name])] if name == "positions" else weights[name] for name in own})


def pad(mels):
    """[80, T] each -> [B, 80, longest] with zeros, and the lengths."""
    lengths = torch.tensor([mel.shape[1] for mel in mels])
    batch = torch.zeros(len(mels), 80, int(lengths.max()))
    for row, mel in zip(batch, mels):
        row[:, :mel.shape[1]] = mel
    return batch, lengths
