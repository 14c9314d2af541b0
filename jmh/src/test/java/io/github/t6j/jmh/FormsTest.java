package io.github.t6j.jmh;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.AttentionPass;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.PackedMatMul;
import io.github.t6j.kernels.PackedMatrix;
import io.github.t6j.kernels.RoundedRows;
import io.github.t6j.kernels.Workers;
import io.github.t6j.kernels.choice.KernelChoice;
import io.github.t6j.kernels.simd.SimdKernels;
import io.github.t6j.kernels.simd.lanes.TileTable;
import io.github.t6j.weights.NativeMemory;
import io.github.t6j.weights.Tensor;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Reported forms, compared with the kernels that the engine calls. */
class FormsTest {
    private static final SimdKernels SIMD = (SimdKernels) KernelChoice.kernels();

    /** Returns the SIMD kernels; they add the names of their operations, or their tiles, to {@code calls}. */
    private static Kernels recording(Set<String> calls) {
        return (Kernels) Proxy.newProxyInstance(
                Kernels.class.getClassLoader(), new Class<?>[] {Kernels.class}, (proxy, method, arguments) -> {
                    calls.add(switch (method.getName()) {
                        case "multiply" -> "tile " + SIMD.tiles().tile((Format) arguments[5], (int) arguments[2],
                                (int) arguments[8], (int) arguments[3], (int) arguments[9]).name()
                                .toLowerCase(Locale.ROOT);
                        case "multiplyBlocks" -> "tile " + SIMD.tiles()
                                .blocks((RoundedRows) arguments[0], (int) arguments[6]).name().toLowerCase(Locale.ROOT);
                        case "multiplyKQuants" ->
                            ((RoundedRows) arguments[0]).rows < RoundedRows.GROUP ? "tile row" : "tile rows";
                        case "tensorScores" ->
                            SIMD.tiles().isSixHeads((int) arguments[2], (int) arguments[7]) ? "six" : "three";
                        default -> method.getName();
                    });
                    return method.invoke(SIMD, arguments);
                });
    }

    private static List<String> tiles(String form) {
        return Arrays.stream(form.split(", ")).filter(words -> words.contains("tile "))
                .map(words -> words.substring(words.indexOf("tile "))).distinct().toList();
    }

    /** Sizes of the quick suite, with and without 16 registers and Intel's tiles. */
    @ParameterizedTest
    @CsvSource({"false, false, f32, 1, tile wide", "false, false, bf16, 128, tile wide",
        "true, false, f32, 128, tile near_slim", "false, true, f32, 128, tile tall", "false, false, q8_0, 1, tile row",
        "false, true, q8_0, 1, tile pair", "false, true, q8_0, 128, tile tall", "false, true, q4_0, 128, tile rows",
        "false, false, q4_k, 3, tile row", "false, false, q6_k, 4, tile rows"})
    void productsNameTheirTile(boolean fewRegisters, boolean intel, String type, int rows, String form) {
        assertThat(Forms.product(new TileTable(fewRegisters, intel), type, 768, rows)).isEqualTo(form);
    }

    @ParameterizedTest
    @CsvSource({
        "f32, 1", "f32, 128", "bf16, 1", "bf16, 19", "bf16, 20", "q8_0, 1", "q8_0, 128", "q4_0, 3", "q4_k, 3",
        "q5_k, 4", "q6_k, 128"})
    void productsUseTheirTile(String type, int rows) {
        Set<String> calls = new TreeSet<>();
        try (Workers workers = new Workers(1); NativeMemory memory = NativeMemory.shared()) {
            Tensor weights = Tensor.of("weights", Matrices.dtype(type), new float[500 * 768], 500, 768);
            PackedMatrix packed = BenchmarkSupport.pack(weights, 1, memory, workers)[0];
            new PackedMatMul(recording(calls), workers, false)
                    .multiply(packed, new float[rows * 768], 768, rows, new float[rows * packed.stride()]);
        }
        calls.removeIf(call -> !call.startsWith("tile "));
        assertThat(calls).containsExactly(Forms.product(SIMD.tiles(), type, 768, rows));
    }

    @ParameterizedTest
    @CsvSource({"false, 64, tile near", "false, 32, tile near and narrow", "true, 32, tile near_slim"})
    void trainingNamesItsTiles(boolean fewRegisters, int columns, String form) {
        assertThat(Forms.training(new TileTable(fewRegisters, false), columns)).isEqualTo(form);
    }

    @Test
    void trainingUsesTheseTiles() {
        float[] x = new float[64 * 3 * 32];
        Set<String> calls = new TreeSet<>();
        try (TrainingHeads heads = new TrainingHeads(recording(calls), 1, x, x, x, x, 3, 32, 64)) {
            heads.forward();
            heads.backward();
        }
        String[] reported = Forms.training(SIMD.tiles(), 32).replaceFirst("tile ", "").split(" and ");
        assertThat(calls).extracting(call -> call.replace("tile ", "")).containsExactlyInAnyOrder(reported);
    }

    /** On 32 registers without Intel's tiles: a query, and 128 rows. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "paper | mha       | f32  | 1   | scores tile wide, values tile wide",
        "paper | gqa       | bf16 | 1   | scores tile near, values tile near",
        "d128  | gqa       | q8   | 1   | scores tile far, values tile near",
        "paper | tpa       | f32  | 1   | scores tile near, values tile near",
        "small | tpa       | f16  | 1   | scores tile near, values tile far",
        "mlra  | tpa       | f32  | 1   | scores tile far, values tile far",
        "paper | gla       | f32  | 1   | latents absorbed, scores tile far, values tile near",
        "olala | tpa_steps | f32  | 1   | ''",
        "paper | gqa       | f32  | 128 | rows in blocks, scores tile near, values tile near",
        "paper | tpa       | f32  | 128 | values rebuilt, scores tile near, values tile near",
        "small | tpa       | bf16 | 128 | values rebuilt, six heads, scores tile near, values tile near",
        "small | tpa_kvonly | f32 | 128 | keys and values rebuilt, scores tile near, values tile near",
        "paper | mla       | f32  | 128 | keys and values rebuilt, scores tile wide, values tile near",
        "paper | mlra      | f32  | 128 | latents absorbed, scores tile near, values tile near",
        "olala | tpa_steps | f32  | 128 | rows in blocks, scores tile far, values tile near"})
    void attentionNamesItsAlgorithmAndTiles(String shape, String attention, String type, int rows, String form) {
        PrefillAttentionBenchmark benchmark = new PrefillAttentionBenchmark();
        benchmark.shape = shape;
        benchmark.attention = attention;
        benchmark.tokens = 128;
        benchmark.cacheType = type;
        benchmark.threads = 1;
        benchmark.kernels = "simd";
        benchmark.fill();
        AttentionShape sizes = AttentionShape.of(shape, attention);
        Format format = BenchmarkSupport.format(type);
        TileTable common = new TileTable(false, false);

        assertThat(Forms.attention(common, sizes, benchmark.subject, format, rows, 1)).isEqualTo(form);

        benchmark.prompt();
        Set<String> calls = new TreeSet<>();
        try (Workers workers = new Workers(1)) {
            AttentionAlgorithm algorithm =
                    benchmark.subject.newAlgorithm(benchmark.cache, recording(calls), workers);
            AttentionPass pass = AttentionPass.of(benchmark.subject, rows, 0);
            pass.setLayer(benchmark.subject, 0);
            pass.rows = rows;
            pass.position = 128 - rows;
            algorithm.attend(pass);
        }
        String found = Forms.attention(SIMD.tiles(), sizes, benchmark.subject, format, rows, 1);
        assertThat(calls).containsAll(tiles(found));
        assertThat(calls.contains("rebuildRows")).isEqualTo(rows > 1 && attention.startsWith("tpa"));
        assertThat(calls.contains("rebuildColumns")).isEqualTo(rows > 1 && attention.startsWith("tpa_"));
        assertThat(calls.contains("six")).isEqualTo(found.contains("six heads"));
        benchmark.close();
    }
}
