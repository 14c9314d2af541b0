package io.github.t6j.flashtpa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.ModelFormatException;
import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.TestData;
import io.github.t6j.TestNumbers;
import io.github.t6j.flashtpa.FlashTpa.Factors;
import io.github.t6j.flashtpa.FlashTpa.Options;
import io.github.t6j.flashtpa.FlashTpa.Shape;
import io.github.t6j.session.ChecksummedFile;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.safetensors.Safetensors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests that a truncated, forked, saved and restored cache continues with the bits of a cache that contained only the
 * remaining tokens, and that a rejected file changes nothing.
 */
class FlashTpaCacheTest {
    private static final Shape SHAPE = new Shape(5, 20, 12, 3, 2, 2);
    private static final int TOKENS = 200;

    /** Tokens of two sequences; the second has fewer. */
    private static final int[] ALL = {TOKENS, 130};

    private final Random random = new Random(17);
    private final float[] aK = TestNumbers.uniform(random, 2 * TOKENS * 5 * 2);
    private final float[] bK = TestNumbers.uniform(random, 2 * TOKENS * 2 * 20);
    private final float[] aV = TestNumbers.uniform(random, 2 * TOKENS * 5 * 2);
    private final float[] bV = TestNumbers.uniform(random, 2 * TOKENS * 2 * 12);
    private final Factors q = Factors.of(
            TestNumbers.uniform(random, 2 * 3 * 5 * 3, 2), TestNumbers.uniform(random, 2 * 3 * 3 * 20, 2));

    @TempDir
    private Path folder;

    private static FlashTpa flash() {
        return new FlashTpa(SHAPE, Options.defaults(SHAPE).withThreads(2));
    }

    /** Appends tokens {@code from[b] … to[b]} to each sequence b; {@code mapping} maps them to other random tokens. */
    private void append(FlashTpaCache cache, int[] from, int[] to, IntUnaryOperator mapping) {
        int max = Math.max(1, IntStream.range(0, 2).map(b -> to[b] - from[b]).max().orElseThrow());
        int[] counts = {to[0] - from[0], to[1] - from[1]};
        cache.append(
                max, counts, Factors.of(part(aK, from, counts, max, mapping), part(bK, from, counts, max, mapping)),
                Factors.of(part(aV, from, counts, max, mapping), part(bV, from, counts, max, mapping)));
    }

    private static float[] part(float[] all, int[] from, int[] counts, int max, IntUnaryOperator mapping) {
        int size = all.length / (2 * TOKENS);
        float[] part = new float[2 * max * size];
        for (int b = 0; b < 2; b++) {
            for (int t = 0; t < counts[b]; t++) {
                int token = b * TOKENS + mapping.applyAsInt(from[b] + t);
                System.arraycopy(all, token * size, part, (b * max + t) * size, size);
            }
        }
        return part;
    }

    private void append(FlashTpaCache cache, int[] from, int[] to) {
        append(cache, from, to, IntUnaryOperator.identity());
    }

    private FlashTpaCache filled(FlashTpa flash, CacheType type, int... to) {
        FlashTpaCache cache = flash.newCache(2, type);
        append(cache, new int[2], to);
        return cache;
    }

    private float[] attend(FlashTpaCache cache) {
        return cache.attend(3, q);
    }

    /** Returns the output of a cache that was filled once with all tokens. */
    private float[] expected(FlashTpa flash, CacheType type) {
        try (FlashTpaCache cache = filled(flash, type, ALL)) {
            return attend(cache);
        }
    }

    /**
     * Compares with f32, whose error {@link FlashTpaTest} tests. The bounds are relative to the largest element and
     * allow a few roundings to 11, 8 and 7 bits in the scores before the softmax.
     */
    @ParameterizedTest
    @Tag("width")
    @CsvSource({"F16, 2e-3", "BF16, 2e-2", "Q8, 3e-2"})
    void typesOfReducedPrecisionAreCloseToF32(CacheType type, double max) {
        try (FlashTpa flash = flash()) {
            float[] exact = expected(flash, CacheType.F32);
            float[] found = expected(flash, type);
            double largest = 0;
            double error = 0;
            for (int i = 0; i < exact.length; i++) {
                largest = Math.max(largest, Math.abs(exact[i]));
                error = Math.max(error, Math.abs(exact[i] - found[i]));
            }
            assertThat(error / largest).isBetween(1e-6, max);
        }
    }

    /** A 16-bit cache gives the results of an f32 cache with rounded factors. */
    @ParameterizedTest
    @Tag("width")
    @CsvSource({"F16", "BF16"})
    void a16BitCacheOnlyRoundsTheFactors(CacheType type) {
        try (FlashTpa flash = flash()) {
            float[] found = expected(flash, type);
            for (float[] factors : new float[][] {aK, bK, aV, bV}) {
                for (int i = 0; i < factors.length; i++) {
                    factors[i] = type == CacheType.F16
                            ? Float.float16ToFloat(Float.floatToFloat16(factors[i]))
                            : DType.bf16ToFloat(DType.floatToBf16(factors[i]));
                }
            }
            float[] rounded = expected(flash, CacheType.F32);
            for (int i = 0; i < found.length; i++) {
                assertThat(found[i]).as("element " + i).isCloseTo(rounded[i], within(1e-5f));
            }
        }
    }

    /** Positions are at, before and after the ends of pages. */
    @ParameterizedTest
    @EnumSource(CacheType.class)
    void aTruncatedCacheContinuesWithTheSameBits(CacheType type) {
        try (FlashTpa flash = flash()) {
            float[] expected = expected(flash, type);
            for (int position : new int[] {0, 1, 63, 64, 65, 128, 129, 130, 131, TOKENS}) {
                try (FlashTpaCache cache = flash.newCache(2, type)) {
                    append(cache, new int[2], ALL, t -> t < position ? t : TOKENS - 1 - t / 2);
                    cache.truncate(position);
                    int[] left = {position, Math.min(position, ALL[1])};
                    assertThat(new int[] {cache.length(0), cache.length(1)}).isEqualTo(left);
                    append(cache, left, ALL);
                    assertThat(attend(cache)).as(type + " at " + position).isEqualTo(expected);
                    cache.truncate(1, 70);
                    assertThat(cache.length(0)).isEqualTo(TOKENS);
                    append(cache, new int[] {TOKENS, 70}, ALL);
                    assertThat(attend(cache)).as(type + " at " + position).isEqualTo(expected);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(CacheType.class)
    void forksDoNotChangeEachOther(CacheType type) {
        try (FlashTpa flash = flash(); FlashTpaCache cache = filled(flash, type, 90, 64)) {
            float[] expected = expected(flash, type);
            float[] before = attend(cache);
            FlashTpaCache other = cache.fork();
            append(other, new int[] {90, 64}, ALL, t -> TOKENS - 1 - t);
            try (FlashTpaCache fork = cache.fork()) {
                assertThat(fork.cacheType()).isEqualTo(type);
                assertThat(fork.length(1)).isEqualTo(64);
                append(fork, new int[] {90, 64}, ALL);
                assertThat(attend(fork)).isEqualTo(expected);
                assertThat(attend(cache)).isEqualTo(before);
                other.truncate(3);
                append(other, new int[] {3, 3}, ALL);
                assertThat(attend(other)).isEqualTo(expected);
                other.close();
                cache.truncate(0);
                assertThat(attend(fork)).isEqualTo(expected);
                append(cache, new int[2], ALL);
                assertThat(attend(cache)).isEqualTo(expected);
            }
            assertThat(attend(cache)).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @EnumSource(CacheType.class)
    void aRestoredCacheContinuesWithTheSameBits(CacheType type) throws IOException {
        Path file = folder.resolve("cache");
        Options scaled = Options.defaults(SHAPE).withScales(0.3, 0.7, 0.9, 1.7);
        try (FlashTpa flash = flash();
                FlashTpaCache cache = filled(flash, type, ALL);
                FlashTpaCache restored = filled(flash, type, 5, 190);
                FlashTpa scaledFlash = new FlashTpa(SHAPE, scaled);
                FlashTpaCache scales = scaledFlash.newCache(2, type);
                FlashTpaCache same = filled(scaledFlash, type, ALL)) {
            float[] expected = attend(cache);
            cache.truncate(100);
            cache.save(file);
            restored.restore(file);
            assertThat(restored.length(0)).isEqualTo(100);
            append(restored, new int[] {100, 100}, ALL);
            assertThat(attend(restored)).isEqualTo(expected);
            try (FlashTpaCache fork = restored.fork()) {
                fork.restore(file);
                assertThat(fork.longest()).isEqualTo(100);
            }
            assertThat(attend(restored)).isEqualTo(expected);
            scales.restore(file);
            append(scales, new int[] {100, 100}, ALL);
            assertThat(attend(scales)).isEqualTo(attend(same)).isNotEqualTo(expected);
            try (FlashTpaCache shorter = filled(flash, type, 100, 100)) { // the file does not contain removed tokens
                shorter.save(folder.resolve("shorter"));
            }
            assertThat(file).hasSameBinaryContentAs(folder.resolve("shorter"));
        }
    }

    @Test
    void emptySequencesCanBeSaved() {
        Path file = folder.resolve("empty");
        try (FlashTpa flash = flash();
                FlashTpaCache cache = filled(flash, CacheType.Q8, 0, 3);
                FlashTpaCache restored = filled(flash, CacheType.Q8, ALL)) {
            cache.save(file);
            restored.restore(file);
            assertThat(restored.length(0)).isZero();
            assertThat(attend(restored)).isEqualTo(attend(cache));
        }
    }

    @Test
    void aFileOfAnotherKindIsRejected() {
        Path file = folder.resolve("cache");
        try (FlashTpa flash = flash(); FlashTpaCache cache = filled(flash, CacheType.F32, ALL)) {
            cache.save(file);
            refused(flash.newCache(2, CacheType.BF16), file,
                    "cache_type: expected bf16, found f32; make the cache with that type");
            refused(flash.newCache(3), file, "tensor lengths: expected I32 [3], found I32 [2]");
        }
        Options sigmoid = Options.defaults(SHAPE).withSigmoid();
        try (FlashTpa flash = new FlashTpa(SHAPE, sigmoid)) {
            refused(flash.newCache(2), file, "sigmoid: expected true, found false");
        }
        try (FlashTpa flash = new FlashTpa(new Shape(5, 20, 12, 3, 1, 2))) {
            refused(flash.newCache(2), file,
                    "shape: expected 5 heads, keys of 20 elements and rank 1, values of 12 and rank 2",
                    "; it was saved from a cache of another FlashTpa");
        }
        try (FlashTpa flash = new FlashTpa(new Shape(5, 20, 12, 0, 2, 2)); FlashTpaCache cache = flash.newCache(2)) {
            cache.restore(file); // R_Q is not part of the file
            assertThat(cache.longest()).isEqualTo(TOKENS);
        }
        try (FlashTpa flash = flash()) {
            refused(flash.newCache(2), TestData.path("golden/T6_odd/model.safetensors"),
                    "expected a FlashTpaCache that t6j saved, found a safetensors file without t6j_flashtpa");
            refused(flash.newCache(2), TestData.path("text/test.txt"), "test.txt");
        }
    }

    /** Checks that restoring fails and leaves the cache empty. */
    private static void refused(FlashTpaCache cache, Path file, String... message) {
        try (cache) {
            assertThatThrownBy(() -> cache.restore(file)).isInstanceOf(ModelFormatException.class)
                    .hasMessageContainingAll(message);
            assertThat(cache.longest()).isZero();
        }
    }

    @Test
    void aDamagedFileIsRejected() throws IOException {
        Path file = folder.resolve("cache");
        try (FlashTpa flash = flash(); FlashTpaCache cache = filled(flash, CacheType.F32, 90, 64)) {
            float[] before = attend(cache);
            cache.save(file);
            byte[] bytes = Files.readAllBytes(file);
            for (int cut : new int[] {0, 5, 100, bytes.length / 2, bytes.length - 1}) {
                Files.write(file, Arrays.copyOf(bytes, cut));
                assertThatThrownBy(() -> cache.restore(file)).isInstanceOf(ModelFormatException.class)
                        .hasMessageContaining(file.toString());
            }
            int header = 8 + ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt();
            for (int at = 0; at < bytes.length; at += at < header ? 1 : 1 + random.nextInt(4000)) {
                byte[] changed = bytes.clone();
                changed[at] ^= (byte) (1 << random.nextInt(8));
                Files.write(file, changed);
                assertThatThrownBy(() -> cache.restore(file)).as("byte " + at).isInstanceOf(ModelFormatException.class);
            }
            assertThatThrownBy(() -> cache.restore(folder.resolve("none"))).isInstanceOf(UncheckedIOException.class);
            assertThatThrownBy(() -> cache.save(folder.resolve("no/such/folder")))
                    .isInstanceOf(UncheckedIOException.class);
            assertThat(attend(cache)).isEqualTo(before);
        }
    }

    /** The files have a valid checksum but inconsistent contents. */
    @ParameterizedTest
    @ValueSource(strings = {"lengths", "negative", "longer", "huge", "page", "sequence.1.layer.0", "more", "layers"})
    void anInconsistentFileIsRejected(String wrong) {
        Path file = folder.resolve("cache");
        try (FlashTpa flash = flash();
                FlashTpaCache cache = filled(flash, CacheType.F32, 90, 64);
                Arena arena = Arena.ofConfined()) {
            float[] before = attend(cache);
            cache.save(file);
            List<LazyTensor> tensors = new ArrayList<>();
            for (Tensor tensor : Safetensors.read(file, arena).tensors().values()) {
                MemorySegment data = arena.allocate(tensor.data().byteSize(), 8).copyFrom(tensor.data());
                tensors.add(new LazyTensor(tensor.name(), tensor.dtype(), tensor.shape(), _ -> data));
            }
            tensors.removeIf(tensor -> tensor.name().equals(wrong));
            Consumer<int[]> lengths = changed -> tensors.set(0, LazyTensor.of("lengths", changed));
            switch (wrong) {
                case "negative" -> lengths.accept(new int[] {90, -1});
                case "longer" -> lengths.accept(new int[] {129, 64});
                case "huge" -> lengths.accept(new int[] {90, Integer.MAX_VALUE});
                case "page" -> tensors.set(1, new LazyTensor(tensors.get(1).name(), DType.U8, List.of(2L, 7L),
                        a -> a.allocate(14)));
                case "more" -> tensors.add(LazyTensor.of("sequence.2.layer.0", new int[1]));
                case "layers" -> tensors.add(LazyTensor.of("sequence.1.layer.1", new int[1]));
                default -> {
                }
            }
            ChecksummedFile.write(file, FlashTpaFile.kind(SHAPE, FlashTpa.Options.defaults(SHAPE), CacheType.F32),
                    tensors);
            assertThatThrownBy(() -> cache.restore(file)).isInstanceOf(ModelFormatException.class)
                    .hasMessageContainingAll(file.toString(), "expected ", "found ");
            assertThat(attend(cache)).isEqualTo(before);
        }
    }

    @Test
    void anInterruptCancelsSavingAndRestoring() {
        Path file = folder.resolve("cache");
        try (FlashTpa flash = flash(); FlashTpaCache cache = filled(flash, CacheType.F32, 90, 64)) {
            float[] before = attend(cache);
            cache.save(file);
            for (Runnable call : List.<Runnable>of(() -> cache.save(file), () -> cache.restore(file))) {
                Thread.currentThread().interrupt();
                assertThatThrownBy(call::run).isInstanceOf(CancellationException.class)
                        .hasMessageContaining("interrupted");
                assertThat(Thread.interrupted()).isTrue();
            }
            cache.restore(file);
            assertThat(attend(cache)).isEqualTo(before);
        }
    }

    @Test
    void errorsNameTheInvalidArgument() {
        try (FlashTpa flash = flash(); FlashTpaCache cache = filled(flash, CacheType.F32, 90, 64)) {
            refuses(() -> cache.truncate(91), "position: expected 0 to 90, found 91");
            refuses(() -> cache.truncate(-1), "position: expected 0 to 90, found -1");
            refuses(() -> cache.truncate(1, 65), "position: expected 0 to 64, found 65");
            refuses(() -> cache.truncate(2, 0), "sequence: expected 0 to 1, found 2");
            refuses(() -> cache.length(-1), "sequence: expected 0 to 1, found -1");
            assertThat(cache.length(0)).isEqualTo(90);
        }
    }

    private static void refuses(Runnable call, String message) {
        assertThatIllegalArgumentException().isThrownBy(call::run).withMessage(message);
    }
}
