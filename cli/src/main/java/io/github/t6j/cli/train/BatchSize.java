package io.github.t6j.cli.train;

import io.github.t6j.MemoryLimitException;
import io.github.t6j.cli.generate.Line;
import io.github.t6j.training.Trainer;
import io.github.t6j.training.TrainingOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Default size of a batch: as large as the data, the memory and a time budget allow. It depends on assumed speeds, not
 * on measured ones, so that the same command line makes the same batches.
 */
final class BatchSize {
    private static final int MAX_SEQUENCES = 8;

    /** Shortest contexts that a small text, and that memory or a time budget, can lead to. */
    private static final int MIN_CONTEXT_OF_DATA = 16;
    private static final int MIN_CONTEXT = 64;

    /** Sequences, and the token after each, that the data must have. */
    private static final long SEQUENCES_OF_DATA = 4;

    /** Bytes of text per token, estimated high. */
    private static final long BYTES_PER_TOKEN = 4;

    /** Bytes of a line per token of its conversation, estimated low. */
    private static final long MIN_BYTES_PER_TOKEN = 2;

    /** Share of Java's heap for training. */
    private static final double HEAP = 0.8;

    /** Minimum number of steps that must fit a time budget. */
    private static final double MIN_STEPS = 100;

    /** Operations of a step per parameter and token, the attention included. */
    private static final double OPERATIONS = 8;

    /** The same of frozen weights, which have no gradients. */
    private static final double FROZEN_OPERATIONS = 4;

    /** Operations per second of a thread: on a slow processor, and more than any processor reaches. */
    private static final double SLOW = 3e10;
    private static final double FAST = 1.5e11;

    private final Trainer trainer;
    private final boolean anyContext;
    private final boolean anySequences;
    private final boolean wholeConversations;
    private final int threads;

    /**
     * Creates the size for a new run.
     *
     * @param anyContext true if the command line gives no context
     * @param anySequences true if it gives no number of sequences
     * @param wholeConversations true if little data or a time budget must not shorten the context below a conversation,
     *     since it would drop long answers
     */
    BatchSize(Trainer trainer, boolean anyContext, boolean anySequences, boolean wholeConversations, int threads) {
        this.trainer = trainer;
        this.anyContext = anyContext;
        this.anySequences = anySequences;
        this.wholeConversations = wholeConversations;
        this.threads = threads;
    }

    /**
     * Sets the batches of the trainer.
     *
     * @param seconds time budget; infinite for none
     */
    void fit(List<Path> data, double seconds) {
        if (!anyContext && !anySequences) {
            return;
        }
        double max = seconds * threads * SLOW / (OPERATIONS * trainer.modelParameterCount()) / MIN_STEPS;
        TrainingOptions.Batches tried = largest(data);
        for (TrainingOptions.Batches next = smaller(tried); next != null && !fits(tried, max); next = smaller(tried)) {
            tried = next;
        }
        trainer.setBatches(tried);
    }

    /** Returns the largest batches for the data. */
    private TrainingOptions.Batches largest(List<Path> data) {
        TrainingOptions.Batches batches = trainer.options().batches();
        int context = batches.context();
        long tokens = bytes(data) / BYTES_PER_TOKEN;
        boolean areFew = anyContext && tokens < SEQUENCES_OF_DATA * (context + 1);
        long min = areFew && wholeConversations ? longestLine(data) / MIN_BYTES_PER_TOKEN : MIN_CONTEXT_OF_DATA;
        while (areFew && context / 2 >= min && tokens < SEQUENCES_OF_DATA * (context + 1)) {
            context /= 2;
        }
        return batches.withSequences(1).withContext(context)
                .withSequences(anySequences ? MAX_SEQUENCES : batches.sequences());
    }

    /** Returns the next smaller batches; null if there are none. */
    private TrainingOptions.Batches smaller(TrainingOptions.Batches batches) {
        if (anySequences && batches.sequences() > 1) {
            return batches.withSequences(batches.sequences() / 2);
        }
        return anyContext && batches.context() / 2 >= MIN_CONTEXT ? batches.withContext(batches.context() / 2) : null;
    }

    private boolean fits(TrainingOptions.Batches batches, double maxTokens) {
        try {
            trainer.setBatches(batches);
            long heap = trainer.memory() - trainer.frozenBytes();
            boolean inTime = batches.tokens() <= maxTokens || wholeConversations && batches.sequences() == 1;
            return inTime && heap <= HEAP * Runtime.getRuntime().maxMemory();
        } catch (MemoryLimitException e) {
            return false;
        }
    }

    /** Returns the bytes of all files; the largest number if one cannot be read, which reading will report. */
    private static long bytes(List<Path> data) {
        long bytes = 0;
        for (Path file : data) {
            try {
                bytes += Files.size(file);
            } catch (IOException e) {
                return Long.MAX_VALUE;
            }
        }
        return bytes;
    }

    /** Returns the bytes of the longest line. */
    private static long longestLine(List<Path> data) {
        long longest = MIN_CONTEXT_OF_DATA;
        for (Path file : data) {
            try (LineReader reader = new LineReader(file)) {
                for (Line line; (line = reader.next()) != null;) {
                    longest = Math.max(longest, line.text().getBytes(StandardCharsets.UTF_8).length);
                }
            }
        }
        return longest;
    }

    /** Returns more steps than any processor makes in that time. */
    static long maxSteps(Trainer trainer, double seconds, int threads) {
        double ofWeight = trainer.base().isPresent() ? FROZEN_OPERATIONS : OPERATIONS;
        double operations = ofWeight * trainer.modelParameterCount() * trainer.options().batches().tokens();
        return Math.max(1, (long) Math.min(1L << 39, seconds * threads * FAST / operations));
    }
}
