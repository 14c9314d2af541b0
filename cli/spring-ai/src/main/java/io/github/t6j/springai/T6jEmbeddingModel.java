package io.github.t6j.springai;

import io.github.t6j.Embedder;
import io.github.t6j.EmbeddingOptions;
import io.github.t6j.Model;
import io.github.t6j.Prompt;
import io.github.t6j.schedule.Scheduler;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.document.Document;
import org.springframework.ai.embedding.Embedding;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.embedding.EmbeddingRequest;
import org.springframework.ai.embedding.EmbeddingResponse;
import org.springframework.ai.embedding.EmbeddingResponseMetadata;

/**
 * Spring AI's EmbeddingModel on a model of t6j in this process. The texts of a request share passes over the weights.
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
    public EmbeddingResponse call(EmbeddingRequest request) {
        Integer dimensions = request.getOptions() == null ? null : request.getOptions().getDimensions();
        Embedder asked = dimensions == null
                ? embedder
                : new Embedder(model, embedder.options().withDimensions(dimensions));
        List<Embedding> embeddings = new ArrayList<>();
        int tokens = 0;
        for (io.github.t6j.Embedding found : embed(
                asked, request.getInstructions().stream().map(Prompt::of).toList())) {
            embeddings.add(new Embedding(found.vector(), embeddings.size()));
            tokens += found.tokens();
        }
        String name = String.valueOf(model.path().toAbsolutePath().normalize().getFileName());
        return new EmbeddingResponse(
                embeddings, new EmbeddingResponseMetadata(name, new DefaultUsage(tokens, 0)));
    }

    @Override
    public float[] embed(Document document) {
        return embed(getEmbeddingContent(document));
    }

    @Override
    public int dimensions() {
        return embedder.dimensions();
    }
}
