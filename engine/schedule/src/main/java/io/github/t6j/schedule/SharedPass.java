package io.github.t6j.schedule;

import io.github.t6j.LogitsListener;
import io.github.t6j.Model;
import io.github.t6j.Session;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Pass of several sessions, each with its next ids. */
final class SharedPass {
    private final Model model;
    private final List<Session> sessions = new ArrayList<>();
    private final List<int[]> ids = new ArrayList<>();
    private final List<LogitsListener> listeners = new ArrayList<>();
    private final List<Consumer<Throwable>> failures = new ArrayList<>(); // receive the failure of each session
    private int promptIds;

    SharedPass(Model model) {
        this.model = model;
    }

    void add(Continuation continuation) {
        add(continuation.session(), continuation.part(Model.maxPassRows()), null, continuation::fail);
    }

    void add(Job job) {
        int[] part = job.part(Model.maxPassRows());
        promptIds += part.length;
        add(job.session(), part, job.listener(), job::fail);
    }

    private void add(Session session, int[] part, LogitsListener listener, Consumer<Throwable> failure) {
        sessions.add(session);
        ids.add(part);
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
            model.feed(sessions, ids.toArray(int[][]::new), listeners.toArray(LogitsListener[]::new), pause);
        } catch (RuntimeException | Error failure) {
            for (int i = 0; i < sessions.size(); i++) {
                runAlone(i, positions[i], failure);
            }
        }
    }

    private void runAlone(int index, int position, Throwable sharedFailure) {
        try {
            if (sessions.get(index).position() != position) {
                throw new IllegalStateException("the pass failed after it was fed", sharedFailure);
            }
            model.feed(List.of(sessions.get(index)), new int[][] {ids.get(index)},
                    new LogitsListener[] {listeners.get(index)});
        } catch (RuntimeException | Error failure) {
            failures.get(index).accept(failure);
        }
    }
}
