package io.github.t6j.langchain4j;

import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.request.EmbeddingInput;
import dev.langchain4j.model.embedding.request.EmbeddingParameter;
import dev.langchain4j.model.embedding.request.EmbeddingRequest;
import dev.langchain4j.model.embedding.request.EmbeddingRequestParameters;
import dev.langchain4j.model.embedding.response.EmbeddingResponse;
import dev.langchain4j.model.output.TokenUsage;
import io.github.t6j.Embedder;
import io.github.t6j.EmbeddingOptions;
import io.github.t6j.Model;
import io.github.t6j.Prompt;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * LangChain4j's EmbeddingModel on a model of t6j in this process. The texts of a request share passes over the weights.
 * Any number of threads may send requests. A request may set the number of dimensions.
 */
public final class T6jEmbeddingModel implements EmbeddingModel {
    private final Model model;
    private final Embedder embedder;

    /** @param model model, which the caller closes after the last request */
    public T6jEmbeddingModel(Model model) {
        this(model, EmbeddingOptions.defaults());
    }

    /**
     * @param model model, which the caller closes after the last request
     * @param options options; the model's files decide where they have no value
     */
    public T6jEmbeddingModel(Model model, EmbeddingOptions options) {
        this.model = Objects.requireNonNull(model, "model");
        embedder = new Embedder(model, options);
    }

    @Override
    public EmbeddingResponse doEmbed(EmbeddingRequest request) {
        Embedder asked = request.dimensions() == null
                ? embedder
                : new Embedder(model, embedder.options().withDimensions(request.dimensions()));
        List<io.github.t6j.Embedding> found =
                asked.embed(request.inputs().stream().map(EmbeddingInput::text).map(Prompt::of).toList());
        return EmbeddingResponse.builder()
                .embeddings(found.stream().map(embedding -> Embedding.from(embedding.vector())).toList())
                .modelName(modelName())
                .tokenUsage(new TokenUsage(found.stream().mapToInt(io.github.t6j.Embedding::tokens).sum(), 0))
                .build();
    }

    @Override
    public Set<EmbeddingParameter<?>> supportedParameters() {
        return Set.of(EmbeddingRequestParameters.DIMENSIONS);
    }

    @Override
    public int dimension() {
        return embedder.dimensions();
    }

    /** Returns the name of the model's folder or file. */
    @Override
    public String modelName() {
        return String.valueOf(model.path().toAbsolutePath().normalize().getFileName());
    }
}
