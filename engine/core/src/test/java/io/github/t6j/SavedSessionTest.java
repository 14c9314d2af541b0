package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.attention.AttentionPath;
import io.github.t6j.family.VariantName;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.safetensors.Safetensors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests that saved, restored and forked sessions continue with the same bits, and that a rejected file changes nothing.
 */
class SavedSessionTest {
    /** Ids of a session: two pages and a part are fed before saving, the rest afterwards. */
    private static final int[] IDS = new Random(9).ints(200, 0, 64).toArray();

    private static final int KEPT = 150;

    private static Model model;

    @TempDir
    private Path folder;

    @BeforeAll
    static void load() {
        model = Model.load(TestData.tiny());
    }

    @AfterAll
    static void close() {
        model.close();
    }

    private static SessionOptions options(CacheType type) {
        return SessionOptions.defaults().withCacheType(type).withContextLength(300);
    }

    private static int[] from(int position) {
        return Arrays.copyOfRange(IDS, position, IDS.length);
    }

    /** Returns a session that was fed the first ids and truncated to {@code position}. */
    private static Session session(Model model, SessionOptions options, int position) {
        Session session = model.newSession(options);
        feed(session, position);
        return session;
    }

    /** Feeds the first ids up to {@code position} in two passes of one form (ADR 31). */
    private static void feed(Session session, int position) {
        session.prefill(Arrays.copyOf(IDS, position / 2));
        session.prefill(Arrays.copyOfRange(IDS, position / 2, position));
    }

    /** Returns the logits after all ids, some of them fed singly. */
    private static float[] end(Session session) {
        int[] rest = from(session.position());
        session.prefill(Arrays.copyOf(rest, rest.length - 3));
        for (int i = rest.length - 3; i < rest.length; i++) {
            session.step(rest[i]);
        }
        return session.logits().clone();
    }

    @ParameterizedTest
    @EnumSource(CacheType.class)
    void aRestoredSessionContinuesWithTheSameBits(CacheType type) throws IOException {
        Path file = folder.resolve("session");
        try (Session session = session(model, options(type), KEPT); Session other = model.newSession(options(type))) {
            other.prefill(7, 7, 7);
            session.save(file);
            other.restore(file);
            assertThat(other.position()).isEqualTo(KEPT);
            assertThat(other.ids()).isEqualTo(Arrays.copyOf(IDS, KEPT));
            assertThat(other.logits()).isEqualTo(session.logits());
            assertThat(end(other)).isEqualTo(end(session));
        }
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(file);
        }
    }

    @Test
    void sessionsOfEveryKindOfAttentionAreRestored() {
        for (String name : List.of("T6_kvonly_odd", "llama-gqa", "llama-mla", "T6_linearattn", "T6_rank1")) {
            Path file = folder.resolve(name);
            TestData.GoldenModel golden = TestData.goldenModels().stream()
                    .filter(g -> g.name().equals(name)).findFirst().orElseThrow();
            for (AttentionPath path : AttentionPath.values()) {
                SessionOptions options = path.of(options(CacheType.BF16));
                try (Model other = golden.load(ModelOptions.defaults());
                        Session session = session(other, options, KEPT);
                        Session restored = other.newSession(options)) {
                    session.save(file);
                    restored.restore(file);
                    Session fork = restored.fork();
                    float[] expected = end(session);
                    assertThat(end(fork)).as(name + " " + path).isEqualTo(expected);
                    fork.close();
                    assertThat(end(restored)).as(name + " " + path).isEqualTo(expected);
                }
            }
        }
    }

    /** Elements that removed tokens left in pages are not saved, so equal sessions give equal files. */
    @ParameterizedTest
    @EnumSource(CacheType.class)
    void truncatedTokensAreNotInTheFile(CacheType type) throws IOException {
        try (Session longer = session(model, options(type), KEPT); Session same = session(model, options(type), 70)) {
            longer.truncate(70);
            longer.save(folder.resolve("longer"));
            longer.restore(folder.resolve("longer"));
            assertThatThrownBy(longer::logits).isInstanceOf(IllegalStateException.class);
            same.truncate(70);
            same.save(folder.resolve("same"));
        }
        assertThat(folder.resolve("longer")).hasSameBinaryContentAs(folder.resolve("same"));
    }

    @Test
    void anEmptySessionCanBeSaved() {
        Path file = folder.resolve("empty");
        try (Session session = model.newSession(); Session other = session(model, options(CacheType.F32), 5)) {
            session.save(file);
            other.restore(file);
            assertThat(other.position()).isZero();
            assertThatThrownBy(other::logits).isInstanceOf(IllegalStateException.class);
            other.prefill(IDS);
            assertThat(other.position()).isEqualTo(200);
        }
    }

    @Test
    void aFileOfAnotherTypeModelOrVariantIsRejected() {
        Path file = folder.resolve("session");
        try (Session session = session(model, options(CacheType.BF16), KEPT)) {
            session.save(file);
        }
        refused(model, options(CacheType.Q8), file, "session: cache_type: expected q8, found bf16");
        refused(model, options(CacheType.BF16).withContextLength(100), file,
                "expected at most 100 ids, the session's context, found 150");
        Path weights = TestData.path("golden/T6_even");
        Path of = folder.resolve("golden");
        try (Model full = Model.load(weights, ModelOptions.defaults().withVariant(VariantName.parse("full")));
                Session session = session(full, options(CacheType.BF16), 3)) {
            session.save(of);
            refused(full, options(CacheType.BF16), file, "fingerprint: expected ", ", found ", "another model");
        }
        try (Model partial =
                Model.load(weights, ModelOptions.defaults().withVariant(VariantName.parse("partialrope")))) {
            refused(partial, options(CacheType.BF16), of, "variant: expected T6, partialrope, found T6");
        }
    }

    @Test
    void aDamagedFileIsRejected() throws IOException {
        Path file = folder.resolve("session");
        SessionOptions options = options(CacheType.F32);
        try (Session session = session(model, options, KEPT)) {
            session.save(file);
        }
        byte[] bytes = Files.readAllBytes(file);
        for (int cut : new int[] {0, 5, 100, bytes.length / 2, bytes.length - 1}) {
            Path damaged = Files.write(folder.resolve("cut"), Arrays.copyOf(bytes, cut));
            refused(model, options, damaged, damaged.toString());
        }
        Random random = new Random(1);
        for (int i = 0; i < 20; i++) {
            int at = 4096 + random.nextInt(bytes.length - 4096);
            refused(model, options, flipped(bytes, at, random.nextInt(8)), "the file is damaged");
        }
        refused(model, options, TestData.path("golden/T6_odd/model.safetensors"),
                "expected a session that t6j saved, found a safetensors file");
        refused(model, options, TestData.path("text/test.txt"), "test.txt");
        try (Session session = session(model, options, 4)) {
            assertThatThrownBy(() -> session.restore(folder.resolve("none"))).isInstanceOf(UncheckedIOException.class);
            assertThat(session.position()).isEqualTo(4);
        }
    }

    private Path flipped(byte[] bytes, int at, int bit) throws IOException {
        byte[] changed = bytes.clone();
        changed[at] ^= (byte) (1 << bit);
        return Files.write(folder.resolve("flipped"), changed);
    }

    /** A change of any bit of names, types, shapes, offsets, metadata or spaces is detected. */
    @Test
    void aChangeOfAnyBitOfTheHeaderIsDetected() throws IOException {
        Path file = folder.resolve("session");
        SessionOptions options = options(CacheType.Q8);
        try (Session session = session(model, options, 3)) {
            session.save(file);
            byte[] bytes = Files.readAllBytes(file);
            int header = 8 + ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt();
            Random random = new Random(2);
            for (int at = 0; at < header; at++) {
                int bit = random.nextInt(8);
                Path damaged = flipped(bytes, at, bit);
                assertThatThrownBy(() -> session.restore(damaged)).as("byte " + at + ", bit " + bit)
                        .isInstanceOf(ModelFormatException.class).hasMessageContaining("flipped");
            }
            assertThat(session.position()).isEqualTo(3);
        }
    }

    @Test
    void swappedLayersAreDetected() throws IOException {
        Path file = folder.resolve("session");
        try (Session session = session(model, options(CacheType.F32), KEPT)) {
            session.save(file);
        }
        String text = Files.readString(file, StandardCharsets.ISO_8859_1);
        String swapped = text.replace("layer.0", "layer.x").replace("layer.1", "layer.0").replace("layer.x", "layer.1");
        assertThat(swapped).isNotEqualTo(text);
        Files.writeString(file, swapped, StandardCharsets.ISO_8859_1);
        refused(model, options(CacheType.F32), file, "the file is damaged");
    }

    @Test
    void anInterruptCancelsSavingRestoringAndLoading() {
        Path file = folder.resolve("session");
        try (Session session = session(model, options(CacheType.F32), KEPT)) {
            session.save(file);
            List<Runnable> calls = List.of(
                    () -> session.save(file), () -> session.restore(file), () -> Model.load(TestData.tiny()).close());
            for (Runnable call : calls) {
                Thread.currentThread().interrupt();
                assertThatThrownBy(call::run).isInstanceOf(CancellationException.class)
                        .hasMessageContaining("interrupted");
                assertThat(Thread.interrupted()).isTrue();
            }
            session.restore(file);
            assertThat(session.position()).isEqualTo(KEPT);
        }
    }

    /** The files have a valid checksum but inconsistent contents. */
    @ParameterizedTest
    @ValueSource(strings = {"t6j_session", "ids", "logits", "layer.3", "id", "more"})
    void anInconsistentFileIsRejected(String wrong) {
        Path file = folder.resolve("session");
        SessionOptions options = options(CacheType.F32);
        try (Session session = session(model, options, KEPT)) {
            session.save(file);
        }
        try (Arena arena = Arena.ofConfined()) {
            Safetensors content = Safetensors.read(file, arena);
            Map<String, String> metadata = new LinkedHashMap<>(content.metadata());
            List<Tensor> tensors = new ArrayList<>(content.tensors().values());
            metadata.computeIfPresent(wrong, (key, value) -> "1");
            tensors.removeIf(tensor -> tensor.name().equals(wrong) && !wrong.equals("logits"));
            if (wrong.equals("logits")) {
                tensors.set(1, Tensor.of(wrong, new float[3], 3));
            }
            if (wrong.equals("more")) {
                tensors.add(Tensor.of(wrong, new float[3], 3));
            }
            if (wrong.equals("id")) {
                MemorySegment ids = arena.allocate(4L * KEPT, 4).copyFrom(tensors.getFirst().data());
                ids.set(ValueLayout.JAVA_INT, 4, 4096);
                tensors.set(0, new Tensor("ids", DType.I32, List.of((long) KEPT), ids));
            }
            metadata.put("crc32c", checksum(metadata, tensors));
            Safetensors.write(file, metadata, tensors);
        }
        refused(model, options, file, wrong.equals("id") ? "expected 0 to 4095, found 4096" : wrong, "expected ",
                "found ");
    }

    private static String checksum(Map<String, String> metadata, List<Tensor> tensors) {
        CRC32C crc = new CRC32C();
        metadata.remove("crc32c");
        metadata.forEach((key, value) -> crc.update((key + "=" + value + "\n").getBytes(StandardCharsets.UTF_8)));
        for (Tensor tensor : tensors) {
            String line = tensor.name() + " " + tensor.dtype() + " " + tensor.shape() + "\n";
            crc.update(line.getBytes(StandardCharsets.UTF_8));
            crc.update(tensor.data().asByteBuffer());
        }
        return Long.toHexString(crc.getValue());
    }

    /** Checks that restoring fails with the reason and leaves the session unchanged. */
    private static void refused(Model model, SessionOptions options, Path file, String... message) {
        try (Session session = session(model, options, 70)) {
            float[] logits = session.logits().clone();
            assertThatThrownBy(() -> session.restore(file))
                    .isInstanceOf(ModelFormatException.class)
                    .hasMessageContainingAll(message);
            assertThat(session.logits()).isEqualTo(logits);
            assertThat(session.ids()).isEqualTo(Arrays.copyOf(IDS, 70));
            session.step(1);
            assertThat(session.position()).isEqualTo(71);
        }
    }

    @Test
    void aFailedSaveLeavesTheSessionUnchanged() {
        try (Session session = session(model, options(CacheType.F32), 3)) {
            assertThatThrownBy(() -> session.save(folder.resolve("no/such/folder")))
                    .isInstanceOf(UncheckedIOException.class);
            session.step(1);
            assertThat(session.ids()).containsExactly(IDS[0], IDS[1], IDS[2], 1);
        }
    }

    @ParameterizedTest
    @EnumSource(CacheType.class)
    void forksDivergeAndEqualNewSessions(CacheType type) {
        int[] other = new Random(10).ints(200, 0, 64).toArray();
        System.arraycopy(IDS, 0, other, 0, 70);
        try (Session first = session(model, options(type), KEPT); Session fresh = model.newSession(options(type))) {
            Session fork = first.fork();
            assertThat(fork.logits()).isEqualTo(first.logits());
            fork.truncate(70);
            fork.prefill(Arrays.copyOfRange(other, 70, 130));
            Session forkOfFork = fork.fork();
            float[] end = end(first);
            fork.prefill(Arrays.copyOfRange(other, 130, 200));
            forkOfFork.prefill(Arrays.copyOfRange(other, 130, 200));

            fresh.prefill(other);
            assertThat(fork.ids()).isEqualTo(other);
            assertThat(fork.logits()).isEqualTo(fresh.logits());
            assertThat(forkOfFork.logits()).isEqualTo(fresh.logits());
            fork.close();
            forkOfFork.step(5);
            fresh.step(5);
            assertThat(forkOfFork.logits()).isEqualTo(fresh.logits());
            forkOfFork.close();
            fresh.truncate(0);
            feed(fresh, KEPT);
            assertThat(end).isEqualTo(end(fresh));
        }
    }

    @Test
    void forksWorkInTheirOwnThreads() throws InterruptedException {
        try (Session base = session(model, options(CacheType.Q8), KEPT)) {
            float[][] ends = new float[6][];
            Thread[] threads = new Thread[ends.length];
            for (int i = 0; i < threads.length; i++) {
                int index = i;
                Session fork = base.fork();
                threads[i] = new Thread(() -> {
                    try (fork) {
                        fork.truncate(KEPT - 10 * index);
                        ends[index] = end(fork);
                    }
                });
                threads[i].start();
            }
            float[] expected = end(base);
            for (int i = 0; i < threads.length; i++) {
                threads[i].join();
                assertThat(ends[i]).as("fork " + i).isEqualTo(expected);
            }
        }
    }
}
