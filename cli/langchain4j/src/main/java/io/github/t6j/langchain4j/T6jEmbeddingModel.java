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
import io.github.t6j.schedule.Scheduler;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * LangChain4j's EmbeddingModel on a model of t6j in this process. The texts of a request share passes over the weights.
 * Any number of threads may send requests. A request may set the number of dimensions.
 */
public final class T6jEmbeddingModel implements EmbeddingModel {
    private final Model model;
    private final Embedder embedder;
    private final Scheduler scheduler; // or null

    /** @param model model, which the caller closes after the last request */
    public T6jEmbeddingModel(Model model) {
        this(model, EmbeddingOptions.defaults());
    }

    /**
     * @param model model, which the caller closes after the last request
     * @param options options; the model's files decide where they have no value
     */
    public T6jEmbeddingModel(Model model, EmbeddingOptions options) {
        this(Objects.requireNonNull(model, "model"), new Embedder(model, options), null);
    }

    private T6jEmbeddingModel(Model model, Embedder embedder, Scheduler scheduler) {
        this.model = model;
        this.embedder = embedder;
        this.scheduler = scheduler;
    }

    /**
     * Returns the same model whose texts a scheduler embeds, so that they share the cores with its generations. The
     * caller closes the scheduler after the last request.
     *
     * @param other scheduler of the same model
     */
    public T6jEmbeddingModel withScheduler(Scheduler other) {
        return new T6jEmbeddingModel(model, embedder, Objects.requireNonNull(other, "scheduler"));
    }

    /** Returns the embeddings; the texts share passes with other work of the scheduler, if there is one. */
    private List<io.github.t6j.Embedding> embed(Embedder asked, List<Prompt> prompts) {
        if (scheduler == null) {
            return asked.embed(prompts);
        }
        CompletableFuture<List<io.github.t6j.Embedding>> found = scheduler.embed(prompts, asked.options());
        try {
            return found.get();
        } catch (ExecutionException failed) {
            throw failed.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(failed);
        } catch (InterruptedException e) {
            found.cancel(true);
            Thread.currentThread().interrupt();
            throw new CancellationException("embedding was cancelled");
        }
    }

    @Override
    public EmbeddingResponse doEmbed(EmbeddingRequest request) {
        Embedder asked = request.dimensions() == null
                ? embedder
                : new Embedder(model, embedder.options().withDimensions(request.dimensions()));
        List<io.github.t6j.Embedding> found =
                embed(asked, request.inputs().stream().map(EmbeddingInput::text).map(Prompt::of).toList());
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
