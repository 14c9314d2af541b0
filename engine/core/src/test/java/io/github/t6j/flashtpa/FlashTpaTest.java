package io.github.t6j.flashtpa;

import static io.github.t6j.flashtpa.FlashTpaData.assertClose;
import static io.github.t6j.flashtpa.FlashTpaData.floats;
import static io.github.t6j.flashtpa.FlashTpaData.oracle;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.t6j.TestData;
import io.github.t6j.flashtpa.FlashTpa.Factors;
import io.github.t6j.flashtpa.FlashTpa.Options;
import io.github.t6j.flashtpa.FlashTpa.Shape;
import io.github.t6j.json.Json;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests FlashTPA as a function against the official decode functions and the definition of attention in float64. */
class FlashTpaTest {
    private static final String GOLDEN = "golden/flashtpa/";
    private static final float HIDDEN = Float.NEGATIVE_INFINITY;

    private static float[] compute(FlashTpaData data, Options options, float[] mask) {
        try (FlashTpa flash = new FlashTpa(data.shape(), options);
                FlashTpaCache cache = flash.newCache(data.batch())) {
            cache.append(data.tokens(), data.k(), data.v());
            return cache.attend(data.queries(), data.q(), mask);
        }
    }

    private static float[] golden(String file, String tensor) {
        double[] doubles = TestData.doubles(GOLDEN + file, tensor);
        float[] floats = new float[doubles.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) doubles[i];
        }
        return floats;
    }

    private static int[] sizes(Object golden, String... names) {
        Map<String, Object> fields = Json.object(golden, "case");
        return Arrays.stream(names).mapToInt(name -> ((Number) fields.get(name)).intValue()).toArray();
    }

    private static List<Object> goldens(String kind) {
        return Json.array(TestData.json(GOLDEN + "case.json").get(kind), kind);
    }

    static List<Object> rankOne() {
        return goldens("rank1");
    }

    static List<Object> general() {
        List<Object> all = new ArrayList<>(goldens("general"));
        all.add(TestData.json(GOLDEN + "case.json").get("masked"));
        return all;
    }

    /**
     * This class has the official layouts of rank 1: ak [B][M][H] is [B][M][H][1], bk [B][M][D] is
     * [B][M][1][D].
     */
    @Tag("width")
    @ParameterizedTest
    @MethodSource("rankOne")
    void outputsMatchTheOfficialDecodeFunctions(Object golden) {
        int[] n = sizes(golden, "B", "H", "R", "D", "E", "M");
        String file = (String) Json.object(golden, "case").get("file");
        FlashTpaData data = new FlashTpaData(
                new Shape(n[1], n[3], n[4], n[2], 1, 1), n[0], 1, n[5], golden(file, "aq"), golden(file, "bq"), golden(
                        file, "ak"),
                golden(file, "bk"), golden(file, "av"), golden(file, "bv"));
        Options options = Options.defaults(data.shape());
        if (Json.object(golden, "case").get("scales") instanceof Map<?, ?> s) {
            options = options.withScales(
                    (Double) s.get("scale"), (Double) s.get("scale_q"), (Double) s.get("scale_k"),
                    (Double) s.get("scale_v"));
        }

        assertClose(compute(data, options, null), TestData.doubles(GOLDEN + file, "o_f64"), file);
        assertClose(
                compute(data, options.withSigmoid(), null), TestData.doubles(GOLDEN + file, "o_sigmoid_f64"),
                file + ", sigmoid");
    }

    @Tag("width")
    @ParameterizedTest
    @MethodSource("general")
    void outputsMatchAlgorithm2ForAnyRanksQueriesAndMask(Object golden) {
        int[] n = sizes(golden, "B", "N", "H", "RQ", "RK", "RV", "D", "E", "M");
        String prefix = (String) Json.object(golden, "case").get("prefix");
        String file = "general.safetensors";
        FlashTpaData data = new FlashTpaData(
                new Shape(n[2], n[6], n[7], n[3], n[4], n[5]), n[0], n[1], n[8], golden(file, prefix + "aq"), golden(
                        file, prefix + "bq"),
                golden(file, prefix + "ak"), golden(file, prefix + "bk"), golden(
                        file, prefix + "av"),
                golden(file, prefix + "bv"));
        boolean masked = prefix.equals("masked/");
        Options options = Options.defaults(data.shape());

        float[] found = compute(data, options, masked ? golden(file, prefix + "mask") : null);

        assertClose(found, TestData.doubles(GOLDEN + file, prefix + "o"), prefix);
        if (!masked) {
            assertClose(
                    compute(data, options.withSigmoid(), null), TestData.doubles(GOLDEN + file, prefix + "o_sigmoid"),
                    prefix + "sigmoid");
        }
    }

    @Tag("width")
    @ParameterizedTest
    @CsvSource({
        "1, 1, 1, 1, 1, 1,  1, 1, 1",
        "3, 5, 7, 2, 1, 2,  2, 3, 64",
        "1, 33, 65, 3, 2, 1,  1, 2, 130",
        "17, 31, 3, 4, 3, 5,  3, 1, 191",
        "5, 18, 24, 0, 2, 3,  2, 2, 70",
        "9, 64, 16, 16, 1, 1,  1, 1, 1025"
    })
    void outputsMatchWholeQueriesKeysAndValuesOfOddSizes(
            int heads, int d, int e, int rQ, int rK, int rV, int batch, int queries, int tokens) {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        FlashTpaData data = FlashTpaData.random(new Shape(heads, d, e, rQ, rK, rV), batch, queries, tokens, random);
        Options options = Options.defaults(data.shape()).withScales(0.3, 0.7, 0.9, 1.7);
        int[] counts = new int[batch];
        Arrays.fill(counts, tokens);
        float[] mask = floats(random, batch * queries * tokens);
        for (int i = 0; i < mask.length; i++) {
            mask[i] = i % tokens > 0 && random.nextInt(3) == 0 ? HIDDEN : mask[i];
        }

        assertClose(compute(data, options, null), oracle(data, options, counts, null), "seed " + seed);
        assertClose(compute(data, options, mask), oracle(data, options, counts, mask), "masked, seed " + seed);
    }

    @Test
    void sequencesGrowToDifferentLengths() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        FlashTpaData data = FlashTpaData.random(new Shape(6, 16, 16, 3, 2, 2), 3, 2, 150, random);
        Options options = Options.defaults(data.shape()).withThreads(2);
        int[] counts = {150, 1, 67};
        float[] mask = floats(random, 3 * 2 * 160); // wider than the longest sequence

        try (FlashTpa flash = new FlashTpa(data.shape(), options); FlashTpaCache cache = flash.newCache(3)) {
            cache.append(150, counts, data.k(), data.v());

            assertThat(cache.longest()).isEqualTo(150);
            assertThat(cache.length(2)).isEqualTo(67);
            assertClose(cache.attend(2, data.q()), oracle(data, options, counts, null), "seed " + seed);
            assertClose(cache.attend(2, data.q(), mask), oracle(data, options, counts, mask), "seed " + seed);
        }
    }

    @Test
    void aSequenceOfABatchGetsTheSameBitsAsAlone() {
        Random random = new Random(5);
        Shape shape = new Shape(4, 12, 8, 3, 1, 2);
        FlashTpaData first = FlashTpaData.random(shape, 1, 1, 300, random);
        FlashTpaData second = FlashTpaData.random(shape, 1, 1, 300, random);
        FlashTpaData both = new FlashTpaData(
                shape, 2, 1, 300, joined(first.aQ(), second.aQ()), joined(first.bQ(), second.bQ()), joined(
                        first.aK(), second.aK()),
                joined(first.bK(), second.bK()), joined(first.aV(), second.aV()),
                joined(first.bV(), second.bV()));
        Options options = Options.defaults(shape);

        assertThat(compute(both, options, null))
                .isEqualTo(joined(compute(first, options, null), compute(second, options, null)));
    }

    private static float[] joined(float[] a, float[] b) {
        float[] joined = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, joined, a.length, b.length);
        return joined;
    }

    @Tag("width")
    @ParameterizedTest
    @CsvSource({"1", "63", "64", "65", "200", "256", "300", "1000"})
    void aMaskedTailDoesNotChangeTheBits(int tokens) {
        FlashTpaData data = FlashTpaData.random(new Shape(5, 20, 12, 3, 2, 2), 1, 1, 1100, new Random(tokens));
        float[] mask = new float[1100];
        Arrays.fill(mask, tokens, 1100, HIDDEN);

        float[] alone = compute(data.tokens(0, tokens), Options.defaults(data.shape()), null);

        assertThat(compute(data, Options.defaults(data.shape()), mask)).isEqualTo(alone);
    }

    @ParameterizedTest
    @CsvSource({"1", "7", "64", "100"})
    void bitsDoNotDependOnPiecesAndThreads(int piece) {
        FlashTpaData data = FlashTpaData.random(new Shape(5, 20, 12, 3, 2, 2), 2, 3, 600, new Random(9));
        float[] whole = compute(data, Options.defaults(data.shape()).withThreads(1), null);

        Options options = Options.defaults(data.shape()).withThreads(3);
        try (FlashTpa flash = new FlashTpa(data.shape(), options); FlashTpaCache cache = flash.newCache(2)) {
            for (int from = 0; from < 600; from += piece) {
                FlashTpaData part = data.tokens(from, Math.min(600, from + piece));
                cache.append(part.tokens(), part.k(), part.v());
            }
            assertThat(cache.attend(3, data.q())).isEqualTo(whole);
        }
    }

    /** Leading tokens, whole pages and spans may be hidden; a query that sees no token gets zeros. */
    @Test
    void anyTokensMayBeHidden() {
        FlashTpaData data = FlashTpaData.random(new Shape(3, 8, 8, 2, 1, 1), 1, 4, 700, new Random(11));
        Options options = Options.defaults(data.shape());
        float[] mask = new float[4 * 700];
        Arrays.fill(mask, 0, 600, HIDDEN);
        Arrays.fill(mask, 700, 1400, HIDDEN);
        Arrays.fill(mask, 1400 + 3, 2100, HIDDEN);
        Arrays.fill(mask, 2100, 2800, -Float.MAX_VALUE); // equal for all tokens, so it hides none

        float[] found = compute(data, options, mask);

        Arrays.fill(mask, 700, 2100, 0);
        Arrays.fill(mask, 1400 + 3, 2100, HIDDEN);
        Arrays.fill(mask, 2100, 2800, -1e30f / 1.442695f);
        double[] expected = oracle(data, options, new int[] {700}, mask);
        Arrays.fill(expected, 24, 48, 0);
        // float64 still resolves the scores next to a bias of 1e30; in f32 all tokens get equal weights
        Arrays.fill(expected, 72, 96, 0);
        FlashTpaData mean = new FlashTpaData(
                data.shape(), 1, 1, 700, new float[6], new float[16], data.aK(), data.bK(), data.aV(), data.bV());
        double[] plain = oracle(mean, options, new int[] {700}, null);
        System.arraycopy(plain, 0, expected, 72, 24);
        assertClose(found, expected, "hidden");
    }

    @Test
    void withoutTokensTheOutputIsZero() {
        Shape shape = new Shape(2, 4, 3, 2, 1, 1);
        try (FlashTpa flash = new FlashTpa(shape); FlashTpaCache cache = flash.newCache(1)) {
            assertThat(cache.attend(1, Factors.of(new float[4], new float[8]))).isEqualTo(new float[6]);
        }
    }

    @Test
    void acceptsOffHeapFactorsAndAnOutputArray() {
        FlashTpaData data = FlashTpaData.random(new Shape(4, 10, 6, 2, 2, 1), 2, 1, 80, new Random(3));
        float[] expected = compute(data, Options.defaults(data.shape()), null);

        try (Arena arena = Arena.ofConfined();
                FlashTpa flash = new FlashTpa(data.shape());
                FlashTpaCache cache = flash.newCache(2)) {
            cache.append(80, offHeap(arena, data.aK(), data.bK()), offHeap(arena, data.aV(), data.bV()));
            float[] out = new float[expected.length];
            cache.attend(1, offHeap(arena, data.aQ(), data.bQ()), null, out);

            assertThat(out).isEqualTo(expected);
        }
    }

    /** Returns factors at an address that is not a multiple of 4, as in a mapped file. */
    private static Factors offHeap(Arena arena, float[] a, float[] b) {
        return new Factors(offHeap(arena, a), offHeap(arena, b));
    }

    private static MemorySegment offHeap(Arena arena, float[] floats) {
        MemorySegment segment = arena.allocate(4L * floats.length + 1).asSlice(1);
        MemorySegment.copy(floats, 0, segment, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, floats.length);
        return segment;
    }

    /** Runs the example in the documentation of {@link FlashTpa}. */
    @Test
    void theDocumentedExampleRuns() {
        FlashTpaData data = FlashTpaData.random(new Shape(34, 64, 64, 6, 2, 2), 1, 1, 100, new Random(1));
        float[] aQ = data.aQ();
        float[] bQ = data.bQ();
        float[] aK = data.aK();
        float[] bK = data.bK();
        float[] aV = data.aV();
        float[] bV = data.bV();

        FlashTpa.Shape shape = new FlashTpa.Shape(34, 64, 64, 6, 2, 2);
        try (FlashTpa flash = new FlashTpa(shape); FlashTpaCache cache = flash.newCache(1)) {
            cache.append(100, FlashTpa.Factors.of(aK, bK), FlashTpa.Factors.of(aV, bV));
            float[] y = cache.attend(1, FlashTpa.Factors.of(aQ, bQ)); // [1][1][34][64]

            assertClose(y, oracle(data, Options.defaults(shape), new int[] {100}, null), "example");
        }
    }

    @Test
    void theDocumentedExampleIsTheTestedOne() throws IOException {
        Path engine = TestData.path("../engine/core/src");
        String documented = Files.readString(engine.resolve("main/java/io/github/t6j/flashtpa/FlashTpa.java"));
        String example = documented.substring(documented.indexOf("{@code\n") + 7, documented.indexOf(" * }</pre>"));
        String test = Files.readString(engine.resolve("test/java/io/github/t6j/flashtpa/FlashTpaTest.java"));

        List<String> lines = example.lines().map(line -> line.replaceFirst("^ \\* *", "")).toList();
        assertThat(lines).hasSize(6);
        assertThat(test).contains(lines.subList(1, lines.size()));
    }

    @Test
    void errorsNameTheInvalidArgument() {
        FlashTpaData data = FlashTpaData.random(new Shape(3, 8, 5, 2, 2, 1), 2, 4, 10, new Random(2));
        try (FlashTpa flash = new FlashTpa(data.shape()); FlashTpaCache cache = flash.newCache(2)) {
            cache.append(10, data.k(), data.v());

            refuses(() -> cache.append(11, data.k(), data.v()),
                    "keys.a: expected [2][11][3][2] = 132 elements (528 bytes), found 480 bytes");
            refuses(() -> cache.append(10, Factors.of(data.aK(), new float[7]), data.v()),
                    "keys.b: expected [2][10][2][8] = 320 elements (1280 bytes), found 28 bytes");
            refuses(() -> cache.append(10, data.k(), Factors.of(new float[0], data.bV())),
                    "values.a: expected [2][10][3][1] = 60 elements (240 bytes), found 0 bytes");
            refuses(() -> cache.append(10, data.k(), Factors.of(data.aV(), data.bK())),
                    "values.b: expected [2][10][1][5] = 100 elements (400 bytes), found 1280 bytes");
            refuses(() -> cache.append(10, new int[] {10}, data.k(), data.v()),
                    "counts: expected one per sequence, 2, found 1");
            refuses(() -> cache.append(10, new int[] {10, 11}, data.k(), data.v()),
                    "counts[1]: expected 0 to 10 (tokens), found 11");
            refuses(() -> cache.append(0, data.k(), data.v()), "tokens: expected 1 or more, found 0");
            refuses(() -> cache.attend(0, data.q()), "queries: expected 1 or more, found 0");
            refuses(() -> cache.attend(3, data.q()),
                    "q.a: expected [2][3][3][2] = 36 elements (144 bytes), found 192 bytes");
            refuses(() -> cache.attend(4, Factors.of(data.aQ(), data.aQ())),
                    "q.b: expected [2][4][2][8] = 128 elements (512 bytes), found 192 bytes");
            refuses(() -> cache.attend(4, data.q(), null, new float[121]),
                    "out: expected [2][4][3][5] = 120 elements (480 bytes), found 484 bytes");
            refuses(() -> cache.attend(4, data.q(), new float[72]),
                    "mask: expected [batch][queries][M] = [2][4][M] with M of 10 (the longest sequence) or more,"
                            + " found 72 elements, M = 9.0");
            float[] mask = new float[80];
            mask[14] = Float.NaN;
            refuses(() -> cache.attend(4, data.q(), mask),
                    "mask: expected finite numbers or −∞, found NaN at index 14");
            assertThat(cache.length(0)).as("rejected tokens were not appended").isEqualTo(10);
            refuses(() -> flash.newCache(0), "batch: expected 1 or more, found 0");
        }
        refuses(() -> new Shape(3, 0, 5, 2, 2, 1), "headDim: expected 1 or more, found 0");
        refuses(() -> Options.defaults(data.shape()).withThreads(-1), "threads: expected 0 or more, found -1");
        refuses(() -> Options.defaults(data.shape()).withScales(1, Double.NaN, 1, 1),
                "queryScale: expected a finite number, found NaN");
    }

    /** Read as floats, others' bytes would give numbers that mean nothing. */
    @Test
    void elementsOfAnotherTypeAreRefused() {
        MemorySegment floats = MemorySegment.ofArray(new float[4]);
        String message = "%s: expected off-heap memory or a segment of a float[] or byte[] that holds f32 elements,"
                + " found one of a %s: copy its elements to a float[]";
        refuses(() -> new Factors(MemorySegment.ofArray(new double[2]), floats), message.formatted("a", "double[]"));
        refuses(() -> new Factors(floats, MemorySegment.ofArray(new double[2])), message.formatted("b", "double[]"));
        refuses(() -> new Factors(floats, MemorySegment.ofArray(new int[4])), message.formatted("b", "int[]"));
        refuses(() -> new Factors(floats, MemorySegment.ofArray(new short[8])), message.formatted("b", "short[]"));
        refuses(() -> new Factors(floats, MemorySegment.ofArray(new double[2]).asReadOnly()),
                message.formatted("b", "read-only long[] or double[]"));
        MemorySegment bytes = MemorySegment.ofArray(new byte[16]);
        assertThat(new Factors(floats.asReadOnly(), bytes).b()).isSameAs(bytes);
        assertThat(new Factors(Arena.ofAuto().allocate(16), MemorySegment.NULL).a().byteSize()).isEqualTo(16);
    }

    /** Products of sizes that an int does not hold, among them one whose low bits are a small number. */
    @Test
    void shapesTooLargeForATokenAreRefused() {
        for (int[] sizes : new int[][] {
            {1 << 30, 4, 4, 1, 1, 1}, {Integer.MAX_VALUE, Integer.MAX_VALUE, 1, 1, 1, 1}, {65536, 65537, 1, 0, 1, 1},
            {1, 1, 1, 1, 1, Integer.MAX_VALUE}, {1 << 16, 1, 1 << 16, 1, 1, 1}, {32, 32, 32, 8000, 8000, 1}
        }) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new Shape(sizes[0], sizes[1], sizes[2], sizes[3], sizes[4], sizes[5]))
                    .withMessageStartingWith("shape: expected at most 1048576 elements a token in queries, factors,"
                            + " products and outputs, found ");
        }
        // (1000 + 11)·5 + (1000 + 11)·7 + 5·7 + (1000 + 1029)·3 + 1000·1029 = 1047254, and with R_V 4 1049283
        assertThat(new Shape(1000, 11, 1029, 5, 7, 3).heads()).isEqualTo(1000);
        refuses(() -> new Shape(1000, 11, 1029, 5, 7, 4), "shape: expected at most 1048576 elements a token in queries,"
                + " factors, products and outputs, found 1049283 with heads 1000, headDim 11, valueDim 1029, queryRank 5,"
                + " keyRank 7, valueRank 4");
    }

    private static void refuses(Runnable call, String message) {
        assertThatIllegalArgumentException().isThrownBy(call::run).withMessage(message);
    }
}
