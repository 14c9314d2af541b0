package io.github.t6j.jmh.definitions;

import com.google.gson.Gson;
import com.google.gson.annotations.SerializedName;
import io.github.t6j.weights.safetensors.Safetensors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/** A definition of jmh/definitions with the members that tests need. */
record Definition(String name, @SerializedName("op_type") String opType, Map<String, Axis> axes,
        Map<String, Shape> inputs) {
    static final Path ROOT = Path.of("definitions");

    private static final Gson GSON = new Gson();

    record Axis(String type, int value) {}

    record Shape(List<String> shape) {}

    /** Line of a file of workloads. */
    record Line(String definition, Workload workload) {}

    record Workload(String uuid, Map<String, Integer> axes, Map<String, Source> inputs) {}

    /** Source of an input's elements. */
    record Source(String type, long seed, float scale) {}

    /** A definition with a workload. */
    record Case(Definition definition, Workload workload) {
        int size(String axis) {
            Axis constant = definition.axes.get(axis);
            return constant.type.equals("const") ? constant.value : workload.axes.get(axis);
        }

        /** Returns the number of queries: 1 in decoding. */
        int queries() {
            return workload.axes.getOrDefault("queries", 1);
        }

        /** Returns an input's elements: the top 24 bits of SplittableRandom's numbers, as check.py makes them. */
        float[] input(String name) {
            int count = definition.inputs.get(name).shape.stream().mapToInt(this::size).reduce(1, Math::multiplyExact);
            Source source = workload.inputs.get(name);
            SplittableRandom random = new SplittableRandom(source.seed);
            float[] elements = new float[count];
            for (int i = 0; i < count; i++) {
                elements[i] = ((random.nextLong() >>> 40) * 0x1p-23f - 1) * source.scale;
            }
            return elements;
        }

        float[] expected() {
            Path file = ROOT.resolve("expected").resolve(definition.opType)
                    .resolve(definition.name + "-" + workload.uuid + ".safetensors");
            return Safetensors.read(file, Arena.ofAuto()).tensors().get("output").toFloats();
        }

        @Override
        public String toString() {
            return definition.name + " " + new HashMap<>(workload.axes);
        }
    }

    /** Returns all workloads of an op type. */
    static Stream<Case> cases(String opType) {
        try (Stream<Path> files = Files.list(ROOT.resolve("definitions").resolve(opType))) {
            return files.sorted().toList().stream().flatMap(Definition::cases);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static Stream<Case> cases(Path file) {
        try {
            Definition definition = GSON.fromJson(Files.readString(file), Definition.class);
            Path lines = ROOT.resolve("workloads").resolve(definition.opType).resolve(definition.name + ".jsonl");
            return Files.readAllLines(lines).stream()
                    .map(line -> new Case(definition, GSON.fromJson(line, Line.class).workload));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
