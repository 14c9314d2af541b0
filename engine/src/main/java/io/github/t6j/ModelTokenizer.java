package io.github.t6j;

import io.github.t6j.family.Families;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.weights.Checkpoint;
import java.nio.file.Path;
import java.util.List;

/** Which tokenizer goes with a model. */
final class ModelTokenizer {
    /** Ids that people add to a tokenizer, and not to the model. */
    private static final int MOST_ADDED = 256;

    private ModelTokenizer() {}

    /**
     * The one that somebody asked for, else the model's own, else GPT-2's if the model was trained on its ids; or null.
     *
     * @param asked may be null
     * @param notes gets a sentence where nothing but the family says which
     * @throws ModelFormatException if it has more ids than the model
     */
    static Tokenizer find(Path asked, Path folder, Checkpoint checkpoint, ModelConfig config, List<String> notes) {
        Tokenizer found = asked == null ? own(folder, checkpoint) : Tokenizer.load(asked);
        int vocabulary = config.sizes().vocabulary();
        if (found == null) {
            return Families.speaksGpt2(config) ? gpt2(vocabulary, notes) : null;
        }
        if (found.size() > vocabulary + MOST_ADDED) {
            throw new ModelFormatException(folder + ": the tokenizer has " + found.size() + " ids, but the model only "
                    + vocabulary + "; one of the two is of another model");
        }
        return found;
    }

    private static Tokenizer own(Path folder, Checkpoint checkpoint) {
        Tokenizer inFile = Tokenizer.ofGguf(checkpoint.gguf(), checkpoint.description());
        return inFile == null && Tokenizer.existsIn(folder) ? Tokenizer.load(folder) : inFile;
    }

    private static Tokenizer gpt2(int vocabulary, List<String> notes) {
        Tokenizer gpt2 = Tokenizer.gpt2();
        if (gpt2.size() > vocabulary) {
            return null; // no model of the published ones
        }
        notes.add("the model has no tokenizer; GPT-2's is used, on whose ids its family was trained");
        return gpt2;
    }
}
