package io.github.t6j.jmh;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;

import io.github.t6j.kernels.Workers;
import java.util.concurrent.locks.LockSupport;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** Races {@link Workers}: every item runs once, sees its caller's writes, and is visible after the region. */
public final class WorkersStress {
    private WorkersStress() {}

    /** A region of up to four plain items: only the hand-over makes them visible. */
    private static final class Region {
        private int input;
        private int first;
        private int second;
        private int third;
        private int fourth;

        /** Adds 1 to a digit for each item: 11 if both of two ran once. */
        int run(Workers workers, int items) {
            input = 1;
            workers.run(items, this::item);
            return 1000 * fourth + 100 * third + 10 * second + first;
        }

        private void item(int item, int worker) {
            switch (item) {
                case 0 -> first += input;
                case 1 -> second += input;
                case 2 -> third += input;
                default -> fourth += input;
            }
        }
    }

    /** Two callers and one helper: one caller uses it, the other works alone. */
    @JCStressTest
    @Outcome(id = "11, 1111", expect = ACCEPTABLE, desc = "Each item was done once.")
    @State
    public static class TwoCallers {
        private static final Workers WORKERS = new Workers(2);
        private final Region a = new Region();
        private final Region b = new Region();

        @Actor
        public void one(II_Result r) {
            r.r1 = a.run(WORKERS, 2);
        }

        @Actor
        public void other(II_Result r) {
            r.r2 = b.run(WORKERS, 4);
        }
    }

    /** A larger region after a small one: a late helper must not take an item with its knowledge of the last region. */
    @JCStressTest
    @Outcome(id = "11, 1111", expect = ACCEPTABLE, desc = "Each item was done once.")
    @State
    public static class OneAfterTheOther {
        private static final Workers WORKERS = new Workers(3);
        private final Region a = new Region();
        private final Region b = new Region();

        @Actor
        public void caller(II_Result r) {
            r.r1 = a.run(WORKERS, 2);
            r.r2 = b.run(WORKERS, 4);
        }
    }

    /** The helpers sleep when a region opens, or are about to. */
    @JCStressTest
    @Outcome(id = "11, 1111", expect = ACCEPTABLE, desc = "Each item was done once.")
    @State
    public static class AfterSleep {
        private static final Workers WORKERS = new Workers(2);
        private final Region a = new Region();
        private final Region b = new Region();

        @Actor
        public void caller(II_Result r) {
            r.r1 = a.run(WORKERS, 2);
            LockSupport.parkNanos(300_000); // about the time that they spin
            r.r2 = b.run(WORKERS, 4);
        }
    }

    /** A close while a region opens: its caller runs the items that no helper takes. */
    @JCStressTest
    @Outcome(id = "111, 1", expect = ACCEPTABLE, desc = "Each item was done once.")
    @State
    public static class CloseWhileRunning {
        private final Region region = new Region();
        private volatile Workers workers;

        @Actor
        public void caller(II_Result r) {
            Workers opened = new Workers(2);
            workers = opened;
            r.r1 = region.run(opened, 3);
        }

        @Actor
        public void closer(II_Result r) {
            while (workers == null) {
                Thread.onSpinWait();
            }
            workers.close();
            r.r2 = 1;
        }
    }
}
