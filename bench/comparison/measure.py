"""One task on all engines: memory and start by processes that run alone, then times in turns."""

import pathlib
import statistics
import time

import numpy as np
import psutil
import workload
from engines import Engine, Failed, Task

LIMITS = {"f32": 5e-5, "bf16": 0.25}  # of the normalised error
STARTS = 3  # of every engine, the middle one counts; only one of an engine that takes this many seconds:
LONG_START = 10
PAUSE = 0.05  # until the threads of the engine before sleep


def error_of(found: np.ndarray, wanted: np.ndarray, task: Task) -> float:
    """The first and the last picture are the same: both against the answer."""
    return max(workload.error(found[i], wanted, task.size) for i in (0, -1))


def measure(task: Task, names: list[str], program: pathlib.Path, wanted: np.ndarray, seconds: float,
            say) -> list[dict]:
    """A row for every engine that can do the task."""
    rows: dict[str, dict] = {}
    for name in names:
        log = task.folder / f"{name}.log"
        try:
            engine = Engine(name, task, program, log)
        except Failed as reason:
            say(f"  {name}: left out: {reason}")
            continue
        try:
            error = error_of(engine.outputs(task.folder / f"{name}.out", task.batch), wanted, task)
        except Failed as reason:
            say(f"  {name}: left out: {reason}")
            continue
        finally:
            engine.close()
        starts = [engine.start_to_first_s]
        while len(starts) < STARTS and starts[0] < LONG_START:
            again = Engine(name, task, program, log)
            again.close()
            starts.append(again.start_to_first_s)
        start = statistics.median(starts)
        rows[name] = {"engine": name, "network": task.network, "size": task.size, "threads": task.threads,
                      "batch": task.batch, "precision": task.precision, "peak_mb": round(engine.peak_mb, 1),
                      "start_to_first_s": round(start, 3), "max_normalised_error": error}
        say(f"  {name}: {start:.2f} s from start to first result, {engine.peak_mb:.0f} MB, "
            f"error {error:.1e}{'' if error <= LIMITS[task.precision] else ' TOO LARGE'}")
    times = take_turns(task, list(rows), program, seconds, sum(row["peak_mb"] for row in rows.values()), say)
    for name, row in rows.items():
        clock, processor = zip(*times[name], strict=True)
        row |= {"seconds_median": statistics.median(clock), "seconds_min": min(clock), "cpu_seconds_min": min(processor)}
        say(f"  {name}: median {row['seconds_median']:.3f} s, best {row['seconds_min']:.3f} s "
            f"of {len(times[name])}; at best {row['cpu_seconds_min']:.3f} s of processor")
    return list(rows.values())


def take_turns(task: Task, names: list[str], program: pathlib.Path, seconds: float, megabytes: float,
               say) -> dict[str, list[tuple[float, float]]]:
    """A B C A B C ...: at least three rounds, at most fifteen, about `seconds` in all. All engines stay in memory
    where they fit together; else each starts anew for its turn."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    together = megabytes * 1e6 < 0.7 * psutil.virtual_memory().available
    if not together:
        say("  not enough memory for all engines at once: each is started for its turn")

    def start(name: str) -> Engine:
        return Engine(name, task, program, task.folder / f"{name}.log")

    resident = [start(name) for name in names] if together else []
    try:
        begin = time.perf_counter()
        for done in range(15):
            if done >= 3 and (time.perf_counter() - begin) * (done + 1) / done > seconds:
                break
            for i, name in enumerate(names):
                engine = resident[i] if together else start(name)
                time.sleep(PAUSE)
                times[name].append(engine.seconds())
                if not together:
                    engine.close()
    finally:
        for engine in resident:
            engine.close()
    return times
