"""Goldens of the learning-rate suggestions, the schedule and the optimiser from fastai and PyTorch.

    pip install fastai
    python3 finder.py

writes finder.json: three invented curves with fastai's four suggestions, the
rates and momenta of fit_one_cycle's schedule, and ten steps of fastai's Adam.
"""

import json
import os

import numpy as np
import torch
from fastai.callback.schedule import combined_cos, minimum, slide, steep, valley
from fastai.optimizer import Adam

HERE = os.path.dirname(os.path.abspath(__file__))


def curve(kind, n=100):
    rates = 1e-7 * (10 / 1e-7) ** (np.arange(n) / 100)
    x = np.log10(rates)
    falling = 1 / (1 + np.exp(2 * (x + 3 + kind)))
    loss = 0.3 + 1.2 * falling + np.exp(2.5 * (x - 0.2 + 0.3 * kind)) + 0.01 * np.sin(7 * np.arange(n) * (kind + 1))
    return rates, loss


def suggestions(rates, losses):
    lrs, ls = torch.tensor(rates[10:-5]), torch.tensor(losses[10:-5])
    value = lambda f: float(f(lrs, ls, 100)[0])
    return {"valley": value(valley), "steep": value(steep), "slide": value(slide), "minimum": value(minimum)}


def schedule(steps=40):
    rate, momentum = combined_cos(.25, 1 / 25, 1, 1e-5), combined_cos(.25, .95, .85, .95)
    return [[float(rate(i / steps)), float(momentum(i / steps))] for i in range(steps)]


def adam():
    p = torch.nn.Parameter(torch.linspace(-1, 1, 6).reshape(2, 3))
    opt = Adam([p], lr=.02, mom=.9, sqr_mom=.99, eps=1e-5, wd=.01, decouple_wd=True)
    path = []
    for k in range(10):
        p.grad = torch.sin(torch.arange(6.).reshape(2, 3) + k) * (.1 + k)
        opt.step()
        path.append(p.detach().reshape(-1).tolist())
    return path


def main():
    curves = []
    for kind in range(3):
        rates, losses = curve(kind)
        curves.append({"losses": losses.tolist(), "suggestions": suggestions(rates, losses)})
    with open(os.path.join(HERE, "finder.json"), "w") as f:
        json.dump({"curves": curves, "schedule": schedule(), "adam": adam()}, f, separators=(",", ":"))
        f.write("\n")


if __name__ == "__main__":
    main()
