package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.SessionOptions.CacheType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Logits of the golden models have the bits recorded in testdata/bits.txt, on every processor with FMA, at every vector
 * width, and with the scalar twin. {@code .ci/processors} runs this test on several processors.
 */
@Tag("width")
class RecordedBitsTest {
    private static final Path RECORDED = TestData.path("bits.txt");

    /** Ids of the prefill: two pages and a part of a third. The rest is decoded one by one. */
    private static final int PREFILLED = 140;

    private static final int[] IDS = new Random(28).ints(150, 0, 64).toArray();

    /** One model per kind of attention: {@link Model#warmUp} takes a second or two for each. */
    private static final List<String> WARMED = List.of(
            "golden/T6_odd", "golden/T6_kvonly_odd", "golden/T6_linearattn", "golden/llama-gqa", "golden/llama-mla",
            "golden_llama/qwen3-norm", "golden_mlra/gta", "golden_mlra/mfa", "golden_mlra/mlra_2",
            "golden_more/qwen3moe-norm", "golden_more/gemma2-defaults", "golden_olala/full-mmmmv",
            "golden/llama-gqa Q8_0", "golden_llama/qwen3-norm Q4_K");

    /** Models that are also recorded with quantised weights of each type. */
    private static final List<String> QUANTISED = List.of(
            "golden/T6_odd", "golden/llama-gqa", "golden_llama/qwen3-norm", "golden_mlra/mlra_2",
            "golden_more/qwen3moe-norm");

    private static final List<WeightType> TYPES =
            List.of(WeightType.Q8_0, WeightType.Q4_0, WeightType.Q4_K, WeightType.Q5_K, WeightType.Q6_K);

    /** Line of bits.txt: a model's folder, its weights' type if not the file's, checksums with f32 and q8 caches. */
    private static String line(String name, Model model) {
        return name + " " + checksum(model, CacheType.F32) + " " + checksum(model, CacheType.Q8);
    }

    /** Checksum of the logits after every id. */
    private static String checksum(Model model, CacheType type) {
        CRC32C checksum = new CRC32C();
        SessionOptions options = SessionOptions.defaults().withCacheType(type).withContextLength(IDS.length);
        int vocabulary = model.info().sizes().vocabulary(); // of Olala's models it is 61
        int[] ids = Arrays.stream(IDS).map(id -> id % vocabulary).toArray();
        try (Session session = model.newSession(options)) {
            session.prefill(Arrays.copyOf(ids, PREFILLED), (position, logits) -> update(checksum, logits));
            for (int i = PREFILLED; i < ids.length; i++) {
                session.step(ids[i]);
                update(checksum, session.logits());
            }
        }
        return String.format("%08x", checksum.getValue());
    }

    private static void update(CRC32C checksum, float[] logits) {
        ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * logits.length);
        bytes.asFloatBuffer().put(logits);
        checksum.update(bytes);
    }

    /** Model folders in {@code parent}, sorted by name. */
    private static List<String> folders(String parent) throws IOException {
        try (Stream<Path> all = Files.list(TestData.path(parent))) {
            return all.filter(folder -> Files.exists(folder.resolve("model.safetensors"))
                    || Files.exists(folder.resolve("model.safetensors.index.json")))
                    .map(folder -> parent + "/" + folder.getFileName())
                    .sorted()
                    .toList();
        }
    }

    /** Returns the options of all models. */
    ModelOptions options() {
        return ModelOptions.defaults();
    }

    private static Model load(String name, ModelOptions options) {
        return Model.load(TestData.path(name.split(" ")[0]), options);
    }

    /** All models: the folder of each, perhaps with the type of its weights, and its options. */
    private Map<String, ModelOptions> models() throws IOException {
        Map<String, ModelOptions> models = new LinkedHashMap<>();
        ModelOptions options = options().withThreads(2);
        for (TestData.GoldenModel golden : TestData.goldenModels()) {
            if (golden.weights().equals(golden.folder())) {
                models.put("golden/" + golden.name(), options.withVariant(golden.variant()));
            }
        }
        for (String parent : List.of("golden_llama", "golden_mlra", "golden_more", "golden_olala")) {
            folders(parent).forEach(folder -> models.put(folder, options));
        }
        for (String folder : QUANTISED) {
            TYPES.forEach(type -> models.put(folder + " " + type, models.get(folder).withWeightType(type)));
        }
        return models;
    }

    @Test
    void logitsHaveTheRecordedBits() throws IOException {
        List<String> lines = new ArrayList<>();
        models().forEach((name, options) -> {
            try (Model model = load(name, options)) {
                lines.add(line(name, model));
            }
        });
        Files.write(TestData.path("../engine/core/target/bits.txt"), lines);
        assertThat(lines)
                .as("testdata/bits.txt: expected the checksums that it lists, found others:"
                        + " if the change is intended on every processor, copy engine/core/target/bits.txt there")
                .containsExactlyElementsOf(Files.readAllLines(RECORDED));
    }

    /** The scalar twin computes the first passes of a cold model; a warm model uses the SIMD kernels only. */
    @Tag("full")
    @Test
    void warmModelsHaveTheRecordedBits() throws IOException {
        Map<String, ModelOptions> models = models();
        for (String name : WARMED) {
            try (Model model = load(name, models.get(name))) {
                assertThat(model.warmUp(Duration.ofMinutes(5))).as(name + " is warm").isTrue();
                assertThat(Files.readAllLines(RECORDED)).contains(line(name, model));
            }
        }
    }
}
