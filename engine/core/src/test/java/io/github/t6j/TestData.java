package io.github.t6j;

import io.github.t6j.family.VariantName;
import io.github.t6j.json.Json;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Access to the files in testdata/, for tests. */
public final class TestData {
    private TestData() {}

    /** Returns a file or folder in testdata/. */
    public static Path path(String relative) {
        return Path.of(System.getProperty("t6j.testdata")).resolve(relative);
    }

    /** Returns the folder of t6-tiny, a small T6 that was trained with the official code. */
    public static Path tiny() {
        return path("models/t6-tiny");
    }

    /** Reads a JSON object in testdata/. */
    public static Map<String, Object> json(String relative) {
        return json(path(relative));
    }

    /** Reads a JSON object in a file. */
    public static Map<String, Object> json(Path file) {
        try {
            return Json.parseObject(Files.readAllBytes(file), file.toString());
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** Returns the integers of the JSON array {@code value}. */
    public static int[] ints(Object value) {
        return Json.array(value, "list").stream().mapToInt(number -> ((Number) number).intValue()).toArray();
    }

    /** Returns the index of the largest logit; of equal ones, the first. */
    public static int best(float[] logits) {
        int best = 0;
        for (int id = 1; id < logits.length; id++) {
            best = logits[id] > logits[best] ? id : best;
        }
        return best;
    }

    /** Reads all elements of a tensor in a safetensors file as doubles. */
    public static double[] doubles(String relative, String tensor) {
        try (Checkpoint file = Checkpoint.open(path(relative), false)) {
            Tensor found = file.tensors().get(tensor);
            double[] values = new double[Math.toIntExact(found.elementCount())];
            for (int i = 0; i < values.length; i++) {
                values[i] = switch (found.dtype()) {
                    case F64 -> found.data().get(java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED, 8L * i);
                    case I64 -> found.data().get(java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED, 8L * i);
                    default -> {
                        float[] one = new float[1];
                        found.read(i, one, 0, 1);
                        yield one[0];
                    }
                };
            }
            return values;
        }
    }

    /** Golden model: its folder and variant, prompt ids, and expected greedy tokens. */
    public record GoldenModel(String name, Path folder, RopeVariant variant, int[] ids, int[] greedy) {
        private static GoldenModel of(Path folder) {
            String name = folder.getFileName().toString();
            Map<String, Object> reference = json("golden/" + name + "/case.json");
            Map<String, Object> greedy = json("golden/" + name + "/greedy.json");
            String file = ((String) reference.get("official_file")).replace('-', '_');
            String variant = file.contains("linearattn")
                    ? "linearattn"
                    : file.contains("partialrope_decay")
                            ? "partialrope-decay"
                            : file.contains("partialrope")
                                    ? "partialrope"
                                    : "full";
            return new GoldenModel(
                    name, folder, VariantName.parse(variant), ints(greedy.get("prompt")), ints(greedy.get("tokens")));
        }

        /** Returns the expected logits in float64, [ids][vocabulary]. */
        public double[] logits() {
            return doubles("golden/" + name + "/logits_f64.safetensors", "logits");
        }

        /** Loads the model with its variant. */
        public Model load(ModelOptions options) {
            return Model.load(weights(), options.withVariant(variant));
        }

        /** Returns the folder of the weights; some cases share those of another case. */
        public Path weights() {
            Object other = json("golden/" + name + "/case.json").get("init") instanceof Map<?, ?> init
                    ? init.get("shares_weights_with")
                    : null;
            return other == null ? folder : folder.resolveSibling((String) other);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /** Returns all golden models. */
    public static List<GoldenModel> goldenModels() {
        try (Stream<Path> folders = Files.list(path("golden"))) {
            return folders.filter(folder -> Files.exists(folder.resolve("greedy.json")))
                    .sorted()
                    .map(GoldenModel::of)
                    .toList();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
