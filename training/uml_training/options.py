"""Numbers of the command line: refused with the rule that they break, before anything is read."""

import argparse
import math

import torch


def count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text}: a whole number from 1 on")
    return number


def seed(text: str) -> int:
    number = int(text)
    if not 0 <= number < 2**63:
        raise argparse.ArgumentTypeError(f"{text}: a whole number from 0 on, below 2^63")
    return number


def device(text: str) -> str:
    try:
        torch.empty(0, device=text)
    except (RuntimeError, AssertionError) as error:  # the latter from a PyTorch without CUDA
        raise argparse.ArgumentTypeError(f"{text}: no device here: {str(error).splitlines()[0]}") from error
    return text


def from_zero(text: str) -> float:
    number = float(text)
    if not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"{text}: a number from 0 on")
    return number


def above_zero(text: str) -> float:
    number = from_zero(text)
    if number == 0:
        raise argparse.ArgumentTypeError(f"{text}: a number above 0")
    return number


class Size(argparse.Action):
    def __call__(self, parser, namespace, values, option_string=None) -> None:
        if len(values) > 2:
            parser.error(f"argument --size: {' '.join(map(str, values))}: one number, or height and width")
        setattr(namespace, self.dest, values)


def add_size(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--size", type=count, nargs="+", default=[256], metavar="PIXELS", action=Size,
                        help="height and width")


def add_threads(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--threads", type=count, default=2)
