package io.github.t6j.family.registry;

import io.github.t6j.ModelFormatException;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.tokenizer.json.TokenizerFiles;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.nio.file.Path;
import java.util.List;

/** Selection of the tokenizer of a model. */
public final class ModelTokenizer {
    /** Maximum number of ids beyond the model's vocabulary: users add tokens without extending the model. */
    private static final int MAX_ADDED = 256;

    /** Ids of GPT-2's tokenizer; models with fewer are not the published ones, and need not wait until it is read. */
    private static final int GPT2_IDS = 50_257;

    private static final String MISSING_GPT2 =
            "the model has no tokenizer; its family uses GPT-2's: " + TokenizerFiles.ADD_GPT2;

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
        Tokenizer found = asked == null ? inModel(folder, checkpoint) : Tokenizer.load(asked);
        int vocabulary = config.sizes().vocabulary();
        if (found == null) {
            return Families.usesGpt2Tokenizer(config) ? gpt2(vocabulary, notes) : null;
        }
        if (found.size() > vocabulary + MAX_ADDED) {
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

    private static Tokenizer inModel(Path folder, Checkpoint checkpoint) {
        Tokenizer inFile = Tokenizer.ofGguf(checkpoint.gguf(), checkpoint.description()).orElse(null);
        return inFile == null && Tokenizer.existsIn(folder) ? Tokenizer.load(folder) : inFile;
    }

    /**
     * Throws an error that names the missing tokenizer files.
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
        if (vocabulary < GPT2_IDS) {
            return null;
        }
        notes.add("the model has no tokenizer; GPT-2's is used, since its family was trained on GPT-2's ids");
        return Tokenizer.gpt2();
    }
}
