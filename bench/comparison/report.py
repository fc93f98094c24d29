"""The rows as markdown tables and as a plot."""

import pathlib
from html import escape
from itertools import groupby

COLUMNS = ("engine", "seconds", "best", "× fastest peer", "processor, s", "× peer", "peak MB", "× smallest peer", "start to first, s", "× quickest peer", "error")
KEY = ("run", "network", "size", "batch", "threads", "precision")
OURS, THEIRS, INK = "#0072b2", "#b8b8b8", "#222222"  # apart for colour-blind eyes, and in grey


def groups(rows: list[dict]) -> list[tuple[str, list[dict]]]:
    def title(r: dict) -> str:
        batch = "one picture" if r["batch"] == 1 else f"{r['batch']} pictures"
        return (f"{r['network']}, {r['size']}×{r['size']}, {batch}, {r['threads']} thread"
                f"{'s' * (r['threads'] > 1)}, {r['precision']}" + f", run {r['run']}" * (rows[-1]["run"] > 1))

    return [(title(found[0]), sorted(found, key=lambda r: r["seconds_median"]))
            for found in (list(g) for _, g in groupby(rows, key=lambda r: [r[k] for k in KEY]))]


def is_ours(row: dict) -> bool:
    return row["engine"].startswith("uml")


def best_peer(rows: list[dict], key: str) -> float | None:
    return min((r[key] for r in rows if not is_ours(r)), default=None)


def one_by_one(row: dict, rows: list[dict]) -> str:
    """The batch's time against as many times that of one picture, which was measured in the same run."""
    single = [r for r in rows if r["batch"] == 1
              and all(r[k] == row[k] for k in (*KEY, "engine") if k != "batch")]
    return f"{row['seconds_median'] / (row['batch'] * single[0]['seconds_median']):.2f}" if single else ""


def tables(document: dict) -> str:
    lines = []
    for title, rows in groups(document["rows"]):
        peer = {key: best_peer(rows, key) for key in ("seconds_median", "cpu_seconds_min", "peak_mb", "start_to_first_s")}
        columns = COLUMNS + ("× one by one",) * (rows[0]["batch"] > 1)
        lines += ["", f"**{title}**", "", "| " + " | ".join(columns) + " |", "|---" + "|---:" * (len(columns) - 1) + "|"]
        for r in rows:
            name = f"**{r['engine']}**" if is_ours(r) else r["engine"]
            time, processor, space, start = (f"{r[key] / least:.2f}" if least else "" for key, least in peer.items())
            lines.append(f"| {name} | {r['seconds_median']:.3f} | {r['seconds_min']:.3f} | {time} "
                         f"| {r['cpu_seconds_min']:.3f} | {processor} | {r['peak_mb']:.0f} | {space} "
                         f"| {r['start_to_first_s']:.2f} | {start} | {r['max_normalised_error']:.0e} |"
                         + f" {one_by_one(r, document['rows'])} |" * (r["batch"] > 1))
    return "\n".join(lines).strip()


def plot(document: dict) -> str:
    """A bar of seconds per picture for every engine, a panel for every configuration."""
    width, left, bar, gap = 760, 150, 17, 40
    body, y = [], 14
    for title, rows in groups(document["rows"]):
        most = max(r["seconds_median"] for r in rows)
        body.append(f'<text x="10" y="{y + 12}" font-weight="bold">{escape(title)}</text>')
        y += 22
        for r in rows:
            each = r["seconds_median"] / r["batch"]
            long = (width - left - 190) * r["seconds_median"] / most
            colour = OURS if is_ours(r) else THEIRS
            body.append(f'<text x="{left - 8}" y="{y + 12}" text-anchor="end">{escape(r["engine"])}</text>'
                        f'<rect x="{left}" y="{y}" width="{max(1, long):.1f}" height="{bar - 3}" fill="{colour}"/>'
                        f'<text x="{left + long + 6:.1f}" y="{y + 12}">{each:.3f} s, {r["peak_mb"]:.0f} MB</text>')
            y += bar
        y += gap - bar
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y}" viewBox="0 0 {width} {y}" '
            f'font-family="sans-serif" font-size="12" fill="{INK}" role="img">'
            "<title>Seconds per picture and peak memory</title>"
            f'<rect width="{width}" height="{y}" fill="white"/>\n' + "\n".join(body) + "\n</svg>\n")


def about(facts: dict) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    sizes = ", ".join(f"{name} {size:.1f} MB" for name, size in facts["installed_mb"].items())
    return (f"Machine: {facts['cpu']}, {facts['cores']} cores, {facts['memory_gb']:.0f} GB, "
            f"{' '.join(facts['instruction_sets'])}; {facts['system']}, Python {facts['python']}. "
            f"Versions: {versions}. Size of our whole program, and of the peers' packages without what they depend on: "
            f"{sizes}. Load of the machine before and after: {facts['load_before']} and {facts['load_after']}.")


TEXT = """# Benchmarks

{commands} made this page. `bench/compare` installs the peers into an environment of its own, checks that all engines
give the same answer, and lets them take turns in one run. **Only ratios within one table count**: absolute times move
from machine to machine and from hour to hour.

{about}

![Seconds per picture and peak memory](benchmarks.svg)

- seconds: median over the turns of one run of the whole batch, picture in, answers out; best: the smallest. processor:
  processor seconds of all threads, the smallest; on a machine that others use too, look at this one with one thread.
- peak MB: peak resident memory (10^6 bytes) of a process that loads and runs once. start to first: from the start of
  such a process to its first result, the middle of three (one of those that take ten seconds or more).
- error: the largest over region logits, pixel alpha and vacuity of ‖out − ref‖ / ‖ref − mean(ref)‖, and for class alpha
  ‖out − ref‖ / ‖ref‖; ref is PyTorch's in float64 (float32 above 256 pixels).
- The networks have 3 regions and 2 classes; `edge` has channel divisor 4, stem stride 1. All engines have the same
  weights and compute the same four answers; peers run the networks as published, PyTorch from its own modules, ONNX
  Runtime and OpenVINO from an export (OpenVINO's own file format in f32, ONNX otherwise).
- `pytorch-compile` is `torch.compile` with frozen weights; its start includes the compilation, its turns don't.
- `uml-cpu` has no dependency; `uml-cpu-direct` is the same without Winograd convolutions.
- × one by one, for several pictures: the batch against as many single pictures, from the table of one picture above.
- bf16 rows appear where the CPU has the instructions.

{tables}
"""


def write(document: dict, folder: pathlib.Path) -> None:
    commands = ", then ".join(f"`{command}`" for command in document["commands"])
    text = TEXT.format(commands=commands, about=about(document["machine"]), tables=tables(document))
    (folder / "benchmarks.md").write_text(text)
    (folder / "benchmarks.svg").write_text(plot(document))
