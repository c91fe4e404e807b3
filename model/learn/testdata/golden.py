"""Goldens of a training step from PyTorch and timm, which share no code with it.

Builds timm's efficientnet_b3 with fastai's head (dropout off) and with timm's
own, fills both from the integer hash that package bundle documents
(net.InitHash), runs one batch in training mode and takes all gradients.

    pip install numpy torch timm
    nice python3 golden.py

writes golden.json: logits, loss, and of each parameter's gradient the largest
absolute value and eight samples; of each batch-norm's running statistics after
the step likewise.
"""

import json
import os

import numpy as np
import timm
import torch
from torch import nn

SEED, INPUT_SEED, SIZE, BATCH, SAMPLES = 11, 7, 96, 4, 8
HERE = os.path.dirname(os.path.abspath(__file__))


def hash32(seed, i):
    h = (np.uint64(seed) + i.astype(np.uint64) * np.uint64(0x9E3779B9)).astype(np.uint32)
    h ^= h >> np.uint32(16)
    h *= np.uint32(0x85EBCA6B)
    h ^= h >> np.uint32(13)
    h *= np.uint32(0xC2B2AE35)
    return h ^ (h >> np.uint32(16))


def uniform(seed, n):
    return (hash32(seed & 0xFFFFFFFF, np.arange(n)) >> np.uint32(8)).astype(np.float64) / (1 << 23) - 1


def fnv1a(name):
    h = 0x811C9DC5
    for b in name.encode():
        h = ((h ^ b) * 0x01000193) & 0xFFFFFFFF
    return h


def golden_input(seed, size):
    cell, g = 16, size // 16 + 2
    coarse = uniform(seed, g * g * 3).reshape(g, g, 3)
    y = np.arange(size)
    at, t = y // cell, (y % cell) / cell
    tx, ty = t[None, :, None], t[:, None, None]
    top = coarse[at][:, at] * (1 - tx) + coarse[at][:, at + 1] * tx
    bottom = coarse[at + 1][:, at] * (1 - tx) + coarse[at + 1][:, at + 1] * tx
    fine = uniform(seed + 1, size * size * 3).reshape(size, size, 3)
    return (0.25 + 1.8 * (top * (1 - ty) + bottom * ty) + 0.4 * fine).astype(np.float32)


def fill(model):
    """net.InitHash: what each tensor is follows from its name and shape."""
    with torch.no_grad():
        for name, p in model.named_parameters():
            u = uniform(SEED + fnv1a(name), p.numel())
            if p.dim() > 1:
                v = u * np.sqrt(6 / np.prod(p.shape[1:]))
            elif name.endswith(".weight"):
                v = 1 + 0.2 * u
            elif ".se." in name or name.startswith("classifier"):
                v = u * 0.1
            else:
                v = u * 0.2
            p.copy_(torch.from_numpy(v.astype(np.float32)).reshape(p.shape))


class Concat(nn.Module):
    def forward(self, x):
        return torch.cat([nn.functional.adaptive_max_pool2d(x, 1), nn.functional.adaptive_avg_pool2d(x, 1)], 1)


class Fastai(nn.Module):
    """timm's body and fastai's create_head, with fastai's indices."""

    def __init__(self, body):
        super().__init__()
        self.body = body
        self.head = nn.Sequential(
            Concat(), nn.Flatten(), nn.BatchNorm1d(3072), nn.Identity(), nn.Linear(3072, 512, bias=False),
            nn.ReLU(), nn.BatchNorm1d(512), nn.Identity(), nn.Linear(512, 4, bias=False))

    def named_parameters(self, *a, **k):
        for name, p in super().named_parameters(*a, **k):
            if not name.startswith("body.classifier"):
                yield name.removeprefix("body."), p

    def named_buffers(self, *a, **k):
        for name, p in super().named_buffers(*a, **k):
            yield name.removeprefix("body."), p

    def forward(self, x):
        return self.head(self.body.forward_features(x))


def sample(k, v):
    v = v.detach().numpy().reshape(-1)
    at = np.arange(v.size) if v.size <= SAMPLES else hash32(k, np.arange(SAMPLES)) % np.uint32(v.size)
    return {"max": float(np.abs(v).max()), "at": [int(i) for i in at], "values": [float(f"{z:.9g}") for z in v[at]]}


def step(model):
    fill(model)
    model.train()
    x = np.stack([golden_input(INPUT_SEED + 10 * i, SIZE) for i in range(BATCH)])
    logits = model(torch.from_numpy(x).permute(0, 3, 1, 2).contiguous())
    loss = nn.functional.cross_entropy(logits, torch.arange(BATCH) % 4)
    loss.backward()
    tensors = {}
    for k, (name, p) in enumerate(model.named_parameters()):
        tensors[name] = sample(k, p.grad)
    for k, (name, b) in enumerate(model.named_buffers()):
        if not name.endswith("num_batches_tracked"):
            tensors[name] = sample(k, b)
    return {"logits": logits.detach().numpy().reshape(-1).tolist(), "loss": loss.item(), "tensors": tensors}


def main():
    torch.manual_seed(0)
    make = lambda: timm.create_model("efficientnet_b3", pretrained=False, num_classes=4)
    golden = {
        "runtime": f"torch {torch.__version__.split('+')[0]}, timm {timm.__version__}", "seed": SEED, "input_seed": INPUT_SEED,
        "size": SIZE, "batch": BATCH, "heads": {"fastai": step(Fastai(make())), "plain": step(make())},
    }
    for name, h in golden["heads"].items():
        print(name, len(h["tensors"]), "tensors, loss", h["loss"])
    with open(os.path.join(HERE, "golden.json"), "w") as f:
        json.dump(golden, f, separators=(",", ":"))
        f.write("\n")


if __name__ == "__main__":
    main()
