"""The same tasks by HiGHS, for comparison: pip install highspy, then

    cargo run --release -p sekimori-bench-choosing -- export FOLDER
    python bench/choosing/peer.py FOLDER [SECONDS]

One thread; prints cost, bound, processor seconds and nodes of each task. No part of the product.
"""

import pathlib
import resource
import sys

import highspy


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main():
    folder, limit = pathlib.Path(sys.argv[1]), float((sys.argv[2:] or ["60"])[0])
    for path in sorted(folder.glob("*.lp")):
        solver = highspy.Highs()
        solver.setOptionValue("output_flag", False)
        solver.setOptionValue("threads", 1)
        solver.setOptionValue("time_limit", limit)
        solver.setOptionValue("mip_rel_gap", 0.0)
        solver.setOptionValue("mip_abs_gap", 0.999)
        solver.readModel(str(path))
        before = processor_seconds()
        solver.run()
        took = processor_seconds() - before
        info = solver.getInfo()
        cost, bound = info.objective_function_value, info.mip_dual_bound
        word = "optimum" if cost - bound < 1 else "best"
        print(f"{path.stem}: {word} {cost:.0f} (bound {bound:.2f}), {took:.2f} CPU-s, {info.mip_node_count} nodes", flush=True)


main()
