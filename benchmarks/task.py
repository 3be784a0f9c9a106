"""Run one task in a process of its own: `python benchmarks/task.py scoring:scored:numbers 1000` prints JSON.

The task is `module:function`, or `module:function:model`, of this folder; then comes the number of rows.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from importlib import import_module

from data import WAREHOUSE, UnableError, connect


def main() -> None:
    module, function, *model = sys.argv[1].split(":")
    connection = connect()
    try:
        task = getattr(import_module(module), function)(connection, int(sys.argv[2]), *model)
    except UnableError as reason:
        print(json.dumps({"unable": str(reason)}))
        return
    # A task that took much memory may have pushed the file out of the system's cache: read it once, uncounted.
    with WAREHOUSE.open("rb") as file:
        while file.read(1 << 24):
            pass
    before, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    task.run()
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    # In kilobytes on Linux, in bytes on macOS.
    peak = after.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    off = task.check() if task.check else None
    print(json.dumps({"wall": wall, "cpu": cpu, "mb": peak / 1e6, "off": off}))


if __name__ == "__main__":
    main()
