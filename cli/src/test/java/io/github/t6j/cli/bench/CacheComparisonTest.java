package io.github.t6j.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.Model;
import io.github.t6j.ModelInfo;
import io.github.t6j.ModelOptions;
import io.github.t6j.RopeVariant;
import io.github.t6j.cli.CommandResult;
import io.github.t6j.cli.bench.CacheComparison.Entry;
import io.github.t6j.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares the figures of {@code t6j inspect} with the paper: table 1's formulas, and the sizes of its models. */
class CacheComparisonTest {
    /** Returns the number of weights of T6's attention: six factors and the output. */
    private static long tensorProduct(long n, long h, long d, long rQ, long rK, long rV) {
        return n * (h + d) * (rQ + rK + rV) + n * h * d;
    }

    private static Entry named(List<Entry> entries, String name) {
        return entries.stream().filter(entry -> entry.name().equals(name)).findFirst().orElseThrow();
    }

    /**
     * The paper's sizes, starting from T6. Its small T6 of 34 heads is larger than its neighbours (33 would be nearest
     * to the MHA of 12), so the nearest MQA and MLA have one head more there than the paper's 23 and 13.
     */
    @ParameterizedTest
    @CsvSource({
        "768, 34, 12, 22, 24, 14",
        "1024, 47, 16, 30, 31, 23",
        "1280, 61, 20, 38, 39, 34",
        "1600, 78, 25, 48, 49, 49"
    })
    void findsThePapersHeadsFromT6(int n, int h, int mha, int gqa, int mqa, int mla) {
        Entry t6 = new Entry("model", h, tensorProduct(n, h, 64, 6, 2, 2), 4L * (h + 64));

        List<Entry> equal = CacheComparison.of(t6, n, 64, 0).equalParameters();

        assertThat(equal).extracting(Entry::name).containsExactly("mha", "gqa", "mqa", "mla");
        assertThat(equal).extracting(Entry::heads).containsExactly(mha, gqa, mqa, mla);
        assertThat(equal).extracting(Entry::elementsPerToken).containsExactly(2L * mha * 64, 256L, 128L, 288L);
    }

    /** The same, starting from MHA, for which all of the paper's sizes are nearest. */
    @ParameterizedTest
    @CsvSource({"768, 12, 22, 23, 13", "1024, 16, 30, 31, 23", "1280, 20, 38, 39, 34", "1600, 25, 48, 49, 49"})
    void findsThePapersHeadsFromMha(int n, int h, int gqa, int mqa, int mla) {
        Entry model = new Entry("model", h, 4L * n * n, 2L * n);

        CacheComparison comparison = CacheComparison.of(model, n, 64, 0);

        assertThat(comparison.equalParameters()).extracting(Entry::heads).containsExactly(h, gqa, mqa, mla);
        assertThat(comparison.equalParameters().getFirst().parameters()).isEqualTo(model.parameters());
    }

    /** Each formula written out, for the small T6. */
    @Test
    void countsEqualTable1() {
        long n = 768;
        Entry model = new Entry("model", 34, tensorProduct(n, 34, 64, 6, 2, 2), 2 * 2 * (34 + 64));

        CacheComparison comparison = CacheComparison.of(model, 768, 64, 0);

        assertThat(comparison.model()).isEqualTo(new Entry("model", 34, 2_423_808, 392));
        assertThat(comparison.equalHeads())
                .containsExactly(
                        new Entry("mha", 34, 4 * n * 34 * 64, 4352),
                        new Entry("gqa", 34, 2 * n * 34 * 64 + 2 * n * 4 * 64, 512),
                        new Entry("mqa", 34, 2 * n * 34 * 64 + 2 * n * 64, 128),
                        new Entry("mla", 34, latent(n, 34), 288));
        assertThat(comparison.equalParameters())
                .containsExactly(
                        new Entry("mha", 12, 4 * n * 12 * 64, 1536),
                        new Entry("gqa", 22, 2 * n * 22 * 64 + 2 * n * 2 * 64, 256),
                        new Entry("mqa", 24, 2 * n * 24 * 64 + 2 * n * 64, 128),
                        new Entry("mla", 14, latent(n, 14), 288));
    }

    private static long latent(long n, long h) {
        return n * 512 + 512 * h * (64 + 32) + n * (256 + 32) + 256 * h * (64 + 64) + n * h * 64;
    }

    /** Returns a size of an attention, or 0 if it has none of that name. */
    private static int size(ModelInfo.Attention attention, String name) {
        return attention.sizes().getOrDefault(name, 0);
    }

    /** Compares table 1 and the sizes of the matrices with the files. */
    @ParameterizedTest
    @MethodSource("goldenModels")
    void knowsTheModelsOwnNumbersInEveryVariant(Path golden) throws IOException {
        try (Model model = load(golden)) {
            ModelInfo info = model.info();
            ModelInfo.Attention attention = info.attention();
            long n = info.sizes().width();
            long h = attention.heads();
            long d = attention.headDim();
            long keyValue = size(attention, "k_rank") + size(attention, "v_rank");
            long norm = attention.headNorm() ? d : 0;
            String kind =
                    golden.getFileName().toString().replaceAll("[-_]?(groupnorm|partialrope|decay|odd|even).*", "");

            Entry entry = CacheComparison.of(info).model();

            assertThat(entry.heads()).isEqualTo(attention.heads());
            boolean linear = kind.contains("linearattn");
            switch (kind) {
                case "llama-mla" -> {
                    assertThat(entry.elementsPerToken())
                            .isEqualTo(size(attention, "kv_lora_rank") + size(attention, "qk_rope_dim"));
                    assertThat(entry.parameters()).isEqualTo(latent(info));
                }
                case "llama-linearattn-gqa", "llama-mha", "llama-gqa", "llama-mqa" -> {
                    long g = size(attention, "kv_heads");
                    assertThat(entry.elementsPerToken()).isEqualTo(linear ? 0 : 2 * g * d);
                    assertThat(entry.parameters()).isEqualTo(2 * n * h * d + 2 * n * g * d + norm);
                }
                default -> {
                    assertThat(entry.elementsPerToken()).isEqualTo(linear ? 0 : keyValue * (h + d));
                    assertThat(entry.parameters())
                            .isEqualTo(size(attention, "q_rank") > 0
                                    ? tensorProduct(
                                            n, h, d, size(attention, "q_rank"), size(attention, "k_rank"),
                                            size(attention, "v_rank")) + norm
                                    : n * (2 * h * d + keyValue * (h + d)) + norm);
                }
            }
        }
    }

    static List<Path> goldenModels() throws IOException {
        try (Stream<Path> folders = Files.list(CommandResult.TESTDATA.resolve("golden"))) {
            List<Path> models =
                    folders.filter(folder -> Files.exists(folder.resolve("greedy.json"))).sorted().toList();
            assertThat(models).hasSize(32);
            return models;
        }
    }

    private static Model load(Path golden) throws IOException {
        Map<String, Object> reference =
                Json.parseObject(Files.readAllBytes(golden.resolve("case.json")), "case.json");
        String file = ((String) reference.get("official_file")).replace('-', '_');
        RopeVariant variant = file.contains("linearattn")
                ? RopeVariant.LINEARATTN
                : file.contains("partialrope_decay")
                        ? RopeVariant.PARTIALROPE_DECAY
                        : file.contains("partialrope") ? RopeVariant.PARTIALROPE : RopeVariant.FULL;
        Object shared = reference.get("init") instanceof Map<?, ?> init ? init.get("shares_weights_with") : null;
        Path weights = shared == null ? golden : golden.resolveSibling((String) shared);
        return Model.load(weights, ModelOptions.defaults().withThreads(1).withVariant(variant));
    }

    private static long latent(ModelInfo info) {
        ModelInfo.Attention attention = info.attention();
        long n = info.sizes().width();
        long h = attention.heads();
        long q = size(attention, "q_lora_rank");
        long kv = size(attention, "kv_lora_rank");
        long rope = size(attention, "qk_rope_dim");
        long value = attention.valueDim();
        long norms = q + kv + (attention.headNorm() ? value : 0);
        return n * q + q * h * (attention.headDim() + rope) + n * (kv + rope)
                + kv * h * (attention.headDim() + value) + n * h * value + norms;
    }

    /** An MLA of the paper's ranks has more parameters than this whole model, so the smallest has one head. */
    @Test
    void aComparisonHasAHeadAtLeast() {
        try (Model model = Model.load(Path.of(CommandResult.TINY), ModelOptions.defaults().withThreads(1))) {
            CacheComparison comparison = CacheComparison.of(model.info());

            assertThat(comparison.model()).isEqualTo(new Entry("model", 8, 125_952, 160));
            assertThat(comparison.equalParameters()).extracting(Entry::heads).containsExactly(5, 8, 9, 1);
            assertThat(named(comparison.equalHeads(), "gqa").elementsPerToken()).isEqualTo(2 * 4 * 32);
        }
    }
}
