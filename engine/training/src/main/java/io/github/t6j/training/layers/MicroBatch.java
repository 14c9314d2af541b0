package io.github.t6j.training.layers;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Batch of sequences that go through the model together. Row r of an activation is position r mod length of sequence
 * r / length. A sequence consists of documents that do not see one another: attention and RoPE restart at each.
 *
 * @param ids [sequences][length]
 * @param targets [sequences][length]; {@link #IGNORED} marks a position that is not scored
 * @param positions [sequences][length], position of each row in its document
 * @param starts first row of each document, and then the number of rows
 */
public record MicroBatch(int[] ids, int[] targets, int[] positions, int[] starts, int sequences, int length) {
    /** Target of a position that is not scored. */
    public static final int IGNORED = -1;

    /**
     * Creates a micro-batch after checking it.
     *
     * @param positions [sequences][length]; null if each sequence is one document
     * @throws IllegalArgumentException if a size is wrong, an id is not below {@code vocabulary}, or positions do not
     *     count from 0 in each sequence
     */
    public static MicroBatch checked(
            int[] ids, int[] targets, int[] positions, int sequences, int length, int vocabulary) {
        if (sequences < 1 || length < 1) {
            throw new IllegalArgumentException("micro-batch: expected 1 sequence or more of 1 id or more, found "
                    + sequences + " of " + length);
        }
        long rows = (long) sequences * length;
        if (ids.length != rows || targets.length != rows || positions != null && positions.length != rows) {
            throw new IllegalArgumentException("micro-batch: expected " + sequences + " · " + length
                    + " ids and the same number of targets, found " + ids.length + " and " + targets.length);
        }
        check("ids", ids, 0, vocabulary);
        check("targets", targets, IGNORED, vocabulary);
        int[] counted = positions == null
                ? IntStream.range(0, ids.length).map(row -> row % length).toArray()
                : positions;
        return new MicroBatch(ids, targets, counted, starts(counted, length), sequences, length);
    }

    private static void check(String what, int[] found, int min, int vocabulary) {
        for (int i = 0; i < found.length; i++) {
            if (found[i] < min || found[i] >= vocabulary) {
                throw new IllegalArgumentException("micro-batch: " + what + "[" + i + "]: expected " + min + " to "
                        + (vocabulary - 1) + ", found " + found[i]);
            }
        }
    }

    private static int[] starts(int[] positions, int length) {
        int[] begins = new int[positions.length + 1];
        int documents = 0;
        for (int row = 0; row < positions.length; row++) {
            int next = row % length == 0 ? 0 : positions[row - 1] + 1;
            if (positions[row] == 0) {
                begins[documents++] = row;
            } else if (positions[row] != next) {
                throw new IllegalArgumentException("micro-batch: positions[" + row + "]: expected "
                        + (next == 0 ? "0" : "0 or " + next) + ", found " + positions[row]);
            }
        }
        begins[documents] = positions.length;
        return Arrays.copyOf(begins, documents + 1);
    }

    /** Returns the number of positions of all sequences. */
    public int rows() {
        return sequences * length;
    }

    /** Returns the length of the longest document. */
    public int longest() {
        return IntStream.range(1, starts.length).map(i -> starts[i] - starts[i - 1]).max().orElse(0);
    }

    /** Returns the rows of positions with a target, in order. */
    int[] scoredRows() {
        return IntStream.range(0, targets.length).filter(row -> targets[row] != IGNORED).toArray();
    }

    /** Returns the number of {@code targets} that are scored. */
    public static int scored(int[] targets) {
        int count = 0;
        for (int target : targets) {
            count += target == IGNORED ? 0 : 1;
        }
        return count;
    }

    /** Returns all sequences as one part. */
    Part whole() {
        return part(0, sequences);
    }

    /** Splits the batch into parts of {@code max} sequences; the last may have fewer. */
    List<Part> parts(int max) {
        return IntStream.iterate(0, first -> first < sequences, first -> first + max)
                .mapToObj(first -> part(first, Math.min(max, sequences - first)))
                .toList();
    }

    private Part part(int first, int count) {
        int from = Arrays.binarySearch(starts, first * length);
        int to = Arrays.binarySearch(starts, (first + count) * length);
        return new Part(Arrays.copyOfRange(starts, from, to + 1));
    }

    /**
     * Consecutive sequences.
     *
     * @param starts first row of each document, and then the row after the last
     */
    record Part(int[] starts) {
        /** Returns the first row of the part. */
        int row() {
            return starts[0];
        }

        public int rows() {
            return starts[documents()] - row();
        }

        int documents() {
            return starts.length - 1;
        }

        /** Returns the first row of a document. */
        int row(int document) {
            return starts[document];
        }

        /** Returns the number of rows of a document. */
        int length(int document) {
            return starts[document + 1] - starts[document];
        }
    }
}
