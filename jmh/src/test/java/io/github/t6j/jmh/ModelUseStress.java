package io.github.t6j.jmh;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;

import io.github.t6j.session.ModelUse;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/** Races {@link ModelUse}: it is freed once, after it is closed and no call uses it; no session outlives it. */
public final class ModelUseStress {
    private ModelUseStress() {}

    /** A model, and a plain count of how often it was freed. */
    static class Subject {
        int frees;
        final ModelUse model = new ModelUse(() -> frees++);
    }

    /** Two closes during a call, which ends later. */
    @JCStressTest
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "Freed once, by the call.")
    @State
    public static class CloseAndClose extends Subject {
        private final boolean called = model.acquire();

        @Actor
        public void one() {
            model.close();
        }

        @Actor
        public void other() {
            model.close();
        }

        @Arbiter
        public void freed(II_Result r) {
            r.r1 = called ? frees : -1;
            model.release();
            r.r2 = frees;
        }
    }

    /** A close while a call begins and ends. */
    @JCStressTest
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "The call was made, then it was freed.")
    @Outcome(id = "2, 1", expect = ACCEPTABLE, desc = "There was nothing left to acquire.")
    @State
    public static class CloseAndAcquire extends Subject {
        @Actor
        public void closer() {
            model.close();
        }

        @Actor
        public void caller(II_Result r) {
            if (model.acquire()) {
                r.r1 = frees == 0 ? 1 : 0;
                model.release();
            } else {
                r.r1 = 2;
            }
        }

        @Arbiter
        public void freed(II_Result r) {
            r.r2 = frees;
        }
    }

    /** A close while a session is opened: one of the two closes that session, too. */
    @JCStressTest
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Both were freed.")
    @State
    public static class CloseAndOpen extends Subject {
        private SessionUseStress.Subject session;

        @Actor
        public void closer() {
            model.close();
        }

        @Actor
        public void opener() {
            session = new SessionUseStress.Subject(model);
        }

        @Arbiter
        public void freed(II_Result r) {
            r.r1 = session.frees;
            r.r2 = frees;
        }
    }

    /** A close while a call of a session begins or ends: neither is freed before the call ends. */
    @JCStressTest
    @Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "The call was made, then both were freed.")
    @Outcome(id = "2, 1, 1", expect = ACCEPTABLE, desc = "Refused as closed.")
    @State
    public static class CloseAndCall extends Subject {
        private final SessionUseStress.Subject session = new SessionUseStress.Subject(model);

        @Actor
        public void closer() {
            model.close();
        }

        @Actor
        public void caller(III_Result r) {
            r.r1 = session.call(() -> {
                if (frees > 0) {
                    session.frees = SessionUseStress.FREED_IN_CALL;
                }
            });
        }

        @Arbiter
        public void freed(III_Result r) {
            r.r2 = session.frees;
            r.r3 = frees;
        }
    }
}
