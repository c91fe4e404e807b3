"""What PyTorch with timm reaches on this machine's card, to stand beside
`blastlens bench gpu` and `blastlens bench train --device gpu`: EfficientNet-B3
at 224 pixels, milliseconds a picture and pictures a second of training.

    python3 build/bench/card.py [--device cuda|cpu] [--runs 20]

Wants torch and timm. The product and its tests do not.
"""
import argparse
import time

import timm
import torch

parser = argparse.ArgumentParser()
parser.add_argument("--device", default="cuda")
parser.add_argument("--runs", type=int, default=20)
parser.add_argument("--batches", type=int, nargs="*", default=[32, 128], help="of training")
args = parser.parse_args()
card = torch.cuda.get_device_name() if args.device == "cuda" else "cpu"
print(f"{card}, torch {torch.__version__}, timm {timm.__version__}")


def median(step):
    """Seconds of step, after three to warm up; the card is waited for."""
    took = []
    for k in range(args.runs + 3):
        start = time.perf_counter()
        step()
        if args.device == "cuda":
            torch.cuda.synchronize()
        if k >= 3:
            took.append(time.perf_counter() - start)
    return sorted(took)[len(took) // 2]


def network(compiled):
    model = timm.create_model("efficientnet_b3", num_classes=4).to(args.device, memory_format=torch.channels_last)
    return torch.compile(model) if compiled else model


def pictures(n):
    return torch.randn(n, 3, 224, 224, device=args.device).to(memory_format=torch.channels_last)


for compiled in (False, True):
    for amp in (False, True):
        way = f"{'compiled' if compiled else 'eager'}, {'AMP' if amp else 'float32'}"
        cast = lambda: torch.autocast(args.device, dtype=torch.float16 if args.device == "cuda" else torch.bfloat16, enabled=amp)
        for n in (1, 32):
            model, x = network(compiled).eval(), pictures(n)

            @torch.no_grad()
            def infer():
                with cast():
                    model(x).float().cpu()

            print(f"{way}: {n} a run: {1e3 * median(infer) / n:.3f} ms a picture", flush=True)
        for n in args.batches:
            model, x, y = network(compiled).train(), pictures(n), torch.randint(4, (n,), device=args.device)
            optimiser = torch.optim.AdamW(model.parameters())
            scaler = torch.amp.GradScaler(args.device, enabled=amp and args.device == "cuda")

            def learn():
                optimiser.zero_grad(set_to_none=True)
                with cast():
                    loss = torch.nn.functional.cross_entropy(model(x), y)
                scaler.scale(loss).backward()
                scaler.step(optimiser)
                scaler.update()

            print(f"{way}: training, batch {n}: {n / median(learn):.1f} pictures/s", flush=True)
