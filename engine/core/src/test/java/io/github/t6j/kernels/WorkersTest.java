package io.github.t6j.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated
class WorkersTest {
    @Test
    void everyItemRunsOnceOnAnExistingWorker() {
        for (int threads : new int[] {1, 2, 3, 5}) {
            try (Workers workers = new Workers(threads)) {
                for (int region = 0; region < 20_000; region++) {
                    int items = region % 9;
                    AtomicIntegerArray times = new AtomicIntegerArray(9);
                    workers.run(items, (item, worker) -> {
                        assertThat(worker).isBetween(0, threads - 1);
                        times.incrementAndGet(item);
                    });
                    for (int i = 0; i < 9; i++) {
                        assertThat(times.get(i)).as("region " + region + " item " + i).isEqualTo(i < items ? 1 : 0);
                    }
                }
            }
        }
    }

    @Test
    void aNestedRegionRunsOnItsThread() {
        for (int threads : new int[] {1, 2, 3}) {
            try (Workers workers = new Workers(threads)) {
                for (int region = 0; region < 1000; region++) {
                    AtomicIntegerArray times = new AtomicIntegerArray(5 * 7);
                    workers.run(5, (outer, worker) -> {
                        Thread caller = Thread.currentThread();
                        workers.run(7, (inner, innerWorker) -> {
                            assertThat(Thread.currentThread()).isSameAs(caller);
                            times.incrementAndGet(outer * 7 + inner);
                        });
                    });
                    assertThat(IntStream.range(0, 35).map(times::get).toArray()).as("region " + region).containsOnly(1);
                }
            }
        }
    }

    @Test
    void workersWakeAfterTheySlept() {
        try (Workers workers = new Workers(3)) {
            for (int region = 0; region < 20; region++) {
                AtomicInteger sum = new AtomicInteger();
                workers.run(10, (item, worker) -> sum.addAndGet(item));
                assertThat(sum).hasValue(45);
                LockSupport.parkNanos(5_000_000);
            }
        }
    }

    @Test
    void regionsOfSeveralThreadsDoNotMix() {
        try (Workers workers = new Workers(3)) {
            IntStream.range(0, 4).parallel().forEach(caller -> {
                for (int region = 0; region < 5_000; region++) {
                    AtomicInteger sum = new AtomicInteger();
                    workers.run(8, (item, worker) -> sum.addAndGet(item + caller));
                    assertThat(sum).hasValue(28 + 8 * caller);
                }
            });
        }
    }

    @Test
    void exceptionsReachTheCallerAndTheWorkersContinue() {
        try (Workers workers = new Workers(2)) {
            assertThatThrownBy(() -> workers.run(4, (item, worker) -> {
                if (item == 3) {
                    throw new IllegalStateException("item 3");
                }
            })).isInstanceOf(IllegalStateException.class).hasMessage("item 3");
            AtomicInteger done = new AtomicInteger();
            workers.run(4, (item, worker) -> done.incrementAndGet());
            assertThat(done).hasValue(4);
        }
    }

    @Test
    void closedWorkersLeaveTheWorkToTheCaller() {
        Workers workers = new Workers(2);
        workers.close();
        AtomicInteger done = new AtomicInteger();
        workers.run(4, (item, worker) -> done.incrementAndGet());
        assertThat(done).hasValue(4);
    }

    @Test
    void noThreadIsAnError() {
        assertThatThrownBy(() -> new Workers(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("expected 1 or more, found 0");
    }
}
