"""Prints a network's tensors as CSV (name,shape), so that other implementations can be held against it.

python -m uml_training.dump_shapes --network edge --divisor 4 --stem-stride 2 --channels 1 --regions 2 --classes 3
"""

import argparse

import torch

from .networks import NETWORKS, Config, build


def rows(network: str, config: Config) -> list[str]:
    """One line a tensor, in state_dict order, without num_batches_tracked and what inference never uses."""
    with torch.device("meta"):
        state = build(network, config).state_dict()
    return [f"{name},{'x'.join(map(str, tensor.shape))}" for name, tensor in state.items()
            if not name.endswith("num_batches_tracked")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", choices=NETWORKS, default="edge")
    parser.add_argument("--divisor", type=int, default=1)
    parser.add_argument("--stem-stride", type=int, default=1)
    parser.add_argument("--channels", type=int, choices=(1, 3), default=3)
    parser.add_argument("--regions", type=int, default=3)
    parser.add_argument("--classes", type=int, default=2)
    args = parser.parse_args()
    config = Config(regions=args.regions, classes=args.classes, channels_in=args.channels,
                    channel_divisor=args.divisor, stem_stride=args.stem_stride)
    print("name,shape")
    print("\n".join(rows(args.network, config)))


if __name__ == "__main__":
    main()
