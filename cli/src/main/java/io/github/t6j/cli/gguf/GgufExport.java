package io.github.t6j.cli.gguf;

import io.github.t6j.attention.Rope;
import io.github.t6j.cli.Main;
import io.github.t6j.cli.gguf.GgufFile.Part;
import io.github.t6j.cli.hub.Sizes;
import io.github.t6j.cli.io.DiskSpace;
import io.github.t6j.cli.io.Progress;
import io.github.t6j.cli.io.Text;
import io.github.t6j.family.ConfigJson;
import io.github.t6j.family.llama.RopeProperties;
import io.github.t6j.family.registry.Families;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.NamedTensors;
import io.github.t6j.model.TensorSpec;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes a model as a GGUF file that llama.cpp reads. */
public final class GgufExport {
    /** Values of general.file_type (llama.h), the type of most matrices. */
    private static final Map<DType, Integer> FILE_TYPES = Map.ofEntries(
            Map.entry(DType.F32, 0), Map.entry(DType.F16, 1), Map.entry(DType.Q4_0, 2), Map.entry(DType.Q4_1, 3),
            Map.entry(DType.Q8_0, 7), Map.entry(DType.Q5_0, 8), Map.entry(DType.Q5_1, 9), Map.entry(DType.Q4_K, 14),
            Map.entry(DType.Q5_K, 16), Map.entry(DType.Q6_K, 18), Map.entry(DType.BF16, 32));
    private static final int QUANTIZATION_VERSION = 2;

    private final ConfigJson config;
    private final ModelConfig model;
    private final NamedTensors tensors;
    private final String architecture;

    /**
     * @param config the model's config.json
     * @param tensors tensors with the names of Hugging Face, whose reader has the elements to write
     */
    public GgufExport(ConfigJson config, ModelConfig model, NamedTensors tensors) {
        this.config = ModelKeys.textPart(config);
        this.model = model;
        this.tensors = tensors;
        architecture = ModelKeys.architecture(this.config);
    }

    /** Returns the keys of the tokenizer of a folder. @param files its files by name @param tokenizer it, or null */
    public Map<String, Object> tokenizer(Map<String, byte[]> files, Tokenizer tokenizer) {
        return TokenizerKeys.of(files, tensors.where(), tokenizer, model.sizes().vocabulary());
    }

    /** Returns the keys of the tokenizer in a GGUF file. @param keys all its keys */
    public static Map<String, Object> tokenizer(Map<String, Object> keys) {
        return TokenizerKeys.ofGguf(keys);
    }

    /**
     * Writes the file.
     *
     * @param name name of the model
     * @param tokenizer keys of the tokenizer
     */
    public void write(Path file, String name, Map<String, Object> tokenizer, Main main) {
        Map<String, Object> keys = new LinkedHashMap<>(ModelKeys.of(config, model));
        Map<String, Tensor> named = new LinkedHashMap<>();
        for (TensorSpec spec : Families.tensors(model)) {
            named.put(spec.name(), tensors.get(spec));
        }
        List<Part> parts = new ArrayList<>(
                new TensorNames(architecture, model.attention().headDim(), tensors.reader()).parts(named));
        parts.addAll(factors());
        DType most = ofMost(parts);
        keys.put("general.name", name);
        keys.put("general.file_type", FILE_TYPES.get(most));
        if (most.isQuantized()) {
            keys.put("general.quantization_version", QUANTIZATION_VERSION);
        }
        keys.putAll(tokenizer);
        long bytes = parts.stream().mapToLong(Part::bytes).sum();
        DiskSpace.check(file, bytes);
        if (ModelKeys.ignoresWindows(architecture, model)) {
            main.note(
                    "note: llama.cpp ignores the windows of this model: its results differ for texts longer than one");
        }
        try (Progress progress = new Progress(main, "writing " + file)) {
            GgufFile.write(file, keys, parts, index -> progress.update(index, parts.size()));
        }
        main.note("wrote " + Text.printable(file.toString(), Integer.MAX_VALUE) + ": " + architecture + ", "
                + parts.size() + " tensors, " + Sizes.of(bytes));
    }

    private static DType ofMost(List<Part> parts) {
        Map<DType, Long> bytes = new EnumMap<>(DType.class);
        parts.forEach(part -> bytes.merge(part.dtype(), part.bytes(), Long::sum));
        return bytes.entrySet().stream().max(Map.Entry.comparingByValue()).orElseThrow().getKey();
    }

    /** Returns the tensors of RoPE's factors, which divide the frequencies. */
    private List<Part> factors() {
        Map<String, Object> rope = RopeProperties.of(config);
        ConfigJson scaling = config.object("rope_scaling") == null
                ? config.object("rope_parameters")
                : config.object("rope_scaling");
        return switch ((String) rope.get("type")) {
            case "llama3" -> List.of(part("rope_freqs", divisors((Double) rope.get("base"))));
            case "gguf_factors" -> List.of(part("rope_freqs", floats(scaling.list("factors"))));
            case "longrope" -> List.of(part("rope_factors_long", floats(scaling.list("long_factor"))),
                    part("rope_factors_short", floats(scaling.list("short_factor"))));
            default -> List.of();
        };
    }

    /** Returns the plain frequencies divided by the model's. */
    private float[] divisors(double base) {
        List<Float> frequencies = model.rope().frequencies();
        float[] divisors = new float[frequencies.size()];
        for (int i = 0; i < divisors.length; i++) {
            divisors[i] = Rope.frequency(i, model.rope().rotaryDim(), base) / frequencies.get(i);
        }
        return divisors;
    }

    private static float[] floats(List<?> numbers) {
        float[] floats = new float[numbers.size()];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = ((Number) numbers.get(i)).floatValue();
        }
        return floats;
    }

    private static Part part(String name, float[] elements) {
        LazyTensor tensor = LazyTensor.of(Tensor.of(name + ".weight", elements, elements.length));
        return new Part(tensor.name(), tensor.dtype(), tensor.shape(), List.of(tensor.data()));
    }
}
