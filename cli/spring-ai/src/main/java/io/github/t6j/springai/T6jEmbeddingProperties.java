package io.github.t6j.springai;

import io.github.t6j.EmbeddingOptions;
import io.github.t6j.Pooling;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * Properties of embeddings, {@code spring.ai.t6j.embedding.*}.
 *
 * @param pooling mean, last or cls; as the model's files state by default
 * @param dimensions number of leading elements that a vector keeps; all by default
 * @param truncate true truncates texts that are longer than the model's context, which are an error by default
 */
@ConfigurationProperties("spring.ai.t6j.embedding")
public record T6jEmbeddingProperties(Pooling pooling, Integer dimensions, Boolean truncate) {
    /** Returns the options with the properties that are set. */
    EmbeddingOptions options() {
        return EmbeddingOptions.defaults().withPooling(pooling).withDimensions(dimensions == null ? 0 : dimensions)
                .withTruncate(Boolean.TRUE.equals(truncate));
    }
}
