"""bench/compare: the library against PyTorch, ONNX Runtime and OpenVINO. Same networks, weights and pictures; answers
checked against PyTorch; engines in turns within one run."""

import argparse
import json
import os
import pathlib
import signal
import sys
import tempfile

NETWORKS = ("release", "paper", "edge")


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/compare", description=__doc__)
    parser.add_argument("--backend", choices=("cpu", "cuda", "cuda-host"), default="cpu",
                        help="cuda: on a GPU; bf16, tf32 and f32, batch 1 and 16; cuda-host: a dry run of it without one")
    parser.add_argument("--quick", action="store_true",
                        help="release, 256, batch 1, 2 threads, f32 unless other options say more")
    parser.add_argument("--json", metavar="FILE", help="the rows as JSON")
    parser.add_argument("--networks", nargs="+", choices=NETWORKS)
    parser.add_argument("--sizes", nargs="+", type=int, metavar="N", help="256 512")
    parser.add_argument("--batches", nargs="+", type=int, metavar="N", help="1 8")
    parser.add_argument("--threads", nargs="+", type=int, metavar="N", help="1 2")
    parser.add_argument("--precisions", nargs="+", choices=("f32", "tf32", "bf16"), help="default: what the CPU has")
    parser.add_argument("--engines", nargs="+", metavar="NAME", help="default: all")
    parser.add_argument("--seconds", type=float, help="of turns for one configuration, about (60); with a GPU for all (400)")
    parser.add_argument("--more", metavar="FILE", help="rows that --json wrote before: shown and written as well")
    parser.add_argument("--docs", action="store_true", help="write docs/benchmarks.md and .svg")
    parser.add_argument("--check-options", action="store_true", help=argparse.SUPPRESS)
    o = parser.parse_args()
    if o.backend != "cpu":
        if o.docs or o.more or o.threads:
            parser.error("--docs, --more and --threads are the CPU's")
        host = o.backend == "cuda-host"
        o.networks = o.networks or (["edge"] if host else ["release"])
        o.sizes = o.sizes or ([64] if host else [256])
        o.batches, o.threads = o.batches or ([1, 2] if host else [1, 16]), [1]
        o.precisions = o.precisions or ["bf16", "f32", "tf32"]
    elif "tf32" in (o.precisions or []):
        parser.error("tf32 is a GPU's")
    o.seconds = o.seconds or (60 if o.backend == "cpu" else 400)
    quick = o.quick
    o.networks = o.networks or (["release"] if quick else list(NETWORKS))
    o.sizes = o.sizes or ([256] if quick else [256, 512])
    o.batches = o.batches or ([1] if quick else [1, 8])
    o.threads = o.threads or ([2] if quick else [1, 2])
    if quick:
        o.precisions = o.precisions or ["f32"]
    if any(size % 8 or size <= 0 for size in o.sizes) or min(o.batches + o.threads) < 1:
        parser.error("sizes are multiples of 8; batches and threads are at least 1")
    return o


def main() -> int:
    o = options()
    if o.check_options:
        return 0
    here = pathlib.Path(os.environ.get("UML_BENCH_FROM", "."))
    before = json.loads((here / o.more).read_text()) if o.more else {"rows": [], "commands": []}
    root = pathlib.Path(__file__).resolve().parents[2]
    sys.path.insert(0, str(root / "training"))
    os.environ["PYTHONPATH"] = str(root / "training")
    if o.backend != "cpu":
        import device

        return device.compare(o, pathlib.Path(os.environ["UML_BENCH_ENGINE"]), here)
    import engines
    import machine
    import report
    import workload
    from measure import LIMITS, measure

    program = pathlib.Path(os.environ["UML_BENCH_ENGINE"])
    offers = engines.ours(program) | engines.PEERS
    names = o.engines or [name for name in offers if not name.startswith("uml-cuda")]
    if unknown := set(names) - set(offers):
        print(f"no engine {', '.join(sorted(unknown))}; there are {', '.join(offers)}", file=sys.stderr)
        return 2
    precisions = o.precisions or ["f32"] + ["bf16"] * machine.has_bf16()
    facts, rows = machine.describe(root, program), []

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the folder goes away then too
    with tempfile.TemporaryDirectory(prefix="uml-compare-") as scratch:
        for network in o.networks:
            home = pathlib.Path(scratch, network)
            home.mkdir()
            workload.write_weights(home / "weights.safetensors", network)
            for size in o.sizes:
                wanted = None
                for batch in o.batches:
                    folder = home / f"{size}-{batch}"
                    folder.mkdir()
                    workload.write_pictures(folder, size, batch)
                    if wanted is None:
                        say(f"{network} {size}x{size}: the answer")
                        wanted = workload.expected(network, size, home / "weights.safetensors",
                                                   workload.read_pictures(folder, size, batch))
                    if {"onnxruntime", "openvino"} & set(names):
                        say(f"{network} {size}x{size}, batch {batch}: export")
                        workload.export(network, size, batch, home / "weights.safetensors", folder)
                    for threads in o.threads:
                        for precision in precisions:
                            task = engines.Task(network, size, batch, threads, precision, folder)
                            say(str(task))
                            able = [name for name in names if precision in offers[name]]
                            rows += measure(task, able, program, wanted, o.seconds, say)
    facts["load_after"] = round(os.getloadavg()[0], 2)
    for row in rows:
        row["run"] = len(before["commands"]) + 1
    document = {"machine": facts, "rows": before["rows"] + rows,
                "commands": [*before["commands"], " ".join(["bench/compare", *sys.argv[1:]])]}
    if o.json:
        (here / o.json).write_text(json.dumps(document, indent=1) + "\n")
    if o.docs:
        report.write(document, root / "docs")
    print(report.tables(document))
    wrong = [r for r in rows if not r["max_normalised_error"] <= LIMITS[r["precision"]]]
    for r in wrong:
        say(f"{r['engine']} disagrees on {r['network']}: {r['max_normalised_error']:.1e}")
    return 1 if wrong or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
