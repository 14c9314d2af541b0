package io.github.t6j.chat.template;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * {@link TemplateFuzz} with changed templates of public models. The normal build runs a few seeds; {@code
 * -Dt6j.fuzz.minutes=10} sets the duration, {@code -Dt6j.fuzz.seed=N} another first seed than 0. The message of a
 * failure has its seed, which is enough to repeat it.
 */
class TemplateMutationTest {
    private static final long MINUTES = Long.getLong("t6j.fuzz.minutes", 0);
    private static final long FIRST = Long.getLong("t6j.fuzz.seed", 0);
    private static final int SEEDS = 2000;
    private static final long SLOW_SECONDS = 10;
    private static final long MAX_BYTES = 1L << 30;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final List<byte[]> seeds = TemplateFuzz.seeds();
    private final Map<String, String> failures = new TreeMap<>();

    @Test
    void nothingButADocumentedRefusal() {
        long end = System.nanoTime() + Duration.ofMinutes(MINUTES).toNanos();
        long seed = FIRST;
        for (; MINUTES == 0 ? seed < FIRST + SEEDS : System.nanoTime() < end; seed++) {
            run(seed);
        }
        if (MINUTES > 0) {
            System.out.println("executions: " + (seed - FIRST));
        }
        assertThat(failures).isEmpty();
    }

    private void run(long seed) {
        Random random = new Random(seed);
        byte[] input = TemplateFuzz.mutate(seeds.get(random.nextInt(seeds.size())), random);
        long bytes = threads.getCurrentThreadAllocatedBytes();
        long start = System.nanoTime();
        try {
            TemplateFuzz.template(input);
            bytes = threads.getCurrentThreadAllocatedBytes() - bytes;
            if (bytes > MAX_BYTES) {
                throw new AssertionError(bytes + " bytes of heap for a template of " + input.length);
            }
            if (System.nanoTime() - start > Duration.ofSeconds(SLOW_SECONDS).toNanos()) {
                throw new AssertionError("more than " + SLOW_SECONDS + " seconds");
            }
        } catch (Exception | Error e) {
            failures.putIfAbsent(e.getClass().getSimpleName() + place(e), "seed " + seed + ": " + e);
        }
    }

    /** Returns the place of a failure; failures of one place are one defect. */
    private static List<String> place(Throwable e) {
        return Arrays.stream(e.getStackTrace()).filter(frame -> frame.getClassName().startsWith("io.github.t6j"))
                .limit(2)
                .map(frame -> frame.getFileName() + ":" + frame.getLineNumber()).toList();
    }
}
