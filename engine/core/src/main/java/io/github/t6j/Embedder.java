package io.github.t6j;

import io.github.t6j.model.ModelConfig;
import io.github.t6j.session.Expiry;
import io.github.t6j.session.HiddenStates;
import io.github.t6j.session.Pooler;
import io.github.t6j.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/**
 * Embeds texts with a model: the hidden states of a text's tokens are pooled to one vector. Immutable and safe for use
 * by several threads; only the model must be closed. The texts of a call share passes over the weights; each has the
 * same bits as alone. Calls on several threads compete for the model's compute threads, so pass many texts to one call.
 */
public final class Embedder {
    private final Model model;
    private final EmbeddingOptions options; // with the model's defaults
    private final ModelConfig.Sizes sizes;

    /** Creates an embedder with {@link Model#embeddingDefaults}. */
    public Embedder(Model model) {
        this(model, EmbeddingOptions.defaults());
    }

    /**
     * Creates an embedder; the model's files supply missing options.
     *
     * @throws IllegalArgumentException if the options ask for more layers or dimensions than the model has
     * @throws ModelFormatException if the options have no pooling and the engine does not support the model's
     */
    public Embedder(Model model, EmbeddingOptions options) {
        this.model = Objects.requireNonNull(model, "model");
        Objects.requireNonNull(options, "options");
        sizes = model.loaded().transformer().config().sizes();
        check("layer", options.layer(), sizes.layers(), "the layers of the model");
        check("dimensions", options.dimensions(), sizes.width(), "the width of the model");
        EmbeddingOptions chosen = options;
        if (chosen.pooling() == null) {
            chosen = chosen.withPooling(model.embeddingDefaults().pooling());
        }
        if (chosen.normalized() == null) {
            chosen = chosen.withNormalized(model.loaded().embedding().normalized());
        }
        this.options = chosen
                .withLayer(options.layer() < 0 ? sizes.layers() : options.layer())
                .withDimensions(options.dimensions() == 0 ? sizes.width() : options.dimensions());
    }

    private static void check(String name, int found, int max, String what) {
        if (found > max) {
            throw new IllegalArgumentException(name + ": expected at most " + max + ", " + what + ", found " + found);
        }
    }

    /** Returns the options, completed from the model's files. */
    public EmbeddingOptions options() {
        return options;
    }

    /** Returns the number of dimensions of the embeddings. */
    public int dimensions() {
        return options.dimensions();
    }

    /**
     * Returns the ids that the model reads for a prompt, for programs that check or count texts before they embed them;
     * {@link #embed(Prompt)} of these ids is the prompt's embedding.
     *
     * @throws IllegalArgumentException as {@link #embed(List)} does
     * @throws ModelFormatException if the prompt is a text and the model has no tokenizer
     */
    public int[] ids(Prompt prompt) {
        return truncated(ids(prompt, "prompt"), prompt.text().isPresent(), "prompt");
    }

    /** Embeds a text or ids, see {@link #embed(List)}. */
    public Embedding embed(Prompt prompt) {
        return embed(List.of(Objects.requireNonNull(prompt, "prompt"))).getFirst();
    }

    /**
     * Embeds texts or ids in shared passes. {@link Tokenizer#encodeWhole} encodes a text; ids are used unchanged.
     *
     * @return embeddings in the order of the prompts
     * @throws IllegalArgumentException if a prompt is empty, or longer than the model's context and the options do not
     *     truncate it, or an id is not below the vocabulary's size; the message names its index
     * @throws IllegalStateException if the model is closed, or an embedding has a NaN or infinite element, because the
     *     weights have one or are too large
     * @throws ModelFormatException if a prompt is a text and the model has no tokenizer
     * @throws CancellationException if the options end the call, the thread is interrupted, which keeps its interrupt
     *     status, or the model is closed meanwhile
     */
    public List<Embedding> embed(List<Prompt> prompts) {
        int[][] full = new int[Objects.requireNonNull(prompts, "prompts").size()][];
        List<int[]> ids = new ArrayList<>(prompts.size());
        for (int i = 0; i < full.length; i++) {
            full[i] = ids(prompts.get(i), "prompts[" + i + "]");
            ids.add(truncated(full[i], prompts.get(i).text() != null, "prompts[" + i + "]"));
        }
        Pooler pooler = new Pooler(options, sizes.width(), ids.stream().mapToInt(text -> text.length).toArray());
        read(ids, pooler);
        List<Embedding> embeddings = new ArrayList<>(full.length);
        for (int i = 0; i < full.length; i++) {
            int length = ids.get(i).length;
            embeddings.add(new Embedding(pooler.vector(i), length, length < full[i].length));
        }
        return embeddings;
    }

    /** Returns the hidden states [ids][width] of a prompt, see {@link Model#hiddenStates}. */
    float[][] hiddenStates(Prompt prompt) {
        int[] ids = ids(prompt);
        float[][] all = new float[ids.length][];
        read(List.of(ids), (text, first, count, states, at) -> {
            for (int i = 0; i < count; i++) {
                all[first + i] = Arrays.copyOfRange(states, at + i * sizes.width(), at + (i + 1) * sizes.width());
            }
        });
        return all;
    }

    private int[] ids(Prompt prompt, String where) {
        Objects.requireNonNull(prompt, where);
        int[] ids = prompt.text().map(this::encoded).orElseGet(() -> prompt.ids(model));
        if (ids.length == 0) {
            throw new IllegalArgumentException(where + ": expected at least one token, found none: remove empty texts");
        }
        for (int id : ids) {
            if (id < 0 || id >= sizes.vocabulary()) {
                throw new IllegalArgumentException(where + ": expected ids from 0 to " + (sizes.vocabulary() - 1)
                        + ", found " + id);
            }
        }
        return ids;
    }

    /** Returns the ids of a text, or none if it has no tokens. */
    private int[] encoded(String text) {
        Tokenizer tokenizer = model.loaded().requiredTokenizer();
        int[] ids = tokenizer.encodeWhole(text);
        int added = tokenizer.appended().length + (tokenizer.beginningOfText() < 0 ? 0 : 1);
        return ids.length > added ? ids : new int[0];
    }

    /** Returns ids that fit in the context; a text keeps the ids that the tokenizer appends. */
    private int[] truncated(int[] ids, boolean isText, String where) {
        int max = sizes.contextLength();
        if (ids.length <= max) {
            return ids;
        }
        if (!options.truncate()) {
            throw new IllegalArgumentException(where + ": expected at most " + max
                    + " tokens, the model's context, found " + ids.length + ": split or truncate it");
        }
        int[] shorter = Arrays.copyOf(ids, max);
        int kept = isText ? Math.min(max, model.loaded().requiredTokenizer().appended().length) : 0;
        System.arraycopy(ids, ids.length - kept, shorter, max - kept, kept);
        return shorter;
    }

    private void read(List<int[]> ids, HiddenStates.Listener listener) {
        Expiry expiry = Expiry.of(options.call());
        BooleanSupplier ends =
                () -> expiry.isOver() || model.use().isClosed() || Thread.currentThread().isInterrupted();
        model.use().begin();
        try (HiddenStates states = new HiddenStates(model.loaded().transformer(), options.layer(), model.budget())) {
            if (!states.read(ids, listener, ends)) {
                expiry.check("embedding");
                throw new CancellationException("embedding was cancelled");
            }
        } finally {
            model.use().release();
        }
    }
}
