"""Pictures a second of a training step by PyTorch and timm on this processor.

    pip install torch timm
    python3 build/bench/train.py            # beside: go test ./model/learn -run '^$' -bench Step

Forward and backward of efficientnet_b3 at 224, batch 32, float32, the best of
five steps, in both memory layouts.
"""

import os
import time

import timm
import torch

BATCH, SIZE = 32, 224


def main():
    torch.set_num_threads(os.cpu_count())
    for layout in (torch.contiguous_format, torch.channels_last):
        model = timm.create_model("efficientnet_b3", pretrained=False, num_classes=4).train().to(memory_format=layout)
        x = torch.randn(BATCH, 3, SIZE, SIZE).to(memory_format=layout)
        y = torch.arange(BATCH) % 4
        best = float("inf")
        for _ in range(5):
            start = time.perf_counter()
            torch.nn.functional.cross_entropy(model(x), y).backward()
            best = min(best, time.perf_counter() - start)
            model.zero_grad(set_to_none=True)
        print(f"torch {torch.__version__}, {layout}: {BATCH / best:.2f} pictures/s")


if __name__ == "__main__":
    main()
