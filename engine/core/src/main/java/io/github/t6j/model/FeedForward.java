package io.github.t6j.model;

import io.github.t6j.kernels.PackedMatrix;
import java.util.stream.Stream;

/** Feed-forward part of a block. */
sealed interface FeedForward permits GatedFeedForward, Experts {
    /** Sets update to the feed-forward part for all rows of normed. */
    void forward(Activations a);

    /** Returns all matrices. */
    Stream<PackedMatrix> matrices();

    /** Returns the bytes of the matrices that one row reads. */
    long activeBytes();
}
