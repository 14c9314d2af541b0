package io.github.t6j.training;

import java.util.List;
import java.util.stream.IntStream;

/**
 * Sequences that go through the model together. Row r of an activation is position r mod length of sequence r / length.
 *
 * @param ids [sequences][length]
 * @param targets likewise; {@link #IGNORED}: not scored
 */
record MicroBatch(int[] ids, int[] targets, int sequences, int length) {
    /** The target of a position that is not scored. */
    static final int IGNORED = -1;

    /** @throws IllegalArgumentException if sizes or ids are not those of a model with {@code vocabulary} ids */
    static MicroBatch checked(int[] ids, int[] targets, int sequences, int length, int vocabulary) {
        if (sequences < 1 || length < 1) {
            throw new IllegalArgumentException("micro-batch: expected 1 sequence or more of 1 id or more, found "
                    + sequences + " of " + length);
        }
        long rows = (long) sequences * length;
        if (ids.length != rows || targets.length != rows) {
            throw new IllegalArgumentException("micro-batch: expected " + sequences + " · " + length
                    + " ids and as many targets, found " + ids.length + " and " + targets.length);
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

    /** Positions of all sequences. */
    int rows() {
        return sequences * length;
    }

    /** Positions with a target. */
    int scored() {
        int count = 0;
        for (int target : targets) {
            count += target == IGNORED ? 0 : 1;
        }
        return count;
    }

    /** All sequences. */
    Part whole() {
        return new Part(0, sequences, length);
    }

    /** Parts of so many sequences, the last perhaps of fewer. */
    List<Part> parts(int most) {
        return IntStream.iterate(0, first -> first < sequences, first -> first + most)
                .mapToObj(first -> new Part(first, Math.min(most, sequences - first), length))
                .toList();
    }

    /**
     * Some of the sequences.
     *
     * @param first the number of the first
     */
    record Part(int first, int sequences, int length) {
        /** Its first row. */
        int row() {
            return first * length;
        }

        int rows() {
            return sequences * length;
        }
    }
}
