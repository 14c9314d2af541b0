package io.github.t6j.jmh.peer;

import java.util.Locale;

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
    /**
     * Returns the description of another Java engine.
     *
     * @param parts options, weights and cache
     * @throws IllegalStateException if its kernels are not the ones that its name promises: Jlama runs without its
     *     native library if that does not load
     */
    static PeerDescription of(PeerEngine engine, String version, String... parts) {
        if (parts.length != 3) {
            throw new IllegalStateException(
                    engine.name() + ": expected options, weights and cache, found " + String.join(", ", parts));
        }
        if (parts[0].toLowerCase(Locale.ROOT).contains("native") != engine.isNative()) {
            throw new IllegalStateException(engine.name() + ": expected kernels in " + (engine.isNative()
                    ? "its native library"
                    : "Java") + ", found " + parts[0] + "; see its messages above");
        }
        return new PeerDescription(engine.name(), version, parts[0], parts[1], parts[2], Double.NaN);
    }

    PeerDescription withLogits(double difference) {
        return new PeerDescription(engine, version, options, weights, cache, difference);
    }
}
