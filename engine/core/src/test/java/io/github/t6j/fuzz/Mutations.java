package io.github.t6j.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Runs targets on mutations of valid inputs. The normal build runs a few seeds; {@code -Dt6j.fuzz.minutes=10} continues
 * for that time, {@code -Dt6j.fuzz.seed=N} starts at seed N instead of 0. A failure reports its seed, which reproduces
 * it.
 */
public final class Mutations {
    private static final long MINUTES = Long.getLong("t6j.fuzz.minutes", 0);
    private static final long FIRST = Long.getLong("t6j.fuzz.seed", 0);
    private static final int SEEDS_OF_EACH = 42;
    private static final long SLOW_SECONDS = 10;
    /** Limit of heap bytes for an input beyond what its few kilobytes explain: the size of a million small objects. */
    private static final long MAX_BYTES = 256 << 20;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final Map<String, String> failures = new TreeMap<>();
    private final Map<String, Long> executions = new TreeMap<>();

    /** Changes a valid input. */
    public interface Mutator {
        /** Returns a changed copy. */
        byte[] mutate(byte[] valid, Random random);
    }

    /** A target with its valid inputs. */
    public record Fuzz(String name, List<byte[]> seeds, Mutator mutator, Consumer<byte[]> target) {}

    private Mutations() {}

    /** Runs the targets in turn, and asserts that none failed. */
    public static void run(List<Fuzz> fuzzes) {
        Mutations mutations = new Mutations();
        int seeds = SEEDS_OF_EACH * fuzzes.size();
        long end = System.nanoTime() + Duration.ofMinutes(MINUTES).toNanos();
        for (long seed = FIRST; MINUTES == 0 ? seed < FIRST + seeds : System.nanoTime() < end; seed++) {
            mutations.run(fuzzes.get((int) Math.floorMod(seed, (long) fuzzes.size())), seed);
        }
        if (MINUTES > 0) {
            System.out.println("executions: " + mutations.executions);
        }
        assertThat(mutations.failures).isEmpty();
    }

    private void run(Fuzz fuzz, long seed) {
        Random random = new Random(seed);
        byte[] valid = fuzz.seeds.get(random.nextInt(fuzz.seeds.size()));
        byte[] input = random.nextInt(4) == 0 ? Bytes.mutate(valid, random) : fuzz.mutator.mutate(valid, random);
        long bytes = threads.getCurrentThreadAllocatedBytes();
        long start = System.nanoTime();
        try {
            fuzz.target.accept(input);
            bytes = threads.getCurrentThreadAllocatedBytes() - bytes;
            if (bytes > MAX_BYTES) {
                throw new AssertionError(bytes + " bytes of heap for an input of " + input.length);
            }
            if (System.nanoTime() - start > Duration.ofSeconds(SLOW_SECONDS).toNanos()) {
                throw new AssertionError("more than " + SLOW_SECONDS + " seconds");
            }
        } catch (Exception | Error e) {
            failures.putIfAbsent(fuzz.name + ": " + kind(e), "seed " + seed + ": " + trace(e));
        }
        executions.merge(fuzz.name, 1L, Long::sum);
    }

    /** Returns the place of a failure; failures at the same place are one defect. */
    private static String kind(Throwable e) {
        return e.getClass().getSimpleName() + Arrays.stream(e.getStackTrace())
                .filter(frame -> frame.getClassName().startsWith("io.github.t6j")).limit(2)
                .map(frame -> " " + frame.getFileName() + ":" + frame.getLineNumber()).toList();
    }

    private static String trace(Throwable e) {
        StringWriter trace = new StringWriter();
        e.printStackTrace(new PrintWriter(trace));
        return trace.toString();
    }
}
