package io.github.t6j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.ModelOptions.Load;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.benchmark.PromptPasses;
import io.github.t6j.cli.formats.Fed;
import io.github.t6j.cli.formats.ModelFormat;
import io.github.t6j.cli.formats.ModelKind;
import io.github.t6j.cli.formats.ModelSizes;
import io.github.t6j.cli.formats.Pairwise;
import io.github.t6j.cli.formats.StoredModel;
import io.github.t6j.nativekernels.NativeKernels;
import io.github.t6j.weights.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The same weights give the same bits whatever files they come in, however they are loaded, on any number of threads
 * and in any chunks of one form, whatever happens to the session meanwhile. Every two settings meet;
 * -Dt6j.formats.seed=N makes other models and other rows of settings.
 */
class EveryFormatTest {
    private static final long SEED = Long.getLong("t6j.formats.seed", 28);
    private static final int AT_ONCE = Fed.PROMPT;

    @TempDir
    private Path folder;

    /** A row of settings, and the seed of its model and prompt. */
    private record Setting(
            ModelKind kind, ModelSizes sizes, DType weights, ModelFormat format, boolean converted, Load load,
            int threads,
            int chunk, CacheType cache, Fed.Event event, long seed) {
        static Setting of(List<Object> row, long seed) {
            return new Setting(
                    (ModelKind) row.get(0), (ModelSizes) row.get(1), (DType) row.get(2), (ModelFormat) row.get(3),
                    (Boolean) row.get(4), (Load) row.get(5), (Integer) row.get(6), (Integer) row.get(7),
                    (CacheType) row.get(8), (Fed.Event) row.get(9), seed);
        }

        /** Type of the cached elements: linear attention's state is f32 with every type of cache (record 13). */
        CacheType cached() {
            return kind.isLinear() ? CacheType.F32 : cache;
        }

        /** True if products or caches have 8 bits or fewer: last bits then round activations and elements apart. */
        boolean isRounded() {
            return weights.isQuantized() || cached() == CacheType.Q8;
        }

        SessionOptions options() {
            return SessionOptions.defaults().withContextLength(Fed.LENGTH).withCacheType(cache);
        }
    }

    private static List<List<Object>> parameters() {
        List<Object> weights = Arrays.stream(DType.values()).filter(DType::isFloating)
                .filter(dtype -> dtype != DType.F64 && dtype != DType.IQ4_NL) // IQ4_NL becomes q8_0 when it is loaded
                .map(Object.class::cast).toList();
        return List.of(
                List.of((Object[]) ModelKind.values()),
                IntStream.range(0, ModelSizes.COUNT).<Object>mapToObj(ModelSizes::of).toList(), weights,
                List.of((Object[]) ModelFormat.values()), List.of(false, true), List.of((Object[]) Load.values()),
                List.of(1, 2, 8), List.of(AT_ONCE, 1, 64, 100, 128, 129), List.of((Object[]) CacheType.values()),
                List.of((Object[]) Fed.Event.values()));
    }

    /** Returns true if a model can have both. */
    private static boolean mayMeet(Object one, Object other) {
        return isIn(one, other) && isIn(other, one);
    }

    private static boolean isIn(Object value, Object place) {
        return switch (value) {
            case DType dtype when place instanceof ModelFormat format -> format.holds(dtype);
            case ModelKind kind when place instanceof ModelFormat format -> format.holds(kind);
            default -> true;
        };
    }

    private static List<List<Object>> combinations() {
        return Pairwise.rows(parameters(), EveryFormatTest::mayMeet, SEED);
    }

    private static List<Setting> settings() {
        List<List<Object>> rows = combinations();
        return IntStream.range(0, rows.size()).mapToObj(i -> Setting.of(rows.get(i), 1000 * SEED + i)).toList();
    }

    /** Returns the first setting of each format of files. */
    static List<Setting> first() {
        Set<ModelFormat> formats = new HashSet<>();
        return settings().stream().filter(setting -> formats.add(setting.format)).toList();
    }

    /** Returns the other settings. */
    static List<Setting> others() {
        List<Setting> others = new ArrayList<>(settings());
        others.removeAll(first());
        return others;
    }

    @Test
    void everyTwoSettingsMeet() {
        Set<List<Object>> met = new HashSet<>();
        for (List<Object> row : combinations()) {
            for (int p = 0; p < row.size(); p++) {
                for (int q = p + 1; q < row.size(); q++) {
                    assertThat(mayMeet(row.get(p), row.get(q))).as("seed %d, %s", SEED, row).isTrue();
                    met.add(List.of(p, row.get(p), q, row.get(q)));
                }
            }
        }
        List<List<Object>> all = parameters();
        List<List<Object>> missed = new ArrayList<>();
        for (int p = 0; p < all.size(); p++) {
            for (int q = p + 1; q < all.size(); q++) {
                for (Object one : all.get(p)) {
                    for (Object other : all.get(q)) {
                        if (mayMeet(one, other) && !met.contains(List.of(p, one, q, other))) {
                            missed.add(List.of(one, other));
                        }
                    }
                }
            }
        }
        assertThat(missed).as("seed %d", SEED).isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("first")
    void theBitsAreThoseOfOneFileOfSafetensors(Setting setting) throws IOException {
        check(setting);
    }

    @Tag("full")
    @ParameterizedTest(name = "{0}")
    @MethodSource("others")
    void theBitsOfEverySettingAreThoseOfOneFileOfSafetensors(Setting setting) throws IOException {
        check(setting);
    }

    private void check(Setting setting) throws IOException {
        StoredModel stored = setting.format.random(setting.kind, setting.sizes, setting.weights, setting.seed);
        Path plain = ModelFormat.SAFETENSORS.write(stored, folder.resolve("plain"));
        Path source = source(setting, stored);
        int longPass = setting.kind.longPass(setting.sizes);
        int[] ids = Arrays.copyOf(
                new Random(setting.seed).ints(Fed.PROMPT, 0, setting.sizes.vocabulary()).toArray(), Fed.LENGTH);
        SessionOptions options = setting.options();
        try (Model reference = Model.load(plain, ModelOptions.defaults().withThreads(1));
                Model model = Model.load(source,
                        ModelOptions.defaults().withThreads(setting.threads).withLoad(setting.load)
                                .withKernels(NativeKernels.exists(null) ? NativeKernels.load() : null))) {
            try (Session session = model.newSession()) {
                assertThat(PromptPasses.matter(session)).isEqualTo(longPass > 0);
            }
            Fed atOnce = Fed.greedily(reference, options, ids);
            Fed fed = Fed.inChunks(
                    model, options, ids, setting.chunk, setting.event, setting.kind.isLinear(),
                    folder.resolve("session"));
            Fed sameForms = longPass == 0 ? atOnce : Fed.inSameForms(reference, options, ids, fed, longPass);
            assertSameBits(setting, fed.logits(), sameForms.logits());
            assertSameBits(
                    setting, ofCommand(setting, source, ids), setting.chunk == 1 ? fed.logits() : atOnce.logits());
            assertNear(setting, fed, atOnce);
            assertNear(setting, Fed.byOracle(reference, options.withCacheType(setting.cached()), ids), atOnce);
        }
    }

    /** Writes what is loaded: the format's files, or the folder that {@code t6j convert} makes of them. */
    private Path source(Setting setting, StoredModel stored) throws IOException {
        Path source = setting.format.write(stored, folder.resolve("source"));
        if (!setting.converted) {
            return source;
        }
        Path converted = folder.resolve("converted");
        CommandResult ran = CommandResult.of("convert", source.toString(), converted.toString());
        assertThat(ran.code()).as(ran.err()).isZero();
        return converted;
    }

    /** Runs {@code t6j logits} for the prompt, fed at once, or one by one where the setting has chunks of 1. */
    private float[][] ofCommand(Setting setting, Path source, int[] ids) throws IOException {
        Path file = Files.writeString(folder.resolve("ids"), Arrays.stream(ids, 0, Fed.PROMPT)
                .mapToObj(Integer::toString).collect(Collectors.joining(",")));
        Path out = folder.resolve("logits");
        int threads = Math.min(setting.threads, 4 * Runtime.getRuntime().availableProcessors());
        List<String> arguments = new ArrayList<>(List.of(
                "logits", "--model", source.toString(), "--ids", "@" + file, "--out", out.toString(), "--load",
                word(setting.load), "--threads", Integer.toString(threads), "--cache-type", word(setting.cache)));
        if (setting.chunk == 1) {
            arguments.add("--step");
        }
        CommandResult ran = CommandResult.of(arguments.toArray(String[]::new));
        assertThat(ran.code()).as(ran.err()).isZero();
        return rows(StoredTensors.read(out).tensors().get("logits").values());
    }

    /** [positions][vocabulary], null after the prompt. */
    private static float[][] rows(double[] elements) {
        float[][] rows = new float[Fed.LENGTH][];
        int vocabulary = elements.length / Fed.PROMPT;
        for (int position = 0; position < Fed.PROMPT; position++) {
            rows[position] = new float[vocabulary];
            for (int id = 0; id < vocabulary; id++) {
                rows[position][id] = (float) elements[position * vocabulary + id];
            }
        }
        return rows;
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    private static void assertSameBits(Setting setting, float[][] found, float[][] expected) {
        for (int position = 0; position < Fed.LENGTH; position++) {
            if (found[position] != null && expected[position] != null) {
                assertThat(found[position]).as("after position %d, %s", position, setting)
                        .isEqualTo(expected[position]);
            }
        }
    }

    /**
     * Compares logits of another form. They agree to 1e-4, and the greedy ids are equal. A cache of 16 bits may round
     * an element to the next number, which a few logits show (record 31): then 1e-4 of the logits' root mean square
     * bounds the mean difference. If {@link Setting#isRounded}, 2e-2 of it does.
     */
    private static void assertNear(Setting setting, Fed found, Fed expected) {
        double sum = 0;
        double squares = 0;
        double largest = 0;
        int count = 0;
        for (int position = 0; position < Fed.LENGTH; position++) {
            float[] logits = found.logits()[position];
            int ids = logits == null ? 0 : logits.length;
            for (int id = 0; id < ids; id++) {
                double exact = expected.logits()[position][id];
                double difference = Math.abs(logits[id] - exact);
                sum += difference;
                squares += exact * exact;
                largest = Math.max(largest, difference);
                count++;
            }
            if (logits != null && !setting.isRounded() && position >= Fed.PROMPT - 1) {
                assertThat(found.greedy(position)).as("greedy id after position %d, %s", position, setting)
                        .isEqualTo(expected.greedy(position));
            }
        }
        double level = Math.sqrt(squares / count);
        boolean exactCache = setting.cached() == CacheType.F32;
        double bound = setting.isRounded() ? 2e-2 * level : exactCache ? 1e-4 : 1e-4 * level;
        assertThat(level).as("root mean square of the logits, %s", setting).isGreaterThan(1);
        assertThat(sum / count).as("mean difference of logits of %f, %s", level, setting).isLessThanOrEqualTo(bound);
        if (!setting.isRounded() && exactCache) {
            assertThat(largest).as("largest difference, %s", setting).isLessThanOrEqualTo(bound);
        }
    }
}
