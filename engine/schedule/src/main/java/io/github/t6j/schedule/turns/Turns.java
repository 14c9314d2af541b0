package io.github.t6j.schedule.turns;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * Decides on the work of the next pass, and which kind of work gets memory first. Prompts and texts to embed are read
 * alternately, and so are new prompts and the ids of recomputed continuations. Thread-safe.
 */
public final class Turns {
    /** Work that a pass can do. */
    public enum Work {
        /** Steps of generations, which have waited for their share of time. */
        DUE_STEP,
        /** Steps of generations. */
        STEP,
        /** Prompts, all so short that they join a step. */
        SHORT_PROMPTS,
        /** Prompts of any length. */
        PROMPTS,
        /** Continuations whose keys must be computed again. */
        RECOMPUTATION,
        /** Texts to embed. */
        TEXTS
    }

    /** Choice for a pass. */
    public enum Turn {
        /** Next ids of all generations, and parts of short prompts. */
        STEP,
        /** Parts of prompts, beginning with the one that was submitted first. */
        OLDEST_PROMPT,
        /** Parts of prompts, beginning with the one that has the fewest ids left. */
        SHORTEST_PROMPT,
        /** Ids of a continuation whose keys are computed again. */
        RECOMPUTATION,
        /** Parts of texts to embed. */
        TEXTS
    }

    /** Result of trying to admit the first job of the queue. */
    public enum Admission {
        /** The job has begun. */
        ADMITTED,
        /** The largest allowed number of jobs is running. */
        FULL,
        /** The caches of the running jobs leave too little memory. */
        LACKS_MEMORY,
        /** A saved prefix is being restored for the job. */
        RESTORES_PREFIX
    }

    /** Users of the memory for caches. */
    public enum MemoryUser {
        JOBS, TEXTS
    }

    private static final Set<Work> NOT_IN_STEP = EnumSet.of(Work.PROMPTS, Work.RECOMPUTATION, Work.TEXTS);

    private Turn lastPass = Turn.TEXTS; // except steps
    private Turn lastReading = Turn.SHORTEST_PROMPT; // of jobs
    private Turn lastPrompt = Turn.SHORTEST_PROMPT;
    private MemoryUser nextMemoryUser = MemoryUser.JOBS;
    private Admission lastAdmission = Admission.ADMITTED;

    /** Chooses among {@code ready}, and records the choice. */
    public synchronized Turn next(Set<Work> ready) {
        if (ready.contains(Work.DUE_STEP)
                || ready.contains(Work.STEP) && Collections.disjoint(ready, NOT_IN_STEP)) {
            return Turn.STEP;
        }
        boolean hasPrompts = ready.contains(Work.PROMPTS) || ready.contains(Work.SHORT_PROMPTS);
        boolean recomputes = ready.contains(Work.RECOMPUTATION);
        boolean readsJobs = hasPrompts || recomputes;
        if (ready.contains(Work.TEXTS) && (!readsJobs || lastPass != Turn.TEXTS)) {
            lastPass = Turn.TEXTS;
        } else if (recomputes && (!hasPrompts || lastReading != Turn.RECOMPUTATION)) {
            lastReading = Turn.RECOMPUTATION;
            lastPass = lastReading;
        } else {
            lastPrompt = lastPrompt == Turn.OLDEST_PROMPT ? Turn.SHORTEST_PROMPT : Turn.OLDEST_PROMPT;
            lastReading = lastPrompt;
            lastPass = lastPrompt;
        }
        return lastPass;
    }

    /** Returns the kind of work that gets memory first if both need some. */
    public synchronized MemoryUser nextMemoryUser() {
        return nextMemoryUser;
    }

    /** Returns true if texts may take memory: while a job waits for some, both get it alternately. */
    public synchronized boolean mayBeginTexts() {
        return nextMemoryUser == MemoryUser.TEXTS || lastAdmission != Admission.LACKS_MEMORY;
    }

    /** Records that texts have begun, so that jobs get memory next. */
    public synchronized void textsHaveBegun() {
        nextMemoryUser = MemoryUser.JOBS;
    }

    /** Records the result of trying to admit the first job of the queue. */
    public synchronized void tried(Admission admission) {
        lastAdmission = admission;
        if (admission == Admission.ADMITTED) {
            nextMemoryUser = MemoryUser.TEXTS;
        }
    }

    /** Records that no job waits. */
    public synchronized void queueIsEmpty() {
        lastAdmission = Admission.ADMITTED;
    }

    /** Records an event after which a job that waits for a prefix may be tried again. */
    public synchronized void wake() {
        if (lastAdmission == Admission.RESTORES_PREFIX) {
            lastAdmission = Admission.ADMITTED;
        }
    }

    /** Returns true if the first job of the queue waits for a prefix that is being restored. */
    public synchronized boolean waitsForPrefix() {
        return lastAdmission == Admission.RESTORES_PREFIX;
    }
}
