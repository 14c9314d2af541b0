package io.github.t6j;

import io.github.t6j.model.ModelConfig;
import io.github.t6j.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;

/**
 * Prompt of a generation: a plain text, or ids. {@code generate}, {@code stream} and {@code submit} also accept a
 * String as a shorthand for a text.
 */
public final class Prompt {
    private final String text; // null if it is given as ids
    private final int[] ids; //   null if it is given as a text
    private final String client;
    private final int priority;

    private Prompt(String text, int[] ids, String client, int priority) {
        this.text = text;
        this.ids = ids;
        this.client = client;
        this.priority = priority;
    }

    /**
     * Returns a plain text: special ids are not read from it. In an empty session the text begins with the model's
     * beginning-of-text id, if its tokenizer has one ({@link Tokenizer#encodePrompt}). An empty text continues the ids
     * of the session; in an empty session it starts with {@code <|endoftext|>}, or another id that precedes documents
     * in training.
     */
    public static Prompt of(String text) {
        return new Prompt(Objects.requireNonNull(text, "prompt"), null, "", 0);
    }

    /** Returns a prompt of {@code ids}, which are copied. Without ids it continues the ids of the session. */
    public static Prompt of(int... ids) {
        return new Prompt(null, Objects.requireNonNull(ids, "prompt").clone(), "", 0);
    }

    /** Returns this prompt in the name of a client, such as a user; clients share a scheduler fairly. */
    public Prompt withClient(String name) {
        return new Prompt(text, ids, Objects.requireNonNull(name, "client"), priority);
    }

    /** Returns this prompt with another priority: a scheduler begins higher ones first, whoever their client is. */
    public Prompt withPriority(int newPriority) {
        return new Prompt(text, ids, client, newPriority);
    }

    /** Returns the name of the client, or an empty text without one. */
    public String client() {
        return client;
    }

    /** Returns the priority; 0 unless it was set. */
    public int priority() {
        return priority;
    }

    /** Returns the text, or none if the prompt was given as ids. */
    public Optional<String> text() {
        return Optional.ofNullable(text);
    }

    /**
     * Returns the ids that an empty session of {@code model} is fed.
     *
     * @throws ModelFormatException if this is a text and the model has no tokenizer
     * @throws IllegalArgumentException if the text is empty and the tokenizer has no id that precedes documents, or an
     *     id represents an image, which only a model with a tokenizer can tell
     */
    public int[] ids(Model model) {
        return ids(Objects.requireNonNull(model, "model"), true);
    }

    /** Returns the ids that a session is fed; {@code beginning} is true if it is empty. */
    int[] ids(Model model, boolean beginning) {
        if (text == null) {
            int imageId = model.loaded().transformer().config().imageId();
            if (imageId != ModelConfig.NO_IMAGE && model.hasTokenizer()) {
                refuse(imageId);
            }
            return ids.clone();
        }
        Tokenizer tokenizer = model.loaded().requiredTokenizer();
        return beginning ? tokenizer.encodeBeginning(text) : tokenizer.encode(text);
    }

    private void refuse(int imageId) {
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] == imageId) {
                throw new IllegalArgumentException("prompt: id " + imageId + " at index " + i
                        + ": expected ids of text, found the one that stands for an image (image_token_index of"
                        + " config.json); t6j computes the text part of this model only, remove images from the prompt");
            }
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Prompt prompt && Objects.equals(text, prompt.text) && Arrays.equals(ids, prompt.ids)
                && client.equals(prompt.client) && priority == prompt.priority;
    }

    @Override
    public int hashCode() {
        return Objects.hash(text, Arrays.hashCode(ids), client, priority);
    }

    @Override
    public String toString() {
        return text == null ? Arrays.toString(ids) : text;
    }
}
