"""What PyTorch with timm, and ONNX Runtime, reach on this machine's card, to stand
beside `blastlens bench gpu` and `blastlens bench train --device gpu`:
EfficientNet-B3, a picture alone and many in a run at 224 and 300 pixels, each from
the upload of the input to the logits, and pictures a second of training steps at
224 (both passes and AdamW, pictures and labels being on the card). Lines are those
of `bench gpu`, so that a ratio can be read.

    pip install torch timm                     # for ONNX Runtime, without which its lines are left out:
    pip install onnx onnxscript onnxruntime-gpu     # or onnxruntime, for --device cpu
    python3 build/bench/card.py [--device cuda|cpu] [--runs 20] [--only eager]

The product and its tests want none of this.
"""
import argparse
import datetime
import tempfile
import time

import timm
import torch

parser = argparse.ArgumentParser()
parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
parser.add_argument("--runs", type=int, default=20, help="of which the median counts, after three to warm up")
parser.add_argument("--sizes", type=int, nargs="*", default=[224, 300], help="pixels a side")
parser.add_argument("--batch", type=int, default=32, help="pictures in a run of many")
parser.add_argument("--batches", type=int, nargs="*", default=[32, 128], help="of training")
parser.add_argument("--only", default="", help="ways with this in their name: eager, compiled, AMP, float32, ONNX")
args = parser.parse_args()
cuda = args.device == "cuda"
card = torch.cuda.get_device_name() if cuda else "cpu"
print(f"{card}, torch {torch.__version__}, timm {timm.__version__}, {datetime.date.today()}")


def report(way, what, n, step):
    """The line of step, which takes n pictures, and is waited for."""
    took = []
    for k in range(args.runs + 3):
        start = time.perf_counter()
        step()
        if cuda:
            torch.cuda.synchronize()
        if k >= 3:
            took.append(time.perf_counter() - start)
    median = sorted(took)[len(took) // 2]
    print(f"{what:<30} {1e3 * median:9.2f} ms a run  {n / median:8.1f} pictures/s, {way}, on {card}", flush=True)


def runs():
    """Pixels, pictures and the words of bench gpu."""
    for size in args.sizes:
        for n in (1, args.batch):
            yield size, n, f"{size} pixels, {'a picture' if n == 1 else f'{n} pictures'} a run"


def network(compiled=False):
    model = timm.create_model("efficientnet_b3", num_classes=4).to(args.device, memory_format=torch.channels_last)
    return torch.compile(model) if compiled else model


def pytorch(way, compiled, amp):
    half = torch.float16 if cuda else torch.bfloat16
    cast = lambda: torch.autocast(args.device, dtype=half, enabled=amp)
    for size, n, what in runs():
        model = network(compiled).eval()
        pictures = torch.randn(n, 3, size, size).to(memory_format=torch.channels_last)

        @torch.no_grad()
        def infer():
            with cast():
                model(pictures.to(args.device)).float().cpu()

        report(way, what, n, infer)
    for n in args.batches:
        model, x, y = network(compiled).train(), torch.randn(n, 3, 224, 224, device=args.device), torch.randint(4, (n,), device=args.device)
        x = x.to(memory_format=torch.channels_last)
        optimiser = torch.optim.AdamW(model.parameters())
        scaler = torch.amp.GradScaler(args.device, enabled=amp and cuda)

        def learn():
            optimiser.zero_grad(set_to_none=True)
            with cast():
                loss = torch.nn.functional.cross_entropy(model(x), y)
            scaler.scale(loss).backward()
            scaler.step(optimiser)
            scaler.update()

        report(way, f"224 pixels, training, batch {n}", n, learn)


def onnx(way):
    try:
        import onnxruntime
        import onnxscript  # noqa: F401, which PyTorch exports by
    except ImportError as missing:
        print(f"{way}: left out: {missing}")
        return
    wanted = "CUDAExecutionProvider" if cuda else "CPUExecutionProvider"
    for size, n, what in runs():
        model, x = network().eval().cpu(), torch.randn(n, 3, size, size)
        with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
            torch.onnx.export(model, (x,), file.name, external_data=False, verbose=False)
            session = onnxruntime.InferenceSession(file.name, providers=[wanted])
        if session.get_providers()[0] != wanted:  # it falls back without a word
            print(f"{way}: left out: this onnxruntime has no {wanted}")
            return
        name, values = session.get_inputs()[0].name, x.numpy()
        report(f"{way} {onnxruntime.__version__}", what, n, lambda: session.run(None, {name: values}))


for compiled in (False, True):
    for amp in (False, True):
        way = f"PyTorch {'compiled' if compiled else 'eager'}, {'AMP' if amp else 'float32'}"
        if args.only in way:
            pytorch(way, compiled, amp)
if args.only in "ONNX Runtime, float32":
    onnx("ONNX Runtime, float32")
