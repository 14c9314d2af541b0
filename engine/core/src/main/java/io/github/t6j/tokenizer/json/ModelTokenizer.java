package io.github.t6j.tokenizer.json;

import io.github.t6j.ModelFormatException;
import io.github.t6j.family.Families;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Selection of the tokenizer of a model. */
public final class ModelTokenizer {
    /**
     * Most ids that a tokenizer may have beyond the model's vocabulary: users add tokens without extending the model.
     */
    private static final int MOST_ADDED = 256;

    private static volatile Function<TokenizerDefinition, Tokenizer> hook;

    private ModelTokenizer() {}

    /**
     * Returns the requested tokenizer, else the model's own, else GPT-2's if the model was trained on its ids, else
     * null.
     *
     * @param asked requested tokenizer, or null
     * @param notes receives a sentence if the tokenizer was chosen by family
     * @throws ModelFormatException if the tokenizer has too many ids for the model
     */
    public static Tokenizer find(Path asked, Path folder, Checkpoint checkpoint, ModelConfig config,
            List<String> notes) {
        Tokenizer found = asked == null ? own(folder, checkpoint) : Tokenizer.load(asked);
        int vocabulary = config.sizes().vocabulary();
        if (found == null) {
            return Families.usesGpt2Tokenizer(config) ? gpt2(vocabulary, notes) : null;
        }
        if (found.size() > vocabulary + MOST_ADDED) {
            throw new ModelFormatException(folder + ": the tokenizer has " + found.size() + " ids, but the model only "
                    + vocabulary + ": one of the two belongs to another model");
        }
        if (asked != null && found.size() < vocabulary) {
            notes.add(
                    "the tokenizer " + asked + " has " + found.size() + " ids, the model " + vocabulary + ": ids from "
                            + found.size() + " on have no text; is it the tokenizer of this model?");
        }
        return found;
    }

    private static final String MISSING_GPT2 =
            "the model has no tokenizer; its family uses GPT-2's: " + TokenizerFiles.ADD_GPT2;

    /** Registers the function that makes a tokenizer; the class of tokenizers, in a package above, calls it once. */
    public static void setHook(Function<TokenizerDefinition, Tokenizer> newHook) {
        hook = newHook;
    }

    /**
     * Returns the tokenizer in a GGUF file, or null if the file has none.
     *
     * @param keys keys of the file
     * @param where name of the file in errors
     * @throws ModelFormatException if the kind of tokenizer is not supported
     */
    public static Tokenizer ofGguf(Map<String, Object> keys, String where) {
        if (!GgufTokenizer.isIn(keys)) {
            return null;
        }
        if (hook == null) {
            Tokenizer.existsIn(Path.of("")); // initialises the class, which sets the hook
        }
        return hook.apply(GgufTokenizer.read(keys, where));
    }

    /**
     * Returns the tokenizer in a GGUF file as the files of a model's folder: tokenizer.json and tokenizer_config.json,
     * which contains the chat template, by name. {@link Tokenizer#load} and Hugging Face's library get the same ids from
     * them. Empty if the file has none.
     *
     * @throws ModelFormatException if the kind of tokenizer is not supported
     */
    public static Map<String, byte[]> filesOfGguf(Map<String, Object> keys, String where) {
        return GgufTokenizer.isIn(keys) ? GgufTokenizer.files(keys, where) : Map.of();
    }

    private static Tokenizer own(Path folder, Checkpoint checkpoint) {
        Tokenizer inFile = ofGguf(checkpoint.gguf(), checkpoint.description());
        return inFile == null && Tokenizer.existsIn(folder) ? Tokenizer.load(folder) : inFile;
    }

    /**
     * Throws an error that says what a model without a tokenizer needs.
     *
     * @throws ModelFormatException that names the expected files, or the artifact with GPT-2's tokenizer
     */
    public static Tokenizer missing(Path folder, ModelConfig config) {
        if (Families.usesGpt2Tokenizer(config) && !TokenizerFiles.hasGpt2()) {
            throw new ModelFormatException(folder + ": " + MISSING_GPT2);
        }
        return Tokenizer.load(folder); // throws an error that names the expected files
    }

    private static Tokenizer gpt2(int vocabulary, List<String> notes) {
        if (!TokenizerFiles.hasGpt2()) {
            notes.add(MISSING_GPT2);
            return null;
        }
        Tokenizer gpt2 = Tokenizer.gpt2();
        if (gpt2.size() > vocabulary) {
            return null; // not one of the published models
        }
        notes.add("the model has no tokenizer; GPT-2's is used, since its family was trained on GPT-2's ids");
        return gpt2;
    }
}
