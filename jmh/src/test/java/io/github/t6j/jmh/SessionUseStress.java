package io.github.t6j.jmh;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;

import io.github.t6j.session.ModelUse;
import io.github.t6j.session.SessionUse;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/**
 * Races {@link SessionUse}: it allows one call at a time, is freed once, never during a call, and a refused call has a
 * reason.
 */
public final class SessionUseStress {
    /** Length of a call, long enough that another thread meets it. */
    private static final int LENGTH = 20;

    static final int REFUSED_AS_CLOSED = 2;
    static final int REFUSED_AS_USED = 3;
    static final int FREED_IN_CALL = 4;

    private SessionUseStress() {}

    /** A session of a model that stays open, and a plain count of how often it was freed. */
    static class Subject {
        private static final ModelUse OPEN = new ModelUse(() -> {
        });
        int frees;
        final SessionUse use;

        Subject() {
            this(OPEN);
        }

        Subject(ModelUse model) {
            use = new SessionUse(model, () -> frees++);
        }

        static void pause(int spins) {
            for (int i = 0; i < spins; i++) {
                Thread.onSpinWait();
            }
        }

        /** @return 1 after a call, or a code for the reason of a refusal */
        int call(Runnable body) {
            try (SessionUse.Call _ = use.begin()) {
                pause(LENGTH);
                body.run();
                return frees == 0 ? 1 : FREED_IN_CALL;
            } catch (IllegalStateException refused) {
                return refused.getMessage().contains("closed") ? REFUSED_AS_CLOSED : REFUSED_AS_USED;
            }
        }

        int call() {
            return call(() -> {
            });
        }
    }

    /** Two closes. */
    @JCStressTest
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "Freed once.")
    @State
    public static class CloseAndClose extends Subject {
        @Actor
        public void one() {
            use.close();
        }

        @Actor
        public void other() {
            use.close();
        }

        @Arbiter
        public void freed(I_Result r) {
            r.r1 = frees;
        }
    }

    /** A close while a call begins or ends. */
    @JCStressTest
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "The call was made, then it was freed.")
    @Outcome(id = "2, 1", expect = ACCEPTABLE, desc = "Refused as closed.")
    @State
    public static class CloseAndCall extends Subject {
        @Actor
        public void closer() {
            use.close();
        }

        @Actor
        public void caller(II_Result r) {
            r.r1 = call();
        }

        @Arbiter
        public void freed(II_Result r) {
            r.r2 = frees;
        }
    }

    /** Two calls: they run one after the other, or one is refused. */
    @JCStressTest
    @Outcome(id = "1, 1, 2", expect = ACCEPTABLE, desc = "One after the other.")
    @Outcome(id = {"1, 3, 1", "3, 1, 1"}, expect = ACCEPTABLE, desc = "One was refused.")
    @State
    public static class CallAndCall extends Subject {
        private int calls;

        @Actor
        public void one(III_Result r) {
            r.r1 = call(() -> calls++);
        }

        @Actor
        public void other(III_Result r) {
            r.r2 = call(() -> calls++);
        }

        @Arbiter
        public void made(III_Result r) {
            r.r3 = calls;
        }
    }

    /** A cancel during a computing call and another one after it: it counts for one of them, not for both. */
    @JCStressTest
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "The call is cancelled, the next one is not.")
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "It came after the call: the next one is cancelled.")
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "It came between the call's last look and its end.")
    @State
    public static class CancelAndCall extends Subject {
        @Actor
        public void canceller() {
            pause(LENGTH / 2);
            use.cancel();
        }

        @Actor
        public void caller(II_Result r) {
            r.r1 = computingCall();
        }

        @Arbiter
        public void next(II_Result r) {
            r.r2 = computingCall();
        }

        /** @return 1 if the call was cancelled */
        private int computingCall() {
            try (SessionUse.Call _ = use.beginComputing()) {
                pause(LENGTH);
                return use.isCancelled() ? 1 : 0;
            }
        }
    }
}
