package io.github.t6j.chat.rerank;

import io.github.t6j.CallOptions;
import io.github.t6j.Embedder;
import io.github.t6j.Embedding;
import io.github.t6j.EmbeddingOptions;
import io.github.t6j.Model;
import io.github.t6j.ModelFormatException;
import io.github.t6j.Pooling;
import io.github.t6j.Prompt;
import io.github.t6j.schedule.Scheduler;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;

/**
 * Sorts texts by their relevance to a query. The model reads the query with each text and answers yes or no; the score
 * is the probability of yes. It is made for Qwen3-Reranker, whose prompt it uses, also with a classification head.
 * Thread-safe; only the model must be closed.
 *
 * <pre>{@code
 * try (Model model = Model.load(folder)) {
 *     List<RankedText> ranked = new Reranker(model).rank("What is a whale?", texts);
 *     System.out.println(texts.get(ranked.getFirst().index()));
 * }
 * }</pre>
 */
public final class Reranker {
    private static final EmbeddingOptions LAST_STATE =
            EmbeddingOptions.defaults().withPooling(Pooling.LAST).withNormalized(false);

    private final Model model;
    private final RerankPrompt prompt;
    private final RelevanceHead head;
    private final String instruction;
    private final String client;

    /**
     * Creates a reranker with the instruction of Qwen3-Reranker's model card, which is for the results of a web search.
     *
     * @throws ModelFormatException if the model has no tokenizer, or lacks the tokens or the weights of a reranker
     */
    public Reranker(Model model) {
        this.model = Objects.requireNonNull(model, "model");
        prompt = new RerankPrompt(model);
        head = RelevanceHead.of(model, prompt);
        instruction = RerankPrompt.INSTRUCTION;
        client = "";
    }

    private Reranker(Reranker other, String instruction, String client) {
        model = other.model;
        prompt = other.prompt;
        head = other.head;
        this.instruction = instruction;
        this.client = client;
    }

    /** Returns a reranker with another instruction: a sentence that says which texts are relevant. */
    public Reranker withInstruction(String other) {
        return new Reranker(this, Objects.requireNonNull(other, "instruction"), client);
    }

    /** Returns a reranker that submits work in the name of a client, see {@link Prompt#withClient}. */
    public Reranker withClient(String name) {
        return new Reranker(this, instruction, Objects.requireNonNull(name, "client"));
    }

    /**
     * Returns the texts, the most relevant first, and equally relevant ones in their order. The texts share passes over
     * the weights; each score has the same bits as alone.
     *
     * @throws IllegalArgumentException if there is no text, the query or a text is blank, or a text with the query is
     *     longer than the model's context; the message names its index
     * @throws CancellationException if the thread is interrupted, which keeps its interrupt status, or the model is
     *     closed
     */
    public List<RankedText> rank(String query, List<String> texts) {
        return ranked(new Embedder(model, LAST_STATE).embed(prompts(query, texts)));
    }

    /**
     * Submits {@link #rank(String, List)} to a scheduler, see {@link Scheduler#embed}.
     *
     * @param scheduler scheduler of the same model
     * @return future result; cancelling it cancels the work
     * @throws IllegalArgumentException as {@link #rank(String, List)} does
     * @throws io.github.t6j.schedule.RefusedException as {@link Scheduler#embed} does
     */
    public CompletableFuture<List<RankedText>> submit(
            String query, List<String> texts, Scheduler scheduler, CallOptions call) {
        Objects.requireNonNull(scheduler, "scheduler");
        Objects.requireNonNull(call, "call");
        CompletableFuture<List<Embedding>> states =
                scheduler.embed(prompts(query, texts), LAST_STATE.withCall(call));
        CompletableFuture<List<RankedText>> result = new CompletableFuture<>();
        states.whenComplete((found, failure) -> {
            if (failure == null) {
                result.complete(ranked(found));
            } else {
                result.completeExceptionally(failure);
            }
        });
        result.whenComplete((_, _) -> states.cancel(false)); // no effect unless the result was cancelled
        return result;
    }

    private List<Prompt> prompts(String query, List<String> texts) {
        Objects.requireNonNull(query, "query");
        Objects.requireNonNull(texts, "texts");
        if (query.isBlank()) {
            throw new IllegalArgumentException("query: expected a text, found an empty one");
        }
        if (texts.isEmpty()) {
            throw new IllegalArgumentException("texts: expected at least one, found none");
        }
        int max = model.info().sizes().contextLength();
        List<Prompt> prompts = new ArrayList<>(texts.size());
        for (String text : texts) {
            String where = "texts[" + prompts.size() + "]";
            if (Objects.requireNonNull(text, where).isBlank()) {
                throw new IllegalArgumentException(where + ": expected a text, found an empty one: leave it out");
            }
            int[] ids = prompt.ids(instruction, query, text);
            if (ids.length > max) {
                throw new IllegalArgumentException(where + ": expected at most " + max + " tokens with the query and"
                        + " the instruction, the model's context, found " + ids.length + ": split or shorten it");
            }
            prompts.add(Prompt.of(ids).withClient(client));
        }
        return prompts;
    }

    private List<RankedText> ranked(List<Embedding> states) {
        List<RankedText> ranked = new ArrayList<>(states.size());
        for (Embedding state : states) {
            ranked.add(new RankedText(ranked.size(), head.score(state.vector()), state.tokens()));
        }
        ranked.sort(Comparator.comparingDouble(RankedText::score).reversed());
        return List.copyOf(ranked);
    }
}
