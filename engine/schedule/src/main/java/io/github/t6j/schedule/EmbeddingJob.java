package io.github.t6j.schedule;

import io.github.t6j.Embedder;
import io.github.t6j.Embedding;
import io.github.t6j.FinishReason;
import io.github.t6j.Model;
import io.github.t6j.Prompt;
import io.github.t6j.session.Pooler;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;

/** Submitted texts to embed; they are read in order. */
final class EmbeddingJob {
    private final Prompt head; // first prompt, whose client and priority count for all; without texts an empty one
    private final int layer;
    private final List<int[]> texts;
    private final boolean[] truncated;
    private final Pooler pooler;
    private final Result<List<Embedding>> result;
    private int next; // index of the first text that was not taken
    private int left; // number of unfinished texts

    /**
     * A text of the job.
     *
     * @param index index of the text in the job
     */
    record Text(EmbeddingJob job, int index) {
        int[] ids() {
            return job.texts.get(index);
        }

        /** Adds the hidden states of consecutive ids; returns true if these end the text. */
        boolean add(int first, int count, float[] states, int at) {
            job.pooler.onStates(index, first, count, states, at);
            boolean isLast = first + count == ids().length;
            job.left -= isLast ? 1 : 0;
            return isLast;
        }
    }

    /** @throws IllegalArgumentException if the model cannot read a prompt; the message names its index */
    EmbeddingJob(Model model, Embedder embedder, List<Prompt> prompts, Result<List<Embedding>> result) {
        head = prompts.isEmpty() ? Prompt.of("") : prompts.getFirst();
        layer = embedder.options().layer();
        texts = new ArrayList<>();
        truncated = new boolean[prompts.size()];
        for (Prompt prompt : prompts) {
            int[] ids = ids(embedder, prompt, "prompts[" + texts.size() + "]");
            truncated[texts.size()] =
                    ids.length == model.info().sizes().contextLength() && isLonger(model, prompt, ids);
            texts.add(ids);
        }
        left = texts.size();
        pooler = new Pooler(embedder.options(), model.info().sizes().width(),
                texts.stream().mapToInt(ids -> ids.length).toArray());
        this.result = result;
    }

    private static int[] ids(Embedder embedder, Prompt prompt, String where) {
        try {
            return embedder.ids(prompt);
        } catch (IllegalArgumentException wrong) {
            throw new IllegalArgumentException(wrong.getMessage().replaceFirst("^prompt", where), wrong);
        }
    }

    private static boolean isLonger(Model model, Prompt prompt, int[] ids) {
        int[] all = prompt.text().map(text -> model.tokenizer().encodeWhole(text)).orElseGet(() -> prompt.ids(model));
        return all.length > ids.length;
    }

    String client() {
        return head.client();
    }

    int priority() {
        return head.priority();
    }

    /** Returns the number of layers before the hidden states. */
    int layer() {
        return layer;
    }

    Result<List<Embedding>> result() {
        return result;
    }

    /** Returns true if not all texts were taken. */
    boolean hasMore() {
        return next < texts.size();
    }

    /** Returns the number of ids of the next text. */
    int nextLength() {
        return texts.get(next).length;
    }

    /** Returns the number of ids of the longest text, or 0 without texts. */
    int longest() {
        return texts.stream().mapToInt(ids -> ids.length).max().orElse(0);
    }

    Text take() {
        return new Text(this, next++);
    }

    boolean isRead() {
        return left == 0;
    }

    boolean isInterrupted() {
        return result.interruption().reason() != null;
    }

    void cancel() {
        result.interruption().cancel();
    }

    /** Reports the embeddings, or the failure of one. */
    void report() {
        try {
            List<Embedding> found = new ArrayList<>();
            for (int i = 0; i < truncated.length; i++) {
                found.add(new Embedding(pooler.vector(i), texts.get(i).length, truncated[i]));
            }
            result.end(List.copyOf(found));
        } catch (IllegalStateException notFinite) {
            result.fail(notFinite);
        }
    }

    /** Reports that it ended because it {@link #isInterrupted}. */
    void reportInterruption() {
        Throwable failure = result.interruption().failure();
        boolean late = result.interruption().reason() == FinishReason.DEADLINE;
        result.fail(failure != null
                ? failure
                : new CancellationException("embedding" + (late ? ": the deadline has passed" : " was cancelled")));
    }

    void fail(Throwable cause) {
        result.fail(cause);
    }
}
