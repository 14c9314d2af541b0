package io.github.t6j.training.layers;

import java.util.List;
import java.util.stream.IntStream;

/**
 * Batch of sequences that go through the model together. Row r of an activation is position r mod length of sequence
 * r / length.
 *
 * @param ids [sequences][length]
 * @param targets [sequences][length]; {@link #IGNORED} marks a position that is not scored
 */
public record MicroBatch(int[] ids, int[] targets, int sequences, int length) {
    /** Target of a position that is not scored. */
    public static final int IGNORED = -1;

    /**
     * Creates a micro-batch after checking it.
     *
     * @throws IllegalArgumentException if a size is wrong or an id is not below {@code vocabulary}
     */
    public static MicroBatch checked(int[] ids, int[] targets, int sequences, int length, int vocabulary) {
        if (sequences < 1 || length < 1) {
            throw new IllegalArgumentException("micro-batch: expected 1 sequence or more of 1 id or more, found "
                    + sequences + " of " + length);
        }
        long rows = (long) sequences * length;
        if (ids.length != rows || targets.length != rows) {
            throw new IllegalArgumentException("micro-batch: expected " + sequences + " · " + length
                    + " ids and the same number of targets, found " + ids.length + " and " + targets.length);
        }
        check("ids", ids, 0, vocabulary);
        check("targets", targets, IGNORED, vocabulary);
        return new MicroBatch(ids, targets, sequences, length);
    }

    private static void check(String what, int[] found, int least, int vocabulary) {
        for (int i = 0; i < found.length; i++) {
            if (found[i] < least || found[i] >= vocabulary) {
                throw new IllegalArgumentException("micro-batch: " + what + "[" + i + "]: expected " + least + " to "
                        + (vocabulary - 1) + ", found " + found[i]);
            }
        }
    }

    /** Returns the number of positions of all sequences. */
    public int rows() {
        return sequences * length;
    }

    /** Returns the number of positions with a target. */
    int scored() {
        int count = 0;
        for (int target : targets) {
            count += target == IGNORED ? 0 : 1;
        }
        return count;
    }

    /** Returns all sequences as one part. */
    Part whole() {
        return new Part(0, sequences, length);
    }

    /** Splits the batch into parts of {@code most} sequences; the last may have fewer. */
    List<Part> parts(int most) {
        return IntStream.iterate(0, first -> first < sequences, first -> first + most)
                .mapToObj(first -> new Part(first, Math.min(most, sequences - first), length))
                .toList();
    }

    /**
     * Range of the sequences.
     *
     * @param first index of the first sequence
     */
    record Part(int first, int sequences, int length) {
        /** Returns the first row of the part. */
        int row() {
            return first * length;
        }

        public int rows() {
            return sequences * length;
        }
    }
}
