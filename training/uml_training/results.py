"""What a sweep's runs found, gathered into one document, and the tables made of it.

    python -m uml_training.results docs/claim/results.json docs/claim.md       writes the tables into the page
"""

import json
import math
import pathlib
import sys

import numpy as np
import torch

from . import whole
from .plan import Plan, folder_name

FIGURES = ("accuracy", "auc", "dice", "assd", "auroc_error", "aurc", "augrc", "ece", "ause")
WORSENED = ("accuracy", "dice", "auroc_error", "aurc")
BEGIN, END = "<!-- tables of results.json -->", "<!-- end of the tables -->"


def gather(the_plan: Plan, out: pathlib.Path, left: list[str], seconds: dict[str, float]) -> dict:
    """Every row's mean and spread (standard deviation over seeds, null for one) of what is done so far; seconds: a
    picture's, by row. Runs that lie in the folder and are not the plan's do not count."""
    folders: dict[str, list[str]] = {row: [] for row in the_plan.rows}
    for job in the_plan.jobs:
        folders[job.row].append(job.name)
    folders |= {entry.row: [folder_name(entry.row)] for entry in the_plan.combined}
    rows, versions = [], set()
    for name, of_row in folders.items():
        files = [out / folder / "result.json" for folder in of_row]
        found = [json.loads(file.read_text()) for file in files if file.is_file()]
        if not found:
            continue
        versions |= {r["run"]["versions"]["torch"] for r in found if "run" in r}
        table: dict = {}
        for split in the_plan.splits:
            for corruption in the_plan.corruptions:
                cells = [r["figures"][split][corruption] for r in found if corruption in r["figures"].get(split, {})]
                table.setdefault(split, {})[corruption] = {figure: spread([c[figure] for c in cells])
                                                           for figure in FIGURES}
        rows.append({"row": name, "runs": len(found), "seconds_a_picture": seconds.get(name), "figures": table,
                     "made": made([r["made"] for r in found if r.get("made")])})
    on_gpu = any(job.args.device.startswith("cuda") for job in the_plan.jobs)
    return {"device": torch.cuda.get_device_name() if on_gpu else "CPU",
            "torch": ", ".join(sorted(versions)) or torch.__version__, "rows": rows, "left": left}


def made(found: list[dict]) -> dict:
    """Mean and spread of what unknown.figures gave for several runs."""
    if not found:
        return {}
    kinds = {kind: spread([one["auroc"][kind] for one in found]) for kind in found[0]["auroc"]}
    groups = {group: spread([float(np.mean([one["auroc"][kind] for kind in one[group]])) for one in found])
              for group in ("trained_on", "others")}
    return {"uncertainty": spread([one["uncertainty"] for one in found]), "auroc": kinds} | groups


def spread(values: list[float | None]) -> dict[str, float | None]:
    known = [v for v in values if v is not None]
    if not known:
        return {"mean": None, "sd": None}
    return {"mean": float(np.mean(known)), "sd": float(np.std(known, ddof=1)) if len(known) > 1 else None}


def differ(a: dict, b: dict) -> bool:
    """Whether the means are further apart than the standard deviation of the difference of two single runs."""
    return None not in (a["sd"], b["sd"]) and abs(a["mean"] - b["mean"]) > math.hypot(a["sd"], b["sd"])


def cell(value: dict, first: dict) -> str:
    """Bold where it differs from the first row's."""
    if value["mean"] is None:
        return ""
    text = f"{value['mean']:.3f}" + (f" ± {value['sd']:.3f}" if value["sd"] is not None else "")
    return f"**{text}**" if differ(value, first) else text


def milliseconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{1000 * seconds:.1f}"


def as_markdown(document: dict) -> str:
    """For each split a table of every figure on the first of the corruptions, then one of each of WORSENED over all of
    them: rows down, mean ± standard deviation over seeds, bold what differs from the first row's; and one of made
    outliers. All figures are in the document."""
    lines = []
    first = document["rows"][0]["figures"] if document["rows"] else {}
    for split, corruptions in first.items():
        clean, *others = corruptions
        lines += [f"### {split}, {clean}", "", "| row | runs | " + " | ".join(FIGURES) + " | ms a picture |",
                  "|" + "---|" * (len(FIGURES) + 3)]
        for row in document["rows"]:
            cells = [cell(row["figures"][split][clean][figure], corruptions[clean][figure]) for figure in FIGURES]
            lines.append(f"| {row['row']} | {row['runs']} | " + " | ".join(cells)
                         + f" | {milliseconds(row['seconds_a_picture'])} |")
        lines.append("")
        for figure in WORSENED if others else ():
            lines += [f"### {split}, {figure}", "", "| row | runs | " + " | ".join(corruptions) + " |",
                      "|" + "---|" * (len(corruptions) + 2)]
            for row in document["rows"]:
                cells = [cell(row["figures"][split][corruption][figure], of_first[figure])
                         for corruption, of_first in corruptions.items()]
                if any(cells):
                    lines.append(f"| {row['row']} | {row['runs']} | " + " | ".join(cells) + " |")
            lines.append("")
    if told := [row for row in document["rows"] if row["made"]]:
        kinds = list(told[0]["made"]["auroc"])
        lines += [f"### {next(iter(first))}, made outliers", "",
                  "| row | runs | uncertainty | five kinds | other kinds | " + " | ".join(kinds) + " |",
                  "|" + "---|" * (len(kinds) + 5)]
        for row in told:
            pairs = [(row["made"][name], told[0]["made"][name]) for name in ("uncertainty", "trained_on", "others")]
            pairs += [(row["made"]["auroc"][kind], told[0]["made"]["auroc"][kind]) for kind in kinds]
            cells = [cell(value, of_first) for value, of_first in pairs]
            lines.append(f"| {row['row']} | {row['runs']} | " + " | ".join(cells) + " |")
        lines.append("")
    return "\n".join(lines)


def into(page: str, document: dict) -> str:
    """The page with the document's tables between its two marks. Errors: ValueError if it has no marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{as_markdown(document)}\n{END}{after}"


def main(results: str, page: str) -> None:
    path = pathlib.Path(page)
    whole.text(path, into(path.read_text(encoding="utf-8"), json.loads(pathlib.Path(results).read_text())))


if __name__ == "__main__":
    main(*sys.argv[1:])
