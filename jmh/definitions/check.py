#!/usr/bin/env python3
"""Checks and times a kernel with the definitions in this folder; README.md describes them. Needs Python 3 and numpy.

    python3 check.py                          the references themselves, against the expected outputs
    python3 check.py my_kernel.py             run(...) of a file, against the expected outputs of every definition it names
    python3 check.py --inputs FOLDER          writes inputs as safetensors, for programs in other languages
    python3 check.py --outputs FOLDER         compares OP/NAME-UUID.safetensors that such a program wrote
    python3 check.py --write                  writes the expected outputs again, from the references
"""
import argparse
import importlib.util
import json
import pathlib
import sys
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent
TOLERANCE = 1e-4  # of the largest output, for f32; README.md has the tolerances of other types


def random(seed, count, scale):
    """Uniform numbers in [-scale, scale): the top 24 bits of SplitMix64, as of Java's SplittableRandom(seed)."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.uint64(0x9E3779B97F4A7C15) * np.arange(1, count + 1, dtype=np.uint64)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    unit = (z >> np.uint64(40)).astype(np.float32) * np.float32(2**-23) - np.float32(1)
    return unit * np.float32(scale)


def read_safetensors(file):
    data = pathlib.Path(file).read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, about in header.items():
        begin, end = about["data_offsets"]
        part = data[8 + length + begin : 8 + length + end]
        tensors[name] = np.frombuffer(part, dtype="<f4").reshape(about["shape"])
    return tensors


def write_safetensors(file, tensors):
    header, offset = {}, 0
    for name, tensor in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, offset + 4 * tensor.size]}
        offset += 4 * tensor.size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    file = pathlib.Path(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as out:
        out.write(len(text).to_bytes(8, "little") + text)
        for tensor in tensors.values():
            out.write(np.ascontiguousarray(tensor, dtype="<f4").tobytes())


def definitions():
    """All definitions by their names."""
    files = sorted(ROOT.glob("definitions/*/*.json"))
    return {definition["name"]: definition for definition in (json.loads(file.read_text()) for file in files)}


def workloads(definition):
    lines = ROOT / "workloads" / definition["op_type"] / (definition["name"] + ".jsonl")
    return [json.loads(line)["workload"] for line in lines.read_text().splitlines()]


def inputs(definition, workload):
    sizes = {name: axis.get("value") for name, axis in definition["axes"].items()} | workload["axes"]
    tensors = {}
    for name, about in definition["inputs"].items():
        shape = [sizes[axis] for axis in about["shape"]]
        source = workload["inputs"][name]
        tensors[name] = random(source["seed"], int(np.prod(shape)), source["scale"]).reshape(shape)
    return tensors


def reference(definition):
    scope = {}
    exec(definition["reference"], scope)
    return scope["run"]


def expected_file(definition, workload, root=ROOT / "expected"):
    return pathlib.Path(root) / definition["op_type"] / f"{definition['name']}-{workload['uuid']}.safetensors"


def compare(output, definition, workload):
    """Returns the largest difference, as a share of the largest expected element."""
    expected = read_safetensors(expected_file(definition, workload))["output"]
    found = np.asarray(output, dtype=np.float64)
    if found.shape != expected.shape:
        raise SystemExit(f"{definition['name']}: output: expected shape {expected.shape}, found {found.shape}")
    error = np.max(np.abs(found - expected)) / np.max(np.abs(expected))
    return np.inf if np.isnan(error) else error


def timed(run, tensors, seconds=1.0):
    """Returns the median time of a call, after one that is not counted."""
    run(**tensors)
    times, end = [], time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        start = time.perf_counter()
        run(**tensors)
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def kernel(file):
    spec = importlib.util.spec_from_file_location("kernel", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if not hasattr(module, "DEFINITIONS") or not hasattr(module, "run"):
        raise SystemExit(f"{file}: expected DEFINITIONS, a list of names, and run(**inputs), found neither or one")
    return module


def options(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    task = parser.add_mutually_exclusive_group()
    task.add_argument("kernel", nargs="?", metavar="KERNEL.py", help="file with the list DEFINITIONS and run(**inputs)")
    task.add_argument("--inputs", metavar="FOLDER", help="write the inputs")
    task.add_argument("--outputs", metavar="FOLDER", help="compare the outputs of another program")
    task.add_argument("--write", action="store_true", help="write the expected outputs")
    parser.add_argument("--only", action="append", metavar="NAME", help="a definition to check; may be repeated (default: all)")
    parser.add_argument(
        "--tolerance", type=float, default=TOLERANCE, metavar="X",
        help="largest difference, as a share of the largest output (default: %(default)s)",
    )
    return parser.parse_args(arguments)


def check_names(names, source):
    unknown = [name for name in names if name not in definitions()]
    if unknown:
        raise SystemExit(f"{source}: expected names of definitions, found {unknown}; there are {list(definitions())}")


def check(definition, workload, task, module):
    """Returns the error of a workload, None if there is nothing to compare, and a note on the time."""
    if task.write:
        write_safetensors(
            expected_file(definition, workload), {"output": reference(definition)(**inputs(definition, workload))}
        )
        return None, ""
    if task.inputs:
        write_safetensors(expected_file(definition, workload, task.inputs), inputs(definition, workload))
        return None, ""
    if task.outputs:
        file = expected_file(definition, workload, task.outputs)
        if not file.exists():
            return np.inf, f": no file {file}"
        return compare(read_safetensors(file)["output"], definition, workload), ""
    run = module.run if module else reference(definition)
    tensors = inputs(definition, workload)
    return compare(run(**tensors), definition, workload), f", {timed(run, tensors) * 1e3:.3f} ms"


def main(arguments):
    task = options(arguments)
    check_names(task.only or [], "--only")
    module = kernel(task.kernel) if task.kernel else None
    if module:
        check_names(module.DEFINITIONS, task.kernel)
    done = failed = skipped = 0
    for name, definition in definitions().items():
        if task.only and name not in task.only:
            continue
        works = workloads(definition)
        unnamed = module and name not in module.DEFINITIONS
        if unnamed or task.outputs and not any(expected_file(definition, w, task.outputs).exists() for w in works):
            skipped += 1
            continue
        for workload in works:
            error, note = check(definition, workload, task, module)
            done += 1
            if error is not None:
                failed += not error <= task.tolerance
                print(f"{name} {workload['axes']}: error {error:.1e}{note}")
    print(f"{done} workloads {'written' if task.write or task.inputs else 'checked'}, {skipped} definitions skipped")
    if not done:
        raise SystemExit(
            f"nothing was checked: expected {task.outputs}/OP/NAME-UUID.safetensors, found none"
            if task.outputs
            else "nothing was checked: expected a definition of DEFINITIONS and --only, found none"
        )
    if failed:
        raise SystemExit(f"{failed} outputs differ from the expected ones by more than {task.tolerance}")


if __name__ == "__main__":
    main(sys.argv[1:])
