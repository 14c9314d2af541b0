package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.benchmark.FilledCache;
import io.github.t6j.weights.NativeMemory;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the memory that models and sessions take and free, and requests that exceed memory. */
@Isolated
class MemoryTest {
    private static final GenerationOptions LONG = GenerationOptions.defaults().withMaxTokens(100);

    @TempDir
    Path folder;

    private static int[] ids(int count) {
        return IntStream.range(0, count).map(i -> i * 7 % 100).toArray();
    }

    private static void use(Model model) {
        for (CacheType type : CacheType.values()) {
            SessionOptions options = SessionOptions.defaults().withContextLength(600).withCacheType(type);
            try (Session session = model.newSession(options); Session fork = session.fork()) {
                session.prefill(ids(300));
                fork.prefill(ids(50));
                try (Session later = session.fork()) {
                    later.step(1);
                }
                session.truncate(0);
                session.prefill(ids(45));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"T6_even", "T6_kvonly", "llama-mha", "llama-gqa", "llama-mla", "T6_linearattn"})
    void everyByteIsFreed(String golden) {
        ModelOptions options = ModelOptions.defaults().withThreads(2)
                .withVariant(golden.equals("T6_linearattn") ? RopeVariant.LINEARATTN : null);
        long before = NativeMemory.allocatedBytes();
        try (Model model = Model.load(TestData.path("golden/" + golden), options)) {
            assertThat(NativeMemory.allocatedBytes() - before).isGreaterThanOrEqualTo(model.weightBytes());
            use(model); // allocates the shared pages, which stay with the model
            model.trim();
            long used = NativeMemory.allocatedBytes();
            for (int i = 0; i < 3; i++) {
                use(model);
                model.trim(); // threads that had no work before have buffers now
                assertThat(NativeMemory.allocatedBytes()).isEqualTo(used);
            }
        }
        assertThat(NativeMemory.allocatedBytes()).isEqualTo(before);
    }

    @Test
    void anEmptiedCacheHoldsNoMemory() {
        try (Model model = Model.load(TestData.tiny()); Session session = model.newSession()) {
            session.prefill(ids(200));
            assertThat(session.cacheBytes()).isGreaterThan(session.usedCacheBytes()).isGreaterThan(0);
            session.truncate(100);
            assertThat(session.cacheBytes()).isGreaterThan(0);
            session.truncate(0);
            assertThat(session.cacheBytes()).isZero();
        }
    }

    /** The buffers of a pass of 128 rows take 2.4 MB in this model; a session takes its ids and logits. */
    @Tag("full")
    @Test
    void idleSessionsHoldNoBuffersAndTrimmedOnesNoLogits() {
        int count = 100;
        List<Session> sessions = new ArrayList<>();
        try (Model model = Model.load(TestData.tiny())) {
            use(model);
            long before = heap();
            for (int i = 0; i < count; i++) {
                sessions.add(model.newSession());
                sessions.getLast().prefill(ids(300));
                sessions.getLast().logits();
            }
            long logits = 4L * model.info().sizes().vocabulary();
            assertThat((heap() - before) / count).as("bytes of the heap per session")
                    .isBetween(logits, logits + 20_000);
            sessions.forEach(Session::trim);
            assertThat((heap() - before) / count).as("bytes of the heap per trimmed session").isLessThan(20_000);
        } finally {
            sessions.forEach(Session::close);
        }
    }

    /** Without shared buffers, each of these sessions would allocate more than 2 MB. */
    @Test
    void shortLivedSessionsUseTheSameBuffers() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (Model model = Model.load(TestData.tiny(), ModelOptions.defaults().withThreads(1))) {
            long held = 0;
            long allocated = 0;
            for (int i = 0; i < 40; i++) {
                if (i == 20) {
                    held = NativeMemory.allocatedBytes();
                    allocated = threads.getCurrentThreadAllocatedBytes();
                }
                try (Session session = model.newSession()) {
                    session.prefill(ids(128));
                    session.step(1);
                }
            }
            long perSession = (threads.getCurrentThreadAllocatedBytes() - allocated) / 20;
            assertThat(perSession).as("bytes of the heap that a session allocates").isLessThan(1_000_000);
            assertThat(NativeMemory.allocatedBytes()).isEqualTo(held);
            model.trim();
            assertThat(NativeMemory.allocatedBytes()).as("after the buffers are freed").isLessThan(held);
        }
    }

    @Test
    void trimFreesTheCacheOfTruncatedIds() {
        SessionOptions options = SessionOptions.defaults().withContextLength(5000);
        try (Model model = Model.load(TestData.tiny());
                Session session = model.newSession(options);
                Session other = model.newSession(options)) {
            session.prefill(ids(2000));
            long full = NativeMemory.allocatedBytes();
            session.truncate(70);
            assertThat(NativeMemory.allocatedBytes()).isEqualTo(full);
            session.trim();
            other.prefill(ids(70));
            assertThat(session.cacheBytes()).isEqualTo(other.cacheBytes());
            assertThat(NativeMemory.allocatedBytes()).isLessThan(full - 1000 * 3840L);
        }
    }

    private static long heap() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    @Test
    void aContextBeyondMemoryIsRejectedWithTheNumbers() {
        try (Model model = Model.load(TestData.tiny())) {
            long before = NativeMemory.allocatedBytes();
            SessionOptions options = SessionOptions.defaults().withContextLength(Integer.MAX_VALUE);
            assertThatThrownBy(() -> model.newSession(options))
                    .isInstanceOfSatisfying(MemoryLimitException.class, refusal -> {
                        assertThat(refusal.needed()).isEqualTo(Integer.MAX_VALUE * 3840L);
                        assertThat(refusal.available()).isBetween(1L, NativeMemory.available() + (1L << 30));
                    })
                    .hasMessageContaining("2147483647 ids, 3840 bytes each").hasMessageContaining("MB");
            assertThat(NativeMemory.allocatedBytes()).isEqualTo(before);
        }
    }

    @Test
    void theDefaultContextIsLimitedByMemory() throws IOException {
        for (String file : List.of("model.safetensors", "config.json")) {
            Files.copy(TestData.tiny().resolve(file), folder.resolve(file));
        }
        Path config = folder.resolve("config.json");
        Files.writeString(config,
                Files.readString(config).replaceFirst("\"block_size\": *\\d+", "\"block_size\": 2000000000"));
        try (Model model = Model.load(folder); Session session = model.newSession()) {
            assertThat(model.info().sizes().contextLength()).isEqualTo(2_000_000_000);
            assertThat(session.contextLength() * 3840L)
                    .isBetween(NativeMemory.available() / 2, NativeMemory.available() + (1L << 30));
        }
    }

    /** Caches grow by slabs, so that a session holds more than its ids take; buffers of attention come on top. */
    @ParameterizedTest
    @ValueSource(strings = {"models/t6-tiny", "golden/T6_kvonly", "golden/llama-gqa", "golden/llama-mla"})
    void aSessionTakesThePredictedMemory(String folder) {
        try (Model model = Model.load(TestData.path(folder))) {
            for (CacheType type : CacheType.values()) {
                SessionOptions one = SessionOptions.defaults().withContextLength(1).withCacheType(type);
                for (int ids : new int[] {100, 640, 1000, 5008, 20_011}) {
                    SessionOptions options = one.withContextLength(ids);
                    long before = NativeMemory.allocatedBytes();
                    try (Session session = model.newSession(options)) {
                        FilledCache.fill(session, ids, 1);
                        String which = type + ", " + ids + " ids";
                        SessionBytes predicted = model.sessionBytes(options);
                        assertThat(predicted.nativeBytes()).as(which).isEqualTo(session.cacheBytes())
                                .isEqualTo(NativeMemory.allocatedBytes() - before)
                                .isGreaterThanOrEqualTo(session.usedCacheBytes());
                        assertThat(predicted.heapBytes()).as(which).isBetween(4L * ids, (8L << 20) + 4L * ids);
                        assertThat(predicted.total()).isEqualTo(predicted.heapBytes() + predicted.nativeBytes());
                    }
                }
            }
        }
    }

    @Test
    void thePredictedMemoryIncludesAState() {
        SessionOptions options = SessionOptions.defaults().withContextLength(8);
        try (Model model = Model.load(
                TestData.path("golden/T6_linearattn"), ModelOptions.defaults().withVariant(RopeVariant.LINEARATTN));
                Session session = model.newSession(options)) {
            long state = model.sessionBytes(options).nativeBytes();
            assertThat(state).as("before a pass, and after").isEqualTo(2 * session.usedCacheBytes());
            assertThat(session.cacheBytes() - state).as("slack").isBetween(0L, 1024L);
        }
    }

    /** Runs long enough to reveal a leak of 32 KB per model, or of a kilobyte per session. */
    @Tag("full")
    @Test
    @EnabledOnOs(OS.LINUX)
    void memoryDoesNotGrow() throws IOException {
        long before = NativeMemory.allocatedBytes();
        long[] resident = new long[4];
        for (int quarter = 0; quarter < resident.length; quarter++) {
            for (int i = 0; i < 250; i++) {
                try (Model model = Model.load(TestData.path("golden/T6_even"));
                        Session first = model.newSession();
                        Session second = first.fork()) {
                    second.prefill(1, 2, 3);
                }
            }
            try (Model model = Model.load(TestData.path("golden/T6_even"))) {
                for (int i = 0; i < 250; i++) {
                    try (Session session = model.newSession(SessionOptions.defaults().withContextLength(101))) {
                        session.generate(Prompt.of(i % 64), LONG, token -> true);
                    }
                }
            }
            resident[quarter] = resident();
        }
        assertThat(NativeMemory.allocatedBytes()).isEqualTo(before);
        assertThat(resident[3] - resident[0]).as("growth of resident memory: " + Arrays.toString(resident))
                .isLessThanOrEqualTo(32L << 20);
    }

    /** Returns the resident bytes after a garbage collection. */
    private static long resident() throws IOException {
        System.gc();
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
            }
        }
        throw new IOException("/proc/self/status has no VmRSS");
    }
}
