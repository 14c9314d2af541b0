package io.github.t6j.kernels.choice;

import static io.github.t6j.kernels.Kernels.PANEL;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.scalar.ScalarKernels;
import io.github.t6j.kernels.simd.lanes.TileTable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated
class WarmingKernelsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final TileTable TILES = new TileTable(false, false);

    private final ScalarKernels twin = KernelChoice.scalar();
    private final Thread caller = Thread.currentThread();
    private final AtomicInteger served = new AtomicInteger(); // calls of a fake on the caller's thread

    /** Returns kernels that do nothing except run {@code body} when another thread than the test's calls them. */
    private Kernels fake(Runnable body) {
        return (Kernels) Proxy.newProxyInstance(
                Kernels.class.getClassLoader(), new Class<?>[] {Kernels.class}, (proxy, method, arguments) -> {
                    if (Thread.currentThread() == caller) {
                        served.incrementAndGet();
                    } else {
                        body.run();
                    }
                    return method.getReturnType() == int.class ? 0 : null;
                });
    }

    private static boolean eventually(BooleanSupplier condition) throws InterruptedException {
        for (long end = System.nanoTime() + PATIENCE.toNanos(); System.nanoTime() < end; Thread.sleep(1)) {
            if (condition.getAsBoolean()) {
                return true;
            }
        }
        return false;
    }

    private static long threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("t6j-warm-up"))
                .count();
    }

    private static void norm(Kernels kernels) {
        kernels.rmsNorm(new float[16], 0, 16, 1f, null, new float[16], 0, new float[16]);
    }

    @Test
    void theTwinServesUntilAKernelIsFaster() throws InterruptedException {
        AtomicReference<CountDownLatch> compiled = new AtomicReference<>(new CountDownLatch(1));
        Kernels slow = fake(() -> {
            try {
                compiled.get().await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        try (WarmingKernels kernels = new WarmingKernels(slow, twin, TILES)) {
            kernels.warmAll();
            for (int call = 0; call < 100; call++) {
                norm(kernels);
            }
            assertThat(served).hasValue(0);
            compiled.get().countDown();
            assertThat(eventually(kernels::isWarm)).isTrue();
            norm(kernels);
            assertThat(served).hasValue(1);
            compiled.set(new CountDownLatch(1));
            kernels.swiGlu(new float[32], 0, 16, 16, new float[16], 0);
            assertThat(served).as("another kernel is not warm yet").hasValue(1);
            compiled.get().countDown();
        }
        assertThat(eventually(() -> threads() == 0)).isTrue();
    }

    @Test
    void aKernelIsDueOnceTheTwinHasComputedMuch() throws InterruptedException {
        try (WarmingKernels kernels = new WarmingKernels(fake(() -> {
        }), twin, TILES)) {
            int n = 1_000_000;
            for (int call = 0; call < 19; call++) {
                kernels.rmsNorm(new float[n], 0, n, 1f, null, new float[n], 0, new float[16]);
            }
            assertThat(threads()).isZero();
            assertThat(kernels.isWarmingUp()).as("nothing is compiled yet").isTrue();
            kernels.rmsNorm(new float[n], 0, n, 1f, null, new float[n], 0, new float[16]);
            assertThat(eventually(kernels::isWarm)).isTrue();
            assertThat(eventually(() -> !kernels.isWarmingUp())).isTrue();
        }
    }

    @Test
    void aTrialGivesWayToAKernelWithMoreWork() throws InterruptedException {
        AtomicBoolean isSlow = new AtomicBoolean(true);
        CountDownLatch begun = new CountDownLatch(1);
        Kernels simd = (Kernels) Proxy.newProxyInstance(
                Kernels.class.getClassLoader(), new Class<?>[] {Kernels.class}, (proxy, method, arguments) -> {
                    if (Thread.currentThread() == caller) {
                        served.incrementAndGet();
                    } else if (method.getName().equals("rmsNorm") && isSlow.get()) {
                        begun.countDown();
                        Thread.sleep(100);
                    }
                    return null;
                });
        try (WarmingKernels kernels = new WarmingKernels(simd, twin, TILES)) {
            kernels.warmAll();
            norm(kernels);
            begun.await();
            kernels.swiGlu(new float[3 * 4096], 0, 4096, 4096, new float[4096], 0);
            assertThat(eventually(() -> {
                kernels.swiGlu(new float[32], 0, 16, 16, new float[16], 0);
                return served.get() > 0;
            })).isTrue();
            assertThat(kernels.isWarm()).as("the norm, whose 300 calls would take 30 s").isFalse();
            isSlow.set(false);
            assertThat(eventually(kernels::isWarm)).as("the trial of the norm goes on").isTrue();
        }
    }

    @Test
    void warmAllIncludesKernelsCalledBefore() throws InterruptedException {
        try (WarmingKernels kernels = new WarmingKernels(fake(() -> {
        }), twin, TILES)) {
            norm(kernels);
            assertThat(kernels.isWarm()).isFalse();
            kernels.warmAll();
            assertThat(eventually(kernels::isWarm)).isTrue();
        }
    }

    @Test
    void aKernelCompiledForOneModelServesTheOthersAtOnce() throws InterruptedException {
        Kernels simd = fake(() -> {
        });
        Set<Integer> compiled = ConcurrentHashMap.newKeySet();
        try (WarmingKernels one = new WarmingKernels(simd, twin, TILES, null, compiled);
                WarmingKernels other = new WarmingKernels(simd, twin, TILES, null, compiled)) {
            norm(other);
            assertThat(served).hasValue(0);
            one.warmAll();
            norm(one);
            assertThat(eventually(one::isWarm)).isTrue();
            served.set(0);
            norm(other);
            assertThat(served).hasValue(1);
            assertThat(other.isWarm()).isTrue();
            assertThat(other.isWarmingUp()).as("kernels are compiled, and no trial runs").isFalse();
            other.swiGlu(new float[32], 0, 16, 16, new float[16], 0);
            assertThat(served).as("another kernel is not compiled yet").hasValue(1);
        }
    }

    @Test
    void aHeavyCallWaitsForItsKernel() {
        try (WarmingKernels kernels = new WarmingKernels(fake(() -> {
        }), twin, TILES)) {
            int n = 20_000_000;
            kernels.rmsNorm(new float[n], 0, n, 1f, null, new float[n], 0, new float[16]);
            assertThat(served).hasValue(1);
        }
    }

    @Test
    void closeEndsTheThreadThoughNoKernelGetsFaster() throws InterruptedException {
        CountDownLatch called = new CountDownLatch(1);
        WarmingKernels kernels = new WarmingKernels(fake(() -> {
            called.countDown();
            for (long end = System.nanoTime() + 1_000_000; System.nanoTime() < end;) {
                Thread.onSpinWait();
            }
        }), twin, TILES);
        kernels.warmAll();
        norm(kernels);
        called.await();
        assertThat(threads()).isEqualTo(1);

        kernels.close();

        assertThat(eventually(() -> threads() == 0)).isTrue();
        kernels.swiGlu(new float[32], 0, 16, 16, new float[16], 0);
        assertThat(threads()).isZero();
        assertThat(served).hasValue(0);
    }

    @Test
    void aKernelThatFailsIsLeftToTheTwin() throws InterruptedException {
        AtomicInteger failures = new AtomicInteger();
        try (WarmingKernels kernels = new WarmingKernels(fake(() -> {
            failures.incrementAndGet();
            throw new IllegalStateException("a kernel of the test");
        }), twin, TILES)) {
            kernels.warmAll();
            norm(kernels);
            assertThat(eventually(() -> failures.get() == 1 && threads() == 0)).isTrue();
            norm(kernels);
            assertThat(served).hasValue(0);
        }
    }

    @Test
    void withTheTwinAloneThereIsNothingToWarm() {
        try (WarmingKernels kernels = new WarmingKernels(twin, twin, TILES)) {
            kernels.warmAll();
            norm(kernels);
            assertThat(kernels.isWarm()).isTrue();
            assertThat(kernels.isWarmingUp()).isFalse();
            assertThat(threads()).isZero();
        }
    }

    /** On 16 registers there are no narrow tiles: eight rows of half a panel run the tiles of two rows. */
    @Test
    void aNarrowProductCountsAsTheTilesThatItRuns() throws InterruptedException {
        TileTable few = new TileTable(true, false);
        try (WarmingKernels kernels = new WarmingKernels(fake(() -> {
        }), twin, few); Arena arena = Arena.ofConfined()) {
            kernels.warmAll();
            MemorySegment w = arena.allocate(4L * (PANEL + 1) * PANEL, 64);
            float[] x = new float[8 * PANEL];
            float[] y = new float[8 * PANEL];
            kernels.multiply(x, 0, PANEL, 2, PANEL, Format.F32, w, 0, PANEL, PANEL, y, 0, 0, false);
            assertThat(eventually(kernels::isWarm)).isTrue();
            served.set(0);
            kernels.multiply(x, 0, PANEL, 8, PANEL, Format.F32, w, 0, PANEL, PANEL / 2, y, 0, 0, false);
            assertThat(served).hasValue(1);
        }
    }

    /** Calls every shape of a product while its SIMD kernel takes over from the twin, and afterwards. */
    @Test
    void theExchangeChangesNoBit() throws InterruptedException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int inner = 37;
        try (WarmingKernels kernels = KernelChoice.warming(null); Arena arena = Arena.ofConfined()) {
            kernels.warmAll();
            MemorySegment w = arena.allocate((inner + 2L) * 2 * PANEL * Float.BYTES, 64);
            for (Format format : new Format[] {Format.F32, Format.BF16}) {
                for (int i = 0; i < (inner + 2) * 2 * PANEL * format.bytes(1) / 4; i++) {
                    w.setAtIndex(java.lang.foreign.ValueLayout.JAVA_FLOAT, i, random.nextFloat() - 0.5f);
                }
                for (int rows : new int[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 34}) {
                    for (int columns : new int[] {16, 32, 64, 96, 128}) {
                        float[] x = new float[rows * inner];
                        for (int i = 0; i < x.length; i++) {
                            x[i] = random.nextFloat() - 0.5f;
                        }
                        float[] expected = product(twin, x, rows, inner, format, w, columns);
                        boolean warm = false;
                        for (int after = 0; after < 3; after += warm ? 1 : 0) {
                            warm = kernels.isWarm();
                            assertThat(product(kernels, x, rows, inner, format, w, columns))
                                    .as(format + ", " + rows + " rows, " + columns + " columns, seed " + seed)
                                    .isEqualTo(expected);
                        }
                    }
                }
            }
        }
        assertThat(eventually(() -> threads() == 0)).isTrue();
    }

    private static float[] product(
            Kernels kernels, float[] x, int rows, int inner, Format format, MemorySegment w, int columns) {
        int panels = (columns + PANEL - 1) / PANEL;
        float[] y = new float[panels * rows * PANEL];
        kernels.multiply(
                x, 0, inner, rows, inner, format, w, 0, 2 * PANEL, columns, y, 0, rows * PANEL, false);
        for (int i = 0; i < y.length; i++) {
            if (i / (rows * PANEL) * PANEL + i % PANEL >= columns) {
                y[i] = 0f; // may be overwritten
            }
        }
        return y;
    }
}
