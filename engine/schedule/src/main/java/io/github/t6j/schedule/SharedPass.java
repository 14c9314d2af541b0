package io.github.t6j.schedule;

import io.github.t6j.LogitsListener;
import io.github.t6j.Model;
import io.github.t6j.Session;
import io.github.t6j.model.Batch;
import io.github.t6j.session.SessionGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Pass of several sessions, each with its next ids. */
final class SharedPass {
    private final List<Session> sessions = new ArrayList<>();
    private final List<int[]> ids = new ArrayList<>();
    private final List<Boolean> drafted = new ArrayList<>(); // true if all ids but the first are drafts
    private final List<LogitsListener> listeners = new ArrayList<>();
    private final List<Consumer<Throwable>> failures = new ArrayList<>(); // receive the failure of each session
    private final Runnable check;
    private int promptIds;

    /** @param check throws an exception if no session can go on */
    SharedPass(Runnable check) {
        this.check = check;
    }

    void add(Continuation continuation) {
        int[] part = continuation.part(Model.maxPassRows());
        add(continuation.session(), part, !continuation.recomputes(), null, continuation::fail);
    }

    void add(Job job) {
        int[] part = job.part(Model.maxPassRows());
        promptIds += part.length;
        add(job.session(), part, false, job.listener(), job::fail);
    }

    private void add(
            Session session, int[] part, boolean isDrafted, LogitsListener listener, Consumer<Throwable> failure) {
        sessions.add(session);
        ids.add(part);
        drafted.add(isDrafted);
        listeners.add(listener);
        failures.add(failure);
    }

    /** Returns the number of ids of jobs. */
    int promptIds() {
        return promptIds;
    }

    /** Returns the number of ids. */
    int rows() {
        return ids.stream().mapToInt(part -> part.length).sum();
    }

    /** Feeds all sessions together; if that fails, one by one, so that only the failing ones end. */
    void run(Runnable pause) {
        int[] positions = sessions.stream().mapToInt(Session::position).toArray();
        try {
            feed(0, sessions.size(), pause);
        } catch (RuntimeException | Error failure) {
            check.run();
            for (int i = 0; i < sessions.size(); i++) {
                runAlone(i, positions[i], failure);
            }
        }
    }

    private void feed(int from, int to, Runnable pause) {
        boolean[] drafts = new boolean[to - from];
        for (int i = from; i < to; i++) {
            drafts[i - from] = drafted.get(i);
        }
        SessionGroup.feed(sessions.subList(from, to), ids.subList(from, to).toArray(int[][]::new), drafts,
                listeners.subList(from, to).toArray(LogitsListener[]::new), pause);
    }

    private void runAlone(int index, int position, Throwable sharedFailure) {
        try {
            if (sessions.get(index).position() != position) {
                throw new IllegalStateException("the pass failed after it was fed", sharedFailure);
            }
            feed(index, index + 1, Batch.NO_PAUSE);
        } catch (RuntimeException | Error failure) {
            failures.get(index).accept(failure);
        }
    }
}
