package io.github.t6j.cli.serve;

import io.github.t6j.Embedder;
import io.github.t6j.Embedding;
import io.github.t6j.Prompt;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Requests for embeddings, whose texts share passes. The thread of one request at a time computes a round, texts of all
 * waiting requests alternately, so that a short request does not wait for all texts of a long one.
 */
final class EmbeddingQueue {
    /** Ids after which a round takes no further text; several passes. */
    private static final int ROUND = 1024;

    /** Most requests that wait. */
    private static final int MOST_WAITING = 256;

    private final Deque<Request> unread = new ArrayDeque<>(); // requests with texts that no round has taken
    private int waiting; // number of requests; guarded by unread, as the requests' next
    private final ReentrantLock turn = new ReentrantLock(true);
    private volatile boolean stopping;
    private volatile boolean cancelled;

    /** A request that waits; its texts are taken in order. */
    private static final class Request {
        final List<int[]> texts;
        final Embedding[] found;
        RuntimeException failure;
        int next; // index of the first text that no round has taken

        Request(List<int[]> texts) {
            this.texts = texts;
            found = new Embedding[texts.size()];
        }

        boolean isOver() {
            return failure != null || next == found.length;
        }
    }

    /** A text of a round. */
    private record Taken(Request request, int index) {
        Prompt prompt() {
            return Prompt.of(request.texts.get(index));
        }
    }

    /** Returns true once computing must end. */
    boolean isCancelled() {
        return cancelled;
    }

    /**
     * Embeds texts, given as ids that the model can read.
     *
     * @throws ApiException if too many requests wait, or the server is stopping
     */
    List<Embedding> embed(Embedder embedder, List<int[]> texts) {
        Request own = new Request(texts);
        synchronized (unread) {
            checkRoom();
            waiting++;
            unread.add(own);
        }
        try {
            boolean isOver = false;
            while (!isOver) {
                turn.lock(); // for one round, so that requests that are over leave
                try {
                    if (!own.isOver()) {
                        round(embedder);
                    }
                    isOver = own.isOver();
                } finally {
                    turn.unlock();
                }
            }
        } finally {
            synchronized (unread) {
                waiting--;
            }
        }
        if (own.failure != null) {
            throw own.failure;
        }
        return List.of(own.found);
    }

    private void checkRoom() {
        if (stopping) {
            throw ApiException.unavailable("the server is stopping and accepts no more requests");
        }
        if (waiting >= MOST_WAITING) {
            throw ApiException.busy(waiting + " requests for embeddings wait, the limit: try again later");
        }
    }

    private void round(Embedder embedder) {
        compute(embedder, take());
    }

    /** Embeds all together; if that fails, one by one, so that only the failing requests end. */
    private void compute(Embedder embedder, List<Taken> taken) {
        try {
            List<Embedding> found = embedder.embed(taken.stream().map(Taken::prompt).toList());
            for (int i = 0; i < taken.size(); i++) {
                taken.get(i).request.found[taken.get(i).index] = found.get(i);
            }
        } catch (CancellationException stopped) {
            ApiException answer = ApiException.unavailable("the server is stopping");
            taken.forEach(one -> one.request.failure = answer);
        } catch (RuntimeException failure) {
            if (taken.size() > 1) {
                taken.forEach(one -> compute(embedder, List.of(one)));
            } else {
                taken.forEach(one -> one.request.failure = failure);
            }
        }
    }

    /** Takes texts of all requests alternately, where the last round ended, until they fill some passes. */
    private List<Taken> take() {
        List<Taken> taken = new ArrayList<>();
        synchronized (unread) {
            for (int ids = 0; ids < ROUND && !unread.isEmpty();) {
                Request request = unread.remove();
                if (!request.isOver()) {
                    ids += request.texts.get(request.next).length;
                    taken.add(new Taken(request, request.next++));
                    unread.add(request);
                }
            }
        }
        return taken;
    }

    /** Refuses requests from now on; those that wait go on. */
    void stop() {
        stopping = true;
    }

    /** Ends all requests. */
    void cancel() {
        stop();
        cancelled = true;
    }
}
