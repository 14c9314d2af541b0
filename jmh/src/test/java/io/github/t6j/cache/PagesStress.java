package io.github.t6j.cache;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;

import io.github.t6j.kernels.Format;
import io.github.t6j.weights.MemoryBudget;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** Races {@link RefCountedPages}: they are freed once, by the last owner, and never used afterwards. */
public final class PagesStress {
    private static final PageLayout LAYOUT = new PageLayout(1, 0, 0);
    private static final long BYTES = RefCountedPages.bytes(LAYOUT, Format.F32, 1);
    private static final int SHARED = 7; // the first element of the page, for every owner
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;

    private PagesStress() {}

    /** Returns a page with two owners and {@link #SHARED} in it, in memory that is freed with it. */
    private static RefCountedPages shared() {
        Slab slab = new Slab(BYTES, new MemoryBudget("pages", Long.MAX_VALUE, null));
        RefCountedPages pages = new RefCountedPages(LAYOUT, Format.F32, 1, slab);
        slab.release();
        data(pages).setAtIndex(INT, 0, SHARED);
        pages.retain();
        return pages;
    }

    private static MemorySegment data(RefCountedPages pages) {
        return pages.layer(0).data;
    }

    private static int isFreed(RefCountedPages pages) {
        return data(pages).scope().isAlive() ? 0 : 1;
    }

    /** Copies a shared page, as a cache does before it writes. */
    private static RefCountedPages own(RefCountedPages pages) {
        if (!pages.isShared()) {
            return pages;
        }
        Slab slab = new Slab(BYTES, new MemoryBudget("pages", Long.MAX_VALUE, null));
        RefCountedPages own = new RefCountedPages(LAYOUT, Format.F32, 1, slab);
        slab.release();
        own.copyFrom(pages);
        pages.release();
        return own;
    }

    /** Writes {@code number}. @return 10 · the old number · the number read afterwards */
    private static int write(RefCountedPages own, int number) {
        data(own).setAtIndex(INT, 1, number);
        return 10 * data(own).getAtIndex(INT, 0) + data(own).getAtIndex(INT, 1);
    }

    /** Both owners close. */
    @JCStressTest
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "The last one freed it.")
    @State
    public static class ReleaseAndRelease {
        private final RefCountedPages pages = shared();

        @Actor
        public void one() {
            pages.release();
        }

        @Actor
        public void other() {
            pages.release();
        }

        @Arbiter
        public void freed(I_Result r) {
            r.r1 = isFreed(pages);
        }
    }

    /**
     * Both owners write: each reads its own number, never the other's, and the shared page is freed or owned by one.
     */
    @JCStressTest
    @Outcome(id = "71, 72, 1", expect = ACCEPTABLE, desc = "Each wrote to its own page.")
    @State
    public static class WriteAndWrite {
        private final RefCountedPages pages = shared();
        private RefCountedPages a;
        private RefCountedPages b;

        @Actor
        public void one(III_Result r) {
            a = own(pages);
            r.r1 = write(a, 1);
        }

        @Actor
        public void other(III_Result r) {
            b = own(pages);
            r.r2 = write(b, 2);
        }

        @Arbiter
        public void check(III_Result r) {
            boolean apart = a != b && write(a, 1) == 71 && write(b, 2) == 72 && data(a).getAtIndex(INT, 1) == 1;
            boolean kept = a == pages || b == pages;
            boolean freed = isFreed(pages) == 1;
            a.release();
            b.release();
            r.r3 = apart && kept != freed && isFreed(a) + isFreed(b) == 2 ? 1 : 0;
        }
    }

    /** One owner writes while the other closes: it finds the old number, in a copy or in place. */
    @JCStressTest
    @Outcome(id = "71, 1", expect = ACCEPTABLE, desc = "It was there until its owner let go.")
    @State
    public static class WriteAndRelease {
        private final RefCountedPages pages = shared();
        private RefCountedPages written;

        @Actor
        public void writer(II_Result r) {
            written = own(pages);
            r.r1 = write(written, 1);
        }

        @Actor
        public void closer() {
            pages.release();
        }

        @Arbiter
        public void check(II_Result r) {
            written.release();
            r.r2 = isFreed(pages) & isFreed(written);
        }
    }

    /** One owner is forked while the other closes; the fork lives on alone. */
    @JCStressTest
    @Outcome(id = "7, 1", expect = ACCEPTABLE, desc = "It was there until the fork let go.")
    @State
    public static class RetainAndRelease {
        private final RefCountedPages pages = shared();

        @Actor
        public void forked(II_Result r) {
            pages.retain();
            pages.release();
            r.r1 = data(pages).getAtIndex(INT, 0);
        }

        @Actor
        public void closer() {
            pages.release();
        }

        @Arbiter
        public void check(II_Result r) {
            boolean kept = isFreed(pages) == 0;
            pages.release();
            r.r2 = kept && isFreed(pages) == 1 ? 1 : 0;
        }
    }
}
