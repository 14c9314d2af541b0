package io.github.t6j.jmh.peer;

/**
 * Engine of a comparison, as it describes itself.
 *
 * @param options options, such as the kernels
 * @param weights file and type of the weights
 * @param cache type of the cache's elements
 * @param logits largest difference of a logit from t6j's, divided by t6j's largest; NaN before the comparison
 */
public record PeerDescription(
        String engine, String version, String options, String weights, String cache, double logits) {
    /** @param parts version, options, weights and cache */
    static PeerDescription of(String engine, String... parts) {
        if (parts.length != 4) {
            throw new IllegalStateException(engine + ": expected version, options, weights and cache, found "
                    + String.join(", ", parts));
        }
        return new PeerDescription(engine, parts[0], parts[1], parts[2], parts[3], Double.NaN);
    }

    PeerDescription withLogits(double difference) {
        return new PeerDescription(engine, version, options, weights, cache, difference);
    }
}
