#!/usr/bin/env python3
"""Checks and times a kernel with the definitions in this folder; README.md describes them. Needs Python 3 and numpy.

    python3 check.py                          the references themselves, against the expected outputs
    python3 check.py my_kernel.py             run(...) of a file, against the expected outputs of every definition it names
    python3 check.py --inputs FOLDER          writes all inputs as safetensors, for programs in other languages
    python3 check.py --outputs FOLDER         compares NAME-UUID.safetensors that such a program wrote
    python3 check.py --write                  writes the expected outputs anew, from the references

--tolerance X as the last arguments allows other differences than 1e-4, as README.md has them for caches of other types.
"""
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


def workloads():
    """All definitions, each with its workloads."""
    for file in sorted(ROOT.glob("definitions/*/*.json")):
        definition = json.loads(file.read_text())
        lines = ROOT / "workloads" / definition["op_type"] / (definition["name"] + ".jsonl")
        for line in lines.read_text().splitlines():
            yield definition, json.loads(line)["workload"]


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


def main(arguments):
    tolerance = TOLERANCE
    if arguments[-2:-1] == ["--tolerance"]:
        tolerance = float(arguments[-1])
        arguments = arguments[:-2]
    module = kernel(arguments[0]) if arguments and not arguments[0].startswith("--") else None
    failed = 0
    for definition, workload in workloads():
        name = f"{definition['name']} {workload['axes']}"
        if arguments[:1] == ["--write"]:
            output = reference(definition)(**inputs(definition, workload))
            write_safetensors(expected_file(definition, workload), {"output": output})
        elif arguments[:1] == ["--inputs"]:
            write_safetensors(expected_file(definition, workload, arguments[1]), inputs(definition, workload))
        elif arguments[:1] == ["--outputs"]:
            output = read_safetensors(expected_file(definition, workload, arguments[1]))["output"]
            error = compare(output, definition, workload)
            failed += error > tolerance
            print(f"{name}: error {error:.1e}")
        elif module is None or definition["name"] in module.DEFINITIONS:
            run = reference(definition) if module is None else module.run
            tensors = inputs(definition, workload)
            error = compare(run(**tensors), definition, workload)
            failed += error > tolerance
            print(f"{name}: error {error:.1e}, {timed(run, tensors) * 1e3:.3f} ms")
    if failed:
        raise SystemExit(f"{failed} outputs differ from the expected ones by more than {tolerance}")


if __name__ == "__main__":
    main(sys.argv[1:])
